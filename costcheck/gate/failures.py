"""What is said of a preview that failed: its own error, short enough to be read, and once."""

import re

from costcheck.gate.assessment import Assessment
from costcheck.gate.checks import answer
from costcheck.gate.coverage import Evidence
from costcheck.gate.result import Check, Outcome

MOST = 600
"""Characters of an error; its end says more than its middle."""
BEGINNING = 160
_ADMISSION = re.compile(r"new GPU capacity in .*refused \(3\): there is no decision", re.DOTALL)
"""How the program of the kit refuses GPUs by itself (`infra/admission.py`)."""


def check_plan(found: Assessment, evidence: Evidence) -> tuple[Check, ...]:
    """Return one check that says why the preview failed, none where it succeeded."""
    failure = found.plan.failure
    if not failure:
        return ()
    if found.plan.is_state_unfit:
        return (_state(failure),)
    same = _ADMISSION.search(failure) is not None and evidence.decision is None and evidence.trouble is None
    seen = "the program itself refuses new GPU servers without a decision, too" if same else _shortened(failure)
    return (
        answer(
            "plan",
            Outcome.CANNOT_DECIDE,
            subject="the preview",
            seen=seen,
            needed="a preview that succeeds",
            to_do="" if same else "fix that error, until `pulumi preview` succeeds",
        ),
    )


def _state(failure: str) -> Check:
    return answer(
        "state",
        Outcome.CANNOT_DECIDE,
        subject="the state",
        seen=_shortened(failure),
        needed="the state that the preview saw, whole",
        to_do="export the state again, `pulumi stack export > state.json`, and run the gate again; where it "
        "still does not fit, the stack has changed since the preview: preview again, too",
    )


def _shortened(text: str) -> str:
    """Return an error on one line, without its middle where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= MOST else f"{line[:BEGINNING].rstrip()} ... {line[BEGINNING - MOST :].lstrip()}"
