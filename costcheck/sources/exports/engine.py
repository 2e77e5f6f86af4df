"""What an engine is: whatever can run SQL where a raw export lies."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from costcheck.sources.exports.dialects import Dialect, TableName

FILE = "costcheck_file"
"""Column of the file that a row stands in, where an engine reads files."""
KindOf = Callable[[Sequence[str]], Hashable]
"""What the columns of a file tell of its kind: files of different kinds are read each by its own columns."""


class Engine(Protocol):
    """Whatever can run SQL where a raw export lies."""

    @property
    def dialect(self) -> Dialect:
        """Return its SQL."""

    @property
    def table(self) -> TableName:
        """Return where it knows the export."""

    def columns(self) -> Mapping[str, str]:
        """Return the type of each column of the export, in the engine's words."""

    def rows(self, sql: str) -> Iterator[Sequence[Any]]:
        """Yield the rows of a query; numbers may come as texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Files of one kind, or a table.

    Attributes:
        files: None of a table.
    """

    engine: Engine
    files: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """Return the export's own columns."""
        return [name for name in self.engine.columns() if name != FILE]


def one_kind(_: Sequence[str]) -> Hashable:
    """Return the same for all files: their columns mean the same wherever they are."""
    return ()
