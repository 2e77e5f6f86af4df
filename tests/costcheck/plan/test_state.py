"""The state beside a preview: what stays, or a refusal."""

import json
from pathlib import Path

import pytest

from costcheck.errors import PlanError
from costcheck.plan.preview import read_preview
from costcheck.plan.state import AGAIN, EXPECTED, with_state
from tests.costcheck.gate.plans import NODE_GROUP, create, pool, preview, read, read_with_state, state_of, update

RECORDED = Path(__file__).parents[2] / "data" / "plans"
STATE = (RECORDED / "state.json").read_bytes()


def test_the_recorded_state_holds_all_that_the_preview_counts() -> None:
    plan = with_state(read_preview((RECORDED / "lower.json").read_bytes()), STATE)

    assert plan.knows_everything
    assert len(plan.unchanged) == plan.unchanged_count == 83


def test_what_changes_is_not_unchanged_too() -> None:
    plan = with_state(read_preview((RECORDED / "lower.json").read_bytes()), STATE)

    assert not {row.urn for row in plan.unchanged} & {change.urn for change in plan.changes}


def test_an_older_state_is_refused() -> None:
    older = json.loads(STATE)
    older["deployment"]["resources"].pop()

    with pytest.raises(
        PlanError, match=r"^the state is not the state .* saw: 82 .* by it, 83 by the preview\n"
    ) as caught:
        with_state(read_preview((RECORDED / "lower.json").read_bytes()), json.dumps(older).encode())
    assert (caught.value.expected, caught.value.action) == (EXPECTED, AGAIN)


def test_a_state_without_what_the_plan_changes_is_refused() -> None:
    document = preview(update(NODE_GROUP, "gpu", pool(), pool(3)), same=1)

    with pytest.raises(PlanError, match="lacks"):
        read_with_state(document, state_of(NODE_GROUP, "other", pool()))


def test_a_state_of_another_stack_is_refused() -> None:
    stranger = json.loads(json.dumps(state_of(NODE_GROUP, "other", pool())).replace(":dev::", ":prod::"))

    with pytest.raises(PlanError, match=r"^the state holds .* which is not of shop/dev") as caught:
        read_with_state(preview(create(NODE_GROUP, "gpu", pool()), same=1), stranger)
    assert (caught.value.expected, caught.value.action) == (EXPECTED, AGAIN)


def test_what_waits_for_its_deletion_still_stands() -> None:
    waiting = state_of(NODE_GROUP, "old", pool(), delete=True)
    plan = read_with_state(preview(create(NODE_GROUP, "gpu", pool())), waiting)

    assert [row.name for row in plan.unchanged] == ["old"]


def test_providers_that_the_engine_makes_are_not_counted() -> None:
    default = state_of("pulumi:providers:aws", "default_7_0_0", {"region": "us-east-1"})
    plan = read_with_state(preview(create(NODE_GROUP, "gpu", pool())), default)

    assert plan.unchanged == ()


def test_a_stack_that_was_never_applied_holds_nothing() -> None:
    document = preview(create(NODE_GROUP, "gpu", pool()))
    never = b'{"version": 3, "deployment": {"manifest": {}}}'

    assert with_state(read(document), never).unchanged == ()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"version": 3}', b'{"version": 3, "deployment": {}}'])
def test_what_is_no_state_is_refused(content: bytes) -> None:
    with pytest.raises(PlanError, match=r"^the state is not what `pulumi` writes") as caught:
        with_state(read(preview(create(NODE_GROUP, "gpu", pool()))), content)
    assert caught.value.expected == EXPECTED
