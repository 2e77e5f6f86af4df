"""Bedrock's model invocation log in files: gzipped JSON lines as Bedrock writes them to S3, one record a call.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html; fields as in a public schema
of the log, https://docs.panther.com/data-onboarding/supported-logs/aws/bedrock-model-invocation; read 2026-11-26.
Opt-in, and of the endpoint `bedrock-runtime` only: what goes through `bedrock-mantle` is not in it.

Load, not a bill: usage by the minute and no charges. The counts stand in the record beside the bodies; the bodies
(`inputBodyJson`, `outputBodyJson`) have no field here, so that they are skipped and never become a text.
`inputTokenCount` leaves out what the cache read and wrote. How long a written cache lives stands in the body alone,
so that it counts as the shorter. Requests that failed and put nothing out are set aside, whatever their input.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import msgspec

from costcheck.errors import InputFileError, SourcePayloadError
from costcheck.records import BillBatch, Operation, Provenance, QuarantinedRow, TokenUsage
from costcheck.sources.bills.aws_metric_rows import operation_of
from costcheck.sources.bills.bedrock_names import model_of_id
from costcheck.sources.bills.console_csv import LARGEST_COUNT
from costcheck.sources.bills.files import file_digest
from costcheck.sources.bills.json_lines import documents, first_bytes, unreadable
from costcheck.sources.bills.minute_sums import MinuteSums
from costcheck.sources.bills.rows import DUPLICATE

SOURCE = "bedrock-logs"
PROVIDER = "aws"
SCHEMA = "ModelInvocationLog"
EXPECTED = "records of Bedrock's model invocation log, JSON lines, plain or gzip"
MINUTE = timedelta(minutes=1)
LONGEST_VALUE = 200
FAILED = "failed request"
NO_TOKENS = "a model that counts no tokens"
PROFILE = "application-inference-profile/"
ROW_IS_REQUEST = True
"""Usage is the sum of requests, of which each is a row."""


class Input(msgspec.Struct, frozen=True, rename="camel"):
    """What was counted on the way in; the prompt has no field here."""

    input_token_count: int | None = None
    cache_read_input_token_count: int | None = None
    cache_write_input_token_count: int | None = None


class Output(msgspec.Struct, frozen=True, rename="camel"):
    """What was counted on the way out; the answer has no field here."""

    output_token_count: int | None = None


class Performance(msgspec.Struct, frozen=True):
    """How it was to be served."""

    latency: str | None = None


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """One call."""

    schema_type: str
    timestamp: datetime
    request_id: str
    model_id: str
    account_id: str | None = None
    region: str | None = None
    operation: str | None = None
    error_code: str | None = None
    input: Input | None = None
    output: Output | None = None
    performance_config: Performance | None = None

    @property
    def taken_in(self) -> Input:
        """Return what was counted on the way in; nothing where the record has none."""
        return self.input or Input()

    @property
    def put_out(self) -> int | None:
        """Return the tokens on the way out; a failed call often has no `output` at all."""
        return self.output.output_token_count if self.output else None


class _Kept(msgspec.Struct, frozen=True, rename="camel"):
    """What of a record that cannot be read is kept: names, and the counts below."""

    schema_type: msgspec.Raw = msgspec.Raw(b"null")
    timestamp: msgspec.Raw = msgspec.Raw(b"null")
    request_id: msgspec.Raw = msgspec.Raw(b"null")
    model_id: msgspec.Raw = msgspec.Raw(b"null")
    account_id: msgspec.Raw = msgspec.Raw(b"null")
    region: msgspec.Raw = msgspec.Raw(b"null")
    operation: msgspec.Raw = msgspec.Raw(b"null")
    error_code: msgspec.Raw = msgspec.Raw(b"null")


class _KeptCounts(msgspec.Struct, frozen=True):
    input: dict[str, msgspec.Raw] = {}
    output: dict[str, msgspec.Raw] = {}


COUNTS = ("inputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount", "outputTokenCount")
Key: TypeAlias = tuple[datetime, str, Operation, str, tuple[str, ...]]


Sums: TypeAlias = MinuteSums[Key]


def recognises(path: Path) -> bool:
    """Return whether a file begins like an invocation log."""
    head = first_bytes(path)
    return head.lstrip().startswith(b"{") and b'"schemaType"' in head and f'"{SCHEMA}"'.encode() in head


def read(path: Path, provenance: Provenance) -> BillBatch:
    """Return the calls of a file, summed to the minute.

    Raises:
        InputFileError: It cannot be read, is no JSON, is cut off, or holds no record.
        SourcePayloadError: There are records, and none could be read.
    """
    number = 0
    sums = Sums(SOURCE, bucket=_bucket(path))
    for number, text in enumerate(documents(path, EXPECTED), start=1):
        _add(sums, path, number, text)
    if not number:
        raise unreadable(path, "it is empty", EXPECTED)
    return sums.batch(_usage, provenance)


def _bucket(path: Path) -> str:
    try:
        return f"sha256:{file_digest(path)}"
    except OSError as exc:
        raise unreadable(path, str(exc), EXPECTED) from exc


def _add(sums: Sums, path: Path, number: int, text: bytes) -> None:
    try:
        record = msgspec.json.decode(text, type=Record)
        aside = _aside(sums, record)
        if aside:
            sums.set_aside[aside] += 1
            return
        key, counts = _counted(record)
    except msgspec.ValidationError as exc:
        _quarantine(sums, path, number, text, str(exc))
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise _cut(path, number, exc) from exc
    except SourcePayloadError as exc:
        _quarantine(sums, path, number, text, exc.seen)
    except (ValueError, OverflowError) as exc:
        _quarantine(sums, path, number, text, str(exc))
    else:
        sums.add(record.request_id, key, counts)


def _cut(path: Path, number: int, exc: Exception) -> InputFileError:
    return unreadable(path, f"record {number}: {exc}", EXPECTED)


def _quarantine(sums: Sums, path: Path, number: int, text: bytes, reason: str) -> None:
    """Keep of a record the names and counts that are read, and nothing that a person may have written."""
    kept: dict[str, msgspec.Raw] = {}
    try:
        named = msgspec.json.decode(text, type=_Kept)
        kept = {str(name): getattr(named, name) for name in named.__struct_fields__}
        counts = msgspec.json.decode(text, type=_KeptCounts)
        kept |= {name: value for name, value in (counts.input | counts.output).items() if name in COUNTS}
    except msgspec.ValidationError:
        pass  # the names, or nothing: the record is known by its place in the file
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise _cut(path, number, exc) from exc
    short = {name: value for name, value in kept.items() if len(bytes(value)) <= LONGEST_VALUE}
    sums.quarantined.append(
        QuarantinedRow(
            x_source=SOURCE,
            x_bucket=sums.bucket,
            reason=reason[:LONGEST_VALUE],
            raw=msgspec.json.encode(short),
            context=msgspec.json.encode({"record": number}).decode(),
        )
    )


def _aside(sums: Sums, record: Record) -> str:
    """Return why a record counts for nothing, nothing if it counts."""
    if record.request_id in sums.seen:
        return DUPLICATE
    counts = (record.taken_in.input_token_count, record.put_out)
    if record.error_code and not record.put_out:
        return FAILED
    if any(counts):
        return ""
    operation = operation_of(model_of_id(record.model_id))
    textless = operation not in (Operation.CHAT, Operation.EMBEDDINGS)
    return NO_TOKENS if textless and counts == (None, None) else ""


def _counted(record: Record) -> tuple[Key, tuple[int, ...]]:
    if record.schema_type != SCHEMA:
        message = f"schemaType is {record.schema_type[:LONGEST_VALUE]!r}"
        raise _not_understood(message)
    if record.timestamp.tzinfo is None or not (record.request_id and record.model_id):
        message = "a record without a time zone, a requestId or a modelId"
        raise _not_understood(message)
    moment = record.timestamp.astimezone(UTC)
    model = model_of_id(record.model_id)
    operation = operation_of(model)
    output = record.put_out
    if output is None and operation is Operation.EMBEDDINGS:
        output = 0
    counts = (
        _count("inputTokenCount", record.taken_in.input_token_count),
        _count("cacheReadInputTokenCount", record.taken_in.cache_read_input_token_count or 0),
        _count("cacheWriteInputTokenCount", record.taken_in.cache_write_input_token_count or 0),
        _count("outputTokenCount", output),
        1,
    )
    minute = moment.replace(second=0, microsecond=0)
    return (minute, model, operation, record.account_id or "", _tags(record)), counts


def _count(name: str, value: int | None) -> int:
    if value is None or not 0 <= value <= LARGEST_COUNT:
        message = f"{name} is {value}" if value is not None else f"no {name}"
        raise _not_understood(message)
    return value


def _tags(record: Record) -> tuple[str, ...]:
    marks = {
        f"region:{record.region}": bool(record.region),
        f"inference-profile:{record.model_id}": PROFILE in record.model_id,
        "latency:optimized": record.performance_config is not None
        and record.performance_config.latency == "optimized",
    }
    return tuple(mark for mark, is_set in marks.items() if is_set)


def _not_understood(message: str) -> SourcePayloadError:
    return SourcePayloadError(message, expected=EXPECTED, action="report it; the record was not used")


def _usage(bucket: str, key: Key, counts: list[int]) -> TokenUsage:
    minute, model, operation, account, tags = key
    uncached, read_from_cache, written, output, requests = counts
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=minute,
        charge_period_end=minute + MINUTE,
        service_provider_name=PROVIDER,
        request_model=model,
        operation=operation,
        sub_account_id=account or None,
        tags=tags,
        uncached_input_tokens=uncached,
        cache_read_input_tokens=read_from_cache,
        cache_creation_5m_input_tokens=written,
        output_tokens=output,
        requests=requests,
    )
