"""One batch into the ledger, unless it looks like the wrong bill, or like a source that has changed."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path

from costcheck.errors import LedgerError, SourceError, SourcePayloadError
from costcheck.ledger import Ledger, open_ledger
from costcheck.ledger.retention import MARK
from costcheck.records import BillBatch, Charge, TokenUsage
from costcheck.rules import read_ledger_rules

DAY = timedelta(days=1)
MOST_LOST_DAYS = 1
"""A provider may take back the only charge of a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What one read put into the ledger, for whoever tells the user."""

    batch: BillBatch

    @property
    def set_aside(self) -> int:
        """Return the number of rows that were understood and count for nothing."""
        return sum(row.row_count for row in self.batch.set_aside)


def store(path: Path, batch: BillBatch, module: object) -> Stored:
    """Put the batch into the ledger.

    Args:
        path: The ledger's file.
        batch: What was read.
        module: The source; `ROW_IS_REQUEST` says whether it sums rows of which each is one request, `URL_IS_SCOPE`
            whether its `source_url` lists every place that was asked, with spaces between.

    Raises:
        SourcePayloadError: Too many of its rows cannot be read; the ledger is as it was.
        LedgerError: It is empty, or has nothing on days of which the ledger holds rows, or is of other projects
            altogether, or of fewer places; or it does not fit.
    """
    row_is_request = getattr(module, "ROW_IS_REQUEST", False)
    refuse_half_read(batch, row_is_request=row_is_request)
    with open_ledger(path) as ledger:
        if batch.is_empty:
            _refuse_to_forget(ledger, batch)
        _refuse_another_company(ledger, batch)
        _refuse_to_lose_days(ledger, batch)
        if getattr(module, "URL_IS_SCOPE", False):
            _refuse_fewer_places(ledger, batch)
        ledger.replace(replace(batch, rows_in=rows_read(batch, row_is_request=row_is_request)))
    return Stored(batch=batch)


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
        message = (
            f"{batch.x_source} {', '.join(batch.buckets)}: {count} rows ({share:.1%}) cannot be read; "
            f"the first: {batch.quarantined[0].reason}"
        )
        raise SourcePayloadError(
            message,
            expected=f"at most {rules.max_quarantined_share.value:.0%} of the rows in quarantine",
            action="the source has probably changed: report it with that reason; the ledger is as it was",
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


def _refuse_another_company(ledger: Ledger, batch: BillBatch) -> None:
    """Do nothing unless the ledger's rows and those that came have no project, no account and no API key in common.

    Raises:
        LedgerError: They have none: another key, or another scope, would replace the first one's bill.
    """
    held = ledger.owners_by_bucket(batch.x_source, batch.buckets)
    came = _owners(batch)
    for bucket in batch.buckets:
        before, now = _by_kind(held, bucket), _by_kind(came, bucket)
        kinds = sorted(before.keys() & now.keys())
        if not kinds or any(before[kind] & now[kind] for kind in kinds) or _is_redacted(before):
            continue
        message = (
            f"{batch.x_source} {bucket} came for {min(now[kinds[0]])}, and the ledger holds it for "
            f"{min(before[kinds[0]])}: no project, account or API key is in both"
        )
        raise LedgerError(
            message,
            expected="the same organisation or scope as before, for a month is replaced as a whole",
            action="use a ledger of its own for it (--ledger), or name all scopes in one go; if the new one is "
            f"right alone, `costcheck bill forget {batch.x_source} {bucket}` first",
        )


def _owners(batch: BillBatch) -> set[tuple[str, str, str]]:
    rows: list[TokenUsage | Charge] = [*batch.usage, *batch.charges]
    found = {(row.x_bucket, "sub_account_id", row.sub_account_id) for row in rows}
    found |= {(row.x_bucket, "x_api_key_id", row.x_api_key_id) for row in batch.usage}
    return {(bucket, kind, owner) for bucket, kind, owner in found if owner is not None}


def _by_kind(owners: set[tuple[str, str, str]], bucket: str) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = defaultdict(set)
    for of, kind, owner in owners:
        if of == bucket:
            kinds[kind].add(owner)
    return kinds


def _is_redacted(owners: dict[str, set[str]]) -> bool:
    return any(owner.startswith(MARK) for names in owners.values() for owner in names)


def _refuse_to_lose_days(ledger: Ledger, batch: BillBatch) -> None:
    """Do nothing unless the read is shorter: a log that was pruned meanwhile, or another file of the same name.

    Raises:
        LedgerError: It is.
    """
    rows: list[TokenUsage | Charge] = [*batch.usage, *batch.charges]
    came = {(row.x_bucket, row.charge_period_start.astimezone(UTC).date()) for row in rows}
    came |= {(row.x_bucket, day) for row in rows for day in _further_days(row)}
    lost: dict[str, list[date]] = defaultdict(list)
    for bucket, day in sorted(ledger.days_by_bucket(batch.x_source, batch.buckets) - came):
        lost[bucket].append(day)
    for bucket, days in lost.items():
        if len(days) > MOST_LOST_DAYS:
            message = (
                f"{batch.x_source} {bucket} came without {len(days)} days of the ledger's, {days[0]} to {days[-1]}"
            )
            raise LedgerError(
                message,
                expected="a bill that grows, or stays",
                action="if the source no longer keeps them, the ledger does: read later months with --from; another "
                f"file needs another name; if it is right, `costcheck bill forget {batch.x_source} {bucket}` first",
            )


def _refuse_fewer_places(ledger: Ledger, batch: BillBatch) -> None:
    """Do nothing unless a place that was asked for the ledger's rows was not asked now.

    Raises:
        LedgerError: One was not, so that its rows would be gone.
    """
    asked = set(batch.provenance.source_url.split())
    for row in ledger.ingests():
        left_out = sorted(set(row.source_url.split()) - asked)
        if row.x_source == batch.x_source and row.x_bucket in batch.buckets and row.row_count and left_out:
            message = (
                f"{row.x_source} {row.x_bucket} came without {', '.join(left_out)}, which the ledger's rows are of"
            )
            raise LedgerError(
                message,
                expected="every place as before, for a month is replaced as a whole",
                action="name all of them in one go; another account needs a ledger of its own (--ledger); if the new "
                f"ones are right alone, `costcheck bill forget {row.x_source} {row.x_bucket}` first",
            )


def _further_days(row: TokenUsage | Charge) -> Iterator[date]:
    day = row.charge_period_start.astimezone(UTC) + DAY
    while day < row.charge_period_end:
        yield day.date()
        day += DAY


def empty_bill(source: str, buckets: tuple[str, ...]) -> SourceError:
    """Return the error of a bill without a row."""
    span = f"{buckets[0]} to {buckets[-1]}" if len(buckets) > 1 else "".join(buckets)
    return SourceError(
        f"{source}, {span}: an empty bill",
        expected="at least one row of usage or cost",
        action="check the months, and that the key belongs to the organisation that pays",
    )
