"""Words for the functions of the registry: what runs all month, what is bought by the month, what only use tells."""

from collections.abc import Callable
from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.view import View
from costcheck.meters import Meter
from costcheck.units import HOURS_PER_MONTH

ONE = Decimal(1)
SPELLED = {
    "Hours": ("Hrs", "hours", "Hours"),
    "GB-Hours": ("GB-Hours", "GB-hours", "hours"),
    "GB-Months": ("GB-Mo", "GB-month", "GB-months", "GB-Month"),
    "GB": ("GB", "Gigabytes"),
    "Requests": ("Requests", "Request", "API Requests", "API Calls"),
}
"""A pricing unit in FOCUS' words to the ways in which the price list writes the same unit."""


def listed(
    service: str,
    usage: str,
    unit: str,
    /,
    *units: str,
    spellings: tuple[str, ...] = (),
    **fields: str,
) -> Meter:
    """Return a meter of the price list.

    Args:
        service: Offer code.
        usage: Usage type without its region prefix; after a slash, what tells apart SKUs that share it.
        unit: The pricing unit in FOCUS' words.
        units: How the price list writes the unit, beside what `SPELLED` says; each holds exactly one.
        spellings: Further usage types of the same SKU.
        fields: Attributes that leave exactly one SKU in a region.
    """
    return Meter(
        service_code=service,
        sku_meter=usage,
        fields=tuple(fields.items()),
        divisors=tuple((name, 1) for name in (*SPELLED.get(unit, (unit,)), *units)),
        pricing_unit=unit,
        spellings=spellings,
    )


def all_month(name: str, meter: Meter, count: Decimal = ONE, maximum: Decimal | None = None) -> Component:
    """Return `count` of something that is charged by the hour, at most `maximum`, running all month."""
    return monthly(
        name, meter, count * HOURS_PER_MONTH, None if maximum is None else max(count, maximum) * HOURS_PER_MONTH
    )


def monthly(name: str, meter: Meter, quantity: Decimal, maximum: Decimal | None = None) -> Component:
    """Return something that is charged by the month, `maximum` at the worst case."""
    return Component(name=name, meter=meter, quantity=quantity, maximum_quantity=maximum)


def by_use(name: str, meter: Meter) -> Component:
    """Return something whose quantity the plan does not tell: a rate."""
    return Component(name=name, meter=meter, quantity=None)


def only_by_use(*components: Component) -> Callable[[View], Estimate]:
    """Return the function of a type of which nothing is charged but use, whatever its properties."""
    estimate = Estimate(components=components)

    def charged(_: View) -> Estimate:
        return estimate

    return charged
