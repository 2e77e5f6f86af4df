"""Totals and increases against the company's limits; none of them stops a plan that costs no more than before."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from costcheck.gate.assessment import Assessment
from costcheck.gate.checks import answer, at_most, dollars, held
from costcheck.gate.coverage import as_known, missing, what_to_tell
from costcheck.gate.result import Check, Notice, Outcome
from costcheck.gate.rules import GateConfig, Runway

RAISE = "make the change smaller, raise the limit in gate.toml, or add a waiver to runbooks/waivers/"
ENDLESS = Decimal("Infinity")
NO_LIMITS = "limits"
"""Name of the notice that there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One limit and the figure that is held against it.

    Attributes:
        known: The figure, of everything whose cost is known.
        limit: What it may reach; None where nothing is set.
        percent: It is a share and no amount.
    """

    name: str
    what: str
    known: Decimal
    limit: Decimal | None
    percent: bool = False


def check_limits(found: Assessment, config: GateConfig) -> tuple[Check, ...]:
    """Return one check for each limit that is set; none for a plan that raises nothing."""
    if not found.raises:
        return ()
    limited = tuple(_check(row, row.limit, found) for row in _measured(found, config) if row.limit is not None)
    return (*limited, _runway(found, config.runway)) if config.runway else limited


def without_limits(config: GateConfig, file: str, *, exists: bool) -> tuple[Notice, ...]:
    """Return that no limit is set, with the file in which it was looked for; nothing where one is.

    Args:
        config: As it was read.
        file: Where it was looked for.
        exists: Whether that file was there.
    """
    limits = config.limits
    given = (limits.monthly_usd, limits.monthly_increase_usd, limits.monthly_increase_percent, limits.budget_usd)
    if config.runway or any(limit is not None for limit in given):
        return ()
    where = f"`{file}` sets none" if exists else f"there is no `{file}` in the folder in which the gate was run"
    return (
        Notice(
            name=NO_LIMITS,
            subject=file,
            seen=f"no limits are configured: {where}, so a change without GPU servers may cost any amount",
            to_do=f"set limits in `{file}` (docs/gate.md of the kit), or name another file with `--config`",
        ),
    )


def _measured(found: Assessment, config: GateConfig) -> Iterator[Measured]:
    limits, before, after = config.limits, found.before, found.after
    increase = after.maximum_usd - before.maximum_usd
    stack, change = "the stack at its worst case", "the increase at the worst case"
    yield Measured(name="limit.monthly_usd", what=stack, known=after.maximum_usd, limit=limits.monthly_usd)
    yield Measured(name="limit.monthly_increase_usd", what=change, known=increase, limit=limits.monthly_increase_usd)
    yield Measured(
        name="limit.budget_usd",
        what="the stack at its desired size",
        known=after.desired_usd,
        limit=limits.budget_usd,
    )
    yield Measured(
        name="limit.monthly_increase_percent",
        what=change,
        known=_percent(increase, before.maximum_usd) if found.plan.knows_everything else Decimal(0),
        limit=limits.monthly_increase_percent,
        percent=True,
    )


def _percent(increase: Decimal, before: Decimal) -> Decimal:
    if increase <= 0:
        return Decimal(0)
    return increase / before * 100 if before else ENDLESS


def _check(row: Measured, limit: Decimal, found: Assessment) -> Check:
    outcome = at_most(row.known, limit, complete=found.complete)
    return answer(
        row.name,
        outcome,
        subject=_stack(found),
        seen=f"{row.what}: {as_known(_figure(row.known, row), row.known, found)}",
        needed=f"at most {_figure(limit, row)}, all of it known",
        to_do=_way_out(found) if outcome is Outcome.DENIED else what_to_tell(found),
        figure=row.known if found.complete else None,
    )


def _way_out(found: Assessment) -> str:
    return RAISE if found.complete else f"{RAISE}, which holds only where everything is known: {what_to_tell(found)}"


def _figure(amount: Decimal, row: Measured) -> str:
    if row.percent:
        return f"{amount:.1f} %" if amount.is_finite() else "from nothing"
    return dollars(amount)


def _runway(found: Assessment, runway: Runway) -> Check:
    burn = runway.monthly_burn_usd + found.after.desired_usd - found.before.desired_usd
    months = runway.cash_usd / burn if burn > 0 else ENDLESS
    short = months < runway.min_months
    return answer(
        "runway.months",
        Outcome.DENIED if short else held(found.complete, Outcome.CANNOT_DECIDE),
        subject=_stack(found),
        seen=f"the money lasts {f'{months:.1f} months' if months.is_finite() else 'for ever'} with this change"
        + ("" if short or found.complete else f", and less with {missing(found)}"),
        needed=f"at least {runway.min_months} months",
        to_do="make the change smaller" if short else what_to_tell(found),
        figure=months if found.complete else None,
    )


def _stack(found: Assessment) -> str:
    return f"{found.plan.project}/{found.plan.stack}"
