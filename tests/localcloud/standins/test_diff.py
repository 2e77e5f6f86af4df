from copy import deepcopy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from localcloud.standins.diff import Change, Kind, Path, changes, written
from localcloud.standins.values import UNKNOWN

LEAVES = st.none() | st.booleans() | st.integers(0, 3) | st.text("xy", max_size=2)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab", min_size=1, max_size=1), inner),
    max_leaves=15,
)
OBJECTS = st.dictionaries(st.text("ab", min_size=1, max_size=2), TREES, max_size=4)


def at(tree: Any, path: Path) -> Any:  # noqa: ANN401
    for part in path:
        tree = tree[part]
    return tree


def applied(old: Any, found: list[Change], new: Any) -> Any:  # noqa: ANN401
    """The old tree after the changes, each with its value from the new one; places at a list's end go last first."""
    result = deepcopy(old)
    deletions = [change for change in reversed(found) if change.kind is Kind.DELETE]
    for change in [each for each in found if each.kind is not Kind.DELETE] + deletions:
        *way, last = change.path
        parent = at(result, tuple(way))
        if change.kind is Kind.DELETE:
            del parent[last]
        elif change.kind is Kind.ADD and isinstance(parent, list):
            parent.append(deepcopy(at(new, change.path)))
        else:
            parent[last] = deepcopy(at(new, change.path))
    return result


@given(OBJECTS, OBJECTS)
@example({"a": [1, 2, 3]}, {"a": [1]})
@example({"a": True}, {"a": 1})
def test_the_changes_applied_to_the_old_tree_make_the_new_one(old: dict[str, Any], new: dict[str, Any]) -> None:
    result = applied(old, list(changes(old, new)), new)
    assert repr(_sorted(result)) == repr(_sorted(new))  # by repr: True == 1


def _sorted(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(child) for child in value] if isinstance(value, list) else value


@given(OBJECTS)
def test_a_tree_does_not_differ_from_itself(tree: dict[str, Any]) -> None:
    assert list(changes(tree, deepcopy(tree))) == []


@given(OBJECTS, OBJECTS)
def test_no_change_lies_below_another(old: dict[str, Any], new: dict[str, Any]) -> None:
    paths = [change.path for change in changes(old, new)]
    assert not [(one, two) for one in paths for two in paths if one != two and two[: len(one)] == one]


@given(OBJECTS, OBJECTS)
def test_the_way_back_has_the_same_places_with_additions_and_deletions_exchanged(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    exchanged = {Kind.ADD: Kind.DELETE, Kind.DELETE: Kind.ADD, Kind.UPDATE: Kind.UPDATE}
    there = {(change.path, exchanged[change.kind]) for change in changes(old, new)}
    assert there == {(change.path, change.kind) for change in changes(new, old)}


def test_an_unknown_differs_from_what_it_was() -> None:
    found = list(changes({"a": {"b": "known"}}, {"a": {"b": UNKNOWN}}))
    assert found == [Change(path=("a", "b"), kind=Kind.UPDATE)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("spec", "ports", 0, "port"), "spec.ports[0].port"),
        (("metadata", "labels", "app.kubernetes.io/name"), 'metadata.labels["app.kubernetes.io/name"]'),
        (("data", 'a"b'), 'data["a\\"b"]'),
        (("a-b",), '["a-b"]'),
    ],
)
def test_a_path_is_written_as_the_engine_reads_it(path: Path, text: str) -> None:
    assert written(path) == text
