"""What the gate answers, in reading order; the terminal and the comment show these, so they cannot disagree."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from costcheck.gate.result import (
    Check,
    Cost,
    GateResult,
    GpuCapacity,
    Outcome,
    PricedComponent,
    ResourceCost,
    Status,
)
from costcheck.report.figures import NO_SKU, UNKNOWN, counted, day, plain, quantity, shortened, unit_price, usd
from costcheck.report.page import Section, Table

ANSWERS: Final = {
    Outcome.DENIED: "denied",
    Outcome.CANNOT_DECIDE: "cannot be decided",
    Outcome.ALLOWED: "allowed",
}
ABSENT: Final = "-"
"""What a resource costs where it does not exist."""
NO_LIMIT: Final = "no limit"
NO_DECISION: Final = "no decision"
NOT_COUNTED: Final = "not counted"
CREATED: Final = frozenset({"create", "import"})
DELETED: Final = frozenset({"delete", "delete-replaced", "discard-replaced", "discard"})
UNCHANGED: Final = "same"
MAX_STACK_NAME: Final = 200
INSTEAD: Final = "or take what needs it out of this change"
WORST: Final = "at the worst case: every autoscaler at its maximum"


def subtitle(result: GateResult) -> str:
    """Return which stack it is about, and how much was looked at."""
    asked = {outcome: sum(check.outcome is outcome for check in result.checks) for outcome in Outcome}
    checks = ", ".join(f"{asked[outcome]:,} {words}" for outcome, words in ANSWERS.items())
    costs = {status: sum(row.status is status for row in result.resources) for status in Status}
    return (
        f"{stack_name(result)}, as of {day(result.as_of)}. "
        f"{counted(len(result.checks), 'check')}: {checks}. "
        f"{counted(len(result.resources), 'resource')}: {costs[Status.PRICED]:,} priced, "
        f"{costs[Status.FREE]:,} free, {costs[Status.UNKNOWN]:,} of unknown cost."
    )


def stack_name(result: GateResult) -> str:
    """Return `project/stack`, short enough that what follows it is still read."""
    return shortened(f"{plain(result.project)}/{plain(result.stack)}", MAX_STACK_NAME)


def gate_sections(result: GateResult) -> tuple[Section, ...]:
    """Return everything that the gate says, in reading order, without empty sections."""
    return tuple(section for build in _BUILDERS if not (section := build(result)).is_empty)


def check_sentence(check: Check) -> str:
    """Return what was asked about what, the answer, what was seen and what would be right."""
    about = f" ({plain(check.subject)})" if check.subject.strip() not in {"", check.name} else ""
    needed = f"; needed: {plain(check.needed)}" if check.needed.strip() else ""
    waived = f"; waived by {plain(check.waived_by)}" if check.waived_by.strip() else ""
    return f"{plain(check.name)}{about}: {ANSWERS[check.outcome]}: {plain(check.seen)}{needed}{waived}"


def failing(result: GateResult) -> tuple[Check, ...]:
    """Return the checks that do not allow the plan, what was denied first."""
    return tuple(check for check in result.checks if check.outcome is not Outcome.ALLOWED)


def _stops(result: GateResult) -> Section:
    return Section(key="stops", title="What stops it", points=tuple(map(check_sentence, failing(result))))


def _to_do(result: GateResult) -> Section:
    steps = dict.fromkeys(plain(check.to_do) for check in failing(result) if check.to_do.strip())
    points = (*steps, INSTEAD) if steps else ()
    return Section(key="to_do", title="What to do", points=points)


def _gpus(result: GateResult) -> Section:
    table = Table(
        columns=("GPU servers, at most", "Region", "Before", "After", "Allowed"),
        rows=tuple(map(_gpu, sorted(result.gpus, key=lambda row: not row.grows))),
        figures=frozenset({2, 3, 4}),
        names=frozenset({0, 1}),
    )
    return Section(key="gpus", title="GPU capacity", table=table)


def _gpu(row: GpuCapacity) -> tuple[str, ...]:
    before, after = (NO_LIMIT if nodes is None else quantity(nodes) for nodes in (row.before, row.after))
    allowed = NO_DECISION if row.allowed is None else f"{row.allowed:,}"
    return plain(row.key), plain(row.region_id), before, after, allowed


def _totals(result: GateResult) -> Section:
    before, after = result.before, result.after
    known = "All that is known" if result.unknown or not result.complete else "Everything"
    table = Table(
        columns=(known, "Before", "After", "Difference"),
        rows=(
            ("at the desired size", *_compared(before.desired_usd, after.desired_usd)),
            (WORST, *_compared(before.maximum_usd, after.maximum_usd)),
        ),
        figures=frozenset({1, 2, 3}),
    )
    return Section(key="totals", title="Cost a month", lead=tuple(_missing(result)), table=table)


def _missing(result: GateResult) -> Iterator[str]:
    """Yield what the totals do not hold."""
    if result.unknown:
        yield f"Not in it: {counted(len(result.unknown), 'resource')} of unknown cost. It may cost more."
    if not result.complete:
        yield "Only what changes is in it: what the plan leaves as it is was not shown to the gate."


def _compared(before: Decimal, after: Decimal) -> tuple[str, str, str]:
    return usd(before), usd(after), usd(after - before)


def _changes(result: GateResult) -> Section:
    changed = [row for row in result.resources if row.operation != UNCHANGED and row.status is not Status.UNKNOWN]
    shown = sorted(filter(_moves, changed), key=_weight)
    table = Table(
        columns=("Resource", "Change", "Size", "Before", "After", "Difference"),
        rows=tuple(line for row in shown for line in _change(row)),
        figures=frozenset({3, 4, 5}),
        names=frozenset({0}),
    )
    rest = len(changed) - len(shown)
    notes = (f"Besides: {counted(rest, 'changed resource')} at no other cost than before.",) if rest else ()
    return Section(key="changes", title="What changes the cost, a month", table=table, notes=notes)


def _moves(row: ResourceCost) -> bool:
    """Return whether a resource will cost something else, or nobody knows whether it will."""
    sides = _side(row.before, absent=row.operation in CREATED), _side(row.after, absent=row.operation in DELETED)
    before, after = (tuple(cost or Decimal(0) for cost in side) for side in sides)
    return before != after


def _weight(row: ResourceCost) -> tuple[Decimal, str]:
    """Return the order of a row: the largest difference at the worst case first."""
    before, after = (cost.maximum_usd if cost else Decimal(0) for cost in (row.before, row.after))
    return -abs(after - before), row.urn


def _change(row: ResourceCost) -> Iterator[tuple[str, ...]]:
    """Yield a line for the desired size, and one for the worst case where it is another."""
    before = _side(row.before, absent=row.operation in CREATED)
    after = _side(row.after, absent=row.operation in DELETED)
    for position, size in enumerate(("desired", "at most")):
        if position and all(costs[0] == costs[1] for costs in (before, after)):
            return
        old, new = before[position], after[position]
        shown = [ABSENT if cost is None else usd(cost) for cost in (old, new)]
        yield plain(row.name), row.operation, size, *shown, usd((new or Decimal(0)) - (old or Decimal(0)))


def _side(cost: Cost | None, *, absent: bool) -> tuple[Decimal | None, Decimal | None]:
    """Return desired and maximum; None where it does not exist, and no number where nobody knows."""
    if cost is None:
        return (None, None) if absent else (Decimal("NaN"), Decimal("NaN"))
    return cost.desired_usd, cost.maximum_usd


def _unknown(result: GateResult) -> Section:
    table = Table(
        columns=("Resource", "Type", "Change", "Why nobody knows what it costs"),
        rows=tuple(
            (plain(row.name), plain(row.token), plain(row.operation), plain(row.reason)) for row in result.unknown
        ),
        names=frozenset({0, 1}),
    )
    return Section(key="unknown", title=f"Unknown cost: {counted(len(result.unknown), 'resource')}", table=table)


def _usage(result: GateResult) -> Section:
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


def _sums(result: GateResult) -> Section:
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


def _prices(result: GateResult) -> Section:
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


def _sources(result: GateResult) -> Section:
    read_from = sorted({plain(row.price_source) for row in _components(result)})
    table = Table(
        columns=("Where the prices were read",), rows=tuple((url,) for url in read_from), names=frozenset({0})
    )
    return Section(key="sources", title="Sources", table=table)


def _components(result: GateResult) -> Iterator[PricedComponent]:
    for row in result.resources:
        yield from row.components
    yield from result.usage


def _passed(result: GateResult) -> Section:
    """Return the checks that allow the plan, those first that a waiver turned."""
    passed = [check for check in result.checks if check.outcome is Outcome.ALLOWED]
    points = map(check_sentence, sorted(passed, key=lambda check: not check.waived_by))
    return Section(key="passed", title="What was checked and is right", points=tuple(points))


def _about(result: GateResult) -> Section:
    """Return what the answer can be traced by."""
    lines = (
        f"Decision: {plain(result.decision) if result.decision else NO_DECISION}.",
        f"Plan: sha256 `{plain(result.plan_sha256)}`.",
        f"costcheck {plain(result.costcheck_version)}; --format json has every figure.",
    )
    return Section(key="about", title="About this answer", lead=lines)


_BUILDERS: Final[tuple[Callable[[GateResult], Section], ...]] = (
    _stops,
    _to_do,
    _gpus,
    _totals,
    _unknown,
    _changes,
    _usage,
    _sums,
    _prices,
    _sources,
    _passed,
    _about,
)
