"""Where a resource speaks of GPUs: in its type, its keys or its kinds of machines, in words that clouds use."""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
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
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
"""Words of a key: `gpuTypeId`, `GPU_COUNT`."""
COMMAND = "command:"
NAMES_A_GPU = "names a GPU"
SHOWN = 100
"""Characters of a path that a message shows."""


class _Listed(Typed, frozen=True, kw_only=True):
    anywhere: tuple[str, ...]
    beginnings: tuple[str, ...]
    words: tuple[str, ...]
    short: tuple[str, ...]
    short_never_alone: frozenset[str]
    short_never: frozenset[str]
    short_never_in: frozenset[str]
    machine_keys: frozenset[str]
    text_keys: frozenset[str]
    named_kinds: frozenset[str]
    text_blocks: frozenset[str]
    endings: tuple[str, ...]
    run_by_commands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """The lists, and patterns of them; a type of resource may be an accelerator of networks."""

    listed: _Listed
    in_a_type: re.Pattern[str]
    always: re.Pattern[str]
    short: re.Pattern[str]


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
        listed=listed,
        in_a_type=re.compile(bordered),
        always=re.compile(f"(?i:{_any(listed.anywhere)})|{bordered}"),
        short=re.compile(f"{_BEGIN}(?i:{_any(listed.short)}){end}"),
    )


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


def gpu_word(resource: Resource) -> GpuWord | None:
    """Return the first word in the type, keys or kinds of machines of a resource that names a GPU, or None."""
    kind = _words().in_a_type.search(resource.token.rpartition(":")[2])
    found = _inside(resource.inputs, (), _short_in(resource.token))
    return GpuWord(word=kind[0], path="") if kind else next(chain(_commands(resource), found), None)


def _commands(resource: Resource) -> Iterator[GpuWord]:
    """Yield the words in what a command runs when it is made, which may be a program that starts machines."""
    for key in _words().listed.run_by_commands if resource.token.startswith(COMMAND) else ():
        text = resource.inputs.get(key)
        yield from _told(_MEANINGLESS.sub(" ", text), _words().always, (key,)) if isinstance(text, str) else ()


def _short_in(token: str) -> Callable[[str], bool]:
    """Return whether a short name of a model means one in a text of this type."""
    listed, package = _words().listed, token.partition(":")[0]
    parts = set(_parts(token.partition(":")[2]))
    if package in listed.short_never or parts & listed.short_never_in:
        return lambda _: False
    if package in listed.short_never_alone:
        return lambda text: _words().short.fullmatch(text.strip()) is None
    return lambda _: True


def _inside(value: Any, path: tuple[str, ...], short: Callable[[str], bool]) -> Iterator[GpuWord]:  # noqa: ANN401
    if isinstance(value, Mapping):
        for key, inner in value.items():
            here = (*path, str(key))
            if inner not in _NO_ACCELERATOR and not _holds_texts(str(key)):
                yield from () if _is_text(here) else _told(str(key), _words().always, here)
                yield from _inside(inner, here, short)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _inside(inner, path, short)
    elif isinstance(value, str) and any(map(_is_about_machines, path[-2:])) and not _is_text(path):
        text = _MEANINGLESS.sub(" ", value)
        yield from _told(text, _words().always, path)
        yield from _told(text, _words().short, path) if short(text) else ()


def _parts(key: str) -> tuple[str, ...]:
    """Return the words of a key in lower case."""
    return tuple(part.lower() for part in _PART.findall(key))


def _is_about_machines(key: str) -> bool:
    listed = _words().listed.machine_keys
    return any(part in listed or part.removesuffix("s") in listed for part in _parts(key)) or key.lower().endswith(
        ("type", "types", "size", "flavor", "flavour")
    )


def _is_text(path: tuple[str, ...]) -> bool:
    """Return whether a key names or tells something for people, and no kind of machine."""
    listed = _words().listed
    *before, last = _parts(path[-1]) or ("",)
    if last.removesuffix("s") not in listed.text_keys:
        return False
    around = before or (_parts(path[-2]) if len(path) > 1 else ())
    return not around or around[-1].removesuffix("s") not in listed.named_kinds


def _holds_texts(key: str) -> bool:
    return (_parts(key) or ("",))[-1] in _words().listed.text_blocks


def _told(text: str, words: re.Pattern[str], path: tuple[str, ...]) -> Iterator[GpuWord]:
    found = words.search(text)
    if found:
        yield GpuWord(word=found[0], path=".".join(path))
