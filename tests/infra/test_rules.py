"""The rules themselves: names are unique, and a stack of nothing proves nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.rules import RULES, Resource, Rule, check
from infra.rules.base import as_list, at

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)

NOTHING_GIVEN = {"policy": "{}", "assumeRolePolicy": "{}"}

ONLY_FORBID = {
    "nothing-gets-a-public-address",
    "network-policies-are-enforced",
    "gpu-nodes-are-tainted",
    "model-servers-are-restricted",
    "charts-are-pinned",
    "root-file-systems-are-read-only",
    "the-host-stays-hidden",
    "images-are-digests",
    "actions-are-named",
    "resources-are-named",
    "trust-names-the-source",
    "the-bucket-grants-nobody",
}


def test_names_are_unique_and_say_what_is_right() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", name) for name in names)


def test_every_message_says_where_it_is_wrong() -> None:
    assert all(rule.message.startswith("Wrong where ") for rule in RULES)


def test_no_resource_at_all_is_a_violation() -> None:
    assert [violation.rule for violation in check([])] == ["something-is-checked"]


@given(JSON, st.lists(st.text(max_size=5) | st.integers(min_value=0, max_value=3), max_size=4))
def test_looking_into_inputs_of_any_shape_never_fails(inputs: object, path: list[str | int]) -> None:
    as_list(at(inputs, *path))


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.name not in ONLY_FORBID], ids=lambda rule: rule.name)
def test_what_is_left_out_is_never_taken_for_right(rule: Rule) -> None:
    assert not rule.holds(NOTHING_GIVEN)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.name in ONLY_FORBID], ids=lambda rule: rule.name)
def test_a_rule_that_only_forbids_has_nothing_against_nothing(rule: Rule) -> None:
    assert rule.holds(NOTHING_GIVEN)


def test_a_plain_bucket_lacks_all_its_guards() -> None:
    bucket = Resource(token="aws:s3/bucket:Bucket", name="b", inputs={})  # noqa: S106 - a type token
    assert {violation.rule for violation in check([bucket])} == {
        "versions-are-kept",
        "weights-are-encrypted",
        "nothing-is-public",
        "the-bucket-owns-its-objects",
        "plain-http-is-denied",
        "cost-tags-are-there",
    }
