"""A whole plan, priced: every resource on both sides, what only use tells, totals, and GPU nodes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from costcheck.gate.capacity import Growth, gpu_growth
from costcheck.gate.pricing import Priced, price_resource
from costcheck.gate.result import NOTHING, Cost, Known, PricedComponent, Status
from costcheck.gate.standing import Sided, Standing
from costcheck.gate.view import Side
from costcheck.plan.records import Operation, Plan, Resource
from costcheck.price_book import PriceBook, tiered_cost
from costcheck.records import UnitPrice

Usage = Mapping[str, Decimal]
"""Units a month by meter (`AmazonEC2 NatGateway-Bytes`), for the whole stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What a plan costs, before anybody judges it.

    Attributes:
        rows: Every resource of the plan, changed ones first.
        usage: One line for each meter whose quantity only use tells; without a cost where nobody told.
        before: Of everything whose cost is known, before the update.
        after: The same after it.
        prices: Every price row that stands behind `after`.
    """

    plan: Plan
    rows: tuple[Sided, ...]
    usage: tuple[PricedComponent, ...]
    before: Cost
    after: Cost
    growth: Growth
    prices: tuple[UnitPrice, ...]

    @property
    def complete(self) -> bool:
        """Return whether `after` is all that the stack costs: every resource shown, and none unknown."""
        return self.plan.knows_everything and not self.unknown

    @property
    def unknown(self) -> tuple[Sided, ...]:
        """Return the resources that nobody can price after the update."""
        return tuple(row for row in self.rows if row.after and row.after[1].status is Status.UNKNOWN)

    @property
    def moving(self) -> tuple[Sided, ...]:
        """Return the resources of unknown cost that change, so that nobody can tell what the change costs."""
        standing = Standing(self.rows)
        return tuple(row for row in self.rows if _is_unknown(row) and not standing.keeps_cost(row))

    @property
    def increase(self) -> Known:
        """Return what `after` less `before` says of what the change costs."""
        moving = self.moving
        if any(row.before and row.before[1].cost is None for row in moving):
            return Known.PARTLY
        return Known.AT_LEAST if moving else Known.EXACT

    @property
    def raises(self) -> bool:
        """Return whether anything may cost more than before, or somebody would have to tell that it does not."""
        standing = Standing(self.rows)
        return any(_may_cost_more(row, standing) for row in self.rows)


def assess(plan: Plan, book: PriceBook, usage: Usage, before: Side, after: Side) -> Assessment:
    """Return what a plan costs on both sides.

    Args:
        plan: The plan, with the state where there is one.
        book: Prices.
        usage: Quantities that only use tells, for the whole stack.
        before: Resources and rendered charts before the update.
        after: The same after it.
    """
    rows = tuple(_rows(plan, book, before, after))
    now, then = _priced(row.before for row in rows), _priced(row.after for row in rows)
    lines_now, lines_then = _usage_lines(now, usage), _usage_lines(then, usage)
    return Assessment(
        plan=plan,
        rows=rows,
        usage=tuple(lines_then),
        before=_total(now, lines_now),
        after=_total(then, lines_then),
        growth=gpu_growth(rows, after.instances),
        prices=tuple(dict.fromkeys(price for priced in then for price in priced.prices)),
    )


def _rows(plan: Plan, book: PriceBook, before: Side, after: Side) -> Iterator[Sided]:
    for change in plan.changes:
        yield Sided(
            operation=change.operation,
            before=_side(change.before, before, book),
            after=_side(change.after, after, book),
        )
    for resource in plan.unchanged:
        # Unchanged itself, it may still mean something else by what it refers to, or what refers to it.
        yield Sided(
            operation=Operation.SAME, before=_side(resource, before, book), after=_side(resource, after, book)
        )


def _side(resource: Resource | None, side: Side, book: PriceBook) -> tuple[Resource, Priced] | None:
    return (resource, price_resource(resource, side, book)) if resource else None


def _priced(sides: Iterable[tuple[Resource, Priced] | None]) -> list[Priced]:
    return [side[1] for side in sides if side]


def _total(priced: Iterable[Priced], usage: Iterable[PricedComponent]) -> Cost:
    costs = (*(row.cost for row in priced), *(line.cost for line in usage))
    return sum((cost for cost in costs if cost), NOTHING)


def _usage_lines(priced: Iterable[Priced], usage: Usage) -> list[PricedComponent]:
    """Return one line a meter; where a meter has several prices (two regions), all of it at the dearest."""
    rates: dict[str, tuple[PricedComponent, tuple[UnitPrice, ...]]] = {}
    for row in priced:
        for component in row.components:
            known = rates.get(component.sku_meter)
            if component.cost is None and (known is None or known[0].unit_price_usd < component.unit_price_usd):
                rates[component.sku_meter] = component, _tiers(row, component)
    return [_with_quantity(*rate, usage.get(meter)) for meter, rate in sorted(rates.items())]


def _tiers(row: Priced, component: PricedComponent) -> tuple[UnitPrice, ...]:
    return tuple(price for price in row.prices if f"{price.service_code} {price.sku_meter}" == component.sku_meter)


def _with_quantity(rate: PricedComponent, tiers: tuple[UnitPrice, ...], quantity: Decimal | None) -> PricedComponent:
    if quantity is None:
        return rate
    cost = tiered_cost(tiers, quantity)
    both = Cost(desired_usd=cost, maximum_usd=cost)
    return replace(rate, quantity=quantity, maximum_quantity=quantity, cost=both)


def _is_unknown(row: Sided) -> bool:
    return any(side is not None and side[1].cost is None for side in (row.before, row.after))


def _may_cost_more(row: Sided, standing: Standing) -> bool:
    if row.after is None:
        return False
    after, before = row.after[1], row.before[1] if row.before else None
    if after.cost is None:
        return not standing.keeps_cost(row)
    old = before.cost if before and before.cost else NOTHING
    rates = {component.sku_meter for component in after.components if component.cost is None}
    had = {component.sku_meter for component in before.components} if before else set()
    return after.cost.desired_usd > old.desired_usd or after.cost.maximum_usd > old.maximum_usd or not rates <= had
