"""Fuzz the gate from the bytes of a plan to its answer: run by `make long`, with coverage to guide it.

Whatever the bytes: a plan or a PlanError, then an answer; never another exception. And an answer that allows a plan
without a decision never comes with more GPU nodes than before.
"""

import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["costcheck"]):
    from costcheck.errors import PlanError
    from costcheck.gate.result import Outcome
    from costcheck.plan.preview import read_preview
    from costcheck.plan.state import with_state
    from tests.costcheck.gate.plans import gate
    from tests.fuzz.mutate import mutate

STATE = (Path(__file__).parents[1] / "data" / "plans" / "state.json").read_bytes()


def one(content: bytes) -> None:
    """Gate one plan."""
    try:
        plan = read_preview(content)
    except PlanError:
        return
    result = gate(plan)
    assert result.outcome is not Outcome.ALLOWED or not any(row.grows for row in result.gpus)
    assert len(result.resources) == len(plan.changes) + len(plan.unchanged)
    try:
        gate(with_state(plan, STATE))
    except PlanError:
        return


def change(content: bytes, most: int, seed: int) -> bytes:
    """Return another plan: mostly other JSON, sometimes other bytes."""
    return (mutate(content, seed) if seed % 8 else atheris.Mutate(content, len(content) + 64))[:most]


if __name__ == "__main__":
    atheris.Setup(sys.argv, one, custom_mutator=change)
    atheris.Fuzz()
