"""From a source into the ledger: month by month, each in one piece, so that a broken-off read is only continued."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from costcheck.errors import InputFileError, LedgerError, SourceError
from costcheck.ledger import Ledger, open_ledger
from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills.contract import PullModule, PullRequest
from costcheck.sources.bills.registry import FILES, FileSource, PullSource, find
from costcheck.sources.bills.windows import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What one read put into the ledger, for whoever tells the user."""

    batch: BillBatch

    @property
    def set_aside(self) -> int:
        """Return the number of rows that were understood and count for nothing."""
        return sum(row.row_count for row in self.batch.set_aside)


def unsettled(path: Path, source: PullSource, windows: tuple[Window, ...]) -> tuple[Window, ...]:
    """Return the windows that are not in the ledger yet, or were read while the provider could still change them."""
    if not path.exists():
        return windows
    with open_ledger(path, read_only=True) as ledger:
        read = {row.x_bucket: row.retrieved_on for row in ledger.ingests() if row.x_source == source.x_source}
    return tuple(window for window in windows if not _settled(window, read.get(window.bucket), source))


def _settled(window: Window, retrieved_on: date | None, source: PullSource) -> bool:
    # `end` of a month that is still running is now, so that it can never be settled today.
    settled_on = window.end.date() + timedelta(days=source.settles_after_days)
    return retrieved_on is not None and window.is_whole and retrieved_on >= settled_on


def pull_months(
    path: Path, source: PullSource, request: PullRequest, *, module: PullModule | None = None
) -> Iterator[Stored]:
    """Read the windows into the ledger, one month after the other, and yield each when it is in.

    A month without a row is kept back until another has shown that the key sees a bill at all.

    Raises:
        SourceError: The bill of all the months is empty.
        LedgerError: A month came empty of which the ledger holds rows.
    """
    module = module or source.load()
    empty: list[BillBatch] = []
    stored = False
    for window in request.windows:
        batch = module.pull(replace(request, windows=(window,)))
        if batch.is_empty:
            empty.append(batch)
            continue
        yield _store(path, batch)
        stored = True
    if empty and not stored and not _is_known(path, source.x_source):
        raise _empty_bill(source.name, request.buckets)
    for batch in empty:
        yield _store(path, batch)


def import_file(path: Path, file: Path, source: FileSource, provenance: Provenance) -> Stored:
    """Read one file into the ledger.

    Raises:
        CostcheckError: It cannot be read, nothing in it counts, or it does not fit the ledger.
    """
    batch = source.load().read(file, provenance)
    if batch.is_empty:
        raise _empty_bill(batch.x_source, (file.name,))
    return _store(path, batch)


def recognise(file: Path) -> FileSource:
    """Return the format of a file, told by what is in it.

    Raises:
        InputFileError: It is none that is known.
    """
    for source in FILES:
        if source.load().recognises(file):
            return source
    message = f"{file.name} is no bill that is known here"
    raise InputFileError(
        message,
        expected="; ".join(f"{source.name}: {source.holds}" for source in FILES),
        action="name what it is with --format, and see which column is missing",
    )


def file_source(file: Path, name: str) -> FileSource:
    """Return the format of that name, or of the file where the name is `auto`.

    Raises:
        InputFileError: It is none that is known.
    """
    return recognise(file) if name == "auto" else find(FILES, name)


def _store(path: Path, batch: BillBatch) -> Stored:
    with open_ledger(path) as ledger:
        if batch.is_empty:
            _refuse_to_forget(ledger, batch)
        ledger.replace(batch)
    return Stored(batch=batch)


def _refuse_to_forget(ledger: Ledger, batch: BillBatch) -> None:
    for row in ledger.ingests():
        if row.x_source == batch.x_source and row.x_bucket in batch.buckets and row.row_count:
            message = f"{row.x_source} {row.x_bucket} came empty, and the ledger holds {row.row_count} rows of it"
            raise LedgerError(
                message,
                expected="a bill that grows, or stays",
                action="check that the key belongs to the same organisation; if it is right, run "
                f"`costcheck bill forget {row.x_source} {row.x_bucket}` first",
            )


def _is_known(path: Path, source: str) -> bool:
    if not path.exists():
        return False
    with open_ledger(path, read_only=True) as ledger:
        return any(row.x_source == source and row.row_count for row in ledger.ingests())


def _empty_bill(source: str, buckets: tuple[str, ...]) -> SourceError:
    span = f"{buckets[0]} to {buckets[-1]}" if len(buckets) > 1 else "".join(buckets)
    return SourceError(
        f"{source}, {span}: an empty bill",
        expected="at least one row of usage or cost",
        action="check the months, and that the key belongs to the organisation that pays",
    )
