"""Draws of everything uncertain: seeded, paired across options, vectorised.

Each uncertain factor is one uniform draw, turned into a value by its own 10th, 50th and 90th percentile. The same
uniform draw enters every option, so that differences between options are not drowned in noise that they share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from costcheck.facts import Fact
from costcheck.model.demand import WorkloadDemand
from costcheck.rules import Assumptions, Thresholds

Floats = NDArray[np.float64]
KNOTS = (0.0, 0.1, 0.5, 0.9, 1.0)
NORMAL_90 = 1.2815515655446004
"""90th percentile of the standard normal distribution."""
ASSUMPTION_FACTORS = (
    "upkeep_hours_per_month",
    "model_refresh_hours_per_month",
    "set_up_cost_usd",
    "api_switch_cost_usd",
    "nat_gb_per_month",
    "log_gb_per_month",
    "cold_start_minutes",
    "starts_per_month",
    "self_hosted_outage_hours_per_month",
    "api_outage_hours_per_month",
    "spot_overhead_share",
    "input_token_factor",
    "output_token_factor",
    "api_price_decline_per_year",
    "gpu_price_decline_per_year",
)
CAPACITY = "serving capacity of an instance"


def three_point(uniform: Floats, low: float, middle: float, high: float) -> Floats:
    """Return values whose 10th, 50th and 90th percentile are the three points, never below zero.

    Between them and to the ends of the range (half a step further out) the quantile function is a straight line.
    """
    ends = (low - (middle - low) / 2, high + (high - middle) / 2)
    values = (max(ends[0], 0.0), low, middle, high, ends[1])
    return np.interp(uniform, KNOTS, values)


def factor_names(demands: Sequence[WorkloadDemand]) -> tuple[str, ...]:
    """Return the name of every uncertain factor."""
    levels = tuple(f"volume of {demand.name}" for demand in demands)
    growth = tuple(f"growth of {demand.name}" for demand in demands)
    return (*ASSUMPTION_FACTORS, CAPACITY, *levels, *growth)


def draw_uniforms(names: Sequence[str], count: int, seed: int) -> dict[str, Floats]:
    """Return one uniform draw a factor; equal seeds give equal draws, whatever other factors there are."""
    return {name: np.random.default_rng([seed, *name.encode()]).random(count) for name in names}


def medians(names: Sequence[str]) -> dict[str, Floats]:
    """Return a single draw in which every factor stands at its median."""
    return {name: np.array([0.5]) for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Values of the draws; arrays are (draws,) or (draws, months).

    Attributes:
        values: Assumption to its drawn values.
        capacity: Uniform draw of the serving capacity; each option has a band of its own.
        scale: Workload to its monthly volume relative to today's, month by month.
        api_index: API prices relative to today's.
        gpu_index: GPU prices relative to today's.
    """

    values: Mapping[str, Floats]
    capacity: Floats
    scale: Mapping[str, Floats]
    api_index: Floats
    gpu_index: Floats

    @property
    def months(self) -> int:
        """Return the months that the draws cover."""
        return int(self.api_index.shape[1])


def build_draws(
    uniforms: Mapping[str, Floats],
    demands: Sequence[WorkloadDemand],
    assumptions: Assumptions,
    thresholds: Thresholds,
    months: int,
) -> Draws:
    """Return the values that belong to uniform draws."""
    values = {name: _assumed(getattr(assumptions, name), uniforms[name]) for name in ASSUMPTION_FACTORS}
    return Draws(
        values=values,
        capacity=uniforms[CAPACITY],
        scale={demand.name: _scale(demand, uniforms, assumptions, thresholds, months) for demand in demands},
        api_index=_price_index(values["api_price_decline_per_year"], months),
        gpu_index=_price_index(values["gpu_price_decline_per_year"], months),
    )


def log_three_point(uniform: Floats, low: float, high: float) -> Floats:
    """Return factors around 1 whose 10th and 90th percentile are `low` and `high`, spread evenly in ratio."""
    logs = np.interp(uniform, KNOTS, (1.5 * np.log(low), np.log(low), 0.0, np.log(high), 1.5 * np.log(high)))
    return np.asarray(np.exp(logs), dtype=np.float64)


def _assumed(fact: Fact, uniform: Floats) -> Floats:
    middle = float(fact.value)
    if fact.low is None or fact.high is None:
        return np.full_like(uniform, middle)
    return three_point(uniform, float(fact.low), middle, float(fact.high))


def _price_index(decline_per_year: Floats, months: int) -> Floats:
    return np.asarray((1 - np.minimum(decline_per_year, 0.95))[:, None] ** (np.arange(months) / 12)[None, :])


def _scale(
    demand: WorkloadDemand,
    uniforms: Mapping[str, Floats],
    assumptions: Assumptions,
    thresholds: Thresholds,
    months: int,
) -> Floats:
    error = max(demand.relative_level_error, float(assumptions.monthly_level_error.value))
    spread = float(np.exp(NORMAL_90 * error))
    level = log_three_point(uniforms[f"volume of {demand.name}"], 1 / spread, spread)
    rate = _growth(demand, uniforms[f"growth of {demand.name}"], float(thresholds.max_monthly_growth.value))
    damping = float(assumptions.growth_damping.value)
    steps = 1 + rate[:, None] * damping ** np.arange(months - 1)[None, :]
    path = np.concatenate([np.ones((rate.size, 1)), np.cumprod(steps, axis=1)], axis=1)
    return np.asarray(level[:, None] * path)


def _growth(demand: WorkloadDemand, uniform: Floats, most: float) -> Floats:
    growth = demand.growth
    if not growth.growing or growth.standard_error is None:
        return np.zeros_like(uniform)
    width = NORMAL_90 * growth.standard_error
    drawn = np.interp(
        uniform,
        KNOTS,
        [growth.monthly_rate + width * step for step in (-1.5, -1, 0, 1, 1.5)],
    )
    return np.clip(drawn, 0.0, most)
