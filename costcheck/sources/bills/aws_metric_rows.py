"""Points of CloudWatch's metrics of Bedrock as usage: one row for each model and period, no charges.

Series are what `aws_cloudwatch` fetched; see there what they are.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from types import MappingProxyType

import msgspec

from costcheck.errors import SourcePayloadError
from costcheck.records import BillBatch, Operation, Provenance, QuarantinedRow, TokenUsage
from costcheck.sources.bills.bedrock_names import model_of_id
from costcheck.sources.bills.rows import BatchBuilder, Read, SetAside, replay_rows

SOURCE = "bedrock-metrics"
PROVIDER = "aws"


class Count(StrEnum):
    """What a metric counts, whatever its name."""

    REQUESTS = "requests"
    INPUT = "input"
    OUTPUT = "output"
    CACHE_READ = "cache_read"
    CACHE_WRITE = "cache_write"


class Endpoint(StrEnum):
    """The namespace of an endpoint's metrics."""

    RUNTIME = "AWS/Bedrock"
    MANTLE = "AWS/BedrockMantle"


# AWS's guide and AWS's quota page spell the cache metrics differently; whichever is there is read.
METRICS: Mapping[Endpoint, Mapping[str, Count]] = MappingProxyType(
    {
        Endpoint.RUNTIME: MappingProxyType(
            {
                "Invocations": Count.REQUESTS,
                "InputTokenCount": Count.INPUT,
                "OutputTokenCount": Count.OUTPUT,
                "CacheReadInputTokens": Count.CACHE_READ,
                "CacheReadInputTokenCount": Count.CACHE_READ,
                "CacheWriteInputTokens": Count.CACHE_WRITE,
                "CacheWriteInputTokenCount": Count.CACHE_WRITE,
            }
        ),
        Endpoint.MANTLE: MappingProxyType(
            {
                "Inferences": Count.REQUESTS,
                "TotalInputTokens": Count.INPUT,
                "TotalOutputTokens": Count.OUTPUT,
            }
        ),
    }
)
MODEL_DIMENSION: Mapping[Endpoint, str] = MappingProxyType({Endpoint.RUNTIME: "ModelId", Endpoint.MANTLE: "Model"})
# What no text model replaces, told by the model's name.
_OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "embed": Operation.EMBEDDINGS,
        "rerank": Operation.TOOL,
        "sonic": Operation.AUDIO,
        "image": Operation.IMAGE,
        "canvas": Operation.IMAGE,
        "stable-": Operation.IMAGE,
        "sd3": Operation.IMAGE,
        "reel": Operation.IMAGE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric of one model, or of the whole account, in one part of a month.

    Attributes:
        model_id: As it was called; None for the account's total.
        values: By the first instant of each period, UTC; a period without a value had none.
    """

    bucket: str
    region_id: str
    endpoint: Endpoint
    model_id: str | None
    metric: str
    period_seconds: int
    values: Mapping[datetime, float | int]


class Point(msgspec.Struct, frozen=True):
    """Everything that was counted for one model in one period; kept as it came where it cannot be read."""

    endpoint: Endpoint
    region_id: str
    model_id: str
    start: datetime
    period_seconds: int
    counts: dict[str, float | int]


def normalise_usage(series: Sequence[Series], buckets: tuple[str, ...], provenance: Provenance) -> BillBatch:
    """Return the series as one batch of usage.

    Raises:
        SourcePayloadError: Models are missing from the list, or there are points and none could be read.
    """
    _require_every_model(series)
    builder = BatchBuilder(SOURCE)
    for bucket, point in _points(series):
        raw = msgspec.json.encode(point)
        builder.read(bucket, raw, partial(_read, bucket, raw))
    return builder.batch(buckets, provenance)


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined points say now.

    Raises:
        SourcePayloadError: None could be read.
    """
    return replay_rows(SOURCE, rows, provenance, lambda _, row: _read(row.x_bucket, row.raw))


def _points(series: Sequence[Series]) -> Iterator[tuple[str, Point]]:
    counted: dict[tuple[str, Endpoint, str, str, int, datetime], dict[str, float | int]] = defaultdict(dict)
    for one in series:
        if one.model_id is not None:
            for start, value in one.values.items():
                key = (one.bucket, one.endpoint, one.region_id, one.model_id, one.period_seconds, start)
                counted[key][one.metric] = value
    for (bucket, endpoint, region_id, model_id, seconds, start), counts in sorted(counted.items()):
        yield (
            bucket,
            Point(
                endpoint=endpoint,
                region_id=region_id,
                model_id=model_id,
                start=start,
                period_seconds=seconds,
                counts=dict(sorted(counts.items())),
            ),
        )


def _read(bucket: str, raw: bytes) -> tuple[Hashable, Read]:
    point = msgspec.json.decode(raw, type=Point)
    key = (point.endpoint, point.region_id, point.model_id, point.start)
    counts = _counts(point)
    if not any(count for name, count in counts.items() if name is not Count.REQUESTS):
        return key, SetAside("requests without tokens: they failed, or the model counts something else")
    if Count.INPUT not in counts:
        message = f"{point.model_id} has tokens and no input count at {point.start:%Y-%m-%d %H:%M}"
        raise _not_understood(message)
    start = point.start.astimezone(UTC)
    model = model_of_id(point.model_id)
    return key, TokenUsage(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=start + timedelta(seconds=point.period_seconds),
        service_provider_name=PROVIDER,
        request_model=model,
        operation=operation_of(model),
        tags=_tags(point),
        uncached_input_tokens=counts[Count.INPUT],
        cache_read_input_tokens=counts.get(Count.CACHE_READ, 0),
        cache_creation_5m_input_tokens=counts.get(Count.CACHE_WRITE, 0),
        output_tokens=counts.get(Count.OUTPUT, 0),
        requests=counts.get(Count.REQUESTS),
    )


def _counts(point: Point) -> dict[Count, int]:
    counts: dict[Count, int] = {}
    for metric, value in point.counts.items():
        name, count = METRICS[point.endpoint][metric], _whole(point, metric, value)
        if counts.setdefault(name, count) != count:
            message = f"{point.model_id}: two metrics of {name} say {counts[name]} and {count}"
            raise _not_understood(message)
    return counts


def _whole(point: Point, metric: str, value: float) -> int:
    whole = int(value)
    if whole != value or whole < 0:
        message = f"{point.model_id}: {metric} is {value} at {point.start:%Y-%m-%d %H:%M}"
        raise _not_understood(message)
    return whole


def operation_of(model: str) -> Operation:
    """Return what a model is for, told by its name."""
    return next((operation for word, operation in _OPERATIONS.items() if word in model.lower()), Operation.CHAT)


def _tags(point: Point) -> tuple[str, ...]:
    called = (f"model-id:{point.model_id}", f"region:{point.region_id}")
    return (*called, "endpoint:mantle", "cached:not-told") if point.endpoint is Endpoint.MANTLE else called


def _require_every_model(series: Sequence[Series]) -> None:
    """Raise if the account's total is more than the models add up to: some were not listed.

    Raises:
        SourcePayloadError: It is.
    """
    listed: dict[tuple[str, Endpoint, str, str], int | float] = defaultdict(int)
    total: dict[tuple[str, Endpoint, str, str], int | float] = defaultdict(int)
    for one in series:
        side = total if one.model_id is None else listed
        side[one.bucket, one.endpoint, one.region_id, one.metric] += sum(one.values.values())
    for key, amount in sorted(total.items()):
        # The last minutes may reach the total before they reach a model.
        if amount - listed[key] > amount / 1000:
            bucket, endpoint, region_id, metric = key
            message = (
                f"{endpoint} {region_id} {bucket}: {metric} is {amount:.0f} for the account and {listed[key]:.0f} "
                "for the models that CloudWatch lists"
            )
            raise SourcePayloadError(
                message,
                expected="models that add up to the account (CloudWatch lists those of the last two weeks only)",
                action="name the older ones with --models ID,ID as they were called; the ledger is untouched",
            )


def _not_understood(message: str) -> SourcePayloadError:
    return SourcePayloadError(
        message, expected="whole counts, one for each class", action="report it; the row was not used"
    )
