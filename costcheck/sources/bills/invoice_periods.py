"""Which days a line of an invoice list is for; one that is for two months is told how to be two lines."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from costcheck.sources.bills.invoice_dates import Day, may_be_a_day, parse_days, parse_month, parse_range
from costcheck.sources.bills.invoice_faults import Fault, not_right, quoted
from costcheck.sources.bills.invoice_table import Row

DAY = timedelta(days=1)
CENT = Decimal("0.01")
FIRST_YEAR = 2020
"""Nobody sold tokens before: OpenAI opened its API in June 2020."""
MOST_PARTS = 12
DATES = (
    "2026-09 for a month, 2026-09-01 for a day (in a spreadsheet, give these cells the format Text, and then type "
    "them anew)"
)
ONE_OF = "either a month, or a start_date and an end_date"
YEARLESS = "which has no year: write 2026-09-01"
CROSSES = (
    "which crosses a month's end: write one line a calendar month, its days in the columns start_date and end_date, "
    "none in month (which would make a part of a month a whole one); the amounts here are by days"
)
CROSSES_WITH_TOKENS = CROSSES + ", and the tokens are to be split alike"

Period = tuple[date, date]
"""First and last day."""


def read_period(row: Row, *, german: bool, imported_on: date) -> Period | Fault | None:
    """Return the first and the last day, or why there are none; None where the file has no column of them."""
    month, first, last = (row.get(column, "") for column in ("month", "start_date", "end_date"))
    if not {"month", "start_date", "end_date"} & row.keys():
        return None
    if bool(month) == bool(first or last):
        return not_right("month", month, ONE_OF)
    period = _months(month, german, imported_on) if month else _days(first, last, imported_on)
    return period if isinstance(period, Fault) else _plausible(row, period, imported_on)


def _months(text: str, german: bool, imported_on: date) -> Period | Fault:  # noqa: FBT001 - as its caller
    found = parse_range(text)
    if found:
        return _between(Fault("month is", quoted(text), YEARLESS), *found, imported_on)
    month = parse_month(text, german=german)
    if month:
        return month, _end(month)
    if may_be_a_day(text, german=german):
        return Fault("month is", quoted(text), "which may be a month of a year, or a day: write 2026-09, as text")
    return not_right("month", text, DATES)


def _days(first: str, last: str, imported_on: date) -> Period | Fault:
    days = parse_days(first, last)
    for column, text, day in zip(("start_date", "end_date"), (first, last), days, strict=True):
        if day is None:
            return not_right(column, text, DATES)
    start, end = days
    if start is None or end is None:  # both are there: the loop saw to it
        return not_right("start_date", first, DATES)
    yearless = Fault("start_date is", quoted(first), YEARLESS)
    return _between(yearless, start, end, imported_on)


def _between(yearless: Fault, first: Day, last: Day, imported_on: date) -> Period | Fault:
    """Return the period; without a year the latest that is over, and then only to say how it would be two lines."""
    is_told = bool(first.year and last.year)
    year = last.year or imported_on.year
    end = last.in_year(year)
    if end and not last.year and end > imported_on:
        year -= 1
        end = last.in_year(year)
    turned = (first.month, first.day) > (last.month, last.day)
    start = first.in_year(first.year or year - turned)
    if start is None or end is None:
        return yearless
    if end < start:
        return not_right("end_date", f"{end}", f"a day from {start} on")
    return (start, end) if is_told or _month(start) != _month(end) else yearless


def _plausible(row: Row, period: Period, imported_on: date) -> Period | Fault:
    start, _ = period
    column = "month" if row.get("month") else "start_date"
    if start > imported_on:
        return Fault(f"{column} is", quoted(row[column]), f"which begins after the day of import, {imported_on}")
    if start.year < FIRST_YEAR:
        return Fault(f"{column} is", quoted(row[column]), "which is before anybody sold language models by the token")
    return period


def crossing(row: Row, period: Period, amount: Decimal | None, *, commas: bool) -> Fault | None:
    """Return the fault of a period of two or more months, with what to write instead; None for one within a month."""
    start, end = period
    if _month(start) == _month(end):
        return None
    columns = ("month",) if row.get("month") else ("start_date", "end_date")
    said = quoted(" to ".join(row.get(column, "") for column in columns))
    parts = list(_parts(start, end))
    if amount is not None and len(parts) <= MOST_PARTS:
        shares = " and ".join(
            _written(*each, commas=commas) for each in zip(parts, by_days(amount, parts), strict=True)
        )
        said = f"{said} ({shares})"
    return Fault(f"{' to '.join(columns)} is", said, CROSSES_WITH_TOKENS if row.get("input_tokens") else CROSSES)


def _written(part: Period, share: Decimal, *, commas: bool) -> str:
    text = f"{share:.2f}"
    start, end = part
    days = f"{start:%Y-%m}" if start.day == 1 and end == _end(start) else f"{start} to {end}"
    return f"{days}: {text.replace('.', ',') if commas else text}"


def by_days(amount: Decimal, parts: list[Period]) -> list[Decimal]:
    """Return an amount's share of each part by its days, in cents that add up to the amount's own."""
    days = [(end - start).days + 1 for start, end in parts]
    until = [sum(days[: number + 1]) for number in range(len(days))]
    sums = [(amount * count / until[-1]).quantize(CENT, ROUND_HALF_UP) for count in until]
    return [after - before for before, after in zip([Decimal(0), *sums], sums, strict=False)]


def _parts(start: date, end: date) -> Iterator[Period]:
    while start <= end:
        last = min(end, _end(start))
        yield start, last
        start = last + DAY


def _end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month
