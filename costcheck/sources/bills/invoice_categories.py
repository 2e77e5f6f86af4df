"""What a line of an invoice list is: usage, a credit, a tax; what may be two things is asked about."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from costcheck.records import ChargeCategory
from costcheck.sources.bills.invoice_faults import Fault, not_right, quoted
from costcheck.sources.bills.invoice_table import Row
from costcheck.sources.bills.invoice_words import (
    Tax,
    buys_credits,
    corrects,
    says_credit,
    says_prepaid,
    tax_in,
    wants_minus,
)

USAGE, CREDIT, TAX = ChargeCategory.USAGE, ChargeCategory.CREDIT, ChargeCategory.TAX
IS_ADJUSTED = (USAGE, ChargeCategory.ADJUSTMENT)
CREDIT_OR_NOT_DUE = (
    "which may be a credit, or take back what was billed: write into the column category credit (a decision takes no "
    "credit from what your usage costs) or usage (it is taken from that)"
)
IS_A_CREDIT = "zero or more for usage; write credit into the column category of a credit"
A_CREDIT = "negative, as a credit is: write a minus before it"
NOT_DUE = (
    "negative, as what takes an invoice back is: write a minus before it if it does; if not, write usage into the "
    "column category"
)
_GERMAN: Mapping[str, ChargeCategory] = MappingProxyType(
    {
        **dict.fromkeys(("verbrauch", "nutzung"), USAGE),
        **dict.fromkeys(("steuer", "umsatzsteuer", "ust", "mwst", "mehrwertsteuer"), TAX),
        **dict.fromkeys(("storno", "korrektur", "erstattung"), ChargeCategory.ADJUSTMENT),
        **dict.fromkeys(("kauf", "aufladung", "guthabenaufladung"), ChargeCategory.PURCHASE),
    }
)
KNOWN: Mapping[str, ChargeCategory] = MappingProxyType({**{each.lower(): each for each in ChargeCategory}, **_GERMAN})
ONE_OF = (
    "one of usage (Verbrauch), credit (what pays for usage), tax (Steuer), purchase (Aufladung), adjustment (Storno)"
)
IS_A_TAX = "and the line says a tax: write tax into that column, or say what else the line is for"
MAY_BE_A_TAX = (
    "which may be a tax, or what one is on: write into the column category tax or usage (of usage, the amount "
    "without the tax)"
)
PREPAID = (
    "as if credits were bought in advance: write purchase into the column category, and what was used of them into "
    "a line of its own with usage (a decision counts the use); if this line is what was used, write usage"
)
HAS_A_TAX_IN_IT = (
    "as if a tax were in the amount: write the amount without it, the tax in a line of the category tax, and leave "
    "these words out"
)


def read_category(row: Row, amount: Decimal) -> ChargeCategory | Fault:
    """Return the category that a line says, or that its words and its sign leave no doubt of."""
    name = row.get("category", "").lower()
    told = KNOWN.get(name)
    if name == "gutschrift":
        return Fault("category is", quoted(row["category"]), CREDIT_OR_NOT_DUE)
    if name and told is None:
        return not_right("category", row["category"], ONE_OF)
    if told is None or told in IS_ADJUSTED:
        other = _taxed(row, told, is_zero=not amount) or _prepaid(row, told, amount)
        if other is not None:
            return other
    return _negative(row, told) if amount < 0 else _positive(row, told, amount)


def _prepaid(row: Row, told: ChargeCategory | None, amount: Decimal) -> Fault | None:
    text = row.get("description", "")
    if amount and buys_credits(text):
        return Fault("description is", quoted(text), f"{PREPAID} and leave these words out")
    if amount > 0 and told is None and says_prepaid(text):
        return Fault("description is", quoted(text), PREPAID)
    return None


def _taxed(row: Row, told: ChargeCategory | None, *, is_zero: bool) -> ChargeCategory | Fault | None:
    for column in ("description", "provider", "model"):
        text = row.get(column, "")
        says = tax_in(text, provider=row.get("provider", "") if column == "description" else "", is_zero=is_zero)
        if says is Tax.ALONE and column != "model" and row.get("model"):
            says = Tax.UNCLEAR  # A model is not taxed by a line of its own: `Tax services` may be who used it.
        if says is Tax.ALONE:
            return TAX if told is None else Fault("category is", quoted(row["category"]), IS_A_TAX)
        if says is Tax.INCLUDED:
            return Fault(f"{column} is", quoted(text), HAS_A_TAX_IN_IT)
        if says is Tax.UNCLEAR and told is None:
            return Fault(f"{column} is", quoted(text), MAY_BE_A_TAX)
    return None


def _negative(row: Row, told: ChargeCategory | None) -> ChargeCategory | Fault:
    text = row.get("description", "")
    is_back, is_credit = corrects(text), says_credit(text)
    if told is None and is_back == is_credit:
        return Fault("amount is", quoted(row["amount"]), CREDIT_OR_NOT_DUE)
    if told in IS_ADJUSTED and is_credit and not is_back:
        return not_right("amount", row["amount"], IS_A_CREDIT)
    if told is None:
        return CREDIT if is_credit else USAGE
    # FOCUS, too, has a correction of usage in the category Usage.
    return USAGE if told in IS_ADJUSTED else told


def _positive(row: Row, told: ChargeCategory | None, amount: Decimal) -> ChargeCategory | Fault:
    if told is CREDIT and amount:
        return not_right("amount", row["amount"], A_CREDIT)
    text = row.get("category", "") if told else row.get("description", "")
    if amount and wants_minus(text):
        return not_right("amount", row["amount"], NOT_DUE)
    return USAGE if told is None or told in IS_ADJUSTED else told
