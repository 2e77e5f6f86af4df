"""The sample company: an honest mid-sized case, read like anybody's bill."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from costcheck.catalogue import load_open_weights
from costcheck.demand_rules import read_demand_rules
from costcheck.facts import data_file
from costcheck.ledger import open_ledger
from costcheck.model.assignment import set_aside
from costcheck.model.demand import WorkloadDemand, estimate_demand
from costcheck.records import BillBatch, Origin, Provenance, TokenType, UsageHour
from costcheck.settings import Settings, read_settings
from costcheck.sources.bills.openai_pages import read, recognises

ROOT = Path(__file__).parents[2]
FOLDER = Path(str(data_file("sample_company")))
PAGES = FOLDER / "openai_pages.jsonl.gz"
AS_OF = date(2026, 8, 1)


@pytest.fixture(scope="module")
def batch() -> BillBatch:
    provenance = Provenance(
        source="openai", source_url=PAGES.name, retrieved_on=date(2026, 8, 2), origin=Origin.CONSTRUCTED
    )
    return read(PAGES, provenance)


@pytest.fixture(scope="module")
def company() -> Settings:
    return read_settings(FOLDER / "costcheck.toml")


@pytest.fixture(scope="module")
def hours(batch: BillBatch, tmp_path_factory: pytest.TempPathFactory) -> tuple[UsageHour, ...]:
    with open_ledger(tmp_path_factory.mktemp("ledger") / "sample.duckdb") as ledger:
        ledger.replace(batch)
        assert all(month.is_complete for month in ledger.coverage())
        return ledger.usage_by_hour()


@pytest.fixture(scope="module")
def demands(hours: tuple[UsageHour, ...], company: Settings) -> dict[str, WorkloadDemand]:
    estimated = estimate_demand(company.workload, hours, as_of=AS_OF, rules=read_demand_rules())
    return {demand.name: demand for demand in estimated}


def test_the_committed_pages_are_what_the_script_builds() -> None:
    script = ROOT / "scripts" / "build_sample_company.py"

    built = subprocess.run(  # noqa: S603 - our own script, as CI would run it
        [sys.executable, str(script), "--check"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    assert (built.returncode, built.stderr) == (0, "")


def test_every_row_is_read_and_the_file_is_small(batch: BillBatch) -> None:
    assert recognises(PAGES)
    assert not batch.quarantined
    assert not batch.set_aside
    assert PAGES.stat().st_size < 3_000_000


def test_it_covers_six_months_to_the_hour(batch: BillBatch) -> None:
    assert min(row.charge_period_start for row in batch.usage) == datetime(2026, 2, 1, tzinfo=UTC)
    assert max(row.charge_period_end for row in batch.usage) == datetime(2026, 8, 1, tzinfo=UTC)


@pytest.mark.parametrize("month", [4, 5, 6, 7])
def test_the_addressable_bill_is_mid_sized(batch: BillBatch, month: int) -> None:
    addressable = sum(
        charge.billed_cost
        for charge in batch.charges
        if charge.charge_period_start.month == month
        and charge.sub_account_id in ("proj_support_chat", "proj_document_summaries")
    )

    assert 8_000 < addressable < 12_000


def test_charges_are_list_prices_by_hand(batch: BillBatch) -> None:
    # OpenAI's list, a million tokens: $2.50 input, $0.25 read from the cache, $15 output; mini $0.75 and $4.50.
    prices = {
        ("gpt-5.4-2026-03-05", TokenType.UNCACHED_INPUT): 2.50,
        ("gpt-5.4-2026-03-05", TokenType.CACHE_READ_INPUT): 0.25,
        ("gpt-5.4-2026-03-05", TokenType.OUTPUT): 15.00,
        ("gpt-5.4-mini-2026-03-17", TokenType.UNCACHED_INPUT): 0.75,
        ("gpt-5.4-mini-2026-03-17", TokenType.OUTPUT): 4.50,
    }
    checked = 0
    for charge in batch.charges:
        price = prices.get((str(charge.x_gen_ai_request_model), charge.x_token_type or TokenType.OUTPUT))
        if price is not None and charge.consumed_quantity is not None:
            checked += 1
            assert float(charge.billed_cost) == pytest.approx(float(charge.consumed_quantity) * price / 1e6)
    assert checked == len(prices) * 122


def test_both_workloads_have_six_measured_months_and_do_not_grow(demands: dict[str, WorkloadDemand]) -> None:
    assert list(demands) == ["support-chat", "document-summaries"]
    for demand in demands.values():
        assert demand.origin == "hourly"
        assert len(demand.complete_months) == 6
        assert demand.request_count_known
        assert not demand.growth.growing
        assert 0 < demand.relative_level_error < 0.1


def test_support_requests_are_as_long_as_those_of_the_trace(demands: dict[str, WorkloadDemand]) -> None:
    chat = demands["support-chat"]

    assert chat.input_tokens_per_request == pytest.approx(1155, rel=0.01)
    assert chat.output_tokens_per_request == pytest.approx(211, rel=0.01)
    assert chat.monthly_requests == pytest.approx(1_450_000, rel=0.02)


def test_the_busy_hour_is_that_of_the_trace(demands: dict[str, WorkloadDemand]) -> None:
    chat = demands["support-chat"]
    mean = float(chat.monthly_requests) / 730 / 3600

    assert 1.5 < chat.busy_hour_requests_per_second / mean < 2.3


def test_agents_and_embeddings_are_shown_and_set_aside(hours: tuple[UsageHour, ...], company: Settings) -> None:
    assert [usage.request_model for usage in set_aside(company.workload, hours)] == [
        "text-embedding-3-small",
        "gpt-5.1-codex",
    ]


def test_candidates_are_models_of_the_catalogue_and_one_is_proven(company: Settings) -> None:
    known = {model.huggingface_id for model in load_open_weights().values()}

    assert {candidate for workload in company.workload for candidate in workload.candidates} <= known
    assert [evaluation.model for evaluation in company.workload[0].evaluations] == ["openai/gpt-oss-20b"]


def test_the_traces_stand_with_their_attribution() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")

    for words in ("CC-BY-4.0", "Apache-2.0", "Splitwise", "AzurePublicDataset", "alibaba/ServeGen", "Made up"):
        assert words in readme
