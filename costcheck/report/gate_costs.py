"""What the gate says of money: totals, what changes them, what nobody knows, and the prices behind them."""

from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Final

from costcheck.gate.result import Cost, GateResult, Known, PricedComponent, ResourceCost, Status
from costcheck.report.figures import NO_SKU, UNKNOWN, counted, day, plain, quantity, unit_price, usd
from costcheck.report.page import Section, Table

ABSENT: Final = "-"
"""What a resource costs where it does not exist."""
NOT_COUNTED: Final = "not counted"
CREATED: Final = frozenset({"create", "import"})
DELETED: Final = frozenset({"delete", "delete-replaced", "discard-replaced", "discard"})
UNCHANGED: Final = "same"
PLANNED: Final = "as planned: the desired size"
WORST: Final = "at the worst case: every autoscaler at its maximum"
ALWAYS: Final = "as planned, and at the worst case"
SMALL: Final = Decimal("0.05")
"""Share of a resource below which a part of its cost is not named beside the others."""


class Side(Enum):
    """Before the change, and after it."""

    BEFORE = "before"
    AFTER = "after"


def totals_section(result: GateResult) -> Section:
    """Return what everything costs; nothing where no resource was seen."""
    if not result.resources:
        return Section(key="totals", title="Cost a month")
    now, then = result.before, result.after
    hidden = tuple(any(_hides(row, side) for row in result.resources) for side in Side)
    pairs = [(PLANNED, now.desired_usd, then.desired_usd), (WORST, now.maximum_usd, then.maximum_usd)]
    if pairs[0][1:] == pairs[1][1:]:
        pairs = [(ALWAYS, *pairs[0][1:])]
    table = Table(
        columns=("All resources together", "Before", "After", "Difference"),
        rows=tuple(
            (
                words,
                _at_least(before, is_part=hidden[0]),
                _at_least(after, is_part=hidden[1]),
                _difference(after - before, result.increase),
            )
            for words, before, after in pairs
        ),
        figures=frozenset({1, 2, 3}),
    )
    return Section(key="totals", title="Cost a month", lead=tuple(_missing(result)), table=table)


def _hides(row: ResourceCost, side: Side) -> bool:
    """Return whether a resource stands on a side, and nobody knows what it costs there."""
    if side is Side.BEFORE:
        return row.before is None and row.operation not in CREATED
    return row.after is None and row.operation not in DELETED


def _at_least(amount: Decimal, *, is_part: bool) -> str:
    if not is_part:
        return usd(amount)
    return f"at least {usd(amount)}" if amount else UNKNOWN


def _difference(amount: Decimal, known: Known) -> str:
    if known is Known.EXACT:
        return usd(amount)
    return f"at least {usd(amount)}" if known is Known.AT_LEAST and amount > 0 else UNKNOWN


def _missing(result: GateResult) -> Iterator[str]:
    """Yield what the totals do not hold."""
    if result.unknown:
        yield f"Not in it: {counted(len(result.unknown), 'resource')} of unknown cost, named below."
    if any(check.name == "plan" for check in result.checks):
        yield "The preview failed, so that there may be more."
    if not result.complete:
        yield "Only what changes is in it: what the plan leaves as it is was not shown to the gate (`--state`)."
    if result.no_live_prices:
        yield f"Prices of today could not be had: {plain(result.no_live_prices).rstrip('.')}. Those here are older."


def changes_section(result: GateResult) -> Section:
    """Return what each changed resource cost and will cost, the largest difference first."""
    changed = [row for row in result.resources if row.operation != UNCHANGED and row.status is not Status.UNKNOWN]
    shown = sorted(filter(_moves, changed), key=_weight)
    table = Table(
        columns=("Resource", "Change", "Before", "After", "Difference", "Most of it"),
        rows=tuple(map(_change, shown)),
        figures=frozenset({2, 3, 4}),
        names=frozenset({0}),
    )
    others = counted(len(changed) - len(shown), f"{'other ' if shown else ''}changed resource")
    notes = (f"No change of cost: {others}.",) if len(changed) > len(shown) else ()
    return Section(key="changes", title="What changes the cost, a month", table=table, notes=notes)


def _moves(row: ResourceCost) -> bool:
    """Return whether a resource will cost something else, or nobody knows whether it will."""
    sides = _side(row.before, absent=row.operation in CREATED), _side(row.after, absent=row.operation in DELETED)
    before, after = (tuple(cost or Decimal(0) for cost in side) for side in sides)
    return before != after


def _weight(row: ResourceCost) -> tuple[Decimal, str]:
    """Return the order of a row: the largest difference at the worst case first."""
    before, after = _maxima(row)
    return -abs(after - before), row.urn


def _maxima(row: ResourceCost) -> tuple[Decimal, Decimal]:
    before, after = (cost.maximum_usd if cost else Decimal(0) for cost in (row.before, row.after))
    return before, after


def _change(row: ResourceCost) -> tuple[str, ...]:
    """Return what a resource costs, from the desired size to the worst case, and of what that is made."""
    before = _side(row.before, absent=row.operation in CREATED)
    after = _side(row.after, absent=row.operation in DELETED)
    more = [(new or Decimal(0)) - (old or Decimal(0)) for old, new in zip(before, after, strict=True)]
    sides = [_range(*(ABSENT if cost is None else usd(cost) for cost in costs)) for costs in (before, after)]
    return plain(row.name), row.operation, *sides, _range(*map(usd, more)), _parts(row)


def _parts(row: ResourceCost) -> str:
    """Return what a resource is charged for at the worst case, without what is small beside the rest of it."""
    costs = {part.name: part.cost.maximum_usd for part in row.components if part.cost}
    large = sorted(
        (name for name, cost in costs.items() if cost > SMALL * sum(costs.values())), key=costs.__getitem__
    )
    if len(large) == 1:
        return plain(large[0])
    return ", ".join(f"{plain(name)} {usd(costs[name]).lstrip('$')} USD" for name in reversed(large)) or ABSENT


def _side(cost: Cost | None, *, absent: bool) -> tuple[Decimal | None, Decimal | None]:
    """Return desired and maximum; None where it does not exist, and no number where nobody knows."""
    if cost is None:
        return (None, None) if absent else (Decimal("NaN"), Decimal("NaN"))
    return cost.desired_usd, cost.maximum_usd


def unknown_section(result: GateResult) -> Section:
    """Return the changed resources of unknown cost."""
    rows = tuple(row for row in result.unknown if row.operation != UNCHANGED)
    return _named(rows, key="unknown", title=f"Unknown cost of what changes: {counted(len(rows), 'resource')}")


def unknown_standing_section(result: GateResult) -> Section:
    """Return the unchanged resources of unknown cost."""
    rows = tuple(row for row in result.unknown if row.operation == UNCHANGED)
    title = f"Unknown cost of what stays as it is: {counted(len(rows), 'resource')}"
    return _named(rows, key="unknown_standing", title=title)


def _named(rows: tuple[ResourceCost, ...], *, key: str, title: str) -> Section:
    table = Table(
        columns=("Resource", "Type", "Change", "Why nobody knows what it costs"),
        rows=tuple((plain(row.name), plain(row.token), plain(row.operation), plain(row.reason)) for row in rows),
        names=frozenset({0, 1}),
    )
    return Section(key=key, title=title, table=table)


def usage_section(result: GateResult) -> Section:
    """Return what only use tells."""
    table = Table(
        columns=("Charged by use", "A unit", "Units a month", "A month"),
        rows=tuple(
            (
                plain(row.name),
                _rate(row),
                UNKNOWN if row.quantity is None else quantity(row.quantity),
                NOT_COUNTED if row.cost is None else usd(row.cost.maximum_usd),
            )
            for row in result.usage
        ),
        figures=frozenset({1, 2, 3}),
    )
    lead = ("Only use tells how much of these; what nobody told is not in the totals.",)
    return Section(key="usage", title="Charged by use", lead=lead if result.usage else (), table=table)


def _rate(row: PricedComponent) -> str:
    return f"{unit_price(row.unit_price_usd)} / {plain(row.unit).removesuffix('s')}"


def sums_section(result: GateResult) -> Section:
    """Return how the cost of each changed resource adds up."""
    table = Table(
        columns=("What", "Units a month", "A unit", "A month"),
        rows=tuple(
            (f"{plain(row.name)}: {plain(component.name)}", *_sum(component, component.cost))
            for row in sorted(result.resources, key=_weight)
            if row.operation != UNCHANGED and _moves(row)
            for component in row.components
            if component.cost is not None
        ),
        figures=frozenset({1, 2, 3}),
    )
    return Section(key="sums", title="How the changed costs add up", table=table)


def _sum(component: PricedComponent, cost: Cost) -> tuple[str, str, str]:
    units = _range(quantity(component.quantity), quantity(component.maximum_quantity))
    return units, _rate(component), _range(usd(cost.desired_usd), usd(cost.maximum_usd))


def _range(desired: str, maximum: str) -> str:
    return desired if desired == maximum else f"{desired} to {maximum}"


def prices_section(result: GateResult) -> Section:
    """Return every price with its SKU and its age."""
    table = Table(
        columns=("Price", "A unit", "SKU", "Read on", "Age"),
        rows=tuple(
            dict.fromkeys(
                (
                    plain(row.sku_meter),
                    _rate(row),
                    plain(row.sku_id) if row.sku_id else NO_SKU,
                    day(row.price_date),
                    counted((result.as_of - row.price_date).days, "day"),
                )
                for row in _components(result)
            )
        ),
        figures=frozenset({1, 3, 4}),
        names=frozenset({0}),
    )
    return Section(key="prices", title="Prices and their age", table=table)


def sources_section(result: GateResult) -> Section:
    """Return where the prices were read."""
    read_from = sorted({plain(row.price_source) for row in _components(result)})
    table = Table(
        columns=("Where the prices were read",), rows=tuple((url,) for url in read_from), names=frozenset({0})
    )
    return Section(key="sources", title="Sources", table=table)


def _components(result: GateResult) -> Iterator[PricedComponent]:
    for row in result.resources:
        yield from row.components
    yield from result.usage
