"""Previews as the engine writes them, and every way in which one can be less than whole."""

import json
from pathlib import Path

import pytest

from costcheck.errors import PlanError
from costcheck.plan.preview import EXPECTED, read_preview
from costcheck.plan.reading import AGAIN
from costcheck.plan.records import Operation
from tests.costcheck.gate.plans import NODE_GROUP, Json, create, delete, pool, preview, read, update, urn

RECORDED = Path(__file__).parents[2] / "data" / "plans"


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.json").read_bytes()


def test_the_base_stack_is_sixty_four_resources_that_come() -> None:
    plan = read_preview(recorded("base_create"))

    assert (plan.project, plan.stack, len(plan.changes)) == ("worthwhile", "local", 64)
    assert {change.operation for change in plan.changes} == {Operation.CREATE}
    assert plan.knows_everything
    assert plan.before == ()


def test_every_resource_of_aws_has_its_region() -> None:
    plan = read_preview(recorded("base_create"))

    assert {row.region_id for row in plan.after if row.token.startswith("aws:")} == {"us-east-1"}


def test_what_stays_is_counted_but_not_shown() -> None:
    plan = read_preview(recorded("add_pools"))

    assert plan.unchanged_count == 63
    assert not plan.knows_everything


def test_a_preview_that_has_nothing_to_do_is_a_plan() -> None:
    plan = read_preview(recorded("noop"))

    assert (plan.changes, plan.unchanged_count) == ((), 85)


def test_what_is_deleted_is_only_before() -> None:
    plan = read_preview(recorded("destroy"))

    assert plan.after == ()
    assert len(plan.before) == 64


def test_a_preview_that_failed_says_so_although_it_is_well_formed() -> None:
    plan = read_preview(recorded("failed_preview"))

    assert "modelApiKey" in plan.failure
    assert not plan.knows_everything


@pytest.mark.parametrize("severity", ["error", None])
def test_what_does_not_say_how_bad_it_is_counts_as_bad(severity: str | None) -> None:
    said = {"message": "boom"} | ({"severity": severity} if severity else {})

    assert read(preview(create(NODE_GROUP, "gpu", pool()), diagnostics=[said])).failure == "the preview failed: boom"


def test_an_error_without_a_message_is_a_failure() -> None:
    document = preview(create(NODE_GROUP, "gpu", pool()), diagnostics=[{"severity": "error"}])

    assert read(document).failure


@pytest.mark.parametrize("summary", [None, {}, {"same": 20}])
def test_a_preview_that_failed_before_any_step_says_its_own_error(summary: dict[str, int] | None) -> None:
    document = preview() | {
        "changeSummary": summary,
        "diagnostics": [{"severity": "error", "message": "error: Program failed:\nTraceback\nNameError: name 'x'"}],
    }

    with pytest.raises(PlanError, match=r"^the preview failed: Program failed:\nTraceback\nNameError: name 'x'"):
        read(document)


def test_an_empty_plan_is_called_empty() -> None:
    with pytest.raises(
        PlanError, match=r"^plan\.json is empty: the command that should have written it wrote nothing"
    ):
        read_preview(b"", "plan.json")


def test_a_warning_is_no_failure() -> None:
    said = [{"severity": "warning", "message": "old"}, {"severity": "info", "message": "new"}]

    assert read(preview(create(NODE_GROUP, "gpu", pool()), diagnostics=said)).failure == ""


def test_a_preview_that_failed_shows_what_it_can() -> None:
    document = preview(create(NODE_GROUP, "gpu", pool()), diagnostics=[{"severity": "error", "message": "no"}])
    document["changeSummary"]["create"] = 5

    assert [row.name for row in read(document).after] == ["gpu"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b"<html></html>", b"\xff\xfe", b'{"steps": []}', b'{"changeSummary": {"same": 1}}'],
)
def test_what_is_no_preview_is_refused(content: bytes) -> None:
    with pytest.raises(PlanError):
        read_preview(content)


def test_a_preview_that_was_cut_is_refused_wherever_it_was_cut() -> None:
    whole = recorded("lower")
    for end in range(0, len(whole) - 2, len(whole) // 40):
        with pytest.raises(PlanError):
            read_preview(whole[:end])


def test_json_within_json_without_an_end_is_refused() -> None:
    with pytest.raises(PlanError):
        read_preview(b'{"steps":' + b"[" * 200_000)


def test_an_object_that_has_a_key_twice_is_refused() -> None:
    content = json.dumps(preview(create(NODE_GROUP, "gpu", pool(2))))
    with pytest.raises(PlanError, match="a key twice"):
        read_preview(content.replace('"maxSize":', '"maxSize": 9, "maxSize":').encode())


def test_a_step_that_is_missing_is_noticed() -> None:
    document = preview(create(NODE_GROUP, "gpu", pool()), create(NODE_GROUP, "more", pool()))
    del document["steps"][1]

    with pytest.raises(PlanError, match="1 of 2 create"):
        read(document)


def test_a_step_that_is_not_counted_is_noticed() -> None:
    document = preview(create(NODE_GROUP, "gpu", pool()))
    document["changeSummary"] = {"update": 1}

    with pytest.raises(PlanError, match="not whole"):
        read(document)


def test_two_steps_for_one_resource_are_noticed() -> None:
    step = create(NODE_GROUP, "gpu", pool())

    with pytest.raises(PlanError, match="two steps"):
        read(preview(step, step))


def test_an_operation_that_nobody_has_heard_of_is_refused() -> None:
    step = create(NODE_GROUP, "gpu", pool()) | {"op": "teleport"}

    with pytest.raises(PlanError, match="teleport"):
        read(preview(step))


@pytest.mark.parametrize("side", ["oldState", "newState"])
def test_an_update_needs_both_sides(side: str) -> None:
    step = update(NODE_GROUP, "gpu", pool(), pool(3))
    del step[side]

    with pytest.raises(PlanError, match="one side"):
        read(preview(step))


def test_a_state_of_another_resource_is_a_contradiction() -> None:
    step = create(NODE_GROUP, "gpu", pool())
    step["newState"]["urn"] = urn(NODE_GROUP, "other")

    with pytest.raises(PlanError, match="contradicts"):
        read(preview(step))


def test_a_state_of_another_type_is_a_contradiction() -> None:
    step = create(NODE_GROUP, "gpu", pool())
    step["newState"]["type"] = "aws:iam/role:Role"

    with pytest.raises(PlanError, match="contradicts"):
        read(preview(step))


def test_a_node_group_that_says_it_is_a_component_is_a_contradiction() -> None:
    step = create(NODE_GROUP, "gpu", pool())
    step["newState"]["custom"] = False

    with pytest.raises(PlanError, match="component"):
        read(preview(step))


@pytest.mark.parametrize("operation", ["refresh", "discard", "discard-replaced", "remove-pending-replace"])
def test_a_step_that_shows_no_side_at_all_is_an_error(operation: str) -> None:
    with pytest.raises(PlanError, match=r"does not say what .* is on one side of its") as caught:
        read(preview({"op": operation, "urn": urn(NODE_GROUP, "g6")}))
    assert (caught.value.expected, caught.value.action) == (EXPECTED, AGAIN)


@pytest.mark.parametrize(
    "strange", ["", "<script>", "urn:pulumi:dev", "urn:pulumi:dev::shop", "urn:pulumi:dev::shop::a:b:C"]
)
def test_a_urn_that_lacks_a_part_is_an_error(strange: str) -> None:
    with pytest.raises(PlanError, match="holds resources of"):
        read(preview({"op": "same", "urn": strange}, create(NODE_GROUP, "g6", pool())))
    with pytest.raises(PlanError, match="holds resources of 0 stacks"):
        read(preview({"op": "same", "urn": strange}))


def test_resources_of_two_stacks_are_no_plan() -> None:
    other = json.loads(json.dumps(create(NODE_GROUP, "gpu", pool())).replace(":dev::", ":prod::"))

    with pytest.raises(PlanError, match="2 stacks"):
        read(preview(create(NODE_GROUP, "more", pool()), other))


def test_a_resource_may_name_its_own_region() -> None:
    plan = read(preview(create(NODE_GROUP, "gpu", pool(region="eu-central-1"))))

    assert plan.after[0].region_id == "eu-central-1"


def test_a_provider_of_the_plan_gives_its_region() -> None:
    step = create(NODE_GROUP, "gpu", pool())
    step["newState"]["provider"] = f"{urn('pulumi:providers:aws', 'west')}::0000"
    west = create("pulumi:providers:aws", "west", {"region": "us-west-2"})

    assert read(preview(west, step)).after[1].region_id == "us-west-2"


def test_a_provider_that_the_plan_does_not_show_gives_none() -> None:
    step = create(NODE_GROUP, "gpu", pool())
    step["newState"]["provider"] = f"{urn('pulumi:providers:aws', 'west')}::0000"

    assert read(preview(step)).after[0].region_id is None


def test_what_goes_has_no_side_after() -> None:
    plan = read(preview(delete(NODE_GROUP, "gpu", pool())))

    assert plan.changes[0].after is None


def test_a_preview_that_may_be_corrupt_is_a_failure() -> None:
    assert "corrupt" in read(preview(create(NODE_GROUP, "gpu", pool()), maybeCorrupt=True)).failure


def test_json_deeper_than_any_plan_is_refused() -> None:
    deep = json.loads("[" * 80 + "]" * 80)

    with pytest.raises(PlanError, match="nested deeper"):
        read(preview(create(NODE_GROUP, "gpu", pool(tags=deep))))


def retained(step: Json) -> Json:
    step["oldState"]["retainOnDelete"] = True
    return step


def test_what_is_retained_stays_after_its_deletion() -> None:
    plan = read(preview(retained(delete(NODE_GROUP, "gpu", pool(8)))))

    assert [row.inputs for row in plan.after] == [pool(8)]


@pytest.mark.parametrize("operation", ["replace", "create-replacement"])
def test_what_is_retained_stays_beside_what_replaces_it(operation: str) -> None:
    plan = read(preview(retained(update(NODE_GROUP, "gpu", pool(8), pool(2), op=operation))))

    assert [row.inputs["scalingConfig"]["maxSize"] for row in plan.before] == [8]
    assert [row.inputs["scalingConfig"]["maxSize"] for row in plan.after] == [8, 2]


def test_what_is_retained_and_only_updated_is_there_once() -> None:
    plan = read(preview(retained(update(NODE_GROUP, "gpu", pool(8), pool(2)))))

    assert len(plan.after) == 1


def test_what_stays_where_its_provider_goes_keeps_its_region() -> None:
    provider = delete("pulumi:providers:aws", "west", {"region": "us-west-2"})
    step = retained(delete(NODE_GROUP, "gpu", pool(8)))
    step["oldState"]["provider"] = f"{urn('pulumi:providers:aws', 'west')}::0000"

    assert read(preview(provider, step)).after[0].region_id == "us-west-2"


@pytest.mark.parametrize("operation", ["create", "import"])
def test_what_is_new_has_no_old_side(operation: str) -> None:
    step = update(NODE_GROUP, "gpu", pool(8), pool(8), op=operation)

    with pytest.raises(PlanError, match="stands already"):
        read(preview(step))


@pytest.mark.parametrize("operation", ["create", "update", "replace", "create-replacement", "import-replacement"])
def test_what_a_step_makes_is_not_somebody_elses(operation: str) -> None:
    step = update(NODE_GROUP, "gpu", pool(), pool(8), op=operation)
    step["newState"]["external"] = True
    if operation == "create":
        del step["oldState"]

    with pytest.raises(PlanError, match="only read"):
        read(preview(step))


@pytest.mark.parametrize("operation", ["same", "refresh"])
def test_what_stays_is_somebody_elses_only_where_it_was(operation: str) -> None:
    step = update(NODE_GROUP, "gpu", pool(), pool(), op=operation)
    step["newState"]["external"] = True

    with pytest.raises(PlanError, match="only read"):
        read(preview(step))
    step["oldState"]["external"] = True
    assert all(row.external for row in read(preview(step)).after)


def test_what_a_step_makes_does_not_wait_for_its_deletion() -> None:
    with pytest.raises(PlanError, match="waits for its deletion"):
        read(preview(create(NODE_GROUP, "gpu", pool(8), delete=True)))


def test_what_is_called_unchanged_and_gets_other_inputs_is_an_update() -> None:
    plan = read(preview(update(NODE_GROUP, "gpu", pool(1), pool(8), op="same")))

    assert [change.operation for change in plan.changes] == [Operation.UPDATE]
    assert (plan.unchanged, plan.unchanged_count, plan.knows_everything) == ((), 0, True)


def renamed(aliases: list[str]) -> Json:
    step = update(NODE_GROUP, "gpu", pool(), pool(3))
    step["oldState"]["urn"] = urn(NODE_GROUP, "old")
    step["newState"]["aliases"] = aliases
    return step


def test_a_resource_may_have_been_called_by_one_of_its_aliases() -> None:
    (change,) = read(preview(renamed([urn(NODE_GROUP, "older"), urn(NODE_GROUP, "old")]))).changes

    assert change.before is not None
    assert (change.before.name, change.urn) == ("old", urn(NODE_GROUP, "gpu"))


def test_a_resource_that_was_called_by_none_of_its_aliases_is_a_contradiction() -> None:
    with pytest.raises(PlanError, match="contradicts"):
        read(preview(renamed([urn(NODE_GROUP, "older")])))
