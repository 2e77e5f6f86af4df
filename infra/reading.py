"""Read nested configuration values by name and type, and collect what is wrong instead of stopping at the first."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from infra.errors import Problem

V = TypeVar("V")

Finding = tuple[str, object, str]
"""Key, value, what would be right."""

REQUIRED: Any = object()
"""Stands for a default where the configuration must say something."""


@dataclass(slots=True)
class Problems:
    """What is wrong so far; of one key with all that it holds, only the first thing."""

    found: list[Problem] = field(default_factory=list)

    def add(self, key: str, value: object, right: str) -> None:
        """Keep a problem, unless this key, one around it or one within it has one already."""
        if not any(_holds(old.key, key) or _holds(key, old.key) for old in self.found):
            self.found.append(Problem(key=key, value=value, right=right))

    def add_all(self, findings: Iterable[Finding]) -> None:
        """Keep every one of these, as `add` does."""
        for finding in findings:
            self.add(*finding)


class Table:
    """One object of the configuration.

    Every method takes the name of an entry, returns its value, and reports a missing or wrong one, for which it
    returns a value of the right type. `end` reports the entries that no method asked for.
    """

    def __init__(self, value: object, key: str, problems: Problems) -> None:
        self.key, self.problems = key, problems
        self._asked: list[str] = []
        self._content: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        if not isinstance(value, Mapping):
            problems.add(key, value, "an object, `key: value` lines")

    def path(self, name: str) -> str:
        """Return the whole key of an entry."""
        return f"{self.key}.{name}" if self.key else name

    def text(
        self, name: str, default: str = REQUIRED, *, pattern: str = ".*", right: str = "text, in quotes if need be"
    ) -> str:
        """Return a text that matches a pattern; an empty default needs no match."""
        value = self._take(name, default, right)
        if isinstance(value, str) and (value == default or re.fullmatch(pattern, value, re.DOTALL)):
            return value
        return self._wrong(name, value, right, "")

    def choice(self, name: str, allowed: Sequence[str], default: str = REQUIRED) -> str:
        """Return one of the allowed words."""
        return self.text(name, default, pattern="|".join(map(re.escape, allowed)), right=" | ".join(allowed))

    def whole(self, name: str, default: int = REQUIRED, *, at_least: int = 0, at_most: int = 10_000_000) -> int:
        """Return a whole number within bounds; the default is not held against them."""
        right = f"a whole number from {at_least:,} to {at_most:,}"
        value = self._take(name, default, right)
        # Pulumi writes whole numbers of nested values as 2 or as 2.0, and a switch is an int to Python.
        number = not isinstance(value, bool) and isinstance(value, int | float) and value % 1 == 0
        if number and (value == default or at_least <= value <= at_most):
            return int(value)
        return self._wrong(name, value, right, at_least)

    def number(self, name: str, default: float = REQUIRED, *, above: float, at_most: float = 1e9) -> float:
        """Return a number above a bound; the default is not held against it."""
        right = f"a number above {above:g}, at most {at_most:g}"
        value = self._take(name, default, right)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and (value == default or above < value <= at_most):
            return float(value)
        return self._wrong(name, value, right, 0.0)

    def switch(self, name: str, *, default: bool = REQUIRED) -> bool:
        """Return true or false."""
        value = self._take(name, default, "true | false")
        return value if isinstance(value, bool) else self._wrong(name, value, "true | false", False)  # noqa: FBT003

    def texts(
        self, name: str, default: tuple[str, ...] = REQUIRED, *, pattern: str = ".+", right: str = "a list of texts"
    ) -> tuple[str, ...]:
        """Return a list of different texts that match a pattern."""
        value = self._take(name, default, right)
        if not isinstance(value, list | tuple):
            return self._wrong(name, value, right, tuple[str, ...]())
        for index, item in enumerate(value):
            if not isinstance(item, str) or not re.fullmatch(pattern, item):
                self.problems.add(f"{self.path(name)}[{index}]", item, right)
            elif item in value[:index]:
                self.problems.add(f"{self.path(name)}[{index}]", item, "each one once")
        return tuple(item for item in value if isinstance(item, str))

    def mapping(self, name: str, *, right: str) -> dict[str, str]:
        """Return an object whose values are all texts; an empty one where there is none."""
        table = self.table(name)
        return {entry: table.text(entry, right=right) for entry in table.names()}

    def table(self, name: str) -> "Table":
        """Return an object within this one; an empty one where there is none."""
        return Table(self._take(name, {}, ""), self.path(name), self.problems)

    def take(self, name: str) -> object:
        """Return an entry as it stands; it must be there."""
        return self._take(name, REQUIRED, "see Pulumi.yaml")

    def has(self, name: str) -> bool:
        """Return whether the configuration says anything under this name."""
        return name in self._content

    def names(self) -> list[str]:
        """Return the names that the configuration uses."""
        return [str(name) for name in self._content]

    def end(self) -> None:
        """Report every entry that no method asked for."""
        for name in self._content:
            if name not in self._asked:
                self.problems.add(self.path(str(name)), self._content[name], f"one of {', '.join(self._asked)}")

    def wrong(self, name: str, right: str) -> None:
        """Report an entry that is of the right type and wrong all the same."""
        self.problems.add(self.path(name), self._content.get(name), right)

    def _take(self, name: str, default: Any, right: str) -> Any:  # noqa: ANN401 - anything that YAML can hold
        self._asked.append(name)
        if name not in self._content and default is REQUIRED:
            self.problems.add(self.path(name), None, f"required: {right}")
        return self._content.get(name, default)

    def _wrong(self, name: str, value: object, right: str, instead: V) -> V:
        self.problems.add(self.path(name), value, right)
        return instead


def _holds(outer: str, inner: str) -> bool:
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))
