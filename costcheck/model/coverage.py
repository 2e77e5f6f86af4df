"""What stretch of time the bills speak for, and which calendar months of it are complete."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from costcheck.demand_rules import DemandRules
from costcheck.errors import EvidenceError
from costcheck.model.usage_table import HOURS_PER_DAY, Ints, Window, epoch_day, epoch_hour, rows_before, start_hours
from costcheck.records import UsageHour

MONTHS_PER_YEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The days that usage was measured on.

    Attributes:
        first_day: UTC day of the first row.
        last_day: UTC day on which the last row ends.
        complete_months: First days of the calendar months that lie wholly inside and ended before the question.
        gap_days: Days without any usage that stand in a row too long to be an ordinary weekend.
    """

    first_day: date
    last_day: date
    complete_months: tuple[date, ...]
    gap_days: tuple[date, ...]


def measure_coverage(hours: Sequence[UsageHour], *, as_of: date, rules: DemandRules) -> Coverage:
    """Return the days that the rows speak for.

    Raises:
        EvidenceError: There is no usage before `as_of`.
    """
    known = rows_before(as_of, hours)
    if not known:
        message = f"no usage before {as_of}"
        raise EvidenceError(
            message, expected="a row of usage", action="read a bill: `costcheck bill pull` or `costcheck bill import`"
        )
    starts = start_hours(known)
    ends = starts + np.array([row.period_hours for row in known], dtype=np.int64)
    first, last = epoch_day(int(starts.min())), epoch_day(int(ends.max()) - 1)
    return Coverage(
        first_day=first,
        last_day=last,
        complete_months=_complete_months(first, last, as_of),
        gap_days=_gap_days(starts // HOURS_PER_DAY, (ends - 1) // HOURS_PER_DAY, rules),
    )


def _complete_months(first: date, last: date, as_of: date) -> tuple[date, ...]:
    months = []
    month = first if first.day == 1 else next_month(first)
    while epoch_hour(next_month(month)) <= min(epoch_hour(last) + HOURS_PER_DAY, epoch_hour(as_of)):
        months.append(month)
        month = next_month(month)
    return tuple(months)


def _gap_days(first_days: Ints, last_days: Ints, rules: DemandRules) -> tuple[date, ...]:
    spans = np.unique(np.stack([first_days, last_days], axis=1), axis=0)
    gaps: list[date] = []
    covered_until = int(spans[0, 1])
    for start, end in spans.tolist():
        if start - covered_until - 1 > rules.max_quiet_days.value:
            gaps += [epoch_day(day * HOURS_PER_DAY) for day in range(covered_until + 1, start)]
        covered_until = max(covered_until, end)
    return tuple(gaps)


def next_month(day: date) -> date:
    """Return the first day of the month after that of `day`."""
    years, month = divmod(day.month, MONTHS_PER_YEAR)
    return date(day.year + years, month + 1, 1)


def months_window(months: Sequence[date]) -> Window:
    """Return the hours from the first of consecutive months to the end of the last."""
    return Window(start=epoch_hour(months[0]), end=epoch_hour(next_month(months[-1])))
