"""How inputs reach the rules: proxies, floats and unknowns of every kind."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy.proxy import unknown_checking_proxy

from costcheck.plan.records import UNKNOWN
from infra.policy.inputs import UNKNOWNS, UnknownReadError, plain, refusing
from infra.rules.base import at

LEAVES = st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), JSON))
def test_what_the_program_wrote_is_what_the_rules_read(inputs: dict[str, Any]) -> None:
    assert plain(unknown_checking_proxy(inputs)) == inputs


def test_whole_numbers_are_whole_again_and_others_exact() -> None:
    assert plain({"whole": 2.0, "part": 0.1, "flag": True}) == {"whole": 2, "part": Decimal("0.1"), "flag": True}
    assert isinstance(plain(2.0), int)


def test_the_sdk_has_seven_kinds_of_unknown_and_all_become_one() -> None:
    assert len(UNKNOWNS) == 7
    inputs = {f"key{index}": [value] for index, value in enumerate(UNKNOWNS)}
    assert set(map(str, plain(unknown_checking_proxy(inputs)).values())) == {str([UNKNOWN])}


@pytest.mark.parametrize(
    "question",
    [
        lambda value: value == "x",
        lambda value: value in ("x", "y"),
        lambda value: "x" in value,
        str,
        lambda value: f"{value}",
        lambda value: {value},
        list,
        len,
        lambda value: value["x"],
        lambda value: value.get("x"),
        lambda value: at(value, "x", "y"),
        dict,
    ],
)
def test_an_unknown_value_answers_no_question_but_that_it_is_there(question: Any) -> None:  # noqa: ANN401
    value = refusing({"outer": [{"inner": UNKNOWN}]})["outer"][0]["inner"]
    assert value
    with pytest.raises(UnknownReadError, match=r"outer\.0\.inner is only known after the update"):
        question(value)
