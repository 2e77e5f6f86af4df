"""DuckDB: files on this machine or on S3, within one gibibyte of memory; the engine where none is named."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from costcheck.errors import InputFileError, UsageError
from costcheck.sources.exports.dialects import DUCKDB, Dialect, TableName

MEMORY_LIMIT = "600MB"
"""Python, Ibis and what DuckDB does not count need the rest of a gibibyte."""
MOST_THREADS = 8
"""Each takes about 20 MB of compressed CSV; on a machine of 64, files of one megabyte would not fit."""
CSV_BUFFER_BYTES = 1 << 22
"""DuckDB's own choice is 32 MB a file and a thread, most of it empty; a line may still have 2 MB."""
CSV_SETTINGS = ("all_varchar = true", "header = true", f"buffer_size = {CSV_BUFFER_BYTES}")
ROWS_AT_ONCE = 10_000
VIEW = "raw_export"
PARQUET = (".parquet", ".pq", ".snappy.parquet")
IN_A_FOLDER = ("*.parquet", "*.csv*")
REMOTE = "s3://"
S3_EXTENSIONS = ("httpfs", "aws")


NONE = "(empty)"
"""What DuckDB's sniffer says of a character that it did not find."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a file lies there.

    Attributes:
        dialect: What parts and quotes the cells of a CSV, as settings of DuckDB's reader; empty where it finds out.
    """

    columns: tuple[str, ...] = ()
    dialect: tuple[str, ...] = ()


class DuckDb:
    """One table or view of a connection.

    Args:
        connection: Its time zone must be UTC.
        table: Name of the table or view.
    """

    dialect: Dialect = DUCKDB

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str = VIEW) -> None:
        self._connection = connection
        self.table = TableName(name=table)

    def columns(self) -> Mapping[str, str]:
        """Return the type of each column."""
        rows = self._connection.execute(f'DESCRIBE "{self.table.name}"').fetchall()
        return {row[0]: row[1] for row in rows}

    def rows(self, sql: str) -> Iterator[Sequence[Any]]:
        """Yield the rows of a query; the next one ends it."""
        answer = self._connection.execute(sql)
        while some := answer.fetchmany(ROWS_AT_ONCE):
            yield from some


@contextmanager
def open_files(path: str | Path | Sequence[Path]) -> Iterator[DuckDb]:
    """Yield an engine over CSV or Parquet files: one, a glob, all of a folder, or several of one kind.

    Raises:
        InputFileError: There is no such file, or it is no table.
        UsageError: It lies on S3, and DuckDB's extensions for that are not installed.
    """
    with connected(path) as connection:
        try:
            files = find_files(connection, path)
            layouts = layouts_of(connection, files) if len(files) > 1 else {files[0]: Layout()}
            connection.execute(f"CREATE TEMP VIEW {VIEW} AS {union(layouts)}")
            yield DuckDb(connection)
        except duckdb.Error as exc:
            raise unreadable(path, exc) from exc


@contextmanager
def connected(path: str | Path | Sequence[Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection within bounds, which reaches S3 where the path is there.

    Raises:
        UsageError: DuckDB's extensions for that are not installed.
    """
    with TemporaryDirectory() as spill, duckdb.connect() as connection:
        settle(connection, spill)
        if str(path).startswith(REMOTE):
            _reach_s3(connection)
        yield connection


def _reach_s3(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the connection read S3 with the credentials that AWS's own tools would find; nothing is downloaded here."""
    try:
        for extension in S3_EXTENSIONS:
            connection.load_extension(extension)
        connection.execute("CREATE SECRET (TYPE s3, PROVIDER credential_chain)")
    except duckdb.Error as exc:
        message = f"DuckDB cannot reach S3: {_first_line(exc)}"
        raise UsageError(
            message,
            expected="its extensions " + " and ".join(S3_EXTENSIONS) + ", and AWS credentials",
            action="run `INSTALL httpfs; INSTALL aws;` once in DuckDB, or copy the files and name their folder",
        ) from exc


def column_names(path: str | Path | Sequence[Path]) -> list[str]:
    """Return the columns of CSV or Parquet files.

    Raises:
        InputFileError: They are no table.
    """
    with open_files(path) as engine:
        return list(engine.columns())


def settle(connection: duckdb.DuckDBPyConnection, spill: str) -> None:
    """Bound the memory and let a time without an offset be UTC, wherever this machine stands."""
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    (threads,) = connection.execute("SELECT least(current_setting('threads'), ?)", [MOST_THREADS]).fetchall()[0]
    connection.execute(f"SET threads = {threads}")
    connection.execute(f"SET temp_directory = '{spill}'")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET TimeZone = 'UTC'")


def is_parquet(path: str | Path) -> bool:
    """Return whether a file is read as Parquet, and not as CSV."""
    return str(path).lower().endswith(PARQUET)


def find_files(connection: duckdb.DuckDBPyConnection, path: str | Path | Sequence[Path]) -> list[str]:
    """Return the files of a folder or a glob, or those named.

    Raises:
        InputFileError: There is none.
    """
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


def layouts_of(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> Mapping[str, Layout]:
    """Return how each file lies there; of Parquet files all ends are read at one go."""
    found = {}
    parquet = [as_it_stands(file) for file in files if is_parquet(file)]
    if parquet:
        rows = connection.execute("SELECT file_name, name, num_children FROM parquet_schema(?)", [parquet]).fetchall()
        rows.sort(key=itemgetter(0))  # Threads read the files, and the first to be done comes first.
        for file, of_file in groupby(rows, key=itemgetter(0)):
            found[file] = Layout(columns=_top_level((name, children or 0) for _, name, children in of_file))
    return found | {file: layout_of_csv(connection, file) for file in files if not is_parquet(file)}


def layout_of_csv(connection: duckdb.DuckDBPyConnection, file: str) -> Layout:
    """Return how a CSV lies there; without columns if it cannot be told, for whoever reads it will say why."""
    query = "SELECT Delimiter, Quote, Escape, SkipRows, [one.name FOR one IN Columns]"
    sniffed = f"{query} FROM sniff_csv({_quoted(as_it_stands(file))}, {', '.join(CSV_SETTINGS)})"
    try:
        ((delimiter, quote, escape, skipped, names),) = connection.execute(sniffed).fetchall()
    except duckdb.InvalidInputException:
        return Layout()
    # A file without a quote in its first lines may have one later.
    quote = '"' if quote == NONE else quote
    escape = quote if escape == NONE else escape
    said = {"delim": delimiter, "quote": quote, "escape": escape}
    dialect = (f"{name} = {_quoted(text)}" for name, text in said.items())
    return Layout(columns=tuple(names), dialect=(*dialect, f"skip = {skipped}"))


def _top_level(tree: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """Return the columns of a tree in which each is followed by what it is made of."""
    nodes = iter(tree)
    _, count = next(nodes)
    names = []
    for _ in range(count):
        name, inner = next(nodes)
        names.append(name)
        while inner:
            inner += next(nodes)[1] - 1
    return tuple(names)


def union(layouts: Mapping[str, Layout], *more: str) -> str:
    """Return the query of all rows of files of one kind as they lie, every cell of a CSV as text.

    Args:
        layouts: By file.
        more: Settings of DuckDB's function.
    """
    if all(is_parquet(file) for file in layouts):
        return _from("read_parquet", layouts, "union_by_name = true", "hive_types_autocast = false", *more)
    return union_of_csv(layouts, *more)


def union_of_csv(layouts: Mapping[str, Layout], *more: str) -> str:
    """Return the query of all rows of CSV files, see `union`."""
    # `union_by_name` would keep a buffer of every CSV in memory as long as any of them is read.
    # Without it all files are read as the first one lies there, so that each kind is read by itself.
    alike: dict[Layout, list[str]] = defaultdict(list)
    for file, layout in layouts.items():
        alike[layout].append(file)
    return " UNION ALL BY NAME ".join(
        _from("read_csv", files, *CSV_SETTINGS, *layout.dialect, *more) for layout, files in alike.items()
    )


def _from(function: str, files: Iterable[str], *settings: str) -> str:
    names = ", ".join(_quoted(as_it_stands(file)) for file in files)
    return f"FROM {function}([{names}], {', '.join(settings)})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def as_it_stands(path: str | Path) -> str:
    """Return a path that DuckDB takes for this one file: of `bill[1].csv` it would read `bill1.csv`."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(path))


def unreadable(path: str | Path | Sequence[Path], exc: duckdb.Error) -> InputFileError:
    """Return the error of files that DuckDB cannot read, in one line and without their content."""
    first = path if isinstance(path, str | Path) else path[0]
    more = "" if isinstance(path, str | Path) or len(path) == 1 else f", or one of the {len(path) - 1} others,"
    name = f"{Path(first).name}{more}"
    if isinstance(exc, duckdb.OutOfMemoryException):
        return out_of_memory(name, exc)
    return InputFileError(
        f"{name} cannot be read: {_first_line(exc)}",
        expected="CSV files with a header line, or Parquet files",
        action="export it again; nothing of it was imported",
    )


def out_of_memory(name: str, exc: duckdb.Error) -> InputFileError:
    """Return the error of files that take more memory than there is: they are no worse for that."""
    return InputFileError(
        f"{name} would take more memory than DuckDB may use: {_first_line(exc)}",
        expected=f"at most {MEMORY_LIMIT} at a time, and room on the disk of the temporary folder for the rest",
        action="make room there (TMPDIR names the folder), or read fewer months at one go; nothing was imported",
    )


def _first_line(exc: duckdb.Error) -> str:
    return str(exc).partition("\n")[0]
