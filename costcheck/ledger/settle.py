"""Adding to a bucket what its quarantine gives back, in one transaction."""

from collections import Counter
from collections.abc import Sequence

import duckdb

from costcheck.ledger import schema, write
from costcheck.records import BillBatch, Charge, QuarantinedRow, SetAsideRows, TokenUsage

VALUES = {
    "usage": {
        "uncached_input_tokens",
        "cache_read_input_tokens",
        "cache_creation_5m_input_tokens",
        "cache_creation_1h_input_tokens",
        "output_tokens",
        "requests",
        "x_peak_minute_tokens",
    },
    "charges": {
        "billed_cost",
        "list_cost",
        "consumed_quantity",
        "consumed_unit",
        "x_estimated",
        "effective_cost",
    },
}
"""What a row says; everything else says of what it speaks, and is its key."""


def quarantined(connection: duckdb.DuckDBPyConnection, source: str | None) -> tuple[QuarantinedRow, ...]:
    """Return the quarantined rows, of one source or of all, in one order."""
    rows = connection.execute(
        "SELECT x_source, x_bucket, reason, raw, context FROM quarantine WHERE ?::VARCHAR IS NULL OR x_source = ? "
        "ORDER BY x_source, x_bucket, raw, context, reason",
        [source, source],
    ).fetchall()
    return tuple(
        QuarantinedRow(x_source=row[0], x_bucket=row[1], reason=row[2], raw=bytes(row[3]), context=row[4])
        for row in rows
    )


def absorb(connection: duckdb.DuckDBPyConnection, batches: Sequence[BillBatch]) -> None:
    """Add usage, charges and what is set aside; the quarantine of each bucket becomes the batch's own.

    Raises:
        LedgerError: A row names a bucket that its batch does not declare, or a value does not fit its column.
    """
    for batch in batches:
        write.check_buckets(batch)
    with write.transaction(connection):
        for batch in batches:
            _absorb(connection, batch)


def _absorb(connection: duckdb.DuckDBPyConnection, batch: BillBatch) -> None:
    for bucket in batch.buckets:
        aside = _set_aside(connection, batch, bucket)
        write.delete(connection, ("quarantine", "set_aside"), batch.x_source, bucket)
        write.insert(connection, "set_aside", aside)
    write.insert(connection, "quarantine", batch.quarantined)
    write.insert(connection, "usage", batch.usage)
    write.insert(connection, "charges", batch.charges)
    for bucket in batch.buckets:
        write.count_again(connection, batch.x_source, bucket)


def _set_aside(connection: duckdb.DuckDBPyConnection, batch: BillBatch, bucket: str) -> list[SetAsideRows]:
    counts: Counter[str] = Counter()
    before = connection.execute(
        "SELECT reason, row_count FROM set_aside WHERE x_source = ? AND x_bucket = ?", [batch.x_source, bucket]
    )
    for reason, count in before.fetchall():
        counts[reason] += count
    for row in batch.set_aside:
        if row.x_bucket == bucket:
            counts[row.reason] += row.row_count
    return [
        SetAsideRows(x_source=batch.x_source, x_bucket=bucket, reason=reason, row_count=count)
        for reason, count in sorted(counts.items())
    ]


def holds(
    connection: duckdb.DuckDBPyConnection, record: TokenUsage | Charge, *, in_other_buckets: bool = False
) -> bool:
    """Return whether a row of the same key stands in any bucket of the source, or in any other than the record's."""
    table = _table(record)
    names = _key_names(table)
    values = [write.value(record, name, schema.COLUMNS[table][name]) for name in names]
    same = " AND ".join(f"{name} IS NOT DISTINCT FROM ?" for name in names)
    bucket = " AND x_bucket <> ?" if in_other_buckets else ""
    found = connection.execute(
        f"SELECT 1 FROM {table} WHERE {same}{bucket} LIMIT 1",  # noqa: S608 - our own names
        [*values, *([record.x_bucket] if in_other_buckets else [])],
    ).fetchone()
    return found is not None


def key_of(record: TokenUsage | Charge) -> tuple[object, ...]:
    """Return what a row speaks of: equal for two rows of one key, whatever their figures and their buckets."""
    table = _table(record)
    return table, *(getattr(record, name) for name in _key_names(table))


def _table(record: TokenUsage | Charge) -> str:
    return "usage" if isinstance(record, TokenUsage) else "charges"


def _key_names(table: str) -> list[str]:
    return [name for name in schema.COLUMNS[table] if name not in VALUES[table] and name != "x_bucket"]
