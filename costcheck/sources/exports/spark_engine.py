"""Spark: a session of `pyspark`, on this machine or wherever its own configuration points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from costcheck.errors import InputFileError, UsageError
from costcheck.sources.exports.dialects import SPARK, Dialect, TableName

VIEW = "raw_export"
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
    """Yield an engine over files or a table; the session ends with it.

    Raises:
        UsageError: pyspark is not installed beside the kit.
        InputFileError: Spark cannot read the files.
    """
    session = _session(master)
    try:
        if table is None:
            table = TableName(name=VIEW)
            _read(session, path).createOrReplaceTempView(VIEW)
        yield Spark(session, table)
    finally:
        session.stop()


def _session(master: str) -> Any:  # noqa: ANN401 - see `Spark`
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
    return builder.appName("costcheck").master(master).getOrCreate()


def _read(session: Any, path: str) -> Any:  # noqa: ANN401 - see `Spark`
    try:
        if path.lower().endswith((".csv", ".csv.gz")):
            return session.read.option("header", "true").option("escape", '"').csv(path)
        return session.read.parquet(path)
    except Exception as exc:  # pyspark has a tree of its own, and is not there to be named
        first_line = str(exc).partition("\n")[0]
        message = f"Spark cannot read {path}: {first_line}"
        raise InputFileError(
            message, expected="CSV files with a header line, or Parquet files", action="check --path"
        ) from exc
