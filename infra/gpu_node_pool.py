"""A pool of GPU nodes as a managed node group: on-demand, spot, Capacity Block or reservation; always or in hours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import pulumi
import pulumi_aws as aws

from infra.errors import Problem, refuse
from infra.node_group import Market, NodeGroup, NodeGroupArgs, OperatingSystem, Size, Taint

GPU_TAINT = Taint(key="nvidia.com/gpu", value="present")
POOL_LABEL = "worthwhile.dev/pool"
SYSTEM_LABEL = "worthwhile.dev/operating-system"
"""NVIDIA's device plugin must run where the image lacks one (AL2023), and only there."""

AMI_TYPES = {
    OperatingSystem.BOTTLEROCKET: "BOTTLEROCKET_x86_64_NVIDIA",
    OperatingSystem.AL2023: "AL2023_x86_64_NVIDIA",
}
"""EKS's images with NVIDIA driver and container toolkit.

https://docs.aws.amazon.com/eks/latest/userguide/ml-eks-optimized-ami.html
"""

UNCHANGED = -1
"""In a scheduled action: leave this bound as it is."""


class PurchaseOption(StrEnum):
    """How the instances are bought, in the words of the decision."""

    ON_DEMAND = "on_demand"
    SPOT = "spot"
    CAPACITY_BLOCK = "capacity_block"
    RESERVATION = "reservation"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayingHours:
    """When the nodes run; outside these hours there are none.

    Attributes:
        start: Cron expression, for example `0 8 * * MON-FRI`.
        stop: Cron expression.
        time_zone: IANA name, for example `Europe/Berlin`.
    """

    start: str
    stop: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuNodePoolArgs:
    """What one pool is made from.

    Attributes:
        cluster_name: The cluster that the nodes join.
        kubernetes_version: Version of the nodes' image; None leaves it to EKS.
        partition: `aws`, `aws-cn` or `aws-us-gov`.
        subnet_ids: Private subnets of those zones that offer the types.
        instance_types: Types to take; several only make sense for spot.
        purchase_option: How they are bought.
        capacity_reservation_id: Of the Capacity Block or reservation, and only of those.
        operating_system: Bottlerocket brings the device plugin along, AL2023 needs it as a platform release.
        minimum: Least number of nodes.
        desired: Number of nodes now, or in paying hours.
        maximum: Largest number of nodes; this is what admission allows.
        volume_gib: All encrypted disks of a node together, in GiB; weights go to local NVMe where the type has it.
        paying_hours: Run in these hours only; None means always.
        until: Moment (UTC, in the future) at which all nodes are taken back; None means never.
        tags: Cost-allocation tags.
        after: What must exist before the nodes start.
    """

    cluster_name: pulumi.Input[str]
    kubernetes_version: str | None
    partition: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    instance_types: Sequence[str]
    purchase_option: PurchaseOption
    operating_system: OperatingSystem
    minimum: int
    desired: int
    maximum: int
    volume_gib: int
    tags: Mapping[str, str]
    capacity_reservation_id: str | None = None
    paying_hours: PayingHours | None = None
    until: datetime | None = None
    after: Sequence[pulumi.Resource] = ()


def gpu_labels(pool: str, operating_system: OperatingSystem) -> dict[str, str]:
    """Return the labels of a GPU pool's nodes.

    NVIDIA's own charts place their pods by `nvidia.com/gpu.present`, which otherwise only feature discovery sets.
    """
    return {POOL_LABEL: pool, SYSTEM_LABEL: operating_system.value, "nvidia.com/gpu.present": "true"}


def market(option: PurchaseOption, reservation_id: str | None) -> Market:
    """Return EKS's words for the purchase option.

    Raises:
        ProblemsError: A reservation is named where none is used, or missing where one is.
    """
    reserved = option in (PurchaseOption.CAPACITY_BLOCK, PurchaseOption.RESERVATION)
    if reserved != bool(reservation_id):
        right = f"{'an id' if reserved else 'no id'} with {option.value} (see aws ec2 describe-capacity-reservations)"
        refuse([Problem(key="gpuPools.capacityReservationId", value=reservation_id, right=right)])
    if option is PurchaseOption.SPOT:
        return Market(capacity_type="SPOT")
    if option is PurchaseOption.CAPACITY_BLOCK:
        return Market(capacity_type="CAPACITY_BLOCK", reservation_id=reservation_id)
    return Market(reservation_id=reservation_id)


def check_size(name: str, args: GpuNodePoolArgs) -> None:
    """Refuse bounds that contradict each other, and several types where EKS takes one.

    Raises:
        ProblemsError: As said.
    """
    if not 0 <= args.minimum <= args.desired <= args.maximum or args.maximum < 1:
        seen = (args.minimum, args.desired, args.maximum)
        right = "0 <= minimum <= desired <= maximum, and a maximum of at least 1"
        refuse([Problem(key=f"gpuPools.{name}.nodes", value=seen, right=right)])
    if args.purchase_option is PurchaseOption.CAPACITY_BLOCK and len(args.instance_types) != 1:
        right = "exactly the one type of the Capacity Block"
        refuse([Problem(key=f"gpuPools.{name}.instanceTypes", value=list(args.instance_types), right=right)])


class GpuNodePool(pulumi.ComponentResource):
    """GPU nodes of one kind, tainted so that only pods that ask for a GPU land on them.

    Attributes:
        node_group_name: Name of the managed node group.
        resource: The node group, for what must come after it.
    """

    node_group_name: pulumi.Output[str]
    resource: aws.eks.NodeGroup

    def __init__(self, name: str, args: GpuNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("worthwhile:infra:GpuNodePool", name, None, opts)
        check_size(name, args)
        self._name, self._args = name, args
        group = NodeGroup(
            name,
            NodeGroupArgs(
                cluster_name=args.cluster_name,
                kubernetes_version=args.kubernetes_version,
                partition=args.partition,
                subnet_ids=args.subnet_ids,
                instance_types=args.instance_types,
                ami_type=AMI_TYPES[args.operating_system],
                operating_system=args.operating_system,
                volume_gib=args.volume_gib,
                instance_store=True,
                market=market(args.purchase_option, args.capacity_reservation_id),
                size=_size(args),
                labels=gpu_labels(name, args.operating_system),
                taints=[GPU_TAINT],
                replace_before_adding=True,
                tags=args.tags,
                after=args.after,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self._schedule(group.autoscaling_group_name)
        self.node_group_name, self.resource = group.name, group.resource
        # `infra/memory.py` reads the maximums back: what a pool may have until it is gone.
        maximums = {f"{type_}/{args.purchase_option.value}": args.maximum for type_ in args.instance_types}
        self.register_outputs({"node_group_name": self.node_group_name, "maximum_nodes": maximums})

    def _schedule(self, group: pulumi.Output[str]) -> None:
        hours, until = self._args.paying_hours, self._args.until
        if hours:
            self._action("start", group, self._args.desired, recurrence=hours.start, time_zone=hours.time_zone)
            self._action("stop", group, 0, recurrence=hours.stop, time_zone=hours.time_zone)
        if until:
            self._action("until", group, 0, start_time=until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))

    def _action(self, action: str, group: pulumi.Output[str], nodes: int, **when: str) -> None:
        name = f"{self._name}-{action}"
        aws.autoscaling.Schedule(
            name,
            scheduled_action_name=name,
            autoscaling_group_name=group,
            min_size=UNCHANGED,
            max_size=UNCHANGED,
            desired_capacity=nodes,
            recurrence=when.get("recurrence"),
            time_zone=when.get("time_zone"),
            start_time=when.get("start_time"),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _size(args: GpuNodePoolArgs) -> Size:
    if args.paying_hours:
        # Starts empty: a pool made on a Friday evening must not run all weekend before its first stop.
        return Size(minimum=0, desired=0, maximum=args.maximum, owned_elsewhere=True)
    return Size(minimum=0 if args.until else args.minimum, desired=args.desired, maximum=args.maximum)
