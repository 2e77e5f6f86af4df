"""The state beside a preview: what stays, or a refusal."""

import json
from pathlib import Path
from typing import Any

import pytest

from costcheck.errors import PlanError
from costcheck.gate.view import Side
from costcheck.plan.preview import read_preview
from costcheck.plan.state import AGAIN, EXPECTED, with_state
from tests.costcheck.gate.plans import (
    NODE_GROUP,
    Json,
    create,
    delete,
    pool,
    preview,
    read,
    read_with_state,
    state_of,
    update,
    urn,
)

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

    with pytest.raises(PlanError, match="not the same in both"):
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


def test_an_empty_state_is_called_empty() -> None:
    with pytest.raises(
        PlanError, match=r"^the state is empty: the command that should have written it wrote nothing"
    ):
        with_state(read(preview(create(NODE_GROUP, "gpu", pool()))), b" \n")


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"version": 3}', b'{"version": 3, "deployment": {}}'])
def test_what_is_no_state_is_refused(content: bytes) -> None:
    with pytest.raises(PlanError, match=r"^the state is not what `pulumi` writes") as caught:
        with_state(read(preview(create(NODE_GROUP, "gpu", pool()))), content)
    assert caught.value.expected == EXPECTED


@pytest.mark.parametrize("first", [True, False])
def test_a_leftover_never_stands_for_what_has_replaced_it(first: bool) -> None:  # noqa: FBT001 - a case
    rows = [state_of(NODE_GROUP, "gpu", pool(1), delete=True, id="old"), state_of(NODE_GROUP, "gpu", pool(8))]
    plan = read_with_state(preview(create(NODE_GROUP, "new", pool()), same=1), *(rows if first else rows[::-1]))

    assert len(plan.unchanged) == 2
    assert Side(plan.after, {}).by_urn[urn(NODE_GROUP, "gpu")].inputs == pool(8)


def test_a_leftover_that_the_plan_deletes_is_gone_and_the_live_one_stays() -> None:
    step = delete(NODE_GROUP, "gpu", pool(1))
    step["oldState"] |= {"delete": True, "id": "old"}
    rows = [state_of(NODE_GROUP, "gpu", pool(1), delete=True, id="old"), state_of(NODE_GROUP, "gpu", pool(8))]

    assert [row.inputs for row in read_with_state(preview(step, same=1), *rows).after] == [pool(8)]


def test_a_state_in_which_something_stands_twice_is_refused() -> None:
    rows = [state_of(NODE_GROUP, "gpu", pool(), id=id_) for id_ in ("one", "two")]

    with pytest.raises(PlanError, match=r"^the state contradicts itself: .* stands twice") as caught:
        read_with_state(preview(create(NODE_GROUP, "new", pool()), same=2), *rows)
    assert (caught.value.expected, caught.value.action) == (EXPECTED, AGAIN)


@pytest.mark.parametrize(
    "stands", [pool(1), pool(8) | {"version": "1.30"}, {}, pool(8, diskSize=30)], ids=["size", "more", "less", "disk"]
)
def test_a_preview_whose_old_side_is_not_what_stands_is_refused(stands: Json) -> None:
    document = preview(update(NODE_GROUP, "gpu", pool(8), pool(8, tags={"a": "b"})))

    with pytest.raises(PlanError, match="not the same in both"):
        read_with_state(document, state_of(NODE_GROUP, "gpu", stands))
    assert read_with_state(document, state_of(NODE_GROUP, "gpu", pool(8))).knows_everything


@pytest.mark.parametrize("key", ["external", "retainOnDelete"])
def test_a_preview_whose_old_side_is_held_in_another_way_is_refused(key: str) -> None:
    document = preview(update(NODE_GROUP, "gpu", pool(8), pool(8, tags={"a": "b"})))

    with pytest.raises(PlanError, match="not the same in both"):
        read_with_state(document, state_of(NODE_GROUP, "gpu", pool(8), **{key: True}))


ENCRYPTED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}


def test_a_secret_is_the_same_in_both_whatever_it_is() -> None:
    document = preview(update(NODE_GROUP, "gpu", pool(tags={"a": ["[secret]"]}), pool(tags={})))

    assert read_with_state(document, state_of(NODE_GROUP, "gpu", pool(tags={"a": [ENCRYPTED]}))).knows_everything


def test_a_plain_value_is_not_what_the_state_holds_as_a_secret() -> None:
    document = preview(update(NODE_GROUP, "gpu", pool(diskSize=20), pool(3)))

    with pytest.raises(PlanError, match="not the same in both"):
        read_with_state(document, state_of(NODE_GROUP, "gpu", pool(diskSize=ENCRYPTED)))


@pytest.mark.parametrize(
    ("shown", "stands", "same"),
    [
        (["a"], ["a"], True),
        (["a"], ["a", "b"], False),
        (["a", "b"], ["a", "c"], False),
        (["a"], "a", False),
        ({"a": 1}, "a", False),
        ("a", {"a": 1}, False),
        (ENCRYPTED, ENCRYPTED | {"ciphertext": "v1:def"}, True),
        ({"ciphertext": "v1:abc"}, ENCRYPTED, False),
    ],
)
def test_values_of_the_two_sides_agree_in_all_their_parts(shown: Any, stands: Any, same: bool) -> None:  # noqa: ANN401, FBT001 - any JSON
    document = preview(update(NODE_GROUP, "gpu", pool(value=shown), pool(3)))
    row = state_of(NODE_GROUP, "gpu", pool(value=stands))

    if same:
        assert read_with_state(document, row).knows_everything
    else:
        with pytest.raises(PlanError, match="not the same in both"):
            read_with_state(document, row)


def test_a_resource_with_another_name_is_found_by_its_old_one() -> None:
    step = update(NODE_GROUP, "gpu", pool(), pool(3))
    step["oldState"]["urn"] = urn(NODE_GROUP, "old")
    step["newState"]["aliases"] = [urn(NODE_GROUP, "old")]

    assert read_with_state(preview(step), state_of(NODE_GROUP, "old", pool())).unchanged == ()
