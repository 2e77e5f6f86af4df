"""Whether the prices behind an answer are young enough for it."""

from collections.abc import Iterable
from datetime import date

from costcheck.errors import PriceNotFoundError
from costcheck.gate.checks import answer, held
from costcheck.gate.result import Check, Outcome
from costcheck.price_book import PriceBook
from costcheck.records import UnitPrice

SHOWN = 3


def check_ages(prices: Iterable[UnitPrice], book: PriceBook, today: date) -> Check:
    """Return whether every price is within its age on that day."""
    used = tuple(prices)
    old = sorted({problem for price in used if (problem := _problem(price, book, today))})
    more = f" and {len(old) - SHOWN} more" if len(old) > SHOWN else ""
    return answer(
        "prices",
        held(not old, Outcome.CANNOT_DECIDE),
        subject="prices",
        seen=f"{'; '.join(old[:SHOWN])}{more}" if old else f"{len(used)} prices, none too old",
        needed="prices within their age",
        to_do="give --live, or `costcheck prices pull --out prices.json` and --prices prices.json",
    )


def _problem(price: UnitPrice, book: PriceBook, today: date) -> str:
    """Return what is wrong with the age of a price, empty where nothing is."""
    try:
        age, limit = book.age_days(price, today, live=True), book.max_ages.limit_days(price)
    except PriceNotFoundError as exc:
        return exc.seen
    return f"{price.key} is {age} days old, at most {limit}" if age > limit else ""
