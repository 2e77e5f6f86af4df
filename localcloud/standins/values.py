"""Property values as Pulumi sends them to providers: plain trees with marks for *secret* and *not known yet*.

A tree is what JSON can hold. A secret is an object with two keys, an unknown a string that no one would write.
The two constants and the signature key are Pulumi's wire format (sdk/go/common/resource/sig/sig.go and
sdk/go/common/resource/plugin/rpc.go of github.com/pulumi/pulumi, Apache-2.0, read 2026-11-26).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, TypeGuard

from google.protobuf import json_format, struct_pb2

Tree: TypeAlias = dict[str, Any]

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  -- the mark of a secret, not one
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
ASSET, ARCHIVE = "c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7"


def from_struct(message: struct_pb2.Struct) -> Tree:
    """The tree in a protobuf Struct, whose numbers are all doubles: whole ones come back as int."""
    tree: Tree = _whole_numbers(json_format.MessageToDict(message))
    return tree


def to_struct(tree: Mapping[str, Any]) -> struct_pb2.Struct:
    """The protobuf Struct of a tree."""
    message = struct_pb2.Struct()
    json_format.ParseDict(dict(tree), message)
    return message


def _whole_numbers(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _mapped(value, _whole_numbers)


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    """The value with ``change`` made to each direct child."""
    if isinstance(value, dict):
        return {key: change(child) for key, child in value.items()}
    if isinstance(value, list):
        return [change(child) for child in value]
    return value


def secret(value: object) -> Tree:
    """The value under the mark that the engine encrypts in state and hides in output; never marked twice."""
    return value if is_secret(value) else {SIGNATURE: SECRET, "value": value}


def is_secret(value: object) -> TypeGuard[Tree]:
    """True when the value itself carries the mark."""
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def plain(value: Any) -> Any:  # noqa: ANN401
    """The value without marks of secrecy, at every depth; unknowns stay."""
    if is_secret(value):
        return plain(value["value"])
    return _mapped(value, plain)


def walk(value: object) -> Iterator[object]:
    """The value and everything below it, parents first."""
    yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from walk(child)


def has_unknown(value: object) -> bool:
    """True when something in the value is not known before the resources it depends on exist."""
    return any(part == UNKNOWN for part in walk(value))


def has_secret(value: object) -> bool:
    """True when something in the value carries the mark of a secret."""
    return any(is_secret(part) for part in walk(value))


def keep_marks(value: Any, marked: Any) -> Any:  # noqa: ANN401
    """The value with the mark of a secret wherever ``marked`` has one at the same place.

    A list of another length cannot be matched place by place, so one secret in it makes all of it secret.
    """
    if is_secret(value):
        return value
    if is_secret(marked):
        return secret(plain(value))
    if isinstance(value, dict) and isinstance(marked, dict):
        return {key: keep_marks(child, marked.get(key)) for key, child in value.items()}
    if isinstance(value, list) and isinstance(marked, list) and len(value) == len(marked):
        return [keep_marks(child, like) for child, like in zip(value, marked, strict=True)]
    return secret(plain(value)) if has_secret(marked) else value
