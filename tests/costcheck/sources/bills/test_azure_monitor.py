"""Azure Monitor's metrics; every payload here is constructed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from costcheck.conformance import Answer, Asked
from costcheck.conformance.pulls import Pages
from costcheck.conformance.server import Provider, serving
from costcheck.errors import SourceAuthError, SourcePayloadError, UsageError
from costcheck.records import BillBatch, Operation, Provenance
from costcheck.sources.bills import azure_monitor
from costcheck.sources.bills.azure_monitor import GENERATED, PROMPT, REQUESTS
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import day_windows

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
DAYS = day_windows(date(2026, 11, 21), date(2026, 11, 21), now=NOW)
ACCOUNT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/aoai"
MINUTE = "2026-11-21T09:00:00Z"
Row = dict[str, Any]


def point(total: object = 100.0, time: object = MINUTE) -> Row:
    return {"timeStamp": time, "total": total}


def series(*points: Row, model: str = "gpt-4o", version: str = "2024-11-20") -> Row:
    named = {"modeldeploymentname": "chat", "modelname": model, "modelversion": version}
    return {
        "metadatavalues": [{"name": {"value": name}, "value": value} for name, value in named.items()],
        "data": list(points),
    }


def answer(metrics: dict[str, list[Row]], *, interval: str = "PT1M", code: str = "Success") -> Row:
    value = [{"name": {"value": name}, "timeseries": rows, "errorCode": code} for name, rows in metrics.items()]
    return {"interval": interval, "value": value}


def tokens(prompt: list[Row], generated: list[Row]) -> Row:
    return answer({PROMPT: prompt, GENERATED: generated})


def requests(*rows: Row) -> Row:
    return answer({REQUESTS: list(rows)})


@pytest.fixture
def normalise(provenance: Provenance) -> Callable[..., BillBatch]:
    def read(*answers: Row) -> BillBatch:
        typed = tuple(msgspec.json.decode(msgspec.json.encode(each), type=azure_monitor.Answer) for each in answers)
        day = azure_monitor.FetchedDay(window=DAYS[0], account="aoai", answers=typed)
        return azure_monitor.normalise_metrics([day], ("2026-11-21",), provenance)

    return read


def request(url: str = "", **changes: Any) -> PullRequest:  # noqa: ANN401 - fields of the request
    options = {"resource": ACCOUNT} | ({"base-url": url} if url else {})
    environ = {"AZURE_ACCESS_TOKEN": "eyJ-secret"}
    return replace(PullRequest(windows=DAYS, now=NOW, environ=environ, options=options), **changes)


def test_three_metrics_of_a_minute_are_one_row(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(tokens([series(point(100.0))], [series(point(30.0))]), requests(series(point(2.0))))
    (row,) = batch.usage
    assert (row.uncached_input_tokens, row.output_tokens, row.requests) == (100, 30, 2)
    assert (row.charge_period_start, row.charge_period_end.minute) == (datetime(2026, 11, 21, 9, tzinfo=UTC), 1)
    assert batch.charges == ()


def test_the_model_carries_its_version_and_the_row_its_deployment(normalise: Callable[..., BillBatch]) -> None:
    (row,) = normalise(tokens([series(point())], [series(point())]), requests()).usage
    assert (row.request_model, row.tags, row.sub_account_id) == (
        "gpt-4o-2024-11-20",
        ("deployment-name:chat",),
        "aoai",
    )


def test_a_version_that_is_no_date_is_no_part_of_the_model(normalise: Callable[..., BillBatch]) -> None:
    named = {"model": "gpt-35-turbo", "version": "0125"}
    (row,) = normalise(tokens([series(point(), **named)], []), requests()).usage
    assert row.request_model == "gpt-35-turbo"


def test_minutes_in_which_nothing_happened_are_no_rows(normalise: Callable[..., BillBatch]) -> None:
    idle = [point(0.0), {"timeStamp": "2026-11-21T09:01:00Z"}, point(None, "2026-11-21T09:02:00Z")]
    batch = normalise(tokens([series(*idle)], [series(*idle)]), requests(series(*idle)))
    assert batch.is_empty
    assert (batch.set_aside, batch.quarantined) == ((), ())


def test_requests_that_no_series_counts_are_unknown_and_not_zero(normalise: Callable[..., BillBatch]) -> None:
    (row,) = normalise(tokens([series(point())], [series(point())]), requests()).usage
    assert row.requests is None


def test_an_embedding_generates_nothing(normalise: Callable[..., BillBatch]) -> None:
    named = {"model": "text-embedding-3-small", "version": "1"}
    (row,) = normalise(tokens([series(point(), **named)], []), requests()).usage
    assert (row.output_tokens, row.operation) == (0, Operation.EMBEDDINGS)


@pytest.mark.parametrize("total", [-1.0, 1.5, "many", [], {}, True])
def test_a_count_that_cannot_be_right_is_quarantined(normalise: Callable[..., BillBatch], total: object) -> None:
    good = point(time="2026-11-21T09:01:00Z")
    batch = normalise(tokens([series(good, point(total))], [series(good)]), requests())
    assert (len(batch.usage), len(batch.quarantined)) == (1, 1)


@pytest.mark.parametrize(
    "time", ["2026-11-22T00:00:00Z", "2026-11-20T23:59:00Z", "2026-11-21T09:00:00", "9 o'clock", 5, None]
)
def test_a_point_of_another_day_or_of_no_time_is_quarantined(
    normalise: Callable[..., BillBatch], time: object
) -> None:
    batch = normalise(tokens([series(point(), point(time=time))], [series(point())]), requests())
    assert (len(batch.usage), len(batch.quarantined)) == (1, 1)


def test_completions_without_prompts_are_quarantined(normalise: Callable[..., BillBatch]) -> None:
    good = series(point(), model="o3")
    batch = normalise(tokens([good], [good, series(point())]), requests())
    assert [row.request_model for row in batch.usage] == ["o3-2024-11-20"]
    assert "ProcessedPromptTokens" in batch.quarantined[0].reason


def test_the_same_point_twice_counts_once(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(tokens([series(point(), point())], [series(point())]), requests())
    assert (batch.usage[0].uncached_input_tokens, batch.set_aside[0].row_count) == (100, 1)


def test_another_count_for_the_same_minute_is_quarantined(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(tokens([series(point(100.0), point(101.0))], [series(point())]), requests())
    assert (batch.usage[0].uncached_input_tokens, len(batch.quarantined)) == (100, 1)


@pytest.mark.parametrize(
    "bad",
    [
        answer({PROMPT: [], GENERATED: []}, interval="PT1H"),
        answer({PROMPT: [], GENERATED: []}, code="Throttled"),
        answer({PROMPT: []}),
        tokens([{"metadatavalues": [], "data": []}], []),
        tokens([series()] * 1000, []),
    ],
)
def test_an_answer_that_is_coarser_cut_off_or_lacks_a_metric_is_an_error(
    normalise: Callable[..., BillBatch], bad: Row
) -> None:
    with pytest.raises(SourcePayloadError):
        normalise(bad, requests())


def test_constructed_answers_give_what_they_say(payloads: Path, provenance: Provenance) -> None:
    answers = tuple(
        msgspec.json.decode((payloads / "azure" / f"metrics_{name}.json").read_bytes(), type=azure_monitor.Answer)
        for name in ("tokens", "requests")
    )
    day = azure_monitor.FetchedDay(window=DAYS[0], account="aoai", answers=answers)
    batch = azure_monitor.normalise_metrics([day], ("2026-11-21",), provenance)
    assert [(row.uncached_input_tokens, row.output_tokens, row.requests) for row in batch.usage] == [
        (1200, 300, 3),
        (800, 90, 1),
    ]


def monitor(pages: Pages) -> Provider:
    """Return a provider of prompt tokens; completions are ten a minute, requests one."""

    def respond(asked: Asked) -> Answer:
        rows = [row for page in pages for row in page]
        if REQUESTS in (asked.param("metricnames") or ""):
            return Answer(body=json.dumps(requests(series())).encode())
        return Answer(body=json.dumps(tokens([series(*rows)], [series()])).encode())

    return respond


def test_a_day_is_asked_for_by_the_minute_with_all_series_and_successful_requests_alone() -> None:
    with serving(monitor([[point()]])) as server:
        batch = azure_monitor.pull(request(server.url))
    token_question, request_question = (dict(asked.params) for asked in server.asked)
    assert batch.buckets == ("2026-11-21",)
    assert server.asked[0].path == f"{ACCOUNT}/providers/Microsoft.Insights/metrics"
    assert token_question["timespan"] == "2026-11-21T00:00:00Z/2026-11-22T00:00:00Z"
    assert (token_question["interval"], token_question["aggregation"], token_question["top"]) == (
        "PT1M",
        "Total",
        "1000",
    )
    assert token_question["metricnames"] == "ProcessedPromptTokens,GeneratedTokens"
    assert request_question["$filter"].endswith("and StatusCode eq '200'")


def test_a_login_without_the_role_is_told_which() -> None:
    with serving(lambda _: Answer(status=403)) as server, pytest.raises(SourceAuthError) as caught:
        azure_monitor.pull(request(server.url))
    assert "Monitoring Reader" in caught.value.expected


@pytest.mark.parametrize("resource", ["aoai", "/subscriptions/s", f"{ACCOUNT},{ACCOUNT.upper()}", f"{ACCOUNT}/x"])
def test_what_is_no_account_or_is_there_twice_is_refused(resource: str) -> None:
    with pytest.raises(UsageError, match="--resource"):
        azure_monitor.plan(request(options={"resource": resource}))


def test_two_accounts_are_asked_twice_as_much() -> None:
    assert azure_monitor.plan(request(options={"resource": f"{ACCOUNT}, {ACCOUNT}2"})).requests == 4


def test_a_day_whose_metrics_are_no_longer_kept_is_refused_by_name() -> None:
    days = day_windows(date(2026, 8, 21), date(2026, 8, 22), now=NOW)
    with pytest.raises(UsageError, match="2026-08-21"):
        azure_monitor.plan(request(windows=days))
    assert azure_monitor.plan(request(windows=days[1:])).requests == 2
