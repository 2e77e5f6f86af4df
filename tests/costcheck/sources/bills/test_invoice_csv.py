"""A plain CSV of invoices; every row here is constructed."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcheck.errors import CurrencyError, InputFileError, SourcePayloadError
from costcheck.facts import data_file
from costcheck.records import BillBatch, ChargeCategory, Provenance
from costcheck.sources.bills import invoice_csv, invoice_numbers, invoice_periods

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
        ("Jan 26,,,openai,,,,1,USD,,,,", "line 3, month is 'Jan 26', which may be a month of a year, or a day"),
        (",31.06.2026,30.06.2026,openai,,,,1,USD,,,,", "line 3, start_date is '31.06.2026', not 2026-09 for a month"),
        (",,,openai,,,,1,USD,,,,", "line 3, month is ''"),
        ("2026-09,2026-09-01,2026-09-30,openai,,,,1,USD,,,,", "line 3, month is '2026-09'"),
        (",2026-09-30,2026-09-01,openai,,,,1,USD,,,,", "line 3, end_date"),
        (",2026-07-01,2026-09-30,openai,,,,1,USD,,,,", "line 3, start_date to end_date is"),
        ("2026-09,,,,,,,1,USD,,,,", "line 3, provider"),
        ("2026-09,,,openai,,,,,USD,,,,", "line 3, amount"),
        ("2026-09,,,openai,,,,NaN,USD,,,,", "line 3, amount"),
        ("2026-09,,,openai,,,,1e3,USD,,,,", "line 3, amount is '1e3', not a number such as 1200.00"),
        ("2026-09,,,openai,,,,1000000000000,USD,,,,", "line 3, amount is '1000000000000', not"),
        ("2026-09,,,openai,,,,1,,,,,", "line 3, currency is '', not USD"),
        ("2026-09,,,openai,,,,€5,USD,,,,", "line 3, amount is '€5', not a number such as 1200.00"),
        ("2026-09,,,openai,,,,-5,USD,,,,", "line 3, amount is '-5', which may be a credit, or take back what was"),
        (
            "2026-09,,,openai,,usage,Promo credit,-5,USD,,,,",
            "line 3, amount is '-5', not zero or more for usage; write credit into the column category of a credit",
        ),
        ("2026-09,,,openai,,credit,,420.00,USD,,,,", "line 3, amount is '420.00', not negative, as a credit is"),
        ("2026-09,,,openai,,gift,,1,USD,,,,", "line 3, category is 'gift'"),
        ("2026-09,,,openai,,,,1,USD,10,,5,", "line 3, model"),
        ("2026-09,,,openai,m,,,1,USD,10,,,", "line 3, output_tokens"),
        ("2026-09,,,openai,m,,,1,USD,-10,,5,", "line 3, input_tokens is '-10'"),
        ("2026-09,,,openai,m,,,1,USD,10,11,5,", "line 3, cached_input_tokens"),
        ("2026-09,,,openai,m,,,1,USD,10,,5,many", "line 3, requests"),
        ("2026-09,,,openai,m,,,1,USD,10,,5,7,extra", "line 3, cells is '14', not as many cells as the header has"),
    ],
)
def test_a_bad_row_is_quarantined_with_its_line_and_column(
    path: Path, provenance: Provenance, row: str, reason: str
) -> None:
    batch = read(path, provenance, GOOD + row + "\n")
    assert (len(batch.charges), len(batch.usage)) == (1, 1)
    assert reason in batch.quarantined[0].reason


def test_another_currency_stops_the_import_and_says_what_to_write(path: Path, provenance: Provenance) -> None:
    with pytest.raises(CurrencyError, match=r"invoices\.csv, line 2: currency is 'EUR'") as caught:
        read(path, provenance, "2026-09,,,openai,,,,1,EUR,,,,\n")
    assert "write the amount in USD that the card or the bank was charged" in caught.value.seen
    assert "of a bill in another currency, what you paid at the rate of that day, and say so" in caught.value.seen


@pytest.mark.parametrize(
    "header",
    ["provider,amount\n", "provider,amount,currency\n", "month,provider,amount,currency,amount\n", ""],
)
def test_a_missing_or_doubled_column_is_an_input_error(path: Path, provenance: Provenance, header: str) -> None:
    with pytest.raises(InputFileError):
        read(path, provenance, "", header)


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("month,provider,ammount,currency", "there is no column 'amount' (is it 'ammount'?)"),
        ("month,provider,Net,VAT,Gross,currency", "there is no column 'amount' (call 'Net' so; a tax gets a line"),
        ("month,provider,VAT,Gross amount,currency", "there is no column 'amount', which"),
        ("month,provider,amount,currency,amount", "more than one column is 'amount'"),
        ("Monat,Anbieter,Betrag,Kosten,currency", "more than one column is 'amount' ('Betrag' and 'Kosten')"),
        ("Month;Provider;Amount", "line 1: there is no column 'currency'"),
        ("provider,amount,currency", "there is no column 'month'"),
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
    with pytest.raises(SourcePayloadError, match=r"invoices\.csv, 1 of 1 lines cannot be read, line 2: month is"):
        read(path, provenance, "2026-13,,,openai,,,,1,USD,,,,\n")


@pytest.mark.parametrize("content", [HEADER.encode() + b"\xff\xfe", (HEADER + '2026-09,"').encode()])
def test_bytes_that_are_no_csv_are_an_input_error(path: Path, provenance: Provenance, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(InputFileError):
        invoice_csv.read(path, provenance)


def template() -> str:
    return data_file("invoice_template.csv").read_text(encoding="utf-8")


def test_a_template_with_other_amounts_is_a_bill(path: Path, provenance: Provenance) -> None:
    mine = template().replace("1200.00", "1201.00").replace("-100.00", "-101.00").replace("1310.00", "1311.00")
    batch = read(path, provenance, mine, header="")
    assert (len(batch.charges), len(batch.usage), batch.quarantined) == (3, 1, ())


def test_a_template_that_nobody_filled_in_is_called_that(path: Path, provenance: Provenance) -> None:
    with pytest.raises(SourcePayloadError, match="3 of 3 lines cannot be read, lines 2 to 4: it is a sample of the"):
        read(path, provenance, template(), header="")


def test_the_samples_of_an_older_template_are_nobodys_bill_either(path: Path, provenance: Provenance) -> None:
    older = template().replace(" (cached_input_tokens are a part of input_tokens)", "")
    assert older != template()
    assert len(read(path, provenance, older + GOOD, header="").quarantined) == 3


def test_a_bill_that_is_like_a_sample_by_chance_is_a_bill(path: Path, provenance: Provenance) -> None:
    assert len(read(path, provenance, "2026-09,,,openai,,credit,A gift,-100.00,USD,,,,\n").charges) == 1


def test_the_template_shows_that_input_holds_what_was_cached() -> None:
    assert "cached_input_tokens are a part of input_tokens" in template()


def test_the_samples_of_the_template_are_nobodys_bill(path: Path, provenance: Provenance) -> None:
    batch = read(path, provenance, template() + GOOD, header="")
    assert [charge.billed_cost for charge in batch.charges] == [Decimal(10)]
    assert ["a sample of the template" in row.reason for row in batch.quarantined] == [True] * 3


@pytest.mark.parametrize("words", ["Total", "TOTAL", "Summe September", "Grand total"])
def test_a_description_that_says_a_sum_is_asked_about(path: Path, provenance: Provenance, words: str) -> None:
    (row,) = read(path, provenance, GOOD + f"2026-09,,,openai,,,{words},10,USD,,,,\n").quarantined
    assert f"description is '{words}', as if it summed up other lines" in row.reason


@pytest.mark.parametrize("period", ["2026-08,,", ",2026-08-01,2026-08-31", ",,2026-08-31"])
def test_a_description_that_says_a_sum_is_asked_about_however_its_period_is_told(
    path: Path, provenance: Provenance, period: str
) -> None:
    batch = read(path, provenance, GOOD + f"{period},openai,,,Total amount due,30000.00,USD,,,,\n")
    assert batch.set_aside == ()
    assert "description is 'Total amount due', as if it summed up other lines" in batch.quarantined[0].reason


def test_a_total_in_place_of_the_first_day_is_set_aside(path: Path, provenance: Provenance) -> None:
    batch = read(path, provenance, GOOD + ",Summe 2026,,,,,,10.00,USD,,,,\n")
    assert [(each.reason, each.row_count) for each in batch.set_aside] == [("a total, and no charge", 1)]


def test_a_description_of_a_total_of_something_is_a_charge(path: Path, provenance: Provenance) -> None:
    assert len(read(path, provenance, "2026-09,,,openai,,,Total API usage,10,USD,,,,\n").charges) == 1


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
        ("6,200.10", "6200.10"),
        ("1 234 567,50", "1234567.50"),
        ("\N{MINUS SIGN}12", "-12"),
        ("12", "12"),
    ],
)
def test_between_semicolons_an_amount_may_have_a_decimal_comma(
    path: Path, provenance: Provenance, amount: str, read_as: str
) -> None:
    header = SEMICOLONS.replace("\n", ";category\n")
    (charge,) = read(path, provenance, f"2026-09;openai;{amount};USD;purchase\n", header).charges
    assert invoice_csv.recognises(path)
    assert charge.billed_cost == Decimal(read_as)


@pytest.mark.parametrize("amount", ["6.200", "6,200", "6,20.10", "1.23,45", ",5"])
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
    again = replace(row, raw=row.raw.replace(b"2026-13", b"2026-10"))
    (charge,) = invoice_csv.replay([again], provenance).charges
    assert charge.billed_cost == Decimal("6200.10")


def test_bytes_of_another_encoding_are_named_with_their_line(path: Path, provenance: Provenance) -> None:
    text = "month;provider;amount;currency;description\r\n2026-09;openai;1;USD;\r\n2026-09;openai;1;USD;für\r\n"
    path.write_bytes(text.encode("cp1252"))
    assert invoice_csv.recognises(path)
    with pytest.raises(InputFileError, match=r"invoices\.csv, line 3: a character that is not UTF-8") as caught:
        invoice_csv.read(path, provenance)
    assert "CSV UTF-8" in caught.value.seen


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


@pytest.mark.parametrize(
    "again",
    [
        "2026-09,openai,10.00,USD,seat,\n",
        "09.2026, Open AI ,10.0,usd,seat,\n",
        "2026-09-01,OPENAI,10,USD,seat,\n",
    ],
)
def test_a_line_that_says_the_same_as_an_earlier_one_is_quarantined_with_both_numbers(
    path: Path, provenance: Provenance, again: str
) -> None:
    header, one = "month,provider,amount,currency,description,note\n", "2026-09,openai,10.00,USD,seat,\n"
    batch = read(path, provenance, one + again, header)
    assert [charge.billed_cost for charge in batch.charges] == [Decimal(10)]
    assert "line 3, it is the same as line 2, and each line counts once: delete it" in batch.quarantined[0].reason
    assert "if both are due, join them into one line" in batch.quarantined[0].reason


@pytest.mark.parametrize("other", ["2026-09,openai,10.00,USD,chair,\n", "2026-09,openai,10.00,USD,seat,no. 2\n"])
def test_two_lines_that_differ_in_any_column_both_count(path: Path, provenance: Provenance, other: str) -> None:
    header, one = "month,provider,amount,currency,description,note\n", "2026-09,openai,10.00,USD,seat,\n"
    assert len(read(path, provenance, one + other, header).charges) == 2


def test_an_unreadable_line_that_stands_there_twice_stays_one_when_it_is_read_again(
    path: Path, provenance: Provenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = read(path, provenance, GOOD + GOOD.replace("10.00", "6.200") * 2).quarantined
    monkeypatch.setattr(invoice_numbers, "THOUSANDS_OR_DECIMALS", re.compile("never"))
    again = invoice_csv.replay(rows, provenance)
    assert (len(again.charges), len(again.quarantined)) == (1, 1)


ABOVE = ["sep=;\n", "\n\n", "LLM Kosten 2026;;;\n;;;\n", '"An unclosed quote\n', "one, two\n" * 19]


@pytest.mark.parametrize("above", ABOVE)
def test_what_stands_above_the_header_is_not_read_and_said(path: Path, provenance: Provenance, above: str) -> None:
    rows = "2026-09;openai;1,50;USD\n2026-13;openai;1;USD\n"
    batch = read(path, provenance, rows, above + SEMICOLONS)
    number = above.count("\n") + 3
    assert invoice_csv.recognises(path)
    assert ([charge.billed_cost for charge in batch.charges], len(batch.quarantined)) == ([Decimal("1.50")], 1)
    assert f"line {number}, month is '2026-13'" in batch.quarantined[0].reason
    lines = "line 1" if number == len("four") else f"lines 1 to {number - 3}"
    assert invoice_csv.notes(path) == (f"{lines}: above the header, and not read",)


def test_a_header_may_be_the_twentieth_line_and_not_a_later_one(path: Path) -> None:
    for above in (19, 20):
        path.write_text("a title\n" * above + SEMICOLONS, encoding="utf-8")
        assert invoice_csv.recognises(path) == (above == 19)


def test_a_cell_of_the_header_may_go_over_two_lines(path: Path, provenance: Provenance) -> None:
    header = 'month;provider;"amount\n(USD)"\n'
    (charge,) = read(path, provenance, "2026-09;openai;1,50\n", "A title\n" + header).charges
    assert charge.billed_cost == Decimal("1.50")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_text_in_utf_16_is_read_as_excel_writes_it(path: Path, provenance: Provenance, encoding: str) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    text = "Monat\tAnbieter\tBetrag\tWährung\r\n2026-09\topenai\t1.234,50\tUSD\r\n"
    path.write_bytes(mark + text.encode(encoding))
    assert invoice_csv.recognises(path)
    (charge,) = invoice_csv.read(path, provenance).charges
    assert charge.billed_cost == Decimal("1234.50")


def test_a_remark_below_the_lines_is_set_aside_and_said(path: Path, provenance: Provenance) -> None:
    batch = read(path, provenance, GOOD + '"Stand 26.11.2026, gez. M.",,,,,,,,,,,,\n')
    assert {row.reason: row.row_count for row in batch.set_aside} == {
        "a remark without provider, amount and tokens": 1
    }
    assert batch.quarantined == ()
    assert invoice_csv.notes(path) == ("line 3: a remark without provider, amount and tokens",)


@pytest.mark.parametrize(
    "row", ["202", "2026-11,,,,,,,,,,,,", "September 2026,,,,,,,,,,,,", "Stand 26.11.2026, gez. M."]
)
def test_a_month_that_nobody_filled_in_or_a_line_that_is_cut_is_no_remark(
    path: Path, provenance: Provenance, row: str
) -> None:
    assert len(read(path, provenance, f"{GOOD}{row}\n").quarantined) == 1


@pytest.mark.parametrize("row", ["2026-09,,,openai,,,,,USD,,,,", "2026-09,,,,m,,,,,5,,5,", "2026-09,,,,,,,1,USD,,,,"])
def test_a_line_that_says_who_how_much_or_how_many_is_no_remark(path: Path, provenance: Provenance, row: str) -> None:
    assert len(read(path, provenance, f"{GOOD}{row}\n").quarantined) == 1


def test_the_header_and_empty_lines_in_the_middle_of_a_file_are_set_aside(path: Path, provenance: Provenance) -> None:
    batch = read(path, provenance, GOOD + HEADER + "," * 12 + "\n")
    assert {row.reason: row.row_count for row in batch.set_aside} == {"an empty line": 1, "the header once more": 1}
    assert (len(batch.charges), batch.quarantined) == (1, ())


@pytest.mark.parametrize(
    ("period", "shares"),
    [
        ("16.06.-15.07.2026,,", "2026-06-16 to 2026-06-30: 700.01 and 2026-07-01 to 2026-07-15: 700.00"),
        ("2026-06-16 - 2026-07-15,,", "2026-06-16 to 2026-06-30: 700.01 and 2026-07-01 to 2026-07-15: 700.00"),
        ("16.06.-15.07.,,", "2026-06-16 to 2026-06-30: 700.01 and 2026-07-01 to 2026-07-15: 700.00"),
        ("16.12.-15.01.,,", "2025-12-16 to 2025-12-31: 722.59 and 2026-01-01 to 2026-01-15: 677.42"),
        ("16.11.-15.12.,,", "2025-11-16 to 2025-11-30: 700.01 and 2025-12-01 to 2025-12-15: 700.00"),
        (",16.12.2025,15.01.2026", "2025-12-16 to 2025-12-31: 722.59 and 2026-01-01 to 2026-01-15: 677.42"),
        (",2026-07-01,2026-09-30", "2026-07: 471.74 and 2026-08: 471.75 and 2026-09: 456.52"),
    ],
)
def test_a_period_that_crosses_a_months_end_is_quarantined_with_the_lines_to_write_instead(
    path: Path, provenance: Provenance, period: str, shares: str
) -> None:
    (row,) = read(path, provenance, f"{GOOD}{period},openai,,,,1400.01,USD,,,,\n").quarantined
    assert f"({shares}), which crosses a month's end: write one line a calendar month" in row.reason


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    st.dates(date(2020, 1, 1), date(2026, 1, 1)),
    st.integers(1, 400),
)
def test_the_shares_of_a_period_add_up_to_its_amount_to_the_cent(amount: Decimal, start: date, days: int) -> None:
    parts = list(invoice_periods._parts(start, start + timedelta(days=days)))
    assert sum(invoice_periods.by_days(amount, parts)) == amount


def test_a_suggested_share_has_the_decimal_comma_of_its_file(path: Path, provenance: Provenance) -> None:
    rows = "2026-09;openai;10;USD\n16.06.-15.07.2026;openai;1.400,00;USD\n"
    (row,) = read(path, provenance, rows, SEMICOLONS).quarantined
    assert "2026-06-16 to 2026-06-30: 700,00 and 2026-07-01 to 2026-07-15: 700,00" in row.reason


def test_days_of_one_month_without_a_year_are_never_given_one(path: Path, provenance: Provenance) -> None:
    (row,) = read(path, provenance, GOOD + "01.06.-30.06.,,,openai,,,,1,USD,,,,\n").quarantined
    assert "line 3, month is '01.06.-30.06.', which has no year" in row.reason


@pytest.mark.parametrize(
    "row",
    [
        "2026-04;Summe;;1400,00;USD;",
        "Summe April 2026;;;1400,00;USD;",
        "Gesamt;;;1400,00;EUR;",
        ";TOTAL TTC;;1400,00;USD;",
        "2026-04;Zwischensumme Apr 2026;;1400,00;USD;",
        "2026-04;;Sous-total;1.400;USD;",
        ";;;1400,00;USD;Grand total",
    ],
)
def test_a_total_is_set_aside_and_is_no_provider(path: Path, provenance: Provenance, row: str) -> None:
    header = "month;provider;model;amount;currency;description\n"
    batch = read(path, provenance, f"2026-04;openai;;10;USD;\n{row}\n", header)
    assert [(each.reason, each.row_count) for each in batch.set_aside] == [("a total, and no charge", 1)]
    assert (len(batch.charges), batch.quarantined) == (1, ())


def test_a_model_called_total_of_a_known_provider_and_month_is_a_charge(path: Path, provenance: Provenance) -> None:
    assert len(read(path, provenance, "2026-04,,,openai,gesamt,,,10,USD,,,,\n").charges) == 1


def test_a_providers_own_total_may_be_a_charge_and_is_asked_about(path: Path, provenance: Provenance) -> None:
    (row,) = read(path, provenance, GOOD + "2026-04,,,OpenAI gesamt,,,,10,USD,,,,\n").quarantined
    assert "provider is 'OpenAI gesamt', which may be a sum of other lines or a charge" in row.reason


def test_all_faults_of_a_file_are_told_at_one_go_one_line_a_kind(path: Path, provenance: Provenance) -> None:
    text = (
        "Monat;Anbieter;Betrag;Bemerkung;Input Tokens;Modell;Output Tokens\n"
        "13.2026;openai;1.200;für;;;\n14.2026;openai;5;;1.200;m;7\n16.06.-15.07.2026;;2;;;;\n"
    )
    path.write_bytes(text.encode("cp1252"))
    with pytest.raises(InputFileError) as caught:
        invoice_csv.read(path, provenance)
    told = [line.strip() for line in caught.value.seen.splitlines()]
    assert [line.partition(",")[0] for line in told] == [
        "invoices.csv:",
        "line 1: there is no column 'currency'",
        "line 2: a character that is not UTF-8 (byte 0xfc)",
        "lines 2 to 3: month is '13.2026'",
        "line 2: amount is '1.200'",
        "line 3: input_tokens is '1.200'",
        "line 4: provider is ''",
        "line 4: month is '16.06.-15.07.2026' (2026-06-16 to 2026-06-30: 1",
    ]


def test_another_currency_is_told_with_the_other_faults_of_the_file(path: Path, provenance: Provenance) -> None:
    rows = GOOD + "2026-13,,,openai,,,,1,EUR,,,,\n2026-09,,,openai,,,,6.200,EUR,,,,\n"
    with pytest.raises(CurrencyError) as caught:
        read(path, provenance, rows)
    assert "lines 3 to 4: currency is 'EUR'" in caught.value.seen
    assert "line 3: month is '2026-13'" in caught.value.seen
    assert "line 4: amount is '6.200'" in caught.value.seen


def test_too_many_bad_lines_are_lines_to_mend_and_no_source_that_changed(path: Path, provenance: Provenance) -> None:
    with pytest.raises(SourcePayloadError, match=r"10 of 11 lines cannot be read, lines 3 to 12: month is") as caught:
        read(path, provenance, GOOD + "".join(f"2026-13,,,openai,,,,{cost},USD,,,,\n" for cost in range(10)))
    assert caught.value.action.startswith("mend these lines, and import the file again")
    assert "`costcheck bill template`" in caught.value.action


def test_a_few_bad_lines_leave_the_good_ones(path: Path, provenance: Provenance) -> None:
    batch = read(path, provenance, GOOD + "".join(f"2026-13,,,openai,,,,{cost},USD,,,,\n" for cost in range(9)))
    assert (len(batch.charges), len(batch.quarantined)) == (1, 9)


def test_german_words_for_the_columns_are_read(path: Path, provenance: Provenance) -> None:
    header = "Monat;ANBIETER;Modell;Betrag;Währung;Input Tokens;output-tokens\n"
    batch = read(path, provenance, "Mai 26;OpenAI;gpt-5.4;1.200,50;USD;1.234.567;5\n", header)
    (charge,), (usage,) = batch.charges, batch.usage
    assert (charge.billed_cost, charge.x_gen_ai_request_model) == (Decimal("1200.50"), "gpt-5.4")
    assert (usage.uncached_input_tokens, usage.output_tokens) == (1_234_567, 5)


def test_a_column_that_is_not_known_is_not_read_and_named(path: Path, provenance: Provenance) -> None:
    batch = read(path, provenance, "2026-09,openai,10,USD,a text\n", "month,provider,amount,currency,Remark\n")
    assert len(batch.charges) == 1
    assert "a text" not in repr(batch)
    assert invoice_csv.notes(path) == ("not read, for no column of an invoice is called that: 'Remark'",)


def test_what_is_not_read_is_kept_nowhere_even_of_a_bad_line(path: Path, provenance: Provenance) -> None:
    header = "month,provider,amount,currency,Prompt\n"
    batch = read(path, provenance, "2026-09,openai,10,USD,x\n2026-13,openai,10,USD,a text\n", header)
    assert len(batch.quarantined) == 1
    assert "a text" not in repr(batch)


@pytest.mark.parametrize(
    ("header", "currency"),
    [
        ("Betrag (USD)", None),
        ("Amount ($)", None),
        ("amount in usd", None),
        ("Amount EUR", "EUR"),
        ("Kosten €", "EUR"),
    ],
)
def test_the_header_of_the_amounts_may_say_their_currency(
    path: Path, provenance: Provenance, header: str, currency: str | None
) -> None:
    columns = f"month,provider,{header}\n"
    if currency is None:
        assert len(read(path, provenance, "2026-09,openai,10\n", columns).charges) == 1
    else:
        with pytest.raises(CurrencyError, match=f"currency is '{currency}'"):
            read(path, provenance, "2026-09,openai,10\n", columns)


def test_amounts_in_euros_are_never_taken_for_the_dollars_of_another_column(
    path: Path, provenance: Provenance
) -> None:
    with pytest.raises(CurrencyError, match="currency is 'USD in a column of EUR'"):
        read(path, provenance, "2026-09,openai,10,USD\n", "month,provider,amount (EUR),currency\n")


@pytest.mark.parametrize(
    "month",
    [
        *(
            "04.2026",
            "4.2026",
            "04/2026",
            "2026/04",
            "2026-4",
            "01.04.2026",
            "1.4.2026",
            "2026-04-01",
            "1. April 2026",
        ),
        *(
            "2026-04-01 00:00:00",
            "April 2026",
            "APR 2026",
            "apr. 2026",
            "Apr-2026",
            "Apr-26",
            "2026 April",
            "Apr '26",
        ),
        "01.04.-30.04.2026",
    ],
)
def test_a_month_that_can_be_read_one_way_only_is_read(path: Path, provenance: Provenance, month: str) -> None:
    (charge,) = read(path, provenance, f"{month},,,openai,,,,1,USD,,,,\n").charges
    assert (charge.charge_period_start, charge.charge_period_end) == (
        datetime(2026, 4, 1, tzinfo=UTC),
        datetime(2026, 5, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "month", ["Apr 26", "04.26", "02.04.2026", "01/04/2026", "04-26", "2026", "Q2 2026", "April"]
)
def test_a_month_of_two_readings_or_none_is_refused(path: Path, provenance: Provenance, month: str) -> None:
    (row,) = read(path, provenance, f"{GOOD}{month},,,openai,,,,1,USD,,,,\n").quarantined
    assert f"line 3, month is {month!r}" in row.reason


@pytest.mark.parametrize(
    "month", ["März 2026", "Mär 2026", "Mrz. 2026", "Mai 26", "Dez 25", "January 2026", "Sept 2026"]
)
def test_months_are_known_by_their_german_and_english_names(path: Path, provenance: Provenance, month: str) -> None:
    assert len(read(path, provenance, f"{month},,,openai,,,,1,USD,,,,\n").charges) == 1


def test_a_day_may_be_german(path: Path, provenance: Provenance) -> None:
    (charge,) = read(path, provenance, ",01.04.2026,15.4.26,openai,,,,1,USD,,,,\n").charges
    assert charge.charge_period_end == datetime(2026, 4, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("month", "reason"),
    [
        ("2062-10", "which begins after the day of import, 2026-11-23"),
        ("2026-12", "which begins after the day of import, 2026-11-23"),
        ("2019-12", "which is before anybody sold language models by the token"),
    ],
)
def test_a_month_after_the_import_or_before_any_api_is_quarantined(
    path: Path, provenance: Provenance, month: str, reason: str
) -> None:
    (row,) = read(path, provenance, f"{GOOD}{month},,,openai,,,,1,USD,,,,\n").quarantined
    assert f"line 3, month is '{month}', {reason}" in row.reason


def test_the_month_of_the_import_counts(path: Path, provenance: Provenance) -> None:
    assert len(read(path, provenance, "2026-11,,,openai,,,,1,USD,,,,\n2020-01,,,openai,,,,1,USD,,,,\n").charges) == 2


@pytest.mark.parametrize(
    "count",
    ["1.234.567", "1,234,567", "1 234 567", "1\N{NARROW NO-BREAK SPACE}234\N{NO-BREAK SPACE}567", "1'234'567"],
)
def test_a_count_with_separators_of_one_reading_is_read(path: Path, provenance: Provenance, count: str) -> None:
    (usage,) = read(path, provenance, f'2026-09,,,openai,m,,,1,USD,"{count}",,5,\n').usage
    assert usage.uncached_input_tokens == 1_234_567


@pytest.mark.parametrize("count", ["1234567,00", "1234567.0", "1.234.567,00", "1,234,567.00", "1 234 567,00"])
def test_a_long_count_may_have_decimals_of_zero(path: Path, provenance: Provenance, count: str) -> None:
    (usage,) = read(path, provenance, f'2026-09,,,openai,m,,,1,USD,"{count}",,5,\n').usage
    assert usage.uncached_input_tokens == 1_234_567


@pytest.mark.parametrize("count", ["1,5E+08", "1.5e8", "15E7"])
def test_a_count_that_a_spreadsheet_shortened_is_refused_with_what_to_do(
    path: Path, provenance: Provenance, count: str
) -> None:
    (row,) = read(path, provenance, f'{GOOD}2026-09,,,openai,m,,,1,USD,"{count}",,5,\n').quarantined
    assert f"input_tokens is {count!r}, which a spreadsheet has shortened: format these cells" in row.reason


@pytest.mark.parametrize(
    "count",
    [
        "1.200",
        "1,200",
        "1440.00",
        "1234567.50",
        "1.234.567.00",
        "1234567,000",
        "12.34.567",
        "1.234,567",
        "1.5",
        "9" * 19,
        "0.123.456",
    ],
)
def test_a_count_of_two_readings_or_none_is_refused(path: Path, provenance: Provenance, count: str) -> None:
    (row,) = read(path, provenance, f'{GOOD}2026-09,,,openai,m,,,1,USD,"{count}",,5,\n').quarantined
    assert f"line 3, input_tokens is {count!r}" in row.reason


@pytest.mark.parametrize(
    ("written", "provider"),
    [
        *((name, "openai") for name in ("OpenAI", "Open AI", "open-ai", "OpenAI, L.L.C.", "OpenAI Ireland Ltd.")),
        ("Anthropic PBC", "anthropic"),
        ("Microsoft Azure", "azure"),
        ("Langdock GmbH", "langdock gmbh"),
        ("GmbH", "gmbh"),
    ],
)
def test_a_known_provider_is_one_however_it_is_spelt(
    path: Path, provenance: Provenance, written: str, provider: str
) -> None:
    (charge,) = read(path, provenance, f'2026-09,,,"{written}",,,,1,USD,,,,\n').charges
    assert charge.service_provider_name == provider


def test_a_long_cell_is_not_quoted_whole(path: Path, provenance: Provenance) -> None:
    (row,) = read(path, provenance, f"{GOOD}2026-09,,,openai,,,,{'x' * 1000},USD,,,,\n").quarantined
    assert len(row.reason) < 300


def test_cells_that_are_empty_beyond_the_last_column_change_nothing(path: Path, provenance: Provenance) -> None:
    assert len(read(path, provenance, GOOD.strip() + ",,,\n").charges) == 1


def test_a_count_that_may_be_thousands_or_decimals_is_called_that(path: Path, provenance: Provenance) -> None:
    (row,) = read(path, provenance, GOOD + "2026-09,,,openai,m,,,1,USD,1.200,,5,\n").quarantined
    assert "line 3, input_tokens is '1.200', which may be thousands or decimals" in row.reason


@pytest.mark.parametrize(
    "days",
    [
        "13/04/2026,14/04/2026",
        "04/13/2026,04/14/2026",
        "04/04/2026,14/04/2026",
        "4/1/2026,4/14/2026",
        "01/04/2026,14/04/2026",
    ],
)
def test_a_day_between_slashes_is_read_where_only_one_reading_is_a_day(
    path: Path, provenance: Provenance, days: str
) -> None:
    (charge,) = read(path, provenance, f",{days},openai,,,,1,USD,,,,\n").charges
    assert charge.charge_period_end == datetime(2026, 4, 15, tzinfo=UTC)


def test_a_day_between_slashes_of_two_readings_is_refused(path: Path, provenance: Provenance) -> None:
    (row,) = read(path, provenance, GOOD + ",01/04/2026,02/04/2026,openai,,,,1,USD,,,,\n").quarantined
    assert "line 3, start_date is '01/04/2026', not 2026-09 for a month" in row.reason


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        *(('"$1,120.00"', "1120.00"), ("($2.00)", "-2.00"), ("(2.00)", "-2.00"), ("-$2.00", "-2.00")),
        *(("US$ 5", "5"), ("5.00 $", "5.00"), ("$-5", "-5")),
    ],
)
def test_an_amount_may_have_a_dollar_sign_or_brackets_for_a_minus(
    path: Path, provenance: Provenance, written: str, amount: str
) -> None:
    batch = read(path, provenance, f"{GOOD}2026-09,,,openai,,adjustment,,{written},$,,,,\n")
    assert batch.charges[1].billed_cost == Decimal(amount)


@pytest.mark.parametrize("written", ["$", "(-5)", "((5))", "-$-5", "$1.200", "5 $ 6", "()"])
def test_an_amount_in_dollars_of_two_readings_or_none_is_refused(
    path: Path, provenance: Provenance, written: str
) -> None:
    (row,) = read(path, provenance, f"{GOOD}2026-09,,,openai,,,,{written},USD,,,,\n").quarantined
    assert f"line 3, amount is {written!r}" in row.reason


def test_an_amount_between_thousands_of_brackets_is_refused(path: Path, provenance: Provenance) -> None:
    amount = "(" * 3000 + "5" + ")" * 3000
    (row,) = read(path, provenance, f"{GOOD}2026-09,,,openai,,adjustment,,{amount},USD,,,,\n").quarantined
    assert "line 3, amount is '((((" in row.reason


def test_a_quarantined_german_line_is_read_again_as_german(
    path: Path, provenance: Provenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "Apr 26;openai;10;USD\nApr 26;openai;6.200;USD\n"
    quarantined = read(path, provenance, rows, "Monat;Anbieter;Betrag;currency\n").quarantined
    monkeypatch.setattr(invoice_numbers, "THOUSANDS_OR_DECIMALS", re.compile("never"))
    assert len(invoice_csv.replay(quarantined, provenance).charges) == 1


def test_the_samples_are_known_as_a_spreadsheet_writes_them(path: Path, provenance: Provenance) -> None:
    template = data_file("invoice_template.csv").read_text(encoding="utf-8")
    excel = template.replace("2026-09,", "Sep-26,").replace("2026-10-01,2026-10-31", "10/1/2026,10/31/2026")
    header, _, rows = excel.replace(".00,USD", ",USD").partition("\n")
    with pytest.raises(SourcePayloadError, match="it is a sample of the template"):
        read(path, provenance, rows, header + "\n")
