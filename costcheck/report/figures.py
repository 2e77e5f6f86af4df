"""How a figure is written: rounding for display and nothing else. What is missing is a word, never a 0."""

import itertools
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from costcheck.units import to_cents
from costcheck.verdict import Band

UNKNOWN = "unknown"
NONE = "none"
NO_SKU = "no SKU recorded"
DOTS = "..."

_CENTS_BELOW_USD = Decimal(100)
_SMALLEST_USD = Decimal("0.01")
_SCALES = ((Decimal(10**9), "billion"), (Decimal(10**6), "million"))

_UNITS = {"1000000 Tokens": "million tokens", "1000000 Requests": "million requests", "Hours": "hours"}


def usd(amount: Decimal | None) -> str:
    """Return an estimate in whole dollars, in cents below $100: `$4,210`, `-$300`, `$12.40`."""
    if amount is None or not amount.is_finite():
        return UNKNOWN
    if abs(amount) < _CENTS_BELOW_USD:
        return usd_and_cents(amount)
    return _signed(amount, f"{_whole(abs(amount)):,f}")


def usd_and_cents(amount: Decimal | None) -> str:
    """Return an amount as a bill prints it: `$1,358.53`; what rounds to nothing but is not is `under $0.01`."""
    if amount is None or not amount.is_finite():
        return UNKNOWN
    if amount and abs(amount) < _SMALLEST_USD:
        return f"under {_signed(amount, '0.01')}"
    return _signed(amount, f"{to_cents(abs(amount)):,f}")


def unit_price(amount: Decimal | None) -> str:
    """Return a unit price with all its decimals, at least two: `$0.10`, `$0.000000125`."""
    if amount is None or not amount.is_finite():
        return UNKNOWN
    whole, _, decimals = f"{abs(amount):,f}".partition(".")
    return _signed(amount, f"{whole}.{decimals.rstrip('0').ljust(2, '0')}")


def band(figures: Band | None) -> str:
    """Return `P10 / P50 / P90` in dollars."""
    if figures is None:
        return NONE
    return f"{usd(figures.p10)} / {usd(figures.p50)} / {usd(figures.p90)}"


def count(number: Decimal | int | None) -> str:
    """Return a count of requests or tokens as people say it: `225,000`, `1.24 million`, `0.35`."""
    if number is None or not Decimal(number).is_finite():
        return UNKNOWN
    exact = Decimal(number)
    for scale, word in _SCALES:
        if abs(exact) >= scale:
            return f"{quantity(exact / scale)} {word}"
    return quantity(exact) if abs(exact) < _CENTS_BELOW_USD else f"{_whole(exact):,f}"


def quantity(number: Decimal | None) -> str:
    """Return a quantity with at most two decimals, or two significant digits below 0.1: `730`, `2.35`, `0.0042`."""
    if number is None or not number.is_finite():
        return UNKNOWN
    step = Decimal("0.01")
    if number and abs(number) < Decimal("0.1"):
        step = Decimal(1).scaleb(number.adjusted() - 1)
    shown = f"{number.quantize(step, ROUND_HALF_UP):,f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def share(fraction: Decimal | None) -> str:
    """Return a fraction as a percentage: `62 %`, `0.4 %`."""
    if fraction is None or not fraction.is_finite():
        return UNKNOWN
    percent = fraction.scaleb(2)
    return f"{_whole(percent):,f} %" if abs(percent) >= 1 else f"{quantity(percent)} %"


def months(number: Decimal | int | None) -> str:
    """Return a time in months, one decimal at most: `1 month`, `7.5 months`."""
    if number is None or not Decimal(number).is_finite():
        return NONE
    shown = f"{Decimal(number).quantize(Decimal('0.1'), ROUND_HALF_UP):,f}".removesuffix(".0")
    return f"{shown} month" if shown == "1" else f"{shown} months"


def day(when: date | None) -> str:
    """Return a date as year-month-day, which reads the same everywhere."""
    return NONE if when is None else when.isoformat()


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `1 instance` or `3 instances`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def unit(name: str) -> str:
    """Return a pricing unit in words: `million tokens` for FOCUS's `1000000 Tokens`."""
    return _UNITS.get(name, plain(name))


def mapping(entries: Mapping[str, int]) -> str:
    """Return `a: 2, b: 1` in the order of the names."""
    return ", ".join(f"{plain(name)}: {entries[name]:,}" for name in sorted(entries)) or NONE


def plain(text: str | None) -> str:
    """Return the text on one line without characters that steer a terminal, or `unknown` where nothing is left."""
    kept = (" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text or "")
    return " ".join("".join(kept).split()) or UNKNOWN


def shortened(text: str, limit: int) -> str:
    """Return the text, cut to `limit` characters with `...` at the end where it is longer."""
    return text if len(text) <= limit else text[: limit - len(DOTS)].rstrip() + DOTS


def told_apart(texts: Sequence[str], limit: int) -> tuple[str, ...]:
    """Return each text cut to `limit` characters; what would then read like another is cut in its middle instead.

    Where no cut keeps texts apart, each of them ends in its number.
    """
    cut = [shortened(text, limit) for text in texts]
    groups = [sorted({text for text, shown in zip(texts, cut, strict=True) if shown == short}) for short in set(cut)]
    apart = {text: shown for group in groups for text, shown in _cut_apart(group, limit).items()}
    often = Counter(apart.values())
    marks = ["" if often[apart[text]] == 1 else f" ({number})" for number, text in enumerate(texts, start=1)]
    return tuple(
        shortened(text, limit - len(mark)) + mark if mark else apart[text]
        for text, mark in zip(texts, marks, strict=True)
    )


def _cut_apart(group: Sequence[str], limit: int) -> dict[str, str]:
    """Return texts that read the same once cut at the end, with what differs kept; one that begins all stays so."""
    shortest = min(group, key=len)
    is_begin = all(text.startswith(shortest) for text in group)
    room = limit - len(DOTS)
    whole = max(map(len, group)) - (len(shortest) if is_begin else _same_words(group))
    tails = (*([whole] if whole <= room else []), *range(room // 2, room), *range(room // 2, 0, -1))
    for tail in tails if len(group) > 1 else ():
        shown = {text: _cut_in_the_middle(text, limit, tail) for text in group}
        if is_begin:
            shown[shortest] = shortened(shortest, limit)
        if len(set(shown.values())) == len(group):
            return shown
    return {text: shortened(text, limit) for text in group}


def _same_words(texts: Sequence[str]) -> int:
    """Return at which character the first word begins that is not the same in all of the texts."""
    letters = itertools.takewhile(lambda at: len(set(at)) == 1, zip(*texts, strict=False))
    return "".join(letter for letter, *_ in letters).rfind(" ") + 1


def _cut_in_the_middle(text: str, limit: int, tail: int) -> str:
    if len(text) <= limit:
        return text
    return text[: limit - len(DOTS) - tail].rstrip() + DOTS + text[-tail:].lstrip()


def _signed(amount: Decimal, digits: str) -> str:
    return f"-${digits}" if amount < 0 else f"${digits}"


def _whole(number: Decimal) -> Decimal:
    return number.quantize(Decimal(1), ROUND_HALF_UP)
