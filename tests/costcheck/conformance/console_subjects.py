"""Exports of consoles, spans and Langfuse's observations, as files for the suite."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from costcheck.conformance import FileSubject
from costcheck.sources.bills import anthropic_console, langfuse_export, openai_console, opentelemetry
from tests.costcheck.conformance.subjects import Row, copies

BEGIN = 1_790_553_600  # 2026-09-28 00:00 UTC
TIMES: Row = {
    "start_time": str(BEGIN),
    "end_time": str(BEGIN + 86_400),
    "start_time_iso": "2026-09-28T00:00:00+00:00",
    "end_time_iso": "2026-09-29T00:00:00+00:00",
}


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write rows with the columns that any of them has; objects are JSON within their cells."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8", errors="surrogatepass") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {name: json.dumps(value) if isinstance(value, dict) else value for name, value in row.items()}
            )


def write_lines(path: Path, rows: Sequence[Row]) -> None:
    """Write one JSON object a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_spans(path: Path, rows: Sequence[Row]) -> None:
    """Write spans as OTLP JSON; a row is a span, with its attributes by name."""
    write_lines(path, [{"resourceSpans": [{"scopeSpans": [{"spans": [_span(row)]}]}]} for row in rows])


def _span(row: Row) -> Row:
    own = ("traceId", "spanId", "startTimeUnixNano")
    attributes = [
        {"key": name, "value": {"intValue": value} if isinstance(value, int) else {"stringValue": str(value)}}
        for name, value in row.items()
        if name not in own
    ]
    return {name: row[name] for name in own if name in row} | {"attributes": attributes}


OPENAI_USAGE: Row = TIMES | {
    "project_id": "proj_a",
    "num_model_requests": "10.0",
    "user_id": "user-a",
    "api_key_id": "key_1",
    "model": "gpt-5.4",
    "batch": "FALSE",
    "service_tier": "default",
    "input_tokens": "1000.0",
    "output_tokens": "50.0",
    "input_cached_tokens": "400.0",
}
OPENAI_COST: Row = TIMES | {
    "amount_value": "0.5",
    "amount_currency": "usd",
    "line_item": "gpt-5.4, input",
    "project_id": "proj_a",
}
ANTHROPIC_USAGE: Row = {
    "usage_date_utc": "2026-09-05",
    "model_version": "claude-opus-5-5",
    "api_key": "app",
    "workspace": "Default",
    "usage_type": "standard",
    "usage_input_tokens_no_cache": "100",
    "usage_input_tokens_cache_write_5m": "20",
    "usage_input_tokens_cache_write_1h": "5",
    "usage_input_tokens_cache_read": "400",
    "usage_output_tokens": "30",
}
ANTHROPIC_COST: Row = {
    "usage_date_utc": "2026-09-05",
    "model": "Claude Opus 5.5",
    "workspace": "Default",
    "usage_type": "message",
    "token_type": "output",
    "cost_usd": "0.19",
    "cost_type": "token",
}
SPAN: Row = {
    "traceId": "5b8efff798038103d269b633813fc60c",
    "spanId": "0000000000000001",
    "startTimeUnixNano": "1793091600000000000",
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5.4",
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 50,
}
OBSERVATION: Row = {
    "id": "o1",
    "project_id": "project-1",
    "type": "GENERATION",
    "start_time": "2026-11-20 09:15:30.100000",
    "provided_model_name": "gpt-5.4",
    "usage_details": {"input": 600, "input_cached_tokens": 400, "output": 50, "total": 1050},
    "total_cost": 0.002,
}
OBSERVATIONS = copies(OBSERVATION, {}, {"id": "o2"}, {"id": "o3", "provided_model_name": "gpt-5.4-mini"})

CONSOLE_SUBJECTS: Mapping[str, FileSubject] = {
    "openai-console usage": FileSubject(
        module=openai_console,
        name="completions_usage.csv",
        write=write_csv,
        rows=copies(OPENAI_USAGE, {}, {"model": "gpt-5.4-mini"}, {"project_id": "proj_b"}),
        required=frozenset(openai_console.USAGE_COLUMNS),
        optional=frozenset({"project_id", "user_id", "api_key_id", "batch", "service_tier"}),
        doubles=False,
    ),
    "openai-console costs": FileSubject(
        module=openai_console,
        name="costs.csv",
        write=write_csv,
        rows=copies(OPENAI_COST, {}, {"line_item": "gpt-5.4, output"}, {"project_id": "proj_b"}),
        required=frozenset(openai_console.COST_COLUMNS),
        optional=frozenset({"project_id"}),
        doubles=False,
    ),
    "anthropic-console usage": FileSubject(
        module=anthropic_console,
        name="claude_api_tokens_2026_09.csv",
        write=write_csv,
        rows=copies(ANTHROPIC_USAGE, {}, {"usage_date_utc": "2026-09-06"}, {"workspace": "Research"}),
        required=frozenset(anthropic_console.USAGE_COLUMNS),
        optional=frozenset({"api_key", "workspace"}),
        doubles=False,
    ),
    "anthropic-console cost": FileSubject(
        module=anthropic_console,
        name="claude_api_cost_2026_09.csv",
        write=write_csv,
        rows=copies(ANTHROPIC_COST, {}, {"token_type": "input_no_cache"}, {"workspace": "Research"}),
        required=frozenset(anthropic_console.COST_COLUMNS),
        optional=frozenset({"workspace"}),
        doubles=False,
    ),
    "opentelemetry": FileSubject(
        module=opentelemetry,
        name="traces.jsonl",
        write=write_spans,
        rows=copies(
            SPAN,
            {},
            {"spanId": "0000000000000002", "gen_ai.request.model": "gpt-5.4-mini"},
            {"spanId": "0000000000000003", "startTimeUnixNano": "1793095200000000000"},
        ),
        required=frozenset({"traceId", "spanId", "startTimeUnixNano", "gen_ai.request.model"}),
        optional=frozenset({"gen_ai.operation.name", "gen_ai.provider.name"}),
        texts=frozenset({"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"}),
    ),
    "langfuse (JSONL)": FileSubject(
        module=langfuse_export,
        name="observations.jsonl",
        write=write_lines,
        rows=OBSERVATIONS,
        required=frozenset({"id", "type", "start_time", "usage_details"}),
        optional=frozenset({"project_id"}),
        texts=frozenset({"input", "output", "metadata", "status_message"}),
        read=2,
    ),
    "langfuse (CSV)": FileSubject(
        module=langfuse_export,
        name="observations.csv",
        write=write_csv,
        rows=OBSERVATIONS,
        required=frozenset({"id", "type", "start_time", "usage_details"}),
        optional=frozenset({"project_id"}),
        texts=frozenset({"input", "output", "metadata", "status_message"}),
        read=2,
    ),
}
