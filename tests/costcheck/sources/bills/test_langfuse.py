"""Langfuse's generations over its API; every payload here is constructed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from costcheck.errors import SourceAuthError, SourcePayloadError, UsageError
from costcheck.records import BillBatch, Operation, Provenance
from costcheck.sources.bills import langfuse
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.langfuse_uncounted import is_uncounted
from costcheck.sources.bills.windows import month_windows

if TYPE_CHECKING:
    from tests.costcheck.conftest import Answer, Loopback, Params

NOW = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
CANARY = "my secret prompt 7391"
KEYS = {"LANGFUSE_PUBLIC_KEY": "pk-lf-1", "LANGFUSE_SECRET_KEY": "sk-lf-secret-2"}
Row = dict[str, Any]


def observation(identity: str = "o1", **changes: object) -> Row:
    row: Row = {
        "id": identity,
        "type": "GENERATION",
        "startTime": "2026-11-01T09:15:30.100Z",
        "projectId": "project-1",
        "model": "gpt-5.4",
        "usageDetails": {"input": 600, "input_cached_tokens": 400, "output": 50, "total": 1050},
        "totalCost": 0.002,
        "input": CANARY,
        "output": CANARY,
        "metadata": {"note": CANARY},
        "statusMessage": CANARY,
    }
    return row | changes


def page(*rows: Row, cursor: str | None = None) -> Row:
    return {"data": list(rows), "meta": {"cursor": cursor} if cursor else {}}


@pytest.fixture
def read(provenance: Provenance) -> Callable[..., BillBatch]:
    start = datetime(2026, 11, 1, tzinfo=UTC)

    def of(*rows: Row) -> BillBatch:
        raws = tuple(msgspec.Raw(msgspec.json.encode(row)) for row in rows)
        fetched = langfuse.FetchedRows(bucket="2026-11", start=start, end=start + timedelta(days=1), rows=raws)
        return langfuse.normalise_rows([fetched], ("2026-11",), provenance)

    return of


def request(url: str, **options: str) -> PullRequest:
    windows = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=NOW)
    return PullRequest(windows=windows, now=NOW, environ=KEYS, options={"base-url": url} | options)


def test_a_generation_is_usage_of_its_minute(read: Callable[..., BillBatch]) -> None:
    (row,) = read(observation()).usage
    assert row.charge_period_start == datetime(2026, 11, 1, 9, 15, tzinfo=UTC)
    assert row.charge_period_end - row.charge_period_start == timedelta(minutes=1)
    assert (row.requests, row.sub_account_id, row.service_provider_name) == (1, "project-1", "unknown")


def test_the_cost_is_an_estimate_and_is_marked_so(read: Callable[..., BillBatch]) -> None:
    (charge,) = read(observation()).charges
    assert (charge.billed_cost, charge.x_estimated, charge.service_name) == (Decimal("0.002"), True, "Langfuse")


def test_a_generation_without_a_price_is_usage_without_a_charge(read: Callable[..., BillBatch]) -> None:
    batch = read(observation(totalCost=None))
    assert (len(batch.usage), batch.charges) == (1, ())


@pytest.mark.parametrize(
    ("details", "classes"),
    [
        ({"input": 600, "input_cached_tokens": 400, "output": 50, "total": 1050}, (600, 400, 0, 0, 50)),
        ({"input": 600, "input_cached_tokens": 400, "output": 50}, (600, 400, 0, 0, 50)),
        ({"input": 1000, "input_cached_tokens": 400, "output": 50, "total": 1050}, (600, 400, 0, 0, 50)),
        (
            {
                "input": 700,
                "cache_read_input_tokens": 300,
                "cache_creation_input_tokens": 200,
                "output": 9,
                "total": 1009,
            },
            (500, 300, 200, 0, 9),
        ),
        (
            {
                "input": 5,
                "cache_creation_input_tokens": 30,
                "cache_creation_ephemeral_5m_input_tokens": 10,
                "cache_creation_ephemeral_1h_input_tokens": 20,
                "output": 1,
                "total": 36,
            },
            (5, 0, 10, 20, 1),
        ),
        ({"input": 10, "input_audio": 4, "output": 2, "output_reasoning_tokens": 7, "total": 23}, (14, 0, 0, 0, 9)),
    ],
)
def test_token_classes_are_made_disjoint_by_what_the_total_tells(
    details: dict[str, int], classes: tuple[int, ...]
) -> None:
    assert langfuse.token_classes(details) == classes


@pytest.mark.parametrize(
    "details",
    [
        {"input": 600, "input_cached_tokens": 400, "output": 50, "total": 999},
        {"input": 100, "input_cached_tokens": 400, "output": 50, "total": 150},
        {"characters": 100, "output": 50},
        {"input": 100, "input_priority": 100, "output": 5},
        {"cache_creation_input_tokens": 30, "cache_creation_ephemeral_5m_input_tokens": 10, "output": 1},
    ],
)
def test_classes_that_do_not_add_up_are_no_guess(details: dict[str, int]) -> None:
    with pytest.raises(SourcePayloadError, match=r"usageDetails|written"):
        langfuse.token_classes(details)


def test_a_provider_before_a_models_name_is_no_part_of_it(provenance: Provenance) -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    raw = msgspec.Raw(msgspec.json.encode(observation(model="azure/gpt-5.4")))
    page = langfuse.FetchedRows(bucket="2026-11", start=start, end=start + timedelta(days=1), rows=(raw,))
    (row,) = langfuse.normalise_rows([page], ("2026-11",), provenance, provider="azure").usage
    assert row.request_model == "gpt-5.4"


def test_an_embedding_is_no_chat(read: Callable[..., BillBatch]) -> None:
    (row,) = read(observation(type="EMBEDDING", usageDetails={"input": 70})).usage
    assert (row.operation, row.output_tokens) == (Operation.EMBEDDINGS, 0)


def test_spans_count_for_nothing(read: Callable[..., BillBatch]) -> None:
    batch = read(observation(), observation("o2", type="SPAN"))
    assert [(row.reason, row.row_count) for row in batch.set_aside] == [(langfuse.NO_GENERATION, 1)]


@pytest.mark.parametrize(
    "bad",
    [
        observation("o2", model=None),
        observation("o2", usageDetails={}),
        observation("o2", usageDetails={"input": -1}),
        observation("o2", usageDetails={"input": 1.5}),
        observation("o2", startTime="yesterday"),
        observation("o2", startTime="2026-12-01T00:00:00Z"),
        observation("o2", totalCost=-1),
        observation("o1", model="another"),
    ],
)
def test_what_cannot_be_right_is_quarantined_without_texts(read: Callable[..., BillBatch], bad: Row) -> None:
    batch = read(observation(), bad)
    assert (len(batch.usage), len(batch.quarantined)) == (1, 1)
    assert CANARY not in repr(batch)


def test_a_row_that_can_be_read_now_is_read_again(provenance: Provenance, read: Callable[..., BillBatch]) -> None:
    (row,) = read(observation(), observation("o2", usageDetails={"characters": 5})).quarantined
    mended = replace(row, raw=row.raw.replace(b"characters", b"input"))
    assert [usage.input_tokens for usage in langfuse.replay([mended], provenance).usage] == [5]


def test_the_same_observation_twice_counts_once(read: Callable[..., BillBatch]) -> None:
    batch = read(observation(), observation())
    assert (len(batch.usage), batch.set_aside[0].row_count) == (1, 1)


def test_constructed_rows_give_what_they_say(payloads: Path, read: Callable[..., BillBatch]) -> None:
    rows = msgspec.json.decode((payloads / "langfuse" / "observations.json").read_bytes())["data"]
    batch = read(*[row | {"startTime": "2026-11-01T09:15:30Z"} for row in rows])
    assert [row.input_tokens for row in batch.usage] == [1000, 70]
    assert sum(charge.billed_cost for charge in batch.charges) == Decimal("0.0020014")


def test_only_fields_without_texts_are_asked_for_and_every_page_is_read(
    loopback: Loopback, answer: type[Answer]
) -> None:
    def say(_path: str, params: Params) -> Answer:
        asked = dict(params)
        if asked["type"] != "GENERATION" or not asked["fromStartTime"].startswith("2026-11-01"):
            return answer(msgspec.json.encode(page()))
        if "cursor" in asked:
            return answer(msgspec.json.encode(page(observation("o2"))))
        return answer(msgspec.json.encode(page(observation(), cursor="next")))

    loopback.answer = say
    batch = langfuse.pull(request(loopback.url, provider="openai"))
    assert [(row.service_provider_name, row.requests) for row in batch.usage] == [("openai", 1), ("openai", 1)]
    assert {dict(params)["fields"] for _, params in loopback.asked} == {"core,model,usage"}
    assert len(loopback.asked) == langfuse.plan(request(loopback.url)).requests + 1
    wanted = base64.b64encode(b"pk-lf-1:sk-lf-secret-2").decode()
    assert loopback.headers[0]["authorization"] == f"Basic {wanted}"


def test_failures_are_set_aside_and_what_was_answered_without_tokens_is_quarantined(
    loopback: Loopback, answer: type[Answer]
) -> None:
    nothing: Row = {"usageDetails": {}, "totalCost": None}

    def say(_path: str, params: Params) -> Answer:
        asked = dict(params)
        if asked["type"] != "GENERATION" or not asked["fromStartTime"].startswith("2026-11-01"):
            return answer(msgspec.json.encode(page()))
        if asked.get("level") == "ERROR":
            return answer(msgspec.json.encode(page({"id": "failed", "usageDetails": 5}, {"id": 7}, {})))
        return answer(
            msgspec.json.encode(page(observation(), observation("failed", **nothing), observation("o3", **nothing)))
        )

    loopback.answer = say
    batch = langfuse.pull(request(loopback.url))
    assert [(row.reason, row.row_count) for row in batch.set_aside] == [(langfuse.FAILED, 1)]
    assert [b'"o3"' in row.raw for row in batch.quarantined] == [True]
    assert {dict(params)["fields"] for _, params in loopback.asked if "level" in dict(params)} == {"core"}


@pytest.mark.parametrize("details", [{}, None, {"input": 0, "output": 0, "total": 0}, {"input": None}])
def test_counts_of_nothing_are_no_counts(read: Callable[..., BillBatch], details: Row | None) -> None:
    nothing = observation("o0", usageDetails=details, totalCost=None)
    batch = read(nothing, *(observation(f"o{number}") for number in range(1, 20)))
    assert [(row.reason, row.row_count) for row in batch.set_aside] == [(langfuse.UNCOUNTED, 1)]
    assert (len(batch.usage), batch.quarantined) == (19, ())


def test_a_count_beside_zeros_is_a_count() -> None:
    row = observation(usageDetails={"input": 0, "output": 1}, totalCost=None)
    assert not is_uncounted(msgspec.json.encode(row))


def test_a_cursor_that_comes_back_is_not_followed_for_ever(loopback: Loopback, answer: type[Answer]) -> None:
    loopback.say(answer(msgspec.json.encode(page(cursor="same"))))
    with pytest.raises(SourcePayloadError, match="came twice"):
        langfuse.pull(request(loopback.url))


def test_refused_keys_are_not_printed(loopback: Loopback, answer: type[Answer]) -> None:
    loopback.say(answer(b'{"message": "Invalid credentials sk-lf-secret-2"}', status=401))
    with pytest.raises(SourceAuthError) as caught:
        langfuse.pull(request(loopback.url))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("missing", sorted(KEYS))
def test_a_missing_key_is_a_usage_error_that_names_it(missing: str) -> None:
    environ = {name: value for name, value in KEYS.items() if name != missing}
    with pytest.raises(UsageError, match=missing):
        langfuse.plan(replace(request("http://127.0.0.1"), environ=environ))
