"""Many files by DuckDB, each kind of them by its own columns, and no month of two deliveries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from costcheck.errors import InputFileError
from costcheck.sources.exports.deliveries import refuse_two_deliveries
from costcheck.sources.exports.duckdb_files import (
    REMOTE,
    VIEW,
    DuckDb,
    as_it_stands,
    connected,
    is_parquet,
    table_function,
    unreadable,
)
from costcheck.sources.exports.engine import FILE, KindOf, Part, one_kind
from costcheck.sources.exports.manifests import that_count

if TYPE_CHECKING:
    from collections.abc import Iterable

IN_A_FOLDER = ("*.parquet", "*.csv*")


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
            files = that_count(_files(connection, path))
            refuse_two_deliveries(files)
            yield tuple(
                _part(connection, number, some) for number, some in enumerate(_kinds(connection, files, kind_of))
            )
        except duckdb.Error as exc:
            raise unreadable(path, exc) from exc


def _files(connection: duckdb.DuckDBPyConnection, path: str | Path | Sequence[Path]) -> list[str]:
    if not isinstance(path, str | Path):
        return [str(one) for one in path]
    name = str(path)
    is_here = not name.startswith(REMOTE)
    if is_here and Path(name).is_dir():
        patterns = [f"{as_it_stands(name)}/**/{ending}" for ending in IN_A_FOLDER]
    else:
        patterns = [as_it_stands(name) if is_here and Path(name).is_file() else name]
    globs = (connection.execute("SELECT file FROM glob(?)", [pattern]).fetchall() for pattern in patterns)
    found = sorted({file for rows in globs for (file,) in rows})
    if not found:
        message = f"{name} names no file"
        raise InputFileError(message, expected="CSV or Parquet files", action="check --path; nothing was read")
    return found


def _kinds(connection: duckdb.DuckDBPyConnection, files: Sequence[str], kind_of: KindOf) -> list[list[str]]:
    kinds: dict[Hashable, list[str]] = defaultdict(list)
    for file, columns in sorted(_columns(connection, files).items()):
        in_path = [part.partition("=")[0] for part in Path(file).parts if "=" in part]
        kinds[is_parquet(file), kind_of([*columns, *in_path])].append(file)
    return sorted(kinds.values())


def _columns(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> Mapping[str, list[str]]:
    """Return the columns of each file; of Parquet files all ends are read at one go."""
    found = {}
    parquet = [as_it_stands(file) for file in files if is_parquet(file)]
    if parquet:
        rows = connection.execute("SELECT file_name, name, num_children FROM parquet_schema(?)", [parquet]).fetchall()
        rows.sort(key=itemgetter(0))  # Threads read the files, and the first to be done comes first.
        for file, of_file in groupby(rows, key=itemgetter(0)):
            found[file] = _top_level((name, children or 0) for _, name, children in of_file)
    for file in files:
        if not is_parquet(file):
            described = connection.execute(f"DESCRIBE FROM {table_function([as_it_stands(file)])}").fetchall()
            found[file] = [row[0] for row in described]
    return found


def _top_level(tree: Iterable[tuple[str, int]]) -> list[str]:
    """Return the columns of a tree in which each is followed by what it is made of."""
    nodes = iter(tree)
    _, count = next(nodes)
    names = []
    for _ in range(count):
        name, inner = next(nodes)
        names.append(name)
        while inner:
            inner += next(nodes)[1] - 1
    return names


def _part(connection: duckdb.DuckDBPyConnection, number: int, files: Sequence[str]) -> Part:
    view = VIEW if number == 0 else f"{VIEW}_{number}"
    source = table_function([as_it_stands(file) for file in files], f"filename = '{FILE}'")
    connection.execute(f"CREATE TEMP VIEW {view} AS FROM {source}")
    return Part(engine=DuckDb(connection, view), files=tuple(files))
