"""One sentence for a reader who does not know the kit."""

from collections.abc import Sequence

from costcheck.gate.assessment import Assessment
from costcheck.gate.checks import counted, dollars
from costcheck.gate.result import Check, GpuCapacity, Outcome


def headline(outcome: Outcome, checks: Sequence[Check], gpus: Sequence[GpuCapacity], found: Assessment) -> str:
    """Return what the plan would do with GPUs and money, and whether it may."""
    return f"{_what(gpus, found)} {_whether(outcome, checks)}"


def _what(gpus: Sequence[GpuCapacity], found: Assessment) -> str:
    more = [f"{_grown(row)} {row.key.replace('/', ' (')})" for row in gpus if row.grows]
    increase = found.after.maximum_usd - found.before.maximum_usd
    cost = f"{dollars(abs(increase))} {'more' if increase >= 0 else 'less'} at the worst case"
    if found.unknown:
        cost += f", and {counted(len(found.unknown), 'resource')} whose cost nobody knows"
    if more:
        return f"This change may start {', '.join(more)}: {cost}."
    if found.plan.failure:
        return "What this change would do is not known."
    if found.growth.untold:
        return f"This change may start GPUs that nobody can count: {cost}."
    return f"This change starts no new GPU: {cost}."


def _grown(row: GpuCapacity) -> str:
    return "endlessly many" if row.after is None else f"{row.after - (row.before or 0):f} more"


def _whether(outcome: Outcome, checks: Sequence[Check]) -> str:
    first = checks[0]
    if outcome is Outcome.ALLOWED:
        return "It may be applied."
    word = "Denied" if outcome is Outcome.DENIED else "Nobody can tell whether it is worth it"
    return f"{word}: {first.seen}."
