"""The same rows in two buckets of one source: the second read is refused, with a way out that loses nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

import duckdb

from costcheck.errors import LedgerError
from costcheck.ledger.reexport import correction
from costcheck.ledger.twice_logs import COUNTS, DOUBLES, HELD, IS_PULLED, MONTH, TOKENS
from costcheck.records import BillBatch

INVOICE = "invoice"
SUMMED = frozenset({"focus", "cur", "google"})
"""Sources of which a read sums the lines of each kind to one charge: of one kind in two reads, one is too many."""
# Two files of one source, of which the second holds some of the first (an export from January on, made again).
PAIRS = f"""
SELECT old.rowid AS old_row, new.rowid AS new_row, old.x_bucket AS x_bucket,
    strftime(old.charge_period_start, '%Y-%m') AS month, {{differs}} AS differs
FROM {{table}} AS old JOIN {{table}} AS new ON {{same}}
WHERE old.x_source = $source AND new.x_source = $source AND NOT list_contains($buckets, old.x_bucket)
    AND list_contains($buckets, new.x_bucket) AND {{also}}
    AND NOT (old.x_bucket SIMILAR TO '{MONTH}' AND new.x_bucket SIMILAR TO '{MONTH}')
"""  # noqa: S608 - constant text
USAGE_KEY = ("service_provider_name", "request_model", "charge_period_start")
USAGE_OWNER = ("operation", "service_tier", "sub_account_id", "x_api_key_id", "tags")
# A download of a console names a project and a model in other words than the API: there, the amount is enough.
CHARGE_OWNER = (
    "charge_category",
    "sub_account_id",
    "x_gen_ai_request_model",
    "x_token_type",
    "x_operation",
    "x_service_tier",
)
CHARGE_KEY = ("service_provider_name", "service_name", "charge_period_start", "charge_period_end")
AMOUNTS = ("billed_cost", "effective_cost", "consumed_quantity")
# A log of requests comes in many files, and a minute may stand in two of them: there, only equal sums are a double.
ONE_IS_PULLED = f"{IS_PULLED.format('old.x_bucket')} OR {IS_PULLED.format('new.x_bucket')}"
SAME_COUNTS = " AND ".join(f"old.{name} = new.{name}" for name in COUNTS)
IS_DOUBLE = f"({ONE_IS_PULLED} OR old.requests IS NULL OR new.requests IS NULL OR ({SAME_COUNTS}))"


def _same(names: Iterable[str]) -> str:
    return " AND ".join(f"old.{name} IS NOT DISTINCT FROM new.{name}" for name in names)


def _equal(names: Iterable[str]) -> str:
    return " AND ".join(f"old.{name} = new.{name}" for name in names)


SAME_USAGE = f"{_equal(USAGE_KEY)} AND {_same(USAGE_OWNER)}"
# Input may stand in one file and output in another: no token is in both.
SHARE_TOKENS = " OR ".join(f"(old.{name} > 0 AND new.{name} > 0)" for name in TOKENS)
USAGE = f"""
{PAIRS.format(table="usage", same=SAME_USAGE, also=IS_DOUBLE, differs="false")} UNION ALL FROM ({DOUBLES})
"""
CHARGES = PAIRS.format(
    table="charges",
    same=_equal((*CHARGE_KEY, "billed_cost")),
    also=f"({ONE_IS_PULLED} OR {_same(CHARGE_OWNER)})",
    differs="false",
)
SUMMED_USAGE = PAIRS.format(
    table="usage", same=SAME_USAGE, also=f"({SHARE_TOKENS})", differs=f"NOT ({_same(COUNTS)})"
)
SUMMED_CHARGES = PAIRS.format(
    table="charges",
    same=f"{_equal(CHARGE_KEY)} AND {_same(CHARGE_OWNER)}",
    also="true",
    differs=f"NOT ({_same(AMOUNTS)})",
)
TABLES = ("usage", "charges")
DIGEST = "sha256:"
Months = Counter[tuple[str, str]]
"""Rows by bucket and month."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """What a batch has in common with the older buckets of its source.

    Attributes:
        came: Rows of the batch that an older bucket holds too, by the older bucket and month.
        lost: Rows of those older buckets that the batch does not hold, by bucket and month.
        is_all: No row of the batch is new.
        differs: Some of them have other figures there.
        is_corrected: The batch is a list of invoices with as many lines of each provider and month as those had.
    """

    came: Months
    lost: Months
    is_all: bool
    differs: bool
    is_corrected: bool = False

    @property
    def buckets(self) -> list[str]:
        """Return the older buckets."""
        return sorted({bucket for bucket, _ in self.came})


def refuse_twice(connection: duckdb.DuckDBPyConnection, batch: BillBatch) -> None:
    """Do nothing unless another bucket of the source holds some of the batch's rows; they are in the tables already.

    Raises:
        LedgerError: One does.
    """
    shared = _shared(connection, batch)
    if not shared.came:
        return
    names = _names(connection, batch)
    if shared.differs:
        raise correction(connection, batch, shared.buckets, _called([*shared.buckets, *batch.buckets], names))
    old = shared.buckets
    rows = sum(count for (bucket, _), count in shared.came.items() if bucket == old[0])
    message = (
        f"{batch.x_source} {_named(batch.buckets[0], names)} holds {rows} rows that {old[0]} holds too: "
        f"{_by_month(shared.came)} in {' and '.join(_named(bucket, names) for bucket in old)}"
    )
    raise LedgerError(message, expected="every row of a source once", action=_way_out(batch, shared, names))


def _way_out(batch: BillBatch, shared: _Shared, names: Mapping[str, str]) -> str:
    """Return what to do, which never takes out of the ledger what does not come back."""
    new, old = _named(batch.buckets[0], names), " and ".join(_named(bucket, names) for bucket in shared.buckets)
    forget = " and ".join(f"`costcheck bill forget {batch.x_source} {quote(bucket)}`" for bucket in shared.buckets)
    is_summed = batch.x_source in SUMMED
    join = "if they are other rows that only look the same, join the files into one, and import that in their place"
    if is_summed:
        join = "if they are parts of one export, import all of its files in one command, in their place"
    if shared.is_all:
        return f"leave {new} out: {old} has every row of it; {join}"
    if not shared.lost:
        return f"{new} has all that {old} has, and more or corrected: run {forget}, then read it again; {join}"
    if shared.is_corrected:
        return f"if {new} corrects {old}, run {forget}, then import it again: it has every month of them; {join}"
    months = sorted({month for _, month in shared.came | shared.lost})
    one = "have the files" if is_summed else "make one file"
    read = "import them in one command" if is_summed else "import that file"
    return (
        f"bring {new} without the shared rows; forgetting {old} would lose what {new} does not hold "
        f"({_by_month(shared.lost)}): to do so, first {one} of {months[0]} to {months[-1]} with every row "
        f"once, then run {forget} and {read}"
    )


def _shared(connection: duckdb.DuckDBPyConnection, batch: BillBatch) -> _Shared:
    buckets = list(batch.buckets)
    given = {"source": batch.x_source, "buckets": buckets}
    came, held, differs = Months(), Months(), False
    for pairs in _doubles(batch.x_source):
        counts = "count(DISTINCT new_row), count(DISTINCT old_row), bool_or(differs)"
        query = f"SELECT x_bucket, month, {counts} FROM ({pairs}) GROUP BY ALL"  # noqa: S608 - constant text
        for bucket, month, new_rows, old_rows, is_other in connection.execute(query, given).fetchall():
            came[bucket, month] += new_rows
            held[bucket, month] += old_rows
            differs |= is_other
    if not came:
        return _Shared(came=came, lost=Months(), is_all=False, differs=False)
    usage, charges = (_distinct(connection, pairs, given) for pairs in _doubles(batch.x_source))
    # A gateway's estimates of the same requests may be split otherwise, and are nothing of their own.
    estimates = bool(batch.usage) and all(row.x_estimated for row in batch.charges)
    is_all = usage == len(batch.usage) and (estimates or charges == len(batch.charges))
    there = _rows(connection, batch.x_source, sorted({bucket for bucket, _ in came}))
    for bucket, month, count in connection.execute(HELD, given).fetchall():
        held[bucket, month] = max(held[bucket, month], count)
    old = sorted({bucket for bucket, _ in came})
    is_corrected = batch.x_source == INVOICE and not _lines(connection, old) - _lines(connection, buckets)
    return _Shared(came=came, lost=there - held, is_all=is_all, differs=differs, is_corrected=is_corrected)


def _distinct(connection: duckdb.DuckDBPyConnection, pairs: str, given: Mapping[str, object]) -> int:
    query = f"SELECT count(DISTINCT new_row) FROM ({pairs})"  # noqa: S608 - constant text
    (count,) = connection.execute(query, dict(given)).fetchone() or (0,)
    return int(count)


def _lines(connection: duckdb.DuckDBPyConnection, buckets: Sequence[str]) -> Counter[tuple[str, str]]:
    """Return the lines of invoices by provider and month."""
    query = """SELECT service_provider_name, strftime(charge_period_start, '%Y-%m'), count(*) FROM charges
        WHERE x_source = ? AND list_contains(?, x_bucket) GROUP BY ALL"""
    rows = connection.execute(query, [INVOICE, list(buckets)]).fetchall()
    return Counter({(provider, month): count for provider, month, count in rows})


def _doubles(source: str) -> tuple[str, str]:
    """Return what finds the pairs of usage and those of charges, of which each is one row too many."""
    return (SUMMED_USAGE, SUMMED_CHARGES) if source in SUMMED else (USAGE, CHARGES)


def _rows(connection: duckdb.DuckDBPyConnection, source: str, buckets: Sequence[str]) -> Months:
    rows, month = Months(), "strftime(charge_period_start, '%Y-%m')"
    for table in TABLES:
        where = "x_source = ? AND list_contains(?, x_bucket)"
        query = f"SELECT x_bucket, {month}, count(*) FROM {table} WHERE {where} GROUP BY ALL"  # noqa: S608 - our own names
        for bucket, of, count in connection.execute(query, [source, list(buckets)]).fetchall():
            rows[bucket, of] += count
    return rows


def _by_month(rows: Months) -> str:
    months: Counter[str] = Counter()
    for (_, month), count in rows.items():
        months[month] += count
    return ", ".join(f"{count} of {month}" for month, count in sorted(months.items()))


def _names(connection: duckdb.DuckDBPyConnection, batch: BillBatch) -> dict[str, str]:
    query = "SELECT x_bucket, source_url FROM ingests WHERE x_source = ?"
    read = dict(connection.execute(query, [batch.x_source]).fetchall())
    return read | dict.fromkeys(batch.buckets, batch.provenance.source_url)


def _called(buckets: Sequence[str], names: Mapping[str, str]) -> dict[str, str]:
    """Return the buckets by the names of their files, where these tell them apart."""
    files = {bucket: names[bucket] for bucket in buckets if bucket.startswith(DIGEST) and names.get(bucket)}
    is_told = len(set(files.values())) == len(files)
    return {bucket: files[bucket] if is_told and bucket in files else _named(bucket, names) for bucket in buckets}


def _named(bucket: str, names: Mapping[str, str]) -> str:
    return named(bucket, names.get(bucket, ""))


def named(bucket: str, source_url: str) -> str:
    """Return a bucket as a person knows it: a digest with the name of its file."""
    return f"{bucket} ({source_url})" if source_url and bucket.startswith(DIGEST) else bucket
