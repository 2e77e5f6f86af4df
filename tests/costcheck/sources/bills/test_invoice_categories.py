"""What the words and the sign of an invoice line say that it is; every row here is constructed."""

from decimal import Decimal
from pathlib import Path

import pytest

from costcheck.errors import SourcePayloadError
from costcheck.records import BillBatch, ChargeCategory, Provenance
from costcheck.sources.bills import invoice_csv

HEADER = "month,provider,model,category,description,amount,currency,input_tokens,output_tokens\n"
INVOICE = "2026-09,openai,,,R09,1000.00,USD,,\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "invoices.csv"


def read(path: Path, provenance: Provenance, rows: str) -> BillBatch:
    path.write_text(HEADER + INVOICE + rows, encoding="utf-8")
    return invoice_csv.read(path, provenance)


def line(description: str, amount: str, category: str = "", provider: str = "openai") -> str:
    return f'2026-09,{provider},,{category},"{description}",{amount},USD,,\n'


def categories(batch: BillBatch) -> list[ChargeCategory]:
    return [charge.charge_category for charge in batch.charges[1:]]


@pytest.mark.parametrize(
    ("description", "category"),
    [
        ("Storno R09", ""),
        ("Stornorechnung", ""),
        ("Teilstorno R09", ""),
        ("Rechnungskorrektur R09", ""),
        ("Erstattung", ""),
        ("Rückzahlung", ""),
        ("Refund of R09", ""),
        ("Credit note 17", ""),
        ("Correction of R09", ""),
        ("Annulation facture R09", ""),
        ("", "usage"),
        ("", "adjustment"),
    ],
)
def test_what_takes_an_invoice_back_is_usage_with_a_minus(
    path: Path, provenance: Provenance, description: str, category: str
) -> None:
    batch = read(path, provenance, line(description, "-200.00", category))
    assert categories(batch) == [ChargeCategory.USAGE]
    assert sum(charge.billed_cost for charge in batch.charges) == Decimal(800)


def test_an_adjustment_upwards_is_usage_too(path: Path, provenance: Provenance) -> None:
    assert categories(read(path, provenance, line("", "200.00", "adjustment"))) == [ChargeCategory.USAGE]


@pytest.mark.parametrize("description", ["Promotional credit", "Startup credits", "Gutschein", "Avoir promotionnel"])
def test_a_minus_whose_words_say_a_credit_is_a_credit(path: Path, provenance: Provenance, description: str) -> None:
    assert categories(read(path, provenance, line(description, "-100.00"))) == [ChargeCategory.CREDIT]


@pytest.mark.parametrize("description", ["", "Gutschrift", "Avoir R09", "Rabatt", "Promo refund"])
def test_a_minus_that_may_be_a_credit_or_take_an_invoice_back_is_asked_about(
    path: Path, provenance: Provenance, description: str
) -> None:
    (row,) = read(path, provenance, line(description, "-100.00")).quarantined
    assert "line 3, amount is '-100.00', which may be a credit, or take back what was billed: write" in row.reason


@pytest.mark.parametrize("description", ["Gutschrift R09", "Avoir R09", "Promo refund", "", "R09"])
def test_what_may_be_a_credit_is_one_by_its_category(path: Path, provenance: Provenance, description: str) -> None:
    assert categories(read(path, provenance, line(description, "-100.00", "credit"))) == [ChargeCategory.CREDIT]


@pytest.mark.parametrize("description", ["Storno R09", "Credit note CN-4 goodwill"])
def test_a_credit_with_a_minus_is_one_whatever_its_words(
    path: Path, provenance: Provenance, description: str
) -> None:
    assert categories(read(path, provenance, line(description, "-100.00", "credit"))) == [ChargeCategory.CREDIT]


@pytest.mark.parametrize("description", ["Refund bot", "Cancellation assistant", "Neue Rechnung nach Storno"])
def test_usage_without_a_minus_is_usage_whatever_its_words(
    path: Path, provenance: Provenance, description: str
) -> None:
    assert categories(read(path, provenance, line(description, "900.00", "usage"))) == [ChargeCategory.USAGE]


def test_usage_that_takes_back_all_of_another_line_but_for_its_minus_is_asked_about(
    path: Path, provenance: Provenance
) -> None:
    (row,) = read(path, provenance, line("Storno R09", "1000.00", "usage")).quarantined
    assert "line 3, amount is '1000.00', as much as line 2 and without a minus" in row.reason


@pytest.mark.parametrize(
    ("written", "amount", "category"),
    [
        ("Verbrauch", "10.00", ChargeCategory.USAGE),
        ("Steuer", "10.00", ChargeCategory.TAX),
        ("Storno", "-10.00", ChargeCategory.USAGE),
        ("Aufladung", "10.00", ChargeCategory.PURCHASE),
    ],
)
def test_a_category_may_be_in_german(
    path: Path, provenance: Provenance, written: str, amount: str, category: ChargeCategory
) -> None:
    assert categories(read(path, provenance, line("", amount, written))) == [category]


def test_a_storno_by_its_category_needs_a_minus(path: Path, provenance: Provenance) -> None:
    (row,) = read(path, provenance, line("", "10.00", "Storno")).quarantined
    assert "amount is '10.00', not negative, as what takes an invoice back is" in row.reason


def test_the_category_gutschrift_may_be_two_things(path: Path, provenance: Provenance) -> None:
    (row,) = read(path, provenance, line("", "-10.00", "Gutschrift")).quarantined
    assert "category is 'Gutschrift', which may be a credit, or take back what was billed" in row.reason


def test_a_category_that_is_none_is_told_what_there_are(path: Path, provenance: Provenance) -> None:
    (row,) = read(path, provenance, line("", "10.00", "Kosten")).quarantined
    assert "category is 'Kosten', not one of usage (Verbrauch), credit (what pays for usage), tax" in row.reason


@pytest.mark.parametrize("description", ["Storno R09", "Refund", "Gutschrift", "Avoir R09"])
def test_what_takes_an_invoice_back_needs_a_minus(path: Path, provenance: Provenance, description: str) -> None:
    (row,) = read(path, provenance, line(description, "1000.00")).quarantined
    assert "line 3, amount is '1000.00', not negative, as what takes an invoice back is" in row.reason


@pytest.mark.parametrize("description", ["R09 korrigiert", "Corrected invoice", "Rechnungskorrektur"])
def test_a_corrected_invoice_beside_the_one_that_it_corrects_is_asked_about(
    path: Path, provenance: Provenance, description: str
) -> None:
    for amount in ("900.00", "1000.00"):
        (row,) = read(path, provenance, line(description, amount)).quarantined
        assert f"line 3, description is '{description}', which corrects an invoice, and none of its" in row.reason
        assert "delete the line that it replaces, or give that one's storno a line with a minus" in row.reason
        assert categories(read(path, provenance, line(description, amount, "usage"))) == [ChargeCategory.USAGE]


def test_a_corrected_invoice_whose_first_is_taken_back_is_usage(path: Path, provenance: Provenance) -> None:
    batch = read(path, provenance, line("Storno R09", "-1000.00") + line("R09 korrigiert", "900.00"))
    assert sum(charge.billed_cost for charge in batch.charges) == Decimal(900)


def test_a_corrected_invoice_that_replaces_the_only_one_is_usage(path: Path, provenance: Provenance) -> None:
    mine = [("R09 korrigiert", "900.00"), ("VAT", "90.00"), ("API", "0.00")]
    rows = "".join(line(*each, provider="anthropic") for each in mine)
    assert categories(read(path, provenance, rows)) == ["Usage", "Tax", "Usage"]


def test_an_invoice_may_be_taken_back_as_a_whole(path: Path, provenance: Provenance) -> None:
    batch = read(path, provenance, line("Storno R09", "-1000.00"))
    assert (len(batch.charges), batch.quarantined) == (2, ())


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_what_takes_back_more_than_its_month_charges_is_asked_about(
    path: Path, provenance: Provenance, provider: str
) -> None:
    amount = "-1000.01" if provider == "openai" else "-0.01"
    (row,) = read(path, provenance, line("Storno", amount, provider=provider)).quarantined
    assert "which takes back more than its provider charges in that month in this file" in row.reason
    assert "give it the month of the invoice that it takes back" in row.reason


def test_a_line_with_tokens_that_another_takes_back_would_still_count_them(
    path: Path, provenance: Provenance
) -> None:
    tokens = "2026-09,openai,gpt-5.4,,R10,500.00,USD,1000,50\n"
    (row,) = read(path, provenance, tokens + line("Storno R10", "-500.00")).quarantined
    assert "amount is '-500.00', which takes back line 3, whose tokens would still count" in row.reason


@pytest.mark.parametrize(("category", "amount"), [("credit", "-5"), ("usage", "-5"), ("tax", "5")])
def test_what_was_not_used_has_no_tokens(path: Path, provenance: Provenance, category: str, amount: str) -> None:
    row = f"2026-09,openai,gpt-5.4,{category},,{amount},USD,1000,50\n"
    (quarantined,) = read(path, provenance, row).quarantined
    assert "input_tokens is '1000', not empty: what is a credit or a tax" in quarantined.reason


def test_what_the_other_lines_speak_against_is_still_so_when_it_is_read_again(
    path: Path, provenance: Provenance
) -> None:
    rows = read(path, provenance, line("Storno", "-2000.00")).quarantined
    with pytest.raises(SourcePayloadError, match="which takes back more than"):
        invoice_csv.replay(rows, provenance)


@pytest.mark.parametrize(
    "description",
    [
        "USt 19%",
        "zzgl. 19 % MwSt. 2026-09",
        "Mehrwertsteuer",
        "Umsatzsteuer September 2026",
        "VAT",
        "OpenAI VAT (20%)",
        "Sales tax",
        "Sales tax on OpenAI invoice R09",
        "VAT on the net amount",
        "TVA 20 %",
        "BTW",
        "IVA 21%",
        "GST",
        "Value added tax",
        "19% USt auf Rechnung R09",
        "German VAT",
        "OpenAI VAT INV-0001",
        "VAT 19% corrected",
    ],
)
def test_a_line_whose_words_say_a_tax_is_one(path: Path, provenance: Provenance, description: str) -> None:
    assert categories(read(path, provenance, line(description, "190.00"))) == [ChargeCategory.TAX]


def test_a_tax_may_stand_in_place_of_the_provider(path: Path, provenance: Provenance) -> None:
    batch = read(path, provenance, line("", "190.00", provider="Umsatzsteuer 19%"))
    assert categories(batch) == [ChargeCategory.TAX]


@pytest.mark.parametrize("description", ["Tax services", "Steuern", "VAT"])
def test_a_tax_by_its_words_that_names_a_model_may_be_who_used_it_and_is_asked_about(
    path: Path, provenance: Provenance, description: str
) -> None:
    (row,) = read(path, provenance, f"2026-09,openai,gpt-5.4,,{description},190.00,USD,,\n").quarantined
    assert f"description is '{description}', which may be a tax, or what one is on: write" in row.reason
    for category in (ChargeCategory.TAX, ChargeCategory.USAGE):
        told = read(path, provenance, f"2026-09,openai,gpt-5.4,{category},{description},190.00,USD,,\n")
        assert categories(told) == [category]


def test_a_tax_may_stand_in_place_of_the_model(path: Path, provenance: Provenance) -> None:
    assert categories(read(path, provenance, "2026-09,openai,USt 19%,,,190.00,USD,,\n")) == [ChargeCategory.TAX]


def test_a_reverse_charge_of_zero_is_a_tax(path: Path, provenance: Provenance) -> None:
    assert categories(read(path, provenance, line("VAT (reverse charge)", "0.00"))) == [ChargeCategory.TAX]


@pytest.mark.parametrize(
    "description",
    ["VAT (reverse charge)", "OpenAI API, 19% VAT", "Tax assistant", "Rechnung R10 USt", "VAT invoice"],
)
def test_a_line_that_may_be_a_tax_or_what_one_is_on_is_asked_about(
    path: Path, provenance: Provenance, description: str
) -> None:
    (row,) = read(path, provenance, line(description, "190.00")).quarantined
    assert f"line 3, description is '{description}', which may be a tax, or what one is on" in row.reason
    assert categories(read(path, provenance, line(description, "190.00", "usage"))) == [ChargeCategory.USAGE]


@pytest.mark.parametrize(
    "description",
    [
        "OpenAI API excl. VAT",
        "Rechnung R10 zzgl. USt",
        "Rechnung R10 netto",
        "Netto ohne MwSt",
        "API (VAT reverse charge)",
        "Steuerberater-Bot",
        "USt-frei",
    ],
)
def test_an_amount_without_its_tax_is_usage(path: Path, provenance: Provenance, description: str) -> None:
    assert categories(read(path, provenance, line(description, "190.00"))) == [ChargeCategory.USAGE]


@pytest.mark.parametrize("category", ["", "usage"])
@pytest.mark.parametrize(
    "description",
    [
        *("R10 inkl. 19% MwSt", "R10 incl. VAT", "Facture TTC", "R10 brutto", "R10 gross"),
        *("OpenAI API brutto", "Rechnungsbetrag brutto", "Storno R10 brutto"),
    ],
)
def test_an_amount_with_a_tax_in_it_is_asked_about(
    path: Path, provenance: Provenance, description: str, category: str
) -> None:
    (row,) = read(path, provenance, line(description, "190.00", category)).quarantined
    assert f"line 3, description is '{description}', as if a tax were in the amount" in row.reason


@pytest.mark.parametrize("customer", ["Customer Gross GmbH", "Gross & Partner", "Team Brutto"])
def test_usage_of_somebody_called_gross_is_usage(path: Path, provenance: Provenance, customer: str) -> None:
    assert categories(read(path, provenance, line(customer, "190.00", "usage"))) == [ChargeCategory.USAGE]
    (row,) = read(path, provenance, line(customer, "190.00")).quarantined
    assert "or usage (of usage, the amount without the tax)" in row.reason


def test_a_tax_that_is_called_usage_is_asked_about(path: Path, provenance: Provenance) -> None:
    (row,) = read(path, provenance, line("USt 19%", "190.00", "usage")).quarantined
    assert "line 3, category is 'usage', and the line says a tax: write tax into that column" in row.reason


def test_a_tax_by_its_words_is_at_most_as_much_as_a_tax_can_be(path: Path, provenance: Provenance) -> None:
    assert categories(read(path, provenance, line("VAT", "300.00"))) == [ChargeCategory.TAX]
    (row,) = read(path, provenance, line("VAT", "300.01")).quarantined
    assert "amount is '300.01', which is a tax by its words, and more than a tax is on what its month" in row.reason
    assert categories(read(path, provenance, line("VAT", "300.01", "tax"))) == [ChargeCategory.TAX]


def test_a_file_in_which_every_line_says_a_tax_is_no_bill_of_nothing(path: Path, provenance: Provenance) -> None:
    path.write_text(HEADER + line("VAT", "1900.00"), encoding="utf-8")
    with pytest.raises(SourcePayloadError, match="which is a tax by its words"):
        invoice_csv.read(path, provenance)


@pytest.mark.parametrize(
    "words",
    [
        *("YTD", "YTD 2026", "Year to date", "Gesamtkosten", "Jahressumme 2026", "Monatssumme", "Übertrag"),
        *("Amount due", "Total due", "Total amount", "Balance brought forward", "Saldovortrag", "Gesamt alle"),
        *("Zwischensumme", "Kosten gesamt", "Zu zahlen gesamt"),
    ],
)
def test_words_of_a_sum_are_asked_about(path: Path, provenance: Provenance, words: str) -> None:
    (row,) = read(path, provenance, line(words, "10.00")).quarantined
    assert f"description is '{words}', as if it summed up other lines" in row.reason


@pytest.mark.parametrize("words", ["All chats", "Gesamtkosten Chatbot", "Data due diligence bot", "Transfer API"])
def test_a_text_that_says_more_than_a_sum_is_a_charge(path: Path, provenance: Provenance, words: str) -> None:
    assert categories(read(path, provenance, line(words, "10.00"))) == [ChargeCategory.USAGE]


@pytest.mark.parametrize(
    "provider", ["alle", "Alle Anbieter", "all", "All providers", "All OpenAI", "Alle KI-Anbieter", "Alle 5 Anbieter"]
)
def test_a_provider_that_is_all_of_them_is_asked_about(path: Path, provenance: Provenance, provider: str) -> None:
    (row,) = read(path, provenance, line("", "10.00", provider=provider)).quarantined
    assert f"provider is '{provider}', which may be a sum of other lines or a charge" in row.reason


def test_a_provider_with_a_name_of_its_own_may_begin_with_all(path: Path, provenance: Provenance) -> None:
    batch = read(path, provenance, line("", "10.00", provider="All Hands AI"))
    assert batch.charges[1].service_provider_name == "all hands ai"


@pytest.mark.parametrize(
    ("written", "seller"),
    [("Bedrock", "aws"), ("Amazon Bedrock", "aws"), ("Azure OpenAI", "azure"), ("Vertex AI", "google")],
)
def test_a_product_is_billed_by_its_seller(path: Path, provenance: Provenance, written: str, seller: str) -> None:
    batch = read(path, provenance, line("", "10.00", provider=written))
    assert batch.charges[1].service_provider_name == seller


@pytest.mark.parametrize("category", ["", "usage"])
@pytest.mark.parametrize(
    "words",
    [
        *(
            "Total OpenAI",
            "OpenAI October total",
            "Summe OpenAI Oktober 2026",
            "Invoice total INV-3",
            "Rechnungsbetrag",
        ),
        *("Total API usage", "Open AI total"),
    ],
)
def test_what_is_called_the_sum_of_a_provider_with_other_charges_is_asked_about(
    path: Path, provenance: Provenance, words: str, category: str
) -> None:
    (row,) = read(path, provenance, line(words, "1000.00", category)).quarantined
    assert f"line 3, description is '{words}', as if it summed up the other lines of its provider" in row.reason


@pytest.mark.parametrize(("category", "asked"), [("usage", []), ("", ["line 4"])])
def test_the_invoice_of_a_month_with_another_line_may_be_called_its_total_if_it_tells_its_category(
    path: Path, provenance: Provenance, category: str, asked: list[str]
) -> None:
    totals = [f"2026-{month},openai,,{category},Total OpenAI,12{month}.00,USD,,\n" for month in ("07", "08", "09")]
    path.write_text(HEADER + "".join(totals) + line("Support fee", "50.00", category), encoding="utf-8")
    batch = invoice_csv.read(path, provenance)
    assert [row.reason.partition(",")[0] for row in batch.quarantined] == asked


@pytest.mark.parametrize(("month", "amount"), [("2026-10", "1570"), ("2026-09", "1690"), ("2026-09", "1500")])
def test_what_is_called_a_sum_and_comes_to_the_others_is_asked_about_whatever_its_category(
    path: Path, provenance: Provenance, month: str, amount: str
) -> None:
    rows = line("R10", "500.00") + line("VAT", "190.00") + "2026-08,openai,,,R08,70.00,USD,,\n"
    (row,) = read(path, provenance, f"{rows}{month},openai,,usage,Total OpenAI,{amount},USD,,\n").quarantined
    assert "line 6, description is 'Total OpenAI', as if it summed up the other lines of its provider" in row.reason


def test_an_invoice_a_line_may_be_called_its_total(path: Path, provenance: Provenance) -> None:
    rows = line("Invoice total INV-3", "10.00") + line("Invoice total INV-4", "20.00")
    path.write_text(HEADER + rows + line("Promo credit", "-5.00"), encoding="utf-8")
    assert len(invoice_csv.read(path, provenance).charges) == 3


@pytest.mark.parametrize("category", ["", "usage", "adjustment"])
@pytest.mark.parametrize(
    "words",
    [
        *(
            "Prepaid credit top-up",
            "Auto-recharge",
            "Guthabenaufladung",
            "Topup",
            "Top up of API credits",
            "Vorauszahlung",
        ),
        *("Credits purchased", "Purchase of prepaid credits", "Auto reload", "Refund of top-up"),
    ],
)
def test_credits_bought_in_advance_are_asked_about_and_no_usage(
    path: Path, provenance: Provenance, words: str, category: str
) -> None:
    (row,) = read(path, provenance, line(words, "-30.00" if "Refund" in words else "3000.00", category)).quarantined
    assert f"line 3, description is '{words}', as if credits were bought in advance: write purchase" in row.reason


def test_a_top_up_called_purchase_is_one(path: Path, provenance: Provenance) -> None:
    batch = read(path, provenance, line("Prepaid credit top-up", "3000.00", "purchase") + line("Top-up", "0"))
    assert categories(batch) == [ChargeCategory.PURCHASE, ChargeCategory.USAGE]


@pytest.mark.parametrize("words", ["API usage paid from prepaid credits", "Laptop updates", "Prepaid plan usage"])
def test_use_of_what_was_prepaid_is_usage(path: Path, provenance: Provenance, words: str) -> None:
    assert categories(read(path, provenance, line(words, "30.00", "usage"))) == [ChargeCategory.USAGE]


@pytest.mark.parametrize("words", ["Prepaid credits", "API credits", "OpenAI API credit", "API-Guthaben", "Deposit"])
def test_credits_without_a_category_and_a_minus_may_be_bought_or_used(
    path: Path, provenance: Provenance, words: str
) -> None:
    (row,) = read(path, provenance, line(words, "30.00")).quarantined
    assert "as if credits were bought in advance: write purchase into the column category" in row.reason
    assert categories(read(path, provenance, line(words, "30.00", "usage"))) == [ChargeCategory.USAGE]


def test_what_has_to_do_with_credit_only_is_usage(path: Path, provenance: Provenance) -> None:
    assert categories(read(path, provenance, line("Credit scoring bot", "30.00"))) == [ChargeCategory.USAGE]
