"""One ledger file, opened."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from costcheck.errors import LedgerError
from costcheck.ledger import focus, gaps, overlaps, read, retention, schema, settle, write
from costcheck.ledger.unfinished import unfinished
from costcheck.records import BillBatch, Charge, ClassCharge, MonthCharge, QuarantinedRow, TokenUsage, UsageHour

LOCKED = "Could not set lock on file"
"""What DuckDB says, with the PID of the process that holds the file."""


def open_ledger(path: Path, *, read_only: bool = False) -> "Ledger":
    """Return the ledger at `path`; a new file is created unless it is only to be read.

    Raises:
        LedgerError: Nothing is there to read, it is no ledger, it is damaged, in use, or of a newer version.
    """
    if read_only and not path.exists():
        message = f"there is no ledger at {path}"
        raise LedgerError(
            message,
            expected="a file written by `costcheck bill pull` or `costcheck bill import`",
            action="read a bill first, or name the file with --ledger",
        )
    try:
        if not read_only and not path.exists():
            _create(path)
        connection = _connect(path, read_only=read_only)
    except (duckdb.Error, OSError) as exc:
        raise _unreadable(path, exc) from exc
    try:
        if not read_only and not schema.table_names(connection):
            schema.create(connection)
        if schema.is_older(connection):
            connection = _upgraded(connection, path, read_only=read_only)
        schema.check(connection, str(path))
    except duckdb.Error as exc:
        connection.close()
        raise _unreadable(path, exc) from exc
    except LedgerError:
        connection.close()
        raise
    return Ledger(connection, path)


def _create(path: Path) -> None:
    """Make an empty ledger in one step: whoever is killed meanwhile leaves no half of one behind."""
    with unfinished(path) as part:
        with _connect(part, read_only=False) as connection:
            schema.create(connection)
        with suppress(FileExistsError):  # another process was quicker: its ledger is as good
            path.hardlink_to(part)


def rewrite(path: Path) -> None:
    """Write the ledger into a new file that takes its place: DuckDB keeps deleted rows in the old one.

    Raises:
        LedgerError: It cannot be read or written; the ledger is as it was.
    """
    try:
        with unfinished(path) as part:
            with _connect(path, read_only=False) as connection:
                connection.execute("CHECKPOINT")
            with duckdb.connect() as connection:
                connection.execute(f"ATTACH {_quoted(path)} AS old (READ_ONLY)")
                connection.execute(f"ATTACH {_quoted(part)} AS new")
                connection.execute("COPY FROM DATABASE old TO new")
                connection.execute("CHECKPOINT new")
                connection.execute("DETACH new")
                part.replace(path)  # while `old` is held: whoever wrote to it in between would write for nothing
    except (duckdb.Error, OSError) as exc:
        raise _unreadable(path, exc) from exc


def _quoted(path: Path) -> str:
    text = str(path).replace("'", "''")
    return f"'{text}'"


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(path), read_only=read_only, config={"autoinstall_known_extensions": False})


def _upgraded(connection: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    connection.close()
    with _connect(path, read_only=False) as writable:
        schema.upgrade(writable)
    return _connect(path, read_only=read_only)


def _unreadable(path: Path, exc: duckdb.Error | OSError) -> LedgerError:
    first_line = str(exc).partition("\n")[0]
    if LOCKED in first_line:
        return LedgerError(
            f"{path} is in use by another process: {first_line}",
            expected="one command at a time on a ledger",
            action="close that process (its PID stands above) or wait until it is done, and run the command again",
        )
    return LedgerError(
        f"{path} cannot be opened: {first_line}",
        expected="a ledger written by `costcheck bill`, in a directory that exists, used by no other process",
        action="name another file with --ledger; if it is damaged, read the bills again into a new one",
    )


class Ledger:
    """Bills of all sources: usage, charges, what was quarantined and what was set aside."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self.path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write everything to the file and let it go."""
        self._connection.close()

    def replace(self, batch: BillBatch) -> None:
        """Replace what the batch's buckets held before, all or nothing.

        Raises:
            LedgerError: A row names a bucket that the batch does not declare, or a value does not fit.
        """
        try:
            write.replace(self._connection, batch)
        except duckdb.Error as exc:
            message = f"{batch.x_source} {', '.join(batch.buckets)} could not be written: {exc}"
            raise LedgerError(
                message, expected="rows that fit the ledger", action="report it; the ledger is as it was before"
            ) from exc

    def forget(self, source: str, bucket: str) -> None:
        """Take one bucket out of the ledger.

        Raises:
            LedgerError: It is not there.
        """
        write.forget(self._connection, source, bucket)

    def forget_before(self, first_kept: date, source: str | None = None) -> tuple[retention.Removed, ...]:
        """Take out what ended before a month, and return what went; `rewrite` then takes it off the disk, too."""
        return retention.forget_before(self._connection, first_kept, source)

    def redact(self, salt: str | None) -> int:
        """Take identifiers out, and return how many there were; `rewrite` then takes them off the disk, too."""
        return retention.redact(self._connection, salt)

    def quarantined(self, source: str | None = None) -> tuple[QuarantinedRow, ...]:
        """Return the quarantined rows, of one source or of all."""
        return settle.quarantined(self._connection, source)

    def absorb(self, batches: Sequence[BillBatch]) -> None:
        """Add to buckets, whose quarantine becomes the batches' own, all or nothing.

        Raises:
            LedgerError: A value does not fit.
        """
        settle.absorb(self._connection, batches)

    def holds(self, record: TokenUsage | Charge, *, in_other_buckets: bool = False) -> bool:
        """Return whether the source has a row of the same key, whatever its figures."""
        return settle.holds(self._connection, record, in_other_buckets=in_other_buckets)

    def export_focus(self, path: Path) -> int:
        """Write every charge to a FOCUS 1.4 file (.csv, .parquet) and return their number.

        Raises:
            InputFileError: It cannot be written.
        """
        return focus.export(self._connection, path)

    @property
    def is_empty(self) -> bool:
        """Return whether there is neither usage nor a charge."""
        row = self._connection.execute("SELECT EXISTS(FROM usage) OR EXISTS(FROM charges)").fetchone()
        return not (row and row[0])

    def digest(self) -> str:
        """Return the SHA-256 of the content, whatever the order in which it came; days of reading apart."""
        return write.digest(self._connection)

    def usage_by_hour(self) -> tuple[UsageHour, ...]:
        """Return all usage, summed to the hour."""
        return read.usage_by_hour(self._connection)

    def charges_by_month(self) -> tuple[MonthCharge, ...]:
        """Return all charges, summed to the month; currencies are never summed together."""
        return read.charges_by_month(self._connection)

    def charges_by_class(self) -> tuple[ClassCharge, ...]:
        """Return the charges for usage, summed to the month, apart by class of tokens and tier."""
        return read.charges_by_class(self._connection)

    def coverage(self) -> tuple[read.MonthCoverage, ...]:
        """Return how much of each month each source tells."""
        return read.coverage(self._connection)

    def gaps(self) -> tuple[gaps.Gap, ...]:
        """Return the months that a provider's bills leave out."""
        return gaps.gaps(self._connection)

    def overlaps(self) -> tuple[overlaps.Overlap, ...]:
        """Return the buckets that count the same model in the same hour."""
        return overlaps.overlaps(self._connection)

    def days_by_bucket(self, source: str, buckets: Sequence[str]) -> set[tuple[str, date]]:
        """Return on which UTC days each bucket has rows of a day or less."""
        return read.days_by_bucket(self._connection, source, buckets)

    def months_by_bucket(self, source: str, buckets: Sequence[str]) -> set[tuple[str, date]]:
        """Return in which months rows of each bucket begin."""
        return read.months_by_bucket(self._connection, source, buckets)

    def kinds_by_month(self, source: str) -> set[tuple[str, date, bool]]:
        """Return in which months rows of each bucket of a source begin, of usage (True) and of charges (False)."""
        return read.kinds_by_month(self._connection, source)

    def usage_costs(self, source: str, buckets: Sequence[str]) -> dict[tuple[str, str], Decimal]:
        """Return what each bucket was billed for usage, by bucket and currency."""
        return read.usage_costs(self._connection, source, buckets)

    def owners_by_bucket(self, source: str, buckets: Sequence[str]) -> set[tuple[str, str, str]]:
        """Return of which projects and accounts (`sub_account_id`), and of which keys, each bucket has rows."""
        return read.owners_by_bucket(self._connection, source, buckets)

    def periods(self) -> dict[tuple[str, str], tuple[datetime, datetime]]:
        """Return when the first row of each bucket of a source begins, and when the last one ends."""
        return read.periods(self._connection)

    def was_read(self, source: str, buckets: Sequence[str]) -> bool:
        """Return whether any of the buckets was read before."""
        return read.was_read(self._connection, source, buckets)

    def ingests(self) -> tuple[read.Ingest, ...]:
        """Return every bucket that was read, and when."""
        return read.ingests(self._connection)

    def count_quarantined(self) -> dict[tuple[str, str], int]:
        """Return the number of quarantined rows by source and reason."""
        return read.count_quarantined(self._connection)

    def count_set_aside(self) -> dict[tuple[str, str], int]:
        """Return the number of rows that were set aside, by source and reason."""
        return read.count_set_aside(self._connection)
