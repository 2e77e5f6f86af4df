"""One question, answered: what would be right and what to do are only said where something is wrong."""

from decimal import Decimal

from costcheck.gate.result import Check, Outcome
from costcheck.units import to_cents


def answer(  # noqa: PLR0913 - the parts of a check, all named
    name: str,
    outcome: Outcome,
    *,
    subject: str,
    seen: str,
    needed: str,
    to_do: str,
    figure: Decimal | None = None,
) -> Check:
    """Return a check."""
    fine = outcome is Outcome.ALLOWED
    return Check(
        name=name,
        outcome=outcome,
        subject=subject,
        seen=seen,
        needed="" if fine else needed,
        to_do="" if fine else to_do,
        figure=figure if figure is not None and figure.is_finite() else None,
    )


def held(holds: bool, otherwise: Outcome) -> Outcome:  # noqa: FBT001 - reads as `held(x, DENIED)`
    """Return allowed where something holds, and the other outcome where it does not."""
    return Outcome.ALLOWED if holds else otherwise


def at_most(known: Decimal, limit: Decimal, *, complete: bool) -> Outcome:
    """Return denied where what is known exceeds the limit already, allowed where it is all and does not."""
    if known > limit:
        return Outcome.DENIED
    return Outcome.ALLOWED if complete else Outcome.CANNOT_DECIDE


def dollars(amount: Decimal) -> str:
    """Return an amount as people read it."""
    return f"{to_cents(amount):,} USD a month"


def counted(count: int, what: str) -> str:
    """Return how many there are, `1 resource` or `2 resources`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
