"""Whether volume grows, at constant prices, by more than its own noise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from costcheck.demand_rules import DemandRules
from costcheck.model.coverage import months_window
from costcheck.model.usage_table import HOURS_PER_DAY, Floats, UsageTable, Window
from costcheck.units import HOURS_PER_MONTH

HOURS_PER_WEEK = 168
LEAST_OBSERVATIONS = 3
"""A line through two points has no error of its own, so that two points prove nothing."""
FLOAT_NOISE_DECIMALS = 9
"""A constant series has a slope of up to 1e-12 from rounding in sums, and no growth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Growth of volume at constant prices over the last three complete months.

    Attributes:
        monthly_rate: Estimate, 0.05 = five percent a month.
        standard_error: Of the estimate; None where there is too little to estimate from.
        lower_bound: One-sided 90 % lower confidence bound; -1 where there is too little to estimate from.
        observations: Weeks (or months, where only months are known) that it rests on.
    """

    monthly_rate: float
    standard_error: float | None
    lower_bound: float
    observations: int

    @property
    def growing(self) -> bool:
        """Return whether growth is more than noise."""
        return self.lower_bound > 0

    @property
    def hourly_log_rate(self) -> float:
        """Return the continuous rate an hour of which `monthly_rate` is the compound over 730 hours."""
        return math.log1p(self.monthly_rate) / float(HOURS_PER_MONTH)


def unknown_growth(observations: int) -> Growth:
    """Return the answer of a series that cannot tell: not growing, with no error to speak of."""
    return Growth(monthly_rate=0.0, standard_error=None, lower_bound=-1.0, observations=observations)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeSeries:
    """Volume in consecutive periods.

    Attributes:
        middle: Middle of each period, in hours since the epoch.
        hourly_rate: Mean volume an hour.
    """

    middle: Floats
    hourly_rate: Floats


def measure_volume(table: UsageTable, window: Window, months: Sequence[date], rules: DemandRules) -> VolumeSeries:
    """Return the volume of the last whole weeks of the window, or of its months if the bill only knows months.

    Weeks are counted back from the end of the window: each holds every weekday once, whatever day a month ends on.
    """
    by_hour = table.by_hour(window, table.volume)
    inside = table.share_inside(window) > 0
    if (table.period[inside] > HOURS_PER_DAY).any():
        parts = [months_window([month]) for month in months]
    else:
        count = min(window.hours // HOURS_PER_WEEK, int(rules.weeks_in_growth.value))
        starts = [window.end - HOURS_PER_WEEK * (count - number) for number in range(count)]
        parts = [Window(start=start, end=start + HOURS_PER_WEEK) for start in starts]
    return VolumeSeries(
        middle=np.array([(part.start + part.end) / 2 for part in parts], dtype=np.float64),
        hourly_rate=np.array(
            [by_hour[part.start - window.start : part.end - window.start].mean() for part in parts], dtype=np.float64
        ),
    )


def fit_growth(series: VolumeSeries, rules: DemandRules) -> Growth:
    """Return the slope of log volume by ordinary least squares, as a monthly rate with its lower bound.

    Periods without volume have no logarithm and are left out. The standard error of the monthly rate is that of the
    slope carried over by the delta method; the bound is that of the slope itself, slope - t x error, then compounded.
    """
    used = series.hourly_rate > 0
    observations = int(used.sum())
    if observations < LEAST_OBSERVATIONS:
        return unknown_growth(observations)
    months = series.middle[used] / float(HOURS_PER_MONTH)
    slope, error = _least_squares(months - months.mean(), np.log(series.hourly_rate[used]))
    bound = slope - rules.one_sided_90_t.quantile(observations - 2) * error
    return Growth(
        monthly_rate=math.expm1(slope),
        standard_error=math.exp(slope) * error,
        lower_bound=round(math.expm1(bound), FLOAT_NOISE_DECIMALS),
        observations=observations,
    )


def _least_squares(centred: Floats, values: Floats) -> tuple[float, float]:
    spread = float(centred @ centred)
    slope = float(centred @ values) / spread
    residuals = values - values.mean() - slope * centred
    return slope, math.sqrt(float(residuals @ residuals) / (len(values) - 2) / spread)


def estimate_level_error(series: VolumeSeries, growth: Growth, rules: DemandRules) -> float:
    """Return the relative standard error of the mean level, from how much the periods differ, growth apart."""
    if len(series.hourly_rate) < LEAST_OBSERVATIONS - 1 or not series.hourly_rate.any():
        return float(rules.unmeasured_relative_level_error.value)
    rates = series.hourly_rate * today_weight(series.middle, float(series.middle[-1]), growth)
    return float(rates.std(ddof=1) / rates.mean() / math.sqrt(len(rates)))


def today_weight(middle: Floats, today: float, growth: Growth) -> Floats:
    """Return what lifts past volume to the level of `today` (hours since the epoch): 1 where nothing grows."""
    if not growth.growing:
        return np.ones_like(middle)
    return np.exp(growth.hourly_log_rate * (today - middle))
