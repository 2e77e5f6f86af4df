"""The sums that DuckDB makes of random small exports are the ones that plain Python makes."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from costcheck.records import BillBatch, Origin, Provenance
from costcheck.sources.bills.cost_parts import read_parts
from costcheck.sources.bills.engine_read import EngineRead
from costcheck.sources.bills.focus import CATEGORIES
from costcheck.sources.bills.focus_columns import FOCUS
from costcheck.sources.bills.litellm_hours import read_hours
from costcheck.sources.exports.duckdb_files import DuckDb
from costcheck.sources.exports.engine import Part
from costcheck.sources.exports.spend_log_columns import COLUMNS
from tests.costcheck.sources.bills.focus_rows import focus

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
WHERE = Provenance(
    source="test", source_url="constructed", retrieved_on=date(2026, 11, 23), origin=Origin.CONSTRUCTED
)
READ = EngineRead(source="test", bucket="2026-11", provenance=WHERE)
amounts = st.decimals(min_value=0, max_value=1000, places=9, allow_nan=False, allow_infinity=False)
seconds = st.integers(min_value=0, max_value=3 * 3600)
counts = st.integers(min_value=0, max_value=10_000)
requests = st.fixed_dictionaries(
    {
        "second": seconds,
        "model": st.sampled_from(["gpt-5.4", "gpt-5.4-mini"]),
        "team": st.sampled_from([None, "one", "two"]),
        "spend": amounts,
        "uncached": counts,
        "cached": counts,
        "output": counts,
        "state": st.sampled_from(["success", "success", "failure", "cached"]),
    }
)


def loaded(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> DuckDb:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE TABLE lines (" + ", ".join(f'"{name}" VARCHAR' for name in columns) + ")")
    values = [[row.get(name) for name in columns] for row in rows]
    if values:
        places = ", ".join("?" for _ in columns)
        connection.executemany(f"INSERT INTO lines VALUES ({places})", values)  # noqa: S608 - question marks alone
    return DuckDb(connection, "lines")


def as_log(number: int, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "request_id": f"r{number}",
        "startTime": f"{START + timedelta(seconds=row['second']):%Y-%m-%dT%H:%M:%S.999Z}",
        "model": row["model"],
        "custom_llm_provider": "openai",
        "spend": "0" if row["state"] == "failure" else str(row["spend"]),
        "prompt_tokens": str(row["uncached"] + row["cached"]),
        "completion_tokens": str(row["output"]),
        "team_id": row["team"],
        "status": "failure" if row["state"] == "failure" else "success",
        "cache_hit": str(row["state"] == "cached"),
        "metadata": json.dumps({"additional_usage_values": {"cache_read_input_tokens": row["cached"]}}),
    }


def spend_log_by_hand(rows: list[dict[str, Any]]) -> dict[Any, Any]:
    found: dict[Any, Any] = defaultdict(lambda: [0, 0, 0, 0, Counter()])
    for row in rows:
        if row["state"] == "success":
            hour = START + timedelta(hours=row["second"] // 3600)
            sums = found[hour, row["model"], row["team"]]
            for position, name in enumerate(("uncached", "cached", "output")):
                sums[position] += row[name]
                sums[4][row["second"] // 60] += row[name]
            sums[3] += 1
    return {key: (*sums[:4], max(sums[4].values())) for key, sums in found.items()}


def by_hour(batch: BillBatch) -> dict[Any, Any]:
    return {
        (row.charge_period_start, row.request_model, row.sub_account_id): (
            row.uncached_input_tokens,
            row.cache_read_input_tokens,
            row.output_tokens,
            row.requests,
            row.x_peak_minute_tokens,
        )
        for row in batch.usage
    }


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(requests, max_size=20))
def test_a_spend_log_is_summed_as_by_hand(rows: list[dict[str, Any]]) -> None:
    with duckdb.connect() as connection:
        logs = [as_log(number, row) for number, row in enumerate(rows)]
        batch = read_hours(loaded(connection, COLUMNS, logs), READ)
    kept = [row for row in rows if row["state"] == "success"]
    assert by_hour(batch) == spend_log_by_hand(rows)
    assert sum(row.billed_cost for row in batch.charges) == sum(row["spend"] for row in kept)
    assert len(kept) + sum(row.row_count for row in batch.set_aside) == len(rows)


lines = st.fixed_dictionaries(
    {
        "second": seconds,
        "days": st.booleans(),
        "service": st.sampled_from(["OpenAI API", "Disk"]),
        "model": st.sampled_from(["gpt-5.4", "gpt-5.4-mini"]),
        "meter": st.sampled_from(["Input Tokens", "Cached Input Tokens", "Output Tokens", "Calls"]),
        "category": st.sampled_from(["Usage", "Usage", "Credit", "Tax", "Gift"]),
        "cost": amounts,
        "tokens": counts,
    }
)


def as_focus(row: dict[str, Any]) -> dict[str, Any]:
    start = START + timedelta(seconds=row["second"])
    end = start + (timedelta(days=1) if row["days"] else timedelta(minutes=10))
    is_model = row["service"] == "OpenAI API"
    return focus(
        ChargePeriodStart=f"{start:%Y-%m-%dT%H:%M:%SZ}",
        ChargePeriodEnd=f"{end:%Y-%m-%dT%H:%M:%SZ}",
        ServiceName=row["service"],
        ServiceCategory="AI and Machine Learning" if is_model else "Storage",
        ServiceSubcategory="Generative AI" if is_model else "",
        SkuId=row["model"],
        SkuMeter=row["meter"],
        ConsumedUnit="Calls" if row["meter"] == "Calls" else "Tokens",
        PricingUnit="",
        ConsumedQuantity=str(row["tokens"]),
        ChargeCategory=row["category"],
        BilledCost=str(row["cost"]),
        EffectiveCost=str(row["cost"]),
    )


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(lines, min_size=1, max_size=20))
def test_a_bill_is_summed_as_by_hand(rows: list[dict[str, Any]]) -> None:
    models = [row for row in rows if row["service"] == "OpenAI API"]
    good = [row for row in models if row["category"] != "Gift"]
    if models and not [row for row in good if row["cost"] or row["tokens"]]:
        return
    with duckdb.connect() as connection:
        engine = loaded(connection, tuple(focus()), [as_focus(row) for row in rows])
        batch = read_parts((Part(engine=engine),), READ, columns=FOCUS, categories=CATEGORIES)
    costs: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    for row in good:
        costs[row["category"]] += row["cost"]
        if row["category"] == "Usage" and row["meter"] != "Calls":
            tokens[row["model"]] += row["tokens"]
    read_costs: Counter[str] = Counter()
    for charge in batch.charges:
        read_costs[charge.charge_category] += charge.billed_cost  # type: ignore[assignment]
    read_tokens: Counter[str] = Counter()
    for use in batch.usage:
        read_tokens[use.request_model] += use.input_tokens + use.output_tokens
    assert +read_costs == +costs
    assert +read_tokens == +tokens
    assert len(batch.quarantined) == len(models) - len(good)
    assert sum(row.row_count for row in batch.set_aside if "no cost" not in row.reason) == len(rows) - len(models)


def test_what_is_summed_stays_exact_beyond_the_digits_of_a_float() -> None:
    with duckdb.connect() as connection:
        rows = [
            as_focus({"second": 0, "days": False, "service": "OpenAI API", "model": "m-1", "meter": "Calls"} | rest)
            for rest in (
                {"category": "Usage", "cost": Decimal("123456789.123456789"), "tokens": 0},
                {"category": "Usage", "cost": Decimal("0.00000000000000000000000001"), "tokens": 0},
            )
        ]
        batch = read_parts(
            (Part(engine=loaded(connection, tuple(focus()), rows)),), READ, columns=FOCUS, categories=CATEGORIES
        )
    assert batch.charges[0].billed_cost == Decimal("123456789.12345678900000000000000001")
