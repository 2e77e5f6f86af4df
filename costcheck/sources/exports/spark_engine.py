"""Spark: a session of `pyspark`, on this machine or wherever its own configuration points."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from urllib.parse import unquote

from costcheck.errors import InputFileError, UsageError
from costcheck.sources.exports.deliveries import refuse_two_deliveries
from costcheck.sources.exports.dialects import SPARK, Dialect, TableName
from costcheck.sources.exports.engine import FILE, KindOf, Part, one_kind
from costcheck.sources.exports.manifests import that_count

VIEW = "raw_export"
FILES_AT_ONCE = 8
NAME_PARTS = 3
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
LOCAL_SETTINGS = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


class Spark:
    """One table or temporary view of a session."""

    dialect: Dialect = SPARK

    def __init__(self, session: Any, table: TableName) -> None:  # noqa: ANN401 - pyspark is not installed with the kit
        self._session = session
        self.table = table

    def columns(self) -> Mapping[str, str]:
        """Return the type of each column."""
        parts = (self.table.catalog, self.table.database, self.table.name)
        name = ".".join(f"`{part}`" for part in parts if part)
        return dict(self._session.table(name).dtypes)

    def rows(self, sql: str) -> Iterator[Sequence[Any]]:
        """Yield the rows of a query, a partition at a time."""
        yield from self._session.sql(sql).toLocalIterator()


@contextmanager
def open_session(*, path: str = "", table: TableName | None = None, master: str = "local[*]") -> Iterator[Spark]:
    """Yield an engine over files of one kind or a table; the session ends with it.

    Raises:
        UsageError: pyspark is not installed beside the kit.
        InputFileError: Spark cannot read the files.
    """
    with _session(master) as session:
        if table is None:
            table = TableName(name=VIEW)
            _read(session, path, path).createOrReplaceTempView(VIEW)
        yield Spark(session, table)


@contextmanager
def open_parts(path: str, kind_of: KindOf = one_kind, *, master: str = "local[*]") -> Iterator[tuple[Part, ...]]:
    """Yield the files of a folder or a glob as one part for each kind: Spark takes columns for granted that one has.

    Raises:
        UsageError: pyspark is not installed beside the kit.
        InputFileError: Spark cannot read the files, a month lies there in two deliveries, or not as its manifest
            says.
    """
    with _session(master) as session:
        listed = _read(session, path, path, recursiveFileLookup="true").inputFiles()
        files = that_count(sorted(unquote(file) for file in listed))
        refuse_two_deliveries(files)
        # The first lines, or the end, of each file; Spark takes an instant for each, so that many go on at once.
        with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
            schemas = list(pool.map(lambda file: tuple(_read(session, path, _as_it_stands(file)).dtypes), files))
        kinds: dict[tuple[Hashable, ...], list[str]] = defaultdict(list)
        for file, schema in zip(files, schemas, strict=True):
            base, keys = _partition(file)
            kind = kind_of([*(name for name, _ in schema), *keys])
            # Beside the kind its very schema: Spark unites none, and takes columns of a CSV by their place.
            kinds[kind, schema, base, keys].append(file)
        yield tuple(_part(session, path, number, some) for number, some in enumerate(sorted(kinds.values())))


def _partition(file: str) -> tuple[str, tuple[str, ...]]:
    """Return the folder in which a file's partitions (`region=eu`) lie, empty for none, and their columns."""
    folders = file.split("/")[:-1]
    first = next((at for at, name in enumerate(folders) if "=" in name), None)
    if first is None:
        return "", ()
    return "/".join(folders[:first]), tuple(name.partition("=")[0] for name in folders[first:])


def _part(session: Any, path: str, number: int, files: Sequence[str]) -> Part:  # noqa: ANN401 - see `Spark`
    view = f"{VIEW}_{number}"
    base, _ = _partition(files[0])
    options = {"basePath": _as_it_stands(base)} if base else {}
    rows = _read(session, path, *map(_as_it_stands, files), **options)
    rows.selectExpr("*", f"input_file_name() AS {FILE}").createOrReplaceTempView(view)
    return Part(engine=Spark(session, TableName(name=view)), files=tuple(files))


def _as_it_stands(file: str) -> str:
    """Return a file's name that stands for no other."""
    return re.sub(r"[*?\[\]{}\\]", r"\\\g<0>", file)


@contextmanager
def _session(master: str) -> Iterator[Any]:
    try:
        builder = import_module("pyspark.sql").SparkSession.builder
    except ImportError as exc:
        message = "pyspark is not installed in this environment"
        raise UsageError(
            message, expected="pyspark 4 and a Java that it runs on", action="pip install pyspark, then run it again"
        ) from exc
    settings = SETTINGS | (LOCAL_SETTINGS if master.startswith("local") else {})
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.appName("costcheck").master(master).getOrCreate()
    try:
        yield session
    finally:
        session.stop()


def _read(session: Any, path: str, *files: str, **options: str) -> Any:  # noqa: ANN401 - see `Spark`
    try:
        reader = session.read.options(**options)
        if path.lower().endswith((".csv", ".csv.gz")):
            return reader.option("header", "true").option("escape", '"').csv(list(files))
        return reader.parquet(*files)
    except Exception as exc:  # pyspark has a tree of its own, and is not there to be named
        first_line = str(exc).partition("\n")[0]
        message = f"Spark cannot read {path}: {first_line}"
        raise InputFileError(
            message, expected="CSV files with a header line, or Parquet files", action="check --path"
        ) from exc
