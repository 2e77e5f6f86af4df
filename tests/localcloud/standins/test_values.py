import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.standins.values import (
    UNKNOWN,
    from_struct,
    has_secret,
    has_unknown,
    is_secret,
    keep_marks,
    plain,
    secret,
    to_struct,
)

LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc.", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
MARKED = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
        | inner.map(secret)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text("ab", min_size=1), TREES, max_size=4))
def test_a_tree_survives_the_wire_with_its_whole_numbers_whole(tree: dict[str, object]) -> None:
    back = from_struct(to_struct(tree))
    assert back == tree
    assert not [part for part in _leaves(back) if isinstance(part, float)]


def _leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for child in value.values() for leaf in _leaves(child)]
    if isinstance(value, list):
        return [leaf for child in value for leaf in _leaves(child)]
    return [value]


def test_a_fraction_stays_a_fraction() -> None:
    assert from_struct(to_struct({"a": 1.5})) == {"a": 1.5}


@given(MARKED)
def test_plain_leaves_no_mark_at_any_depth(value: object) -> None:
    assert not has_secret(plain(value))


@given(MARKED, MARKED)
def test_keeping_marks_changes_no_value(value: object, marked: object) -> None:
    assert plain(keep_marks(value, marked)) == plain(value)


@given(MARKED)
def test_a_value_kept_with_its_own_marks_has_exactly_them(value: object) -> None:
    assert keep_marks(plain(value), value) == _outermost(value)


def _outermost(value: object) -> object:
    """A secret within a secret is one secret."""
    if is_secret(value):
        return secret(plain(value))
    if isinstance(value, dict):
        return {key: _outermost(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_outermost(child) for child in value]
    return value


def test_a_secret_in_a_list_of_another_length_makes_all_of_the_list_secret() -> None:
    assert keep_marks(["a", "b", "c"], ["a", secret("b")]) == secret(["a", "b", "c"])


def test_what_is_secret_is_not_marked_twice() -> None:
    assert secret(secret("a")) == secret("a")


@pytest.mark.parametrize("value", [UNKNOWN, {"a": [UNKNOWN]}, secret(UNKNOWN), {"a": secret({"b": UNKNOWN})}])
def test_an_unknown_is_found_at_any_depth_and_in_secrets(value: object) -> None:
    assert has_unknown(value)


def test_known_values_are_known() -> None:
    assert not has_unknown({"a": ["b", secret("c"), None, 1]})
