"""Replacing what the buckets of one source held, in one transaction."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import duckdb

from costcheck.errors import LedgerError
from costcheck.ledger import schema
from costcheck.records import BillBatch

Row = tuple[object, ...]
ROWS_AT_ONCE = 20_000


def replace(connection: duckdb.DuckDBPyConnection, batch: BillBatch) -> None:
    """Replace everything that the batch's buckets held before by the batch, or change nothing at all.

    Raises:
        LedgerError: A row names a bucket that the batch does not declare, or a value does not fit its column.
    """
    _check_buckets(batch)
    connection.begin()
    try:
        for bucket in batch.buckets:
            for table in (*schema.COLUMNS, "ingests"):
                connection.execute(
                    f"DELETE FROM {table} WHERE x_source = ? AND x_bucket = ?",  # noqa: S608 - our own table names
                    [batch.x_source, bucket],
                )
        for table, records in _records(batch).items():
            _insert(connection, table, records)
        _refuse_twice(connection, batch)
        for bucket in batch.buckets:
            _note_ingest(connection, batch, bucket)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _records(batch: BillBatch) -> dict[str, Sequence[Any]]:
    return {
        "usage": batch.usage,
        "charges": batch.charges,
        "quarantine": batch.quarantined,
        "set_aside": batch.set_aside,
    }


def _check_buckets(batch: BillBatch) -> None:
    for table, records in _records(batch).items():
        for record in records:
            if record.x_source != batch.x_source or record.x_bucket not in batch.buckets:
                message = f"a row of {table} belongs to {record.x_source} {record.x_bucket}"
                raise LedgerError(
                    message,
                    expected=f"{batch.x_source} and one of the buckets {', '.join(batch.buckets)}",
                    action="report it: a source wrote past its own buckets",
                )


def _insert(connection: duckdb.DuckDBPyConnection, table: str, records: Sequence[Any]) -> None:
    columns = schema.COLUMNS[table]
    # Amounts travel as text: a Decimal parameter would take the scale of its first row.
    source = ", ".join(
        f"unnest(?::VARCHAR[])::{kind}" if kind.startswith("DECIMAL") else f"unnest(?::{kind}[])"
        for kind in columns.values()
    )
    statement = f"INSERT INTO {table} SELECT {source}"
    for some in _chunks(records):
        values = [[_value(record, name, kind) for record in some] for name, kind in columns.items()]
        connection.execute(statement, values)


def _chunks(records: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(records)
    while some := list(islice(rest, ROWS_AT_ONCE)):
        yield some


def _value(record: Any, name: str, kind: str) -> object:  # noqa: ANN401 - any of the four records
    value = getattr(record, name)
    if isinstance(value, Decimal):
        scale = schema.MONEY_SCALE if kind == schema.MONEY else schema.QUANTITY_SCALE
        return schema.fit(value, scale, what=f"{name} of {record.x_source} {record.x_bucket}")
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return list(value) if isinstance(value, tuple) else value


# Two files of one source, of which the second holds some of the first (an export from January on, made again).
TWICE = """
SELECT old.x_bucket, count(*) FROM {table} AS old JOIN {table} AS new USING ({key})
WHERE old.x_source = ? AND new.x_source = ? AND NOT list_contains(?, old.x_bucket) AND list_contains(?, new.x_bucket)
GROUP BY ALL ORDER BY ALL LIMIT 1
"""
USAGE_KEY = ("service_provider_name", "request_model", "charge_period_start")
USAGE_OWNER = ("operation", "service_tier", "sub_account_id", "x_api_key_id", "tags")
CHARGE_KEY = ("service_provider_name", "service_name", "charge_period_start", "charge_period_end", "billed_cost")


def _refuse_twice(connection: duckdb.DuckDBPyConnection, batch: BillBatch) -> None:
    same_owner = " AND ".join(f"old.{name} IS NOT DISTINCT FROM new.{name}" for name in USAGE_OWNER)
    usage = TWICE.format(table="usage", key=", ".join(USAGE_KEY)).replace("GROUP", f"AND {same_owner} GROUP")
    charges = TWICE.format(table="charges", key=", ".join(CHARGE_KEY))
    buckets = list(batch.buckets)
    for query in (usage, charges):
        found = connection.execute(query, [batch.x_source, batch.x_source, buckets, buckets]).fetchone()
        if found:
            message = f"{batch.x_source} {buckets[0]} holds {found[1]} rows that {found[0]} holds too"
            raise LedgerError(
                message,
                expected="every row of a source once",
                action=f"run `costcheck bill forget {batch.x_source} {found[0]}`, then import it again",
            )


def forget(connection: duckdb.DuckDBPyConnection, source: str, bucket: str) -> None:
    """Take one bucket out of the ledger.

    Raises:
        LedgerError: It is not there.
    """
    where = "x_source = ? AND x_bucket = ?"
    known = connection.execute(f"SELECT 1 FROM ingests WHERE {where}", [source, bucket]).fetchone()  # noqa: S608 - constant text
    if not known:
        message = f"there is no {source} {bucket} in the ledger"
        raise LedgerError(message, expected="a source and a bucket", action="see them with `costcheck bill show`")
    connection.begin()
    for table in (*schema.COLUMNS, "ingests"):
        connection.execute(f"DELETE FROM {table} WHERE {where}", [source, bucket])  # noqa: S608 - our own table names
    connection.commit()


def _note_ingest(connection: duckdb.DuckDBPyConnection, batch: BillBatch, bucket: str) -> None:
    provenance = batch.provenance
    where = f"x_source = '{_quoted(batch.x_source)}' AND x_bucket = '{_quoted(bucket)}'"
    rows = sum(sum(record.x_bucket == bucket for record in records) for records in _records(batch).values())
    connection.execute(
        "INSERT INTO ingests VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            batch.x_source,
            bucket,
            rows,
            digest(connection, where),
            provenance.retrieved_on,
            provenance.origin.value,
            provenance.source_url,
        ],
    )


def digest(connection: duckdb.DuckDBPyConnection, where: str = "true") -> str:
    """Return the SHA-256 of the rows that match, whatever their order; the day of the read is no part of it."""
    whole = hashlib.sha256()
    for table, columns in schema.COLUMNS.items():
        # Every value as its text, so that the digest does not hang on how a version of DuckDB prints JSON numbers.
        texts = ", ".join(f"{name}::VARCHAR" for name in columns)
        rows = connection.execute(
            f"SELECT sha256(to_json([{texts}])::VARCHAR) AS row FROM {table} WHERE {where} ORDER BY row"  # noqa: S608 - as above
        )
        whole.update(table.encode())
        while some := rows.fetchmany(ROWS_AT_ONCE):
            whole.update("".join(row for (row,) in some).encode())
    buckets = connection.execute(
        f"SELECT DISTINCT x_source, x_bucket FROM ingests WHERE {where} ORDER BY ALL"  # noqa: S608 - as above
    ).fetchall()
    whole.update(repr(buckets).encode())
    return f"sha256:{whole.hexdigest()}"


def _quoted(text: str) -> str:
    return text.replace("'", "''")
