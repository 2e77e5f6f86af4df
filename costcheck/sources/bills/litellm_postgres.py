"""A LiteLLM proxy's own database: the spend log of each month, and the daily sums where the log has been pruned.

The tables `"LiteLLM_SpendLogs"` and `"LiteLLM_DailyUserSpend"` as in `litellm/proxy/schema.prisma` of LiteLLM
1.106.2, read on 2026-11-26 (times without a zone are UTC; `date` is a text). One transaction a month that only reads;
the columns that may hold prompts or answers are never named, and of `metadata` the server takes out the few counts
that the rules of `litellm_hours` ask for, so that texts do not leave it.

The log may be pruned (`maximum_spend_logs_retention_period`) or switched off: days up to that of its oldest row come
from the daily sums, if those have rows, and all later days from the log. Give it a read replica and a role that may
only SELECT on these two tables.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import msgspec

from costcheck.errors import SourceError, UsageError
from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.litellm import SOURCE
from costcheck.sources.bills.litellm_daily import NOTHING, DayRow, Metrics, day_records, operation_of
from costcheck.sources.bills.litellm_sql import (
    DAY_COLUMNS,
    DAYS,
    LOGS,
    columns_statement,
    count_statement,
    day_statement,
    log_statement,
    oldest_statement,
)
from costcheck.sources.bills.rows import BatchBuilder, SetAside, refuse_unreadable

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from costcheck.sources.bills.rows import Read
    from costcheck.sources.bills.windows import Window

ROW_IS_REQUEST = True
"""Several rows stand under one key: an hour of a model."""
URL = "LITELLM_DATABASE_URL"
URL_HELP = (
    "postgresql://user:password@host:5432/litellm in LITELLM_DATABASE_URL: a role that may SELECT on "
    '"LiteLLM_SpendLogs" and "LiteLLM_DailyUserSpend", on a read replica if there is one'
)
SECONDS = "300"
CONNECT_SECONDS = 20
EXACT_OUTPUT = "SET LOCAL DateStyle = 'ISO'; SET LOCAL extra_float_digits = 1"
# What libpq knows; Prisma's own (`schema`, `connection_limit`, `pgbouncer`) would be refused.
LIBPQ_PARAMS = frozenset(
    {"application_name", "channel_binding", "connect_timeout", "sslcert", "sslkey", "sslmode", "sslpassword"}
    | {"sslrootcert", "target_session_attrs", "host", "hostaddr", "port"}
)


class Connection(Protocol):
    """What is needed of a database: rows of small questions, and the bytes of a copy."""

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows of a question."""

    def copy(self, statement: str) -> Iterator[bytes]:
        """Yield what `COPY ... TO STDOUT` sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Where the tables stand; `address` holds neither user nor password.

    Attributes:
        url: With the password, and without what only Prisma knows.
        schema: The tables' schema; empty for the role's own search path.
        secret: The password, to be taken out of messages.
    """

    url: str
    schema: str
    address: str
    secret: str


def plan(request: PullRequest) -> PullPlan:
    """Return what a read will ask for.

    Raises:
        UsageError: The database's URL is missing or none, or the driver is not installed.
    """
    database(request.required(URL, URL_HELP))
    _driver()
    _seconds(request)
    return PullPlan(requests=3 * len(request.windows))


def pull(request: PullRequest) -> BillBatch:
    """Return the log of the windows, summed to the hour, and the daily sums of the days before it begins.

    Raises:
        UsageError: A column or a right is missing.
        SourceError: The database does not answer, or takes too long.
    """
    place = database(request.required(URL, URL_HELP))
    provenance = request.provenance(SOURCE, place.address)
    with TemporaryDirectory() as folder:
        batches = [_read_month(request, place, window, Path(folder), provenance) for window in request.windows]
    return _joined(batches, request.buckets, provenance)


def database(url: str) -> Database:
    """Return where a URL points to.

    Raises:
        UsageError: It is no URL of PostgreSQL; it is not repeated, for it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        message = f"{URL} is no postgresql://user:password@host/database"
        raise UsageError(message, expected=URL_HELP, action="write @, / and % in the password as %40, %2F and %25")
    params = parse_qsl(parts.query)
    known = urlencode([(name, value) for name, value in params if name in LIBPQ_PARAMS], quote_via=quote)
    host = f"{parts.hostname or 'localhost'}:{port or 5432}"
    return Database(
        url=urlunsplit(("postgresql", parts.netloc, parts.path, known, "")),
        schema=dict(params).get("schema", ""),
        address=f"postgresql://{host}{parts.path}",
        secret=unquote(parts.password or ""),
    )


def _seconds(request: PullRequest) -> int:
    text = request.options.get("statement-timeout", SECONDS)
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        message = f"--statement-timeout is {text!r}"
        raise UsageError(message, expected="whole seconds, such as 300", action="give a number, or leave it out")
    return int(text)


def _read_month(
    request: PullRequest, place: Database, window: Window, folder: Path, provenance: Provenance
) -> list[BillBatch]:
    logs, days = folder / f"{window.bucket}.csv", folder / f"{window.bucket}-days.csv"
    with closing(_Psycopg(place, seconds=_seconds(request))) as connection:
        fetch_month(connection, place.schema, window, logs, days)
    request.on_page()
    return [
        normalise_logs(logs, window.bucket, provenance),
        normalise_days(days.read_text(encoding="utf-8"), window.bucket, provenance),
    ]


def fetch_month(connection: Connection, schema: str, window: Window, logs: Path, days: Path) -> None:
    """Write the month's rows of both tables into two CSV files.

    Raises:
        UsageError: The log has not the columns that are needed.
    """
    day_columns = _columns(connection, schema, DAYS)
    log_columns = _columns(connection, schema, LOGS)
    start = _log_start(connection, schema, window) if day_columns and log_columns else window.start
    _write(logs, connection, log_statement(log_columns, schema, start, window.end))
    if start > window.start:
        _write(days, connection, day_statement(day_columns, schema, window.start.date(), _day_after(start)))
    else:
        days.write_text(",".join(DAY_COLUMNS) + "\n", encoding="utf-8")


def _columns(connection: Connection, schema: str, name: str) -> list[str]:
    return [str(row[0]) for row in connection.rows(columns_statement(schema, name))]


def _log_start(connection: Connection, schema: str, window: Window) -> datetime:
    """Return from when on the log is read: before that it lacks rows, and the daily sums have some."""
    ((oldest,),) = connection.rows(oldest_statement(schema))
    first_whole_day = window.end if not isinstance(oldest, datetime) else _midnight_after(oldest)
    start = min(first_whole_day, window.end)
    if start <= window.start:
        return window.start
    ((count,),) = connection.rows(count_statement(schema, window.start.date(), _day_after(start)))
    return start if count else window.start


def _midnight_after(moment: datetime) -> datetime:
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return datetime.combine(_day_after(utc), time(), UTC)


def _day_after(moment: datetime) -> date:
    """Return the day that begins at a moment, or the next one."""
    return moment.date() if moment.time() == time() else moment.date() + timedelta(days=1)


def _write(path: Path, connection: Connection, statement: str) -> None:
    with path.open("wb") as file:
        for piece in connection.copy(statement):
            file.write(piece)


def normalise_logs(path: Path, bucket: str, provenance: Provenance) -> BillBatch:
    """Return the copied log as one batch, by the rules of `litellm_hours`; empty where it has no row."""
    from costcheck.sources.bills.engine_read import EngineRead  # noqa: PLC0415 - as above
    from costcheck.sources.bills.litellm_hours import read_hours  # noqa: PLC0415 - as above
    from costcheck.sources.exports.duckdb_files import open_files  # noqa: PLC0415 - as above

    with open_files(path) as engine:
        return read_hours(engine, EngineRead(source=SOURCE, bucket=bucket, provenance=provenance))


def normalise_days(text: str, bucket: str, provenance: Provenance) -> BillBatch:
    """Return the copied daily sums as one batch."""
    builder = BatchBuilder(SOURCE)
    for row in csv.DictReader(io.StringIO(text)):
        builder.read(bucket, msgspec.json.encode(row), partial(_read_day, bucket, row))
    return builder.batch((bucket,), provenance)


def _read_day(bucket: str, row: Mapping[str, str]) -> tuple[Hashable, Read]:
    metrics = msgspec.convert(row, Metrics, strict=False)
    return row["id"], day_records(bucket, _day_row(row, metrics)) or SetAside(NOTHING)


def _day_row(row: Mapping[str, str], metrics: Metrics) -> DayRow:
    return DayRow(
        day=date.fromisoformat(row["date"]),
        provider=row["custom_llm_provider"],
        model=row["model"],
        key_hash=row["api_key"] or None,
        metrics=metrics,
        operation=operation_of(row["endpoint"]),
    )


class _Psycopg:
    """A transaction that only reads, through psycopg."""

    def __init__(self, place: Database, *, seconds: int) -> None:
        import psycopg  # noqa: PLC0415 - an extra that only this source needs

        self._place = place
        self._errors = psycopg.Error
        with self._named_errors():
            # Without prepared statements and start-up options, for there may be a PgBouncer in between.
            self._connection = psycopg.connect(
                place.url, connect_timeout=CONNECT_SECONDS, application_name="costcheck", prepare_threshold=None
            )
        with self._named_errors():
            self._connection.read_only = True
            self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            settings = f"SET LOCAL statement_timeout = '{seconds}s'; SET LOCAL TimeZone = 'UTC'; {EXACT_OUTPUT}"
            self._connection.execute(settings.encode())

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows of a question."""
        with self._named_errors():
            return self._connection.execute(statement.encode()).fetchall()

    def copy(self, statement: str) -> Iterator[bytes]:
        """Yield what `COPY ... TO STDOUT` sends."""
        with self._named_errors(), self._connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for piece in copy:
                yield bytes(piece)

    def close(self) -> None:
        """End the transaction; it has changed nothing."""
        self._connection.close()

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except self._errors as exc:
            message = f"{self._place.address}: {self._without_secrets(str(exc))}"
            raise SourceError(
                message,
                expected=f"an answer to {URL}",
                action="check the address, the role's rights and its network; a long read wants a replica, "
                "or a larger --statement-timeout; the ledger is untouched",
            ) from None

    def _without_secrets(self, text: str) -> str:
        # The first line alone: those after it may quote the row.
        line = (text.splitlines() or ["no answer"])[0]
        for secret in (self._place.secret, quote(self._place.secret)):
            line = line.replace(secret, "[password]") if secret else line
        return line


def _driver() -> None:
    try:
        import psycopg  # noqa: F401, PLC0415 - as above
    except ImportError as exc:
        message = "psycopg, the driver of PostgreSQL, is not installed"
        raise UsageError(
            message, expected="the extra `postgres` of this package", action="pip install 'worthwhile[postgres]'"
        ) from exc


def _joined(months: Sequence[list[BillBatch]], buckets: tuple[str, ...], provenance: Provenance) -> BillBatch:
    parts = [batch for month in months for batch in month]
    usage = tuple(row for batch in parts for row in batch.usage)
    quarantined = tuple(row for batch in parts for row in batch.quarantined)
    refuse_unreadable(SOURCE, buckets, kept=len(usage), quarantined=quarantined)
    return BillBatch(
        x_source=SOURCE,
        buckets=buckets,
        usage=usage,
        charges=tuple(row for batch in parts for row in batch.charges),
        quarantined=quarantined,
        set_aside=tuple(row for batch in parts for row in batch.set_aside),
        provenance=provenance,
    )
