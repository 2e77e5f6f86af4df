"""EKS: control planes, node groups, Auto Mode."""

from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate, Nodes, PurchaseOption
from costcheck.gate.types.ec2 import LAUNCH_TEMPLATE, template_volumes
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import meter
from costcheck.units import HOURS_PER_MONTH

SCHEDULE = "aws:autoscaling/schedule:Schedule"
CAPACITY_TYPES = {
    "ON_DEMAND": PurchaseOption.ON_DEMAND,
    "SPOT": PurchaseOption.SPOT,
    "CAPACITY_BLOCK": PurchaseOption.CAPACITY_BLOCK,
}


def cluster(view: View) -> Estimate:
    """Return the control plane."""
    if view.has("computeConfig") and view.flag("computeConfig", "enabled", default=False):
        message = "Auto Mode adds a fee to each node, and no price of it is built in"
        raise UnpriceableError(message)
    return Estimate(
        components=(
            Component(
                name="EKS control plane",
                meter=meter("AmazonEKS", "AmazonEKS-Hours:perCluster"),
                quantity=HOURS_PER_MONTH,
            ),
        )
    )


def node_group(view: View) -> Estimate:
    """Return the nodes of a managed node group, and the disks that its launch template gives each of them.

    The instance types and the capacity type must be said: EKS would take t3.medium and on demand, and a line that was
    lost must not make a pool of GPUs look like that.
    """
    template = view.referred("launchTemplate", LAUNCH_TEMPLATE)
    capacity_type = view.text("capacityType")
    if capacity_type not in CAPACITY_TYPES:
        message = f"capacityType is {capacity_type!r}, which is none of {', '.join(CAPACITY_TYPES)}"
        raise UnpriceableError(message)
    desired, maximum = view.number("scalingConfig", "desiredSize"), _maximum(view)
    nodes = Nodes(
        instance_types=_instance_types(view, template),
        purchase_option=CAPACITY_TYPES[capacity_type],
        desired=desired,
        maximum=maximum,
    )
    try:
        return Estimate(nodes=(nodes,), components=_disks(view, template, desired, maximum))
    except UnpriceableError as exc:
        return Estimate(nodes=(nodes,), unpriced=str(exc))


def _instance_types(view: View, template: View | None) -> tuple[str, ...]:
    types = view.texts("instanceTypes")
    if types:
        return types
    if template is None:
        message = "instanceTypes is not in the plan, and no launch template in it says the type"
        raise UnpriceableError(message)
    return (template.text("instanceType"),)


def _maximum(view: View) -> Decimal:
    """Return the most nodes: a schedule may lift the group above its own maximum."""
    scheduled = [schedule.number("maxSize") for schedule in view.dependents(SCHEDULE) if schedule.has("maxSize")]
    return max(view.number("scalingConfig", "maxSize"), *scheduled, Decimal(0))


def _disks(view: View, template: View | None, count: Decimal, maximum: Decimal) -> tuple[Component, ...]:
    if template is not None:
        return template_volumes(template, count=count, maximum=maximum)
    if view.has("launchTemplate"):
        message = "the launch template is not in the plan, so the size of the disks is not known"
        raise UnpriceableError(message)
    gib = view.number("diskSize", default=20)
    return (
        Component(
            name="gp3 volume of each node",
            meter=meter("AmazonEC2", "EBS:VolumeUsage.gp3"),
            quantity=count * gib,
            maximum_quantity=maximum * gib,
        ),
    )


def schedule(view: View) -> Estimate:
    """Return nothing where the group that it lifts is in the plan, which counts it there."""
    if view.referred("autoscalingGroupName", "aws:eks/nodeGroup:NodeGroup", "aws:autoscaling/group:Group") is None:
        message = "the group whose size it sets is not in the plan"
        raise UnpriceableError(message)
    return Estimate()


RUNS_NODES = frozenset({"aws:eks/nodeGroup:NodeGroup", SCHEDULE})
PRICED = {
    "aws:eks/cluster:Cluster": cluster,
    "aws:eks/nodeGroup:NodeGroup": node_group,
    SCHEDULE: schedule,
}
