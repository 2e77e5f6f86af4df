"""`costcheck bill import` of folders and of exports in parts; every file here is constructed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from costcheck.cli.bill_import import LINES_SHOWN
from costcheck.cli.bills import bill
from costcheck.cli.context import Context
from costcheck.errors import CurrencyError, LedgerError, UsageError
from tests.costcheck.sources.bills import focus_rows
from tests.costcheck.test_deliveries import log, part

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty directory; an error of ours is raised, as main() would meet it."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(bill, [str(argument) for argument in arguments], obj=Context(now=NOW, environ={}))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def content(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(run("show", "--format", "json").stdout)
    return found


def two_parts() -> tuple[Path, Path]:
    """Write an export of which one part has the input and another the output of the same hour."""
    return part(Path("acme/a.csv")), part(Path("acme/b.csv"), SkuMeter="Output Tokens", BilledCost="7.50")


def test_parts_of_an_export_are_one_bucket_whatever_their_order(run: Run) -> None:
    first, second = two_parts()
    result = run("import", first, second)
    assert "1 rows of usage and 2 charges from focus" in result.stdout
    assert ") in 2 files;" in result.stdout
    once = content(run)
    run("import", second, first)
    assert content(run) == once | {"ingests": content(run)["ingests"]}
    assert len(once["ingests"]) == 1


def test_a_folder_is_the_same_as_its_files_and_is_called_by_its_name(run: Run) -> None:
    run("import", *two_parts())
    before = content(run)
    (Path("acme") / "Manifest.json").write_text("{}", encoding="utf-8")
    result = run("import", "acme")
    after = content(run)
    assert (after["digest"], after["months"]) == (before["digest"], before["months"])
    assert [row["source_url"] for row in after["ingests"]] == ["2 files of acme"]
    assert "left out, for they are no bills: acme/Manifest.json" in result.stderr


def test_one_part_alone_has_the_bucket_that_it_always_had(run: Run) -> None:
    (first, _) = two_parts()
    run("import", first)
    assert content(run)["ingests"][0]["source_url"] == "a.csv"


def test_parts_of_parquet_are_read_as_one_too(run: Run) -> None:
    for name, meter in (("a", "Input Tokens"), ("b", "Output Tokens")):
        focus_rows.write_parquet(Path(f"{name}.parquet"), [focus_rows.focus(SkuMeter=meter)])
        Path(f"{name}.source.csv").unlink(missing_ok=True)
    run("import", ".")
    (month,) = content(run)["months"]
    assert (month["uncached_input_tokens"], month["output_tokens"]) == (1_000_000, 1_000_000)


def test_parts_of_a_cur_are_read_as_one_too(run: Run) -> None:
    for name, account in (("a", "1"), ("b", "2")):
        focus_rows.write_csv(Path(f"{name}.csv"), [focus_rows.cur(line_item_usage_account_id=account)])
    run("import", "a.csv", "b.csv")
    assert [(row["x_source"], row["rows_in"]) for row in content(run)["ingests"]] == [("cur", 2)]


def test_many_logs_are_told_in_one_line(run: Run) -> None:
    for number in range(LINES_SHOWN + 1):
        log(Path(f"logs/{number:02}/calls.json"), number + 1)
    result = run("import", "logs")
    assert result.stdout == (
        "costcheck.duckdb: 11 rows of usage and 0 charges from 11 files of bedrock-logs; 0 rows set aside, "
        "0 quarantined\n"
    )
    assert content(run)["months"][0]["requests"] == LINES_SHOWN + 1
    assert "read: bedrock-logs 11 files of logs on 2026-11-23" in run("show").stdout


def test_an_error_in_one_of_many_says_how_far_it_came_without_naming_them_all(run: Run) -> None:
    for number in range(LINES_SHOWN + 3):
        log(Path(f"{number:02}.json"), number + 1)
    part(Path("zz.csv"), BillingCurrency="EUR")
    with pytest.raises(CurrencyError) as caught:
        run("import", ".")
    assert "already in the ledger: " in caught.value.action
    assert " and 3 more" in caught.value.action
    assert "12.json" not in caught.value.action
    assert len(content(run)["ingests"]) == LINES_SHOWN + 3


def test_two_lists_of_one_name_never_take_each_others_place(run: Run) -> None:
    for folder, amount in (("a", 10), ("b", 20)):
        Path(folder).mkdir()
        row = f"month,provider,amount,currency\n2026-09,openai,{amount},USD\n"
        Path(folder, "mine.csv").write_text(row, encoding="utf-8")
    with pytest.raises(UsageError, match=r"invoice file:mine\.csv came twice") as caught:
        run("import", "a", "b")
    assert "already in the ledger: a/mine.csv" in caught.value.action
    assert content(run)["months"][0]["billed_cost"] == "10"


def test_a_corrected_export_is_refused_without_its_usage_too(run: Run) -> None:
    run("import", part(Path("old.csv")))
    with pytest.raises(LedgerError, match=r"2026-11 2\.50 USD in the ledger and 2\.60 USD in it"):
        run("import", "--without-usage", part(Path("new.csv"), BilledCost="2.60"))
    assert len(content(run)["ingests"]) == 1


def test_a_second_account_stands_beside_the_first_without_a_warning(run: Run) -> None:
    run("import", part(Path("one.csv")))
    run("import", part(Path("two.csv"), SubAccountId="proj_2"))
    found = content(run)
    assert found["overlaps"] == []
    assert found["months"][0]["uncached_input_tokens"] == 2_000_000
