"""What an engine is: whatever can run SQL where a raw export lies."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from costcheck.sources.exports.dialects import Dialect, TableName


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
