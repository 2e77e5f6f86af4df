"""OTLP JSON with spans of model calls; every file here is constructed."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from costcheck.errors import InputFileError, SourcePayloadError
from costcheck.ingest import recognise
from costcheck.records import BillBatch, Operation, Provenance, ServiceTier, TokenUsage
from costcheck.sources.bills import opentelemetry

START = 1_793_091_600  # 2026-10-27 09:00 UTC
CANARY = "my secret prompt 7391"
Json = dict[str, Any]


def attribute(key: str, value: object) -> Json:
    if isinstance(value, float):
        return {"key": key, "value": {"doubleValue": value}}
    return {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}


def span(number: int = 1, *, seconds: int = 0, without: tuple[str, ...] = (), **changes: object) -> Json:
    """Return a span of a chat; `usage__input_tokens=5` sets `gen_ai.usage.input_tokens`."""
    values: dict[str, object] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5.4",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.input.messages": CANARY,
    }
    values |= {f"gen_ai.{name.replace('__', '.')}": value for name, value in changes.items()}
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": f"{number:016x}",
        "name": f"chat {CANARY}",
        "startTimeUnixNano": str((START + seconds) * 1_000_000_000 + 999_999_999),
        "attributes": [attribute(key, value) for key, value in values.items() if key not in without],
        "events": [{"name": "gen_ai.content.prompt", "attributes": [attribute("gen_ai.prompt", CANARY)]}],
        "status": {},
    }


def document(*spans: Json, service: str = "search") -> Json:
    resource = {"attributes": [attribute("service.name", service)]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]}


Read = Callable[..., BillBatch]


@pytest.fixture
def read(tmp_path: Path, provenance: Provenance) -> Read:
    def of(*spans: Json) -> BillBatch:
        path = tmp_path / "traces.jsonl"
        path.write_text(json.dumps(document(*spans)) + "\n", encoding="utf-8")
        return opentelemetry.read(path, provenance)

    return of


def only(batch: BillBatch) -> TokenUsage:
    (row,) = batch.usage
    return row


def aside(batch: BillBatch) -> dict[str, int]:
    return {row.reason: row.row_count for row in batch.set_aside}


def test_a_constructed_export_is_recognised_and_gives_what_it_says(payloads: Path, provenance: Provenance) -> None:
    path = payloads / "opentelemetry" / "traces.jsonl"
    assert recognise(path).name == "opentelemetry"
    batch = opentelemetry.read(path, provenance)
    assert [(row.service_provider_name, row.input_tokens, row.cache_read_input_tokens) for row in batch.usage] == [
        ("anthropic", 300, 0),
        ("openai", 1200, 1000),
    ]
    assert aside(batch) == {opentelemetry.REPEATED: 1, opentelemetry.NO_MODEL_CALL: 1}


def test_calls_of_one_minute_are_summed_and_cost_nothing(read: Read) -> None:
    batch = read(span(1), span(2, seconds=59), span(3, seconds=60))
    assert [(row.requests, row.output_tokens) for row in batch.usage] == [(2, 100), (1, 50)]
    assert batch.usage[0].charge_period_start == datetime(2026, 10, 27, 9, tzinfo=UTC)
    assert batch.usage[0].charge_period_end - batch.usage[0].charge_period_start == timedelta(minutes=1)
    assert batch.charges == ()


def test_input_tokens_include_what_the_cache_read_and_wrote(read: Read) -> None:
    row = only(read(span(usage__cache_read__input_tokens=400, usage__cache_creation__input_tokens=100)))
    assert (row.uncached_input_tokens, row.cache_read_input_tokens) == (500, 400)
    assert row.cache_creation_5m_input_tokens == 100


def test_an_instrumentation_that_counts_the_cache_apart_is_found_out(read: Read) -> None:
    batch = read(span(1), span(2, usage__cache_read__input_tokens=4000))
    assert (only(batch).requests, len(batch.quarantined)) == (1, 1)


def test_retired_names_are_read(read: Read) -> None:
    retired = span(
        without=(
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.output_tokens",
            "gen_ai.provider.name",
            "gen_ai.operation.name",
        ),
        system="anthropic",
        usage__prompt_tokens=300,
        usage__completion_tokens=40,
    )
    row = only(read(retired))
    assert (row.service_provider_name, row.input_tokens, row.output_tokens) == ("anthropic", 300, 40)


@pytest.mark.parametrize(
    ("said", "known"),
    [("aws.bedrock", "aws"), ("azure.ai.openai", "azure"), ("gcp.vertex_ai", "google"), ("deepseek", "deepseek")],
)
def test_providers_are_named_as_in_the_prices(read: Read, said: str, known: str) -> None:
    assert only(read(span(provider__name=said))).service_provider_name == known


@pytest.mark.parametrize(
    ("provider", "said", "model"),
    [
        ("azure.ai.openai", "azure/gpt-5.4", "gpt-5.4"),
        ("aws.bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic.claude-haiku-4-5-20251001"),
        ("openai", "gpt-5.4", "gpt-5.4"),
    ],
)
def test_a_model_is_called_as_its_bill_calls_it(read: Read, provider: str, said: str, model: str) -> None:
    assert only(read(span(provider__name=provider, response__model=said))).request_model == model


def test_the_model_that_answered_wins_over_the_one_that_was_asked_for(read: Read) -> None:
    assert only(read(span(response__model="gpt-5.4-2026-03-05"))).request_model == "gpt-5.4-2026-03-05"


@pytest.mark.parametrize("operation", ["invoke_agent", "execute_tool", "invoke_workflow"])
def test_an_agents_sum_of_its_calls_does_not_count_them_twice(read: Read, operation: str) -> None:
    batch = read(span(1), span(2, operation__name=operation))
    assert (only(batch).requests, aside(batch)) == (1, {opentelemetry.REPEATED: 1})


def test_the_same_span_exported_twice_counts_once(read: Read) -> None:
    batch = read(span(1), span(1))
    assert (only(batch).requests, aside(batch)) == (1, {"the same row a second time": 1})


def test_a_failed_call_without_counts_is_set_aside(read: Read) -> None:
    no_counts = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")
    failed = span(2, without=no_counts) | {"status": {"code": 2}}
    batch = read(span(1), failed)
    assert (only(batch).requests, aside(batch)) == (1, {opentelemetry.FAILED: 1})


def test_an_answer_without_counts_is_not_zero(read: Read) -> None:
    batch = read(span(1), span(2, without=("gen_ai.usage.output_tokens",)))
    assert (only(batch).requests, batch.quarantined[0].reason) == (1, "no gen_ai.usage.output_tokens")


def test_embeddings_have_no_output(read: Read) -> None:
    row = only(read(span(operation__name="embeddings", without=("gen_ai.usage.output_tokens",))))
    assert (row.operation, row.output_tokens) == (Operation.EMBEDDINGS, 0)


def test_a_tier_is_read_from_the_answer(read: Read) -> None:
    flex = span()
    flex["attributes"].append(attribute("openai.response.service_tier", "flex"))
    assert only(read(flex)).service_tier is ServiceTier.FLEX


def test_the_service_is_kept_as_a_tag(read: Read) -> None:
    assert only(read(span())).tags == ("service:search",)


def test_a_count_written_as_a_double_is_read(read: Read) -> None:
    assert only(read(span(usage__input_tokens=1000.0))).input_tokens == 1000


@pytest.mark.parametrize(
    "bad",
    [
        span(2, usage__input_tokens=-1),
        span(2, usage__input_tokens=1.5),
        span(2, usage__input_tokens="many"),
        span(2, usage__input_tokens=10**30),
        span(2, operation__name="dream"),
        span(2, without=("gen_ai.request.model",)),
        span(2) | {"startTimeUnixNano": "0"},
        span(2) | {"startTimeUnixNano": str(START)},
        span(2) | {"startTimeUnixNano": "soon"},
        span(2) | {"spanId": ""},
        {"name": CANARY},
    ],
)
def test_a_span_that_cannot_be_right_is_quarantined_without_its_texts(read: Read, bad: Json) -> None:
    batch = read(span(1), bad)
    assert (only(batch).requests, len(batch.quarantined)) == (1, 1)
    assert CANARY not in repr(batch)


def test_a_span_that_can_be_read_now_is_read_again(read: Read, provenance: Provenance) -> None:
    (row,) = read(span(1), span(2, operation__name="dream")).quarantined
    mended = replace(row, raw=row.raw.replace(b"dream", b"chat"))
    usage = only(opentelemetry.replay([mended], provenance))
    assert (usage.input_tokens, usage.requests, usage.tags) == (1000, 1, ("service:search",))


def test_prompts_and_answers_reach_nothing(read: Read) -> None:
    assert CANARY not in repr(read(span(1), span(2, seconds=120)))


def packed(path: Path, text: str, how: str) -> Path:
    if how == "zstd":
        with duckdb.connect() as connection:
            connection.execute(
                "COPY (SELECT unnest(?::VARCHAR[]) AS line) TO "
                f"'{path}' (HEADER false, QUOTE '', ESCAPE '', DELIM '\x01', FORMAT csv, COMPRESSION zstd)",
                [text.splitlines()],
            )
    else:
        path.write_bytes(gzip.compress(text.encode()) if how == "gzip" else text.encode())
    return path


@pytest.mark.parametrize("how", ["plain", "gzip", "zstd"])
@pytest.mark.parametrize("indent", [None, 1])
def test_lines_and_whole_documents_are_read_however_they_are_packed(
    tmp_path: Path, provenance: Provenance, how: str, indent: int | None
) -> None:
    documents = [document(span(1))] if indent else [document(span(1)), document(span(2))]
    text = "\n".join(json.dumps(content, indent=indent) for content in documents) + "\n"
    path = packed(tmp_path / "traces.json", text, how)
    assert opentelemetry.recognises(path)
    assert only(opentelemetry.read(path, provenance)).requests == len(documents)


@pytest.mark.parametrize("cut", [0.5, 0.9])
def test_a_file_that_is_cut_off_is_not_read_in_part(tmp_path: Path, provenance: Provenance, cut: float) -> None:
    spans = [span(number, response__model=f"model-{number * 7919 % 1013}") for number in range(500)]
    whole = gzip.compress(json.dumps(document(*spans)).encode())
    path = tmp_path / "traces.json.gz"
    path.write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(InputFileError, match="cannot be read"):
        opentelemetry.read(path, provenance)


def test_the_collectors_own_frames_are_named(tmp_path: Path, provenance: Provenance) -> None:
    path = tmp_path / "traces.json"
    path.write_bytes(b"\x00\x00\x01\x00\x28\xb5\x2f\xfd" + b"x" * 20)
    with pytest.raises(InputFileError, match="own frames"):
        opentelemetry.read(path, provenance)


def test_metrics_alone_are_refused_for_they_may_be_cumulative(tmp_path: Path, provenance: Provenance) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps({"resourceMetrics": [{"scopeMetrics": []}]}), encoding="utf-8")
    assert opentelemetry.recognises(path)
    with pytest.raises(InputFileError, match="not one span"):
        opentelemetry.read(path, provenance)


def test_a_file_of_which_no_call_can_be_read_is_refused(read: Read) -> None:
    with pytest.raises(SourcePayloadError, match="none of 1 rows"):
        read(span(operation__name="dream"))


@pytest.mark.parametrize("content", [b"", b"{}", b'{"object": "page"}', b"\x1f\x8bbroken", b"\x28\xb5\x2f\xfdbroken"])
def test_another_file_is_not_recognised(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    assert not opentelemetry.recognises(path)
    assert not opentelemetry.recognises(tmp_path / "nothing.json")
