"""The charges of a ledger as a FOCUS 1.4 "Cost and Usage" table, the same bytes for the same content.

Columns as in the FOCUS 1.4 data model (https://focus.finops.org), copied to `tests/data/focus_1_4`.
What FOCUS wants and no bill of a model tells (an account, a list cost) stands as docs/ledger.md says.
"""

from pathlib import Path

import duckdb

from costcheck.errors import InputFileError
from costcheck.ledger import schema
from costcheck.ledger.unfinished import unfinished

FORMATS = {
    ".csv": "FORMAT csv, HEADER true, NULLSTR ''",
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
}
TIME = "'%Y-%m-%dT%H:%M:%SZ'"
TOKENS = "Tokens"
TOKEN_UNITS = ("token", "tokens")
"""Words of providers for one token; thousands and millions are other units and stay as they are."""

# A file of texts shows an amount without the zeros of its column; a Parquet file keeps the column's type.
PLAIN = r"regexp_replace({}::VARCHAR, '\.?0*$', '')"
AMOUNT = {".csv": PLAIN, ".parquet": "{}"}
MOMENT = {".csv": f"strftime({{}}, {TIME})", ".parquet": "({}) AT TIME ZONE 'UTC'"}

MODEL = "(x_gen_ai_request_model IS NOT NULL OR x_operation IN ('chat', 'embeddings', 'image_generation', 'audio'))"
MONTH = "date_trunc('month', charge_period_start)"
# Column, its expression, and what it is: an amount, a moment or a text.
COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("BilledCost", "billed_cost", "amount"),
    ("BillingAccountId", "x_source", "text"),
    ("BillingAccountName", "NULL::VARCHAR", "text"),
    ("BillingCurrency", "billing_currency", "text"),
    ("BillingPeriodEnd", f"{MONTH} + INTERVAL 1 MONTH", "moment"),
    ("BillingPeriodStart", MONTH, "moment"),
    ("ChargeCategory", "charge_category", "text"),
    ("ChargeClass", "NULL::VARCHAR", "text"),
    ("ChargeDescription", "service_name", "text"),
    ("ChargePeriodEnd", "charge_period_end", "moment"),
    ("ChargePeriodStart", "charge_period_start", "moment"),
    ("ConsumedQuantity", "consumed_quantity", "amount"),
    (
        "ConsumedUnit",
        f"CASE WHEN lower(consumed_unit) IN {TOKEN_UNITS} THEN '{TOKENS}' ELSE consumed_unit END",
        "text",
    ),
    ("ContractedCost", "billed_cost", "amount"),
    ("EffectiveCost", "coalesce(effective_cost, billed_cost)", "amount"),
    ("HostProviderName", "NULL::VARCHAR", "text"),
    ("InvoiceIssuerName", "service_provider_name", "text"),
    ("ListCost", "coalesce(list_cost, billed_cost)", "amount"),
    ("PricingQuantity", f"NULL::{schema.QUANTITY}", "amount"),
    ("PricingUnit", "NULL::VARCHAR", "text"),
    ("ServiceCategory", f"CASE WHEN {MODEL} THEN 'AI and Machine Learning' ELSE 'Other' END", "text"),
    ("ServiceName", "service_name", "text"),
    ("ServiceProviderName", "service_provider_name", "text"),
    ("ServiceSubcategory", f"CASE WHEN {MODEL} THEN 'Generative AI' ELSE 'Other (Other)' END", "text"),
    ("SubAccountId", "sub_account_id", "text"),
    ("x_Bucket", "x_bucket", "text"),
    ("x_EffectiveCostKnown", "effective_cost IS NOT NULL", "text"),
    ("x_Estimated", "x_estimated", "text"),
    ("x_GenAiRequestModel", "x_gen_ai_request_model", "text"),
    ("x_ListCostKnown", "list_cost IS NOT NULL", "text"),
    ("x_Operation", "x_operation", "text"),
    ("x_ServiceTier", "x_service_tier", "text"),
    ("x_Source", "x_source", "text"),
    ("x_TokenType", "x_token_type", "text"),
)


def export(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Write every charge to a CSV or Parquet file and return their number; an older file is replaced at the end.

    Raises:
        InputFileError: The name has another ending, or the file cannot be written; an older one is as it was.
    """
    kind = path.suffix.lower()
    if kind not in FORMATS:
        message = f"{path.name} ends in {kind!r}"
        raise InputFileError(message, expected="a name that ends in .csv or .parquet", action="name it so")
    try:
        with unfinished(path) as part:
            rows = _copy(connection, part, kind)
            part.replace(path)
    except (duckdb.Error, OSError) as exc:
        message = f"{path} cannot be written: {str(exc).partition(chr(10))[0]}"
        raise InputFileError(
            message, expected="a folder that is there and has room", action="name another file; nothing was replaced"
        ) from exc
    return rows


def query(kind: str) -> str:
    """Return the statement behind an export, in its one order."""
    shapes = {"amount": AMOUNT[kind], "moment": MOMENT[kind], "text": "{}"}
    columns = ", ".join(f'{shapes[shape].format(text)} AS "{name}"' for name, text, shape in COLUMNS)
    # Ordered by every column of the ledger: rows that are equal in all of them are equal in the file, too.
    order = ", ".join(f"charges.{name}" for name in ("charge_period_start", *schema.COLUMNS["charges"]))
    return f"SELECT {columns} FROM charges ORDER BY {order}"  # noqa: S608 - our own columns


def _copy(connection: duckdb.DuckDBPyConnection, path: Path, kind: str) -> int:
    target = str(path).replace("'", "''")
    row = connection.execute(f"COPY ({query(kind)}) TO '{target}' ({FORMATS[kind]})").fetchone()
    return int(row[0]) if row else 0
