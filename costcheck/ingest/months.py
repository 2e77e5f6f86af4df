"""A bill from an API, month by month, each in one piece, so that a broken-off read is only continued."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from costcheck.errors import LossError, UsageError
from costcheck.ingest.in_part import Part, is_what_was_kept, refuse_nothing_left, usage_alone, whole
from costcheck.ingest.organisation import Owner, is_the_ledgers, owners_by_month
from costcheck.ingest.storing import Stored, empty_bill, store
from costcheck.ledger import open_ledger
from costcheck.ledger.read import Ingest
from costcheck.records import BillBatch
from costcheck.sources.bills.contract import PullModule, PullRequest
from costcheck.sources.bills.registry import PullSource
from costcheck.sources.bills.windows import Window, bucket_window


def unsettled(
    path: Path, source: PullSource, windows: tuple[Window, ...], source_url: str | None = None
) -> tuple[Window, ...]:
    """Return the windows that are not in the ledger yet, or were read while the provider could still change them.

    Args:
        path: The ledger's file.
        source: Whose bill.
        windows: What was asked for.
        source_url: Where they would be read now; a month that was read elsewhere is not read yet. None where that
            does not matter.
    """
    final = settled_reads(path, source, windows, source_url)
    return tuple(window for window in windows if window.bucket not in final)


def settled_reads(
    path: Path,
    source: PullSource,
    windows: tuple[Window, ...],
    source_url: str | None = None,
    part: Part = whole,
) -> dict[str, Ingest]:
    """Return the reads of the windows that are final, by bucket, see `unsettled`; of another part none is."""
    if not path.exists():
        return {}
    with open_ledger(path, read_only=True) as ledger:
        read = {row.x_bucket: row for row in ledger.ingests() if row.x_source == source.x_source}
        kinds = {(bucket, is_usage) for bucket, _, is_usage in ledger.kinds_by_month(source.x_source)}
        reasons = {reason for of, reason in ledger.count_set_aside() if of == source.x_source}
    return {
        window.bucket: row
        for window in windows
        if (row := read.get(window.bucket))
        and _settled(window, row.retrieved_on, source)
        and source_url in {None, row.source_url}
        and (not row.row_count or is_what_was_kept(part, {kind for of, kind in kinds if of == row.x_bucket}, reasons))
    }


def _settled(window: Window, retrieved_on: date, source: PullSource) -> bool:
    # `end` of a month that is still running is now, so that it can never be settled today.
    settled_on = window.end.date() + timedelta(days=source.settles_after_days)
    return window.is_whole and retrieved_on >= settled_on


def pull_months(
    path: Path, source: PullSource, request: PullRequest, *, module: PullModule | None = None, part: Part = whole
) -> Iterator[Stored]:
    """Read the windows, or a part of what they hold, into the ledger, and yield each month when it is in.

    A month without a row of it is kept back until another has shown that the key sees a bill at all. Where a module
    says so (`EMPTY_IS_UNTOLD`), a month without a line of any service is not put into the ledger: the export begins
    later. Where it says `ONE_ORGANISATION`, a key sees the bill of one organisation, which must be the ledger's; of
    that one a month that would lose something stays as it was, and the others are read all the same.

    Raises:
        SourceError: The bill of all the months is empty.
        UsageError: All of it is what was not asked for.
        SourcePayloadError: Too many rows of a month cannot be read.
        LedgerError: A month came empty of which the ledger holds rows, or without much of them, or is of another
            organisation.
    """
    module = module or source.load()
    same = _Sameness(owners_by_month(path, source.x_source), module, request)
    lost: list[LossError] = []
    for batch in _quiet_last(path, source, request, module, part):
        same.look(batch)
        if _is_untold(path, batch, module):
            continue
        try:
            done = store(path, batch, module, part)
        except LossError as exc:
            if not same.is_proven:
                raise
            lost.append(exc)
        else:
            yield done
    if lost:
        raise _all_of(lost)


def _quiet_last(
    path: Path, source: PullSource, request: PullRequest, module: PullModule, part: Part
) -> Iterator[BillBatch]:
    """Yield each month when it is read, those without a row of the part at the end."""
    quiet: list[BillBatch] = []
    for window in request.windows:
        batch = module.pull(replace(request, windows=(window,)))
        if part(batch).is_empty:
            quiet.append(batch)
        else:
            yield batch
    if len(quiet) == len(request.windows):
        other = next((batch for batch in quiet if not batch.is_empty), None)
        if other and not _is_held(path, source.x_source, part):
            refuse_nothing_left(other, part)
        if not _is_known(path, source.x_source):
            raise empty_bill(source.name, request.buckets)
    yield from quiet


@dataclass(slots=True)
class _Sameness:
    """Whether the key was seen to be of the ledger's organisation; looked at where the module says so."""

    held: dict[str, set[Owner]]
    module: PullModule
    request: PullRequest
    is_proven: bool = False

    def look(self, batch: BillBatch) -> None:
        """Raise if the month is of another organisation, see `is_the_ledgers`."""
        if getattr(self.module, "ONE_ORGANISATION", False) and not self.is_proven:
            self.is_proven = is_the_ledgers(self.held, batch, self._read)

    def _read(self, bucket: str) -> BillBatch | None:
        """Return a month of the ledger as the key sees it; None where the API no longer reaches it."""
        window = bucket_window(bucket)
        end = min(window.end, self.request.now.replace(minute=0, second=0, microsecond=0))
        request = replace(self.request, windows=(replace(window, end=end),))
        try:
            self.module.plan(request)
        except UsageError:
            return None
        return self.module.pull(request)


def _all_of(lost: Sequence[LossError]) -> LossError:
    """Return one error that says everything that several say; what they expect is the same, or nearly so."""
    actions = dict.fromkeys(exc.action for exc in lost)
    return LossError("; ".join(exc.seen for exc in lost), expected=lost[0].expected, action="; ".join(actions))


def _is_untold(path: Path, batch: BillBatch, module: PullModule) -> bool:
    """Return whether a source tells nothing of a month of which the ledger holds nothing, either."""
    if not batch.is_empty or not getattr(module, "EMPTY_IS_UNTOLD", False) or batch.rows_in:
        return False
    if not path.exists():
        return True
    with open_ledger(path, read_only=True) as ledger:
        return not any(row.x_source == batch.x_source and row.x_bucket in batch.buckets for row in ledger.ingests())


def _is_known(path: Path, source: str) -> bool:
    if not path.exists():
        return False
    with open_ledger(path, read_only=True) as ledger:
        return any(row.x_source == source and row.row_count for row in ledger.ingests())


def _is_held(path: Path, source: str, part: Part) -> bool:
    """Return whether the ledger shows that a source has the part, in another month."""
    if not path.exists():
        return False
    with open_ledger(path, read_only=True) as ledger:
        return (part is usage_alone) in {is_usage for _, _, is_usage in ledger.kinds_by_month(source)}
