"""Estimates times prices: what each resource costs, exactly, with every price's date and source."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from costcheck.errors import EvidenceError
from costcheck.gate.calls import why_starts
from costcheck.gate.estimate import Component, Estimate, Nodes, PurchaseOption
from costcheck.gate.free import why_free
from costcheck.gate.machines import why_machines
from costcheck.gate.result import NOTHING, Cost, PricedComponent, Status
from costcheck.gate.types import find_pricer, may_run_nodes
from costcheck.gate.view import Side, UnpriceableError, View
from costcheck.meters import METERS, Meter, on_demand_meter
from costcheck.plan.records import Resource
from costcheck.price_book import GLOBAL, PriceBook, tiered_cost
from costcheck.records import PricingCategory, UnitPrice
from costcheck.units import HOURS_PER_MONTH

BRACKET = "a component: what it holds is priced by itself"
EXTERNAL = "read, not managed: it is paid for elsewhere"
UNREGISTERED = "no price of this type is built in"
NO_REGION = "nothing in the plan says in which region it stands"
ON_DEMAND = "BoxUsage:"
ENDLESS = "nothing limits how many nodes it may start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """A price that nobody has.

    Attributes:
        what: What it is the price of, for people.
        region_id: Where; None where the plan names no region.
        is_pulled: Whether `costcheck prices pull` fetches prices of this kind.
    """

    what: str
    region_id: str | None
    is_pulled: bool


class LackError(UnpriceableError):
    """A price that nobody has is why nobody knows the cost."""

    def __init__(self, lack: Lack) -> None:
        self.lack = lack
        where = lack.region_id
        super().__init__(NO_REGION if where is None else f"no price of {priced_in(lack.what, where)} is known")


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What one resource costs on one side of the plan.

    Attributes:
        reason: Why it is free or unknown.
        nodes: Instances that it may run; None where it may run some and nobody can tell which or how many.
        components: With their prices; without quantity where only use tells.
        prices: Every row that was used.
        cost: Sum of the components that have one; None where it is unknown.
        lack: The price that is missing, where that is why the cost is unknown.
        untold: Why nobody can tell which machines it starts, where that is not the reason above.
        shown: What is seen of machines that nobody can count, such as `2 x p5.48xlarge`; empty where nothing is.
    """

    status: Status
    reason: str = ""
    nodes: tuple[Nodes, ...] | None = ()
    components: tuple[PricedComponent, ...] = ()
    prices: tuple[UnitPrice, ...] = ()
    cost: Cost | None = None
    lack: Lack | None = None
    untold: str = ""
    shown: str = ""

    @property
    def why_untold(self) -> str:
        """Return why nobody can tell which machines it starts."""
        return self.untold or self.reason


Line = tuple[PricedComponent, tuple[UnitPrice, ...]]


def price_resource(resource: Resource, side: Side, book: PriceBook) -> Priced:
    """Return what a resource costs: priced, free, or unknown with a reason; never an error."""
    free = _why_free(resource)
    starts = "" if resource.external else why_starts(resource, side)
    untold = None if starts else ()
    if free:
        return Priced(status=Status.FREE, reason=free, nodes=untold, cost=NOTHING, untold=starts)
    pricer = find_pricer(resource.token)
    if pricer is None:
        why = starts or why_machines(resource)
        reason = f"{UNREGISTERED}, and {why}" if why else UNREGISTERED
        return Priced(status=Status.UNKNOWN, reason=reason, nodes=None if why else ())
    try:
        estimate = pricer(View(resource, side))
    except UnpriceableError as exc:
        nodes = None if may_run_nodes(resource) else untold
        return Priced(status=Status.UNKNOWN, reason=str(exc), nodes=nodes, untold=starts, shown=exc.shown)
    priced = _price_estimate(estimate, resource.region_id, book)
    return priced if untold == () or priced.nodes else replace(priced, nodes=None, untold=starts)


def _why_free(resource: Resource) -> str:
    """Return why a resource costs nothing, empty where it may cost something."""
    if resource.external:
        return EXTERNAL
    return why_free(resource.token) if resource.custom else BRACKET


def _price_estimate(estimate: Estimate, region_id: str | None, book: PriceBook) -> Priced:
    if estimate == Estimate():
        return Priced(status=Status.FREE, reason="nothing in it is charged", cost=NOTHING)
    if estimate.unpriced:
        return Priced(status=Status.UNKNOWN, reason=estimate.unpriced, nodes=estimate.nodes)
    try:
        lines = tuple(_lines(estimate, region_id, book))
    except (EvidenceError, UnpriceableError) as exc:
        reason, lack = getattr(exc, "seen", str(exc)), getattr(exc, "lack", None)
        return Priced(status=Status.UNKNOWN, reason=reason, nodes=estimate.nodes, lack=lack)
    return Priced(
        status=Status.PRICED,
        nodes=estimate.nodes,
        components=tuple(component for component, _ in lines),
        prices=tuple(row for _, rows in lines for row in rows),
        cost=sum((component.cost for component, _ in lines if component.cost), NOTHING),
    )


def _lines(estimate: Estimate, region_id: str | None, book: PriceBook) -> Iterator[Line]:
    if region_id is None:
        raise LackError(Lack(what="everything in it", region_id=None, is_pulled=False))
    for nodes in estimate.nodes:
        if not nodes.alternative:
            yield _price_nodes(nodes, region_id, book)
    for component in estimate.components:
        yield _price_component(component, region_id, book)


def _price_component(
    component: Component, region_id: str, book: PriceBook, category: PricingCategory = PricingCategory.STANDARD
) -> Line:
    by = component.meter
    where = by.region_id or region_id
    if not book.is_priced(by.service_code, by.sku_meter, region_id=where, category=category):
        raise LackError(Lack(what=component.name, region_id=where, is_pulled=_is_pulled(by)))
    tiers = book.tiers(by.service_code, by.sku_meter, region_id=where, category=category)
    _require_usable(tiers, by)
    return priced_component(component, tiers), tiers


def _is_pulled(by: Meter) -> bool:
    return by in METERS or by == on_demand_meter(by.usage_type.removeprefix(ON_DEMAND))


def priced_in(what: str, region_id: str) -> str:
    """Return what a price is of and where it holds, as people say it."""
    return what if region_id == GLOBAL else f"{what} in {region_id}"


def _require_usable(tiers: tuple[UnitPrice, ...], by: Meter) -> None:
    """Do nothing if a price is in US dollars, in its meter's unit, and applies from the first unit on."""
    first = tiers[0]
    for wrong, problem in (
        (first.tier_start != 0, f"begins at {first.tier_start} only"),
        ({row.pricing_currency for row in tiers} != {"USD"}, f"is in {first.pricing_currency}"),
        ({row.pricing_unit for row in tiers} != {by.pricing_unit}, f"is for a unit of {first.pricing_unit}"),
    ):
        if wrong:
            message = f"the price of {first.key} {problem}"
            raise UnpriceableError(message)


def _price_nodes(nodes: Nodes, region_id: str, book: PriceBook) -> Line:
    """Return the hours of all nodes at the price of the dearest type that may be chosen."""
    if nodes.maximum is None:
        raise UnpriceableError(ENDLESS)
    if nodes.purchase_option not in METER_OF:
        message = f"what a {nodes.purchase_option} costs is not in the plan: it is paid for when it is bought"
        raise UnpriceableError(message)
    by, category = METER_OF[nodes.purchase_option]
    candidates = [
        _price_component(
            Component(
                name=f"{instance_type} ({nodes.purchase_option.replace('_', ' ')})",
                meter=by(instance_type),
                quantity=nodes.desired * HOURS_PER_MONTH,
                maximum_quantity=nodes.maximum * HOURS_PER_MONTH,
            ),
            region_id,
            book,
            category,
        )
        for instance_type in nodes.instance_types
    ]
    return max(candidates, key=lambda line: line[0].unit_price_usd)


def spot_meter(instance_type: str) -> Meter:
    """Return the meter of one spot instance hour; the price list has none, so it has no attributes."""
    return Meter(
        service_code="AmazonEC2",
        sku_meter=f"SpotUsage:{instance_type}",
        fields=(),
        divisors=(("Hrs", 1),),
        pricing_unit="Hours",
    )


METER_OF = {
    PurchaseOption.ON_DEMAND: (on_demand_meter, PricingCategory.STANDARD),
    PurchaseOption.RESERVATION: (on_demand_meter, PricingCategory.STANDARD),
    PurchaseOption.SPOT: (spot_meter, PricingCategory.DYNAMIC),
}
"""How an instance hour is charged; a Capacity Block is paid once, and no hour of it has a price."""


def priced_component(component: Component, tiers: tuple[UnitPrice, ...]) -> PricedComponent:
    """Return a component in the words of the result: a cost where it has a quantity, a rate where it has none."""
    first, cost = tiers[0], None
    if component.quantity is not None and component.worst_quantity is not None:
        cost = Cost(
            desired_usd=tiered_cost(tiers, component.quantity),
            maximum_usd=tiered_cost(tiers, component.worst_quantity),
        )
    return PricedComponent(
        name=component.name,
        unit=first.pricing_unit,
        quantity=component.quantity,
        maximum_quantity=component.worst_quantity,
        unit_price_usd=first.list_unit_price,
        cost=cost,
        sku_id=first.sku_id,
        sku_meter=f"{first.service_code} {first.sku_meter}",
        price_source=first.provenance.source_url,
        price_date=first.provenance.retrieved_on,
    )
