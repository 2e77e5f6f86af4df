"""Exports, dumps, logs and lists that are files, for the suite."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from costcheck.conformance import FileSubject
from costcheck.sources.bills import (
    bedrock_logs,
    cur,
    focus,
    google,
    invoice_csv,
    litellm_dump,
    openai_pages,
)
from costcheck.sources.exports.spend_log_columns import REQUIRED_COLUMNS
from tests.costcheck.conformance.console_subjects import write_csv, write_lines
from tests.costcheck.conformance.pull_subjects import LITELLM_LOG, OPENAI_COST, OPENAI_USAGE
from tests.costcheck.conformance.subjects import BEGIN, HOUR, Row, copies
from tests.costcheck.sources.bills import focus_rows, test_google

Write = Callable[[Path, Sequence[Row]], None]


def parquet_of(types: Mapping[str, str]) -> Write:
    """Return a writer of Parquet with an engine's own types, of the columns that are there."""

    def write(path: Path, rows: Sequence[Row]) -> None:
        table = path.with_suffix(".source.csv")
        write_csv(table, rows)
        columns = {name for row in rows for name in row}
        casts = ", ".join(f'{cast} AS "{name}"' for name, cast in types.items() if name in columns)
        replaced = f"* REPLACE ({casts})" if casts else "*"
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            # Two steps: else DuckDB casts while it reads the text, and TRY_CAST is not asked.
            connection.execute(
                f"CREATE TABLE texts AS FROM read_csv('{table}', all_varchar = true, header = true, delim = ',',"
                f" quote = '\"', escape = '\"', max_line_size = {1 << 25}, strict_mode = false)"
            )
            connection.execute(f"COPY (SELECT {replaced} FROM texts) TO '{path}' (FORMAT parquet)")  # noqa: S608 - the same
        table.unlink()

    return write


def write_openai_pages(path: Path, rows: Sequence[Row]) -> None:
    """Write a page of usage and one of costs, whichever have rows."""
    pages = []
    for kind in dict.fromkeys(str(row.get("object")) for row in rows):
        results = [row for row in rows if str(row.get("object")) == kind]
        bucket = {"object": "bucket", "start_time": BEGIN, "end_time": BEGIN + HOUR, "results": results}
        pages.append({"object": "page", "data": [bucket], "has_more": False, "next_page": None})
    write_lines(path, pages)


def write_calls(path: Path, rows: Sequence[Row]) -> None:
    """Write records of calls as Bedrock does: counts and bodies lie one level down."""
    inside = {"inputTokenCount": "input", "inputBodyJson": "input", "outputTokenCount": "output"}
    inside |= {"outputBodyJson": "output"}
    records = []
    for row in rows:
        record: Row = {name: value for name, value in row.items() if name not in inside}
        for name, place in inside.items():
            if name in row:
                record[place] = record.get(place, {}) | {name: _number(row[name])}
        records.append(record)
    write_lines(path, records)


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() else value


LOG_TYPES = {
    "spend": "TRY_CAST(spend AS DOUBLE)",
    "prompt_tokens": "TRY_CAST(prompt_tokens AS INTEGER)",
    "completion_tokens": "TRY_CAST(completion_tokens AS INTEGER)",
    "startTime": 'TRY_CAST("startTime" AS TIMESTAMP)',
}
CALL: Row = {
    "schemaType": "ModelInvocationLog",
    "schemaVersion": "1.0",
    "timestamp": "2026-10-01T12:00:05Z",
    "accountId": "111122223333",
    "region": "us-east-1",
    "requestId": "r-1",
    "operation": "Converse",
    "modelId": "us.anthropic.claude-opus-5-5",
    "inputTokenCount": 100,
    "outputTokenCount": 20,
}
INVOICE: Row = {
    "month": "2026-09",
    "provider": "openai",
    "model": "gpt-5.4-mini",
    "category": "usage",
    "description": "September usage",
    "amount": "1200.00",
    "currency": "USD",
    "input_tokens": "900000000",
    "cached_input_tokens": "0",
    "output_tokens": "150000000",
    "requests": "450000",
}
GOOGLE = FileSubject(
    module=google,
    name="export.csv",
    write=write_csv,
    rows=copies(test_google.flat(), {}, {"project.id": "prod-2"}, {"cost": "0.5", "usage.amount": "2000"}),
    required=frozenset(
        {"service.id", "sku.description", "usage_start_time", "cost", "currency", "usage.amount", "usage.unit"}
        | {"credits"}
    ),
    optional=frozenset({"usage_end_time", "project.id", "cost_type", "export_time"}),
    texts=frozenset({"labels"}),
    read=None,
    numbered=lambda row, number: row | {"project.id": f"prod-{number + 10}"},
)
GOOGLE_NESTED = replace(
    GOOGLE,
    name="export.jsonl",
    write=write_lines,
    rows=copies(test_google.row(), {}, {"project": {"id": "prod-2"}}, {"cost": 0.5}),
    required=frozenset({"service", "sku", "usage_start_time", "cost", "currency", "usage", "credits"}),
    optional=frozenset({"usage_end_time", "project", "cost_type", "export_time"}),
    numbered=lambda row, number: row | {"project": {"id": f"prod-{number + 10}"}},
)
FOCUS = FileSubject(
    module=focus,
    name="focus.csv",
    write=write_csv,
    rows=tuple(focus_rows.focus(SkuId=f"gpt-{number}") for number in range(3)),
    required=frozenset(focus.RECOGNISED),
    optional=frozenset({"EffectiveCost", "ListCost", "ChargeClass", "SubAccountId", "SkuPriceDetails"}),
    read=2,
    doubles=False,
    numbered=lambda row, number: row | {"SkuId": f"m-{number}"},
)
CUR = FileSubject(
    module=cur,
    name="cur.csv",
    write=write_csv,
    rows=tuple(focus_rows.cur(line_item_usage_account_id=str(number)) for number in range(3)),
    required=frozenset(cur.REQUIRED),
    optional=frozenset({"bill_billing_entity", "pricing_public_on_demand_cost"}),
    read=2,
    doubles=False,
    numbered=lambda row, number: row | {"line_item_usage_account_id": str(number + 10)},
)
LITELLM = FileSubject(
    module=litellm_dump,
    name="LiteLLM_SpendLogs.csv",
    write=write_csv,
    rows=copies(
        LITELLM_LOG, {}, {"request_id": "r2", "model": "gpt-5.4-mini"}, {"request_id": "r3", "team_id": "team-2"}
    ),
    required=frozenset(REQUIRED_COLUMNS),
    optional=frozenset({"call_type", "api_key", "cache_hit", "team_id"}),
    texts=frozenset({"messages", "response", "proxy_server_request"}),
    read=2,
    numbered=lambda row, number: row | {"request_id": f"n{number}"},
)

TABLE_SUBJECTS: Mapping[str, FileSubject] = {
    "bedrock-logs": FileSubject(
        module=bedrock_logs,
        name="calls.jsonl",
        write=write_calls,
        rows=copies(
            CALL,
            {},
            {"requestId": "r-2", "timestamp": "2026-10-01T12:02:05Z"},
            {"requestId": "r-3", "modelId": "us.anthropic.claude-haiku-5-5"},
        ),
        required=frozenset({"schemaType", "timestamp", "requestId", "modelId"}),
        optional=frozenset({"accountId", "region", "operation"}),
        texts=frozenset({"inputBodyJson", "outputBodyJson", "requestMetadata", "identity"}),
    ),
    "openai pages of usage": FileSubject(
        module=openai_pages,
        name="usage.jsonl",
        write=write_openai_pages,
        rows=copies(OPENAI_USAGE, {}, {"model": "gpt-5.4-mini"}, {"project_id": "p2"}),
        required=frozenset({"object", "input_tokens"}),
        optional=frozenset({"project_id", "api_key_id", "batch"}),
    ),
    "openai pages of costs": FileSubject(
        module=openai_pages,
        name="costs.jsonl",
        write=write_openai_pages,
        rows=copies(OPENAI_COST, {}, {"line_item": "gpt-5.4, output"}, {"project_id": "p2"}),
        required=frozenset({"object", "amount"}),
        optional=frozenset({"project_id"}),
    ),
    "invoice": FileSubject(
        module=invoice_csv,
        name="invoices.csv",
        write=write_csv,
        rows=copies(INVOICE, {}, {"month": "2026-10"}, {"model": "gpt-5.4"}),
        required=frozenset({"month", "provider", "amount", "currency"}),
        optional=frozenset({"category", "description", "requests"}),
        read=2,
    ),
    "litellm (CSV)": LITELLM,
    "litellm (Parquet)": replace(LITELLM, name="logs.parquet", write=parquet_of(LOG_TYPES)),
    "focus (CSV)": FOCUS,
    "focus (Parquet)": replace(FOCUS, name="focus.parquet", write=parquet_of(focus_rows.FOCUS_TYPES)),
    "cur (CSV)": CUR,
    "cur (Parquet)": replace(CUR, name="cur.parquet", write=parquet_of(focus_rows.CUR_TYPES)),
    "google (CSV)": GOOGLE,
    "google (JSON lines)": GOOGLE_NESTED,
    "google (Parquet)": replace(GOOGLE, name="export.parquet", write=parquet_of({})),
}
