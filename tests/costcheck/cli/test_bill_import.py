"""`costcheck bill import` as a user meets it; every file here is constructed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from costcheck.cli.bills import bill
from costcheck.cli.context import Context
from costcheck.cli.decide import decide
from costcheck.cli.init import init
from costcheck.errors import CurrencyError, InputFileError, SourceError, SourcePayloadError, UsageError
from tests.costcheck.sources.bills import focus_rows

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
HEADER = "month,provider,model,amount,currency,input_tokens,output_tokens\n"
LINE = "2026-09,openai,gpt-5.4,10,USD,1000,50\n"
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


def write(name: str, rows: str = LINE, header: str = HEADER) -> str:
    Path(name).write_text(header + rows, encoding="utf-8")
    return name


def write_console(name: str) -> Path:
    """Write what Anthropic's console exports: tokens without charges."""
    line = {"usage_date_utc": "2026-09-01", "model_version": "claude-opus-4-5", "usage_type": "standard"}
    counts = ["input_tokens_no_cache", "input_tokens_cache_read", "input_tokens_cache_write_5m"]
    counts += ["input_tokens_cache_write_1h", "output_tokens"]
    return focus_rows.write_csv(Path(name), [line | {f"usage_{name}": 5 for name in counts}])


def content(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(run("show", "--format", "json").stdout)
    return found


def test_a_file_of_other_services_says_what_it_holds_and_not_that_a_key_is_wrong(run: Run) -> None:
    other = {"ProviderName": "AWS", "ServiceCategory": "Compute", "ServiceSubcategory": "Virtual Machines"}
    other |= {"ServiceName": "Amazon Elastic Compute Cloud", "SkuMeter": "BoxUsage", "ConsumedUnit": "Hours"}
    rows = [focus_rows.focus(**other, SkuId=sku) for sku in ("m5.large", "m5.xlarge")]
    path = focus_rows.write_csv(Path("focus.csv"), rows)
    with pytest.raises(SourceError, match=r"focus\.csv: no row of it is about language models") as caught:
        run("import", path)
    assert "2 rows set aside" in caught.value.seen
    assert "key" not in str(caught.value)
    assert not Path("costcheck.duckdb").exists()


def test_a_list_without_a_row_says_so(run: Run) -> None:
    with pytest.raises(SourceError, match="it has no rows"):
        run("import", write("mine.csv", ""))


def test_one_bad_file_of_several_says_what_is_in_and_what_was_not_read(run: Run) -> None:
    euros = write("august.csv", LINE.replace("USD", "EUR"))
    with pytest.raises(CurrencyError, match=r"august\.csv") as caught:
        run("import", write("july.csv"), euros, write("september.csv"), write("october.csv"))
    assert "already in the ledger: july.csv; not read: september.csv, october.csv" in caught.value.action
    assert [row["x_bucket"] for row in content(run)["ingests"]] == ["file:july.csv"]


def test_an_error_of_one_file_says_nothing_of_others(run: Run) -> None:
    with pytest.raises(InputFileError) as caught:
        run("import", write("august.csv", "a;b\n", ""))
    assert "not read" not in caught.value.action
    assert "already" not in caught.value.action


def test_another_currency_names_the_file_and_the_line_once(run: Run) -> None:
    with pytest.raises(CurrencyError) as caught:
        run("import", write("mine.csv", LINE + LINE.replace("USD", "EUR")))
    assert caught.value.seen.startswith("mine.csv, line 3: currency is 'EUR', and the kit converts nothing")
    assert caught.value.seen.count("mine.csv") == 1


def test_an_error_that_names_no_file_gets_its_name(run: Run) -> None:
    path = focus_rows.write_csv(Path("export.csv"), [focus_rows.focus(BillingCurrency="EUR")])
    with pytest.raises(CurrencyError, match=r"export\.csv"):
        run("import", path)


def test_the_first_ten_bad_lines_are_said_with_the_number_of_the_rest(run: Run) -> None:
    good = "".join(LINE.replace(",10,", f",{amount},") for amount in range(1, 109))
    bad = "".join(LINE.replace("2026-09", "13.2026").replace(",10,", f",{amount},") for amount in range(1, 13))
    result = run("import", write("mine.csv", good + bad))
    said = [line for line in range(2, 130) if f"line {line}, month is '13.2026'" in result.stderr]
    assert said == list(range(110, 120))
    assert "and 2 more" in result.stderr


def test_a_column_that_is_not_read_and_a_sum_are_named_when_a_list_is_imported(run: Run) -> None:
    rows = "2026-09;OpenAI;10;USD;seen\n2026-09;Summe;10;USD;\n"
    result = run(
        "import",
        write("mine.csv", rows, "Monat;Anbieter;Betrag;W\N{LATIN SMALL LETTER A WITH DIAERESIS}hrung;requets\n"),
    )
    assert (
        "not read, for no column of an invoice is called that: 'requets' (the nearest is requests)" in result.stderr
    )
    assert "line 3: a total, and no charge" in result.stderr


def test_the_template_is_printed_and_imports_once_its_samples_are_overwritten(run: Run) -> None:
    template = run("template").stdout
    with pytest.raises(SourcePayloadError, match="it is a sample of the template"):
        run("import", write("invoices.csv", template, ""))
    run("import", write("invoices.csv", template.replace("Sample: ", ""), ""))
    assert len(content(run)["months"]) == 3


def test_a_file_that_was_pasted_twice_never_doubles_a_month(run: Run) -> None:
    result = run("import", write("mine.csv", LINE + HEADER + LINE))
    assert "line 4, it is the same as line 2" in result.stderr
    run("replay")
    found = content(run)
    assert [float(line["billed_cost"]) for line in found["months"]] == [10.0]
    assert [row["row_count"] for row in found["quarantined"]] == [1]


def test_a_configuration_that_nobody_named_is_said_beside_the_answer(run: Run) -> None:
    run("import", write("mine.csv"))
    context = Context(now=NOW, environ={})
    CliRunner().invoke(init, [], obj=context)
    told = CliRunner().invoke(decide, ["--format", "json"], obj=context)
    assert "note: costcheck.toml still calls the company 'Your company'" in told.stderr
    config = Path("costcheck.toml")
    config.write_text(config.read_text(encoding="utf-8").replace("Your company", "Ours"), encoding="utf-8")
    assert "note:" not in CliRunner().invoke(decide, ["--format", "json"], obj=context).stderr


def test_charges_alone_stand_beside_a_source_that_counts_the_tokens(run: Run) -> None:
    rows = ",2026-09-01,2026-09-01,anthropic,claude-opus-4-5,10,USD,1000,50\n"
    run("import", write_console("log.csv"))
    run("import", write("bill.csv", rows, "month,start_date,end_date," + HEADER.partition(",")[2]))
    text = run("show").stdout
    assert "both count claude-opus-4-5 in 1 month; `costcheck bill forget` one" in text
    assert "--without-usage" in text
    run("import", "--without-usage", "bill.csv")
    found = content(run)
    assert found["overlaps"] == []
    assert [(row["reason"], row["row_count"]) for row in found["set_aside"]] == [
        ("usage that another source counts (--without-usage)", 1)
    ]
    assert [line["billed_cost"] and float(line["billed_cost"]) for line in found["months"]] == [None, 10.0]


def test_a_replay_never_brings_in_the_usage_that_was_left_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("import", "--without-usage", write("bill.csv", LINE + LINE.replace(",10,", ",6.200,")))
    monkeypatch.setattr("costcheck.sources.bills.invoice_numbers.THOUSANDS_OR_DECIMALS", re.compile("never"))
    run("replay")
    found = content(run)
    assert [row["row_count"] for row in found["quarantined"]] == [1]
    assert found["months"][0]["uncached_input_tokens"] is None


def test_usage_alone_stands_beside_a_bill_that_charges_for_it(run: Run) -> None:
    header = "request_id,startTime,model,spend,prompt_tokens,completion_tokens,custom_llm_provider\n"
    run("import", write("gateway.csv", "r1,2026-09-01 09:00:00,gpt-5.4,9,1000,50,openai\n", header))
    run("import", write("bill.csv", "2026-09,openai,10,USD\n", "month,provider,amount,currency\n"))
    assert "--without-charges" in run("show").stdout
    run("import", "--without-charges", "gateway.csv")
    found = content(run)
    assert found["overlaps"] == []
    assert [(row["reason"], row["row_count"]) for row in found["set_aside"]] == [
        ("charges that another source counts (--without-charges)", 1)
    ]
    assert sum(float(line["billed_cost"] or 0) for line in found["months"]) == 10
    assert sum(line["output_tokens"] or 0 for line in found["months"]) == 50


def test_neither_usage_nor_charges_is_nothing_to_read(run: Run) -> None:
    with pytest.raises(UsageError, match="--without-usage and --without-charges"):
        run("import", "--without-usage", "--without-charges", write("bill.csv"))


def test_charges_alone_cannot_be_read_without_charges(run: Run) -> None:
    path = write("bill.csv", "2026-09,openai,10,USD\n", "month,provider,amount,currency\n")
    with pytest.raises(UsageError, match="it has no usage"):
        run("import", "--without-charges", path)


def test_usage_alone_cannot_be_read_without_usage(run: Run) -> None:
    path = write_console("usage.csv")
    with pytest.raises(UsageError, match="it has no charges"):
        run("import", "--without-usage", path)
    assert not Path("costcheck.duckdb").exists()


def test_a_first_month_in_the_future_is_called_that(run: Run) -> None:
    with pytest.raises(UsageError, match="2027-01") as caught:
        run("pull", "openrouter", "--from", "2027-01")
    assert "in the future" in caught.value.action
    assert "2026-11" in caught.value.action


def test_an_invoice_without_models_is_shown_as_such(run: Run) -> None:
    run("import", write("mine.csv", "2026-09,openai,10,USD\n", "month,provider,amount,currency\n"))
    text = run("show").stdout
    assert "openai (no model named)" in text
    assert "invoice: 1 complete month (2026-09)" in text


@pytest.mark.parametrize(("amount", "rule"), [("2900.00", 3), ("4900.00", 4), ("5000.00", 1)])
def test_amounts_without_tokens_are_enough_for_an_answer_only_when_they_are_small(
    run: Run, amount: str, rule: int
) -> None:
    rows = "".join(f"2026-{month:02},openai,{amount},USD\n" for month in (8, 9, 10))
    run("import", write("mine.csv", rows, "month,provider,amount,currency\n"))
    context = Context(now=NOW, environ={})
    assert CliRunner().invoke(init, [], obj=context).exit_code == 0
    answer = CliRunner().invoke(decide, ["--format", "json"], obj=context)
    assert msgspec.json.decode(answer.stdout)["rule"] == rule


def test_quarantined_requests_of_one_reason_are_told_together_with_one_of_them(run: Run) -> None:
    header = "request_id,startTime,model,spend,prompt_tokens,completion_tokens\n"
    rows = [f"r{number},2026-09-01 09:00:00,gpt-5.4,0.1,100,10\n" for number in range(40)]
    rows += [f"u{number},2026-09-01 09:00:00,gpt-5.4,0.1,,\n" for number in (1, 2)]
    result = run("import", write("log.csv", "".join(rows), header))
    assert "  quarantined: 2 rows: a token count is no number (request_id u1)\n" in result.stderr


def test_one_part_of_two_says_which_days_are_missing_and_what_counts_no_tokens(run: Run) -> None:
    other = {"ServiceName": "Disk", "ServiceCategory": "Storage", "ServiceSubcategory": ""}
    capacity = {"ConsumedUnit": "Hours", "PricingUnit": "Hours", "SkuMeter": "Model units"}
    days = [
        {f"ChargePeriod{end}": f"2026-10-{day:02}T{hour}:00:00Z" for end, hour in (("Start", "09"), ("End", 10))}
        for day in range(1, 17)
    ]
    rows = [focus_rows.focus(**day, **what) for day in days for what in (other, capacity)]
    result = run("import", focus_rows.write_csv(Path("part.csv"), rows))
    assert "\n  2026-10: days 17-31 have no line of any service; " in f"\n{result.stderr}"
    assert "16 of 16 lines of usage count no tokens, 40.00 of 40.00 USD: Model units (40.00); " in result.stderr
