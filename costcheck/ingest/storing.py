"""One batch into the ledger, unless it looks like the wrong bill, or like a source that has changed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path

from costcheck.errors import SourceError, SourcePayloadError
from costcheck.ingest.in_part import Part, whole
from costcheck.ingest.losing import refuse_to_lose
from costcheck.ingest.one_way import refuse_the_other_way
from costcheck.ingest.organisation import refuse_another_account
from costcheck.ledger import Ledger, open_ledger
from costcheck.records import BillBatch, Origin
from costcheck.rules import read_ledger_rules

REASONS_OF_A_FILE = 3
REPORT_THE_SOURCE = "the source has probably changed: report it with that reason; the ledger is as it was"
MEND_THE_FILE = (
    "mend these rows of the file, and import it again; if it is an export just as it came, its format has probably "
    "changed: report it with these reasons; the ledger is as it was"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A bucket that was read before, and what it said then and says now.

    Attributes:
        before: What was billed for usage, by currency; empty where nothing was.
        now: The same.
        has_same_rows: Whether every row is as it was.
    """

    x_bucket: str
    before: dict[str, Decimal]
    now: dict[str, Decimal]
    has_same_rows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What one read put into the ledger, for whoever tells the user.

    Attributes:
        replaced: The buckets that the ledger held already.
    """

    batch: BillBatch
    replaced: tuple[Replaced, ...] = ()

    @property
    def set_aside(self) -> int:
        """Return the number of rows that were understood and count for nothing."""
        return sum(row.row_count for row in self.batch.set_aside)


@contextmanager
def opened_late(path: Path) -> Iterator[Callable[[], Ledger]]:
    """Yield what opens a ledger once, when it is first asked for: what cannot be read leaves no ledger behind."""
    with ExitStack() as stack:
        yield cache(lambda: stack.enter_context(open_ledger(path)))


def store(path: Path, batch: BillBatch, module: object, part: Part = whole) -> Stored:
    """Put the batch into the ledger at a path; see `store_in`."""
    with opened_late(path) as opened:
        return store_in(opened, batch, module, part)


def store_in(opened: Callable[[], Ledger], batch: BillBatch, module: object, part: Part = whole) -> Stored:
    """Put the batch into the ledger.

    Args:
        opened: Opens the ledger, or returns the one that is open.
        batch: What was read.
        module: The source; `ROW_IS_REQUEST` says whether it sums rows of which each is one request, `URL_IS_SCOPE`
            whether its `source_url` lists every place that was asked, with spaces between, `ONE_ORGANISATION` whether
            it is all of an organisation's bill.
        part: Takes of the batch what was asked for: what it leaves out is no loss.

    Raises:
        SourcePayloadError: Too many of its rows cannot be read; the ledger is as it was.
        LedgerError: The ledger would lose by it, see `refuse_to_lose`; it does not fit; or it came another way, see
            `refuse_the_other_way`.
    """
    row_is_request = getattr(module, "ROW_IS_REQUEST", False)
    refuse_half_read(batch, row_is_request=row_is_request)
    kept = part(batch)
    ledger, counted = opened(), replace(kept, rows_in=rows_read(batch, row_is_request=row_is_request))
    url_is_scope = getattr(module, "URL_IS_SCOPE", False)
    if getattr(module, "ONE_ORGANISATION", False):
        refuse_the_other_way(ledger, kept)
    if url_is_scope:
        refuse_another_account(ledger, batch)
    if not ledger.was_read(batch.x_source, batch.buckets):  # nothing to lose, and to compare with
        ledger.replace(counted)
        return Stored(batch=kept)
    refuse_to_lose(ledger, _comparable(ledger, batch, kept), url_is_scope=url_is_scope)
    before = _costs_and_digests(ledger, batch)
    ledger.replace(counted)
    now = _costs_and_digests(ledger, batch)
    replaced = tuple(
        Replaced(x_bucket=bucket, before=costs, now=now[bucket][0], has_same_rows=now[bucket][1] == digest)
        for bucket, (costs, digest) in before.items()
    )
    return Stored(batch=kept, replaced=replaced)


def _comparable(ledger: Ledger, batch: BillBatch, kept: BillBatch) -> BillBatch:
    """Return what to hold against the ledger: what is left out counts only where the ledger has it."""
    kinds = {is_usage for bucket, _, is_usage in ledger.kinds_by_month(batch.x_source) if bucket in batch.buckets}
    left_out = {True: len(kept.usage) < len(batch.usage), False: len(kept.charges) < len(batch.charges)}
    enough = all if kept.is_empty else any
    return batch if enough(left_out[is_usage] for is_usage in kinds) else kept


def _costs_and_digests(ledger: Ledger, batch: BillBatch) -> dict[str, tuple[dict[str, Decimal], str]]:
    """Return what each bucket was billed for usage, by currency, and the digest of its rows, as the ledger is now."""
    costs = ledger.usage_costs(batch.x_source, batch.buckets)
    return {
        row.x_bucket: (
            {currency: cost for (bucket, currency), cost in costs.items() if bucket == row.x_bucket},
            row.digest,
        )
        for row in ledger.ingests()
        if row.x_source == batch.x_source and row.x_bucket in batch.buckets
    }


def refuse_half_read(batch: BillBatch, *, row_is_request: bool = False) -> None:
    """Do nothing if few enough rows are quarantined.

    Raises:
        SourcePayloadError: More than a share of the rows, and more than a handful, cannot be read.
    """
    rules = read_ledger_rules()
    count = len(batch.quarantined)
    if count < rules.min_quarantined_rows.value:
        return
    share = Decimal(count) / rows_read(batch, row_is_request=row_is_request)
    if share > rules.max_quarantined_share.value:
        is_file = batch.provenance.origin is Origin.ENTERED
        reasons = list(dict.fromkeys(row.reason for row in batch.quarantined))[: REASONS_OF_A_FILE if is_file else 1]
        message = (
            f"{batch.x_source} {', '.join(batch.buckets)}: {count} rows ({share:.2%}) cannot be read; "
            f"the first: {'; '.join(reasons)}"
        )
        raise SourcePayloadError(
            message,
            expected=f"at most {rules.max_quarantined_share.value:.0%} of the rows in quarantine",
            action=MEND_THE_FILE if is_file else REPORT_THE_SOURCE,
        )


def rows_read(batch: BillBatch, *, row_is_request: bool = False) -> int:
    """Return how many rows came in, at least one: kept, set aside and quarantined.

    Args:
        batch: What was read.
        row_is_request: Its usage is a sum of rows, each of which is one request, and its charges come from them too.
    """
    if batch.rows_in is not None:
        return max(batch.rows_in, 1)
    # Where usage was not asked for, the charges alone are what was kept.
    requests = max(sum(row.requests or 1 for row in batch.usage), len(batch.charges))
    kept = requests if row_is_request else len(batch.usage) + len(batch.charges)
    return max(kept + sum(row.row_count for row in batch.set_aside) + len(batch.quarantined), 1)


def empty_bill(source: str, buckets: tuple[str, ...]) -> SourceError:
    """Return the error of a bill without a row."""
    span = f"{buckets[0]} to {buckets[-1]}" if len(buckets) > 1 else "".join(buckets)
    return SourceError(
        f"{source}, {span}: an empty bill",
        expected="at least one row of usage or cost",
        action="check the months, and that the key belongs to the organisation that pays",
    )
