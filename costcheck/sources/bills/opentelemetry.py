"""Spans of language model calls as OpenTelemetry writes them: OTLP JSON, one document or one a line, gzip, zstd.

Attributes as in the GenAI semantic conventions (`opentelemetry-semantic-conventions` 0.66b2,
`_incubating/attributes/gen_ai_attributes.py`; https://github.com/open-telemetry/semantic-conventions-genai) and their
retired names, read on 2026-11-26. `gen_ai.usage.input_tokens` should include what the cache read and wrote
(https://open-telemetry.github.io/opentelemetry-js/variables/_opentelemetry_semantic-conventions.incubating.ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS.html);
a span that shows more cached than input tokens does not follow that, and is quarantined.

Spans are load, not a bill: usage by the minute and no charges. An agent's or a tool's span repeats the tokens of the
model calls below it, so that it is set aside. Of a span only the attributes named here are decoded; messages, prompts
and events stay bytes. Metrics (`gen_ai.client.token.usage`) are not read: most are cumulative, and cannot be told
from a second copy.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec

from costcheck.errors import SourcePayloadError
from costcheck.records import (
    BillBatch,
    Operation,
    Provenance,
    QuarantinedRow,
    ServiceTier,
    TokenUsage,
)
from costcheck.sources.bills.console_csv import LARGEST_COUNT, file_bucket
from costcheck.sources.bills.json_lines import documents, first_bytes, unreadable
from costcheck.sources.bills.litellm_names import own_name
from costcheck.sources.bills.minute_sums import MinuteSums
from costcheck.sources.bills.openai import TIERS
from costcheck.sources.bills.rows import count_tokens, known

SOURCE = "opentelemetry"
MINUTE = timedelta(minutes=1)
ROW_IS_REQUEST = True
"""Several rows stand under one key: a minute of a model."""
NANOS_PER_SECOND = 1_000_000_000
EARLIEST = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp())
LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
LONGEST_TEXT = 200
EXPECTED = "OTLP JSON with resourceSpans, as the collector's file exporter writes, plain, gzip or zstd"
KINDS = ("resourceSpans", "resourceMetrics", "resourceLogs")
# The first name that is there wins.
INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
OUTPUT = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
CACHE_READ = ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens")
CACHE_WRITTEN = ("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens")
PROVIDER = ("gen_ai.provider.name", "gen_ai.system")
MODEL = ("gen_ai.response.model", "gen_ai.request.model")
OPERATION = ("gen_ai.operation.name", "llm.request.type")
TIER = ("openai.response.service_tier", "gen_ai.openai.response.service_tier")
ERROR = ("error.type",)
COUNTS = frozenset({*INPUT, *OUTPUT, *CACHE_READ, *CACHE_WRITTEN})
READ = COUNTS.union(PROVIDER, MODEL, OPERATION, TIER, ERROR)
OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "chat": Operation.CHAT,
        "completion": Operation.CHAT,
        "generate_content": Operation.CHAT,
        "text_completion": Operation.CHAT,
        "embeddings": Operation.EMBEDDINGS,
        "embedding": Operation.EMBEDDINGS,
    }
)
REPEATING = frozenset({"create_agent", "execute_tool", "invoke_agent", "invoke_workflow", "retrieval"})
# In the words of the prices; what is not here is kept as it stands.
PROVIDERS: Mapping[str, str] = MappingProxyType(
    {
        "aws.bedrock": "aws",
        "aws_bedrock": "aws",
        "azure.ai.inference": "azure",
        "azure.ai.openai": "azure",
        "az.ai.inference": "azure",
        "az.ai.openai": "azure",
        "gcp.gemini": "google",
        "gcp.gen_ai": "google",
        "gcp.vertex_ai": "google",
        "gemini": "google",
        "mistral_ai": "mistral",
        "vertex_ai": "google",
        "x_ai": "x-ai",
        "xai": "x-ai",
    }
)
NO_MODEL_CALL = "no call of a language model"
REPEATED = "an agent's or a tool's sum of calls that have spans of their own"
FAILED = "failed request"
NO_SPANS = "metrics or logs, which spans tell better"


class Attribute(msgspec.Struct, frozen=True):
    """A key, and a value that stays bytes until somebody asks for it."""

    key: str
    value: msgspec.Raw = msgspec.Raw(b"null")


class Value(msgspec.Struct, frozen=True, rename="camel"):
    """OTLP's AnyValue, as far as counts and names go; 64-bit integers are texts in JSON."""

    string_value: str | None = None
    int_value: str | int | None = None
    double_value: float | None = None


class Status(msgspec.Struct, frozen=True):
    """Code 2 is an error."""

    code: int | str = 0


class Span(msgspec.Struct, frozen=True, rename="camel"):
    """One span; its events, links and name have no field here, so they are never read."""

    trace_id: str
    span_id: str
    start_time_unix_nano: str | int
    attributes: list[Attribute] = []
    status: Status = Status()


class Scope(msgspec.Struct, frozen=True):
    """The spans of one library; they stay raw, so that a bad one does not spoil the rest."""

    spans: list[msgspec.Raw] = []


class Resource(msgspec.Struct, frozen=True):
    """The process that made them."""

    attributes: list[Attribute] = []


class ResourceSpans(msgspec.Struct, frozen=True, rename="camel"):
    """The spans of one process."""

    resource: Resource = Resource()
    scope_spans: list[Scope] = []


class Document(msgspec.Struct, frozen=True, rename="camel"):
    """What one export holds."""

    resource_spans: list[ResourceSpans] = []
    resource_metrics: list[msgspec.Raw] = []
    resource_logs: list[msgspec.Raw] = []


Names: TypeAlias = dict[str, str | int]
Key: TypeAlias = tuple[datetime, str, str, Operation, ServiceTier, tuple[str, ...]]


Sums: TypeAlias = MinuteSums[Key]


def recognises(path: Path) -> bool:
    """Return whether a file begins like an export of spans, metrics or logs."""
    head = first_bytes(path)
    return head.lstrip().startswith(b"{") and any(f'"{kind}"'.encode() in head for kind in KINDS)


def read(path: Path, provenance: Provenance) -> BillBatch:
    """Return the spans of a file, summed to the minute.

    Raises:
        InputFileError: It cannot be read, is no OTLP JSON, is cut off, or holds no spans at all.
        SourcePayloadError: There are model calls, and none could be read.
    """
    sums = Sums(SOURCE, bucket=file_bucket(path))
    if not _read_documents(path, sums):
        raise unreadable(path, "there is not one span in it", EXPECTED)
    return sums.batch(_usage, provenance)


def _read_documents(path: Path, sums: Sums) -> int:
    spans = 0
    for number, text in enumerate(documents(path, EXPECTED), start=1):
        try:
            document = msgspec.json.decode(text, type=Document)
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
            raise unreadable(path, f"document {number}: {exc}", EXPECTED) from exc
        sums.set_aside[NO_SPANS] += len(document.resource_metrics) + len(document.resource_logs)
        for resource in document.resource_spans:
            tags = _tags(resource.resource)
            for raw in (raw for scope in resource.scope_spans for raw in scope.spans):
                spans += 1
                _add(sums, raw, tags)
    return spans


def _tags(resource: Resource) -> tuple[str, ...]:
    named = _decode(resource.attributes, frozenset({"service.name"}))
    return tuple(f"service:{name}" for name in named.values())


def _add(sums: Sums, raw: msgspec.Raw, tags: tuple[str, ...]) -> None:
    names: Names = {}
    try:
        span = msgspec.json.decode(raw, type=Span)
        names = {"traceId": span.trace_id, "spanId": span.span_id, "startTimeUnixNano": span.start_time_unix_nano}
        names |= _decode(span.attributes, READ)
        aside = _aside(span, names)
        if aside:
            sums.set_aside[aside] += 1
            return
        key, counts = _counted(span, names, tags)
    except SourcePayloadError as exc:
        _quarantine(sums, names, exc.seen, tags)
    except (msgspec.MsgspecError, ValueError, OverflowError) as exc:
        _quarantine(sums, names, str(exc), tags)
    else:
        sums.add(f"{span.trace_id}/{span.span_id}", key, counts)


def _quarantine(sums: Sums, names: Names, reason: str, tags: tuple[str, ...]) -> None:
    """Keep of a span the names and counts that are read, and nothing that a person may have written."""
    kept = {name: value for name, value in names.items() if len(str(value)) <= LONGEST_TEXT}
    sums.quarantined.append(
        QuarantinedRow(
            x_source=SOURCE,
            x_bucket=sums.bucket,
            reason=reason,
            raw=json.dumps(kept).encode(),
            context=json.dumps({"tags": tags}),
        )
    )


def _decode(attributes: list[Attribute], wanted: frozenset[str]) -> Names:
    found: Names = {}
    for attribute in attributes:
        if attribute.key in wanted:
            value = msgspec.json.decode(attribute.value, type=Value)
            for content in (value.string_value, value.int_value, value.double_value):
                if content is not None:
                    found[attribute.key] = content if isinstance(content, str | int) else str(content)
    return found


def _first(names: Names, keys: tuple[str, ...]) -> str | int | None:
    return next((names[key] for key in keys if key in names), None)


def _aside(span: Span, names: Names) -> str:
    """Return why a span counts for nothing, nothing if it counts."""
    operation = _first(names, OPERATION)
    has_counts = not COUNTS.isdisjoint(names)
    if operation in REPEATING:
        return REPEATED
    if operation is None and not has_counts:
        return NO_MODEL_CALL
    failed = _first(names, ERROR) is not None or span.status.code in {2, "STATUS_CODE_ERROR"}
    return FAILED if failed and not has_counts else ""


def _counted(span: Span, names: Names, tags: tuple[str, ...]) -> tuple[Key, tuple[int, ...]]:
    if not (span.trace_id and span.span_id):
        message = "a span without traceId or spanId"
        raise SourcePayloadError(message, expected="both, to know a copy", action="check the exporter")
    operation = known(OPERATIONS, str(_first(names, OPERATION) or "chat").lower(), what="gen_ai.operation.name")
    model = _first(names, MODEL)
    if not model:
        message = "no gen_ai.response.model and no gen_ai.request.model"
        raise SourcePayloadError(message, expected="a model", action="check the instrumentation")
    named = str(_first(names, PROVIDER) or "unknown").lower()
    provider = PROVIDERS.get(named, named)
    tier = known(TIERS, str(_first(names, TIER) or "default").lower(), what="service_tier")
    key = (_minute(span), provider, own_name(provider, str(model)), operation, tier, tags)
    return key, _token_classes(names, operation)


def _minute(span: Span) -> datetime:
    seconds = int(span.start_time_unix_nano) // NANOS_PER_SECOND
    if not EARLIEST <= seconds < LATEST:
        message = f"startTimeUnixNano is {span.start_time_unix_nano}"
        raise SourcePayloadError(message, expected="nanoseconds since 1970", action="check the exporter")
    return datetime.fromtimestamp(seconds - seconds % 60, UTC)


def _token_classes(names: Names, operation: Operation) -> tuple[int, int, int, int, int]:
    """Return (uncached, read, written, output, requests)."""
    tokens = _count(names, INPUT, default=None)
    output = _count(names, OUTPUT, default=0 if operation is Operation.EMBEDDINGS else None)
    read, written = _count(names, CACHE_READ, default=0), _count(names, CACHE_WRITTEN, default=0)
    if read + written > tokens:
        message = f"{tokens} input tokens, and {read} read from the cache and {written} written to it"
        raise SourcePayloadError(
            message,
            expected="cached tokens as a part of the input tokens, as the conventions say",
            action="update the instrumentation; the span was not used",
        )
    return tokens - read - written, read, written, output, 1


def _count(names: Names, keys: tuple[str, ...], *, default: int | None) -> int:
    value: Any = _first(names, keys)
    value = default if value is None else value
    if value is None:
        message = f"no {keys[0]}"
        raise SourcePayloadError(message, expected="a token count", action="record usage, also for streamed answers")
    # Some exporters write a count as a double.
    text = str(value).removesuffix(".0")
    if not text.removeprefix("-").isdecimal():
        message = f"{keys[0]} is {str(value)[:LONGEST_TEXT]!r}"
        raise SourcePayloadError(message, expected="a whole number", action="check the exporter")
    if int(text) > LARGEST_COUNT:
        message = f"{keys[0]} is {text[:LONGEST_TEXT]}"
        raise SourcePayloadError(message, expected="a count of tokens", action="check the exporter")
    return count_tokens(int(text), what=keys[0])


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined spans of one file say now.

    Raises:
        SourcePayloadError: None could be read.
    """
    sums = Sums(SOURCE, bucket=rows[0].x_bucket)
    for row in rows:
        names = msgspec.json.decode(row.raw, type=Names)
        tags = tuple(msgspec.json.decode(row.context, type=dict[str, list[str]])["tags"])
        own = [names.pop(name, "") for name in ("traceId", "spanId", "startTimeUnixNano")]
        attributes = [Attribute(name, msgspec.Raw(_value(value))) for name, value in names.items()]
        span = Span(str(own[0]), str(own[1]), own[2], attributes)
        _add(sums, msgspec.Raw(msgspec.json.encode(span)), tags)
    return sums.batch(_usage, provenance)


def _value(value: str | int) -> bytes:
    return msgspec.json.encode(Value(int_value=value) if isinstance(value, int) else Value(string_value=value))


def _usage(bucket: str, key: Key, counts: list[int]) -> TokenUsage:
    minute, provider, model, operation, tier, tags = key
    uncached, read, written, output, requests = counts
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=minute,
        charge_period_end=minute + MINUTE,
        service_provider_name=provider,
        request_model=model,
        operation=operation,
        service_tier=tier,
        tags=tags,
        uncached_input_tokens=uncached,
        cache_read_input_tokens=read,
        cache_creation_5m_input_tokens=written,
        output_tokens=output,
        requests=requests,
    )
