"""EC2 fleets and spot fleets: so many units of capacity, on demand and as spot."""

from dataclasses import replace
from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate, Nodes, PurchaseOption
from costcheck.gate.types.autoscaling import SPECIFICATION, of_one_template, overridden, whole
from costcheck.gate.types.instances import CONFIGURATION, MARKETS, Words, extras, launched
from costcheck.gate.types.volumes import listed_volumes
from costcheck.gate.view import UnpriceableError, View

FLEET, SPOT_FLEET = "aws:ec2/fleet:Fleet", "aws:ec2/spotFleetRequest:SpotFleetRequest"
CONFIGS, SPECIFICATIONS = "launchTemplateConfigs", "launchSpecifications"
CAPACITY = "targetCapacitySpecification"
Shares = dict[PurchaseOption, Decimal]


def fleet(view: View) -> Estimate:
    """Return the instances of a fleet, which AWS keeps at its target."""
    if view.text(CAPACITY, "targetCapacityUnitType", default="units") != "units":
        message = f"{CAPACITY}.targetCapacityUnitType counts in vCPUs or memory, not in instances"
        raise UnpriceableError(message)
    return _from_templates(view, _targets(view))


def _targets(view: View) -> Shares:
    """Return units by how they are bought; what nobody assigned is bought by default."""
    total = view.number(CAPACITY, "totalTargetCapacity")
    default = view.text(CAPACITY, "defaultTargetCapacityType")
    if default == "on-demand":
        spot = view.number(CAPACITY, "spotTargetCapacity", default=0)
        return {PurchaseOption.ON_DEMAND: max(total - spot, Decimal(0)), PurchaseOption.SPOT: spot}
    if default == "spot":
        on_demand = view.number(CAPACITY, "onDemandTargetCapacity")
        return {PurchaseOption.ON_DEMAND: on_demand, PurchaseOption.SPOT: max(total - on_demand, Decimal(0))}
    if default in MARKETS:
        return {MARKETS[default]: total}
    message = f"{CAPACITY}.defaultTargetCapacityType is {default[:60]!r}"
    raise UnpriceableError(message)


def spot_fleet(view: View) -> Estimate:
    """Return the instances of a spot fleet, from launch templates or from specifications of its own."""
    if view.text("targetCapacityUnitType", default="units") != "units":
        message = "targetCapacityUnitType counts in vCPUs or memory, not in instances"
        raise UnpriceableError(message)
    total, on_demand = view.number("targetCapacity"), view.number("onDemandTargetCapacity", default=0)
    targets = {PurchaseOption.ON_DEMAND: on_demand, PurchaseOption.SPOT: max(total - on_demand, Decimal(0))}
    return _from_templates(view, targets) if view.has(CONFIGS) else _from_specifications(view, targets)


def _from_templates(view: View, targets: Shares) -> Estimate:
    found = [overridden(view, (CONFIGS, index, "overrides")) for index in range(view.items(CONFIGS))]
    if not found:
        message = f"{CONFIGS} is not in the plan, so nobody knows what the fleet launches"
        raise UnpriceableError(message)
    types = tuple(dict.fromkeys(name for names, _ in found for name in names))
    nodes = _nodes(types, min(weight for _, weight in found), targets)
    places = tuple((CONFIGS, index, SPECIFICATION) for index in range(view.items(CONFIGS)))
    return launched(nodes, lambda: of_one_template(view, places, nodes, subnets=CONFIGS))


def _nodes(types: tuple[str, ...], weight: Decimal, targets: Shares) -> tuple[Nodes, ...]:
    counts = {option: whole(units / weight) for option, units in targets.items() if units}
    return tuple(
        Nodes(instance_types=types, purchase_option=option, desired=count, maximum=count)
        for option, count in counts.items()
    )


def _from_specifications(view: View, targets: Shares) -> Estimate:
    types, weight = overridden(view, (SPECIFICATIONS,))
    nodes = _nodes(types, weight, targets)
    return launched(nodes, lambda: _specified(view, nodes) if nodes else ())


def _specified(view: View, nodes: tuple[Nodes, ...]) -> tuple[Component, ...]:
    if view.items(SPECIFICATIONS) != 1 or not view.items(SPECIFICATIONS, 0, "rootBlockDevices"):
        message = f"{SPECIFICATIONS} does not say the disks of each instance: several, or the image's choice"
        raise UnpriceableError(message)
    count = sum((share.desired for share in nodes), Decimal(0))
    words = Words(
        image=CONFIGURATION.image,
        tenancy=(SPECIFICATIONS, 0, "placementTenancy"),
        monitoring=(SPECIFICATIONS, 0, "monitoring"),
        public_address=(SPECIFICATIONS, 0, "associatePublicIpAddress"),
    )
    return (
        *listed_volumes(view, (SPECIFICATIONS, 0, "rootBlockDevices"), count=count, maximum=None),
        *listed_volumes(view, (SPECIFICATIONS, 0, "ebsBlockDevices"), count=count, maximum=None),
        *extras(view, words, replace(nodes[0], desired=count, maximum=count)),
    )


RUNS_NODES = frozenset({FLEET, SPOT_FLEET})
PRICED = {FLEET: fleet, SPOT_FLEET: spot_fleet}
