"""Who accepted a decision, and for which stack: without a name, a day and `accepted` it allows nothing."""

from collections.abc import Iterator

from costcheck.acceptance import FOR, Acceptance, how_to_accept
from costcheck.gate.assessment import Assessment
from costcheck.gate.checks import answer, held
from costcheck.gate.result import Check, Notice, Outcome

STACK = "decision.stack"


def check_acceptance(acceptance: Acceptance, path: str, found: Assessment) -> Iterator[Check]:
    """Yield whether a person has accepted the decision, and for this stack where its record names one.

    Args:
        acceptance: What the record says.
        path: File of the decision.
        found: The plan that is asked about.
    """
    stack = _stack(found)
    yield answer(
        "decision.acceptance",
        held(not acceptance.fault, Outcome.DENIED),
        subject=path,
        seen=acceptance.fault or "a person has accepted it",
        needed="its record with the status `accepted`, the name of a person, and the day on which that was",
        to_do=how_to_accept(stack),
    )
    if acceptance.stack:
        yield answer(
            STACK,
            held(acceptance.stack == stack, Outcome.DENIED),
            subject=path,
            seen=f"it was accepted for the stack `{acceptance.stack}`; this is `{stack}`",
            needed=f"a decision that was accepted for `{stack}`",
            to_do="decide for this stack, in a folder of records of its own (`costcheck decide --record FOLDER`, and "
            f"`--decision`); where `{FOR}` is only misspelt, mend it, as PROJECT/STACK",
        )


def any_stack(acceptance: Acceptance, path: str, found: Assessment) -> tuple[Notice, ...]:
    """Return that nothing keeps other stacks from using an accepted decision, nothing where its record names one."""
    if acceptance.stack or acceptance.fault:
        return ()
    return (
        Notice(
            name=STACK,
            subject=path,
            seen="its record names no stack, so nothing keeps another stack from using the same decision, each up to "
            "all that it allows",
            to_do=f"where it is meant for this stack alone, write `- {FOR}: {_stack(found)}` into its first lines",
        ),
    )


def _stack(found: Assessment) -> str:
    return f"{found.plan.project}/{found.plan.stack}"
