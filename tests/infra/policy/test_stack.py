"""A decision that was accepted for one stack, as the pack meets it: its record stands beside it."""

from pathlib import Path

import pytest

from costcheck.verdict import encode
from tests.costcheck.accepting import head
from tests.costcheck.gate.plans import decision
from tests.infra.policy.engine import Engine
from tests.infra.policy.test_capacity import capacity, gpus


@pytest.mark.parametrize("stack", ["", "PROJECT/STACK", "shop/dev"])
def test_a_decision_for_this_stack_or_for_none_that_is_named_is_no_violation(engine: Engine, stack: str) -> None:
    record(engine, stack)

    assert capacity(engine, gpus(1)) == []


def test_a_decision_for_another_stack_is_a_violation_that_names_both(engine: Engine) -> None:
    record(engine, "shop/prod")
    (told,) = capacity(engine, gpus(1))

    assert told.startswith("denied (decision.stack): it was accepted for the stack `shop/prod`; this is `shop/dev`")


def record(engine: Engine, stack: str) -> None:
    engine.decide(decision())
    folder = Path(engine.root, "runbooks/decisions")
    (folder / "0001.decision.json").write_bytes(encode(decision()))
    (folder / "0001.md").write_text(head(stack=stack))
