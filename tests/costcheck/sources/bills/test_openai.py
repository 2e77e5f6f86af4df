"""OpenAI's usage and costs; every payload here is constructed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from costcheck.errors import CurrencyError, SourcePayloadError
from costcheck.records import BillBatch, ChargeCategory, Operation, Provenance, ServiceTier, TokenType
from costcheck.sources.bills import openai
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.openai_line_items import split_line_item
from costcheck.sources.bills.pages import FetchedPage
from costcheck.sources.bills.windows import month_windows

if TYPE_CHECKING:
    from tests.costcheck.conftest import Answer, Loopback

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
START = 1793491200  # 2026-11-01T00:00:00Z


def usage_row(**changes: object) -> dict[str, object]:
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": 1000,
        "input_cached_tokens": 600,
        "input_cache_write_tokens": 100,
        "output_tokens": 50,
        "num_model_requests": 3,
        "project_id": "proj_a",
        "api_key_id": "key_a",
        "model": "gpt-5.4",
        "batch": False,
        "service_tier": "default",
    } | changes


def cost_row(**changes: object) -> dict[str, object]:
    return {
        "object": "organization.costs.result",
        "amount": {"value": 1.5, "currency": "usd"},
        "line_item": "gpt-5.4, input",
        "project_id": "proj_a",
    } | changes


def page(*rows: object, start: int = START, seconds: int = 3600) -> openai.Page:
    return openai.Page(
        data=[
            openai.Bucket(
                start_time=start,
                end_time=start + seconds,
                results=[msgspec.Raw(msgspec.json.encode(row)) for row in rows],
            )
        ],
        has_more=False,
    )


def fetched(kind: str, *rows: object, **where: int) -> FetchedPage[openai.Page]:
    return FetchedPage(bucket="2026-11", kind=kind, page=page(*rows, **where))


@pytest.fixture
def normalise(provenance: Provenance) -> Callable[..., BillBatch]:
    return lambda *pages: openai.normalise_bill(pages, ("2026-11",), provenance)


def test_input_tokens_are_split_into_classes_that_do_not_overlap(normalise: Callable[..., BillBatch]) -> None:
    (row,) = normalise(fetched("completions", usage_row())).usage
    assert (row.uncached_input_tokens, row.cache_read_input_tokens, row.cache_creation_5m_input_tokens) == (
        300,
        600,
        100,
    )
    assert row.input_tokens == 1000


def test_what_is_written_for_twelve_hours_goes_to_the_longer_class(normalise: Callable[..., BillBatch]) -> None:
    (row,) = normalise(fetched("completions", usage_row(input_cache_write_12h_tokens=40))).usage
    assert (row.cache_creation_5m_input_tokens, row.cache_creation_1h_input_tokens) == (60, 40)


@pytest.mark.parametrize(
    "changes",
    [
        {"input_cached_tokens": 1001},
        {"input_cached_tokens": -1},
        {"input_tokens": -5},
        {"output_tokens": -5},
        {"output_tokens": "50"},
        {"output_tokens": None},
        {"num_model_requests": 1.5},
        {"model": None},
        {"service_tier": "unheard-of"},
        {"input_cache_write_12h_tokens": 101},
    ],
)
def test_a_row_that_cannot_be_right_is_quarantined_as_it_came(
    normalise: Callable[..., BillBatch], changes: dict[str, object]
) -> None:
    bad = usage_row(**changes)
    batch = normalise(fetched("completions", usage_row(model="good"), bad))
    assert [row.request_model for row in batch.usage] == ["good"]
    (quarantined,) = batch.quarantined
    assert msgspec.json.decode(quarantined.raw) == bad
    assert quarantined.reason


def test_a_missing_token_count_is_quarantined_and_never_zero(normalise: Callable[..., BillBatch]) -> None:
    bad = usage_row()
    del bad["output_tokens"]
    batch = normalise(fetched("completions", usage_row(model="good"), bad))
    assert len(batch.usage) == 1
    assert "output_tokens" in batch.quarantined[0].reason


@pytest.mark.parametrize(
    ("changes", "tier"),
    [
        ({"batch": True}, ServiceTier.BATCH),
        ({"service_tier": "flex"}, ServiceTier.FLEX),
        ({"service_tier": "priority"}, ServiceTier.PRIORITY),
        ({"service_tier": None}, ServiceTier.STANDARD),
    ],
)
def test_the_tier_is_kept(normalise: Callable[..., BillBatch], changes: dict[str, object], tier: ServiceTier) -> None:
    (row,) = normalise(fetched("completions", usage_row(**changes))).usage
    assert row.service_tier is tier


def test_the_same_row_on_two_pages_counts_once(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(fetched("completions", usage_row()), fetched("completions", usage_row()))
    assert len(batch.usage) == 1
    assert [(row.reason, row.row_count) for row in batch.set_aside] == [("the same row a second time", 1)]


def test_two_different_rows_under_one_key_are_not_summed(normalise: Callable[..., BillBatch]) -> None:
    batch = normalise(fetched("completions", usage_row()), fetched("completions", usage_row(output_tokens=51)))
    assert len(batch.usage) == 1
    assert len(batch.quarantined) == 1


def test_embeddings_are_visible_and_no_chat(normalise: Callable[..., BillBatch]) -> None:
    row = {"input_tokens": 10, "num_model_requests": 1, "model": "text-embedding-3-small"}
    batch = normalise(
        fetched("embeddings", row, seconds=86400),
        fetched("costs", cost_row(line_item="text-embedding-3-small, input"), seconds=86400),
    )
    assert batch.usage[0].operation is Operation.EMBEDDINGS
    assert batch.charges[0].x_operation is Operation.EMBEDDINGS


def test_audio_tokens_are_no_chat(normalise: Callable[..., BillBatch]) -> None:
    (row,) = normalise(fetched("completions", usage_row(output_audio_tokens=7))).usage
    assert row.operation is Operation.AUDIO


@pytest.mark.parametrize("value", [1.5, "1.5", "1.50"])
def test_an_amount_may_be_a_number_or_a_text(normalise: Callable[..., BillBatch], value: object) -> None:
    (charge,) = normalise(fetched("costs", cost_row(amount={"value": value, "currency": "usd"}))).charges
    assert charge.billed_cost == Decimal("1.5")
    assert charge.billing_currency == "USD"


def test_an_amount_keeps_every_digit_of_its_text(provenance: Provenance) -> None:
    raw = msgspec.Raw(b'{"amount":{"value":0.13080438340307526,"currency":"usd"},"line_item":"gpt-5.4, input"}')
    costs = FetchedPage(
        bucket="2026-11",
        kind="costs",
        page=openai.Page(
            data=[openai.Bucket(start_time=START, end_time=START + 86400, results=[raw])], has_more=False
        ),
    )
    (charge,) = openai.normalise_bill([costs], ("2026-11",), provenance).charges
    assert charge.billed_cost == Decimal("0.13080438340307526")


@pytest.mark.parametrize("value", ["NaN", "Infinity", None, "much"])
def test_an_amount_that_is_no_number_is_quarantined(normalise: Callable[..., BillBatch], value: object) -> None:
    batch = normalise(
        fetched("costs", cost_row(), cost_row(project_id="b", amount={"value": value, "currency": "usd"}))
    )
    assert len(batch.charges) == 1
    assert len(batch.quarantined) == 1


def test_another_currency_stops_the_read(normalise: Callable[..., BillBatch]) -> None:
    with pytest.raises(CurrencyError, match="'eur'"):
        normalise(fetched("costs", cost_row(amount={"value": 1, "currency": "eur"})))


def test_a_negative_amount_is_a_credit(normalise: Callable[..., BillBatch]) -> None:
    (charge,) = normalise(fetched("costs", cost_row(amount={"value": -3, "currency": "usd"}))).charges
    assert charge.charge_category is ChargeCategory.CREDIT


@pytest.mark.parametrize(
    ("text", "token_type", "tier"),
    [
        ("gpt-5.4-2026-03-05, input", TokenType.UNCACHED_INPUT, ServiceTier.STANDARD),
        ("gpt-5.4-2026-03-05, cached input", TokenType.CACHE_READ_INPUT, ServiceTier.STANDARD),
        ("gpt-6-astra, input_tokens", TokenType.UNCACHED_INPUT, ServiceTier.STANDARD),
        ("gpt-5.4-2026-03-05, output", TokenType.OUTPUT, ServiceTier.STANDARD),
        ("gpt-5.4-2026-03-05, batch, output", TokenType.OUTPUT, ServiceTier.BATCH),
        ("gpt-5.4, cache write", TokenType.CACHE_CREATION_5M_INPUT, ServiceTier.STANDARD),
        ("gpt-realtime, audio output", None, ServiceTier.STANDARD),
        ("code interpreter sessions", None, ServiceTier.STANDARD),
    ],
)
def test_a_line_item_names_model_class_and_tier(text: str, token_type: TokenType | None, tier: ServiceTier) -> None:
    item = split_line_item(text)
    assert (item.model, item.token_type, item.service_tier) == (text.split(", ", maxsplit=1)[0], token_type, tier)


def test_a_line_item_without_a_model_is_set_aside_under_its_name(normalise: Callable[..., BillBatch]) -> None:
    (charge,) = normalise(fetched("costs", cost_row(line_item="code interpreter sessions"))).charges
    assert charge.x_gen_ai_request_model is None
    assert charge.service_name == "code interpreter sessions"
    assert charge.x_operation is Operation.OTHER


def test_costs_of_yesterday_may_still_change_and_those_before_may_not(
    normalise: Callable[..., BillBatch],
) -> None:
    day = 86400
    batch = normalise(
        fetched("costs", cost_row(), start=START + 20 * day, seconds=day),
        fetched("costs", cost_row(), start=START + 21 * day, seconds=day),
    )
    assert [charge.x_estimated for charge in batch.charges] == [False, True]


def test_a_month_without_rows_is_an_empty_batch(normalise: Callable[..., BillBatch]) -> None:
    assert normalise(fetched("completions"), fetched("costs")).is_empty


def test_a_bill_of_which_nothing_can_be_read_is_an_error(normalise: Callable[..., BillBatch]) -> None:
    with pytest.raises(SourcePayloadError, match="none of 1 rows"):
        normalise(fetched("completions", usage_row(output_tokens=-1)))


def test_constructed_pages_give_what_they_say(payloads: Path, provenance: Provenance) -> None:
    pages = [
        FetchedPage(
            bucket="2026-11",
            kind=kind,
            page=msgspec.json.decode((payloads / "openai" / name).read_bytes(), type=openai.Page),
        )
        for kind, name in (
            ("completions", "openai_usage_completions_page1.json"),
            ("completions", "openai_usage_completions_page2.json"),
            ("costs", "costs.json"),
        )
    ]
    batch = openai.normalise_bill(pages, ("2026-11",), provenance)
    assert sum(row.requests or 0 for row in batch.usage) == 2 * (600 + 45)
    assert sum(charge.billed_cost for charge in batch.charges) == Decimal("6.9")


def test_every_page_of_every_endpoint_is_asked_with_its_parameters(loopback: Loopback, answer: type[Answer]) -> None:
    def serve(path: str, params: list[tuple[str, str]]) -> Answer:
        token = dict(params).get("page")
        more = path.endswith("completions") and token is None
        return answer(msgspec.json.encode({"data": [], "has_more": more, "next_page": "t1" if more else None}))

    loopback.answer = serve
    windows = month_windows(date(2026, 10, 1), date(2026, 11, 1), now=NOW)
    with openai.open_client("sk-admin-x", base_url=f"{loopback.url}/v1") as client:
        pages = openai.fetch_bill(client, windows)
    request = PullRequest(windows=windows, now=NOW, environ={"OPENAI_ADMIN_KEY": "k"}, options={"bucket-width": "1h"})
    requests = openai.plan(request).requests
    completions = [params for path, params in loopback.asked if path == "/v1/organization/usage/completions"]
    assert len(pages) == len(loopback.asked) == requests + len(completions) // 2
    assert [value for name, value in completions[0] if name == "group_by[]"] == [
        "project_id",
        "model",
        "api_key_id",
        "batch",
        "service_tier",
    ]
    assert dict(completions[0])["start_time"] == str(int(windows[0].start.timestamp()))
    assert dict(completions[-1])["end_time"] == str(int(datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp()))
    assert loopback.headers[0]["authorization"] == "Bearer sk-admin-x"


@pytest.mark.parametrize("kind", ["usage/completions", "usage/embeddings", "costs"])
def test_an_answer_without_some_of_the_days_is_never_a_smaller_bill(
    loopback: Loopback, answer: type[Answer], kind: str
) -> None:
    def serve(path: str, params: list[tuple[str, str]]) -> Answer:
        content = {"data": [], "has_more": False, "next_page": None}
        if path.endswith(kind):
            start = int(dict(params)["start_time"])
            content["data"] = [{"start_time": start, "end_time": start + 3600, "results": []}]
        return answer(msgspec.json.encode(content))

    loopback.answer = serve
    windows = month_windows(date(2026, 10, 1), date(2026, 10, 1), now=NOW)
    with (
        openai.open_client("sk-admin-x", base_url=f"{loopback.url}/v1") as client,
        pytest.raises(SourcePayloadError, match=f"/organization/{kind} answered for 2026-10 without"),
    ):
        openai.fetch_bill(client, windows)
