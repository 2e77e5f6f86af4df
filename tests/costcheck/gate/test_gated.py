"""What was gated is what is applied: the same, or a sentence for each difference."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcheck.errors import InputFileError
from costcheck.gate.gated import AGAIN, EXPECTED, Gated, differences, encode_gated, gated_plan, read_gated
from costcheck.plan.digest import plan_sha256
from costcheck.plan.records import SECRET, UNKNOWN
from tests.costcheck.gate.plans import NODE_GROUP, REGION, create, pool, preview, read, read_with_state, state_of, urn

GPU = urn(NODE_GROUP, "gpu")
DAY = date(2026, 11, 26)


def gated(inputs: dict[str, Any]) -> Gated:
    return gated_plan(read(preview(create(NODE_GROUP, "gpu", inputs))), DAY)


def differing(record: Gated, inputs: dict[str, Any], resource: str = GPU) -> list[str]:
    return differences(record, resource, NODE_GROUP, inputs, REGION)


def test_the_same_inputs_are_what_was_gated() -> None:
    assert differing(gated(pool()), pool()) == []


def test_numbers_are_the_same_however_they_are_written() -> None:
    assert differing(gated(pool()), pool() | {"diskSize": 20.0}) == []


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"instanceTypes": ["p5.48xlarge"]}, "instanceTypes.0"),
        ({"instanceTypes": ["g6.xlarge", "p5.48xlarge"]}, "instanceTypes.1"),
        ({"diskSize": 2000}, "diskSize"),
        ({"forceUpdateVersion": True}, "forceUpdateVersion"),
    ],
)
def test_what_is_changed_or_added_is_named(changed: dict[str, Any], path: str) -> None:
    found = differing(gated(pool()), pool() | changed)

    assert any(sentence.startswith(f"{path} ") for sentence in found), found


def test_what_is_left_out_is_named() -> None:
    inputs = pool()
    del inputs["capacityType"]

    assert differing(gated(pool()), inputs) == ["capacityType was set in the plan that was gated"]


def test_what_is_added_is_named_once() -> None:
    assert differing(gated(pool()), pool() | {"Xray": [True]}) == [
        "Xray.0 was not set in the plan that was gated",
        "Xray.length was not set in the plan that was gated",
    ]


def test_a_list_whose_values_nobody_knew_keeps_its_length() -> None:
    record = gated({"subnetIds": [UNKNOWN, UNKNOWN]})

    assert differing(record, {"subnetIds": ["a", "b"]}) == []
    assert differing(record, {"subnetIds": ["a"]}) == ["subnetIds.length is not what was gated"]


def test_true_is_the_same_as_text() -> None:
    record = gated({"encrypted": True})

    assert differing(record, {"encrypted": "true"}) == []
    assert differing(record, {"encrypted": False}) == ["encrypted is not what was gated"]


def test_a_text_with_an_unknown_part_may_be_anything_now() -> None:
    record = gated({"arn": f"arn:aws:s3:::{UNKNOWN}/x"})

    assert differing(record, {"arn": "arn:aws:s3:::y/x"}) == []


def test_what_the_provider_notes_down_of_its_defaults_is_no_input() -> None:
    assert differing(gated(pool()), pool() | {"__defaults": ["name"]}) == []


def test_a_resource_that_was_not_in_the_plan_is_named() -> None:
    other = urn(NODE_GROUP, "other")

    assert differing(gated(pool()), pool(), other) == [f"{other} was not in the plan that was gated"]


@pytest.mark.parametrize("hidden", [UNKNOWN, SECRET])
def test_what_the_preview_could_not_know_may_be_anything_now(hidden: str) -> None:
    record = gated(pool() | {"nodeRoleArn": hidden})

    assert differing(record, pool() | {"nodeRoleArn": "arn:aws:iam::1:role/x"}) == []


def test_a_whole_object_that_the_preview_could_not_know_may_be_anything_now() -> None:
    record = gated(pool() | {"launchTemplate": UNKNOWN})

    assert differing(record, pool() | {"launchTemplate": {"id": "lt-1", "version": 3}}) == []


def test_a_name_that_pulumi_makes_up_anew_is_the_same() -> None:
    record = gated(pool() | {"nodeGroupName": "gpu-38b3b66"})

    assert differing(record, pool() | {"nodeGroupName": "gpu-0a1b2c3"}) == []
    assert differing(record, pool() | {"nodeGroupName": "big-0a1b2c3"}) != []


def test_the_same_inputs_in_another_region_are_not_what_was_gated() -> None:
    moved = differences(gated(pool()), GPU, NODE_GROUP, pool(), "eu-west-1")

    assert moved == ["its region is eu-west-1, and not us-east-1 as it was gated"]
    assert differences(gated(pool()), GPU, NODE_GROUP, pool(), None) != []


def test_where_the_plan_named_no_region_none_was_gated() -> None:
    record = gated_plan(read(preview(create(NODE_GROUP, "gpu", pool()), config={})), DAY)

    assert differing(record, pool()) == []


def test_the_digest_of_a_plan_tells_regions_apart() -> None:
    here, there = (
        read(preview(create(NODE_GROUP, "gpu", pool()), config={"aws:region": region}))
        for region in (REGION, "eu-west-1")
    )

    assert plan_sha256(here) != plan_sha256(there)


def test_the_digest_of_a_plan_tells_what_stays_and_what_a_value_comes_from() -> None:
    step = create(NODE_GROUP, "gpu", pool())
    alone = preview(step, same=1)
    told = [read_with_state(alone, state_of(NODE_GROUP, "old", pool(count))) for count in (1, 2)]
    other = create(NODE_GROUP, "gpu", pool(), propertyDependencies={"diskSize": [GPU]})

    assert len({plan_sha256(plan) for plan in (*told, read(alone))}) == 3
    assert plan_sha256(read(preview(step))) != plan_sha256(read(preview(other)))


def test_the_record_holds_no_value(tmp_path: Path) -> None:
    content = encode_gated(gated(pool() | {"userData": "canary-4711", "password": SECRET}))

    assert b"canary-4711" not in content
    (tmp_path / "gated.json").write_bytes(content)
    assert read_gated(tmp_path / "gated.json").resources[GPU].hidden == ("password",)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"version": 2}'])
def test_what_is_no_record_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "gated.json").write_bytes(content)

    with pytest.raises(InputFileError, match=r"gated\.json cannot be read: ") as caught:
        read_gated(tmp_path / "gated.json")
    assert (caught.value.expected, caught.value.action) == (EXPECTED, AGAIN)


def test_a_newer_record_is_refused(tmp_path: Path) -> None:
    newer = json.loads(encode_gated(gated(pool()))) | {"version": 3}
    (tmp_path / "gated.json").write_text(json.dumps(newer))

    with pytest.raises(InputFileError, match="has version 3") as caught:
        read_gated(tmp_path / "gated.json")
    assert (caught.value.expected, caught.value.action) == ("version 2", AGAIN)


LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["a", "b", "x-0a1b2c3", "", UNKNOWN])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)
INPUTS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)


@given(INPUTS)
def test_whatever_was_gated_is_what_was_gated(inputs: dict[str, Any]) -> None:
    assert differing(gated(inputs), inputs) == []


@given(INPUTS, st.sampled_from("abcd"), st.integers(100, 200))
def test_no_value_that_was_known_can_become_another(inputs: dict[str, Any], key: str, value: int) -> None:
    inputs[key] = 1

    assert differing(gated(inputs), inputs | {key: value}) == [f"{key} is not what was gated"]
