"""Amounts and counts as people type them; what may be thousands or decimals is neither."""

import re
from decimal import Decimal

from costcheck.sources.bills.invoice_faults import Fault, not_right, quoted

# 0.125 is nobody's way to write thousands.
THOUSANDS_OR_DECIMALS = re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+")
COMMAS_THAT_MAY_BE_EITHER = re.compile(r"-?[1-9]\d{0,2}(,\d{3})+")
DECIMAL_COMMA = re.compile(r"-?(\d{1,3}(\.\d{3})+|\d+),\d+")
PLAIN = re.compile(r"-?\d+(\.\d+)?|-?\.\d+")
# Where both signs stand, or a space and one of them, only one reading is left.
POINT_LAST = re.compile(r"-?[1-9]\d{0,2}((,\d{3})+\.\d+|( \d{3})+(\.\d+)?)")
COMMA_LAST = re.compile(r"-?[1-9]\d{0,2}((\.\d{3})+,\d+|( \d{3})+,\d+)")
GROUPED_COUNT = re.compile(r"[1-9]\d{0,2}((\.\d{3}){2,}|(,\d{3}){2,}|( \d{3})+|('\d{3})+)")
COUNT_OR_DECIMALS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
# A spreadsheet gives a count decimals, too; of a short one with decimals nobody knows whether it is in millions.
WITHOUT_DECIMALS = re.compile(
    r"(?P<count>\d{7,}|[1-9]\d{0,2}(\.\d{3}){2,}(?=,)|[1-9]\d{0,2}(,\d{3}){2,}(?=\.)|[1-9]\d{0,2}([ ']\d{3}){2,})"
    r"[.,]00?"
)
SHORTENED = re.compile(r"\d+([.,]\d+)?e\+?\d+", re.IGNORECASE)
MOST_DIGITS_OF_AN_AMOUNT = 12
MOST_DIGITS_OF_A_COUNT = 18
EITHER = "which may be thousands or decimals: write 6200.00 for six thousand two hundred, 6.20 for six dollars twenty"
EITHER_COUNT = "which may be thousands or decimals: write all digits without a separator, such as 1200"
AMOUNT = (
    "a number such as 1200.00 or -50.00 (between semicolons 1200,00 or 1.200,00, too), with no currency sign but $"
)
COUNT = "a whole number, zero or more, all its digits without a separator"
SHORTENED_COUNT = (
    "which a spreadsheet has shortened: format these cells as numbers without decimals, and save it again"
)
# What a spreadsheet puts around an amount in dollars; what stands within must be an amount itself.
IN_BRACKETS = re.compile(r"\((?P<number>.+)\)")
WITH_DOLLARS = re.compile(
    r"(?P<minus>-?) ?(?:(?:us)?\$ ?(?P<after>[^$]+)|(?P<before>[^$]+?) ?(?:us)?\$)", re.IGNORECASE
)
_SIGNS = str.maketrans({"\N{MINUS SIGN}": "-", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "})
_QUOTES = str.maketrans({"\N{RIGHT SINGLE QUOTATION MARK}": "'"})


def read_amount(text: str, *, commas: bool) -> Decimal | Fault:
    """Return an amount, or why it is none.

    Args:
        text: The cell.
        commas: Whether a comma may stand before the decimals; between commas it may not.
    """
    written = _without_dollars(text.translate(_SIGNS))
    if THOUSANDS_OR_DECIMALS.fullmatch(written) or (commas and COMMAS_THAT_MAY_BE_EITHER.fullmatch(written)):
        return Fault("amount is", quoted(text), EITHER)
    amount = _amount(written, commas=commas)
    if amount is None or amount.adjusted() >= MOST_DIGITS_OF_AN_AMOUNT:
        return not_right("amount", text, AMOUNT)
    return amount


def _without_dollars(text: str) -> str:
    brackets = IN_BRACKETS.fullmatch(text)
    written = brackets["number"] if brackets else text
    dollars = WITH_DOLLARS.fullmatch(written)
    if dollars:
        written = dollars["minus"] + (dollars["after"] or dollars["before"])
    return f"-{written}" if brackets else written


def _amount(text: str, *, commas: bool) -> Decimal | None:
    if not text.isascii():
        return None
    if COMMA_LAST.fullmatch(text) or (commas and DECIMAL_COMMA.fullmatch(text)):
        return Decimal(text.replace(".", "").replace(" ", "").replace(",", "."))
    if POINT_LAST.fullmatch(text) or PLAIN.fullmatch(text):
        return Decimal(text.replace(",", "").replace(" ", ""))
    return None


def read_count(column: str, text: str) -> int | Fault:
    """Return a count, or why it is none; `1.234.567` and `1234567,00` are, `1.200` may be two things."""
    written = text.translate(_SIGNS).translate(_QUOTES)
    if COUNT_OR_DECIMALS.fullmatch(written):
        return Fault(f"{column} is", quoted(text), EITHER_COUNT)
    if SHORTENED.fullmatch(written):
        return Fault(f"{column} is", quoted(text), SHORTENED_COUNT)
    whole = WITHOUT_DECIMALS.fullmatch(written)
    written = whole["count"] if whole else written
    digits = re.sub(r"[.,' ]", "", written) if GROUPED_COUNT.fullmatch(written) else written
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= MOST_DIGITS_OF_A_COUNT):
        return not_right(column, text, COUNT)
    return int(digits)
