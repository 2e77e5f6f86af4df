"""Auto Scaling: groups from a launch template, a launch configuration or a mix, and what may lift them."""

from decimal import ROUND_CEILING, Decimal

from costcheck.gate.estimate import Component, Estimate, Nodes, PurchaseOption
from costcheck.gate.types.ec2 import LAUNCH_CONFIGURATION, refuse_open_choice
from costcheck.gate.types.instances import (
    CONFIGURATION,
    NO_TEMPLATE,
    TEMPLATE,
    Path,
    described_by,
    extras,
    inside_reservation,
    launched,
    market,
    public_by_subnet,
)
from costcheck.gate.types.volumes import listed_volumes, template_volumes, volume_components
from costcheck.gate.view import MOST, UnpriceableError, View

GROUP, SCHEDULE = "aws:autoscaling/group:Group", "aws:autoscaling/schedule:Schedule"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
MIXED, SPECIFICATION = "mixedInstancesPolicy", "launchTemplateSpecification"
SUBNETS = "vpcZoneIdentifiers"
WHOLE = Decimal(100)


def group(view: View) -> Estimate:
    """Return the instances of a group with their disks, at most as many as schedules and a warm pool may make."""
    if view.text("desiredCapacityType", default="units") != "units":
        message = "desiredCapacityType counts in vCPUs or memory, not in instances"
        raise UnpriceableError(message)
    desired, maximum = _sizes(view)
    if view.has(MIXED):
        return _mixed(view, desired, maximum)
    if view.has("launchConfiguration"):
        return _configured(view, desired, maximum)
    template = described_by(view, "launchTemplate")
    if template is None:
        message = f"{NO_TEMPLATE}, so nobody knows what the group launches"
        raise UnpriceableError(message)
    return _templated(view, template, desired, maximum)


def _sizes(view: View) -> tuple[Decimal, Decimal]:
    """Return how many instances run, and how many at most."""
    least, most = view.number("minSize"), scheduled(view, view.number("maxSize"))
    desired = max(view.number("desiredCapacity") if view.has("desiredCapacity") else least, least)
    most = max(most, desired)
    return (desired, most) if not view.has("warmPool") else (prepared(view, "warmPool", most),) * 2


def scheduled(view: View, most: Decimal) -> Decimal:
    """Return the most instances of a group: a schedule may lift it above its own maximum."""
    limits = (schedule.number("maxSize") for schedule in view.dependents(SCHEDULE) if schedule.says("maxSize"))
    return max(most, *limits, Decimal(0))


def prepared(view: View, pool: str, most: Decimal) -> Decimal:
    """Return the most instances of a group and its warm pool together, which count and pay as if they ran.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutWarmPool.html

    Raises:
        UnpriceableError: It is endless.
    """
    limit = "maxGroupPreparedCapacity"
    if pool == "warmPoolConfig" and view.has(pool, limit) and not view.says(pool, limit):
        message = f"{pool}.{limit} is -1: nothing limits the warm pool"
        raise UnpriceableError(message)
    above = view.number(pool, limit) if view.says(pool, limit) else Decimal(0)
    return max(most + view.number(pool, "minSize", default=0), above)


def _templated(view: View, template: View, desired: Decimal, maximum: Decimal) -> Estimate:
    if template.has("instanceRequirements"):
        refuse_open_choice(template, "instanceRequirements")
        return Estimate(unpriced="instanceRequirements leaves the types to AWS, none with accelerators among them")
    types = (template.text("instanceType"),)
    nodes = Nodes(instance_types=types, purchase_option=market(template), desired=desired, maximum=maximum)
    return launched(
        () if inside_reservation(types, view, template) else (nodes,),
        lambda: template_parts(view, template, nodes, subnets=SUBNETS),
    )


def template_parts(view: View, template: View, nodes: Nodes, *, subnets: str) -> tuple[Component, ...]:
    """Return what each node of a launch template brings along in the subnets of a group."""
    described = extras(template, TEMPLATE, nodes, public=public_by_subnet(view, subnets))
    return (*template_volumes(template, count=nodes.desired, maximum=nodes.maximum), *described)


def _configured(view: View, desired: Decimal, maximum: Decimal) -> Estimate:
    configuration = view.referred("launchConfiguration", LAUNCH_CONFIGURATION)
    if configuration is None:
        message = "the launch configuration is not in the plan, so nobody knows what the group launches"
        raise UnpriceableError(message)
    option = PurchaseOption.SPOT if configuration.has("spotPrice") else PurchaseOption.ON_DEMAND
    types = (configuration.text("instanceType"),)
    nodes = Nodes(instance_types=types, purchase_option=option, desired=desired, maximum=maximum)

    def parts() -> tuple[Component, ...]:
        root = volume_components(
            configuration, ("rootBlockDevice",), count=desired, maximum=maximum, size="volumeSize"
        )
        further = listed_volumes(configuration, ("ebsBlockDevices",), count=desired, maximum=maximum)
        return (*root, *further, *extras(configuration, CONFIGURATION, nodes, public=public_by_subnet(view, SUBNETS)))

    return launched((nodes,), parts)


def _mixed(view: View, desired: Decimal, maximum: Decimal) -> Estimate:
    path = MIXED, "launchTemplate", "overrides"
    types, weight = overridden(view, path)
    own = [
        (*path, index, SPECIFICATION) for index in range(view.items(*path)) if view.has(*path, index, SPECIFICATION)
    ]
    places = (MIXED, "launchTemplate", SPECIFICATION), *own
    now, then = _shares(view, desired), _shares(view, maximum)
    shares = tuple(
        Nodes(
            instance_types=types,
            purchase_option=option,
            desired=whole(now[option] / weight),
            maximum=whole(then[option] / weight),
        )
        for option in then
        if then[option]
    )
    return launched(shares, lambda: of_one_template(view, places, shares, subnets=SUBNETS))


def _shares(view: View, units: Decimal) -> dict[PurchaseOption, Decimal]:
    """Return how many units are bought in which way; AWS rounds in favour of on demand."""
    path = MIXED, "instancesDistribution"
    percentage = min(view.number(*path, "onDemandPercentageAboveBaseCapacity", default=100), WHOLE)
    if percentage == WHOLE:
        return {PurchaseOption.ON_DEMAND: units}
    base = min(view.number(*path, "onDemandBaseCapacity"), units)
    on_demand = base + whole((units - base) * percentage / WHOLE)
    return {PurchaseOption.ON_DEMAND: on_demand, PurchaseOption.SPOT: units - on_demand}


def overridden(view: View, path: Path) -> tuple[tuple[str, ...], Decimal]:
    """Return the types that overrides name, and the least that one instance weighs.

    The types must be said there, and not in the template alone: a list that was lost would make a fleet of GPUs look
    like whatever its template happens to name.

    Raises:
        UnpriceableError: An override does not name its type, or weighs nothing.
    """
    count = view.items(*path)
    if not count:
        message = f"{'.'.join(map(str, path))} is not in the plan, and only it says for sure which types run"
        raise UnpriceableError(message)
    types = tuple(dict.fromkeys(view.text(*path, index, "instanceType") for index in range(count)))
    weight = min(view.number(*path, index, "weightedCapacity", default=1) for index in range(count))
    if not weight:
        message = f"{'.'.join(map(str, path))} has a weightedCapacity of nothing, so the instances are endless"
        raise UnpriceableError(message)
    return types, weight


def of_one_template(
    view: View, places: tuple[Path, ...], shares: tuple[Nodes, ...], *, subnets: str
) -> tuple[Component, ...]:
    """Return what all instances of a mix bring along.

    Args:
        view: The mix.
        places: Where it names a template.
        shares: How many are bought in which way.
        subnets: Property that names the subnets.

    Raises:
        UnpriceableError: They come from several templates, or from one that the plan does not show.
    """
    templates = [described_by(view, *place) for place in places]
    template = templates[0] if templates else None
    if template is None or any(other is None or other.resource != template.resource for other in templates):
        message = f"{NO_TEMPLATE}, or there are several, so nobody knows the disks of each"
        raise UnpriceableError(message)
    everything = Nodes(
        instance_types=shares[0].instance_types if shares else (),
        purchase_option=PurchaseOption.ON_DEMAND,
        desired=sum((share.desired for share in shares), Decimal(0)),
        maximum=sum((share.maximum or Decimal(0) for share in shares), Decimal(0)),
    )
    return template_parts(view, template, everything, subnets=subnets)


def whole(number: Decimal) -> Decimal:
    """Return a number of instances, rounded up.

    Raises:
        UnpriceableError: It is larger than any of AWS: an instance weighs next to nothing.
    """
    if number > MOST:
        message = f"a weightedCapacity is so small that there may be more than {MOST:,} instances"
        raise UnpriceableError(message)
    return number.to_integral_value(ROUND_CEILING)


def schedule(view: View) -> Estimate:
    """Return nothing where the group that it lifts is in the plan, which counts it there."""
    if view.referred("autoscalingGroupName", NODE_GROUP, GROUP) is None:
        message = "the group whose size it sets is not in the plan"
        raise UnpriceableError(message)
    return Estimate()


RUNS_NODES = frozenset({GROUP, SCHEDULE})
PRICED = {GROUP: group, SCHEDULE: schedule}
