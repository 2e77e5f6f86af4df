"""EKS's managed add-ons, each at a pinned version: some before the first node, some after it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import iam
from infra.errors import Problem, refuse

BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Without these a node never becomes Ready, or its first pods have no credentials."""

AFTER_NODES = ("coredns", "eks-node-monitoring-agent")
"""CoreDNS is not active before a node can run it; the monitoring agent is what node repair listens to.

https://docs.aws.amazon.com/eks/latest/userguide/node-health.html
"""

CONFIGURATION = {"vpc-cni": {"enableNetworkPolicy": "true"}}
"""The chart's NetworkPolicies are only words until the CNI enforces them.

https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddonsArgs:
    """The cluster and the versions."""

    cluster_name: pulumi.Input[str]
    cluster_arn: pulumi.Input[str]
    account_id: pulumi.Input[str]
    partition: pulumi.Input[str]
    versions: Mapping[str, str]
    tags: Mapping[str, str]


def check_versions(versions: Mapping[str, str]) -> None:
    """Refuse an add-on without a version.

    Raises:
        ProblemsError: The version is missing or empty; the message says how to look it up.
    """
    missing = [name for name in (*BEFORE_NODES, *AFTER_NODES) if not versions.get(name)]
    look_up = (
        "the addonVersion that `aws eks describe-addon-versions --kubernetes-version VERSION --addon-name {}` lists"
    )
    refuse([Problem(key=f"cluster.addonVersions.{name}", value=None, right=look_up.format(name)) for name in missing])


class Addons(pulumi.ComponentResource):
    """The add-ons that nodes need, and a way to make those that need nodes.

    Attributes:
        before_nodes: Must exist before a node group.
    """

    before_nodes: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: AddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("worthwhile:infra:Addons", name, None, opts)
        check_versions(args.versions)
        self._name, self._args = name, args
        self._cni_role = self._create_cni_role()
        self.before_nodes = [self._create(addon, after=()) for addon in BEFORE_NODES]
        self.register_outputs({})

    def create_after(self, nodes: pulumi.Resource) -> Sequence[pulumi.Resource]:
        """Return the add-ons that wait for these nodes."""
        return [self._create(addon, after=(nodes,)) for addon in AFTER_NODES]

    def _create(self, addon: str, *, after: Sequence[pulumi.Resource]) -> aws.eks.Addon:
        cni = addon == "vpc-cni"
        identity = aws.eks.AddonPodIdentityAssociationArgs(service_account="aws-node", role_arn=self._cni_role)
        return aws.eks.Addon(
            f"{self._name}-{addon}",
            cluster_name=self._args.cluster_name,
            addon_name=addon,
            addon_version=self._args.versions[addon],
            configuration_values=json.dumps(CONFIGURATION[addon]) if addon in CONFIGURATION else None,
            pod_identity_associations=[identity] if cni else None,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            tags=dict(self._args.tags),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )

    def _create_cni_role(self) -> pulumi.Output[str]:
        # Network interfaces are the CNI's business, not that of every pod on the node.
        name = f"{self._name}-cni"
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name,
            assume_role_policy=iam.pod_identity_trust(self._args.cluster_arn, self._args.account_id),
            tags={**self._args.tags, "Name": name},
            opts=child,
        )
        policy = "AmazonEKS_CNI_Policy"
        (attached,) = iam.attach(role, name, {policy: iam.managed_policy_arn(self._args.partition, policy)}, child)
        return pulumi.Output.all(role.arn, attached.id).apply(lambda known: str(known[0]))
