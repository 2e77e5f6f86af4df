"""Growth: a rate with its bound, from weeks or months, and never from noise."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from costcheck.demand_rules import read_demand_rules
from costcheck.model.growth import (
    HOURS_PER_WEEK,
    Growth,
    VolumeSeries,
    estimate_level_error,
    fit_growth,
    measure_volume,
    today_weight,
    unknown_growth,
)
from costcheck.model.usage_table import Window, epoch_hour, tabulate
from tests.costcheck.model.usage import flat, usage_hour

RULES = read_demand_rules()
HOURS_PER_MONTH = 730


def weekly(rates: list[float]) -> VolumeSeries:
    middle = np.arange(len(rates), dtype=np.float64) * HOURS_PER_WEEK + HOURS_PER_WEEK / 2
    return VolumeSeries(middle=middle, hourly_rate=np.array(rates, dtype=np.float64))


def growing_by(monthly_rate: float, weeks: int = 13) -> list[float]:
    return [1000 * (1 + monthly_rate) ** (week * HOURS_PER_WEEK / HOURS_PER_MONTH) for week in range(weeks)]


def growth(monthly_rate: float, lower_bound: float) -> Growth:
    return Growth(monthly_rate=monthly_rate, standard_error=0.01, lower_bound=lower_bound, observations=13)


@given(st.floats(min_value=-0.5, max_value=1.0))
def test_an_exact_exponential_gives_its_own_rate(rate: float) -> None:
    fitted = fit_growth(weekly(growing_by(rate)), RULES)

    assert fitted.monthly_rate == pytest.approx(rate, abs=1e-9)
    assert fitted.lower_bound == pytest.approx(rate, abs=1e-6)
    assert fitted.observations == 13


def test_five_percent_a_month_under_two_percent_noise_is_growing() -> None:
    noise = np.random.default_rng(7).normal(1, 0.02, size=13)

    fitted = fit_growth(weekly([rate * factor for rate, factor in zip(growing_by(0.05), noise, strict=True)]), RULES)

    assert fitted.growing
    assert 0 < fitted.lower_bound < fitted.monthly_rate
    assert fitted.standard_error is not None
    assert fitted.monthly_rate == pytest.approx(0.05, abs=2 * fitted.standard_error)


@pytest.mark.parametrize("rate", [1.0, 1 / 3, 1e9])
def test_a_constant_series_is_not_growing_by_the_noise_of_floats(rate: float) -> None:
    assert not fit_growth(weekly([rate] * 13), RULES).growing


def test_a_flat_noisy_series_is_found_growing_in_about_one_of_ten() -> None:
    rng = np.random.default_rng(11)

    found = sum(fit_growth(weekly(list(np.exp(rng.normal(0, 0.1, 13)))), RULES).growing for _ in range(2000))

    assert found / 2000 == pytest.approx(0.10, abs=0.02)


def test_slope_and_error_are_those_of_scipy() -> None:
    series = weekly([10.0, 12.0, 9.0, 14.0, 13.0])

    fitted = fit_growth(series, RULES)
    expected = stats.linregress(series.middle / HOURS_PER_MONTH, np.log(series.hourly_rate))

    assert fitted.monthly_rate == pytest.approx(math.expm1(expected.slope))
    assert fitted.standard_error == pytest.approx(math.exp(expected.slope) * expected.stderr)
    assert fitted.lower_bound == pytest.approx(math.expm1(expected.slope - 1.638 * expected.stderr))


@pytest.mark.parametrize("rates", [[], [5.0], [5.0, 50.0], [0.0, 0.0, 0.0, 5.0, 9.0]])
def test_fewer_than_three_weeks_with_volume_prove_no_growth(rates: list[float]) -> None:
    fitted = fit_growth(weekly(rates), RULES)

    assert fitted == unknown_growth(sum(rate > 0 for rate in rates))
    assert not fitted.growing
    assert fitted.standard_error is None


def test_three_observations_are_enough_to_estimate() -> None:
    assert fit_growth(weekly([1.0, 2.0, 4.0]), RULES).growing


@pytest.mark.parametrize(("bound", "growing"), [(-1e-9, False), (0.0, False), (1e-9, True)])
def test_growing_needs_a_bound_above_zero(bound: float, growing: bool) -> None:  # noqa: FBT001 - a case
    assert growth(0.05, bound).growing is growing


@pytest.mark.parametrize("degrees", range(1, 31))
def test_the_table_is_students_t(degrees: int) -> None:
    assert RULES.one_sided_90_t.quantile(degrees) == pytest.approx(stats.t.ppf(0.9, degrees), abs=6e-4)


def test_beyond_the_table_the_bound_errs_on_the_careful_side() -> None:
    assert stats.t.ppf(0.9, 31) < RULES.one_sided_90_t.quantile(31) < stats.t.ppf(0.9, 31) + 0.002


def test_weeks_are_counted_back_from_the_end_and_are_thirteen_at_most() -> None:
    table = tabulate(flat(date(2026, 5, 1), date(2026, 8, 1)), RULES)
    months = (date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1))
    window = Window(start=epoch_hour(months[0]), end=epoch_hour(date(2026, 8, 1)))

    series = measure_volume(table, window, months, RULES)

    assert len(series.middle) == 13
    assert series.middle[-1] == epoch_hour(date(2026, 8, 1)) - HOURS_PER_WEEK / 2
    assert set(series.hourly_rate) == {1100.0}


def test_the_shortest_quarter_has_twelve_whole_weeks() -> None:
    months = (date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1))
    table = tabulate(flat(date(2026, 2, 1), date(2026, 5, 1)), RULES)

    series = measure_volume(
        table, Window(start=epoch_hour(months[0]), end=epoch_hour(date(2026, 5, 1))), months, RULES
    )

    assert len(series.middle) == 12


def test_rows_that_only_know_months_give_one_observation_a_month() -> None:
    starts = ((2, 28, 280), (3, 31, 310), (4, 30, 300))
    rows = [
        usage_hour(
            hour=usage_hour().hour.replace(month=month),
            period_hours=days * 24,
            uncached_input_tokens=tokens,
            output_tokens=0,
        )
        for month, days, tokens in starts
    ]
    months = (date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1))
    window = Window(start=epoch_hour(months[0]), end=epoch_hour(date(2026, 5, 1)))

    series = measure_volume(tabulate(rows, RULES), window, months, RULES)
    fitted = fit_growth(series, RULES)

    assert series.hourly_rate == pytest.approx([10 / 24] * 3)
    assert fitted.observations == 3
    assert fitted.monthly_rate == pytest.approx(0, abs=1e-12)


def test_level_error_is_the_spread_of_weeks_over_the_root_of_their_number() -> None:
    # By hand: mean 10, standard deviation 2 (ddof 1), 3 weeks.
    series = weekly([8.0, 10.0, 12.0])

    assert estimate_level_error(series, unknown_growth(3), RULES) == pytest.approx(0.2 / math.sqrt(3))


def test_level_error_leaves_growth_out() -> None:
    series = weekly(growing_by(0.05))

    assert estimate_level_error(series, fit_growth(series, RULES), RULES) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("weeks", "expected"), [(1, 0.5), (2, 0.0)])
def test_less_than_two_weeks_measure_no_level(weeks: int, expected: float) -> None:
    assert estimate_level_error(weekly([10.0] * weeks), unknown_growth(weeks), RULES) == expected


def test_past_volume_is_lifted_by_what_grew_since() -> None:
    month_ago = np.array([0.0])

    assert today_weight(month_ago, HOURS_PER_MONTH, growth(0.05, 0.01)) == pytest.approx([1.05])
    assert today_weight(month_ago, HOURS_PER_MONTH, growth(0.05, -0.01)) == pytest.approx([1.0])
