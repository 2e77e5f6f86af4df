"""CloudWatch's metrics of Bedrock: botocore's stubber, and moto for one whole pull; every payload is constructed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from costcheck.conformance.server import serving
from costcheck.errors import SourceAuthError, SourceError, SourcePayloadError, SourceRateLimitError, UsageError
from costcheck.records import BillBatch, Operation, Provenance
from costcheck.sources.bills import aws_cloudwatch
from costcheck.sources.bills.aws_cloudwatch import fetch_metrics
from costcheck.sources.bills.aws_metric_rows import Endpoint, Series, normalise_usage, replay
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import Window, month_windows
from tests.costcheck.conformance.aws_subjects import ACCOUNT, CW_SERIES, aws_request, cloudwatch

NOW = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)
TODAY = datetime(2026, 11, 26, tzinfo=UTC)
OPUS = "us.anthropic.claude-opus-5-5"
LOGIN = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
Listed = Sequence[tuple[str, str | None]]


@pytest.fixture(autouse=True)
def _nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "nowhere")


def month(number: int) -> tuple[Window, ...]:
    return month_windows(date(2026, number, 1), date(2026, number, 1), now=NOW)


def days(first: int, last: int) -> tuple[Window, ...]:
    start = datetime(2026, 11, first, tzinfo=UTC)
    return (Window(bucket="2026-11", start=start, end=datetime(2026, 11, last, tzinfo=UTC)),)


def series(metric: str, *counts: float, model: str | None = OPUS, **changes: Any) -> Series:  # noqa: ANN401 - any field
    """Return a series by the minute from midnight on."""
    default: dict[str, Any] = {
        "bucket": "2026-11",
        "region_id": "us-east-1",
        "endpoint": Endpoint.RUNTIME,
        "period_seconds": 60,
    }
    values = {TODAY + timedelta(minutes=number): count for number, count in enumerate(counts)}
    return Series(model_id=model, metric=metric, values=values, **(default | changes))


@pytest.fixture
def normalise(provenance: Provenance) -> Any:  # noqa: ANN401 - a function of any number of series
    return lambda *rows: normalise_usage(rows, ("2026-11",), provenance)


class Metrics:
    """A stubbed client, which asserts what it was asked."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - boto3's
        self.client = client
        self.stubber = Stubber(client)

    def lists(self, endpoint: Endpoint, *metrics: tuple[str, dict[str, str]], then: str = "") -> None:
        rows = [
            {
                "Namespace": endpoint.value,
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            }
            for name, dimensions in metrics
        ]
        self.stubber.add_response("list_metrics", {"Metrics": rows} | ({"NextToken": then} if then else {}))

    def says(self, *results: dict[str, Any], then: str = "", expected: dict[str, Any] | None = None) -> None:
        answer = {"MetricDataResults": list(results)} | ({"NextToken": then} if then else {})
        self.stubber.add_response("get_metric_data", answer, expected)

    def fetch(self, windows: tuple[Window, ...], **options: Any) -> list[Series]:  # noqa: ANN401 - see fetch_metrics
        found = fetch_metrics(self.client, "us-east-1", windows, now=NOW, **options)
        self.stubber.assert_no_pending_responses()
        return found


def result(name: str, *counts: float, status: str = "Complete", first: int = 0) -> dict[str, Any]:
    return {
        "Id": name,
        "Label": "whatever",
        "Timestamps": [TODAY + timedelta(minutes=first + number) for number in range(len(counts))],
        "Values": list(counts),
        "StatusCode": status,
    }


@pytest.fixture(scope="module")
def client() -> Any:  # noqa: ANN401 - boto3's
    session: Any = boto3.Session(aws_access_key_id="none", aws_secret_access_key="none")  # noqa: S106 - no secret
    return session.client("cloudwatch", region_name="us-east-1")


@pytest.fixture
def metrics(client: Any) -> Iterator[Metrics]:  # noqa: ANN401 - boto3's
    stubbed = Metrics(client)
    with stubbed.stubber:
        yield stubbed


def test_cached_tokens_stand_beside_the_input_and_not_inside_it(normalise: Any) -> None:  # noqa: ANN401 - see there
    batch = normalise(
        series("Invocations", 3),
        series("InputTokenCount", 100),
        series("OutputTokenCount", 20),
        series("CacheReadInputTokens", 900),
        series("CacheWriteInputTokens", 50),
    )

    (row,) = batch.usage
    assert (row.uncached_input_tokens, row.cache_read_input_tokens, row.cache_creation_5m_input_tokens) == (
        100,
        900,
        50,
    )
    assert (row.input_tokens, row.output_tokens, row.requests) == (1050, 20, 3)
    assert batch.charges == ()


@pytest.mark.parametrize("name", ["CacheReadInputTokens", "CacheReadInputTokenCount"])
def test_either_spelling_of_the_cache_metrics_is_read(normalise: Any, name: str) -> None:  # noqa: ANN401 - see there
    (row,) = normalise(series("InputTokenCount", 100), series(name, 900)).usage

    assert row.cache_read_input_tokens == 900


@pytest.mark.parametrize(("other", "kept"), [(900, 1), (901, 0)])
def test_both_spellings_must_agree(normalise: Any, other: int, kept: int) -> None:  # noqa: ANN401 - see there
    batch = normalise(
        series("InputTokenCount", 100, 100),
        series("CacheReadInputTokens", 0, 900),
        series("CacheReadInputTokenCount", 0, other),
    )

    assert (len(batch.usage) - 1, len(batch.quarantined)) == (kept, 1 - kept)


def test_each_minute_is_a_row_so_that_the_busiest_shows(normalise: Any) -> None:  # noqa: ANN401 - see there
    rows = normalise(series("InputTokenCount", 100, 5), series("Invocations", 2, 1)).usage

    assert [(row.charge_period_start.minute, row.charge_period_end - row.charge_period_start) for row in rows] == [
        (0, timedelta(minutes=1)),
        (1, timedelta(minutes=1)),
    ]
    assert [row.requests for row in rows] == [2, 1]


def test_the_model_loses_its_geography_and_keeps_it_as_a_tag(normalise: Any) -> None:  # noqa: ANN401 - see there
    (row,) = normalise(series("InputTokenCount", 100)).usage

    assert (row.service_provider_name, row.request_model) == ("aws", "anthropic.claude-opus-5-5")
    assert row.tags == (f"model-id:{OPUS}", "region:us-east-1")


def test_the_same_model_by_two_profiles_is_two_rows(normalise: Any) -> None:  # noqa: ANN401 - see there
    batch = normalise(series("InputTokenCount", 100), series("InputTokenCount", 7, model="anthropic.claude-opus-5-5"))

    assert sorted(row.uncached_input_tokens for row in batch.usage) == [7, 100]
    assert batch.quarantined == ()


def test_mantle_is_read_too_and_says_that_cached_tokens_are_not_told(normalise: Any) -> None:  # noqa: ANN401 - same
    mantle = {"endpoint": Endpoint.MANTLE, "model": "openai.gpt-5.6-terra"}

    (row,) = normalise(
        series("TotalInputTokens", 100, **mantle),
        series("TotalOutputTokens", 20, **mantle),
        series("Inferences", 4, **mantle),
    ).usage

    assert (row.uncached_input_tokens, row.output_tokens, row.requests) == (100, 20, 4)
    assert row.tags[2:] == ("endpoint:mantle", "cached:not-told")


@pytest.mark.parametrize(
    ("model", "operation"),
    [
        ("amazon.titan-embed-text-v2:0", Operation.EMBEDDINGS),
        ("cohere.rerank-v3-5:0", Operation.TOOL),
        ("amazon.nova-sonic-v1:0", Operation.AUDIO),
        ("amazon.nova-canvas-v1:0", Operation.IMAGE),
        ("amazon.nova-pro-v1:0", Operation.CHAT),
    ],
)
def test_what_is_no_chat_is_told_by_the_model(normalise: Any, model: str, operation: Operation) -> None:  # noqa: ANN401 - same
    (row,) = normalise(series("InputTokenCount", 100, model=model)).usage

    assert row.operation is operation


def test_requests_without_tokens_are_set_aside(normalise: Any) -> None:  # noqa: ANN401 - see there
    batch = normalise(series("Invocations", 1, 1), series("InputTokenCount", 100))

    assert (len(batch.usage), [row.row_count for row in batch.set_aside]) == (1, [1])


@pytest.mark.parametrize(
    ("metric", "counts", "problem"),
    [
        ("InputTokenCount", (100, 1.5), "InputTokenCount is 1.5"),
        ("InputTokenCount", (100, -1), "InputTokenCount is -1"),
        ("OutputTokenCount", (20, 20), "no input count"),
    ],
)
def test_a_point_that_cannot_be_right_is_quarantined_and_can_be_read_again(
    normalise: Any,  # noqa: ANN401 - see there
    provenance: Provenance,
    metric: str,
    counts: tuple[float, ...],
    problem: str,
) -> None:
    rows = {"InputTokenCount": series("InputTokenCount", 100), metric: series(metric, *counts)}
    batch: BillBatch = normalise(*rows.values())

    assert len(batch.usage) == 1
    (row,) = batch.quarantined
    assert problem in row.reason
    assert row.x_bucket == "2026-11"
    mended = type(row)(
        x_source=row.x_source,
        x_bucket=row.x_bucket,
        reason=row.reason,
        raw=row.raw.replace(b":1.5", b":7").replace(b":-1", b":7").replace(b"OutputTokenCount", b"InputTokenCount"),
    )
    assert replay([mended], provenance).usage[0].charge_period_start == TODAY + timedelta(minutes=1)


@pytest.mark.parametrize(("total", "missing"), [(100, False), (101, True), (50, False)])
def test_models_that_cloudwatch_no_longer_lists_are_noticed_by_the_accounts_total(
    normalise: Any,  # noqa: ANN401 - see there
    total: int,
    *,
    missing: bool,
) -> None:
    rows = (series("InputTokenCount", 100), series("InputTokenCount", total, model=None))

    if missing:
        with pytest.raises(SourcePayloadError, match="is 101 for the account and 100"):
            normalise(*rows)
    else:
        assert len(normalise(*rows).usage) == 1


def test_a_month_is_asked_for_in_the_width_that_is_still_kept(metrics: Metrics) -> None:
    metrics.lists(Endpoint.RUNTIME, ("InputTokenCount", {"ModelId": OPUS}))
    for start, end, period in (
        (datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 25, tzinfo=UTC), 3600),
        (datetime(2026, 9, 25, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC), 300),
    ):
        metrics.says(result("m0"), expected=question(start, end, period))
    metrics.lists(Endpoint.MANTLE)

    metrics.fetch(month(9))


def question(start: datetime, end: datetime, period: int) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/Bedrock",
        "MetricName": "InputTokenCount",
        "Dimensions": [{"Name": "ModelId", "Value": OPUS}],
    }
    return {
        "MetricDataQueries": [{"Id": "m0", "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}}],
        "StartTime": start,
        "EndTime": end,
        "ScanBy": "TimestampAscending",
    }


def test_young_days_are_asked_for_by_the_minute(metrics: Metrics) -> None:
    metrics.lists(Endpoint.RUNTIME, ("InputTokenCount", {"ModelId": OPUS}))
    for start, end, period in (
        (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 12, tzinfo=UTC), 300),
        (datetime(2026, 11, 12, tzinfo=UTC), datetime(2026, 11, 26, 10, tzinfo=UTC), 60),
    ):
        metrics.says(result("m0"), expected=question(start, end, period))
    metrics.lists(Endpoint.MANTLE)

    metrics.fetch(month(11))


def test_single_models_and_the_account_are_asked_for_and_no_other_sums(metrics: Metrics) -> None:
    metrics.lists(
        Endpoint.RUNTIME,
        ("InputTokenCount", {"ModelId": OPUS}),
        ("InputTokenCount", {}),
        ("InputTokenCount", {"ModelId": OPUS, "ServiceTier": "default"}),
        ("InvocationLatency", {"ModelId": OPUS}),
        ("OutputImageCount", {"ModelId": "x", "ImageSize": "512", "BucketedStepSize": "50"}),
    )
    metrics.says(result("m0", 100), result("m1", 100))
    metrics.lists(Endpoint.MANTLE)

    assert [row.model_id for row in metrics.fetch(days(25, 26))] == [None, OPUS]


def test_what_a_project_or_a_tier_used_is_not_taken_for_the_whole(metrics: Metrics) -> None:
    metrics.lists(Endpoint.RUNTIME, ("InputTokenCount", {"ModelId": OPUS, "ServiceTier": "default"}))
    metrics.lists(Endpoint.MANTLE, ("TotalInputTokens", {"Project": "search"}))

    assert metrics.fetch(days(25, 26)) == []


def test_pages_of_both_questions_are_joined(metrics: Metrics) -> None:
    metrics.lists(Endpoint.RUNTIME, then="1")
    metrics.lists(Endpoint.RUNTIME, ("InputTokenCount", {"ModelId": OPUS}))
    metrics.says(result("m0", 1, 2, status="PartialData"), then="1")
    metrics.says(then="2")
    metrics.says(result("m0", 3, first=2))
    metrics.lists(Endpoint.MANTLE)

    (found,) = metrics.fetch(days(25, 26))
    assert list(found.values.values()) == [1, 2, 3]


def test_a_page_token_that_comes_again_is_no_end(metrics: Metrics) -> None:
    metrics.lists(Endpoint.RUNTIME, ("InputTokenCount", {"ModelId": OPUS}))
    metrics.says(result("m0", 1), then="1")
    metrics.says(result("m0", 1, first=1), then="1")

    with pytest.raises(SourcePayloadError, match="token came a second time"):
        metrics.fetch(days(25, 26))


@pytest.mark.parametrize("status", ["PartialData", "InternalError", "Forbidden"])
def test_a_series_that_is_not_complete_is_no_silence(metrics: Metrics, status: str) -> None:
    metrics.lists(Endpoint.RUNTIME, ("InputTokenCount", {"ModelId": OPUS}))
    metrics.says(result("m0", 1, status=status))

    with pytest.raises(SourceError, match=f"InputTokenCount of {OPUS}: {status}"):
        metrics.fetch(days(25, 26))


def test_a_series_that_nobody_answers_is_no_silence(metrics: Metrics) -> None:
    metrics.lists(Endpoint.RUNTIME, ("InputTokenCount", {"ModelId": OPUS}))
    metrics.says()

    with pytest.raises(SourceError, match="no answer"):
        metrics.fetch(days(25, 26))


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (result("m0", 1) | {"Values": []}, "1 moments and 0 values"),
        (result("m9", 1), "'m9' has 1 moments"),
        (result("m0", 1) | {"Timestamps": [TODAY, TODAY], "Values": [1, 2]}, "two values at 2026-11-26 00:00"),
    ],
)
def test_values_without_their_moments_are_refused(metrics: Metrics, bad: dict[str, Any], problem: str) -> None:
    metrics.lists(Endpoint.RUNTIME, ("InputTokenCount", {"ModelId": OPUS}))
    metrics.says(bad)

    with pytest.raises(SourcePayloadError, match=problem):
        metrics.fetch(days(25, 26))


def test_a_warning_of_the_whole_answer_is_an_error(metrics: Metrics) -> None:
    metrics.lists(Endpoint.RUNTIME, ("InputTokenCount", {"ModelId": OPUS}))
    messages = [{"Code": "MaxMetricsExceeded", "Value": "Maximum number of allowed metrics exceeded"}]
    metrics.stubber.add_response("get_metric_data", {"MetricDataResults": [result("m0", 1)], "Messages": messages})

    with pytest.raises(SourceError, match="Maximum number of allowed metrics exceeded"):
        metrics.fetch(days(25, 26))


def test_five_hundred_metrics_are_asked_for_at_once_and_no_more(metrics: Metrics) -> None:
    metrics.lists(Endpoint.RUNTIME, *(("InputTokenCount", {"ModelId": f"model-{number}"}) for number in range(501)))
    metrics.says(*(result(f"m{number}", 1) for number in range(500)))
    metrics.says(result("m0", 1))
    metrics.lists(Endpoint.MANTLE)

    assert len(metrics.fetch(days(25, 26))) == 501


def test_models_that_are_named_are_asked_for_though_nobody_lists_them(metrics: Metrics) -> None:
    metrics.lists(Endpoint.RUNTIME)
    metrics.says(*(result(f"m{number}") for number in range(7)))
    metrics.lists(Endpoint.MANTLE)
    metrics.says(*(result(f"m{number}") for number in range(3)))

    assert {row.model_id for row in metrics.fetch(days(25, 26), models=("anthropic.claude-opus-5",))} == {
        "anthropic.claude-opus-5"
    }


@pytest.mark.parametrize(
    ("code", "error"),
    [("AccessDenied", SourceAuthError), ("Throttling", SourceRateLimitError), ("InternalServiceFault", SourceError)],
)
@pytest.mark.parametrize("operation", ["list_metrics", "get_metric_data"])
def test_what_aws_refuses_is_an_error_that_names_the_permission(
    metrics: Metrics, code: str, error: type[SourceError], operation: str
) -> None:
    if operation == "get_metric_data":
        metrics.lists(Endpoint.RUNTIME, ("InputTokenCount", {"ModelId": OPUS}))
    metrics.stubber.add_client_error(operation, code)

    with pytest.raises(error, match=r"cloudwatch:(ListMetrics|GetMetricData): AWS answered"):
        metrics.fetch(days(25, 26))


def request(*windows: Window, **options: str) -> PullRequest:
    return PullRequest(windows=windows or month(11), now=NOW, environ=LOGIN, options=options)


def test_the_plan_counts_regions_and_parts() -> None:
    plan = aws_cloudwatch.plan(request(regions="us-east-1,eu-west-1"))

    assert plan.requests == 2 * (2 + 2)
    assert "1,000 metrics" in plan.charge


def test_a_region_must_be_named_or_stand_in_the_environment() -> None:
    with pytest.raises(UsageError, match="--regions is missing"):
        aws_cloudwatch.plan(request())
    found = aws_cloudwatch.plan(PullRequest(windows=month(11), now=NOW, environ={**LOGIN, "AWS_REGION": "eu-west-1"}))
    assert found.requests == 4


def test_months_that_are_gone_are_refused() -> None:
    old = month_windows(date(2025, 8, 1), date(2025, 8, 1), now=NOW)

    with pytest.raises(UsageError, match="no longer knows 2025-08"):
        aws_cloudwatch.plan(request(*old, regions="us-east-1"))


def test_without_credentials_the_plan_says_how_to_log_in() -> None:
    with pytest.raises(UsageError, match="no AWS credentials; cloudwatch:GetMetricData"):
        aws_cloudwatch.plan(PullRequest(windows=month(11), now=NOW, options={"regions": "us-east-1"}))


@mock_aws
def test_a_whole_pull_against_a_pretend_cloudwatch() -> None:
    now = datetime.now(UTC)
    today = month_windows(now.date(), now.date(), now=now + timedelta(hours=1))
    minute = (now - timedelta(minutes=5)).replace(second=0, microsecond=0)
    session: Any = boto3.Session(aws_access_key_id="none", aws_secret_access_key="none")  # noqa: S106 - no secret
    client = session.client("cloudwatch", region_name="us-east-1")
    for metric, value in (("InputTokenCount", 100), ("OutputTokenCount", 20), ("Invocations", 3)):
        client.put_metric_data(
            Namespace="AWS/Bedrock",
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": "ModelId", "Value": OPUS}],
                    "Timestamp": minute,
                    "Value": value,
                }
            ],
        )

    batch = aws_cloudwatch.pull(PullRequest(windows=today, now=now, environ=LOGIN, options={"regions": "us-east-1"}))

    (row,) = batch.usage
    assert (row.uncached_input_tokens, row.output_tokens, row.requests) == (100, 20, 3)
    assert row.charge_period_start == minute


@mock_aws
def test_every_region_and_the_account_that_was_asked_stand_beside_the_rows() -> None:
    batch = aws_cloudwatch.pull(request(regions="us-east-1, eu-west-1"))

    places = [f"https://monitoring.{region_id}.amazonaws.com" for region_id in ("us-east-1", "eu-west-1")]
    assert batch.provenance.source_url.split() == [f"{place}#{ACCOUNT}" for place in places]


def test_at_another_address_the_region_stands_beside_the_account() -> None:
    with serving(cloudwatch([[CW_SERIES, CW_SERIES | {"Id": "m1"}, CW_SERIES | {"Id": "m2"}]])) as server:
        asked = aws_request(server.url)
        url = server.url

        assert aws_cloudwatch.pull(asked).provenance.source_url == f"{url}#us-east-1/{ACCOUNT}"


def test_a_moment_that_is_none_is_no_traceback() -> None:
    row = CW_SERIES | {"Timestamps": ["1e999"]}
    with (
        serving(cloudwatch([[row, CW_SERIES | {"Id": "m1"}, CW_SERIES | {"Id": "m2"}]])) as server,
        pytest.raises(SourcePayloadError, match="cannot be read: RuntimeError"),
    ):
        aws_cloudwatch.pull(aws_request(server.url))
