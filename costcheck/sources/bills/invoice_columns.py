"""What the columns of an invoice list may be called; any other column is not read, and that is said."""

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from costcheck.sources.bills.invoice_faults import Fault, quoted

REQUIRED = ("provider", "amount", "currency")
PERIOD = ("month", "start_date", "end_date")
OPTIONAL = ("model", "category", "description", "input_tokens", "cached_input_tokens", "output_tokens", "requests")
COLUMNS = (*PERIOD, *REQUIRED, *OPTIONAL)
ONCE = "which must be there once"
_ENGLISH: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "month": ("billing month", "period", "billing period", "service period"),
        "start_date": ("start", "from", "period start"),
        "end_date": ("end", "to", "until", "period end"),
        "provider": ("vendor", "supplier"),
        "model": ("model name",),
        "input_tokens": ("input token", "prompt tokens"),
        "cached_input_tokens": ("cached tokens", "cached input token"),
        "output_tokens": ("output token", "completion tokens"),
    }
)
_GERMAN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "month": ("monat", "leistungsmonat", "abrechnungsmonat", "zeitraum", "leistungszeitraum"),
        "start_date": ("startdatum", "von", "beginn"),
        "end_date": ("enddatum", "bis", "ende"),
        "provider": ("anbieter", "lieferant"),
        "model": ("modell",),
        "category": ("kategorie",),
        "description": ("beschreibung", "bezeichnung"),
        "amount": ("betrag", "kosten"),
        "currency": ("waehrung",),
        "input_tokens": ("eingabe tokens", "eingabetokens", "eingabe token"),
        "output_tokens": ("ausgabe tokens", "ausgabetokens", "ausgabe token"),
        "requests": ("anfragen",),
    }
)
_NAMES: Mapping[str, str] = MappingProxyType(
    {column.replace("_", " "): column for column in COLUMNS}
    | {name: column for names in (_ENGLISH, _GERMAN) for column, more in names.items() for name in more}
)
_GERMAN_NAMES = frozenset(name for names in _GERMAN.values() for name in names)
_WITH_CURRENCY = re.compile(r"(?P<name>.+?)(?: in)? [(\[]?(?P<code>usd|us\$|\$|eur|€|gbp|£|chf)[)\]]?")
_CODES: Mapping[str, str] = MappingProxyType({"us$": "USD", "$": "USD", "€": "EUR", "£": "GBP"})
_NET = re.compile(r"\bnet(to\w*)?\b")
_GROSS = re.compile(r"\b(gross|brutto\w*)\b")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of the file.

    Attributes:
        names: As they stand there.
        columns: What each of them is, empty for one that is not read.
        currency: Of the amounts, where the header says it (`Betrag (USD)`), else empty.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    currency: str = ""

    @property
    def is_german(self) -> bool:
        """Return whether any of its words is German, so that a day would stand before its month."""
        return any(plain(name) in _GERMAN_NAMES for name in self.names)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Return the names of the columns that are not read."""
        pairs = zip(self.names, self.columns, strict=True)
        return tuple(name for name, column in pairs if name.strip() and not column)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Return what is missing and what is there twice."""
        told = {*self.columns, "currency"} if self.currency else {*self.columns}
        missing = [column for column in REQUIRED if column not in told]
        doubled = [column for column in COLUMNS if self.columns.count(column) > 1]
        found = [Fault("there is no column", repr(column) + self._nearest(column), ONCE) for column in missing]
        if not set(PERIOD) & set(self.columns):
            found.append(Fault("there is no column", "'month'" + self._nearest("month"), ONCE))
        return (
            *found,
            *(Fault("more than one column is", f"{column!r}{self._all(column)}", ONCE) for column in doubled),
        )

    def _nearest(self, column: str) -> str:
        net = [name for name in self.ignored if _NET.search(plain(name))]
        if column == "amount" and net:
            return f" (call {quoted(net[0])} so; a tax gets a line of its own with the category tax)"
        names = [plain(name) for name in self.ignored if not _GROSS.search(plain(name))]
        like = difflib.get_close_matches(column, names, n=1)
        met = [name for name in self.ignored if plain(name) in like]
        return f" (is it {quoted(met[0])}?)" if met else ""

    def _all(self, column: str) -> str:
        names = [quoted(name) for name, each in zip(self.names, self.columns, strict=True) if each == column]
        return f" ({' and '.join(names)})" if len(set(names)) > 1 else ""


def read_header(names: Sequence[str]) -> Header:
    """Return what the names of the columns stand for."""
    told = [_column(name) for name in names]
    columns = [column for column, _ in told]
    currencies = [code for _, code in told if code]
    return Header(tuple(names), tuple(columns), currencies[0] if currencies else "")


def known_columns(names: Sequence[str]) -> tuple[str, ...]:
    """Return which of an invoice list's columns these names are, each once."""
    found = read_header(names)
    return tuple(dict.fromkeys(column for column in found.columns if column))


def nearest(name: str) -> str:
    """Return the column that a name which is none comes nearest to, empty where none is near."""
    return next(iter(difflib.get_close_matches(plain(name).replace(" ", "_"), COLUMNS, n=1)), "")


def words(text: str) -> str:
    """Return a text in small letters, one space between words, umlauts written out."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS).split())


def plain(name: str) -> str:
    """Return the same of a name, in which a hyphen or an underscore is a space."""
    return re.sub(r"[\s_-]+", " ", words(name)).strip()


def _column(name: str) -> tuple[str, str]:
    told = plain(name)
    if told in _NAMES:
        return _NAMES[told], ""
    parts = _WITH_CURRENCY.fullmatch(told)
    if parts and _NAMES.get(parts["name"]) == "amount":
        return "amount", _CODES.get(parts["code"], parts["code"].upper())
    return "", ""
