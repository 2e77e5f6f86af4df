"""Anthropic's older reports; every payload here is constructed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from costcheck.errors import CurrencyError, SourcePayloadError, UsageError
from costcheck.ingest import pull_months, unsettled
from costcheck.ledger import open_ledger
from costcheck.records import BillBatch, ChargeCategory, Operation, Provenance, ServiceTier, TokenType
from costcheck.sources.bills import anthropic, anthropic_legacy
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.pages import FetchedPage
from costcheck.sources.bills.registry import PULLS, find
from costcheck.sources.bills.windows import month_windows
from tests.costcheck.buckets import whole

if TYPE_CHECKING:
    from tests.costcheck.conftest import Answer, Loopback, Params

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
BILL = ("2026-11",)
HOUR = {"starting_at": "2026-11-01T00:00:00Z", "ending_at": "2026-11-01T01:00:00Z"}
Row = dict[str, Any]


def usage_row(**changes: object) -> Row:
    row: Row = {
        "api_key_id": "apikey_1",
        "cache_creation": {"ephemeral_1h_input_tokens": 5, "ephemeral_5m_input_tokens": 20},
        "cache_read_input_tokens": 400,
        "context_window": None,
        "inference_geo": None,
        "model": "claude-opus-5-5",
        "output_tokens": 30,
        "server_tool_use": {"web_search_requests": 0},
        "service_tier": "standard",
        "uncached_input_tokens": 100,
        "workspace_id": "wrkspc_1",
    }
    return row | changes


def cost_row(**changes: object) -> Row:
    row: Row = {
        "amount": "123.78912",
        "context_window": "0-200k",
        "cost_type": "tokens",
        "currency": "USD",
        "description": "Claude Opus 5.5 Usage - Output Tokens",
        "model": "claude-opus-5-5",
        "service_tier": "standard",
        "token_type": "output_tokens",
        "workspace_id": None,
    }
    return row | changes


def page(*rows: Row, **period: str) -> Row:
    return {"data": [HOUR | period | {"results": list(rows)}], "has_more": False, "next_page": None}


def fetched(kind: str, *rows: Row, **period: str) -> FetchedPage[anthropic_legacy.Page]:
    content = msgspec.json.encode(page(*rows, **period))
    return FetchedPage(bucket="2026-11", kind=kind, page=msgspec.json.decode(content, type=anthropic_legacy.Page))


@pytest.fixture
def normalise(provenance: Provenance) -> Callable[..., BillBatch]:
    return lambda *pages: anthropic_legacy.normalise_bill(pages, BILL, provenance)


def request(url: str = "", *, width: str = "1h", first: date = date(2026, 11, 1)) -> PullRequest:
    windows = month_windows(first, first, now=NOW)
    options = {"bucket-width": width} | ({"base-url": url} if url else {})
    return PullRequest(windows=windows, now=NOW, environ={"ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-x"}, options=options)


def test_token_classes_are_taken_as_they_are_and_requests_are_not_counted(
    normalise: Callable[..., BillBatch],
) -> None:
    (row,) = normalise(fetched("messages", usage_row())).usage
    assert (row.uncached_input_tokens, row.cache_read_input_tokens, row.output_tokens) == (100, 400, 30)
    assert (row.cache_creation_5m_input_tokens, row.cache_creation_1h_input_tokens) == (20, 5)
    assert row.requests is None


def test_amounts_are_cents_and_become_exact_dollars_without_a_list_price(normalise: Callable[..., BillBatch]) -> None:
    (charge,) = normalise(fetched("cost_report", cost_row())).charges
    assert (charge.billed_cost, charge.list_cost) == (Decimal("1.2378912"), None)
    assert (charge.x_gen_ai_request_model, charge.x_token_type) == ("claude-opus-5-5", TokenType.OUTPUT)


def test_the_default_workspace_and_the_workbench_are_null_and_stay_unknown(
    normalise: Callable[..., BillBatch],
) -> None:
    (row,) = normalise(fetched("messages", usage_row(workspace_id=None, api_key_id=None))).usage
    assert (row.sub_account_id, row.x_api_key_id) == (None, None)


def test_priority_tier_is_usage_that_no_charge_stands_for(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(
        fetched("messages", usage_row(), usage_row(service_tier="priority")), fetched("cost_report", cost_row())
    )
    assert {row.service_tier for row in batch.usage} == {ServiceTier.STANDARD, ServiceTier.PRIORITY}
    assert [charge.x_service_tier for charge in batch.charges] == [ServiceTier.STANDARD]


def test_code_execution_is_a_cost_without_model_and_no_chat(normalise: Callable[..., BillBatch]) -> None:
    row = cost_row(cost_type="code_execution", model=None, token_type=None, service_tier=None, context_window=None)
    (charge,) = normalise(fetched("cost_report", row)).charges
    assert (charge.x_operation, charge.x_gen_ai_request_model) == (Operation.TOOL, None)


def test_a_negative_amount_is_a_credit(normalise: Callable[..., BillBatch]) -> None:
    (charge,) = normalise(fetched("cost_report", cost_row(amount="-5"))).charges
    assert charge.charge_category is ChargeCategory.CREDIT


def test_another_currency_stops_the_read(normalise: Callable[..., BillBatch]) -> None:
    with pytest.raises(CurrencyError, match="EUR"):
        normalise(fetched("cost_report", cost_row(currency="EUR")))


@pytest.mark.parametrize(
    "bad",
    [
        usage_row(output_tokens=-1),
        usage_row(output_tokens=None),
        usage_row(model=None),
        usage_row(service_tier="new"),
        usage_row(cache_creation=None),
    ],
)
def test_usage_that_cannot_be_right_is_quarantined_with_its_period(
    normalise: Callable[..., BillBatch], bad: Row
) -> None:
    batch = normalise(fetched("messages", usage_row(model="good"), bad))
    assert [row.request_model for row in batch.usage] == ["good"]
    (row,) = batch.quarantined
    assert msgspec.json.decode(row.raw) == bad
    assert msgspec.json.decode(row.context) == {"endpoint": "/v1/organizations/usage_report/messages"} | HOUR


@pytest.mark.parametrize(
    ("bad", "right"),
    [
        (fetched("messages", usage_row(service_tier="new")), b'"batch"'),
        (fetched("cost_report", cost_row(token_type="new")), b'"output_tokens"'),  # noqa: S106 - a class of tokens
    ],
)
def test_a_row_that_can_be_read_now_is_read_again(
    provenance: Provenance, bad: FetchedPage[anthropic_legacy.Page], right: bytes
) -> None:
    good = fetched("messages", usage_row(model="good"))
    (row,) = anthropic_legacy.normalise_bill([good, bad], BILL, provenance).quarantined
    batch = anthropic_legacy.replay([replace(row, raw=row.raw.replace(b'"new"', right))], provenance)
    assert len(batch.usage) + len(batch.charges) == 1


@pytest.mark.parametrize("changes", [{"amount": "NaN"}, {"amount": 12}, {"amount": ""}, {"token_type": "new"}])
def test_a_cost_that_cannot_be_read_is_quarantined(
    normalise: Callable[..., BillBatch], changes: dict[str, object]
) -> None:
    batch = normalise(fetched("cost_report", cost_row(), cost_row(description="b", **changes)))
    assert (len(batch.charges), len(batch.quarantined)) == (1, 1)


def test_tool_use_without_model_and_tokens_is_set_aside(normalise: Callable[..., BillBatch]) -> None:
    nothing = dict.fromkeys(("uncached_input_tokens", "cache_read_input_tokens", "output_tokens"), 0)
    written = {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0}
    batch = normalise(fetched("messages", usage_row(), usage_row(model=None, cache_creation=written, **nothing)))
    assert (len(batch.usage), batch.set_aside[0].row_count) == (1, 1)


def test_costs_that_differ_by_context_window_alone_are_two(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(fetched("cost_report", cost_row(), cost_row(context_window="200k-1M", amount="7")))
    assert [charge.billed_cost for charge in batch.charges] == [Decimal("1.2378912"), Decimal("0.07")]


def test_the_same_row_twice_counts_once(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(fetched("messages", usage_row()), fetched("messages", usage_row()))
    assert (len(batch.usage), batch.set_aside[0].row_count) == (1, 1)


def test_time_outside_the_month_is_set_aside_and_not_counted_twice(normalise: Callable[..., BillBatch]) -> None:
    december = {"starting_at": "2026-12-01T00:00:00Z", "ending_at": "2026-12-01T01:00:00Z"}
    batch = normalise(fetched("messages", usage_row()), fetched("messages", usage_row(), **december))
    assert (len(batch.usage), batch.set_aside[0].reason) == (1, anthropic_legacy.OTHER_MONTH)


def test_a_cost_of_yesterday_may_still_change(normalise: Callable[..., BillBatch]) -> None:
    old = fetched("cost_report", cost_row(), starting_at="2026-11-21T00:00:00Z", ending_at="2026-11-22T00:00:00Z")
    new = fetched("cost_report", cost_row(), starting_at="2026-11-22T00:00:00Z", ending_at="2026-11-23T00:00:00Z")
    assert [charge.x_estimated for charge in normalise(old, new).charges] == [False, True]


def test_constructed_pages_give_what_they_say(payloads: Path, provenance: Provenance) -> None:
    pages = [
        FetchedPage(
            bucket="2026-11",
            kind=kind,
            page=msgspec.json.decode(
                (payloads / "anthropic_legacy" / f"{kind}.json").read_bytes(), type=anthropic_legacy.Page
            ),
        )
        for kind in ("messages", "cost_report")
    ]
    batch = anthropic_legacy.normalise_bill(pages, BILL, provenance)
    assert [row.input_tokens for row in batch.usage] == [525, 1200]
    assert sum(charge.billed_cost for charge in batch.charges) == Decimal("0.75")


@pytest.mark.parametrize(("width", "pages"), [("1h", 5), ("1m", 30)])
def test_the_plan_counts_the_pages_of_a_month(width: str, pages: int) -> None:
    assert anthropic_legacy.plan(request(width=width, first=date(2026, 9, 1))).requests == pages + 1


def test_a_month_before_2026_can_be_read() -> None:
    assert anthropic_legacy.plan(request(first=date(2025, 6, 1))).requests > 0


def test_a_missing_key_is_a_usage_error_that_names_where_it_is_made() -> None:
    with pytest.raises(UsageError, match="ANTHROPIC_ADMIN_KEY"):
        anthropic_legacy.plan(replace(request(), environ={}))


def test_groups_are_asked_for_and_the_day_that_still_runs_is_asked_for_whole(
    loopback: Loopback, answer: type[Answer]
) -> None:
    loopback.say(answer(msgspec.json.encode({"data": [], "has_more": False, "next_page": None})))
    assert anthropic_legacy.pull(request(loopback.url)).is_empty
    (usage_path, usage), (cost_path, cost) = loopback.asked
    assert (usage_path, cost_path) == (anthropic_legacy.USAGE_PATH, anthropic_legacy.COST_PATH)
    assert ("ending_at", "2026-11-23T10:00:00Z") in usage
    assert ("ending_at", "2026-11-24T00:00:00Z") in cost
    assert {("group_by[]", "service_tier"), ("limit", "168")} <= set(usage)
    assert {("group_by[]", "context_window"), ("group_by[]", "inference_geo")} <= set(usage)
    assert {("group_by[]", "description"), ("bucket_width", "1d")} <= set(cost)
    assert "anthropic-beta" not in loopback.headers[0]


def test_every_page_is_read(loopback: Loopback, answer: type[Answer]) -> None:
    def say(path: str, params: Params) -> Answer:
        token = dict(params).get("page")
        more = path == anthropic_legacy.USAGE_PATH and token is None
        rows = [usage_row(model=token or "first")] if path == anthropic_legacy.USAGE_PATH else []
        content = page(*rows) | {"has_more": more, "next_page": "second" if more else None}
        return answer(whole(msgspec.json.encode(content), params))

    loopback.answer = say
    batch = anthropic_legacy.pull(request(loopback.url))
    assert [row.request_model for row in batch.usage] == ["first", "second"]


def test_a_page_that_says_more_and_not_where_breaks_off(loopback: Loopback, answer: type[Answer]) -> None:
    loopback.say(answer(msgspec.json.encode(page(usage_row()) | {"has_more": True})))
    with pytest.raises(SourcePayloadError, match="has_more"):
        anthropic_legacy.pull(request(loopback.url))


def test_a_company_that_changes_over_to_the_new_reports_does_not_count_twice(
    tmp_path: Path, loopback: Loopback, answer: type[Answer]
) -> None:
    old, new = find(PULLS, "anthropic-legacy"), find(PULLS, "anthropic")
    period = {"starting_at": "2026-10-05T00:00:00Z", "ending_at": "2026-10-05T01:00:00Z"}
    usage = usage_row() | {"requests": 7, "total_tokens": 555}
    cost = {"amount": "123.78912", "list_amount": "150", "currency": "USD"}

    def say(path: str, params: Params) -> Answer:
        if "analytics" not in path:
            content = page(usage_row() if "usage" in path else cost_row(), **period)
            return answer(whole(msgspec.json.encode(content), params))
        if "inference_geos[]" in dict(params):
            return answer(b'{"data": [], "has_more": false}')
        row: Row = {"usage": usage} if path.endswith("usage") else {"cost": cost}
        row |= period | {"group": {"model": "claude-opus-5-5", "cost_type": "tokens"}}
        return answer(msgspec.json.encode({"data": [row], "has_more": False, "next_page": None}))

    loopback.answer = say
    ledger = tmp_path / "ledger.duckdb"
    october = request(loopback.url, first=date(2026, 10, 1))
    for source, module in ((old, anthropic_legacy), (new, anthropic)):
        assert len(list(pull_months(ledger, source, october, module=module))) == 1
    with open_ledger(ledger, read_only=True) as opened:
        assert [row.requests for row in opened.usage_by_hour()] == [7]
        assert [charge.billed_cost for charge in opened.charges_by_month()] == [Decimal("1.2378912")]
        assert opened.overlaps() == ()
    assert unsettled(ledger, old, october.windows) == ()


def test_a_report_without_some_of_the_hours_is_never_a_smaller_bill(loopback: Loopback, answer: type[Answer]) -> None:
    period = {"starting_at": "2026-10-05T00:00:00Z", "ending_at": "2026-10-05T01:00:00Z"}
    loopback.say(answer(msgspec.json.encode(page(usage_row(), **period))))
    with pytest.raises(SourcePayloadError, match="usage_report/messages answered for 2026-10 without 743 of 744"):
        anthropic_legacy.pull(request(loopback.url, first=date(2026, 10, 1)))


def test_what_asks_more_than_the_list_price_is_kept_as_a_tag(normalise: Callable[..., BillBatch]) -> None:
    dear = usage_row(context_window="200k-1M", inference_geo="us")
    usual = usage_row(context_window="0-200k", inference_geo="global")
    assert [row.tags for row in normalise(fetched("messages", dear, usual)).usage] == [
        ("context_window:200k-1M", "inference_geo:us"),
        (),
    ]


def test_code_execution_is_charged_under_its_name(normalise: Callable[..., BillBatch]) -> None:
    (charge,) = normalise(fetched("cost_report", cost_row(cost_type="code_execution", model=None))).charges
    assert charge.service_name == "Claude API: code execution"
