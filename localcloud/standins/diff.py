"""The difference of two trees, as the list of changes that a detailed diff of Pulumi prints."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_BARE_NAME = re.compile(r"[A-Za-z_$][\w$]*")


class Kind(StrEnum):
    """What happened at a path; the names are those of ``PropertyDiff.Kind``."""

    ADD = "ADD"
    DELETE = "DELETE"
    UPDATE = "UPDATE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One place where two trees differ; nothing below it is listed again."""

    path: Path
    kind: Kind


def changes(old: object, new: object, path: Path = ()) -> Iterator[Change]:
    """Every change that turns ``old`` into ``new``, both without marks of secrecy.

    An unknown differs from everything known, so what depends on it shows as changing. Lists are compared place by
    place, as Pulumi's own diff does.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _object_changes(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_changes(old, new, path)
    elif type(old) is not type(new) or old != new:
        yield Change(path=path, kind=Kind.UPDATE)


def _object_changes(old: dict[str, object], new: dict[str, object], path: Path) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        here = (*path, key)
        if key not in old:
            yield Change(path=here, kind=Kind.ADD)
        elif key not in new:
            yield Change(path=here, kind=Kind.DELETE)
        else:
            yield from changes(old[key], new[key], here)


def _list_changes(old: list[object], new: list[object], path: Path) -> Iterator[Change]:
    for index, (before, after) in enumerate(zip(old, new, strict=False)):
        yield from changes(before, after, (*path, index))
    shared = min(len(old), len(new))
    kind = Kind.ADD if len(new) > len(old) else Kind.DELETE
    for index in range(shared, max(len(old), len(new))):
        yield Change(path=(*path, index), kind=kind)


def written(path: Path) -> str:
    """The path in the engine's notation: ``spec.ports[0]``, ``metadata.labels["app.kubernetes.io/name"]``.

    Grammar: ``ParsePropertyPath``, sdk/go/common/resource/property_path.go of github.com/pulumi/pulumi.
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _BARE_NAME.fullmatch(part):
            text += f".{part}" if text else part
        else:
            quoted = part.replace('"', '\\"')
            text += f'["{quoted}"]'
    return text
