"""The ledger's tables, and how the file is told from any other."""

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal

import duckdb

from costcheck.errors import LedgerError

SCHEMA_VERSION = 4
MONEY_SCALE = 26
"""Decimals of an amount. Providers send dollars as 64-bit floats of at most 17 digits; the smallest amount worth
a row is one token's, above 1e-9 dollars, so that 26 decimals hold every digit of it; 12 digits stay for dollars."""
QUANTITY_SCALE = 12
DECIMAL_DIGITS = 38
"""The widest DECIMAL of DuckDB: https://duckdb.org/docs/current/sql/data_types/numeric"""

EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
MONEY = f"DECIMAL({DECIMAL_DIGITS}, {MONEY_SCALE})"
QUANTITY = f"DECIMAL({DECIMAL_DIGITS}, {QUANTITY_SCALE})"

# Column order is the record's field order: `write` fills the tables from the records by these names.
COLUMNS: dict[str, dict[str, str]] = {
    "usage": {
        "x_source": "VARCHAR",
        "x_bucket": "VARCHAR",
        "charge_period_start": "TIMESTAMP",
        "charge_period_end": "TIMESTAMP",
        "service_provider_name": "VARCHAR",
        "request_model": "VARCHAR",
        "operation": "VARCHAR",
        "service_tier": "VARCHAR",
        "sub_account_id": "VARCHAR",
        "x_api_key_id": "VARCHAR",
        "tags": "VARCHAR[]",
        "uncached_input_tokens": "BIGINT",
        "cache_read_input_tokens": "BIGINT",
        "cache_creation_5m_input_tokens": "BIGINT",
        "cache_creation_1h_input_tokens": "BIGINT",
        "output_tokens": "BIGINT",
        "requests": "BIGINT",
        "x_peak_minute_tokens": "BIGINT",
    },
    "charges": {
        "x_source": "VARCHAR",
        "x_bucket": "VARCHAR",
        "charge_period_start": "TIMESTAMP",
        "charge_period_end": "TIMESTAMP",
        "charge_category": "VARCHAR",
        "service_provider_name": "VARCHAR",
        "service_name": "VARCHAR",
        "sub_account_id": "VARCHAR",
        "billed_cost": MONEY,
        "list_cost": MONEY,
        "billing_currency": "VARCHAR",
        "consumed_quantity": QUANTITY,
        "consumed_unit": "VARCHAR",
        "x_gen_ai_request_model": "VARCHAR",
        "x_token_type": "VARCHAR",
        "x_operation": "VARCHAR",
        "x_service_tier": "VARCHAR",
        "x_estimated": "BOOLEAN",
        "effective_cost": MONEY,
    },
    "quarantine": {
        "x_source": "VARCHAR",
        "x_bucket": "VARCHAR",
        "reason": "VARCHAR",
        "raw": "BLOB",
        "context": "VARCHAR",
    },
    "set_aside": {"x_source": "VARCHAR", "x_bucket": "VARCHAR", "reason": "VARCHAR", "row_count": "BIGINT"},
}
INGESTS = {
    "x_source": "VARCHAR",
    "x_bucket": "VARCHAR",
    "row_count": "BIGINT",
    "digest": "VARCHAR",
    "retrieved_on": "DATE",
    "origin": "VARCHAR",
    "source_url": "VARCHAR",
    "rows_in": "BIGINT",
}


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables in an empty database."""
    connection.begin()
    for table, columns in [*COLUMNS.items(), ("ingests", INGESTS)]:
        body = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"CREATE TABLE {table} ({body})")
    connection.execute("CREATE TABLE costcheck_ledger (schema_version INTEGER)")
    connection.execute("INSERT INTO costcheck_ledger VALUES (?)", [SCHEMA_VERSION])
    connection.commit()


UPGRADES = {
    1: "ALTER TABLE quarantine ADD COLUMN context VARCHAR DEFAULT '{}'",
    2: "ALTER TABLE usage ADD COLUMN x_peak_minute_tokens BIGINT; "
    f"ALTER TABLE charges ADD COLUMN effective_cost {MONEY}",
    3: "ALTER TABLE ingests ADD COLUMN rows_in BIGINT",
}
"""What turns a ledger of one version into the next."""


def upgrade(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring an older ledger to this version; anything else stays as it is, for `check` to judge."""
    if "costcheck_ledger" not in table_names(connection):
        return
    while (version := _version(connection)) in UPGRADES:
        connection.begin()
        connection.execute(UPGRADES[version])
        connection.execute("UPDATE costcheck_ledger SET schema_version = schema_version + 1")
        connection.commit()


def is_older(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether this is a ledger that `upgrade` can bring up to date."""
    return "costcheck_ledger" in table_names(connection) and _version(connection) in UPGRADES


def _version(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("SELECT schema_version FROM costcheck_ledger").fetchone()
    return int(row[0]) if row else 0


def check(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Raise unless the database is a ledger of this version.

    Raises:
        LedgerError: It is some other DuckDB database, or was written by a newer costcheck.
    """
    if "costcheck_ledger" not in table_names(connection):
        message = f"{name} is a DuckDB database, and not a ledger"
        raise LedgerError(
            message, expected="a file written by `costcheck bill`", action="name another file with --ledger"
        )
    version = _version(connection)
    if version != SCHEMA_VERSION:
        message = f"{name} has schema version {version}"
        raise LedgerError(
            message,
            expected=f"version {SCHEMA_VERSION}",
            action="upgrade costcheck, or import the bills into a new file with --ledger",
        )


def table_names(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the names of all tables."""
    return {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}


def fit(value: Decimal | None, scale: int, *, what: str) -> str | None:
    """Return the text of an amount that a DECIMAL column holds digit for digit; DuckDB itself would round.

    Raises:
        LedgerError: It has more decimals, or more digits before the point, than the column.
    """
    if value is None:
        return None
    sign_digits_exponent = value.normalize(EXACT).as_tuple() if value.is_finite() else None
    exponent = sign_digits_exponent.exponent if sign_digits_exponent else None
    if not isinstance(exponent, int) or -exponent > scale or value.adjusted() >= DECIMAL_DIGITS - scale:
        message = f"{what} is {value}"
        raise LedgerError(
            message,
            expected=f"at most {DECIMAL_DIGITS - scale} digits before the point and {scale} after it",
            action="check the source; nothing is rounded and nothing was written",
        )
    return f"{value:f}"
