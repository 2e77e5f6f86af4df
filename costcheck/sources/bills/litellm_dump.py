"""An export of LiteLLM's table `LiteLLM_SpendLogs` (CSV or Parquet), summed to the minute inside DuckDB.

Columns as in `litellm/proxy/schema.prisma` of LiteLLM 1.106.2, checked 2026-11-23. The columns that may hold
prompts or answers (`messages`, `response`, `proxy_server_request`) are never named, so never read.
`prompt_tokens` includes what the provider's cache read and wrote; how much that was stands in `metadata`
(`litellm/proxy/spend_tracking/spend_tracking_utils.py`). `spend` is the gateway's own estimate, not a bill.
"""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import duckdb

from costcheck.errors import InputFileError
from costcheck.records import (
    BillBatch,
    Charge,
    Operation,
    Provenance,
    QuarantinedRow,
    ServiceTier,
    SetAsideRows,
    TokenUsage,
)
from costcheck.sources.bills.rows import DUPLICATE, refuse_unreadable

SOURCE = "litellm"
SERVICE_NAME = "LiteLLM"
REQUIRED_COLUMNS = ("request_id", "startTime", "model", "spend", "prompt_tokens", "completion_tokens")
OPTIONAL_COLUMNS = (
    "call_type",
    "api_key",
    "custom_llm_provider",
    "metadata",
    "cache_hit",
    "request_tags",
    "team_id",
    "status",
)
COLUMNS = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
MEMORY_LIMIT = "1GB"
ROWS_AT_ONCE = 10_000
HASH_BYTES_AT_ONCE = 1 << 20

# `metadata` and `request_tags` are left out of the raw row: they may quote a prompt. So may a long text in a
# column of numbers, where a broken CSV has slipped.
SHORT = "CREATE OR REPLACE TEMP MACRO short(text) AS CASE WHEN length(text) <= 80 THEN text END"
# From texts to types; a text that is no number or no time becomes NULL and is quarantined below.
# The first path that is there wins: 1.106.2 repeats every provider's cache counts in the first place.
TYPED = """
CREATE OR REPLACE TEMP VIEW typed AS
WITH parsed AS (
    SELECT *, json_extract_string(TRY_CAST(metadata AS JSON), [
        '$.additional_usage_values.cache_read_input_tokens',
        '$.usage_object.cache_read_input_tokens',
        '$.usage_object.prompt_tokens_details.cached_tokens',
        '$.additional_usage_values.cache_creation_input_tokens',
        '$.usage_object.cache_creation_input_tokens',
        '$.usage_object.prompt_tokens_details.cache_write_tokens',
        '$.usage_object.prompt_tokens_details.cache_creation_tokens',
        '$.additional_usage_values.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
        '$.usage_object.prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens',
        '$.cost_breakdown.service_tier'
    ]) AS meta
    FROM logs
)
SELECT nullif(request_id, '') AS request_id, call_type, model,
    to_json({request_id: short(request_id), "startTime": short("startTime"), model: short(model),
        spend: short(spend), prompt_tokens: short(prompt_tokens), completion_tokens: short(completion_tokens),
        custom_llm_provider: short(custom_llm_provider)})::VARCHAR AS raw,
    make_timestamp(epoch_us(TRY_CAST("startTime" AS TIMESTAMPTZ))) AS started_at,
    TRY_CAST(spend AS DECIMAL(38, 26)) AS spend_usd,
    TRY_CAST(prompt_tokens AS BIGINT) AS prompt,
    TRY_CAST(completion_tokens AS BIGINT) AS completion,
    TRY_CAST(coalesce(meta[1], meta[2], meta[3], '0') AS BIGINT) AS cache_read,
    TRY_CAST(coalesce(meta[4], meta[5], meta[6], meta[7], '0') AS BIGINT) AS cache_written,
    TRY_CAST(coalesce(meta[8], meta[9], '0') AS BIGINT) AS cache_written_1h,
    coalesce(nullif(custom_llm_provider, ''), 'unknown') AS provider,
    nullif(team_id, '') AS team,
    nullif(api_key, '') AS key_hash,
    list_sort(list_filter(coalesce(TRY_CAST(TRY_CAST(request_tags AS JSON) AS VARCHAR[]), []),
        lambda tag: NOT starts_with(tag, 'User-Agent:'))) AS tags,
    lower(coalesce(cache_hit, '')) = 'true' AS from_cache,
    coalesce(status, '') = 'failure' AS failed,
    CASE WHEN regexp_matches(coalesce(call_type, ''), 'embedding') THEN 'embeddings'
        WHEN regexp_matches(call_type, 'image') THEN 'image_generation'
        WHEN regexp_matches(call_type, 'transcription|speech|realtime') THEN 'audio'
        WHEN regexp_matches(coalesce(nullif(call_type, ''), 'completion'),
            'completion|responses|anthropic_messages|generate_content|pass_through|batch') THEN 'chat'
        ELSE 'other' END AS operation,
    CASE WHEN regexp_matches(coalesce(call_type, ''), 'batch') THEN 'batch'
        ELSE CASE lower(coalesce(meta[10], 'default')) WHEN 'default' THEN 'standard' WHEN 'auto' THEN 'standard'
        WHEN 'standard' THEN 'standard' WHEN 'flex' THEN 'flex' WHEN 'priority' THEN 'priority'
        WHEN 'batch' THEN 'batch' END END AS tier
FROM parsed
"""
# `aside`: understood and counting for nothing. `reason`: cannot be used.
CLASSIFIED = """
CREATE OR REPLACE TEMP VIEW classified AS
SELECT *,
    CASE WHEN from_cache THEN 'answered from the gateway''s cache'
        WHEN failed AND coalesce(spend_usd, 0) = 0 THEN 'failed request' END AS aside,
    CASE WHEN request_id IS NULL THEN 'request_id is missing'
        WHEN started_at IS NULL THEN 'startTime is no time'
        WHEN spend_usd IS NULL THEN 'spend is no number'
        WHEN spend_usd < 0 THEN 'spend is negative'
        WHEN coalesce(model, '') = '' THEN 'model is missing'
        WHEN prompt IS NULL OR completion IS NULL OR cache_read IS NULL OR cache_written IS NULL
            OR cache_written_1h IS NULL THEN 'a token count is no number'
        WHEN least(prompt, completion, cache_read, cache_written, cache_written_1h) < 0
            THEN 'a token count is negative'
        WHEN cache_read + cache_written > prompt THEN 'more cached tokens than prompt tokens'
        WHEN cache_written_1h > cache_written THEN 'more tokens written for an hour than written'
        WHEN tier IS NULL THEN 'service_tier is unknown' END AS reason
FROM {typed}
"""
USAGE = """
SELECT date_trunc('minute', started_at) AS minute, provider, model, operation, tier, team, key_hash, tags,
    sum(prompt - cache_read - cache_written)::BIGINT, sum(cache_read)::BIGINT,
    sum(cache_written - cache_written_1h)::BIGINT, sum(cache_written_1h)::BIGINT, sum(completion)::BIGINT, count(*)
FROM classified WHERE aside IS NULL AND reason IS NULL
GROUP BY minute, provider, model, operation, tier, team, key_hash, tags ORDER BY ALL
"""
CHARGES = """
SELECT date_trunc('day', started_at) AS day, provider, model, operation, tier, team, sum(spend_usd)
FROM classified WHERE aside IS NULL AND reason IS NULL
GROUP BY ALL HAVING sum(spend_usd) <> 0 ORDER BY ALL
"""
SET_ASIDE = "SELECT aside, count(*) FROM classified WHERE aside IS NOT NULL GROUP BY ALL ORDER BY ALL"
QUARANTINED = "SELECT reason, raw FROM classified WHERE aside IS NULL AND reason IS NOT NULL ORDER BY ALL"
# One row a request. Two that differ are ordered by everything that counts, so that every run keeps the same one.
ONCE = """(FROM typed QUALIFY request_id IS NULL OR row_number() OVER (
    PARTITION BY request_id ORDER BY started_at, spend_usd, prompt, completion, cache_read, cache_written,
        cache_written_1h, provider, model, operation, tier, team, key_hash, tags::VARCHAR, from_cache, failed) = 1)"""


def recognises(path: Path) -> bool:
    """Return whether a CSV or Parquet file has the columns of a spend log."""
    try:
        with duckdb.connect() as connection:
            return set(REQUIRED_COLUMNS) <= set(_column_names(connection, path))
    except InputFileError:
        return False


def read(path: Path, provenance: Provenance) -> BillBatch:
    """Return the usage by the minute and the gateway's own cost by the day of one export.

    Raises:
        InputFileError: Not a readable CSV or Parquet file, or a column is missing.
        SourcePayloadError: There are rows, and none could be read.
    """
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(f"SET temp_directory = '{spill}'")
        _open_logs(connection, path)
        try:
            batch = sum_logs(connection, bucket=f"sha256:{file_digest(path)}", provenance=provenance)
        except duckdb.Error as exc:
            raise _unreadable(path, exc) from exc
    refuse_unreadable(SOURCE, batch.buckets, kept=len(batch.usage), quarantined=batch.quarantined)
    return batch


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(HASH_BYTES_AT_ONCE):
            digest.update(piece)
    return digest.hexdigest()


def _open_logs(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    found = _column_names(connection, path)
    missing = [name for name in REQUIRED_COLUMNS if name not in found]
    if missing:
        message = f"{path.name} has no column {', '.join(missing)}; it has {', '.join(found)}"
        raise InputFileError(
            message,
            expected='an export of LiteLLM\'s table "LiteLLM_SpendLogs"',
            action="export it again with those columns, or name another format with --format",
        )
    texts = ", ".join(
        f'"{name}"::VARCHAR AS "{name}"' if name in found else f'NULL::VARCHAR AS "{name}"' for name in COLUMNS
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW logs AS SELECT {texts} FROM {_scan(path)}")  # noqa: S608 - our own column names; the path is quoted


def _column_names(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    try:
        rows = connection.execute(f"DESCRIBE FROM {_scan(path)}").fetchall()
    except duckdb.Error as exc:
        raise _unreadable(path, exc) from exc
    return [row[0] for row in rows]


def _scan(path: Path) -> str:
    name = str(path).replace("'", "''")
    if path.suffix.lower() in {".parquet", ".pq"}:
        return f"read_parquet('{name}')"
    return f"read_csv('{name}', all_varchar = true, header = true)"


def _unreadable(path: Path, exc: duckdb.Error) -> InputFileError:
    first_line = str(exc).partition("\n")[0]
    return InputFileError(
        f"{path.name} cannot be read: {first_line}",
        expected="a CSV file with a header line, or a Parquet file",
        action="export it again; nothing of it was imported",
    )


def sum_logs(connection: duckdb.DuckDBPyConnection, *, bucket: str, provenance: Provenance) -> BillBatch:
    """Return the rows of the view `logs` (every column of `COLUMNS`, as text) as one batch, be it empty."""
    # A time without an offset is UTC (LiteLLM writes so), wherever this machine stands.
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(SHORT)
    connection.execute(TYPED)
    duplicates = _count_duplicates(connection)
    connection.execute(CLASSIFIED.format(typed=ONCE if duplicates else "typed"))
    usage = tuple(_usage(bucket, row) for row in _rows(connection, USAGE))
    charges = tuple(_charge(bucket, row) for row in _rows(connection, CHARGES))
    quarantined = tuple(
        QuarantinedRow(x_source=SOURCE, x_bucket=bucket, reason=reason, raw=raw.encode())
        for reason, raw in _rows(connection, QUARANTINED)
    )
    aside = Counter(dict(_rows(connection, SET_ASIDE))) + Counter({DUPLICATE: duplicates})
    return BillBatch(
        x_source=SOURCE,
        buckets=(bucket,),
        usage=usage,
        charges=charges,
        quarantined=quarantined,
        set_aside=tuple(
            SetAsideRows(x_source=SOURCE, x_bucket=bucket, reason=reason, row_count=count)
            for reason, count in sorted(aside.items())
        ),
        provenance=provenance,
    )


def _count_duplicates(connection: duckdb.DuckDBPyConnection) -> int:
    # Hashes of 8 bytes instead of the texts: a few million rows stay within the memory limit.
    row = connection.execute(
        "SELECT count(*) - count(DISTINCT hash(request_id)) FROM logs WHERE request_id <> ''"
    ).fetchone()
    return int(row[0]) if row else 0


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    answer = connection.execute(query)
    while some := answer.fetchmany(ROWS_AT_ONCE):
        yield from some


def _usage(bucket: str, row: tuple[Any, ...]) -> TokenUsage:
    start = row[0].replace(tzinfo=UTC)
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=start + MINUTE,
        service_provider_name=row[1],
        request_model=row[2],
        operation=Operation(row[3]),
        service_tier=ServiceTier(row[4]),
        sub_account_id=row[5],
        x_api_key_id=row[6],
        tags=tuple(row[7]),
        uncached_input_tokens=row[8],
        cache_read_input_tokens=row[9],
        cache_creation_5m_input_tokens=row[10],
        cache_creation_1h_input_tokens=row[11],
        output_tokens=row[12],
        requests=row[13],
    )


def _charge(bucket: str, row: tuple[Any, ...]) -> Charge:
    start = row[0].replace(tzinfo=UTC)
    return Charge(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=start + DAY,
        service_provider_name=row[1],
        service_name=SERVICE_NAME,
        sub_account_id=row[5],
        billed_cost=row[6],
        billing_currency="USD",
        x_gen_ai_request_model=row[2],
        x_operation=Operation(row[3]),
        x_service_tier=ServiceTier(row[4]),
        x_estimated=True,
    )
