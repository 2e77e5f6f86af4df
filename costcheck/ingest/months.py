"""A bill from an API, month by month, each in one piece, so that a broken-off read is only continued."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from costcheck.ingest.storing import Stored, empty_bill, store
from costcheck.ledger import open_ledger
from costcheck.records import BillBatch
from costcheck.sources.bills.contract import PullModule, PullRequest
from costcheck.sources.bills.registry import PullSource
from costcheck.sources.bills.windows import Window


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
        SourcePayloadError: Too many rows of a month cannot be read.
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
        yield store(path, batch, module)
        stored = True
    if empty and not stored and not _is_known(path, source.x_source):
        raise empty_bill(source.name, request.buckets)
    for batch in empty:
        yield store(path, batch, module)


def _is_known(path: Path, source: str) -> bool:
    if not path.exists():
        return False
    with open_ledger(path, read_only=True) as ledger:
        return any(row.x_source == source and row.row_count for row in ledger.ingests())
