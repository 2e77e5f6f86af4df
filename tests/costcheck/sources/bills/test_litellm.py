"""A LiteLLM proxy's log over its API and as an export; every payload here is constructed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import msgspec
import pytest

from costcheck.errors import InputFileError, SourceError, SourcePayloadError
from costcheck.ledger import open_ledger
from costcheck.records import BillBatch, Operation, Provenance, ServiceTier, TokenUsage
from costcheck.sources.bills import litellm, litellm_dump
from costcheck.sources.bills.windows import month_windows

if TYPE_CHECKING:
    from tests.costcheck.conftest import Answer, Loopback

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
CANARY = "my secret prompt 7391"


def log(request_id: str = "r1", **changes: object) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "call_type": "acompletion",
        "api_key": "hash",
        "spend": 0.0175,
        "prompt_tokens": 4000,
        "completion_tokens": 500,
        "startTime": "2026-11-20T09:15:00.100000Z",
        "model": "gpt-5.4",
        "custom_llm_provider": "openai",
        "metadata": {
            "additional_usage_values": {"cache_read_input_tokens": 2000},
            "requester_metadata": {"note": CANARY},
        },
        "cache_hit": "False",
        "request_tags": ["team:search", "User-Agent: OpenAI/Python 3.54"],
        "team_id": "team-1",
        "status": "success",
        "messages": [{"role": "user", "content": CANARY}],
        "response": {"content": CANARY},
        "proxy_server_request": {"body": CANARY},
    } | changes


def over_api(provenance: Provenance, rows: list[dict[str, Any]]) -> BillBatch:
    raws = tuple(msgspec.Raw(msgspec.json.encode(row)) for row in rows)
    fetched = litellm.FetchedRows(bucket="2026-11", end=NOW, rows=raws)
    return litellm.normalise_logs([fetched], ("2026-11",), provenance)


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {
                    name: msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value
                    for name, value in row.items()
                }
            )
    return path


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    table = write_csv(path.with_suffix(".csv"), rows)
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (SELECT * REPLACE (spend::DOUBLE AS spend, prompt_tokens::INTEGER AS prompt_tokens,
                completion_tokens::INTEGER AS completion_tokens, "startTime"::TIMESTAMP AS "startTime")
                FROM read_csv('{table}', all_varchar = true)) TO '{path}'"""  # noqa: S608 - our own temporary paths
        )
    return path


def as_csv(provenance: Provenance, rows: list[dict[str, Any]], folder: Path) -> BillBatch:
    return litellm_dump.read(write_csv(folder / "logs.csv", rows), provenance)


def as_parquet(provenance: Provenance, rows: list[dict[str, Any]], folder: Path) -> BillBatch:
    return litellm_dump.read(write_parquet(folder / "logs.parquet", rows), provenance)


READERS = {"api": lambda provenance, rows, _folder: over_api(provenance, rows), "csv": as_csv, "parquet": as_parquet}
Read = Callable[[list[dict[str, Any]]], BillBatch]


@pytest.fixture(params=sorted(READERS))
def read(request: pytest.FixtureRequest, provenance: Provenance, tmp_path: Path) -> Read:
    return lambda rows: READERS[request.param](provenance, rows, tmp_path)


def only(batch: BillBatch) -> TokenUsage:
    (row,) = batch.usage
    return row


def aside(batch: BillBatch) -> dict[str, int]:
    return {row.reason: row.row_count for row in batch.set_aside}


@pytest.mark.parametrize(
    ("provider", "logged", "model"),
    [
        ("azure", "azure/gpt-5.4", "gpt-5.4"),
        ("openrouter", "openrouter/deepseek/deepseek-v3.2", "deepseek/deepseek-v3.2"),
        ("openrouter", "deepseek/deepseek-v3.2", "deepseek/deepseek-v3.2"),
        (
            "bedrock",
            "bedrock/converse/anthropic.claude-haiku-4-5-20251001-v1:0",
            "anthropic.claude-haiku-4-5-20251001",
        ),
        ("azure", "azure/", "azure/"),
    ],
)
def test_a_provider_before_the_models_name_is_no_part_of_it(
    read: Read, provider: str, logged: str, model: str
) -> None:
    batch = read([log(custom_llm_provider=provider, model=logged)])
    (charge,) = batch.charges
    assert (only(batch).request_model, charge.x_gen_ai_request_model) == (model, model)


@pytest.mark.parametrize(
    ("logged", "billed"),
    [("vertex_ai", "google"), ("gemini", "google"), ("bedrock", "aws"), ("azure_ai", "azure"), ("groq", "groq")],
)
def test_a_provider_is_called_as_its_bill_calls_it(read: Read, logged: str, billed: str) -> None:
    batch = read([log(custom_llm_provider=logged)])
    (charge,) = batch.charges
    assert (only(batch).service_provider_name, charge.service_provider_name) == (billed, billed)


def behind(key: str) -> dict[str, Any]:
    return {"model_map_information": {"model_map_key": key, "model_map_value": {"key": key}}}


def test_the_model_behind_an_azure_deployments_own_name_is_what_counts_and_its_name_a_tag(read: Read) -> None:
    rows = [
        log("r1", custom_llm_provider="azure", model="chat-prod", metadata=behind("azure/gpt-5.4-mini")),
        log("r2", custom_llm_provider="azure", model="chat-prod"),
    ]
    batch = read(rows)
    assert {row.request_model for row in batch.usage} == {"gpt-5.4-mini"}
    assert {row.tags for row in batch.usage} == {("deployment-name:chat-prod", "team:search")}


@pytest.mark.parametrize(
    ("provider", "keys"),
    [("azure", ("gpt-5.4-2026-03-05",)), ("openai", ("gpt-5.4-mini",)), ("azure", ("gpt-5.4-mini", "gpt-5"))],
    ids=["the same with its date", "no deployments there", "two models"],
)
def test_a_name_stays_where_no_other_model_is_known_to_be_behind_it(
    read: Read, provider: str, keys: tuple[str, ...]
) -> None:
    rows = [log(f"r{key}", custom_llm_provider=provider, metadata=behind(key)) for key in keys]
    assert {row.request_model for row in read(rows).usage} == {"gpt-5.4"}


def test_requests_of_one_hour_are_summed_and_its_busiest_minute_is_kept(read: Read) -> None:
    later = log("r2", startTime="2026-11-20T09:15:59.900000Z", spend=0.01)
    rows = [log(), later, log("r3", startTime="2026-11-20T09:16:00.000000Z")]
    batch = read([*rows, log("r4", startTime="2026-11-20T10:00:00.000000Z")])
    assert [(row.requests, row.output_tokens) for row in batch.usage] == [(3, 1500), (1, 500)]
    assert [row.x_peak_minute_tokens for row in batch.usage] == [9000, 4500]
    assert batch.usage[0].charge_period_start == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert batch.usage[0].charge_period_end - batch.usage[0].charge_period_start == timedelta(hours=1)
    assert [charge.billed_cost for charge in batch.charges] == [Decimal("0.0625")]
    assert all(charge.x_estimated for charge in batch.charges)


def test_prompt_tokens_include_what_the_cache_read(read: Read) -> None:
    row = only(read([log()]))
    assert (row.uncached_input_tokens, row.cache_read_input_tokens) == (2000, 2000)


def test_cached_tokens_are_found_in_the_older_place_too(read: Read) -> None:
    older = {"usage_object": {"prompt_tokens_details": {"cached_tokens": 750}}, "additional_usage_values": {}}
    assert only(read([log(metadata=older)])).cache_read_input_tokens == 750


def test_what_was_written_to_the_cache_is_split_by_how_long_it_stays(read: Read) -> None:
    details = {"cache_creation_token_details": {"ephemeral_1h_input_tokens": 300}}
    written = {"cache_creation_input_tokens": 1000, "prompt_tokens_details": details}
    row = only(read([log(metadata={"additional_usage_values": written})]))
    assert (row.cache_creation_5m_input_tokens, row.cache_creation_1h_input_tokens) == (700, 300)
    assert row.input_tokens == 4000


def test_tags_of_client_programs_are_left_out(read: Read) -> None:
    assert only(read([log()])).tags == ("team:search",)


def test_what_the_gateways_cache_answered_and_what_failed_counts_for_nothing(read: Read) -> None:
    batch = read([log(), log("r2", cache_hit="True", spend=0.0), log("r3", status="failure", spend=0.0, model="")])
    assert only(batch).requests == 1
    assert aside(batch) == {"answered from the gateway's cache": 1, "failed request": 1}


def test_a_request_without_a_price_is_usage_without_a_charge(read: Read) -> None:
    batch = read([log(spend=0.0, model="my-own-model")])
    assert only(batch).request_model == "my-own-model"
    assert batch.charges == ()


def test_a_request_that_comes_twice_counts_once(read: Read) -> None:
    batch = read([log(), log(), log("r2")])
    assert only(batch).requests == 2
    assert aside(batch) == {"the same row a second time": 1}


def test_of_two_different_rows_of_one_request_the_earlier_counts_in_whatever_order_they_come(read: Read) -> None:
    rows = [log(startTime="2026-11-20T09:15:05Z", prompt_tokens=9000), log()]
    assert only(read(rows)).input_tokens == only(read(rows[::-1])).input_tokens == 4000


def test_rows_without_a_request_id_are_no_duplicates_of_each_other(read: Read) -> None:
    batch = read([log(), log(""), log("")])
    assert only(batch).requests == 1
    assert [row.reason for row in batch.quarantined] == ["request_id is missing"] * 2


def test_an_unreadable_request_that_comes_twice_is_quarantined_once(read: Read) -> None:
    rows = [log(), log("bad", spend=-1.0), log("bad", spend=-1.0)]
    batch = read(rows)
    assert len(batch.quarantined) == 1
    assert aside(batch) == {"the same row a second time": 1}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"completion_tokens": -1}, "negative"),
        ({"prompt_tokens": 1999}, "more cached tokens than prompt tokens"),
        ({"spend": -1.0}, "spend is negative"),
        ({"model": ""}, "model is missing"),
        ({"metadata": {"cost_breakdown": {"service_tier": "new"}}}, "service_tier is unknown"),
    ],
)
def test_a_row_that_cannot_be_right_is_quarantined(read: Read, changes: dict[str, object], reason: str) -> None:
    batch = read([log(), log("bad-1", **changes)])
    assert only(batch).requests == 1
    (row,) = batch.quarantined
    assert reason in row.reason
    assert b'"bad-1"' in row.raw


@pytest.mark.parametrize(
    ("call_type", "operation"),
    [
        ("aembedding", Operation.EMBEDDINGS),
        ("aimage_generation", Operation.IMAGE),
        ("atranscription", Operation.AUDIO),
        ("aresponses", Operation.CHAT),
        ("anthropic_messages", Operation.CHAT),
        ("arerank", Operation.OTHER),
    ],
)
def test_the_call_type_tells_the_operation(read: Read, call_type: str, operation: Operation) -> None:
    assert only(read([log(call_type=call_type)])).operation is operation


def test_the_tier_is_read_from_the_cost_breakdown(read: Read) -> None:
    assert only(read([log(metadata={"cost_breakdown": {"service_tier": "flex"}})])).service_tier is ServiceTier.FLEX


def test_every_row_is_kept_or_set_aside_or_quarantined(read: Read) -> None:
    rows = [
        log(),
        log(),
        log("r2", cache_hit="True"),
        log("r3", prompt_tokens=-1),
        log("r4", startTime="2026-11-21T00:00:00Z"),
    ]
    batch = read(rows)
    kept = sum(row.requests or 0 for row in batch.usage)
    assert kept + sum(aside(batch).values()) + len(batch.quarantined) == len(rows)


def test_a_log_of_which_nothing_counts_is_an_empty_batch(read: Read) -> None:
    assert read([log(cache_hit="True")]).is_empty


def test_no_text_of_a_prompt_reaches_the_ledger_file(read: Read, tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    with open_ledger(path) as ledger:
        ledger.replace(read([log(), log("bad", prompt_tokens=-1), log("odd", status="failure", spend=0)]))
        assert ledger.count_quarantined()
    assert CANARY.encode() not in path.read_bytes()
    assert b"gpt-5.4" in path.read_bytes()


UNCOUNTED = {"spend": 0, "prompt_tokens": "", "completion_tokens": ""}
"""As a stream without usage stands in an export."""


@pytest.mark.parametrize(("answered", "are_aside"), [(19, True), (18, False)])
def test_up_to_a_twentieth_of_the_requests_may_lack_their_tokens(
    tmp_path: Path, provenance: Provenance, answered: int, *, are_aside: bool
) -> None:
    rows = [*(log(f"r{number}") for number in range(answered)), log("u1", **UNCOUNTED)]
    batch = as_csv(provenance, rows, tmp_path)
    assert (len(batch.quarantined), sum(aside(batch).values())) == ((0, 1) if are_aside else (1, 0))
    assert all("always_include_stream_usage" in row.reason and b'"u1"' in row.raw for row in batch.quarantined)


def test_tokens_that_the_api_does_not_tell_may_be_few_too(provenance: Provenance) -> None:
    rows = [log(f"r{number}") for number in range(19)]
    batch = over_api(provenance, [*rows, log("u1", spend=0, prompt_tokens=None, completion_tokens=None)])
    assert (len(batch.quarantined), sum(aside(batch).values())) == (0, 1)


def test_tokens_that_were_paid_for_and_not_counted_are_quarantined(tmp_path: Path, provenance: Provenance) -> None:
    rows = [*(log(f"r{number}") for number in range(40)), log("u1", prompt_tokens="", completion_tokens="")]
    (row,) = as_csv(provenance, rows, tmp_path).quarantined
    assert row.reason == "a token count is no number"


def test_a_failed_request_without_tokens_is_set_aside_as_failed(tmp_path: Path, provenance: Provenance) -> None:
    batch = as_csv(provenance, [log(), log("f1", status="failure", **UNCOUNTED)], tmp_path)
    assert aside(batch) == {"failed request": 1}


PROMPT = "feverish"


@pytest.mark.parametrize(
    "column", ["request_id", "startTime", "model", "spend", "prompt_tokens", "completion_tokens"]
)
@pytest.mark.parametrize("text", [CANARY, PROMPT], ids=["a sentence", "a word"])
def test_a_text_that_slipped_into_a_column_is_not_kept_in_quarantine(
    tmp_path: Path, provenance: Provenance, column: str, text: str
) -> None:
    slipped = log("bad-1", prompt_tokens=-1) | {column: text}
    batch = as_csv(provenance, [log(), slipped], tmp_path)
    (row,) = batch.quarantined
    kept = msgspec.json.decode(row.raw, type=dict[str, str | None])
    assert kept[column] is None
    assert {text} & {row.reason, *kept.values()} == set()


@pytest.mark.parametrize("changes", [{"model": {"prompt": CANARY}}, {"prompt_tokens": "many"}, {"spend": [CANARY]}])
def test_a_mistyped_row_of_the_api_is_quarantined_without_its_texts(
    provenance: Provenance, changes: dict[str, object]
) -> None:
    batch = over_api(provenance, [log(), log("bad", **changes)])
    (row,) = batch.quarantined
    assert CANARY.encode() not in row.raw
    assert CANARY not in row.reason
    assert b'"bad"' in row.raw


def test_a_row_of_the_api_that_is_not_utf_8_is_quarantined(provenance: Provenance) -> None:
    good = msgspec.json.encode(log())
    rows = (msgspec.Raw(good), msgspec.Raw(good.replace(b'"r1"', b'"\xff"')))
    fetched = litellm.FetchedRows(bucket="2026-11", end=NOW, rows=rows)
    batch = litellm.normalise_logs([fetched], ("2026-11",), provenance)
    assert only(batch).requests == 1
    assert len(batch.quarantined) == 1


def test_the_constructed_page_gives_what_it_says(payloads: Path, provenance: Provenance) -> None:
    page = msgspec.json.decode((payloads / "litellm" / "spend_logs_v2.json").read_bytes(), type=litellm.Page)
    fetched = litellm.FetchedRows(bucket="2026-11", end=NOW, rows=tuple(page.data))
    batch = litellm.normalise_logs([fetched], ("2026-11",), provenance)
    assert sum(charge.billed_cost for charge in batch.charges) == Decimal("0.019525")
    assert aside(batch) == {"failed request": 1}


class Proxy:
    """Answers as `/spend/logs/v2` does: inclusive ends, pages of `page_size`, a total that stops at the cap."""

    def __init__(self, answer: type[Answer], starts: list[datetime]) -> None:
        self.answer = answer
        self.starts = starts

    def __call__(self, _path: str, params: list[tuple[str, str]]) -> Answer:
        asked = dict(params)
        start, end = (datetime.fromisoformat(asked[name]).replace(tzinfo=UTC) for name in ("start_date", "end_date"))
        rows = [(number, at) for number, at in enumerate(self.starts) if start <= at <= end]
        size, page = int(asked["page_size"]), int(asked["page"])
        total = min(len(rows), litellm.COUNT_CAP)
        data = [
            log(f"r{number}", startTime=f"{at:%Y-%m-%dT%H:%M:%S.%fZ}")
            for number, at in rows[(page - 1) * size : page * size]
        ]
        return self.answer(
            msgspec.json.encode({"data": data, "total": total, "page": page, "total_pages": -(-total // size)})
        )


def pull(loopback: Loopback, provenance: Provenance) -> BillBatch:
    windows = month_windows(date(2026, 10, 1), date(2026, 11, 1), now=NOW)
    with litellm.open_client("sk-master", base_url=loopback.url) as client:
        return litellm.normalise_logs(
            litellm.fetch_logs(client, windows), tuple(window.bucket for window in windows), provenance
        )


def test_a_request_on_the_edge_of_two_ranges_counts_once(
    loopback: Loopback, answer: type[Answer], provenance: Provenance
) -> None:
    edges = [datetime(2026, 10, 31, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)]
    loopback.answer = Proxy(answer, edges)
    batch = pull(loopback, provenance)
    assert [row.x_bucket for row in batch.usage] == ["2026-10", "2026-11", "2026-11"]
    assert batch.set_aside == ()


def test_a_day_beyond_the_proxys_count_is_halved_until_every_row_is_there(
    loopback: Loopback, answer: type[Answer], provenance: Provenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litellm, "COUNT_CAP", 50)
    monkeypatch.setattr(litellm, "ROWS_PER_PAGE", 20)
    start = datetime(2026, 11, 20, tzinfo=UTC)
    loopback.answer = Proxy(answer, [start + timedelta(minutes=7 * number) for number in range(200)])
    assert sum(row.requests or 0 for row in pull(loopback, provenance).usage) == 200


def test_a_second_with_more_rows_than_can_be_paged_is_an_error(
    loopback: Loopback, answer: type[Answer], provenance: Provenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litellm, "COUNT_CAP", 5)
    loopback.answer = Proxy(answer, [datetime(2026, 11, 20, 1, 1, 1, 500, tzinfo=UTC)] * 9)
    with pytest.raises(SourceError, match="in the second 2026-11-20 01:01:01"):
        pull(loopback, provenance)


def test_pages_that_give_fewer_rows_than_were_counted_are_an_error(
    loopback: Loopback, answer: type[Answer], provenance: Provenance
) -> None:
    loopback.say(answer(b'{"data": [], "total": 3, "total_pages": 1}'))
    with pytest.raises(SourcePayloadError, match="counted 3 rows and gave 0"):
        pull(loopback, provenance)


def test_an_export_without_a_needed_column_names_it(tmp_path: Path, provenance: Provenance) -> None:
    path = write_csv(tmp_path / "logs.csv", [{name: value for name, value in log().items() if name != "spend"}])
    assert not litellm_dump.recognises(path)
    with pytest.raises(InputFileError, match="no column spend"):
        litellm_dump.read(path, provenance)


@pytest.mark.parametrize("name", ["logs.csv", "logs.parquet"])
def test_a_file_that_is_no_table_is_an_input_error(tmp_path: Path, provenance: Provenance, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"PAR1\x00\xff not a file")
    with pytest.raises(InputFileError):
        litellm_dump.read(path, provenance)


@pytest.mark.parametrize("text", ["NaN", "inf", "", "1e400"])
def test_spend_that_is_no_number_is_quarantined(tmp_path: Path, provenance: Provenance, text: str) -> None:
    batch = as_csv(provenance, [log(), log("bad", spend=text)], tmp_path)
    assert [row.reason for row in batch.quarantined] == ["spend is no number"]


def test_times_with_another_offset_become_utc(tmp_path: Path, provenance: Provenance) -> None:
    batch = as_csv(provenance, [log(startTime="2026-11-20 11:15:00+02:00")], tmp_path)
    assert only(batch).charge_period_start == datetime(2026, 11, 20, 9, tzinfo=UTC)
