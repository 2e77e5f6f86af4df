"""A hand calculation as a file states it: sums in plain arithmetic that costcheck takes no part in."""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from costcheck.facts import Typed
from costcheck.verdict import Decision, OptionResult

OPERATIONS: dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


class Found(Typed, frozen=True, kw_only=True):
    """Where the decision says the same figure.

    Attributes:
        option: Id of an option.
        lines: Beginnings of the names of its cost lines, which are summed; `""` means all of them.
        monthly_cost: Percentile of its simulated monthly cost.
        saving: Percentile of its simulated saving.
        field: A field of the decision itself.
    """

    option: str = ""
    lines: tuple[str, ...] = ()
    monthly_cost: Literal["", "p10", "p50", "p90"] = ""
    saving: Literal["", "p10", "p50", "p90"] = ""
    field: Literal["", "addressable_bill_usd", "pay_back_months", "break_even_requests"] = ""


class Hand(Typed, frozen=True, kw_only=True):
    """One line of the calculation.

    Attributes:
        name: What later sums call it.
        what: What it is, with its unit.
        sum: Plain arithmetic: numbers, + - * / **, brackets and earlier names.
        gives: Its result, rounded as far as it is written.
        found: Where the decision says the same, None for a step on the way.
        within: Largest relative difference; 0 = equal to the cent.
    """

    name: str
    what: str
    sum: str
    gives: Decimal
    found: Found | None = None
    within: Decimal = Decimal(0)


def work_out(lines: Sequence[Hand]) -> dict[str, Decimal]:
    """Return every line's result by name, unrounded."""
    results: dict[str, Decimal] = {}
    for line in lines:
        results[line.name] = evaluate(line.sum, results)
    return results


def evaluate(text: str, names: Mapping[str, Decimal]) -> Decimal:
    """Return the result of plain arithmetic in exact decimals; anything else is a ValueError."""
    return _value(ast.parse(" ".join(text.split()), mode="eval").body, text, names)


def _value(node: ast.expr, text: str, names: Mapping[str, Decimal]) -> Decimal:
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        return OPERATIONS[type(node.op)](_value(node.left, text, names), _value(node.right, text, names))
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Decimal((ast.get_source_segment(" ".join(text.split()), node) or "").replace("_", ""))
    if isinstance(node, ast.Name) and node.id in names:
        return names[node.id]
    message = f"{ast.unparse(node)!r} is not plain arithmetic"
    raise ValueError(message)


def seen(decision: Decision, found: Found) -> Decimal | None:
    """Return the figure that the decision states in a place."""
    if found.field == "break_even_requests":
        return decision.break_even.monthly_requests if decision.break_even else None
    if found.field == "pay_back_months":
        return decision.pay_back_months
    if found.field == "addressable_bill_usd":
        return decision.addressable_bill_usd
    return _in_option(decision.option(found.option), found)


def _in_option(option: OptionResult, found: Found) -> Decimal | None:
    if found.monthly_cost:
        return Decimal(getattr(option.monthly_cost_usd, found.monthly_cost))
    if found.saving:
        return Decimal(getattr(option.saving_usd, found.saving))
    # Each beginning must be met, so that a line which vanished cannot pass as 0.
    missing = [start for start in found.lines if not any(line.name.startswith(start) for line in option.lines)]
    if missing:
        message = f"{option.option_id} has no line that begins with {missing[0]!r}"
        raise AssertionError(message)
    return sum(
        (line.monthly_cost_usd for line in option.lines if line.name.startswith(found.lines)),
        Decimal(0),
    )
