"""A managed node group as every pool of the stack gets it: IMDSv2, encrypted disks, automatic repair, least role."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import pulumi
import pulumi_aws as aws

from infra import iam

NODES_REPAIRED_AT_ONCE = 1
"""Automatic repair replaces nodes one by one, so that a mistaken diagnosis cannot take a whole pool away."""

NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
"""All that a node needs when the VPC CNI has a role of its own: it asks EC2 about itself before it joins.

https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
"""


class OperatingSystem(StrEnum):
    """What the nodes run."""

    BOTTLEROCKET = "bottlerocket"
    AL2023 = "al2023"


DATA_DEVICE = {OperatingSystem.BOTTLEROCKET: "/dev/xvdb", OperatingSystem.AL2023: "/dev/xvda"}
"""Device that holds images and pod storage."""

SYSTEM_DEVICES = {OperatingSystem.BOTTLEROCKET: {"/dev/xvda": 4}, OperatingSystem.AL2023: {}}
"""Devices besides that, in GiB: Bottlerocket's own, which the image would leave unencrypted.

Both as Karpenter makes them (aws/karpenter-provider-aws, pkg/providers/amifamily/bottlerocket.go and al2023.go).
"""

BOTTLEROCKET_INSTANCE_STORE = """\
[settings.bootstrap-commands.000-mount-instance-storage]
commands = [
    ["apiclient", "ephemeral-storage", "init"],
    ["apiclient", "ephemeral-storage", "bind", "--dirs", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"],
]
essential = true
mode = "always"
"""
"""Stripes local NVMe disks and puts images and pod storage on them, where weights land; none: nothing happens.

The command that Karpenter writes for `instanceStorePolicy: RAID0` (aws/karpenter-provider-aws,
pkg/providers/amifamily/bootstrap/bottlerocket.go); bootstrap commands:
https://bottlerocket.dev/en/os/latest/api/settings/bootstrap-commands/
"""

AL2023_INSTANCE_STORE = """\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0

--//--
"""
"""The same for Amazon Linux: https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api (LocalStorageOptions)."""

INSTANCE_STORE = {
    OperatingSystem.BOTTLEROCKET: BOTTLEROCKET_INSTANCE_STORE,
    OperatingSystem.AL2023: AL2023_INSTANCE_STORE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taint:
    """What keeps other pods away."""

    key: str
    value: str
    effect: Literal["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"] = "NO_SCHEDULE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """How the instances are bought.

    Attributes:
        capacity_type: EKS's word: ON_DEMAND, SPOT or CAPACITY_BLOCK.
        reservation_id: Capacity reservation or Capacity Block that the instances must come from.
    """

    capacity_type: Literal["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"] = "ON_DEMAND"
    reservation_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Nodes of the group: bounds, the number to start with, and who changes it afterwards."""

    minimum: int
    desired: int
    maximum: int
    owned_elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeGroupArgs:
    """What one group is made from.

    Attributes:
        cluster_name: The cluster that the nodes join.
        kubernetes_version: Version of the nodes' image; None leaves the choice to EKS.
        partition: `aws`, `aws-cn` or `aws-us-gov`.
        subnet_ids: Private subnets, only those of zones that offer the types.
        instance_types: One or more types; with a Capacity Block exactly one.
        ami_type: EKS's name of the image family.
        operating_system: Decides the disk layout and the form of user data.
        volume_gib: Size of all encrypted disks of a node together, in GiB.
        instance_store: Put images and weights on local NVMe where the type has it.
        market: On-demand unless said otherwise.
        size: Number of nodes.
        labels: Kubernetes labels.
        taints: Kubernetes taints.
        replace_before_adding: Take the old node away first on an update; GPU capacity for one more may not exist.
        tags: Cost-allocation tags; the launch template hands them on to instances and volumes.
        after: What must exist before the nodes start.
    """

    cluster_name: pulumi.Input[str]
    kubernetes_version: str | None
    partition: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    instance_types: Sequence[str]
    ami_type: str
    operating_system: OperatingSystem
    volume_gib: int
    size: Size
    tags: Mapping[str, str]
    instance_store: bool = False
    market: Market = field(default_factory=Market)
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Taint] = ()
    replace_before_adding: bool = False
    after: Sequence[pulumi.Resource] = ()


class NodeGroup(pulumi.ComponentResource):
    """A managed node group with its launch template and role.

    Attributes:
        name: Name of the node group.
        autoscaling_group_name: The group that schedules act on.
        role_arn: Role of the nodes.
        resource: The node group, for what must come after it.
    """

    name: pulumi.Output[str]
    autoscaling_group_name: pulumi.Output[str]
    role_arn: pulumi.Output[str]
    resource: aws.eks.NodeGroup

    def __init__(self, name: str, args: NodeGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("worthwhile:infra:NodeGroup", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-node",
            assume_role_policy=iam.service_trust("ec2.amazonaws.com"),
            tags={**args.tags, "Name": f"{name}-node"},
            opts=self._child,
        )
        policies = {policy: iam.managed_policy_arn(args.partition, policy) for policy in NODE_POLICIES}
        attachments = iam.attach(role, f"{name}-node", policies, self._child)
        template = self._create_launch_template(name, args)
        self.resource = self._create_group(name, args, role, template, attachments)
        self.name = self.resource.node_group_name
        self.role_arn = role.arn
        self.autoscaling_group_name = self.resource.resources.apply(
            lambda resources: str((resources[0].autoscaling_groups or [])[0].name)
        )
        self.register_outputs({"name": self.name})

    def _create_launch_template(self, name: str, args: NodeGroupArgs) -> aws.ec2.LaunchTemplate:
        capacity_block = args.market.capacity_type == "CAPACITY_BLOCK"
        tags = {**args.tags, "Name": name}
        return aws.ec2.LaunchTemplate(
            name,
            update_default_version=True,
            metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled",
                http_tokens="required",
                # One hop keeps pods away from the node's role; pods get theirs from Pod Identity.
                http_put_response_hop_limit=1,
                instance_metadata_tags="disabled",
            ),
            block_device_mappings=_encrypted_volumes(args),
            instance_type=args.instance_types[0] if capacity_block else None,
            instance_market_options=_market_options(args.market),
            capacity_reservation_specification=_reservation(args.market),
            user_data=_user_data(args),
            tag_specifications=[
                aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=tags)
                for kind in ("instance", "volume", "network-interface")
            ],
            tags=tags,
            opts=self._child,
        )

    def _create_group(
        self,
        name: str,
        args: NodeGroupArgs,
        role: aws.iam.Role,
        template: aws.ec2.LaunchTemplate,
        attachments: Sequence[pulumi.Resource],
    ) -> aws.eks.NodeGroup:
        return aws.eks.NodeGroup(
            name,
            cluster_name=args.cluster_name,
            node_role_arn=role.arn,
            subnet_ids=list(args.subnet_ids),
            version=args.kubernetes_version,
            ami_type=args.ami_type,
            capacity_type=args.market.capacity_type,
            # With a Capacity Block the type stands in the launch template, and nowhere else.
            instance_types=None if args.market.capacity_type == "CAPACITY_BLOCK" else list(args.instance_types),
            launch_template=aws.eks.NodeGroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(str)
            ),
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(
                min_size=args.size.minimum, desired_size=args.size.desired, max_size=args.size.maximum
            ),
            update_config=aws.eks.NodeGroupUpdateConfigArgs(
                max_unavailable=1, update_strategy="MINIMAL" if args.replace_before_adding else "DEFAULT"
            ),
            node_repair_config=aws.eks.NodeGroupNodeRepairConfigArgs(
                enabled=True, max_parallel_nodes_repaired_count=NODES_REPAIRED_AT_ONCE
            ),
            labels=dict(args.labels),
            taints=[
                aws.eks.NodeGroupTaintArgs(key=taint.key, value=taint.value, effect=taint.effect)
                for taint in args.taints
            ],
            tags={**args.tags, "Name": name},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*attachments, *args.after],
                ignore_changes=["scalingConfig.desiredSize"] if args.size.owned_elsewhere else None,
                delete_before_replace=args.replace_before_adding,
            ),
        )


def _encrypted_volumes(args: NodeGroupArgs) -> list[aws.ec2.LaunchTemplateBlockDeviceMappingArgs]:
    system = SYSTEM_DEVICES[args.operating_system]
    devices = {**system, DATA_DEVICE[args.operating_system]: args.volume_gib - sum(system.values())}
    return [
        aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
            device_name=device,
            ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                volume_size=gib, volume_type="gp3", encrypted="true", delete_on_termination="true"
            ),
        )
        for device, gib in devices.items()
    ]


def _market_options(market: Market) -> aws.ec2.LaunchTemplateInstanceMarketOptionsArgs | None:
    # https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html
    if market.capacity_type != "CAPACITY_BLOCK":
        return None
    return aws.ec2.LaunchTemplateInstanceMarketOptionsArgs(market_type="capacity-block")


def _reservation(market: Market) -> aws.ec2.LaunchTemplateCapacityReservationSpecificationArgs | None:
    if market.reservation_id is None:
        return None
    target = aws.ec2.LaunchTemplateCapacityReservationSpecificationCapacityReservationTargetArgs(
        capacity_reservation_id=market.reservation_id
    )
    return aws.ec2.LaunchTemplateCapacityReservationSpecificationArgs(capacity_reservation_target=target)


def _user_data(args: NodeGroupArgs) -> str | None:
    if not args.instance_store:
        return None
    return base64.b64encode(INSTANCE_STORE[args.operating_system].encode()).decode()
