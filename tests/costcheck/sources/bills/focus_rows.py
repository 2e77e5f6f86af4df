"""Constructed lines of FOCUS and CUR 2.0 exports, and files of them; every value is invented."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

Row = dict[str, object]


def focus(**changes: object) -> Row:
    """Return a line of FOCUS 1.2: a million uncached tokens for 2.50 USD in one hour."""
    return {
        "BilledCost": "2.50",
        "EffectiveCost": "2.50",
        "ListCost": "2.50",
        "BillingCurrency": "USD",
        "ChargeCategory": "Usage",
        "ChargeClass": "",
        "ChargePeriodStart": "2026-11-20T09:00:00Z",
        "ChargePeriodEnd": "2026-11-20T10:00:00Z",
        "ConsumedQuantity": "1000000",
        "ConsumedUnit": "Tokens",
        "PricingQuantity": "1",
        "PricingUnit": "1000000 Tokens",
        "ProviderName": "OpenAI",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
        "ServiceName": "OpenAI API",
        "SkuId": "gpt-5.4",
        "SkuMeter": "Input Tokens",
        "SkuPriceDetails": "{}",
        "SubAccountId": "proj_1",
        "Tags": '{"team":"search"}',
    } | changes


def cur(**changes: object) -> Row:
    """Return a line of CUR 2.0: a million uncached tokens of a model of the Marketplace."""
    return {
        "bill_billing_entity": "AWS Marketplace",
        "line_item_line_item_type": "Usage",
        "line_item_usage_account_id": "111122223333",
        "line_item_usage_start_date": "2026-11-20T09:00:00.000Z",
        "line_item_usage_end_date": "2026-11-20T10:00:00.000Z",
        "line_item_product_code": "3zqexample",
        "line_item_usage_type": "USW2-MP:USW2_InputTokenCount-Units",
        "line_item_usage_amount": "1.0",
        "line_item_currency_code": "USD",
        "line_item_unblended_cost": "5.50",
        "pricing_public_on_demand_cost": "5.50",
        "pricing_unit": "Units",
        "product": '{"product_name": "Claude Opus 5.5 (Amazon Bedrock Edition)"}',
        "resource_tags": "{}",
    } | changes


def write_csv(path: Path, rows: Sequence[Row]) -> Path:
    """Write the lines as a CSV file with every column that one of them has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_parquet(path: Path, rows: Sequence[Row], types: Mapping[str, str] | None = None) -> Path:
    """Write them as Parquet with the types that AWS's exports have: doubles, timestamps and maps."""
    table = write_csv(path.with_suffix(".source.csv"), rows)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        casts = ", ".join(f'{expression} AS "{name}"' for name, expression in (types or {}).items())
        replaced = f"* REPLACE ({casts})" if casts else "*"
        connection.execute(
            f"COPY (SELECT {replaced} FROM read_csv('{table}', all_varchar = true)) TO '{path}' (FORMAT parquet)"  # noqa: S608 - our own temporary paths
        )
    return path


FOCUS_TYPES = {
    "BilledCost": 'TRY_CAST("BilledCost" AS DOUBLE)',
    "EffectiveCost": 'TRY_CAST("EffectiveCost" AS DOUBLE)',
    "ListCost": 'TRY_CAST("ListCost" AS DOUBLE)',
    "ConsumedQuantity": 'TRY_CAST("ConsumedQuantity" AS DOUBLE)',
    "PricingQuantity": 'TRY_CAST("PricingQuantity" AS DOUBLE)',
    "ChargePeriodStart": 'TRY_CAST("ChargePeriodStart" AS TIMESTAMP)',
    "ChargePeriodEnd": 'TRY_CAST("ChargePeriodEnd" AS TIMESTAMP)',
    "Tags": 'TRY_CAST(TRY_CAST("Tags" AS JSON) AS MAP(VARCHAR, VARCHAR))',
}
CUR_TYPES = {
    "line_item_unblended_cost": 'TRY_CAST("line_item_unblended_cost" AS DOUBLE)',
    "line_item_usage_amount": 'TRY_CAST("line_item_usage_amount" AS DOUBLE)',
    "line_item_usage_start_date": 'TRY_CAST("line_item_usage_start_date" AS TIMESTAMP)',
    "line_item_usage_end_date": 'TRY_CAST("line_item_usage_end_date" AS TIMESTAMP)',
    "product": 'TRY_CAST(TRY_CAST("product" AS JSON) AS MAP(VARCHAR, VARCHAR))',
    "resource_tags": 'TRY_CAST(TRY_CAST("resource_tags" AS JSON) AS MAP(VARCHAR, VARCHAR))',
}
