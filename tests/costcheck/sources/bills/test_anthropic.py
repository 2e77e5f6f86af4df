"""Anthropic's analytics; every payload here is constructed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from costcheck.errors import CurrencyError, SourceError, SourcePayloadError, UsageError
from costcheck.records import BillBatch, ChargeCategory, Operation, Provenance, ServiceTier, TokenType
from costcheck.sources.bills import anthropic
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.pages import FetchedPage
from costcheck.sources.bills.windows import month_windows

if TYPE_CHECKING:
    from tests.costcheck.conftest import Answer, Loopback

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
PERIOD = {"starting_at": "2026-11-01T00:00:00Z", "ending_at": "2026-11-01T01:00:00Z"}


def usage_row(group: dict[str, object] | None = None, **changes: object) -> dict[str, object]:
    usage = {
        "uncached_input_tokens": 100,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 5},
        "cache_read_input_tokens": 400,
        "output_tokens": 30,
        "total_tokens": 555,
        "requests": 7,
        "server_tool_use": {"web_search_requests": 0},
    }
    return {**PERIOD, "group": {"model": "claude-opus-5-5", **(group or {})}, "usage": usage | changes}


def cost_row(group: dict[str, object] | None = None, **changes: object) -> dict[str, object]:
    cost = {"amount": "123.78912", "list_amount": "150", "currency": "USD", "requests": None}
    named = {"model": "claude-opus-5-5", "cost_type": "tokens", "token_type": "output_tokens"}
    return {**PERIOD, "group": named | (group or {}), "cost": cost | changes}


def fetched(kind: str, *rows: object, refreshed: datetime | None = None) -> FetchedPage[anthropic.Page]:
    raws = [msgspec.Raw(msgspec.json.encode(row)) for row in rows]
    return FetchedPage(
        bucket="2026-11", kind=kind, page=anthropic.Page(data=raws, has_more=False, data_refreshed_at=refreshed)
    )


@pytest.fixture
def normalise(provenance: Provenance) -> Callable[..., BillBatch]:
    return lambda *pages: anthropic.normalise_bill(pages, ("2026-11",), provenance)


def test_amounts_are_cents_and_become_exact_dollars(normalise: Callable[..., BillBatch]) -> None:
    (charge,) = normalise(fetched("cost", cost_row())).charges
    assert (charge.billed_cost, charge.list_cost) == (Decimal("1.2378912"), Decimal("1.50"))
    assert charge.x_token_type is TokenType.OUTPUT


def test_uncached_input_is_taken_as_it_is(normalise: Callable[..., BillBatch]) -> None:
    (row,) = normalise(fetched("usage", usage_row())).usage
    assert (row.uncached_input_tokens, row.cache_read_input_tokens) == (100, 400)
    assert (row.cache_creation_5m_input_tokens, row.cache_creation_1h_input_tokens) == (20, 5)
    assert row.input_tokens == 525


def test_a_long_context_is_kept_as_a_tag(normalise: Callable[..., BillBatch]) -> None:
    windows = ("0-200k", "200k-1M", None, "≤ 200k", "")
    usage = normalise(fetched("usage", *(usage_row({"context_window": window}) for window in windows))).usage
    assert [row.tags for row in usage] == [(), ("context_window:200k-1M",), (), (), ()]


def test_what_ran_in_the_us_is_tagged_and_taken_off_the_whole(normalise: Callable[..., BillBatch]) -> None:
    part = usage_row(uncached_input_tokens=60, cache_read_input_tokens=400, output_tokens=10, requests=3)
    here, elsewhere = normalise(fetched(anthropic.US_USAGE, part), fetched("usage", usage_row())).usage
    assert (here.tags, elsewhere.tags) == (("inference_geo:us",), ())
    assert (here.uncached_input_tokens, elsewhere.uncached_input_tokens) == (60, 40)
    assert (here.cache_read_input_tokens, elsewhere.cache_read_input_tokens) == (400, 0)
    assert (here.cache_creation_5m_input_tokens, elsewhere.cache_creation_5m_input_tokens) == (20, 0)
    assert (here.cache_creation_1h_input_tokens, elsewhere.cache_creation_1h_input_tokens) == (5, 0)
    assert (here.output_tokens, elsewhere.output_tokens) == (10, 20)
    assert (here.requests, elsewhere.requests) == (3, 4)


def test_what_ran_in_the_us_alone_counts_once(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(fetched(anthropic.US_USAGE, usage_row()), fetched("usage", usage_row()))
    assert [row.tags for row in batch.usage] == [("inference_geo:us",)]
    assert [row.row_count for row in batch.set_aside] == [1]


def test_more_in_the_us_than_on_the_whole_is_quarantined_and_read_again_the_same_way(
    normalise: Callable[..., BillBatch], provenance: Provenance
) -> None:
    batch = normalise(fetched(anthropic.US_USAGE, usage_row(output_tokens=31)), fetched("usage", usage_row()))
    assert [row.reason for row in batch.quarantined] == ["output_tokens is -1"]
    with pytest.raises(SourcePayloadError, match="output_tokens is -1"):
        anthropic.replay(batch.quarantined, provenance)


def test_a_row_of_the_us_that_cannot_be_read_leaves_the_whole_as_it_is(normalise: Callable[..., BillBatch]) -> None:
    bad = usage_row(uncached_input_tokens="many")
    batch = normalise(fetched(anthropic.US_USAGE, bad), fetched("usage", usage_row()))
    assert ([row.output_tokens for row in batch.usage], len(batch.quarantined)) == ([30], 1)


@pytest.mark.parametrize(
    ("tier", "known"),
    [("priority_on_demand", ServiceTier.PRIORITY), ("flex_discount", ServiceTier.FLEX), (None, ServiceTier.STANDARD)],
)
def test_tiers_are_translated(normalise: Callable[..., BillBatch], tier: str | None, known: ServiceTier) -> None:
    (row,) = normalise(fetched("usage", usage_row({"service_tier": tier}))).usage
    assert row.service_tier is known


@pytest.mark.parametrize(
    "bad",
    [
        usage_row(output_tokens=-1),
        usage_row(output_tokens=None),
        usage_row({"model": None}),
        usage_row({"service_tier": "new"}),
        usage_row(cache_creation={}),
    ],
)
def test_usage_that_cannot_be_right_is_quarantined(
    normalise: Callable[..., BillBatch], bad: dict[str, object]
) -> None:
    batch = normalise(fetched("usage", usage_row({"model": "good"}), bad))
    assert [row.request_model for row in batch.usage] == ["good"]
    assert msgspec.json.decode(batch.quarantined[0].raw) == bad


def test_tool_use_without_model_and_tokens_is_set_aside(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(fetched("usage", usage_row(), usage_row({"model": None}, total_tokens=0)))
    assert len(batch.usage) == 1
    assert batch.set_aside[0].row_count == 1


@pytest.mark.parametrize("changes", [{"amount": "NaN"}, {"amount": "1,5"}, {"amount": 12}, {"list_amount": ""}])
def test_an_amount_that_is_no_decimal_text_is_quarantined(
    normalise: Callable[..., BillBatch], changes: dict[str, object]
) -> None:
    batch = normalise(fetched("cost", cost_row(), cost_row({"model": "b"}, **changes)))
    assert (len(batch.charges), len(batch.quarantined)) == (1, 1)


def test_another_currency_stops_the_read(normalise: Callable[..., BillBatch]) -> None:
    with pytest.raises(CurrencyError, match="EUR"):
        normalise(fetched("cost", cost_row(currency="EUR")))


def test_searches_and_code_execution_are_no_chat(normalise: Callable[..., BillBatch]) -> None:
    (charge,) = normalise(fetched("cost", cost_row({"cost_type": "web_search", "token_type": None}))).charges
    assert charge.x_operation is Operation.TOOL


def test_other_things_than_tokens_are_charged_under_their_name(normalise: Callable[..., BillBatch]) -> None:
    charges = normalise(fetched("cost", cost_row(), cost_row({"cost_type": "code_execution", "model": None}))).charges
    assert [charge.service_name for charge in charges] == ["Claude API", "Claude API: code execution"]


def test_a_negative_amount_is_a_credit(normalise: Callable[..., BillBatch]) -> None:
    (charge,) = normalise(fetched("cost", cost_row(amount="-5"))).charges
    assert charge.charge_category is ChargeCategory.CREDIT


def test_a_cost_that_ends_after_the_last_refresh_may_still_change(normalise: Callable[..., BillBatch]) -> None:
    early = datetime(2026, 11, 1, 0, 30, tzinfo=UTC)
    late = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
    assert normalise(fetched("cost", cost_row(), refreshed=early)).charges[0].x_estimated
    assert not normalise(fetched("cost", cost_row(), refreshed=late)).charges[0].x_estimated


def test_a_month_without_rows_is_an_empty_batch(normalise: Callable[..., BillBatch]) -> None:
    assert normalise(fetched("usage"), fetched("cost")).is_empty


def test_constructed_pages_give_what_they_say(payloads: Path, provenance: Provenance) -> None:
    pages = [
        FetchedPage(
            bucket="2026-11",
            kind=kind,
            page=msgspec.json.decode((payloads / "anthropic" / f"{kind}.json").read_bytes(), type=anthropic.Page),
        )
        for kind in ("usage", "cost")
    ]
    batch = anthropic.normalise_bill(pages, ("2026-11",), provenance)
    assert batch.usage[0].requests == 42
    assert batch.charges[0].billed_cost == Decimal("0.60")


@pytest.mark.parametrize(("width", "usage_requests"), [("1h", 2), ("1m", 60)])
def test_no_request_spans_more_than_its_width_allows(width: str, usage_requests: int) -> None:
    windows = month_windows(date(2026, 9, 1), date(2026, 9, 1), now=NOW)
    request = PullRequest(
        windows=windows, now=NOW, environ={"ANTHROPIC_ADMIN_KEY": "k"}, options={"bucket-width": width}
    )
    assert anthropic.plan(request).requests == usage_requests + 1


def test_the_beta_header_the_version_and_the_groups_are_sent(loopback: Loopback, answer: type[Answer]) -> None:
    loopback.say(answer(b'{"data": [], "has_more": false, "next_page": null}'))
    windows = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=NOW)
    with anthropic.open_client("sk-ant-admin01-x", base_url=loopback.url) as client:
        anthropic.fetch_bill(client, windows)
    assert loopback.headers[0]["anthropic-beta"] == "analytics-usage-cost-2026-08-24"
    assert loopback.headers[0]["x-api-key"] == "sk-ant-admin01-x"
    assert [path for path, _ in loopback.asked] == [
        "/v1/organizations/analytics/usage",
        "/v1/organizations/analytics/usage",
        "/v1/organizations/analytics/cost",
    ]
    assert ("ending_at", "2026-11-23T10:00:00Z") in loopback.asked[0][1]
    assert [("inference_geos[]", "us") in params for _, params in loopback.asked] == [True, False, False]
    assert ("group_by[]", "context_window") in loopback.asked[1][1]
    assert ("group_by[]", "token_type") in loopback.asked[2][1]


def test_a_month_that_the_api_does_not_reach_is_a_usage_error() -> None:
    windows = month_windows(date(2025, 12, 1), date(2026, 1, 1), now=NOW)
    with pytest.raises(UsageError, match="2026-01-01"):
        anthropic.refuse_unreachable(windows, now=NOW)


def test_usage_without_most_days_of_the_costs_is_no_smaller_bill(normalise: Callable[..., BillBatch]) -> None:
    days = [(f"2026-11-{day:02}T00:00:00Z", f"2026-11-{day + 1:02}T00:00:00Z") for day in range(1, 6)]
    costs = [cost_row() | {"starting_at": start, "ending_at": end} for start, end in days]
    with pytest.raises(SourcePayloadError, match="analytics/usage answered for 2026-11 without 4 days"):
        normalise(fetched("usage", usage_row()), fetched("cost", *costs))


def test_whoever_has_no_access_to_the_beta_is_told_the_older_reports(
    loopback: Loopback, answer: type[Answer]
) -> None:
    loopback.say(answer(b'{"type": "error", "error": {"message": "Not found"}}', status=404))
    windows = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=NOW)
    with (
        anthropic.open_client("sk-ant-admin01-x", base_url=loopback.url) as client,
        pytest.raises(SourceError) as caught,
    ):
        anthropic.fetch_bill(client, windows)
    assert "`costcheck bill pull anthropic-legacy` reads the older reports" in caught.value.action


def test_a_row_of_the_us_that_the_whole_lacks_shows_that_it_was_cut(normalise: Callable[..., BillBatch]) -> None:
    other = usage_row({"model": "claude-haiku-5-5"})
    with pytest.raises(SourcePayloadError, match="analytics/usage answered for 2026-11 without 1 rows"):
        normalise(fetched(anthropic.US_USAGE, usage_row()), fetched("usage", other))
