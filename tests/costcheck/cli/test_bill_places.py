"""A month that is final and was read elsewhere is read again; one that is not read again says from where it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from costcheck.cli.bills import bill
from costcheck.cli.context import Context
from costcheck.errors import LedgerError
from tests.costcheck.sources.bills.focus_rows import focus, write_csv

NOW = datetime(2026, 12, 20, tzinfo=UTC)


def pull(folder: Path, ledger: Path, *options: str, first: str = "2026-11") -> Result:
    where = ["--path", str(folder), "--ledger", str(ledger)]
    arguments = ["pull", "focus", *where, "--from", first, "--to", "2026-11", *options]
    result = CliRunner().invoke(bill, arguments, obj=Context(now=NOW, environ={}))
    if result.exception:
        raise result.exception
    return result


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    write(tmp_path / "one", "111")
    pull(tmp_path / "one", tmp_path / "ledger.duckdb")
    return tmp_path / "ledger.duckdb"


def write(folder: Path, account: str) -> None:
    folder.mkdir()
    write_csv(folder / "bill.csv", [focus(SubAccountId=account)])


def test_the_second_account_is_never_skipped_as_final(tmp_path: Path, ledger: Path) -> None:
    write(tmp_path / "two", "222")
    with pytest.raises(LedgerError, match="222"):
        pull(tmp_path / "two", ledger)


def test_a_month_that_is_final_says_from_where_and_when_it_was_read(tmp_path: Path, ledger: Path) -> None:
    told = pull(tmp_path / "one", ledger).stderr
    assert f"final, not read again (--again reads them); read on 2026-12-20 from duckdb:{tmp_path / 'one'}" in told


@pytest.mark.parametrize("option", ["--without-usage", "--without-charges"])
def test_a_month_that_is_final_is_read_again_for_a_part_of_it_and_then_for_all(
    tmp_path: Path, ledger: Path, option: str
) -> None:
    for options in ([option], []):
        assert "final" not in pull(tmp_path / "one", ledger, *options).stderr
        assert "final, not read again" in pull(tmp_path / "one", ledger, *options).stderr


def test_a_month_that_the_export_does_not_reach_is_named(tmp_path: Path) -> None:
    write(tmp_path / "one", "111")
    told = pull(tmp_path / "one", tmp_path / "x.duckdb", first="2026-10").stderr
    assert "focus 2026-10: no line of any service" in told
