"""A LiteLLM proxy's daily sums; every payload here is constructed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from costcheck.errors import SourcePayloadError, UsageError
from costcheck.ingest import pull_months
from costcheck.ledger import open_ledger
from costcheck.records import BillBatch, Operation, Provenance
from costcheck.sources.bills import litellm_daily
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.registry import PULLS, find
from costcheck.sources.bills.windows import month_windows

if TYPE_CHECKING:
    from tests.costcheck.conftest import Answer, Loopback, Params

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
Row = dict[str, Any]


def metrics(**changes: object) -> Row:
    row: Row = {
        "spend": 0.0175,
        "prompt_tokens": 4000,
        "completion_tokens": 500,
        "cache_read_input_tokens": 1000,
        "cache_creation_input_tokens": 200,
        "api_requests": 4,
        "successful_requests": 3,
        "failed_requests": 1,
    }
    return row | changes


def model(keys: dict[str, Row] | None = None, **changes: object) -> Row:
    parts = {"hash-1": metrics(**changes)} if keys is None else keys
    return {
        "metrics": metrics(**changes),
        "metadata": {},
        "api_key_breakdown": {name: {"metrics": part, "metadata": {}} for name, part in parts.items()},
    }


def page(
    models: dict[str, Row], *, day: str = "2026-10-05", number: int = 1, pages: int = 1, providers: str = "openai"
) -> Row:
    breakdown = {"models": models, "providers": {name: {} for name in providers.split()}}
    return {
        "results": [{"date": day, "metrics": metrics(), "breakdown": breakdown}],
        "metadata": {"page": number, "total_pages": pages, "has_more": number < pages},
    }


@pytest.fixture
def read(provenance: Provenance) -> Callable[..., BillBatch]:
    def of(*pages: Row) -> BillBatch:
        typed = [msgspec.json.decode(msgspec.json.encode(content), type=litellm_daily.Page) for content in pages]
        return litellm_daily.normalise_days([("2026-10", one) for one in typed], ("2026-10",), provenance)

    return of


def request(url: str) -> PullRequest:
    windows = month_windows(date(2026, 10, 1), date(2026, 10, 1), now=NOW)
    return PullRequest(windows=windows, now=NOW, environ={"LITELLM_MASTER_KEY": "k"}, options={"base-url": url})


def test_a_day_is_usage_and_an_estimated_charge(read: Callable[..., BillBatch]) -> None:
    batch = read(page({"gpt-5.4": model()}))
    (row,), (charge,) = batch.usage, batch.charges
    assert (row.uncached_input_tokens, row.cache_read_input_tokens, row.output_tokens) == (2800, 1000, 500)
    assert (row.requests, row.x_api_key_id, row.service_provider_name) == (3, "hash-1", "openai")
    assert row.charge_period_end - row.charge_period_start == timedelta(days=1)
    assert (charge.billed_cost, charge.x_estimated) == (Decimal("0.0175"), True)


def test_a_day_on_two_pages_is_the_sum_of_both(read: Callable[..., BillBatch]) -> None:
    batch = read(page({"gpt-5.4": model()}, pages=2), page({"gpt-5.4": model()}, number=2, pages=2))
    assert sum(row.requests or 0 for row in batch.usage) == 6
    assert sum(charge.billed_cost for charge in batch.charges) == Decimal("0.0350")


def test_the_provider_is_known_only_where_the_day_has_one(read: Callable[..., BillBatch]) -> None:
    (row,) = read(page({"gpt-5.4": model()}, providers="openai azure")).usage
    assert row.service_provider_name == "unknown"


def test_a_provider_before_a_models_name_is_its_provider_and_no_part_of_the_name(
    read: Callable[..., BillBatch],
) -> None:
    batch = read(page({"azure/gpt-5.4": model()}, providers="openai azure"))
    (row,) = batch.usage
    assert (row.service_provider_name, row.request_model) == ("azure", "gpt-5.4")
    assert batch.charges[0].x_gen_ai_request_model == "gpt-5.4"


def test_a_provider_is_called_as_its_bill_calls_it(read: Callable[..., BillBatch]) -> None:
    (row,) = read(page({"vertex_ai/gemini-2.5-flash": model()}, providers="vertex_ai")).usage
    assert (row.service_provider_name, row.request_model) == ("google", "gemini-2.5-flash")


def test_keys_that_do_not_add_up_give_way_to_the_models_own_sum(read: Callable[..., BillBatch]) -> None:
    some = {"hash-1": metrics(prompt_tokens=2000, successful_requests=1)}
    (row,) = read(page({"gpt-5.4": model(some)})).usage
    assert (row.x_api_key_id, row.input_tokens, row.requests) == (None, 4000, 3)


def test_a_day_outside_the_month_is_set_aside(read: Callable[..., BillBatch]) -> None:
    batch = read(page({"gpt-5.4": model()}), page({"gpt-5.4": model()}, day="2026-11-01"))
    assert (len(batch.usage), batch.set_aside[0].reason) == (1, litellm_daily.OTHER_MONTH)


def test_a_model_that_answered_nothing_is_set_aside(read: Callable[..., BillBatch]) -> None:
    idle = model(
        spend=0,
        prompt_tokens=0,
        completion_tokens=0,
        successful_requests=0,
        cache_read_input_tokens=0,
        cache_creation_input_tokens=0,
    )
    batch = read(page({"gpt-5.4": model(), "idle": idle}))
    assert (len(batch.usage), batch.set_aside[0].reason) == (1, litellm_daily.NOTHING)


@pytest.mark.parametrize(
    "bad",
    [
        model(prompt_tokens=-1),
        model(prompt_tokens=100),
        model(spend=-1),
        model(spend=None),
        {"metrics": {}},
        {},
    ],
)
def test_what_cannot_be_right_is_quarantined_with_its_day(read: Callable[..., BillBatch], bad: Row) -> None:
    batch = read(page({"gpt-5.4": model(), "bad": bad}))
    assert (len(batch.usage), len(batch.quarantined)) == (1, 1)
    assert msgspec.json.decode(batch.quarantined[0].context) == {"date": "2026-10-05", "model": "bad"}


@pytest.mark.parametrize(
    ("endpoint", "operation"),
    [
        ("/chat/completions", Operation.CHAT),
        ("/v1/embeddings", Operation.EMBEDDINGS),
        ("/image/generations", Operation.IMAGE),
        ("/audio/speech", Operation.AUDIO),
        (None, Operation.CHAT),
    ],
)
def test_an_endpoint_tells_the_operation(endpoint: str | None, operation: Operation) -> None:
    assert litellm_daily.operation_of(endpoint) is operation


def test_constructed_activity_gives_what_it_says(payloads: Path, read: Callable[..., BillBatch]) -> None:
    batch = read(msgspec.json.decode((payloads / "litellm_daily" / "activity.json").read_bytes()))
    assert [(row.request_model, row.input_tokens) for row in batch.usage] == [("gpt-5.4", 4000)]


def test_every_page_is_asked_for_with_both_days_included(loopback: Loopback, answer: type[Answer]) -> None:
    def say(_path: str, params: Params) -> Answer:
        number = int(dict(params)["page"])
        return answer(msgspec.json.encode(page({f"model-{number}": model()}, number=number, pages=3)))

    loopback.answer = say
    batch = litellm_daily.pull(request(loopback.url))
    assert [row.request_model for row in batch.usage] == ["model-1", "model-2", "model-3"]
    assert {(dict(asked)["start_date"], dict(asked)["end_date"]) for _, asked in loopback.asked} == {
        ("2026-10-01", "2026-10-31")
    }


def test_a_proxy_that_gives_another_page_breaks_the_read_off(loopback: Loopback, answer: type[Answer]) -> None:
    loopback.say(answer(msgspec.json.encode(page({"gpt-5.4": model()}, pages=2))))
    with pytest.raises(SourcePayloadError, match="gave page 1"):
        litellm_daily.pull(request(loopback.url))


def test_daily_sums_replace_the_log_of_the_same_month(
    tmp_path: Path, loopback: Loopback, answer: type[Answer]
) -> None:
    daily, ledger = find(PULLS, "litellm-daily"), tmp_path / "ledger.duckdb"
    loopback.say(answer(msgspec.json.encode(page({"gpt-5.4": model()}))))
    for _ in range(2):
        list(pull_months(ledger, daily, request(loopback.url), module=litellm_daily))
    with open_ledger(ledger, read_only=True) as opened:
        assert [(row.x_source, row.x_bucket) for row in opened.ingests()] == [("litellm", "2026-10")]
        assert [charge.billed_cost for charge in opened.charges_by_month()] == [Decimal("0.0175")]


def test_a_missing_key_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="LITELLM_MASTER_KEY"):
        litellm_daily.plan(PullRequest(windows=(), now=NOW))
