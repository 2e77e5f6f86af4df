"""A bill beside another source that counts the same: its charges alone, or its usage alone."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from costcheck.errors import UsageError
from costcheck.records import BillBatch, Charge, SetAsideRows, TokenUsage

Part = Callable[[BillBatch], BillBatch]
NO_USAGE = "usage that another source counts (--without-usage)"
NO_CHARGES = "charges that another source counts (--without-charges)"
WITHOUT_USAGE = '{"without_usage":true}'
WITHOUT_CHARGES = '{"without_charges":true}'
CONTEXTS = frozenset({WITHOUT_USAGE, WITHOUT_CHARGES})
"""Of a quarantined row: a replay would bring in what was left out, so that it stays; read the bill again."""


def part_of(*, without_usage: bool, without_charges: bool) -> Part:
    """Return what takes of a batch the part that was asked for.

    Raises:
        UsageError: Nothing would be left.
    """
    if without_usage and without_charges:
        message = "--without-usage and --without-charges"
        raise UsageError(message, expected="one of them", action="leave one out, or do not read this bill at all")
    if without_usage:
        return charges_alone
    return usage_alone if without_charges else whole


def whole(batch: BillBatch) -> BillBatch:
    """Return the batch."""
    return batch


def charges_alone(batch: BillBatch) -> BillBatch:
    """Return the batch without its usage, which is counted as set aside."""
    return _without(replace(batch, usage=()), batch.usage, NO_USAGE, WITHOUT_USAGE)


def usage_alone(batch: BillBatch) -> BillBatch:
    """Return the batch without its charges, which are counted as set aside."""
    return _without(replace(batch, charges=()), batch.charges, NO_CHARGES, WITHOUT_CHARGES)


def refuse_nothing_left(batch: BillBatch, part: Part) -> None:
    """Do nothing if the batch has something of the part that was asked for.

    Raises:
        UsageError: It has not.
    """
    if part is charges_alone and not batch.charges:
        raise _nothing_left(batch, "charges", "--without-usage")
    if part is usage_alone and not batch.usage:
        raise _nothing_left(batch, "usage", "--without-charges")


def is_what_was_kept(part: Part, held: Collection[bool], reasons: Collection[str]) -> bool:
    """Return whether a bucket was read for the part, neither for more of it nor for less.

    Args:
        part: What is asked for now.
        held: Whether the bucket holds usage (True), charges (False), or both.
        reasons: Why rows of it may have been set aside.
    """
    for is_usage, reason, leaves_out in ((True, NO_USAGE, charges_alone), (False, NO_CHARGES, usage_alone)):
        if part is leaves_out:
            if is_usage in held:
                return False
        elif is_usage not in held and reason in reasons:
            return False
    return True


def _nothing_left(batch: BillBatch, what: str, option: str) -> UsageError:
    message = f"{batch.x_source}, {', '.join(batch.buckets)}: it has no {what} to keep"
    return UsageError(message, expected=f"a bill with {what}", action=f"leave {option} out")


def _without(kept: BillBatch, left_out: Sequence[TokenUsage | Charge], reason: str, context: str) -> BillBatch:
    rows = Counter(row.x_bucket for row in left_out)
    aside = tuple(
        SetAsideRows(x_source=kept.x_source, x_bucket=bucket, reason=reason, row_count=count)
        for bucket, count in sorted(rows.items())
    )
    return replace(
        kept,
        set_aside=(*kept.set_aside, *aside),
        quarantined=tuple(replace(row, context=context) for row in kept.quarantined),
    )
