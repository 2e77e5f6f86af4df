"""A plain CSV of invoices; every row here is constructed."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from costcheck.errors import CurrencyError, InputFileError, SourcePayloadError
from costcheck.facts import data_file
from costcheck.records import BillBatch, ChargeCategory, Provenance
from costcheck.sources.bills import invoice_csv

COLUMNS = (
    *("month", "start_date", "end_date", "provider", "model", "category", "description", "amount", "currency"),
    *("input_tokens", "cached_input_tokens", "output_tokens", "requests"),
)
HEADER = ",".join(COLUMNS) + "\n"
GOOD = "2026-09,,,openai,gpt-5.4,,,10.00,USD,1000,400,50,7\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "invoices.csv"


def read(path: Path, provenance: Provenance, rows: str, header: str = HEADER) -> BillBatch:
    path.write_text(header + rows, encoding="utf-8")
    return invoice_csv.read(path, provenance)


def test_a_full_row_is_a_charge_and_usage_of_the_month(path: Path, provenance: Provenance) -> None:
    batch = read(path, provenance, GOOD)
    (charge,), (usage,) = batch.charges, batch.usage
    assert (charge.billed_cost, charge.billing_currency) == (Decimal("10.00"), "USD")
    assert (usage.uncached_input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (600, 400, 50)
    assert usage.requests == 7
    assert usage.charge_period_start == datetime(2026, 9, 1, tzinfo=UTC)
    assert usage.charge_period_end == datetime(2026, 10, 1, tzinfo=UTC)


def test_an_amount_alone_is_a_charge_without_usage(path: Path, provenance: Provenance) -> None:
    batch = read(path, provenance, "2026-09,openai,10,USD\n", "month,provider,amount,currency\n")
    assert (len(batch.charges), batch.usage) == (1, ())


def test_both_days_of_a_period_are_included(path: Path, provenance: Provenance) -> None:
    (charge,) = read(path, provenance, ",2026-10-01,2026-10-31,openai,,,,10,USD,,,,\n").charges
    assert charge.charge_period_end == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("category", "amount", "expected"),
    [
        ("", "1", ChargeCategory.USAGE),
        ("", "-1", ChargeCategory.CREDIT),
        ("credit", "-1", ChargeCategory.CREDIT),
        ("Tax", "1", ChargeCategory.TAX),
        ("purchase", "1", ChargeCategory.PURCHASE),
    ],
)
def test_credits_taxes_and_purchases_are_told_apart(
    path: Path, provenance: Provenance, category: str, amount: str, expected: ChargeCategory
) -> None:
    (charge,) = read(path, provenance, f"2026-09,,,openai,,{category},,{amount},USD,,,,\n").charges
    assert charge.charge_category is expected


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-13,,,openai,,,,1,USD,,,,", "line 3, month is '2026-13', not 2026-09 for a month"),
        ("Jan 26,,,openai,,,,1,USD,,,,", "line 3, month is 'Jan 26', not"),
        (",31.07.2026,31.07.2026,openai,,,,1,USD,,,,", "line 3, start_date is '31.07.2026', not 2026-09 for a month"),
        (",,,openai,,,,1,USD,,,,", "line 3, month is ''"),
        ("2026-09,2026-09-01,2026-09-30,openai,,,,1,USD,,,,", "line 3, month is '2026-09'"),
        (",2026-09-30,2026-09-01,openai,,,,1,USD,,,,", "line 3, end_date"),
        (",2026-07-01,2026-09-30,openai,,,,1,USD,,,,", "line 3, end_date"),
        ("2026-09,,,,,,,1,USD,,,,", "line 3, provider"),
        ("2026-09,,,openai,,,,,USD,,,,", "line 3, amount"),
        ("2026-09,,,openai,,,,NaN,USD,,,,", "line 3, amount"),
        ('2026-09,,,openai,,,,"1,200.00",USD,,,,', "line 3, amount is '1,200.00', not a number such as 1200.00"),
        ("2026-09,,,openai,,,,$5,USD,,,,", "line 3, amount is '$5', not a number such as 1200.00"),
        (
            "2026-09,,,openai,,usage,,-5,USD,,,,",
            "line 3, amount is '-5', not zero or more for usage; give a credit the category credit",
        ),
        ("2026-09,,,openai,,credit,,420.00,USD,,,,", "line 3, amount is '420.00', not negative, as a credit is"),
        ("2026-09,,,openai,,gift,,1,USD,,,,", "line 3, category is 'gift'"),
        ("2026-09,,,openai,,,,1,USD,10,,5,", "line 3, model"),
        ("2026-09,,,openai,m,,,1,USD,10,,,", "line 3, output_tokens"),
        ("2026-09,,,openai,m,,,1,USD,-10,,5,", "line 3, input_tokens is '-10'"),
        ("2026-09,,,openai,m,,,1,USD,10,11,5,", "line 3, cached_input_tokens"),
        ("2026-09,,,openai,m,,,1,USD,10,,5,many", "line 3, requests"),
        ("2026-09,,,openai,m,,,1,USD,10,,5,7,extra", "line 3, cells"),
    ],
)
def test_a_bad_row_is_quarantined_with_its_line_and_column(
    path: Path, provenance: Provenance, row: str, reason: str
) -> None:
    batch = read(path, provenance, GOOD + row + "\n")
    assert (len(batch.charges), len(batch.usage)) == (1, 1)
    assert reason in batch.quarantined[0].reason


def test_two_equal_rows_are_two_charges(path: Path, provenance: Provenance) -> None:
    assert len(read(path, provenance, GOOD + GOOD).charges) == 2


def test_another_currency_stops_the_import(path: Path, provenance: Provenance) -> None:
    with pytest.raises(CurrencyError, match=r"invoices\.csv, line 2: currency is 'EUR'"):
        read(path, provenance, "2026-09,,,openai,,,,1,EUR,,,,\n")


@pytest.mark.parametrize(
    "header",
    ["provider,amount\n", "month,provider,amount,currency,ammount\n", "month,provider,amount,currency,amount\n", ""],
)
def test_a_missing_unknown_or_doubled_column_is_an_input_error(
    path: Path, provenance: Provenance, header: str
) -> None:
    with pytest.raises(InputFileError):
        read(path, provenance, "", header)


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("month,provider,ammount,currency", "unknown column 'ammount' (the nearest is 'amount'), no column 'amount'"),
        ("month,provider,Amount,currency", "unknown column 'Amount' (the nearest is 'amount')"),
        ("month,provider,amount,currency,colour", "line 1: it has the unknown column 'colour'"),
        ("month,provider,amount,currency,amount", "the column 'amount' twice"),
        ("month,provider,amount", "no column 'currency'"),
    ],
)
def test_a_wrong_header_names_its_line_and_the_nearest_column(
    path: Path, provenance: Provenance, header: str, named: str
) -> None:
    with pytest.raises(InputFileError) as caught:
        read(path, provenance, GOOD, header + "\n")
    assert named in caught.value.seen
    assert "line 1" in caught.value.seen
    assert "amount, currency, model" in caught.value.expected


def test_a_list_with_one_misspelt_column_is_still_taken_for_invoices(path: Path) -> None:
    path.write_text("month,provider,ammount,currency\n", encoding="utf-8")
    assert invoice_csv.recognises(path)


def test_a_file_without_rows_is_an_empty_batch(path: Path, provenance: Provenance) -> None:
    assert read(path, provenance, "").is_empty


def test_a_file_of_bad_rows_only_is_an_error(path: Path, provenance: Provenance) -> None:
    with pytest.raises(SourcePayloadError, match="none of 1 rows"):
        read(path, provenance, "2026-13,,,openai,,,,1,USD,,,,\n")


@pytest.mark.parametrize("content", [HEADER.encode() + b"\xff\xfe", (HEADER + '2026-09,"').encode()])
def test_bytes_that_are_no_csv_are_an_input_error(path: Path, provenance: Provenance, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(InputFileError):
        invoice_csv.read(path, provenance)


def test_the_template_imports_as_it_is(path: Path, provenance: Provenance, payloads: Path) -> None:
    template = data_file("invoice_template.csv").read_text(encoding="utf-8")
    assert (payloads / "invoice_csv" / "invoices.csv").read_text(encoding="utf-8") == template
    batch = read(path, provenance, template, header="")
    assert (len(batch.charges), len(batch.usage), batch.quarantined) == (3, 1, ())


@pytest.mark.parametrize("amount", ["6.200", "-6.200", "1.234.567", "12.345", "100.000"])
def test_an_amount_that_may_be_thousands_or_decimals_is_never_read(
    path: Path, provenance: Provenance, amount: str
) -> None:
    (row,) = read(path, provenance, GOOD + f"2026-09,,,openai,,,,{amount},USD,,,,\n").quarantined
    assert f"line 3, amount is {amount!r}, which may be thousands or decimals" in row.reason
    assert "6200.00" in row.reason
    assert "6.20 for" in row.reason


@pytest.mark.parametrize("amount", ["6200.00", "6.20", "6.2000", "0.125", "6200", "1234.567"])
def test_an_amount_that_can_be_read_one_way_only_is_read(path: Path, provenance: Provenance, amount: str) -> None:
    (charge,) = read(path, provenance, f"2026-09,,,openai,,,,{amount},USD,,,,\n").charges
    assert charge.billed_cost == Decimal(amount)


SEMICOLONS = "month;provider;amount;currency\n"


@pytest.mark.parametrize(
    ("amount", "read_as"),
    [
        ("6.200,10", "6200.10"),
        ("1234,50", "1234.50"),
        ("-1.234.567,5", "-1234567.5"),
        ("0,125", "0.125"),
        ("1234.50", "1234.50"),
        ("12", "12"),
    ],
)
def test_between_semicolons_an_amount_may_have_a_decimal_comma(
    path: Path, provenance: Provenance, amount: str, read_as: str
) -> None:
    (charge,) = read(path, provenance, f"2026-09;openai;{amount};USD\n", SEMICOLONS).charges
    assert invoice_csv.recognises(path)
    assert charge.billed_cost == Decimal(read_as)


@pytest.mark.parametrize("amount", ["6.200", "6,200", "6,200.10", "1.23,45", ",5"])
def test_between_semicolons_an_amount_of_two_readings_or_none_is_refused_as_written(
    path: Path, provenance: Provenance, amount: str
) -> None:
    rows = f"2026-09;openai;10;USD\n2026-09;openai;{amount};USD\n"
    (row,) = read(path, provenance, rows, SEMICOLONS).quarantined
    assert f"line 3, amount is {amount!r}" in row.reason


def test_between_commas_an_amount_has_no_decimal_comma(path: Path, provenance: Provenance) -> None:
    (row,) = read(path, provenance, GOOD + '2026-09,,,openai,,,,"1234,50",USD,,,,\n').quarantined
    assert "amount is '1234,50'" in row.reason


def test_a_quarantined_line_between_semicolons_is_read_again_with_its_decimal_comma(
    path: Path, provenance: Provenance
) -> None:
    rows = "2026-09;openai;10;USD\n2026-13;openai;6.200,10;USD\n"
    (row,) = read(path, provenance, rows, SEMICOLONS).quarantined
    assert row.raw == b'2026-13,openai,"6.200,10",USD'
    again = replace(row, raw=row.raw.replace(b"2026-13", b"2026-12"))
    (charge,) = invoice_csv.replay([again], provenance).charges
    assert charge.billed_cost == Decimal("6200.10")


def test_bytes_of_another_encoding_are_named_with_their_line(path: Path, provenance: Provenance) -> None:
    text = "month;provider;amount;currency;description\r\n2026-09;openai;1;USD;\r\n2026-09;openai;1;USD;für\r\n"
    path.write_bytes(text.encode("cp1252"))
    assert invoice_csv.recognises(path)
    with pytest.raises(InputFileError, match=r"invoices\.csv, line 3: a character that is not UTF-8") as caught:
        invoice_csv.read(path, provenance)
    assert "CSV UTF-8" in caught.value.action


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("delimiter", [b",", b";"])
def test_a_byte_order_mark_and_windows_line_ends_change_nothing(
    path: Path, provenance: Provenance, mark: bytes, end: bytes, delimiter: bytes
) -> None:
    lines = [b"month,provider,amount,currency", b"2026-09,openai,12.50,USD", b"2026-10,openai,13.50,USD", b""]
    path.write_bytes(mark + end.join(lines).replace(b",", delimiter))
    assert invoice_csv.recognises(path)
    batch = invoice_csv.read(path, provenance)
    assert [charge.billed_cost for charge in batch.charges] == [Decimal("12.50"), Decimal("13.50")]
