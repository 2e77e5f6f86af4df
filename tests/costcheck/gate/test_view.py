"""How a resource is looked into: what is not what it should be is named, with what it is."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from costcheck.gate.view import MOST, Side, UnpriceableError, View
from costcheck.plan.records import SECRET, UNKNOWN, Resource
from tests.costcheck.gate.plans import urn


def view(*others: Resource, **inputs: Any) -> View:  # noqa: ANN401 - any JSON
    one = Resource(urn=urn("aws:a/b:C", "one"), token="aws:a/b:C", inputs=inputs)  # noqa: S106 - a type
    return View(one, Side((one, *others), {}))


@pytest.mark.parametrize(("value", "flag"), [(True, True), ("true", True), (False, False), ("false", False)])
def test_a_flag_may_be_written_as_text(value: object, *, flag: bool) -> None:
    assert view(on=value).flag("on") is flag


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda seen: seen.flag("it"), r"it is 'maybe', which is not true or false"),
        (lambda seen: seen.number("it"), r"it is 'maybe', which is not a number from 0 to 1,000,000,000"),
        (lambda seen: seen.items("it"), r"it is 'maybe', which is not a list"),
        (lambda seen: seen.text("list"), r"list is \"\['x'\]\", which is not text$"),
        (lambda seen: seen.text("gone"), r"gone is not in the plan$"),
        (lambda seen: seen.text("deep", 0, "gone"), r"deep\[0\]\.gone is not in the plan$"),
        (lambda seen: seen.text("later"), r"later is only known after the update$"),
        (lambda seen: seen.text("hidden"), r"hidden is a secret$"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(read: Any, message: str) -> None:  # noqa: ANN401 - a function
    seen = view(it="maybe", deep=[{}], later=UNKNOWN, hidden=SECRET, list=["x"])

    with pytest.raises(UnpriceableError, match=message):
        read(seen)


@pytest.mark.parametrize("value", [0, 1, "7", Decimal("2.5"), MOST])
def test_a_number_from_zero_to_the_most_is_one(value: Any) -> None:  # noqa: ANN401 - a number in any form
    assert view(size=value).number("size") == Decimal(value)


@pytest.mark.parametrize("value", [True, -1, "-1", "x", "", MOST + 1, "NaN", "Infinity", [], {}])
def test_anything_else_is_none(value: object) -> None:
    with pytest.raises(UnpriceableError):
        view(size=value).number("size")


@pytest.mark.parametrize("value", [None, -1, "-1"])
def test_minus_one_stands_for_nothing(value: object) -> None:
    assert not view(size=value).says("size")
    assert view(size=1).says("size")


def test_an_object_is_found_by_its_name_where_there_is_one() -> None:
    def claim(name: str, metadata: object) -> Resource:
        token = "kubernetes:core/v1:Claim"  # noqa: S105 - a type
        return Resource(urn=urn(token, name), token=token, inputs={"metadata": metadata})

    seen = view(
        claim("a", {"name": "one"}), claim("b", {"name": "two"}), claim("c", {"name": "two"}), claim("d", UNKNOWN)
    )
    found = seen.named("Claim", "one")

    assert found is not None
    assert (found.resource.name, found.side) == ("a", seen.side)
    assert seen.named("Claim", "two") is None
    assert seen.named("Claim", "three") is None


@pytest.mark.parametrize(
    ("inputs", "listed", "left_out"),
    [
        ({"b": 1}, ("b",), True),
        ({"a": 1, "b": 1}, ("a", "b"), False),
        ({"b": 1}, ("a", "b"), False),
        ({"a": 1, "b": 1}, ("b",), False),
        ({"b": 1}, (), False),
    ],
    ids=["left out", "set", "lost", "set by the provider", "of a resource that lists nothing"],
)
def test_only_what_is_seen_not_to_be_set_is_left_out(
    inputs: dict[str, Any],
    listed: tuple[str, ...],
    left_out: bool,  # noqa: FBT001 - a case
) -> None:
    seen = view(**inputs)
    listing = replace(seen.resource, depends_on=dict.fromkeys(listed, ()))

    assert View(listing, seen.side).leaves_out("a") is left_out
