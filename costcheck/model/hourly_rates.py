"""How requests fall on hours and minutes: the busy hour, the busiest minute, the week."""

from dataclasses import dataclass

import numpy as np

from costcheck.demand_rules import DemandRules
from costcheck.model.growth import HOURS_PER_WEEK
from costcheck.model.usage_table import SECONDS_PER_HOUR, Floats, UsageTable, Window
from costcheck.settings import LatencyClass

MINUTES_PER_HOUR = 60
THURSDAY_OFFSET_HOURS = 72
"""1970-01-01, where hours are counted from, was a Thursday; the profile begins on Monday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyRates:
    """Requests of each hour of a window, at today's level.

    Attributes:
        hourly: From rows that know their hour.
        spread: From rows that only know days or months, spread flat.
        busy: Requests of the busy hour.
    """

    window: Window
    hourly: Floats
    spread: Floats
    busy: float

    def by_hour_of_week(self) -> tuple[float, ...]:
        """Return 168 mean rates a second, Monday 00:00 UTC first."""
        hours = (np.arange(self.window.start, self.window.end) + THURSDAY_OFFSET_HOURS) % HOURS_PER_WEEK
        sums = np.bincount(hours, weights=self.hourly + self.spread, minlength=HOURS_PER_WEEK)
        counts = np.bincount(hours, minlength=HOURS_PER_WEEK)
        return tuple((sums / np.maximum(counts, 1) / SECONDS_PER_HOUR).tolist())


def measure_rates(table: UsageTable, window: Window, today: Floats, rules: DemandRules) -> HourlyRates:
    """Return the requests of each hour; `today` lifts each row to today's level."""
    known = table.period == 1
    hourly = table.by_hour(window, table.requests * today * known)
    spread = table.by_hour(window, table.requests * today * ~known)
    return HourlyRates(window=window, hourly=hourly, spread=spread, busy=_busy_hour(hourly, spread, rules))


def _busy_hour(hourly: Floats, spread: Floats, rules: DemandRules) -> float:
    if not spread.any():
        return _quantile(hourly, rules)
    # Days that differ by more than the usual peak speak for themselves.
    peaked = _quantile(hourly, rules) + float(spread.mean()) * float(rules.peak_hour_over_mean.value)
    return max(peaked, _quantile(hourly + spread, rules))


def _quantile(rates: Floats, rules: DemandRules) -> float:
    # An hour that really was: no interpolation between two.
    return float(np.quantile(rates, float(rules.busy_hour_quantile.value), method="higher"))


def peak_minute(
    latency_class: LatencyClass, table: UsageTable, rates: HourlyRates, rules: DemandRules
) -> tuple[float, bool]:
    """Return the busiest minute over the mean minute of the busy hours, and whether it was measured.

    Rows of one hour may peak in different minutes; their peaks are added, so that several rows give an upper bound.
    """
    busy = np.flatnonzero((rates.hourly >= rates.busy) & (rates.hourly > 0)) + rates.window.start
    rows = np.isin(table.start, busy) & (table.requests > 0)
    measured = ~np.isnan(table.peak_minute_requests[rows]) & table.request_known[rows]
    if rates.spread.any() or not rows.any() or not measured.all():
        return default_peak_minute(latency_class, rules), False
    factor = table.peak_minute_requests[rows].sum() * MINUTES_PER_HOUR / table.requests[rows].sum()
    return max(float(factor), 1.0), True


def default_peak_minute(latency_class: LatencyClass, rules: DemandRules) -> float:
    """Return the usual factor: batch arrives in bursts, people arrive more evenly."""
    fact = rules.peak_minute_over_hour_batch if latency_class == "batch" else rules.peak_minute_over_hour_chat
    return float(fact.value)
