"""What the words of an invoice line say of it: a sum of others, a tax, a credit, or what takes an invoice back."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from costcheck.sources.bills.invoice_columns import plain, words
from costcheck.sources.bills.invoice_dates import MONTHS

_SUM = re.compile(r"gesamt\w*|\w*(summe|saldo|vortrag|total|totals)")
_SUMS = frozenset(
    (
        *("sum", "zwischenergebnis", "insgesamt", "uebertrag", "kumuliert", "kumulativ", "aufgelaufen", "faellig"),
        *(
            "faelliger",
            "somme",
            "cumul",
            "totale",
            "suma",
            "totaal",
            "balance",
            "overall",
            "cumulative",
            "ytd",
            "mtd",
        ),
        *("due", "forward"),
    )
)
_ABOUT_SUMS = frozenset(
    (
        *("grand", "sub", "sous", "net", "netto", "gross", "brutto", "ttc", "ht", "of", "for", "month", "year", "to"),
        *("date", "monat", "jahr", "quartal", "quarter", "usd", "eur", "und", "and", "q", "running", "annual", "all"),
        *(
            "alle",
            "brought",
            "carried",
            "amount",
            "betrag",
            "cost",
            "costs",
            "kosten",
            "spend",
            "zu",
            "zahlen",
            "bis",
        ),
    )
)
_TO_DATE = re.compile(r"\b(?P<what>year|month)[ -]to[ -]date\b")
EVERYBODY = frozenset(("all", "alle", "alles", "saemtliche", "every", "tous", "todos", "tutti", "allemaal"))
"""No provider is called that."""
_TAXES = frozenset(
    (
        *("tax", "taxes", "vat", "gst", "hst", "qst", "jct", "steuer", "steuern", "ust", "umsatzsteuer", "mwst"),
        *("mehrwertsteuer", "vorsteuer", "einfuhrumsatzsteuer", "quellensteuer", "tva", "taxe", "iva", "igic", "btw"),
        *("moms", "mva", "dph", "impuesto", "impuestos", "imposta", "belasting", "ttc", "bruttobetrag"),
    )
)
_INCLUDED = frozenset(
    (
        *(
            "inkl",
            "incl",
            "inklusive",
            "inclusive",
            "including",
            "includes",
            "included",
            "einschl",
            "einschliesslich",
        ),
        *(
            "brutto",
            "bruttobetrag",
            "gross",
            "ttc",
            "compris",
            "comprise",
            "incluido",
            "inclusief",
            "compresa",
            "mit",
        ),
    )
)
_LEFT_OUT = frozenset(
    (
        *("netto", "net", "nettobetrag", "exkl", "excl", "exklusive", "exclusive", "excluding", "ohne", "without"),
        *("before", "vor", "hors", "exempt", "befreit", "free", "frei", "keine", "senza", "sans", "sin"),
    )
)
_ADDED = frozenset(("zzgl", "zuzueglich", "plus"))
_NOBODYS = frozenset(("reverse", "steuerschuldnerschaft"))
_ON = frozenset(("on", "auf", "zu", "zur", "for", "fuer", "of", "sur", "su", "sobre", "op", "over"))
_ABOUT_TAXES = frozenset(
    (
        *("sales", "use", "value", "added", "goods", "and", "services", "service", "consumption", "withholding"),
        *("state", "local", "city", "county", "at", "rate", "satz", "percent", "prozent", "eu", "us", "de", "charge"),
        *("gesetzliche", "gesetzl", "gesetzlicher", "ges", "des", "leistungsempfaengers", "usd", "eur"),
        *("german", "deutsche", "uk", "irish", "inv"),
    )
)
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
PRODUCTS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("bedrock", "aws bedrock", "amazon bedrock", "amazon aws"), "aws"),
        **dict.fromkeys(("azure openai", "azure open ai", "azure openai service", "microsoft azure openai"), "azure"),
        **dict.fromkeys(
            ("vertex ai", "vertex", "google vertex ai", "gemini", "google gemini", "gemini api"), "google"
        ),
        **dict.fromkeys(("google ai studio", "google ai"), "google"),
        **dict.fromkeys(("claude", "claude api", "anthropic api", "anthropic claude"), "anthropic"),
        **dict.fromkeys(("openai api", "openai platform"), "openai"),
    }
)
"""Who sells what people name in place of the seller."""

_INVOICE_SUMS = frozenset(("rechnungsbetrag", "endbetrag"))
_ABOUT_INVOICES = frozenset(
    (
        *("invoice", "invoices", "inv", "rechnung", "rechnungen", "bill", "facture", "no", "nr", "vom", "from"),
        *("api", "usage", "nutzung", "verbrauch", "service", "services", "charges", "the", "der", "die", "in"),
    )
)
_SELLERS = frozenset(word for names in PRODUCTS.items() for name in names for word in name.split())
_ANYBODY = frozenset(
    (
        *("anbieter", "provider", "providers", "vendor", "vendors", "supplier", "suppliers", "seller", "sellers"),
        *("lieferant", "lieferanten", "dienste", "dienstleister", "hersteller", "fournisseurs", "proveedores"),
        *("fornitori", "leveranciers", "services", "apis", "llm", "llms", "ki", "ia", "model", "models", "modelle"),
        *("modellanbieter", "kianbieter", "die", "der", "the", "our", "unsere", "les", "los", "i"),
    )
)


class Tax(StrEnum):
    """What a text says of taxes."""

    NONE = "none"
    ALONE = "alone"
    INCLUDED = "included"
    UNCLEAR = "unclear"


def seller_of(product: str) -> str | None:
    """Return who sells a product that a line names as its provider, None if it is none that is known."""
    return PRODUCTS.get(" ".join(re.findall(r"\w+", words(product))))


def says_sum(cell: str) -> bool:
    """Return whether a text says nothing but that it sums up: `Summe April 2026`, `YTD`, `Amount due`."""
    rest = _words(_TO_DATE.sub(lambda found: f"{found['what']} ytd", words(cell)))
    return any(map(_is_sum, rest)) and all(_is_sum(word) or word in _ABOUT_SUMS | MONTHS.keys() for word in rest)


def says_invoice_sum(cell: str, provider: str) -> bool:
    """Return whether a text says nothing but what a provider or an invoice comes to: `Total OpenAI`, `Invoice total`.

    A charge may be called so, too, where a list has one line an invoice.
    """
    told = _words(cell)
    known = _ABOUT_SUMS | _ABOUT_INVOICES | _SELLERS | MONTHS.keys() | set(_words(provider))
    is_sum = any(_is_sum(word) or word in _INVOICE_SUMS for word in told)
    return is_sum and all(_is_sum(word) or word in _INVOICE_SUMS | known for word in told)


def without_sums(cell: str) -> str:
    """Return what is left of a text without the words of a sum, the same where it has none."""
    told = words(cell).split()
    if not any(map(_is_sum, told)):
        return words(cell)
    return " ".join(word for word in told if not _is_sum(word) and word not in _ABOUT_SUMS)


def says_everybody(cell: str) -> bool:
    """Return whether a provider is none in particular: `alle Anbieter`, and not `All Hands AI`."""
    told = set(_words(cell))
    return bool(EVERYBODY & told) and told <= EVERYBODY | _ANYBODY | _ABOUT_SUMS | _SELLERS


def _is_sum(word: str) -> bool:
    return word in _SUMS or bool(_SUM.fullmatch(word))


def tax_in(text: str, *, provider: str, is_zero: bool) -> Tax:
    """Return what a text says of taxes.

    Args:
        text: The cell.
        provider: Whose name may stand in it.
        is_zero: The line charges nothing: then a reverse charge is a tax of zero, else it may be what was bought.
    """
    told = _words(text)
    places = [place for place, word in enumerate(told) if word in _TAXES]
    if not places:
        return _gross_in(told, provider)
    # What stands behind `on` is what is taxed: `VAT on the net amount` is a tax.
    until = next((place for place, word in enumerate(told) if place > places[0] and word in _ON), len(told))
    told = told[:until]
    if _INCLUDED.intersection(told):
        return Tax.INCLUDED
    if _LEFT_OUT.intersection(told):
        return Tax.NONE
    known = _ABOUT_TAXES | _ADDED | _NOBODYS | _TAXES | MONTHS.keys() | set(_words(provider))
    is_alone = all(len(word) == 1 or word in known or corrects(word) for word in told)
    if _NOBODYS.intersection(told) and not is_zero:
        return Tax.UNCLEAR if is_alone else Tax.NONE
    if is_alone:
        return Tax.ALONE
    return Tax.NONE if (_ADDED | _NOBODYS).intersection(told) else Tax.UNCLEAR


def _gross_in(told: Sequence[str], provider: str) -> Tax:
    """Return what words without a tax say: `brutto` may stand in a name, too (`Customer Gross GmbH`)."""
    if not {"brutto", "gross"}.intersection(told):
        return Tax.NONE
    known = _ABOUT_SUMS | _ABOUT_INVOICES | _INVOICE_SUMS | _SELLERS | MONTHS.keys() | set(_words(provider))
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
