"""Where a resource speaks of GPUs: in its type, its keys or its texts, in words that people and clouds use."""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from costcheck.facts import Typed, read_data_toml
from costcheck.plan.records import Resource

_MEANINGLESS = re.compile(
    r"(?<![A-Za-z0-9])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{12,}|[A-Za-z0-9]{40,})(?![A-Za-z0-9])"
    r"|#[0-9a-fA-F]{3,8}(?![A-Za-z0-9])"
)
"""Ids, hashes, keys and colours: any word may stand in them, and means nothing."""
_NO_ACCELERATOR: tuple[object, ...] = (None, False, 0, "", "0", "false", "none", [], ())
"""Values of a key that names GPUs and say that there are none."""
_BEGIN = r"(?:(?<![A-Za-z0-9])|(?<=[a-z])(?=[A-Z])|(?<=[0-9])(?=[A-Za-z])|(?<=[0-9]x)|(?<=[gG][pP][uU]))"
_END = r"(?:(?![A-Za-z0-9])|(?<=[a-z0-9])(?=[A-Z])|(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?=(?i:{endings})))"
NAMES_A_GPU = "names a GPU"
SHOWN = 100
"""Characters of a path that a message shows."""


class _Listed(Typed, frozen=True, kw_only=True):
    anywhere: tuple[str, ...]
    beginnings: tuple[str, ...]
    words: tuple[str, ...]
    near_a_machine: tuple[str, ...]
    machine_keys: tuple[str, ...]
    endings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The lists as patterns; a type of resource may be an accelerator of networks."""

    in_a_type: re.Pattern[str]
    always: re.Pattern[str]
    near_a_machine: re.Pattern[str]
    machine_key: re.Pattern[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuWord:
    """A word that names a GPU.

    Attributes:
        path: Key that it stands in or at, such as `spec.gpuModel`; empty where it stands in the type.
    """

    word: str
    path: str

    def __str__(self) -> str:
        """Return a few words for people."""
        return f"{f'`{self.path[:SHOWN]}`' if self.path else 'its type'} {NAMES_A_GPU} (`{self.word}`)"


@functools.cache
def _words() -> _Words:
    listed = read_data_toml("gpu_words.toml", _Listed)
    end = _END.format(endings="|".join(listed.endings))
    whole = f"{_BEGIN}(?i:{_any(listed.words)})s??{end}"
    bordered = f"{_BEGIN}(?i:{_any(listed.beginnings)})|{whole}"
    return _Words(
        in_a_type=re.compile(bordered),
        always=re.compile(f"(?i:{_any(listed.anywhere)})|{bordered}"),
        near_a_machine=re.compile(f"{_BEGIN}(?i:{_any(listed.near_a_machine)}){end}"),
        machine_key=re.compile(_any(listed.machine_keys), re.IGNORECASE),
    )


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


def gpu_word(resource: Resource) -> GpuWord | None:
    """Return the first word in the type, keys or texts of a resource that names a GPU, None where none does."""
    kind = _words().in_a_type.search(resource.token.rpartition(":")[2])
    return GpuWord(word=kind[0], path="") if kind else next(_inside(resource.inputs, ()), None)


def _inside(value: Any, path: tuple[str, ...]) -> Iterator[GpuWord]:  # noqa: ANN401 - any JSON
    if isinstance(value, Mapping):
        for key, inner in value.items():
            here = (*path, str(key))
            if inner not in _NO_ACCELERATOR:
                yield from _told(str(key), _words().always, here)
                yield from _inside(inner, here)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _inside(inner, path)
    elif isinstance(value, str):
        text = _MEANINGLESS.sub(" ", value)
        yield from _told(text, _words().always, path)
        if any(map(_words().machine_key.search, path[-2:])):
            yield from _told(text, _words().near_a_machine, path)


def _told(text: str, words: re.Pattern[str], path: tuple[str, ...]) -> Iterator[GpuWord]:
    found = words.search(text)
    if found:
        yield GpuWord(word=found[0], path=".".join(path))
