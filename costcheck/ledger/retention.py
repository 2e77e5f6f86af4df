"""What a ledger no longer needs to know: old months, and whose key it was."""

import re
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import duckdb

from costcheck.ledger import write

PULLED = re.compile(r"\d{4}-\d{2}(-\d{2})?")
"""A bucket of a pull is a month or a day, any other a file."""
MARK = "redacted:"
SHOWN_DIGITS = 16
"""64 bits of a hash: enough that two projects of one company do not meet."""
IDENTIFIERS = (("usage", "sub_account_id"), ("usage", "x_api_key_id"), ("charges", "sub_account_id"))
PRICED = "^(context_window|inference_geo):[^@]{1,16}$"
"""Tags of Anthropic's reports that say something about a price, and nothing about a person."""
# What a reason may quote of its row; a number in it may be an amount, never an identifier.
QUOTED = r"""'[^']*'|"[^"]*"|`[^`]*`"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What became of one bucket: `rows` of usage and charges are gone; `is_whole` says that nothing is left of it."""

    x_source: str
    x_bucket: str
    rows: int
    is_whole: bool


def forget_before(connection: duckdb.DuckDBPyConnection, first_kept: date, source: str | None) -> tuple[Removed, ...]:
    """Take out everything that ended before a month, and return what went.

    A bucket that is a month goes as a whole. Of a file that reaches over that day the older rows go; what of it is
    in quarantine or set aside has no day and stays as long as any other row of it does.
    """
    with write.transaction(connection):
        buckets = connection.execute(
            "SELECT x_source, x_bucket FROM ingests WHERE ?::VARCHAR IS NULL OR x_source = ? ORDER BY ALL",
            [source, source],
        ).fetchall()
        removed = [_forget_rows(connection, name, bucket, first_kept) for name, bucket in buckets]
    return tuple(row for row in removed if row.rows or row.is_whole)


def _forget_rows(connection: duckdb.DuckDBPyConnection, source: str, bucket: str, first_kept: date) -> Removed:
    old = _count(connection, source, bucket, f"AND charge_period_end <= DATE '{first_kept}'")
    kept = _count(connection, source, bucket, "") - old
    is_old = bucket[:7] < f"{first_kept:%Y-%m}" if PULLED.fullmatch(bucket) else old > 0
    is_whole = kept == 0 and is_old
    if is_whole:
        write.delete(connection, write.TABLES, source, bucket)
    elif old:
        for table in ("usage", "charges"):
            connection.execute(
                f"DELETE FROM {table} WHERE x_source = ? AND x_bucket = ? AND charge_period_end <= ?",  # noqa: S608 - our own names
                [source, bucket, first_kept],
            )
        write.count_again(connection, source, bucket)
        connection.execute("UPDATE ingests SET rows_in = NULL WHERE x_source = ? AND x_bucket = ?", [source, bucket])
    return Removed(x_source=source, x_bucket=bucket, rows=old, is_whole=is_whole)


def _count(connection: duckdb.DuckDBPyConnection, source: str, bucket: str, further: str) -> int:
    total = 0
    for table in ("usage", "charges"):
        row = connection.execute(
            f"SELECT count(*) FROM {table} WHERE x_source = ? AND x_bucket = ? {further}",  # noqa: S608 - our own names, a date
            [source, bucket],
        ).fetchone()
        total += int(row[0]) if row else 0
    return total


def redact(connection: duckdb.DuckDBPyConnection, salt: str | None) -> int:
    """Take every identifier out of the ledger and return how many distinct ones there were; sums stay the same.

    API keys' ids and projects become a salted hash, or go where no salt is given; tags go but those that a
    price depends on; of a quarantined row its reason stays, without what it quoted.
    """
    with write.transaction(connection):
        found = _identifiers(connection)
        _replace_identifiers(connection, found, salt)
        connection.execute(
            "UPDATE usage SET tags = [tag FOR tag IN tags IF x_source LIKE 'anthropic%' AND regexp_matches(tag, ?)]",
            [PRICED],
        )
        connection.execute(
            "UPDATE quarantine SET raw = ''::BLOB, context = '{}', reason = regexp_replace(reason, ?, '...', 'g')",
            [QUOTED],
        )
        for source, bucket in connection.execute("SELECT x_source, x_bucket FROM ingests").fetchall():
            write.count_again(connection, source, bucket)
    return len(found)


def _identifiers(connection: duckdb.DuckDBPyConnection) -> list[str]:
    query = " UNION ".join(f"SELECT {column} AS name FROM {table}" for table, column in IDENTIFIERS)  # noqa: S608 - our own names
    rows = connection.execute(
        f"SELECT name FROM ({query}) WHERE name IS NOT NULL AND NOT starts_with(name, '{MARK}') ORDER BY name"  # noqa: S608 - the same
    ).fetchall()
    return [name for (name,) in rows]


def _replace_identifiers(connection: duckdb.DuckDBPyConnection, found: list[str], salt: str | None) -> None:
    hashes = [_hashed(name, salt) for name in found]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE redacted AS SELECT unnest(?::VARCHAR[]) AS name, unnest(?::VARCHAR[]) AS other",
        [found, hashes],
    )
    for table, column in IDENTIFIERS:
        connection.execute(f"UPDATE {table} SET {column} = other FROM redacted WHERE {column} = name")  # noqa: S608 - our own names
    connection.execute("DROP TABLE redacted")


def _hashed(name: str, salt: str | None) -> str | None:
    if salt is None:
        return None
    return f"{MARK}{sha256(f'{salt}:{name}'.encode()).hexdigest()[:SHOWN_DIGITS]}"
