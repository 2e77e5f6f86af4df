"""Many files by DuckDB, each kind of them by its own columns, and no month of two deliveries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path

import duckdb

from costcheck.sources.exports.deliveries import refuse_two_deliveries
from costcheck.sources.exports.duckdb_files import (
    VIEW,
    DuckDb,
    Layout,
    connected,
    find_files,
    is_parquet,
    layouts_of,
    union,
    unreadable,
)
from costcheck.sources.exports.engine import FILE, KindOf, Part, one_kind
from costcheck.sources.exports.manifests import that_count


@contextmanager
def open_parts(path: str | Path | Sequence[Path], kind_of: KindOf = one_kind) -> Iterator[tuple[Part, ...]]:
    """Yield the files of a folder or a glob, or those named, as one part for each kind; CSV is another than Parquet.

    Raises:
        InputFileError: There is no such file, one is no table, a month lies there in two deliveries, or not as its
            manifest says.
        UsageError: They lie on S3, and DuckDB's extensions for that are not installed.
    """
    with connected(path) as connection:
        try:
            files = that_count(find_files(connection, path))
            refuse_two_deliveries(files)
            yield tuple(
                _part(connection, number, some) for number, some in enumerate(_kinds(connection, files, kind_of))
            )
        except duckdb.Error as exc:
            raise unreadable(path, exc) from exc


def _kinds(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str], kind_of: KindOf
) -> list[Mapping[str, Layout]]:
    kinds: dict[Hashable, dict[str, Layout]] = defaultdict(dict)
    for file, layout in sorted(layouts_of(connection, files).items(), key=itemgetter(0)):
        in_path = [part.partition("=")[0] for part in Path(file).parts if "=" in part]
        kinds[is_parquet(file), kind_of([*layout.columns, *in_path])][file] = layout
    return sorted(kinds.values(), key=list)


def _part(connection: duckdb.DuckDBPyConnection, number: int, layouts: Mapping[str, Layout]) -> Part:
    view = VIEW if number == 0 else f"{VIEW}_{number}"
    rows = union(layouts, f"filename = '{FILE}'")
    connection.execute(f"CREATE TEMP VIEW {view} AS {rows}")
    return Part(engine=DuckDb(connection, view), files=tuple(layouts))
