"""What a read must not take out of the ledger: a month is replaced as a whole, and a bill grows, or stays."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from decimal import Decimal
from shlex import quote

from costcheck.errors import LedgerError, LossError
from costcheck.ledger import Ledger
from costcheck.ledger.retention import MARK, PULLED
from costcheck.records import BillBatch, Charge, ChargeCategory, TokenUsage
from costcheck.rules import read_ledger_rules

DAY = timedelta(days=1)
MOST_LOST_DAYS = 1
"""A provider may take back the only charge of a day."""
ACCOUNT = "sub_account_id"


def refuse_to_lose(ledger: Ledger, batch: BillBatch, *, url_is_scope: bool) -> None:
    """Do nothing if the batch may replace what its buckets hold.

    Args:
        ledger: Before the read.
        batch: What was read.
        url_is_scope: Its `source_url` lists every place that was asked, with spaces between.

    Raises:
        LedgerError: It is empty where the ledger holds rows, or lacks days, months, projects, places or much of the
            money that the ledger holds, or has no owner in common with it.
    """
    if batch.is_empty:
        _refuse_to_forget(ledger, batch)
    _refuse_another_company(ledger, batch)
    _refuse_to_lose_days(ledger, batch)
    _refuse_to_lose_months(ledger, batch)
    _refuse_to_lose_money(ledger, batch)
    if url_is_scope:
        _refuse_fewer_places(ledger, batch)


def _refuse_to_forget(ledger: Ledger, batch: BillBatch) -> None:
    for row in ledger.ingests():
        if row.x_source == batch.x_source and row.x_bucket in batch.buckets and row.row_count:
            message = f"{row.x_source} {row.x_bucket} came empty, and the ledger holds {row.row_count} rows of it"
            raise LossError(
                message,
                expected="a bill that grows, or stays",
                action="check that the key belongs to the same organisation; if it is right, run "
                f"{_forget(batch, row.x_bucket)} first",
            )


def _refuse_another_company(ledger: Ledger, batch: BillBatch) -> None:
    """Do nothing unless a project or account of the ledger's is missing now, or nothing at all is in both.

    Raises:
        LedgerError: So that another key, or another scope, would replace the bill of the first.
    """
    held = ledger.owners_by_bucket(batch.x_source, batch.buckets)
    came = owners_of(batch)
    for bucket in batch.buckets:
        before, now = _by_kind(held, bucket), _by_kind(came, bucket)
        if _is_redacted(before):
            continue
        kinds = sorted(before.keys() & now.keys())
        if kinds and not any(before[kind] & now[kind] for kind in kinds):
            found = (
                f"came for {min(now[kinds[0]])}, and the ledger holds it for {min(before[kinds[0]])}: no project, "
                "account or API key is in both"
            )
            raise _other_scope(batch, bucket, found)
        lost = sorted(before[ACCOUNT] - now[ACCOUNT]) if now[ACCOUNT] else []
        if lost:
            raise _other_scope(batch, bucket, f"came without {', '.join(lost)}, of which the ledger holds rows")


def _other_scope(batch: BillBatch, bucket: str, found: str) -> LedgerError:
    return LedgerError(
        f"{batch.x_source} {bucket} {found}",
        expected="the same organisation or scope as before, for a month is replaced as a whole",
        action="use a ledger of its own for it (--ledger), or name all scopes in one go; if the new one is "
        f"right alone, {_forget(batch, bucket)} first",
    )


def owners_of(batch: BillBatch) -> set[tuple[str, str, str]]:
    """Return of which projects and accounts, and of which API keys, each bucket of a batch has rows."""
    found = {(row.x_bucket, ACCOUNT, row.sub_account_id) for row in _rows(batch)}
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
        LossError: It is.
    """
    came = {(row.x_bucket, day) for row in _rows(batch) for day in _days(row)}
    lost: dict[str, list[date]] = defaultdict(list)
    for bucket, day in sorted(ledger.days_by_bucket(batch.x_source, batch.buckets) - came):
        lost[bucket].append(day)
    for bucket, days in lost.items():
        if len(days) > MOST_LOST_DAYS:
            message = (
                f"{batch.x_source} {bucket} came without {len(days)} days of the ledger's, {days[0]} to {days[-1]}"
            )
            raise LossError(
                message,
                expected="a bill that grows, or stays",
                action="if the source no longer keeps them, the ledger does: read later months with --from; another "
                f"file needs another name; if it is right, {_forget(batch, bucket)} first",
            )


def _refuse_to_lose_months(ledger: Ledger, batch: BillBatch) -> None:
    """Do nothing unless a file of the same name tells fewer months.

    Raises:
        LossError: It does: it was cut, or is another one.
    """
    came = {(row.x_bucket, next(_days(row)).replace(day=1)) for row in _rows(batch)}
    lost = sorted(ledger.months_by_bucket(batch.x_source, batch.buckets) - came)
    if lost:
        bucket = lost[0][0]
        names = ", ".join(f"{month:%Y-%m}" for of, month in lost if of == bucket)
        message = f"{batch.x_source} {bucket} came without {names}, of which the ledger holds rows"
        raise LossError(
            message,
            expected="every month as before, for a file replaces the one of its name as a whole",
            action="import it under another name if it is another file; if it is right, "
            f"{_forget(batch, bucket)} first",
        )


def _refuse_to_lose_money(ledger: Ledger, batch: BillBatch) -> None:
    """Do nothing unless a month that was pulled before costs much less now, or a file of which not all was read.

    Raises:
        LossError: It does.
    """
    most = read_ledger_rules().max_lost_cost_share.value
    came: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in batch.charges:
        if row.charge_category is ChargeCategory.USAGE:
            came[row.x_bucket, row.billing_currency] += row.billed_cost
    for (bucket, currency), before in ledger.usage_costs(batch.x_source, batch.buckets).items():
        now = came[bucket, currency]
        is_whole = not any(row.x_bucket == bucket for row in batch.quarantined)
        if now < before * (1 - most) and (PULLED.fullmatch(bucket) or not is_whole):
            message = (
                f"{batch.x_source} {bucket} came with {now:,.2f} {currency} of usage, and the ledger holds "
                f"{before:,.2f}"
            )
            raise LossError(
                message,
                expected=f"a bill that grows, or shrinks by at most {most:.0%}",
                action="check that the key, the scope and the files are all there; if it is right, "
                f"{_forget(batch, bucket)} first",
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
                f"ones are right alone, {_forget(batch, row.x_bucket)} first",
            )


def _rows(batch: BillBatch) -> Iterator[TokenUsage | Charge]:
    yield from batch.usage
    yield from batch.charges


def _days(row: TokenUsage | Charge) -> Iterator[date]:
    """Yield the UTC days of a row's period, the first one be it empty."""
    day = row.charge_period_start.astimezone(UTC)
    yield day.date()
    while (day := day + DAY) < row.charge_period_end:
        yield day.date()


def _forget(batch: BillBatch, bucket: str) -> str:
    """Return the command that makes room, as a shell takes it: a bucket may be the name of a file, with blanks."""
    return f"`costcheck bill forget {batch.x_source} {quote(bucket)}`"
