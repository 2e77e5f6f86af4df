"""A month of an organisation's bill comes from its API or from its console, never from both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from costcheck.errors import LedgerError
from costcheck.ingest.in_part import Part, charges_alone, usage_alone
from costcheck.ingest.storing import store
from costcheck.ledger import open_ledger
from costcheck.records import BillBatch
from costcheck.sources.bills import anthropic_console, openai, openai_console, openai_pages
from tests.costcheck.ledger.test_ledger import batch, charge, usage

FILE = "file:oai.csv"


def tokens(*months: int, bucket: str = "") -> BillBatch:
    """Usage in words that no pull uses, in a file; or of the one month that was pulled."""
    name = bucket or f"2026-{months[0]:02}"
    rows = [usage(datetime(2026, month, 1, tzinfo=UTC), bucket=name) for month in months]
    owned = [replace(row, sub_account_id="By name" if bucket else "proj_1") for row in rows]
    found = batch(*owned, bucket=name)
    return replace(found, provenance=replace(found.provenance, source_url="oai.csv"))


def money(*months: int, bucket: str = "") -> BillBatch:
    name = bucket or f"2026-{months[0]:02}"
    rows = [charge(f"{month}", bucket=name, start=datetime(2026, month, 1, tzinfo=UTC)) for month in months]
    found = batch(*(replace(row, service_name="by name" if bucket else "OpenAI API") for row in rows), bucket=name)
    return replace(found, provenance=replace(found.provenance, source_url="oai.csv"))


def both(month: int) -> BillBatch:
    return replace(tokens(month), charges=money(month).charges)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.duckdb"
    for month in (8, 9):
        store(path, both(month), openai)
    return path


@pytest.mark.parametrize("found", [tokens(8, 9, bucket=FILE), money(8, 9, bucket=FILE)], ids=["tokens", "money"])
def test_a_download_of_months_that_were_pulled_is_to_be_left_out(path: Path, found: BillBatch) -> None:
    with pytest.raises(LedgerError, match="2026-08 to 2026-09 of openai, which `costcheck bill pull`") as caught:
        store(path, found, openai_console)
    assert caught.value.action.startswith(
        "leave oai.csv out: the ledger has these months, in more detail; the bill of"
    )


def test_the_months_that_it_has_beside_those_are_to_be_pulled(path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        store(path, tokens(9, 10, bucket=FILE), openai_console)
    assert "its other months come with `costcheck bill pull openai --from 2026-10`" in caught.value.action


def test_a_download_of_other_months_is_taken(path: Path) -> None:
    assert store(path, tokens(6, 7, bucket=FILE), openai_console).batch.usage


def test_a_pull_over_months_of_a_download_says_from_when_on_to_pull(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    store(path, tokens(11, 12, bucket=FILE), openai_console)
    with pytest.raises(LedgerError, match="openai 2026-11 is in the ledger already, from file:oai") as caught:
        store(path, both(11), openai)
    assert "give --from 2027-01; or run `costcheck bill forget openai file:oai.csv`" in caught.value.action


def test_usage_from_one_and_money_from_the_other_are_no_double(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    store(path, tokens(8), openai)
    store(path, money(8, bucket=FILE), openai_console)
    with open_ledger(path, read_only=True) as ledger:
        assert len(ledger.ingests()) == 2


@pytest.mark.parametrize(("there", "part"), [(money, usage_alone), (tokens, charges_alone)])
def test_what_a_pull_leaves_out_is_no_double_of_a_download(
    tmp_path: Path, there: Callable[..., BillBatch], part: Part
) -> None:
    path = tmp_path / "ledger.duckdb"
    store(path, there(8, bucket=FILE), openai_console)
    with pytest.raises(LedgerError, match="openai 2026-08 is in the ledger already, from file:oai"):
        store(path, both(8), openai)
    assert not store(path, both(8), openai, part).batch.is_empty


def test_a_month_that_is_pulled_again_replaces_itself(path: Path) -> None:
    assert store(path, both(9), openai).replaced


@pytest.mark.parametrize("module", [openai_console, anthropic_console, openai_pages])
def test_what_a_console_gives_is_all_of_the_bill(module: object) -> None:
    assert getattr(module, "ONE_ORGANISATION", False)
