"""OpenRouter's activity; every payload here is constructed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from costcheck.cli.bills import bill
from costcheck.cli.context import Context
from costcheck.conformance import Answer, Asked
from costcheck.conformance.pulls import Pages
from costcheck.conformance.server import Provider, serving
from costcheck.errors import SourceAuthError, UsageError
from costcheck.ledger import open_ledger
from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills import openrouter
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import day_windows

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
DAYS = day_windows(date(2026, 11, 21), date(2026, 11, 22), now=NOW)


def item(**changes: object) -> dict[str, object]:
    return {
        "date": "2026-11-21",
        "model": "openai/gpt-5.4",
        "model_permaslug": "openai/gpt-5.4-20260305",
        "endpoint_id": "550e8400",
        "provider_name": "OpenAI",
        "usage": 0.615,
        "byok_usage_inference": 0.0,
        "requests": 205,
        "prompt_tokens": 1000,
        "completion_tokens": 210,
        "reasoning_tokens": 90,
        "cached_tokens": 400,
        "workspace_id": "ws-1",
    } | changes


@pytest.fixture
def normalise(provenance: Provenance) -> Callable[..., BillBatch]:
    def read(*items: object) -> BillBatch:
        raws = [msgspec.Raw(msgspec.json.encode(row)) for row in items]
        day = openrouter.FetchedDay(window=DAYS[0], activity=openrouter.Activity(data=raws))
        return openrouter.normalise_activity([day], ("2026-11-21",), provenance)

    return read


def request(url: str = "", *, first: date = date(2026, 11, 21), last: date = date(2026, 11, 22)) -> PullRequest:
    windows = day_windows(first, last, now=NOW)
    environ = {"OPENROUTER_MANAGEMENT_KEY": "sk-or-v1-secret"}
    return PullRequest(windows=windows, now=NOW, environ=environ, options={"base-url": url} if url else {})


def activity(rows: dict[str, list[dict[str, object]]]) -> Provider:
    return lambda asked: Answer(body=msgspec.json.encode({"data": rows.get(asked.param("date") or "", [])}))


def test_cached_tokens_are_a_part_of_the_prompt(normalise: Callable[..., BillBatch]) -> None:
    (row,) = normalise(item()).usage
    assert (row.uncached_input_tokens, row.cache_read_input_tokens, row.input_tokens) == (600, 400, 1000)


def test_reasoning_tokens_are_a_part_of_the_completion(normalise: Callable[..., BillBatch]) -> None:
    (row,) = normalise(item()).usage
    assert row.output_tokens == 210


def test_usage_is_dollars_to_the_last_digit(normalise: Callable[..., BillBatch]) -> None:
    (charge,) = normalise(item(usage=0.13080438340307526)).charges
    assert (charge.billed_cost, charge.billing_currency) == (Decimal("0.13080438340307526"), "USD")


def test_what_the_company_pays_the_provider_itself_is_not_charged_here_but_marked(
    normalise: Callable[..., BillBatch],
) -> None:
    batch = normalise(item(usage=0.01, byok_usage_inference=5))
    assert [charge.billed_cost for charge in batch.charges] == [Decimal("0.01")]
    assert batch.usage[0].tags == ("byok", "provider:OpenAI")


def test_requests_that_cost_nothing_are_usage_without_a_charge(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(item(usage=0))
    assert (len(batch.usage), len(batch.charges)) == (1, 0)


def test_endpoints_and_workspaces_of_one_model_are_rows_of_their_own(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(item(), item(endpoint_id="other"), item(workspace_id="ws-2"))
    assert [row.sub_account_id for row in batch.usage] == ["ws-1", "ws-1", "ws-2"]
    assert batch.quarantined == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"cached_tokens": 1001},
        {"reasoning_tokens": 211},
        {"usage": -1},
        {"usage": "much"},
        {"byok_usage_inference": None},
        {"prompt_tokens": -1},
        {"requests": None},
        {"date": "2026-11-20"},
    ],
)
def test_a_row_that_cannot_be_right_is_quarantined_as_it_came(
    normalise: Callable[..., BillBatch], changes: dict[str, object]
) -> None:
    bad = item(endpoint_id="bad", **changes)
    batch = normalise(item(), bad)
    assert (len(batch.usage), len(batch.charges)) == (1, 1)
    assert [msgspec.json.decode(row.raw) for row in batch.quarantined] == [bad]


def test_an_answer_without_cached_tokens_is_quarantined_and_never_zero(normalise: Callable[..., BillBatch]) -> None:
    bad = item(endpoint_id="bad")
    del bad["cached_tokens"]
    batch = normalise(item(), bad)
    assert "cached_tokens" in batch.quarantined[0].reason


def test_a_constructed_day_gives_what_it_says(payloads: Path, provenance: Provenance) -> None:
    content = msgspec.json.decode((payloads / "openrouter" / "activity.json").read_bytes(), type=openrouter.Activity)
    day = openrouter.FetchedDay(window=DAYS[0], activity=content)
    batch = openrouter.normalise_activity([day], ("2026-11-21",), provenance)
    assert sum(charge.billed_cost for charge in batch.charges) == Decimal("0.6275")
    assert sum(row.input_tokens for row in batch.usage) == 125_000


def test_each_day_is_asked_for_by_name_and_is_a_bucket() -> None:
    rows = {"2026-11-21": [item()], "2026-11-22": [item(date="2026-11-22")]}
    with serving(activity(rows)) as server:
        batch = openrouter.pull(request(server.url))
    assert [asked.params for asked in server.asked] == [
        (("date", day), ("group_by", "workspace")) for day in ("2026-11-21", "2026-11-22")
    ]
    assert batch.buckets == ("2026-11-21", "2026-11-22") == tuple(row.x_bucket for row in batch.usage)


def test_a_key_for_requests_is_refused_with_the_kind_of_key_that_is_needed() -> None:
    with serving(lambda _: Answer(body=b"{}", status=403)) as server, pytest.raises(SourceAuthError) as caught:
        openrouter.pull(request(server.url))
    assert "management key" in caught.value.expected
    assert "sk-or-v1-secret" not in str(caught.value)


def test_the_thirtieth_day_back_can_be_asked_for() -> None:
    assert openrouter.plan(request(first=date(2026, 10, 24))).requests == 30


def test_a_day_before_is_refused_by_name_with_what_can_be_done() -> None:
    with pytest.raises(UsageError, match="2026-10-23") as caught:
        openrouter.plan(request(first=date(2026, 10, 23)))
    assert "--from 2026-10-24" in caught.value.action


def test_a_missing_key_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="OPENROUTER_MANAGEMENT_KEY"):
        openrouter.plan(PullRequest(windows=DAYS, now=NOW))


def every_day(asked: Asked) -> Answer:
    """Give a row for whatever day is asked for."""
    return Answer(body=msgspec.json.encode({"data": [item(date=asked.param("date"))]}))


def pull_by_command(url: str, now: datetime, ledger: Path) -> None:
    context = Context(now=now, environ={"OPENROUTER_MANAGEMENT_KEY": "k"})
    arguments = ["pull", "openrouter", "--base-url", url, "--ledger", str(ledger)]
    result = CliRunner().invoke(bill, arguments, obj=context)
    assert result.exit_code == 0, result.output


def test_days_that_are_out_of_reach_by_now_stay_in_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    with serving(every_day) as server:
        for day in (1, 23):
            pull_by_command(server.url, datetime(2026, 11, day, 10, tzinfo=UTC), path)
    with open_ledger(path, read_only=True) as ledger:
        buckets = [row.x_bucket for row in ledger.ingests()]
        months = {row.month: row.is_complete for row in ledger.coverage()}
    assert (buckets[0], buckets[-1], len(buckets)) == ("2026-10-02", "2026-11-22", 30 + 22)
    assert months == {date(2026, 10, 1): False, date(2026, 11, 1): False}


def test_a_day_that_is_final_is_not_asked_for_again(tmp_path: Path) -> None:
    with serving(every_day) as server:
        for _ in range(2):
            pull_by_command(server.url, NOW, tmp_path / "ledger.duckdb")
    # Yesterday settles a day after its end, so that it is asked for twice.
    assert len(server.asked) == 30 + 1


def test_a_quarantined_row_can_be_read_again(normalise: Callable[..., BillBatch], provenance: Provenance) -> None:
    batch = normalise(item(), item(endpoint_id="b", cached_tokens=1001))
    mended = [replace(each, raw=each.raw.replace(b"1001", b"1000")) for each in batch.quarantined]
    assert len(openrouter.replay(mended, provenance).usage) == 1
    assert len(openrouter.replay([*mended, *batch.quarantined], provenance).quarantined) == 1


def one_day(pages: Pages) -> Provider:
    """Return a provider that knows the rows of the first day."""

    def respond(asked: Asked) -> Answer:
        rows = [row for page in pages for row in page] if asked.param("date") == "2026-11-21" else []
        return Answer(body=json.dumps({"data": rows}).encode())

    return respond
