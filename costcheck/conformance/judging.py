"""What may come out of rows, good or bad: all of them accounted for, nothing that is no number, no prompt."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from costcheck.conformance.require import require
from costcheck.errors import CostcheckError
from costcheck.records import BillBatch, Charge, TokenUsage
from costcheck.sources.bills.sound import MOST_DIGITS, MOST_TOKENS

Row: TypeAlias = dict[str, Any]
Read: TypeAlias = Callable[[Sequence[Row]], BillBatch | None]
CANARY = "my password is hunter2, and this is a prompt"
"""Stands wherever a prompt or an answer may stand; it must not come out anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One odd row, and what is odd about it."""

    what: str
    row: Row


def same(one: BillBatch, other: BillBatch) -> bool:
    """Return whether two reads say the same of usage and charges, in whatever order."""
    return _content(one) == _content(other)


def _content(batch: BillBatch) -> tuple[list[str], list[str]]:
    return sorted(map(repr, batch.usage)), sorted(map(repr, batch.charges))


def totals(batch: BillBatch) -> tuple[Decimal, int]:
    """Return the money and the tokens."""
    tokens = sum(row.input_tokens + row.output_tokens for row in batch.usage)
    return sum((row.billed_cost for row in batch.charges), Decimal(0)), tokens


def count(batch: BillBatch) -> int:
    """Return everything that came of the rows: kept, set aside, quarantined."""
    return len(batch.usage) + len(batch.charges) + _left_out(batch)


def _left_out(batch: BillBatch) -> int:
    return len(batch.quarantined) + sum(row.row_count for row in batch.set_aside)


def all_told(batch: BillBatch, sent: int, each: int | None) -> bool:
    """Return whether it is certain that every row sent came out somewhere.

    Args:
        batch: What came out.
        sent: The rows sent.
        each: The number of records that a good row becomes; None where rows are summed.
    """
    if batch.rows_in is not None:
        return batch.rows_in == sent
    if each is None:
        return sum(row.requests or 1 for row in batch.usage) + _left_out(batch) == sent
    return len(batch.usage) + len(batch.charges) == each * (sent - _left_out(batch))


def none_lost(batch: BillBatch, sent: int, each: int | None) -> bool:
    """Return whether nothing shows that a row was lost, where one of the rows may become fewer records than the rest.

    Rows that are summed by a source that does not count them can hide in a sum, so that nothing is said of them.
    """
    if batch.rows_in is not None:
        return batch.rows_in == sent
    return each is None or count(batch) >= (sent - 1) * each + 1


def unsound(batch: BillBatch) -> str:
    """Return what no ledger should hold, empty where there is nothing of the kind."""
    return next(_problems(batch), "")


def _problems(batch: BillBatch) -> Iterator[str]:
    kept: tuple[TokenUsage | Charge, ...] = (*batch.usage, *batch.charges)
    for row in kept:
        yield from _bad_values(row)
        if not timedelta(0) < row.charge_period_end - row.charge_period_start:
            yield "a period that ends before it begins was kept"
        if row.charge_period_start.utcoffset() != timedelta(0):
            yield "a time that is not UTC was kept"
    if not {row.x_bucket for row in kept} | {row.x_bucket for row in batch.quarantined} <= set(batch.buckets):
        yield "a row of a bucket that was not read was kept"
    if CANARY in repr(batch):
        yield "a prompt came out"


def _bad_values(row: TokenUsage | Charge) -> Iterator[str]:
    for field in fields(row):
        value = getattr(row, field.name)
        if isinstance(value, Decimal) and (not value.is_finite() or value.adjusted() >= MOST_DIGITS[field.name]):
            yield f"an amount that no ledger can hold was kept, {field.name}"
        if isinstance(value, int) and not isinstance(value, bool) and not 0 <= value <= MOST_TOKENS:
            yield f"a count that no ledger can hold was kept, {field.name}"
    if isinstance(row, TokenUsage) and not row.request_model:
        yield "tokens of a model without a name were kept"


def require_own_words(exc: CostcheckError) -> None:
    """Raise unless an error says what was seen, and quotes no prompt.

    Raises:
        AssertionError: It does not.
    """
    require(exc.seen, "an error that does not say what was seen")
    require(CANARY not in str(exc), f"an error quotes a prompt: {exc.seen[:200]}")


def check_cases(cases: Sequence[Case], others: Sequence[Row], read: Read, each: int | None) -> None:
    """Raise if odd rows among good ones are lost, or leave what no ledger should hold.

    They are read together; where that does not show that all is well, in halves, down to one.

    Raises:
        AssertionError: One is; it is named.
    """
    if not cases:
        return
    sent = len(cases) + len(others)
    batch = read([*(case.row for case in cases), *others])
    if len(cases) == 1:
        _check_one(cases[0].what, batch, sent, each)
    elif batch is None or unsound(batch) or not all_told(batch, sent, each):
        middle = len(cases) // 2
        check_cases(cases[:middle], others, read, each)
        check_cases(cases[middle:], others, read, each)


def _check_one(what: str, batch: BillBatch | None, sent: int, each: int | None) -> None:
    if batch is not None:
        problem = unsound(batch)
        require(not problem, f"{what}: {problem}")
        require(none_lost(batch, sent, each), f"{what}: a row was lost without a trace")


def changed(row: Row, path: tuple[str, ...], value: object) -> Row:
    """Return a copy of the row with another value at a path; `...` leaves the field out."""
    name, *below = path
    if below:
        return row | {name: changed(row[name], tuple(below), value)}
    return {key: each for key, each in row.items() if key != name} if value is ... else row | {name: value}
