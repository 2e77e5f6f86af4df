"""Resources as Pulumi writes them, in previews and in states alike."""

import json
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from costcheck.errors import PlanError
from costcheck.plan.records import Resource

AGAIN = "run `pulumi preview --json > plan.json` again, and give the file as it is"
MAX_DEPTH = 64
"""Levels of objects and lists in a document; the deepest recorded plan has 11."""
T = TypeVar("T")


class RawResource(msgspec.Struct, rename="camel"):
    """One resource as Pulumi writes it."""

    urn: str
    type: str
    custom: bool = False
    id: str = ""
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] | None = None
    provider: str = ""
    external: bool = False
    delete: bool = False
    retain_on_delete: bool = False
    aliases: list[str] = []
    property_dependencies: dict[str, list[str] | None] = {}


def decode(content: bytes, type_: type[T], name: str, *, expected: str) -> T:
    """Return a JSON document as records, with every number that has a point as a Decimal.

    Raises:
        PlanError: It is not such a document.
    """
    if not content.strip():
        message = f"{name} is empty: the command that should have written it wrote nothing; see its own error"
        raise PlanError(message, expected=expected, action=AGAIN)
    try:
        found = msgspec.json.Decoder(type=type_, float_hook=Decimal).decode(content)
        json.loads(content, object_pairs_hook=_checked_depth, parse_int=str, parse_float=str)
    except (msgspec.DecodeError, ValueError, RecursionError, ArithmeticError) as exc:
        message = f"{name} is not what `pulumi` writes: {exc}"
        raise PlanError(message, expected=expected, action=AGAIN) from exc
    return found


def _checked_depth(pairs: list[tuple[str, Any]]) -> int:
    """Return how deep an object is nested, in place of the object: a whole second document would cost memory.

    Raises:
        ValueError: It has a key twice, of which some readers take the first and some the last, or is so deep that
            somebody who walks it may give up.
    """
    if len(dict(pairs)) < len(pairs):
        message = "an object has a key twice"
        raise ValueError(message)
    depth = 1 + max([_depth(value) for _, value in pairs if not isinstance(value, str)], default=0)
    if depth > MAX_DEPTH:
        message = f"it is nested deeper than {MAX_DEPTH} levels"
        raise ValueError(message)
    return depth


def _depth(value: int | list[Any] | None) -> int:
    """Return the depth of what is no text: objects are their depths already, and numbers are texts."""
    if isinstance(value, list):
        return 1 + max([_depth(inner) for inner in value if not isinstance(inner, str)], default=0)
    return int(value or 0)


def to_resource(raw: RawResource) -> Resource:
    """Return the typed record of a resource, which does not know its region yet."""
    return Resource(
        urn=raw.urn,
        token=raw.type,
        inputs=raw.inputs,
        resource_id=raw.id,
        outputs=raw.outputs or {},
        custom=raw.custom,
        external=raw.external,
        provider_urn=raw.provider.rpartition("::")[0],
        is_leftover=raw.delete,
        is_retained=raw.retain_on_delete,
        depends_on={key: tuple(urns or ()) for key, urns in raw.property_dependencies.items()},
    )
