"""Which prices and facts a plan needs, before any is known: what `--live` asks AWS for, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass

from costcheck.gate.estimate import Estimate
from costcheck.gate.pricing import METER_OF
from costcheck.gate.types import find_pricer
from costcheck.gate.view import Side, UnpriceableError, View
from costcheck.meters import Meter
from costcheck.price_book import TOKEN_UNIT
from costcheck.records import PricingCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededPrice:
    """One price to look up.

    Attributes:
        region_id: The meter's own where it is listed for the whole world, else the resource's.
    """

    meter: Meter
    region_id: str
    category: PricingCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Everything to look up for one side of a plan.

    Attributes:
        prices: In no order, each once.
        instance_types: Region and name.
    """

    prices: frozenset[NeededPrice]
    instance_types: frozenset[tuple[str, str]]

    def __or__(self, other: "Needs") -> "Needs":
        return Needs(prices=self.prices | other.prices, instance_types=self.instance_types | other.instance_types)


def needs_of(side: Side) -> Needs:
    """Return what the resources of one side need; those that cannot be priced at all need nothing."""
    estimates = list(_estimates(side))
    return Needs(
        prices=frozenset(price for region_id, estimate in estimates for price in _prices(estimate, region_id)),
        instance_types=frozenset(
            (region_id, name.removeprefix("ml."))
            for region_id, estimate in estimates
            for nodes in estimate.nodes
            for name in nodes.instance_types
        ),
    )


def _estimates(side: Side) -> Iterator[tuple[str, Estimate]]:
    for resource in side.by_urn.values():
        pricer = find_pricer(resource.token)
        if pricer is not None and resource.custom and not resource.external and resource.region_id:
            try:
                yield resource.region_id, pricer(View(resource, side))
            except UnpriceableError:
                continue


def _prices(estimate: Estimate, region_id: str) -> Iterator[NeededPrice]:
    for component in estimate.components:
        if component.meter.pricing_unit != TOKEN_UNIT:  # no list of AWS's: genai-prices has them
            yield _needed(component.meter, region_id, PricingCategory.STANDARD)
    for nodes in estimate.nodes:
        if nodes.purchase_option in METER_OF and not nodes.alternative:
            by, category = METER_OF[nodes.purchase_option]
            yield from (_needed(by(name), region_id, category) for name in nodes.instance_types)


def _needed(meter: Meter, region_id: str, category: PricingCategory) -> NeededPrice:
    return NeededPrice(meter=meter, region_id=meter.region_id or region_id, category=category)
