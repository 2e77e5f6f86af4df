"""What the words of an invoice line say of it: a sum of others, a tax, a credit, or what takes an invoice back."""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache

from costcheck.facts import Typed, read_data_toml
from costcheck.sources.bills.invoice_columns import plain, words
from costcheck.sources.bills.invoice_dates import MONTHS


class _Lists(Typed, frozen=True, kw_only=True):
    """Words of a kind, see `data/invoice_words.toml`."""

    sums: frozenset[str]
    about_sums: frozenset[str]
    everybody: frozenset[str]
    taxes: frozenset[str]
    included: frozenset[str]
    left_out: frozenset[str]
    added: frozenset[str]
    nobodys: frozenset[str]
    on: frozenset[str]
    about_taxes: frozenset[str]
    invoice_sums: frozenset[str]
    about_invoices: frozenset[str]
    anybody: frozenset[str]
    products: dict[str, tuple[str, ...]]


_SUM = re.compile(r"gesamt\w*|\w*(summe|saldo|vortrag|total|totals)")
_TO_DATE = re.compile(r"\b(?P<what>year|month)[ -]to[ -]date\b")
_TAKES_BACK = re.compile(
    r"\b(storn\w*|\w*storno|\w*erstattung\w*|\w*rueck(buchung|nahme|zahlung|verguetung)|refund\w*|reversal|reversed"
    r"|cancell?ation|chargeback|credit (note|memo)|annul\w*|remboursement|nota di credito|rimborso"
    r"|creditnota|terugbetaling|reembolso)\b"
)
_CORRECTS = re.compile(r"\b(\w*korrektur\w*|korrigiert\w*|correct\w*|rectif\w*|rettifica|berichtig\w*)\b")
_LESS = re.compile(r"\b(\w*gutschrift\w*|avoir)\b")
_BUYS_CREDITS = re.compile(
    r"\b(top ?ups?|auto (recharges?|reload)|\w*aufladung\w*|vorauszahlung\w*|pre ?payments?"
    r"|(purchased|bought) (\w+ )?credits?|credits? (\w+ )?(purchased?|bought)|purchase of (\w+ )*credits?)\b"
)
_PREPAID = re.compile(r"\b(pre ?paid|deposits?|recharges?|reload|credits|\w*guthaben)\b|\bcredit$")
_CREDITS = re.compile(r"\b(credits?|kredit\w*|promo\w*|voucher\w*|gutschein\w*|\w*guthaben|grant\w*|startup)\b")


@cache
def _lists() -> _Lists:
    return read_data_toml("invoice_words.toml", _Lists)


@cache
def _products() -> dict[str, str]:
    return {name: seller for seller, names in _lists().products.items() for name in names}


@cache
def _sellers() -> frozenset[str]:
    return frozenset(word for names in _products().items() for name in names for word in name.split())


class Tax(StrEnum):
    """What a text says of taxes."""

    NONE = "none"
    ALONE = "alone"
    INCLUDED = "included"
    UNCLEAR = "unclear"


def seller_of(product: str) -> str | None:
    """Return who sells a product that a line names as its provider, None if it is none that is known."""
    return _products().get(" ".join(re.findall(r"\w+", words(product))))


def says_sum(cell: str) -> bool:
    """Return whether a text says nothing but that it sums up: `Summe April 2026`, `YTD`, `Amount due`."""
    rest = _words(_TO_DATE.sub(lambda found: f"{found['what']} ytd", words(cell)))
    return any(map(_is_sum, rest)) and all(
        _is_sum(word) or word in _lists().about_sums | MONTHS.keys() for word in rest
    )


def says_invoice_sum(cell: str, provider: str) -> bool:
    """Return whether a text says nothing but what a provider or an invoice comes to: `Total OpenAI`, `Invoice total`.

    A charge may be called so, too, where a list has one line an invoice.
    """
    told = _words(cell)
    known = _lists().about_sums | _lists().about_invoices | _sellers() | MONTHS.keys() | set(_words(provider))
    is_sum = any(_is_sum(word) or word in _lists().invoice_sums for word in told)
    return is_sum and all(_is_sum(word) or word in _lists().invoice_sums | known for word in told)


def without_sums(cell: str) -> str:
    """Return what is left of a text without the words of a sum, the same where it has none."""
    told = words(cell).split()
    if not any(map(_is_sum, told)):
        return words(cell)
    return " ".join(word for word in told if not _is_sum(word) and word not in _lists().about_sums)


def says_everybody(cell: str) -> bool:
    """Return whether a provider is none in particular: `alle Anbieter`, and not `All Hands AI`."""
    told = set(_words(cell))
    return (
        bool(_lists().everybody & told)
        and told <= _lists().everybody | _lists().anybody | _lists().about_sums | _sellers()
    )


def _is_sum(word: str) -> bool:
    return word in _lists().sums or bool(_SUM.fullmatch(word))


def tax_in(text: str, *, provider: str, is_zero: bool) -> Tax:
    """Return what a text says of taxes.

    Args:
        text: The cell.
        provider: Whose name may stand in it.
        is_zero: The line charges nothing: then a reverse charge is a tax of zero, else it may be what was bought.
    """
    told = _words(text)
    places = [place for place, word in enumerate(told) if word in _lists().taxes]
    if not places:
        return _gross_in(told, provider)
    # What stands behind `on` is what is taxed: `VAT on the net amount` is a tax.
    until = next((place for place, word in enumerate(told) if place > places[0] and word in _lists().on), len(told))
    told = told[:until]
    if _lists().included.intersection(told):
        return Tax.INCLUDED
    if _lists().left_out.intersection(told):
        return Tax.NONE
    known = (
        _lists().about_taxes
        | _lists().added
        | _lists().nobodys
        | _lists().taxes
        | MONTHS.keys()
        | set(_words(provider))
    )
    is_alone = all(len(word) == 1 or word in known or corrects(word) for word in told)
    if _lists().nobodys.intersection(told) and not is_zero:
        return Tax.UNCLEAR if is_alone else Tax.NONE
    if is_alone:
        return Tax.ALONE
    return Tax.NONE if (_lists().added | _lists().nobodys).intersection(told) else Tax.UNCLEAR


def _gross_in(told: Sequence[str], provider: str) -> Tax:
    """Return what words without a tax say: `brutto` may stand in a name, too (`Customer Gross GmbH`)."""
    if not {"brutto", "gross"}.intersection(told):
        return Tax.NONE
    known = (
        _lists().about_sums
        | _lists().about_invoices
        | _lists().invoice_sums
        | _sellers()
        | MONTHS.keys()
        | set(_words(provider))
    )
    return Tax.INCLUDED if all(len(word) == 1 or word in known or corrects(word) for word in told) else Tax.UNCLEAR


def buys_credits(text: str) -> bool:
    """Return whether a text says that credits were bought, which is no use of them: `Prepaid credit top-up`."""
    return bool(_BUYS_CREDITS.search(plain(text)))


def says_prepaid(text: str) -> bool:
    """Return whether a text of a line without a minus may say so: `API credits` may be bought or used."""
    return buys_credits(text) or bool(_PREPAID.search(plain(text)))


def takes_back(text: str) -> bool:
    """Return whether a text says that an invoice, or a part of it, is not due: a line with a minus."""
    return bool(_TAKES_BACK.search(words(text)))


def wants_minus(text: str) -> bool:
    """Return whether a text says what no line without a minus does."""
    return takes_back(text) or bool(_LESS.search(words(text)))


def corrects(text: str) -> bool:
    """Return whether a text says that it corrects an invoice: with a minus what was too much, else the right one."""
    return takes_back(text) or bool(_CORRECTS.search(words(text)))


def says_credit(text: str) -> bool:
    """Return whether a text says a credit, which pays for usage and takes none of it back."""
    return bool(_CREDITS.search(_TAKES_BACK.sub("", words(text))))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d]+", words(text))
