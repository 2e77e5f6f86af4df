"""An EKS cluster: encrypted, logged, reachable only from named networks, with a small group for its own pods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import iam
from infra.access import ClusterAccess, ClusterAccessArgs, Grant
from infra.addons import Addons, AddonsArgs
from infra.auto_mode import AUTO_MODE_POLICIES, AutoNodes, AutoNodesArgs, tagging_permissions
from infra.errors import Problem, refuse
from infra.kubeconfig import kubeconfig
from infra.node_group import NodeGroup, NodeGroupArgs, OperatingSystem, Size

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""All five that EKS has: https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html."""

SYSTEM_VOLUME_GIB = 50
SYSTEM_AMI = "BOTTLEROCKET_x86_64"
"""https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html (amiType)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemNodes:
    """The on-demand nodes that carry DNS, controllers and monitoring.

    Attributes:
        instance_type: A small x86-64 type without GPU.
        count: How many; two keep DNS up while one is replaced.
    """

    instance_type: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterArgs:
    """What the cluster is made from.

    Attributes:
        cluster_name: Name in EKS, and of its log group.
        kubernetes_version: A minor version in standard support.
        region: Region of the cluster.
        account_id: Account that the roles trust.
        partition: `aws`, `aws-cn` or `aws-us-gov`.
        subnet_ids: Private subnets in at least two zones.
        public_access_cidrs: Networks that reach the public endpoint; empty leaves only the private one.
        grants: Who may call the API; the caller's role must be among them.
        key_arn: KMS key of secrets and logs.
        log_retention_days: One of CloudWatch's retention periods.
        addon_versions: Version of each managed add-on.
        system_nodes: The nodes for the cluster's own pods.
        auto_mode: Let EKS run Karpenter; needed by Karpenter pools.
        deletion_protection: Refuse the deletion of the cluster until this has been switched off.
        tags: Cost-allocation tags.
    """

    cluster_name: str
    kubernetes_version: str
    region: str
    account_id: pulumi.Input[str]
    partition: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    public_access_cidrs: Sequence[str]
    grants: Sequence[Grant]
    key_arn: pulumi.Input[str]
    log_retention_days: int
    addon_versions: Mapping[str, str]
    system_nodes: SystemNodes
    auto_mode: bool
    deletion_protection: bool
    tags: Mapping[str, str]


def check_public_access(cidrs: Sequence[str]) -> None:
    """Refuse an API server that the whole internet reaches.

    Raises:
        ProblemsError: One of the networks is everything.
    """
    open_to_all = [cidr for cidr in cidrs if cidr.endswith("/0")]
    right = "the networks that call the API, such as 203.0.113.7/32, or private access"
    refuse([Problem(key="apiAccessCidrs", value=cidr, right=right) for cidr in open_to_all])


class Cluster(pulumi.ComponentResource):
    """The control plane, its access, add-ons and system nodes.

    Attributes:
        name: Name of the cluster, known once it exists.
        arn: ARN of the cluster.
        security_group_id: Group that EKS gives to the control plane and all nodes.
        kubeconfig: For the Kubernetes provider; known once the caller has access.
        auto_node_role_name: Role of nodes that EKS Auto Mode starts; None without it.
        ready: What workloads need before they can be scheduled.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    auto_node_role_name: pulumi.Output[str] | None
    ready: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("worthwhile:infra:Cluster", name, None, opts)
        check_public_access(args.public_access_cidrs)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        cluster = self._create_control_plane()
        self.name, self.arn = cluster.name, cluster.arn
        self.security_group_id = cluster.vpc_config.cluster_security_group_id.apply(str)
        access = ClusterAccess(
            name,
            ClusterAccessArgs(
                cluster_name=cluster.name, partition=args.partition, grants=args.grants, tags=args.tags
            ),
            self._child,
        )
        self.auto_node_role_name = self._create_auto_nodes()
        self.ready = self._create_nodes_and_addons(cluster)
        self.kubeconfig = kubeconfig(
            cluster_name=cluster.name,
            endpoint=cluster.endpoint,
            certificate_authority=cluster.certificate_authority.data.apply(str),
            region=args.region,
            after=access.ready,
        )
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _create_control_plane(self) -> aws.eks.Cluster:
        role, attachments = self._create_role()
        auto_mode = self._args.auto_mode
        return aws.eks.Cluster(
            self._name,
            name=self._args.cluster_name,
            version=self._args.kubernetes_version,
            role_arn=role.arn,
            vpc_config=aws.eks.ClusterVpcConfigArgs(
                subnet_ids=list(self._args.subnet_ids),
                endpoint_private_access=True,
                endpoint_public_access=bool(self._args.public_access_cidrs),
                public_access_cidrs=list(self._args.public_access_cidrs) or None,
            ),
            access_config=aws.eks.ClusterAccessConfigArgs(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=False
            ),
            encryption_config=aws.eks.ClusterEncryptionConfigArgs(
                provider=aws.eks.ClusterEncryptionConfigProviderArgs(key_arn=self._args.key_arn),
                resources=["secrets"],
            ),
            enabled_cluster_log_types=list(LOG_TYPES),
            # At the end of standard support EKS upgrades the cluster instead of charging six times the price.
            upgrade_policy=aws.eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
            # The add-ons below are managed ones, with versions of our choice.
            bootstrap_self_managed_addons=False,
            deletion_protection=self._args.deletion_protection,
            # The three belong together, and say no explicitly: left out later, Auto Mode would stay on.
            # https://docs.aws.amazon.com/eks/latest/userguide/auto-disable.html
            compute_config=aws.eks.ClusterComputeConfigArgs(enabled=auto_mode, node_pools=[] if auto_mode else None),
            kubernetes_network_config=_load_balancing(enabled=auto_mode),
            storage_config=_block_storage(enabled=auto_mode),
            tags={**self._args.tags, "Name": self._args.cluster_name},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*attachments, self._create_log_group()]),
        )

    def _create_log_group(self) -> aws.cloudwatch.LogGroup:
        # EKS would make it by itself, unencrypted and kept for ever.
        return aws.cloudwatch.LogGroup(
            f"{self._name}-control-plane",
            name=f"/aws/eks/{self._args.cluster_name}/cluster",
            retention_in_days=self._args.log_retention_days,
            kms_key_id=self._args.key_arn,
            tags=dict(self._args.tags),
            opts=self._child,
        )

    def _create_role(self) -> tuple[aws.iam.Role, Sequence[pulumi.Resource]]:
        name = f"{self._name}-cluster"
        role = aws.iam.Role(
            name,
            assume_role_policy=iam.service_trust("eks.amazonaws.com", tag_session=self._args.auto_mode),
            tags={**self._args.tags, "Name": name},
            opts=self._child,
        )
        names = ("AmazonEKSClusterPolicy", *(AUTO_MODE_POLICIES if self._args.auto_mode else ()))
        policies = {policy: iam.managed_policy_arn(self._args.partition, policy) for policy in names}
        allowed: list[pulumi.Resource] = [*iam.attach(role, name, policies, self._child)]
        if self._args.auto_mode:
            tagging = tagging_permissions()
            allowed.append(aws.iam.RolePolicy(f"{name}-tags", role=role.name, policy=tagging, opts=self._child))
        return role, allowed

    def _create_auto_nodes(self) -> pulumi.Output[str] | None:
        if not self._args.auto_mode:
            return None
        args = AutoNodesArgs(cluster_name=self.name, partition=self._args.partition, tags=self._args.tags)
        return AutoNodes(self._name, args, self._child).role_name

    def _create_nodes_and_addons(self, cluster: aws.eks.Cluster) -> Sequence[pulumi.Resource]:
        args = self._args
        addons = Addons(
            self._name,
            AddonsArgs(
                cluster_name=cluster.name,
                cluster_arn=cluster.arn,
                account_id=args.account_id,
                partition=args.partition,
                versions=args.addon_versions,
                tags=args.tags,
            ),
            self._child,
        )
        nodes = NodeGroup(
            f"{self._name}-system",
            NodeGroupArgs(
                cluster_name=cluster.name,
                kubernetes_version=args.kubernetes_version,
                partition=args.partition,
                subnet_ids=args.subnet_ids,
                instance_types=[args.system_nodes.instance_type],
                ami_type=SYSTEM_AMI,
                operating_system=OperatingSystem.BOTTLEROCKET,
                volume_gib=SYSTEM_VOLUME_GIB,
                size=Size(
                    minimum=args.system_nodes.count,
                    desired=args.system_nodes.count,
                    # Nothing scales it, and an update lifts this maximum by itself
                    # (https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html).
                    maximum=args.system_nodes.count,
                ),
                labels={"worthwhile.dev/pool": "system"},
                tags=args.tags,
                after=addons.before_nodes,
            ),
            self._child,
        )
        return [nodes.resource, *addons.create_after(nodes.resource)]


def _load_balancing(*, enabled: bool) -> aws.eks.ClusterKubernetesNetworkConfigArgs:
    return aws.eks.ClusterKubernetesNetworkConfigArgs(
        elastic_load_balancing=aws.eks.ClusterKubernetesNetworkConfigElasticLoadBalancingArgs(enabled=enabled)
    )


def _block_storage(*, enabled: bool) -> aws.eks.ClusterStorageConfigArgs:
    return aws.eks.ClusterStorageConfigArgs(
        block_storage=aws.eks.ClusterStorageConfigBlockStorageArgs(enabled=enabled)
    )
