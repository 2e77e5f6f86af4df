"""Draws hit their three points, are paired, and repeat from their seed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from costcheck.facts import Fact
from costcheck.model.demand import WorkloadDemand
from costcheck.model.draws import (
    ASSUMPTION_FACTORS,
    Draws,
    build_draws,
    draw_uniforms,
    factor_names,
    log_three_point,
    medians,
    three_point,
)
from costcheck.model.growth import Growth
from costcheck.rules import load_assumptions, load_thresholds
from tests.costcheck.decision.builders import demand

LEVELS = np.array([0.1, 0.5, 0.9])
GROWING = Growth(monthly_rate=0.05, standard_error=0.01, lower_bound=0.03, observations=13)


@profile(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.01, 1e6), min_size=3, max_size=3).map(sorted))
def test_percentiles_hit_their_three_points(points: list[float]) -> None:
    assert three_point(LEVELS, *points) == pytest.approx(points)


@profile(max_examples=100, deadline=None)
@given(st.floats(0.01, 1.0), st.floats(1.0, 100.0))
def test_ratios_hit_their_percentiles_around_one(low: float, high: float) -> None:
    assert log_three_point(LEVELS, low, high) == pytest.approx([low, 1.0, high])


@profile(max_examples=100, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.lists(st.floats(0, 1e6), min_size=3, max_size=3).map(sorted))
def test_values_rise_with_the_draw_and_are_never_negative(one: float, other: float, points: list[float]) -> None:
    low, high = three_point(np.array(sorted([one, other])), *points)
    assert 0 <= low <= high * (1 + 1e-12)


def test_a_hundred_thousand_draws_have_the_stated_percentiles() -> None:
    uniform = draw_uniforms(["x"], 100_000, 3)["x"]
    assert np.quantile(three_point(uniform, 600, 1800, 4000), LEVELS) == pytest.approx([600, 1800, 4000], rel=0.03)


def test_a_seed_repeats_its_draws_and_another_does_not() -> None:
    one, again, other = (draw_uniforms(["a", "b"], 50, seed) for seed in (1, 1, 2))
    assert (one["a"] == again["a"]).all()
    assert (one["a"] != other["a"]).any()
    assert (one["a"] != one["b"]).any()


def test_another_factor_changes_no_draw_of_the_others() -> None:
    assert (draw_uniforms(["a"], 50, 1)["a"] == draw_uniforms(["b", "c", "a"], 50, 1)["a"]).all()


def test_every_assumption_with_a_range_is_drawn() -> None:
    assumptions = load_assumptions({})
    ranged = {
        name
        for name in assumptions.__struct_fields__
        if isinstance(fact := getattr(assumptions, name), Fact) and fact.low is not None
    }
    assert ranged
    assert ranged <= set(ASSUMPTION_FACTORS)


def test_each_workload_has_a_level_and_a_growth_of_its_own() -> None:
    names = factor_names([demand("a"), demand("b")])
    assert {"volume of a", "volume of b", "growth of a", "growth of b"} <= set(names)
    assert len(set(names)) == len(names)


def built(row: WorkloadDemand, drawn: dict[str, float] | None = None, *, months: int = 12) -> Draws:
    names = factor_names([row])
    uniforms = medians(names) | {name: np.array([value]) for name, value in (drawn or {}).items()}
    return build_draws(uniforms, [row], load_assumptions({}), load_thresholds({}), months)


def scale(growth: Growth, drawn: dict[str, float] | None = None) -> list[float]:
    return [float(value) for value in built(demand(growth=growth), drawn).scale["chat"][0]]


def test_a_bill_that_does_not_grow_is_judged_at_zero_growth() -> None:
    noise = Growth(monthly_rate=0.05, standard_error=0.2, lower_bound=-0.1, observations=13)
    assert scale(noise, {"growth of chat": 0.9}) == [1.0] * 12


def test_growth_is_damped_and_starts_from_today() -> None:
    path = scale(GROWING)
    assert path[0] == 1.0
    assert path[1] == pytest.approx(1.05)
    assert path[2] == pytest.approx(1.05 * (1 + 0.05 * 0.9))
    assert path[3] == pytest.approx(1.05 * (1 + 0.05 * 0.9) * (1 + 0.05 * 0.81))


def test_growth_is_never_projected_above_ten_percent_a_month() -> None:
    path = scale(replace(GROWING, monthly_rate=0.4, standard_error=0.1))
    assert path[1] == pytest.approx(1.10)


def test_a_growing_bill_never_shrinks_in_a_draw() -> None:
    assert scale(replace(GROWING, standard_error=0.1), {"growth of chat": 0.0})[1:] == [1.0] * 11


def test_the_level_has_the_measured_error_and_never_less_than_its_floor() -> None:
    wide = built(demand(relative_level_error=0.2), {"volume of chat": 0.9})
    floor = built(demand(relative_level_error=0.0), {"volume of chat": 0.9})
    assert wide.scale["chat"][0][0] == pytest.approx(np.exp(1.2815515655446 * 0.2))
    assert floor.scale["chat"][0][0] == pytest.approx(np.exp(1.2815515655446 * 0.05))


def test_prices_decline_separately_and_from_today() -> None:
    draws = built(demand(), {"api_price_decline_per_year": 0.9}, months=13)
    assert draws.api_index[0][[0, 12]].tolist() == pytest.approx([1.0, 0.6])
    assert draws.gpu_index[0][[0, 12]].tolist() == pytest.approx([1.0, 0.95])


def test_a_tenth_of_the_draws_sees_no_decline_at_all() -> None:
    draws = built(demand(), {"api_price_decline_per_year": 0.1, "gpu_price_decline_per_year": 0.05}, months=13)
    assert draws.api_index[0].tolist() == [1.0] * 13
    assert draws.gpu_index[0].tolist() == [1.0] * 13


def test_a_figure_without_a_range_is_the_same_in_every_draw() -> None:
    fixed = Fact(value=Decimal(7), unit="x", source_url="test", checked=date(2026, 8, 1))
    assumptions = msgspec.structs.replace(load_assumptions({}), upkeep_hours_per_month=fixed)
    row = demand()
    uniforms = draw_uniforms(factor_names([row]), 20, 1)
    draws = build_draws(uniforms, [row], assumptions, load_thresholds({}), 3)
    assert set(draws.values["upkeep_hours_per_month"]) == {7.0}
