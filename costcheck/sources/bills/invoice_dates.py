"""Months and days as people type them, in ISO, German or English; what has two readings is none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from costcheck.sources.bills.invoice_columns import words

CENTURY = 2000
_ENGLISH = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"),
    "december",
)
_GERMAN = (
    *("januar", "februar", "maerz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november"),
    "dezember",
)
MONTHS: Mapping[str, int] = MappingProxyType(
    {
        form: number
        for names in (_ENGLISH, _GERMAN)
        for number, name in enumerate(names, 1)
        for form in (name, name[:3])
    }
    | {"jaenner": 1, "maer": 3, "mrz": 3, "sept": 9}
)
_ENGLISH_FORMS = frozenset(form for name in _ENGLISH for form in (name, name[:3])) | {"sept"}
_ISO_DAY = re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?:[ t]00:00(?::00(?:\.0+)?)?z?)?")
_DOTTED_DAY = re.compile(r"(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\.(?: ?(?P<year>\d{4}|\d{2}))?")
_DAY_FIRST = re.compile(r"(?P<day>\d{1,2})\.? (?P<name>[a-z]+)\.?,? (?P<year>\d{4})")
_MONTH_FIRST = re.compile(r"(?P<name>[a-z]+)\.? (?P<day>\d{1,2}),? (?P<year>\d{4})")
_SLASHES = re.compile(r"(?P<one>\d{1,2})/(?P<two>\d{1,2})/(?P<year>\d{4})")
_ISO_MONTH = re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})")
_MONTH_YEAR = re.compile(r"(?P<month>\d{1,2})[./-](?P<year>\d{4})")
_NAMED = re.compile(
    "(?P<name>[a-z]+)[.,]?(?P<between>[ -]?)(?P<short>['\N{RIGHT SINGLE QUOTATION MARK}])?(?P<year>\\d{4}|\\d{2})"
)
_YEAR_NAMED = re.compile(r"(?P<year>\d{4}) (?P<name>[a-z]+)\.?")
_RANGE = re.compile(
    r"(?P<first>\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2})?) ?(?:-|–|—|/|bis|to) ?"  # noqa: RUF001
    r"(?P<last>\d{4}-\d{1,2}-\d{1,2}|\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2})?)"
)
MOST_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or one whose year was left out."""

    year: int | None
    month: int
    day: int

    def in_year(self, year: int) -> date | None:
        """Return the date in a year, None where that year has no such day."""
        try:
            return date(year, self.month, self.day)
        except ValueError:
            return None


def parse_month(text: str, *, german: bool) -> date | None:
    """Return the first day of a month, None for anything that is not one month and certainly so.

    Args:
        text: The cell.
        german: Whether the file is in German, where a day stands before its month: `Apr 26` is a year there.
    """
    told = words(text)
    day = parse_day(text)
    if day is not None:
        # A spreadsheet writes a month as its first day; any other is the day of something.
        return date(day.year, day.month, 1) if day.year and day.day == 1 and day.in_year(day.year) else None
    for pattern in (_ISO_MONTH, _MONTH_YEAR, _YEAR_NAMED, _NAMED):
        found = pattern.fullmatch(told)
        if found and not (pattern is _NAMED and _may_be_a_day(found, german=german)):
            return _first(_year(found["year"]), _month(found))
    return None


def may_be_a_day(text: str, *, german: bool) -> bool:
    """Return whether a cell such as `Apr 26` may be a month or a day."""
    found = _NAMED.fullmatch(words(text))
    return bool(found and _month(found) and _may_be_a_day(found, german=german))


def _may_be_a_day(found: re.Match[str], *, german: bool) -> bool:
    # `Sep-26` is how Excel writes a month; a day of one is `26-Sep` there.
    is_short = len(found["year"]) < len("2026") and not found["short"] and found["between"] != "-"
    only_german = found["name"] not in _ENGLISH_FORMS
    return is_short and not german and not only_german


def parse_day(text: str) -> Day | None:
    """Return a day, None for anything that is not one day and certainly so: `01/04/2026` may be two."""
    told = words(text)
    for pattern in (_ISO_DAY, _DOTTED_DAY, _DAY_FIRST, _MONTH_FIRST):
        found = pattern.fullmatch(told)
        if found:
            return _day(found["year"], _month(found), int(found["day"]))
    found = _SLASHES.fullmatch(told)
    if found:
        one, two = int(found["one"]), int(found["two"])
        if one > MOST_MONTHS or one == two:
            return _day(found["year"], two, one)
        return _day(found["year"], one, two) if two > MOST_MONTHS else None
    return None


def parse_days(first: str, last: str) -> tuple[Day | None, Day | None]:
    """Return two days of one line, which stand in one order: `10/1/2026` beside `10/31/2026` is in October."""
    start, end = (_SLASHES.fullmatch(words(text)) for text in (first, last))
    if start and end:
        is_day = [max(int(start[place]), int(end[place])) > MOST_MONTHS for place in ("one", "two")]
        if is_day[0] != is_day[1]:
            month, day = ("two", "one") if is_day[0] else ("one", "two")
            return (
                _day(start["year"], int(start[month]), int(start[day])),
                _day(end["year"], int(end[month]), int(end[day])),
            )
    return parse_day(first), parse_day(last)


def parse_range(text: str) -> tuple[Day, Day] | None:
    """Return the days of `16.06.-15.07.2026`, the first in the year that the last leaves over."""
    found = _RANGE.fullmatch(words(text))
    if not found:
        return None
    first, last = parse_day(found["first"]), parse_day(found["last"])
    if first is None or last is None:
        return None
    if first.year is None and last.year is not None:
        is_before = (first.month, first.day) <= (last.month, last.day)
        first = replace(first, year=last.year if is_before else last.year - 1)
    return first, last


def _month(found: re.Match[str]) -> int:
    groups = found.groupdict()
    return int(groups["month"]) if groups.get("month") else MONTHS.get(groups.get("name") or "", 0)


def _year(text: str | None) -> int | None:
    if text is None:
        return None
    return int(text) + (CENTURY if len(text) == len("26") else 0)


def _day(year: str | None, month: int, day: int) -> Day | None:
    # 2024 is a leap year, so that every day there is stands in it.
    told = Day(_year(year), month, day)
    return told if told.in_year(told.year or 2024) else None


def _first(year: int | None, month: int) -> date | None:
    return date(year, month, 1) if year and 1 <= month <= MOST_MONTHS else None
