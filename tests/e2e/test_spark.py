"""The second engine, run for real: Spark on this machine and DuckDB read the same Parquet into the same ledger.

`make spark` installs it beside the kit, as a company that has Spark would: `pip install pyspark`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.costcheck.sources.bills.focus_rows import CUR_TYPES, FOCUS_TYPES, Row, cur, focus, write_parquet

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
SPARK = ROOT / ".venv-spark"

# Constructed: every kind of row, costs as doubles of many digits, a double request, cached and written tokens.
SPEND_LOG = """
COPY (
    SELECT 'r' || (i % 19990) AS request_id, TIMESTAMP '2026-10-20 00:00:00.9' + to_seconds(i * 97) AS "startTime",
        CASE i % 3 WHEN 0 THEN 'gpt-5.4' ELSE 'claude-opus-5-5' END AS model,
        CASE i % 7 WHEN 0 THEN 'aembedding' WHEN 1 THEN 'abatch' ELSE 'acompletion' END AS call_type,
        (hash(i) % 1000000) / 3.0e8 AS spend, 1000 + i % 977 AS prompt_tokens, i % 500 AS completion_tokens,
        CASE i % 11 WHEN 0 THEN NULL ELSE 'openai' END AS custom_llm_provider,
        CASE i % 5 WHEN 0 THEN 'no json' WHEN 1 THEN '{"usage_object": {"cache_creation_input_tokens": 100}}'
            WHEN 2 THEN '{"cost_breakdown": {"service_tier": "' || if(i % 40 = 2, 'odd', 'Flex') || '"}}'
            ELSE '{"additional_usage_values": {"cache_read_input_tokens": ' || i % 1010 || '}}' END AS metadata,
        CASE i % 13 WHEN 0 THEN 'True' ELSE 'False' END AS cache_hit,
        '["User-Agent: a/1", "team:search", "User-Agent: a"]' AS request_tags, 'team-' || i % 4 AS team_id,
        CASE i % 17 WHEN 0 THEN 'failure' ELSE 'success' END AS status, repeat('a prompt ', 20) AS messages
    FROM range(20000) AS numbers(i)
) TO '{path}'
"""


def digests(engine: str, folder: Path) -> dict[str, tuple[str, int]]:
    """Return the digest of each new ledger that one engine filled, and its rows of usage."""
    site = next(SPARK.glob("lib/python*/site-packages"))
    # Another time zone than UTC: a time without an offset must not become local.
    environment = os.environ | {"PYTHONPATH": str(site), "JAVA_HOME": str(SPARK / "java"), "TZ": "America/New_York"}
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tests.e2e.engine_digests", engine, str(folder)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    found: dict[str, tuple[str, int]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    with duckdb.connect() as connection:
        connection.execute(SPEND_LOG.replace("{path}", str(tmp_path / "litellm-export.parquet")))
    # Times as texts, as Microsoft's exports have them; the other two exports have them as timestamps.
    types = {name: kind for name, kind in FOCUS_TYPES.items() if not name.startswith("ChargePeriod")}
    write_parquet(tmp_path / "focus.parquet", [line(number) for number in range(1, 500)], types)
    rows = [
        cur(line_item_usage_amount=str(number / 1_000_000), line_item_unblended_cost=str(number / 3))
        for number in range(1, 50)
    ]
    write_parquet(tmp_path / "cur.parquet", rows, CUR_TYPES)
    return tmp_path


def line(number: int) -> Row:
    is_model = number % 6 > 0
    zone = ("Z", ":00Z", ":00.5-05:00", "+0530")[number % 4]
    return focus(
        SkuId=f"m-{number % 3}",
        SkuMeter=("Input Tokens", "Cached Input Tokens", "Output Tokens", "Calls")[number % 4],
        ConsumedUnit="Calls" if number % 4 == 3 else "Tokens",
        PricingUnit="",
        ConsumedQuantity=str(number * 1000),
        BilledCost=str(number / 7),
        EffectiveCost=str(number / 9_000_000),
        ChargeCategory={0: "Credit", 7: "Gift"}.get(number % 20, "Usage"),
        ListCost="0" if number % 9 == 0 else str(number),
        ChargePeriodStart=f"2026-11-{1 + number % 20:02}T{number % 24:02}:15{zone}",
        ChargePeriodEnd=f"2026-11-{1 + number % 20:02}T{number % 24:02}:45{zone}",
        ServiceCategory="AI and Machine Learning" if is_model else "Storage",
        ServiceSubcategory="Generative AI" if is_model else "",
        ServiceName="OpenAI API" if is_model else "Disk",
    )


def test_spark_and_duckdb_fill_the_same_ledgers(exports: Path) -> None:
    by_duckdb = digests("duckdb", exports)
    assert all(usage for _, usage in by_duckdb.values())
    assert digests("spark", exports) == by_duckdb
