"""Numbers that someone may dispute, read from `costcheck/data` with their unit, source and date."""

import difflib
import re
import tomllib
from datetime import date
from decimal import Decimal
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import msgspec

from costcheck.errors import ConfigError

T = TypeVar("T")


class Typed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of everything that is read from TOML: immutable, typed, and closed to unknown keys."""


class Fact(Typed, frozen=True, kw_only=True):
    """One disputable number.

    Attributes:
        value: The figure in `unit`.
        low: 10th percentile of what it may be, None where it is a rule and not an estimate.
        high: 90th percentile.
        source_url: Page, paper or document that says so; `worthwhile` for a choice of this kit.
        checked: Day on which the source was read.
    """

    value: Decimal
    unit: str
    source_url: str
    checked: date
    low: Decimal | None = None
    high: Decimal | None = None
    note: str = ""


def data_file(*parts: str) -> Traversable:
    """Return one file of `costcheck/data`."""
    return resources.files("costcheck").joinpath("data", *parts)


def read_data_toml(name: str, shape: type[T]) -> T:
    """Return a TOML file of `costcheck/data` as the given typed record.

    Raises:
        ConfigError: The file does not have that shape; unknown keys are errors too.
    """
    return parse_toml(data_file(name).read_text(encoding="utf-8"), shape, name)


def parse_toml(text: str, shape: type[T], name: str) -> T:
    """Return TOML text as a typed record; numbers stay exact.

    Raises:
        ConfigError: Not TOML, or a key is missing, unknown (the nearest one is named) or of the wrong type.
    """
    try:
        content = tomllib.loads(text, parse_float=Decimal)
        return msgspec.convert(content, shape)
    except tomllib.TOMLDecodeError as exc:
        message = f"{name} is not TOML: {exc}"
        raise ConfigError(message, expected="TOML 1.0", action=f"mend that line of {name}") from exc
    except msgspec.ValidationError as exc:
        message = f"{name}: {exc}"
        raise ConfigError(message, expected=_expectation(str(exc), shape), action=f"mend that key in {name}") from exc


def _expectation(problem: str, shape: Any) -> str:  # noqa: ANN401 - any annotated type
    unknown = re.search(r"unknown field `([^`]+)`", problem)
    if unknown is not None:
        nearest = difflib.get_close_matches(unknown[1], sorted(_keys(shape)), n=1, cutoff=0.0)
        return f"a known key; the nearest is `{nearest[0]}`" if nearest else "no keys here"
    refused = re.search(r"Invalid enum value '?(.*?)'? - at `\$(.+)`", problem)
    if refused is not None:
        return _choice(refused[1], _allowed(shape, refused[2]))
    return "the keys and types that `costcheck init` documents"


def _choice(seen: str, allowed: list[Any]) -> str:
    words = {str(value).lower(): str(value) for value in allowed}
    nearest = difflib.get_close_matches(seen.lower(), words, n=1)
    hint = f"; the nearest is `{words[nearest[0]]}`" if nearest and len(words) > 1 else ""
    return f"one of {', '.join(f'`{value}`' for value in allowed)}{hint}"


def _keys(shape: Any) -> set[str]:  # noqa: ANN401 - any annotated type
    schema = msgspec.json.schema(shape)
    return {key for part in schema.get("$defs", {}).values() for key in part.get("properties", {})}


def _allowed(shape: Any, path: str) -> list[Any]:  # noqa: ANN401 - any annotated type
    """Return the values that a path in msgspec's own writing (`.workload[0].latency_class`) may have."""
    schema = msgspec.json.schema(shape)
    nodes = _branches(schema, schema)
    for name, index in re.findall(r"\.(\w+)|\[(.+?)\]", path):
        inner = [_inner(node, name, index) for node in nodes]
        nodes = [branch for node in inner if node for branch in _branches(node, schema)]
    return [value for node in nodes for value in node.get("enum", [])]


def _branches(node: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in node:
        return _branches(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
    return [branch for part in node["anyOf"] for branch in _branches(part, schema)] if "anyOf" in node else [node]


def _inner(node: dict[str, Any], name: str, index: str) -> Any:  # noqa: ANN401 - JSON
    if name:
        return node.get("properties", {}).get(name)
    return node.get("items") if index.isdecimal() else node.get("additionalProperties")
