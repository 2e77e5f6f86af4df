"""EMR clusters: their instances are nodes, with a fee on each of them."""

from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate, Nodes, PurchaseOption
from costcheck.gate.types.lines import all_month, by_use, listed
from costcheck.gate.types.volumes import GP3, volume_components
from costcheck.gate.view import UnpriceableError, View

CLUSTER, GROUP = "aws:emr/cluster:Cluster", "aws:emr/instanceGroup:InstanceGroup"
SCALING = "aws:emr/managedScalingPolicy:ManagedScalingPolicy"
Path = tuple[str | int, ...]


def cluster(view: View) -> Estimate:
    """Return the nodes of a cluster, each with its fee and its volumes, at most as many as managed scaling may start.

    How large a root volume is, and of which type, EMR chooses by its release: that is a rate.
    Types, counts and volumes must be said: EMR takes one instance, and volumes by the type, where they are not.
    """
    fleets = [name for name in ("masterInstanceFleet", "coreInstanceFleet") if view.has(name)]
    if fleets:
        message = f"{fleets[0]} lets EMR choose instances by weight"
        raise UnpriceableError(message)
    most = _most(view)
    primary = _group(view, ("masterInstanceGroup",), None)
    core = (_group(view, ("coreInstanceGroup",), most),) if view.has("coreInstanceGroup") else ()
    return _joined(primary, *core)


def instance_group(view: View) -> Estimate:
    """Return the nodes of a further group."""
    owner = view.referred("clusterId", CLUSTER)
    if owner is None:
        message = "its cluster is not in the plan, so nobody knows what scales it"
        raise UnpriceableError(message)
    return _group(view, (), _most(owner))


def scaling(view: View) -> Estimate:
    """Return nothing where the cluster that it scales is in the plan, which counts what it may start."""
    owner = view.referred("clusterId", CLUSTER)
    if owner is None:
        message = "the cluster that it scales is not in the plan"
        raise UnpriceableError(message)
    _most(owner)
    return Estimate()


def _most(owner: View) -> Decimal | None:
    """Return the most instances that managed scaling may start in one group, None where there is no such policy."""
    limits = [
        _instances(policy, index)
        for policy in owner.dependents(SCALING)
        for index in range(policy.items("computeLimits"))
    ]
    return max(limits, default=None)


def _instances(policy: View, index: int) -> Decimal:
    unit = policy.text("computeLimits", index, "unitType")
    if unit != "Instances":
        message = f"a managed scaling policy of the cluster counts in {unit[:60]!r}, not in instances"
        raise UnpriceableError(message)
    return policy.number("computeLimits", index, "maximumCapacityUnits")


def _group(view: View, path: Path, most: Decimal | None) -> Estimate:
    if view.has(*path, "autoscalingPolicy"):
        message = "what an autoscalingPolicy may start is not read here"
        raise UnpriceableError(message)
    instance_type, count = view.text(*path, "instanceType"), view.number(*path, "instanceCount")
    maximum = max(count, most or Decimal(0))
    spot = view.has(*path, "bidPrice")
    nodes = Nodes(
        instance_types=(instance_type,),
        purchase_option=PurchaseOption.SPOT if spot else PurchaseOption.ON_DEMAND,
        desired=count,
        maximum=maximum,
    )
    fee = listed(
        "ElasticMapReduce", f"BoxUsage:{instance_type}", "Hours", instanceType=instance_type, softwareType="EMR"
    )
    return Estimate(
        nodes=(nodes,),
        components=(
            all_month("EMR fee on each node", fee, count, maximum),
            *_volumes(view, path, count, maximum),
            by_use("root volume of each node", GP3),
        ),
    )


def _volumes(view: View, path: Path, count: Decimal, maximum: Decimal) -> tuple[Component, ...]:
    configs = view.items(*path, "ebsConfigs")
    if not configs:
        message = "ebsConfigs is not in the plan, so the volumes are EMR's choice"
        raise UnpriceableError(message)
    return tuple(
        part for index in range(configs) for part in _volume(view, (*path, "ebsConfigs", index), count, maximum)
    )


def _volume(view: View, path: Path, count: Decimal, maximum: Decimal) -> tuple[Component, ...]:
    each = view.number(*path, "volumesPerInstance")
    return volume_components(view, path, count=count * each, maximum=maximum * each)


def _joined(*parts: Estimate) -> Estimate:
    return Estimate(
        nodes=tuple(nodes for part in parts for nodes in part.nodes),
        components=tuple(component for part in parts for component in part.components),
    )


RUNS_NODES = frozenset({CLUSTER, GROUP, SCALING, "aws:emr/instanceFleet:InstanceFleet"})
PRICED = {CLUSTER: cluster, GROUP: instance_group, SCALING: scaling}
