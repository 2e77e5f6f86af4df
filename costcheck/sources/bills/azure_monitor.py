"""Azure Monitor's metrics of Azure OpenAI: load by the minute, without money.

https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cognitiveservices-accounts-metrics
and https://learn.microsoft.com/rest/api/monitor/metrics/list, checked 2026-11-26. Metrics are kept for 93 days, so
that each day is a bucket of its own. `ProcessedPromptTokens` includes what a cache read: no metric of standard
deployments tells it apart, the meters of the bill (`azure`) do.
"""

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from types import MappingProxyType

import msgspec

from costcheck.errors import SourcePayloadError, UsageError
from costcheck.records import BillBatch, Operation, Provenance, TokenUsage
from costcheck.sources.bills.azure_login import MANAGEMENT_URL, check_login, open_management
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.rows import DUPLICATE, BatchBuilder, Read, SetAside, check, count_tokens
from costcheck.sources.bills.windows import Window
from costcheck.sources.http import ApiClient, Params
from costcheck.units import parse_decimal

SOURCE = "azure-monitor"
PROVIDER = "azure"
ROLE = "the login needs the role Monitoring Reader on the resource"
API_VERSION = "2023-10-01"
NAMESPACE = "Microsoft.CognitiveServices/accounts"
RESOURCE = re.compile(
    r"(?i)/subscriptions/[\w.()-]+/resourceGroups/[\w.()-]+/providers/Microsoft\.CognitiveServices/accounts/[\w.-]+"
)
INTERVAL = "PT1M"
MINUTE = timedelta(minutes=1)
REACH = timedelta(days=93)
MOST_SERIES = 1000
"""`top`, which is 10 where it is not given: what goes beyond it would be left out without a word."""
PROMPT, GENERATED, REQUESTS = "ProcessedPromptTokens", "GeneratedTokens", "AzureOpenAIRequests"
EACH_MODEL = "ModelDeploymentName eq '*' and ModelName eq '*' and ModelVersion eq '*'"
# Requests that were refused (429) or failed are counted too, unless the status is asked for.
QUESTIONS: Mapping[tuple[str, ...], str] = MappingProxyType(
    {(PROMPT, GENERATED): EACH_MODEL, (REQUESTS,): f"{EACH_MODEL} and StatusCode eq '200'"}
)
DATED = re.compile(r"\d{4}-\d{2}-\d{2}")


class Named(msgspec.Struct, frozen=True):
    """A name as the API gives it, beside its translation."""

    value: str


class Dimension(msgspec.Struct, frozen=True):
    """One value of one dimension."""

    name: Named
    value: str


class Point(msgspec.Struct, frozen=True, rename="camel"):
    """One minute; `total` is missing where nothing happened."""

    time_stamp: str
    total: msgspec.Raw = msgspec.Raw(b"null")


class Series(msgspec.Struct, frozen=True):
    """One metric of one deployment; its points stay raw, so that a bad one does not spoil the rest."""

    metadatavalues: list[Dimension]
    data: list[msgspec.Raw]


class Metric(msgspec.Struct, frozen=True, rename="camel"):
    """One metric."""

    name: Named
    timeseries: list[Series]
    error_code: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """One answer."""

    value: list[Metric]
    interval: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedDay:
    """Every answer about one day of one account."""

    window: Window
    account: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Whose tokens they are."""

    account: str
    name: str
    model: str


@dataclass(slots=True, kw_only=True)
class Minutes:
    """The points of one day by deployment and minute, and which metrics a deployment has at all."""

    points: dict[tuple[Deployment, str], dict[str, msgspec.Raw]] = field(default_factory=dict)
    metrics: dict[Deployment, set[str]] = field(default_factory=dict)


def plan(request: PullRequest) -> PullPlan:
    """Return what a read will ask for: two questions a day and resource.

    Raises:
        UsageError: No login is set, --resource is missing or none, or the metrics do not reach that far back.
    """
    check_login(request)
    refuse_unreachable(request.windows, now=request.now)
    return PullPlan(requests=len(QUESTIONS) * len(request.windows) * len(_resources(request)))


def pull(request: PullRequest) -> BillBatch:
    """Return the load of the days.

    Raises:
        CostcheckError: See `fetch_metrics` and `normalise_metrics`.
    """
    resources = _resources(request)
    base_url = request.options.get("base-url", MANAGEMENT_URL)
    with open_management(request, ROLE) as client:
        days = fetch_metrics(client, request.windows, resources, on_page=request.on_page)
    url = f"{base_url}{' '.join(resources)}/providers/Microsoft.Insights/metrics"
    return normalise_metrics(days, request.buckets, request.provenance(SOURCE, url))


def _resources(request: PullRequest) -> tuple[str, ...]:
    wanted = "/subscriptions/ID/resourceGroups/NAME/providers/Microsoft.CognitiveServices/accounts/NAME"
    text = request.option("resource", f"{wanted}, several with commas between")
    resources = tuple("/" + part.strip().strip("/") for part in text.split(","))
    wrong = [resource for resource in resources if not RESOURCE.fullmatch(resource)]
    if wrong or len({resource.lower() for resource in resources}) < len(resources):
        message = f"--resource holds {wrong[0] if wrong else resources[0]!r}" + ("" if wrong else " twice")
        raise UsageError(message, expected=wanted, action="copy the resource's id from its properties, each once")
    return resources


def fetch_metrics(
    client: ApiClient,
    windows: Sequence[Window],
    resources: Sequence[str],
    *,
    on_page: Callable[[], None] = lambda: None,
) -> list[FetchedDay]:
    """Return the metrics of each day of each resource."""
    days = []
    for window in windows:
        for resource in resources:
            answers = []
            for metrics, wanted in QUESTIONS.items():
                path = f"{resource}/providers/Microsoft.Insights/metrics"
                answers.append(client.get(path, _params(window, metrics, wanted), Answer))
                on_page()
            account = resource.rpartition("/")[2]
            days.append(FetchedDay(window=window, account=account, answers=tuple(answers)))
    return days


def _params(window: Window, metrics: Sequence[str], wanted: str) -> Params:
    return [
        ("api-version", API_VERSION),
        ("metricnamespace", NAMESPACE),
        ("metricnames", ",".join(metrics)),
        ("timespan", f"{window.start:%Y-%m-%dT%H:%M:%SZ}/{window.end:%Y-%m-%dT%H:%M:%SZ}"),
        ("interval", INTERVAL),
        ("aggregation", "Total"),
        ("top", MOST_SERIES),
        ("$filter", wanted),
    ]


def normalise_metrics(days: Sequence[FetchedDay], buckets: tuple[str, ...], provenance: Provenance) -> BillBatch:
    """Return the days as one batch: one row a deployment and minute in which something happened.

    Raises:
        SourcePayloadError: A metric is missing or cut off, or none of the rows could be read.
    """
    builder = BatchBuilder(SOURCE)
    for day in days:
        minutes = _gather(builder, day)
        for (deployment, time), points in minutes.points.items():
            raw = msgspec.json.encode({"timeStamp": time, **points})
            read = partial(_read_minute, day.window, deployment, time, points, minutes.metrics[deployment])
            if any(not _is_nothing(point) for point in points.values()):
                builder.read(day.window.bucket, raw, read, context=_context(deployment))
    return builder.batch(buckets, provenance)


def _is_nothing(total: msgspec.Raw) -> bool:
    return bytes(total) in {b"null", b"0", b"0.0"}


def _context(deployment: Deployment) -> str:
    return msgspec.json.encode(deployment).decode()


def _gather(builder: BatchBuilder, day: FetchedDay) -> Minutes:
    minutes = Minutes()
    for answer, metrics in zip(day.answers, QUESTIONS, strict=True):
        for name, series in _series(answer, metrics):
            deployment = _deployment(day.account, series)
            minutes.metrics.setdefault(deployment, set()).add(name)
            for raw in series.data:
                _place(builder, day.window.bucket, minutes, (deployment, name), raw)
    return minutes


def _series(answer: Answer, metrics: Sequence[str]) -> Iterator[tuple[str, Series]]:
    named = {metric.name.value: metric for metric in answer.value}
    for name in metrics:
        metric = named.get(name)
        if metric is None or metric.error_code not in {None, "Success"} or answer.interval != INTERVAL:
            state = f"interval {answer.interval!r}, {name}: {metric.error_code if metric else 'missing'}"
            raise SourcePayloadError(
                state, expected=f"{name} by the minute", action="run it again; nothing was stored"
            )
        if len(metric.timeseries) >= MOST_SERIES:
            message = f"{name} has {len(metric.timeseries)} series, as many as one answer holds"
            raise SourcePayloadError(message, expected="fewer deployments", action="report it; nothing was stored")
        yield from ((name, series) for series in metric.timeseries)


def _deployment(account: str, series: Series) -> Deployment:
    values = {each.name.value.lower(): each.value for each in series.metadatavalues}
    missing = {"modeldeploymentname", "modelname", "modelversion"} - values.keys()
    check(not missing, seen=f"a series has no {', '.join(sorted(missing))}", expected="the dimensions asked for")
    name, version = values["modelname"], values["modelversion"]
    model = f"{name}-{version}" if DATED.fullmatch(version) else name
    return Deployment(account=account, name=values["modeldeploymentname"], model=model)


def _place(
    builder: BatchBuilder, bucket: str, minutes: Minutes, where: tuple[Deployment, str], raw: msgspec.Raw
) -> None:
    deployment, metric = where
    try:
        point = msgspec.json.decode(raw, type=Point)
    except (msgspec.MsgspecError, ValueError) as exc:
        builder.quarantine(bucket, raw, f"{metric}: {exc}", context=_context(deployment))
        return
    points = minutes.points.setdefault((deployment, point.time_stamp), {})
    if metric not in points:
        points[metric] = point.total
    elif bytes(points[metric]) == bytes(point.total):
        builder.read(bucket, raw, lambda: (None, SetAside(DUPLICATE)))
    else:
        builder.quarantine(bucket, raw, f"a second, different {metric} for that minute", context=_context(deployment))


def _read_minute(
    window: Window, deployment: Deployment, time: str, points: Mapping[str, msgspec.Raw], metrics: set[str]
) -> tuple[Hashable, Read]:
    start = datetime.fromisoformat(time)
    check(start.tzinfo is not None, seen=f"timeStamp is {time!r}", expected="a time with its zone")
    check(window.start <= start < window.end, seen=f"timeStamp is {time!r}", expected=f"a minute of {window.bucket}")
    check(PROMPT in metrics, seen=f"{deployment.name} has no {PROMPT}", expected="prompts beside completions")
    embeds = deployment.model.startswith("text-embedding")
    usage = TokenUsage(
        x_source=SOURCE,
        x_bucket=window.bucket,
        charge_period_start=start.astimezone(UTC),
        charge_period_end=start.astimezone(UTC) + MINUTE,
        service_provider_name=PROVIDER,
        request_model=deployment.model,
        operation=Operation.EMBEDDINGS if embeds else Operation.CHAT,
        sub_account_id=deployment.account,
        tags=(f"deployment-name:{deployment.name}",),
        uncached_input_tokens=_count(points, PROMPT),
        output_tokens=_count(points, GENERATED),
        requests=_count(points, REQUESTS) if REQUESTS in metrics else None,
    )
    return (deployment, start), usage


def _count(points: Mapping[str, msgspec.Raw], metric: str) -> int:
    """Return the total of a metric in one minute; one without a point is one in which it did not happen."""
    total = msgspec.json.decode(points.get(metric, b"null"), type=Decimal | None)
    number = parse_decimal(total or 0, what=metric)
    check(number == number.to_integral_value(), seen=f"{metric} is {number}", expected="a whole number")
    return count_tokens(int(number), what=metric)


def refuse_unreachable(windows: Sequence[Window], *, now: datetime) -> None:
    """Raise if the metrics of the first day are no longer kept.

    Raises:
        UsageError: It lies more than 93 days back.
    """
    earliest = (now - REACH).date()
    if windows[0].start.date() < earliest:
        message = f"--from is {windows[0].start:%Y-%m-%d}, and Azure keeps metrics for 93 days"
        raise UsageError(
            message,
            expected=f"{earliest:%Y-%m-%d} or later",
            action=f"give --from {earliest:%Y-%m-%d}, and pull at least every three months from now on",
        )
