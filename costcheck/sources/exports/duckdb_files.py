"""DuckDB: files on this machine or on S3, within one gibibyte of memory; the engine where none is named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from costcheck.errors import InputFileError, UsageError
from costcheck.sources.exports.dialects import DUCKDB, Dialect, TableName

MEMORY_LIMIT = "600MB"
"""Python, Ibis and what DuckDB does not count need the rest of a gibibyte."""
ROWS_AT_ONCE = 10_000
VIEW = "raw_export"
PARQUET = (".parquet", ".pq", ".snappy.parquet")
REMOTE = "s3://"
S3_EXTENSIONS = ("httpfs", "aws")


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
            connection.execute(f"CREATE TEMP VIEW {VIEW} AS FROM {scan(path)}")
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
        first_line = str(exc).partition("\n")[0]
        message = f"DuckDB cannot reach S3: {first_line}"
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
    connection.execute(f"SET temp_directory = '{spill}'")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET TimeZone = 'UTC'")


def is_parquet(path: str | Path) -> bool:
    """Return whether a file is read as Parquet, and not as CSV."""
    return str(path).lower().endswith(PARQUET)


def scan(path: str | Path | Sequence[Path]) -> str:
    """Return the table function that reads files as they lie, every cell of a CSV as text."""
    if not isinstance(path, str | Path):
        return table_function([as_it_stands(one) for one in path])
    name = str(path)
    if not name.startswith(REMOTE) and Path(name).is_dir():
        kind = "parquet" if any(Path(name).rglob("*.parquet")) else "csv*"
        name = f"{as_it_stands(name)}/**/*.{kind}"
    elif not name.startswith(REMOTE) and Path(name).is_file():
        name = as_it_stands(name)
    return table_function([name])


def table_function(names: Sequence[str], *more: str) -> str:
    """Return the table function for names or patterns of one kind of file, with more settings."""
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    if all(is_parquet(name) for name in names):
        settings = ("union_by_name = true", "hive_types_autocast = false", *more)
        return f"read_parquet([{quoted}], {', '.join(settings)})"
    settings = ("all_varchar = true", "header = true", "union_by_name = true", *more)
    return f"read_csv([{quoted}], {', '.join(settings)})"


def as_it_stands(path: str | Path) -> str:
    """Return a path that DuckDB takes for this one file: of `bill[1].csv` it would read `bill1.csv`."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(path))


def unreadable(path: str | Path | Sequence[Path], exc: duckdb.Error) -> InputFileError:
    """Return the error of files that DuckDB cannot read, in one line and without their content."""
    first_line = str(exc).partition("\n")[0]
    first = path if isinstance(path, str | Path) else path[0]
    more = "" if isinstance(path, str | Path) or len(path) == 1 else f", or one of the {len(path) - 1} others,"
    return InputFileError(
        f"{Path(first).name}{more} cannot be read: {first_line}",
        expected="CSV files with a header line, or Parquet files",
        action="export it again; nothing of it was imported",
    )
