"""Load of Bedrock from CloudWatch's metrics: requests and tokens by the minute while it is young, and no charges.

https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html (`AWS/Bedrock`, by `ModelId`) and
https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-mantle-metrics.html (`AWS/BedrockMantle`, by `Model`);
read 2026-11-26.

- CloudWatch keeps minutes for 15 days, five minutes for 63, hours for 455 (GetMetricData).
- It lists only models of the last two weeks (ListMetrics), and so would a SEARCH: others are named with `--models`,
  and the account's total, which has no dimension, shows whether one is missing.
- Cached tokens stand beside `InputTokenCount`, not inside it: AWS's quota is spent by InputTokenCount +
  CacheWriteInputTokens + output, and cache reads do not count toward it
  (https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html). How long a written cache lives is
  not told; it counts as the shorter. `TotalInputTokens` of mantle are "billable input tokens"; whether cached ones
  are among them is not documented: such rows carry the tag `cached:not-told`.
- `Invocations` are successful requests in one edition of AWS's page and accepted ones in another.
- Service tiers are not told.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar

import msgspec

from costcheck.errors import SourceError, SourcePayloadError, UsageError
from costcheck.records import BillBatch, Provenance, QuarantinedRow
from costcheck.sources.bills import aws_metric_rows
from costcheck.sources.bills.aws_clients import account_of, open_client, pages, require_login
from costcheck.sources.bills.aws_metric_rows import (
    METRICS,
    MODEL_DIMENSION,
    SOURCE,
    Endpoint,
    Series,
    normalise_usage,
)
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.windows import Window

LIST_ACTION = "cloudwatch:ListMetrics"
DATA_ACTION = "cloudwatch:GetMetricData"
URL_IS_SCOPE = True
"""A row tells neither its region nor its account: `source_url` lists those that were asked."""
METRICS_PER_CALL = 500
MINUTE, FIVE_MINUTES, HOUR = 60, 300, 3600
# How long each width is kept; a day less than AWS says, so that it is still there when the last question is asked.
MINUTES_FOR, FIVE_MINUTES_FOR, HOURS_FOR = timedelta(days=14), timedelta(days=62), timedelta(days=455)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part of a month in which CloudWatch keeps one width."""

    start: datetime
    end: datetime
    seconds: int


class _Dimension(msgspec.Struct, frozen=True):
    name: str = msgspec.field(name="Name")
    value: str = msgspec.field(name="Value")


class _Metric(msgspec.Struct, frozen=True):
    name: str = msgspec.field(name="MetricName")
    dimensions: list[_Dimension] = msgspec.field(name="Dimensions", default_factory=list)


class _Result(msgspec.Struct, frozen=True):
    name: str = msgspec.field(name="Id")
    status: str = msgspec.field(name="StatusCode")
    moments: list[datetime] = msgspec.field(name="Timestamps")
    counts: list[int | float] = msgspec.field(name="Values")


T = TypeVar("T")


def plan(request: PullRequest) -> PullPlan:
    """Return the least number of requests.

    Raises:
        UsageError: There are no credentials, no region was named, or CloudWatch does not reach that far back.
    """
    require_login(request, DATA_ACTION)
    earliest = request.now - HOURS_FOR
    too_early = [window.bucket for window in request.windows if window.start < earliest]
    if too_early:
        message = f"CloudWatch no longer knows {', '.join(too_early)}"
        raise UsageError(
            message, expected=f"months after {earliest:%Y-%m-%d}", action="read later months; 455 days are kept"
        )
    parts = sum(len(_parts(window, request.now)) for window in request.windows)
    return PullPlan(
        requests=len(_regions(request)) * (len(Endpoint) * len(request.windows) + parts),
        charge="about 0.01 USD per 1,000 metrics asked for, see CloudWatch's prices",
    )


def _regions(request: PullRequest) -> tuple[str, ...]:
    named = request.options.get("regions") or request.environ.get("AWS_REGION", "")
    named = named or request.environ.get("AWS_DEFAULT_REGION", "")
    regions = tuple(part.strip() for part in named.split(",") if part.strip())
    if not regions:
        message = "--regions is missing"
        raise UsageError(
            message,
            expected="every region in which Bedrock is called, such as us-east-1,eu-west-1",
            action="give --regions ..., then run it again",
        )
    return regions


def pull(request: PullRequest) -> BillBatch:
    """Return the usage of the windows in every region.

    Raises:
        CostcheckError: See `fetch_metrics` and `normalise_usage`.
    """
    models = tuple(part.strip() for part in request.options.get("models", "").split(",") if part.strip())
    account = account_of(request, _regions(request)[0])
    series: list[Series] = []
    for region_id in _regions(request):
        client = open_client(request, "cloudwatch", region_id, DATA_ACTION)
        series += fetch_metrics(
            client, region_id, request.windows, now=request.now, models=models, on_page=request.on_page
        )
    return normalise_usage(series, request.buckets, request.provenance(SOURCE, _source_url(request, account)))


def _source_url(request: PullRequest, account: str) -> str:
    """Return the address of each region, with the account behind it, with spaces between."""
    instead = request.options.get("endpoint-url")
    return " ".join(
        f"{instead}#{region_id}/{account}" if instead else f"https://monitoring.{region_id}.amazonaws.com#{account}"
        for region_id in _regions(request)
    )


def fetch_metrics(  # noqa: PLR0913 - where, when, and of what
    client: Any,  # noqa: ANN401 - boto3's client, or a stub
    region_id: str,
    windows: Sequence[Window],
    *,
    now: datetime,
    models: Sequence[str] = (),
    on_page: Callable[[], None] = lambda: None,
) -> list[Series]:
    """Return every series of one region, the account's totals among them.

    Raises:
        SourceError: AWS refused or did not answer, or a series is not complete.
    """
    found: list[Series] = []
    for endpoint in Endpoint:
        wanted = _wanted(client, endpoint, models, on_page)
        for window in windows:
            for part in _parts(window, now):
                found += _series(client, region_id, window, part, wanted, on_page)
    return found


def _parts(window: Window, now: datetime) -> list[_Part]:
    """Return the window in parts of one width each, cut at midnight."""
    hours_until = min(max(_midnight(now - FIVE_MINUTES_FOR), window.start), window.end)
    fives_until = min(max(_midnight(now - MINUTES_FOR), window.start), window.end)
    edges = (window.start, hours_until, fives_until, window.end)
    return [
        _Part(start=start, end=end, seconds=seconds)
        for (start, end), seconds in zip(pairwise(edges), (HOUR, FIVE_MINUTES, MINUTE), strict=True)
        if start < end
    ]


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


Wanted = tuple[Endpoint, str, str | None]
"""A metric, and the model whose it is; None for the account's total."""


def _wanted(
    client: Any,  # noqa: ANN401 - boto3's client, or a stub
    endpoint: Endpoint,
    models: Sequence[str],
    on_page: Callable[[], None],
) -> list[Wanted]:
    listed = set(_listed(client, endpoint, on_page))
    named = {(metric, model) for metric in METRICS[endpoint] for model in models}
    pairs = sorted({*listed, *named}, key=lambda pair: (pair[1] or "", pair[0]))
    return [(endpoint, metric, model) for metric, model in pairs]


def _listed(
    client: Any,  # noqa: ANN401 - boto3's client, or a stub
    endpoint: Endpoint,
    on_page: Callable[[], None],
) -> Iterator[tuple[str, str | None]]:
    """Yield the metrics of single models and of the account; those by image size or project are sums of others."""
    for page in pages(LIST_ACTION, client.list_metrics, "Metrics", Namespace=endpoint.value):
        on_page()
        for metric in _shaped(page["Metrics"], list[_Metric], LIST_ACTION):
            dimensions = {row.name: row.value for row in metric.dimensions}
            if metric.name in METRICS[endpoint] and set(dimensions) <= {MODEL_DIMENSION[endpoint]}:
                yield metric.name, dimensions.get(MODEL_DIMENSION[endpoint])


def _shaped(rows: object, shape: type[T], iam_action: str) -> T:
    try:
        return msgspec.convert(rows, shape)
    except msgspec.ValidationError as exc:
        message = f"{iam_action}: {exc}"
        raise SourcePayloadError(
            message, expected="an answer in AWS's documented shape", action="report it; the ledger is untouched"
        ) from exc


def _series(  # noqa: PLR0913, PLR0917 - what, where and when
    client: Any,  # noqa: ANN401 - boto3's client, or a stub
    region_id: str,
    window: Window,
    part: _Part,
    wanted: Sequence[Wanted],
    on_page: Callable[[], None],
) -> Iterator[Series]:
    for first in range(0, len(wanted), METRICS_PER_CALL):
        asked = {f"m{number}": one for number, one in enumerate(wanted[first : first + METRICS_PER_CALL])}
        values = _values(client, part, asked, on_page)
        for name, (endpoint, metric, model) in asked.items():
            yield Series(
                bucket=window.bucket,
                region_id=region_id,
                endpoint=endpoint,
                model_id=model,
                metric=metric,
                period_seconds=part.seconds,
                values=values[name],
            )


def _values(
    client: Any,  # noqa: ANN401 - boto3's client, or a stub
    part: _Part,
    asked: Mapping[str, Wanted],
    on_page: Callable[[], None],
) -> dict[str, dict[datetime, float | int]]:
    """Return the values by the name of each question.

    Raises:
        SourceError: One of them is not complete.
    """
    values: dict[str, dict[datetime, float | int]] = {name: {} for name in asked}
    status: dict[str, str] = {}
    queries = [_query(name, one, part.seconds) for name, one in asked.items()]
    when = {"StartTime": part.start, "EndTime": part.end, "ScanBy": "TimestampAscending"}
    asking = pages(DATA_ACTION, client.get_metric_data, "MetricDataResults", MetricDataQueries=queries, **when)
    for page in asking:
        on_page()
        _refuse_messages(page.get("Messages", []))
        for row in _shaped(page["MetricDataResults"], list[_Result], DATA_ACTION):
            status[row.name] = row.status
            _take_in(values, row)
    _require_complete(asked, status)
    return values


def _query(name: str, one: Wanted, seconds: int) -> dict[str, Any]:
    endpoint, metric, model = one
    dimensions = [{"Name": MODEL_DIMENSION[endpoint], "Value": model}] if model else []
    of = {"Namespace": endpoint.value, "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": of, "Period": seconds, "Stat": "Sum"}}


def _take_in(values: Mapping[str, dict[datetime, float | int]], row: _Result) -> None:
    if row.name not in values or len(row.moments) != len(row.counts):
        message = f"{DATA_ACTION}: {row.name!r} has {len(row.moments)} moments and {len(row.counts)} values"
        raise SourcePayloadError(message, expected="a value for each moment", action="run it again")
    for moment, count in zip(row.moments, row.counts, strict=True):
        if moment.astimezone(UTC) in values[row.name]:
            message = f"{DATA_ACTION}: {row.name!r} has two values at {moment:%Y-%m-%d %H:%M}"
            raise SourcePayloadError(message, expected="one value for each moment", action="run it again")
        values[row.name][moment.astimezone(UTC)] = count


def _refuse_messages(messages: Sequence[Mapping[str, str]]) -> None:
    for row in messages:
        message = f"{DATA_ACTION}: {row.get('Code', '')}: {row.get('Value', '')}"
        raise SourceError(
            message, expected="an answer without a warning", action="read AWS's message; the ledger is untouched"
        )


def _require_complete(asked: Mapping[str, Wanted], status: Mapping[str, str]) -> None:
    for name, (endpoint, metric, model) in asked.items():
        if status.get(name) != "Complete":
            message = f"{endpoint} {metric} of {model or 'the account'}: {status.get(name, 'no answer')}"
            raise SourceError(
                message,
                expected="a complete series: what CloudWatch could not tell is not zero",
                action="run it again; the ledger is untouched",
            )


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined rows say now.

    Raises:
        SourcePayloadError: None could be read.
    """
    return aws_metric_rows.replay(rows, provenance)
