"""Quarantined rows once more, after the kit has learnt to read them; every payload is constructed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from costcheck.errors import UsageError
from costcheck.ingest import Replayed, import_file, replay
from costcheck.ingest.replay import DOUBLE
from costcheck.ledger import open_ledger
from costcheck.records import BillBatch, Origin, Provenance, ServiceTier
from costcheck.sources.bills import anthropic, invoice_csv, litellm, openai
from costcheck.sources.bills.invoice_lines import Ways, read_line
from costcheck.sources.bills.invoice_table import Row
from costcheck.sources.bills.pages import FetchedPage
from costcheck.sources.bills.registry import FILES, find
from tests.costcheck.ledger.test_ledger import batch, usage

BUCKET = "2026-09"
START = 1_788_220_800  # 2026-09-01
DAY = 86_400
LIVE = Provenance(source="x", source_url="constructed", retrieved_on=date(2026, 11, 23), origin=Origin.CONSTRUCTED)
Mend = Callable[[], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.duckdb"


def openai_page(kind: str, *results: dict[str, Any]) -> FetchedPage[openai.Page]:
    bucket = {"start_time": START, "end_time": START + DAY, "results": results}
    page = msgspec.json.decode(msgspec.json.encode({"data": [bucket], "has_more": False}), type=openai.Page)
    return FetchedPage(bucket=BUCKET, kind=kind, page=page)


def chat(tier: str = "default", project: str = "p", tokens: int = 5) -> dict[str, Any]:
    counts = {"num_model_requests": 1, "input_tokens": tokens, "output_tokens": 1}
    return counts | {"model": "gpt-5.4", "service_tier": tier, "project_id": project}


def cost(value: object) -> dict[str, Any]:
    return {"amount": {"value": value, "currency": "usd"}, "line_item": "gpt-5.4, input"}


def openai_bill(*usage_rows: dict[str, Any], costs: tuple[dict[str, Any], ...] = ()) -> BillBatch:
    pages = [openai_page("completions", *usage_rows), openai_page("costs", *costs)]
    return openai.normalise_bill(pages, (BUCKET,), LIVE)


def put(path: Path, bill: BillBatch) -> None:
    with open_ledger(path) as ledger:
        ledger.replace(bill)


def state(path: Path) -> tuple[int, int, int, int]:
    """Return rows of usage, of charges, set aside and quarantined."""
    with open_ledger(path, read_only=True) as ledger:
        run = ledger._connection.execute
        tables = ("usage", "charges", "quarantine")
        used, charged, bad = ((run(f"SELECT count(*) FROM {name}").fetchone() or (0,))[0] for name in tables)  # noqa: S608 - constants
        return used, charged, sum(ledger.count_set_aside().values()), bad


def digest(path: Path) -> str:
    with open_ledger(path, read_only=True) as ledger:
        return ledger.digest()


def outcome(read: int, set_aside: int, remaining: int, source: str = "openai", bucket: str = BUCKET) -> Replayed:
    return Replayed(x_source=source, x_bucket=bucket, read=read, set_aside=set_aside, remaining=remaining)


@pytest.fixture
def learn_turbo(monkeypatch: pytest.MonkeyPatch) -> Mend:
    def mend() -> None:
        for module in (openai, anthropic):
            tiers = {**module.TIERS, "turbo": ServiceTier.PRIORITY}
            monkeypatch.setattr(module, "TIERS", tiers)

    return mend


def test_a_row_that_reads_now_moves_from_quarantine_to_usage(path: Path, learn_turbo: Mend) -> None:
    put(path, openai_bill(chat(), chat("turbo", "q")))
    assert state(path) == (1, 0, 0, 1)
    learn_turbo()
    assert replay(path) == (outcome(1, 0, 0),)
    assert state(path) == (2, 0, 0, 0)


def test_a_replayed_ledger_is_the_one_that_a_mended_read_gives(path: Path, tmp_path: Path, learn_turbo: Mend) -> None:
    rows = (chat(), chat("turbo", "q"))
    put(path, openai_bill(*rows, costs=(cost("1.5"),)))
    learn_turbo()
    replay(path)
    put(tmp_path / "fresh.duckdb", openai_bill(*rows, costs=(cost("1.5"),)))
    assert digest(path) == digest(tmp_path / "fresh.duckdb")


def test_what_still_cannot_be_read_stays_as_it_was(path: Path) -> None:
    put(path, openai_bill(chat(), chat("turbo", "q"), costs=(cost("NaN"),)))
    before = digest(path)
    assert replay(path) == (outcome(0, 0, 2),)
    assert digest(path) == before


def test_a_second_replay_changes_nothing(path: Path, learn_turbo: Mend) -> None:
    put(path, openai_bill(chat(), chat("turbo", "q"), costs=(cost("NaN"),)))
    learn_turbo()
    replay(path)
    before = digest(path)
    assert replay(path) == (outcome(0, 0, 1),)
    assert digest(path) == before


def test_a_row_that_would_double_another_stays_with_that_reason(path: Path) -> None:
    put(path, openai_bill(chat(tokens=5), chat(tokens=6)))
    assert replay(path) == (outcome(0, 0, 1),)
    with open_ledger(path) as ledger:
        assert ledger.count_quarantined() == {("openai", DOUBLE): 1}


def test_of_two_different_rows_of_one_key_only_one_moves(path: Path, learn_turbo: Mend) -> None:
    put(path, openai_bill(chat(), chat("turbo", "q", 5), chat("turbo", "q", 6)))
    learn_turbo()
    assert replay(path) == (outcome(1, 0, 1),)


def test_the_same_row_twice_is_read_once_and_set_aside_once(path: Path, learn_turbo: Mend) -> None:
    put(path, openai_bill(chat(), chat("turbo", "q"), chat("turbo", "q")))
    learn_turbo()
    assert replay(path) == (outcome(1, 1, 0),)
    assert state(path) == (2, 0, 1, 0)


def test_an_amount_is_replayed_with_the_operation_and_the_day_of_its_own_read(
    path: Path,
) -> None:
    put(path, openai_bill(chat(), costs=(cost({"odd": 1}),)))
    with open_ledger(path) as ledger:
        (row,) = ledger.quarantined()
    mended = replace(row, raw=msgspec.json.encode(cost("2.5")))
    again = openai.replay((mended,), LIVE)
    assert again == replace(openai_bill(chat(), costs=(cost("2.5"),)), usage=())


def test_anthropic_rows_carry_what_a_replay_needs(path: Path, learn_turbo: Mend) -> None:
    group = {"model": "claude-opus-4-6", "service_tier": "turbo"}
    times = {"starting_at": "2026-09-01T00:00:00Z", "ending_at": "2026-09-01T01:00:00Z"}
    tokens: dict[str, Any] = dict.fromkeys(("uncached_input_tokens", "cache_read_input_tokens", "output_tokens"), 2)
    tokens |= {"total_tokens": 6, "requests": 1}
    tokens |= {"cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}}
    amount = {"cost": {"amount": "250", "list_amount": "300", "currency": "USD"}}
    good = {**times, "group": {**group, "service_tier": "standard"}, "usage": tokens}
    pages = [
        _anthropic_page("usage", good, {**times, "group": group, "usage": tokens}),
        _anthropic_page("cost", {**times, "group": {**group, "cost_type": "tokens"}, **amount}),
    ]
    put(path, anthropic.normalise_bill(pages, (BUCKET,), LIVE))
    assert state(path) == (1, 0, 0, 2)
    learn_turbo()
    assert replay(path) == (outcome(2, 0, 0, "anthropic"),)
    with open_ledger(path) as ledger:
        (row,) = ledger.charges_by_class()
    assert (str(row.billed_cost), str(row.list_cost), row.x_estimated) == ("2.5", "3", True)


def _anthropic_page(kind: str, *rows: dict[str, Any]) -> FetchedPage[anthropic.Page]:
    content = {"data": rows, "has_more": False, "data_refreshed_at": "2026-09-01T00:30:00Z"}
    page = msgspec.json.decode(msgspec.json.encode(content), type=anthropic.Page)
    return FetchedPage(bucket=BUCKET, kind=kind, page=page)


def test_an_invoice_line_is_read_again_by_its_columns(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(
        "month,provider,amount,currency,category\n2026-08,openai,1,USD,\n2026-09,openai,10,USD,subscription\n",
        encoding="utf-8",
    )
    import_file(path, file, find(FILES, "invoice"), LIVE)
    assert state(path) == (0, 1, 0, 1)
    usual = read_line

    def mended(row: Row, ways: Ways) -> Any:  # noqa: ANN401 - as the original
        return usual({**row, "category": row["category"].replace("subscription", "purchase")}, ways)

    monkeypatch.setattr(invoice_csv, "read_line", mended)
    assert replay(path, "invoice") == (outcome(1, 0, 0, "invoice", "file:mine.csv"),)
    assert state(path) == (0, 2, 0, 0)


def litellm_row(**values: object) -> bytes:
    row = {"request_id": "r", "startTime": "2026-09-01T09:15:00Z", "model": "gpt-5.4", "spend": 0.5}
    row |= {"prompt_tokens": 10, "completion_tokens": 2, "custom_llm_provider": "openai", "messages": "a prompt"}
    usage_object = {"usage_object": {"cache_read_input_tokens": 4, "prompt_cached_text": "a prompt"}}
    return msgspec.json.encode(row | {"metadata": usage_object} | values)


def litellm_bill(*rows: bytes) -> BillBatch:
    end = datetime(2026, 9, 2, tzinfo=UTC)
    pages = [litellm.FetchedRows(bucket=BUCKET, end=end, rows=tuple(map(msgspec.Raw, rows)))]
    return litellm.normalise_logs(pages, (BUCKET,), LIVE)


def test_a_row_of_a_gateway_is_read_again_with_what_was_kept_of_it_and_adds_up(path: Path) -> None:
    put(path, litellm_bill(litellm_row(), litellm_row(request_id="s", team_id=7)))
    with open_ledger(path) as ledger:
        (row,) = ledger.quarantined()
        assert b"a prompt" not in row.raw + row.context.encode()
        mended = replace(row, raw=row.raw.replace(b'"team_id":7', b'"team_id":null'))
        ledger.absorb([replace(batch(mended, bucket=BUCKET), x_source="litellm")])
    assert replay(path) == (outcome(1, 0, 0, "litellm"),)
    with open_ledger(path) as ledger:
        (hour,) = ledger.usage_by_hour()
    assert (hour.requests, hour.cache_read_input_tokens, hour.uncached_input_tokens) == (2, 8, 12)


def test_a_row_of_which_too_little_was_kept_stays(path: Path) -> None:
    put(path, litellm_bill(litellm_row(), litellm_row(request_id="s", team_id=7, request_tags=["a"])))
    assert replay(path) == (outcome(0, 0, 1, "litellm"),)


def test_a_row_without_context_from_an_older_ledger_stays(path: Path, learn_turbo: Mend) -> None:
    bill = openai_bill(chat(), chat("turbo", "q"))
    old = tuple(replace(row, context="{}") for row in bill.quarantined)
    put(path, replace(bill, quarantined=old))
    learn_turbo()
    assert replay(path) == (outcome(0, 0, 1),)


def test_a_source_that_cannot_replay_is_said(path: Path) -> None:
    put(path, replace(batch(usage()), usage=(), x_source="other", quarantined=_of_another_source()))
    (found,) = replay(path)
    assert (found.is_possible, found.remaining) == (False, 1)


def _of_another_source() -> Any:  # noqa: ANN401 - one row
    (row,) = openai_bill(chat(), chat("turbo", "q")).quarantined
    return (replace(row, x_source="other"),)


def test_a_name_that_is_no_source_is_a_usage_error(path: Path) -> None:
    put(path, batch(usage()))
    with pytest.raises(UsageError, match="no source 'opnai'"):
        replay(path, "opnai")
