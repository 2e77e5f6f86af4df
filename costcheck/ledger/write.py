"""Replacing what the buckets of one source held, in one transaction."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import duckdb

from costcheck.errors import LedgerError
from costcheck.ledger import schema
from costcheck.ledger.twice import refuse_twice
from costcheck.records import BillBatch

Row = tuple[object, ...]
ROWS_AT_ONCE = 20_000
TABLES = (*schema.COLUMNS, "ingests")


def replace(connection: duckdb.DuckDBPyConnection, batch: BillBatch) -> None:
    """Replace everything that the batch's buckets held before by the batch, or change nothing at all.

    Raises:
        LedgerError: A row names a bucket that the batch does not declare, a value does not fit its column, or another
            bucket of the source holds some of the rows.
    """
    check_buckets(batch)
    with transaction(connection):
        for bucket in batch.buckets:
            delete(connection, TABLES, batch.x_source, bucket)
        for table, records in _records(batch).items():
            insert(connection, table, records)
        refuse_twice(connection, batch)
        for bucket in batch.buckets:
            _note_ingest(connection, batch, bucket)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Write all of what happens inside, or, whatever goes wrong, nothing of it."""
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        with suppress(duckdb.Error):  # a commit that failed has ended the transaction itself
            connection.rollback()
        raise


def delete(connection: duckdb.DuckDBPyConnection, tables: Iterable[str], source: str, bucket: str) -> None:
    """Take the rows of one bucket out of some tables."""
    for table in tables:
        connection.execute(f"DELETE FROM {table} WHERE x_source = ? AND x_bucket = ?", [source, bucket])  # noqa: S608 - our own table names


def _records(batch: BillBatch) -> dict[str, Sequence[Any]]:
    return {
        "usage": batch.usage,
        "charges": batch.charges,
        "quarantine": batch.quarantined,
        "set_aside": batch.set_aside,
    }


def check_buckets(batch: BillBatch) -> None:
    """Raise unless every row belongs to one of the batch's buckets.

    Raises:
        LedgerError: One does not.
    """
    for table, records in _records(batch).items():
        for record in records:
            if record.x_source != batch.x_source or record.x_bucket not in batch.buckets:
                message = f"a row of {table} belongs to {record.x_source} {record.x_bucket}"
                raise LedgerError(
                    message,
                    expected=f"{batch.x_source} and one of the buckets {', '.join(batch.buckets)}",
                    action="report it: a source wrote past its own buckets",
                )


def insert(connection: duckdb.DuckDBPyConnection, table: str, records: Sequence[Any]) -> None:
    """Add records to a table.

    Raises:
        LedgerError: An amount does not fit its column.
    """
    columns = schema.COLUMNS[table]
    # Amounts travel as text: a Decimal parameter would take the scale of its first row.
    source = ", ".join(
        f"unnest(?::VARCHAR[])::{kind}" if kind.startswith("DECIMAL") else f"unnest(?::{kind}[])"
        for kind in columns.values()
    )
    statement = f"INSERT INTO {table} SELECT {source}"
    for some in _chunks(records):
        values = [[value(record, name, kind) for record in some] for name, kind in columns.items()]
        connection.execute(statement, values)


def _chunks(records: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(records)
    while some := list(islice(rest, ROWS_AT_ONCE)):
        yield some


def value(record: Any, name: str, kind: str) -> object:  # noqa: ANN401 - any of the four records
    """Return one field as DuckDB takes it.

    Raises:
        LedgerError: It is an amount that does not fit its column.
    """
    found = getattr(record, name)
    if isinstance(found, Decimal):
        scale = schema.MONEY_SCALE if kind == schema.MONEY else schema.QUANTITY_SCALE
        return schema.fit(found, scale, what=f"{name} of {record.x_source} {record.x_bucket}")
    if isinstance(found, datetime):
        return found.astimezone(UTC).replace(tzinfo=None)
    return list(found) if isinstance(found, tuple) else found


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
    with transaction(connection):
        delete(connection, TABLES, source, bucket)


def count_again(connection: duckdb.DuckDBPyConnection, source: str, bucket: str) -> None:
    """Note how many rows a bucket holds now, and their digest; when it was read stays as it was."""
    where = f"x_source = '{_quoted(source)}' AND x_bucket = '{_quoted(bucket)}'"
    counts = " + ".join(f"(SELECT count(*) FROM {table} WHERE {where})" for table in schema.COLUMNS)  # noqa: S608 - quoted
    connection.execute(
        f"UPDATE ingests SET row_count = {counts}, digest = ? WHERE {where}",  # noqa: S608 - quoted
        [digest(connection, where)],
    )


def _note_ingest(connection: duckdb.DuckDBPyConnection, batch: BillBatch, bucket: str) -> None:
    provenance = batch.provenance
    where = f"x_source = '{_quoted(batch.x_source)}' AND x_bucket = '{_quoted(bucket)}'"
    rows = sum(sum(record.x_bucket == bucket for record in records) for records in _records(batch).values())
    connection.execute(
        "INSERT INTO ingests VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            batch.x_source,
            bucket,
            rows,
            digest(connection, where),
            provenance.retrieved_on,
            provenance.origin.value,
            provenance.source_url,
            batch.rows_in if len(batch.buckets) == 1 else None,
        ],
    )


def digest(connection: duckdb.DuckDBPyConnection, where: str | None = None) -> str:
    """Return the SHA-256 of the rows that match, whatever their order; the day of the read is no part of it.

    The buckets that were read are part of the whole, be they empty, and not of one bucket's own digest.
    """
    whole = hashlib.sha256()
    for table, columns in schema.COLUMNS.items():
        # Every value as its text, so that the digest does not hang on how a version of DuckDB prints JSON numbers.
        texts = ", ".join(f"{name}::VARCHAR" for name in columns)
        rows = connection.execute(
            f"SELECT sha256(to_json([{texts}])::VARCHAR) AS row FROM {table} WHERE {where or 'true'} ORDER BY row"  # noqa: S608 - as above
        )
        whole.update(table.encode())
        while some := rows.fetchmany(ROWS_AT_ONCE):
            whole.update("".join(row for (row,) in some).encode())
    query = "SELECT DISTINCT x_source, x_bucket FROM ingests ORDER BY ALL"
    buckets = [] if where else connection.execute(query).fetchall()
    whole.update(repr(buckets).encode())
    return f"sha256:{whole.hexdigest()}"


def _quoted(text: str) -> str:
    return text.replace("'", "''")
