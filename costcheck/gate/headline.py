"""One sentence or two for a reader who does not know the kit: what it starts, what that costs, whether it may."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from costcheck.gate.assessment import Assessment
from costcheck.gate.capacity import Key
from costcheck.gate.checks import counted, dollars
from costcheck.gate.result import Check, Known, Outcome

WHY: Mapping[tuple[str, Outcome], str] = {
    ("decision", Outcome.DENIED): "no recorded decision allows new GPU servers",
    ("decision", Outcome.CANNOT_DECIDE): "the recorded decision cannot be used",
    ("decision.verdict", Outcome.DENIED): "the recorded decision allows no GPU server",
    ("decision.acceptance", Outcome.DENIED): "nobody has accepted the decision yet, with a name and a day",
    ("decision.stack", Outcome.DENIED): "the decision was accepted for another stack",
    ("decision.validity", Outcome.CANNOT_DECIDE): "the decision is not valid today",
    ("decision.assumptions", Outcome.CANNOT_DECIDE): "the saving that was decided on may be gone",
    ("decision.region", Outcome.DENIED): "the decision is about another region",
    ("decision.region", Outcome.CANNOT_DECIDE): "the plan names no region",
    ("decision.nodes", Outcome.DENIED): "it is more than the decision allows",
    ("decision.nodes", Outcome.CANNOT_DECIDE): "nobody knows whether it is more than the decision allows",
    ("decision.ceiling", Outcome.DENIED): "it costs more than the decision allows",
    ("decision.ceiling", Outcome.CANNOT_DECIDE): "nobody knows whether it costs more than the decision allows",
    ("prices", Outcome.CANNOT_DECIDE): "prices are missing or too old",
    ("gpu", Outcome.CANNOT_DECIDE): "the plan does not tell which GPU servers it may start",
    ("plan", Outcome.CANNOT_DECIDE): "the preview failed, or cannot be read",
    ("state", Outcome.CANNOT_DECIDE): "the exported state cannot be read, or does not fit the preview",
}
"""Check and outcome to the reason in a few words, since what was seen stands below; a limit says it here, too."""


def headline(outcome: Outcome, checks: Sequence[Check], found: Assessment) -> str:
    """Return what the plan would do with GPUs and money, and whether it may."""
    return f"{_what(found)} {_whether(outcome, checks[0])}"


def _what(found: Assessment) -> str:
    if found.plan.failure and not found.rows:
        return "What this change would do is not known."
    end = "; its preview failed, so that there may be more" if found.plan.failure else ""
    return f"This change {_starts(found)}: {_cost(found)}{end}."


def _starts(found: Assessment) -> str:
    """Return which GPU servers there may be more of, and which of those that there might be before run now."""
    growth = found.growth
    more = [_servers(key, growth.more[key], more=" more") for key in growth.grown]
    if growth.untold:
        more.append(_untold(found, beside=bool(more)))
    now = [_servers(key, nodes) for key, nodes in sorted(growth.started.items())]
    parts = [f"may start {', and '.join(more)}"] if more else []
    if now:
        parts.append(f"starts {', and '.join(now)} now, within the maximum that was allowed before")
    return ", and ".join(parts) or "starts no new GPU server"


def _servers(key: Key, nodes: Decimal, *, more: str = "") -> str:
    name, _, option = key[0].rpartition("/")
    many = f"{nodes:f}{more}" if nodes.is_finite() else "endlessly many"
    servers = "GPU server" if nodes == 1 else "GPU servers"
    where = f" in {key[1]}" if key[1] else ""
    return f"{many} {name} {servers} ({option.replace('_', ' ')}){where}"


def _untold(found: Assessment, *, beside: bool) -> str:
    shown = ", ".join(found.growth.shown.values())
    if shown:
        return f"{shown} at least (the plan does not tell all of it)"
    return f"{'other ' if beside else ''}GPU servers, of a type or number that the plan does not tell"


def _cost(found: Assessment) -> str:
    """Return what it costs more or less, with what nobody knows of that; never what is known as if it were all."""
    desired = found.after.desired_usd - found.before.desired_usd
    maximum = found.after.maximum_usd - found.before.maximum_usd
    if found.increase is Known.EXACT:
        return _both(desired, maximum)
    unknown = f"the cost of {counted(len(found.moving), 'changed resource')} is not known"
    if not (desired or maximum):
        return f"what the change costs is not known, since {unknown}"
    least = found.increase is Known.AT_LEAST and min(desired, maximum) >= 0
    return f"{'at least ' if least else ''}{_both(desired, maximum)}, and {unknown}"


def _both(desired: Decimal, maximum: Decimal) -> str:
    if not (desired or maximum):
        return "it costs what it cost before"
    if desired == maximum:
        return _signed(desired)
    if maximum and (desired < 0) == (maximum < 0):
        return f"{_signed(desired)} as planned, {dollars(abs(maximum))} at the worst case"
    return f"{_signed(desired)} as planned, {_signed(maximum)} at the worst case"


def _signed(amount: Decimal) -> str:
    return f"{dollars(abs(amount))} {'more' if amount > 0 else 'less'}" if amount else "the same"


def _whether(outcome: Outcome, first: Check) -> str:
    if outcome is Outcome.ALLOWED:
        return "It may be applied."
    word = "It is denied" if outcome is Outcome.DENIED else "Nobody can tell whether it may be applied"
    why = WHY.get((first.name, outcome), f"{first.seen.rstrip('.')}; needed: {first.needed}")
    return f"{word}: {why}."
