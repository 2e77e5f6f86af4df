"""Simulated months: by hand at medians, paired, and monotone in volume and price."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from costcheck.decision.decide import BUYABLE
from costcheck.decision.evaluation import Evaluator
from costcheck.decision.reading import Reader
from costcheck.model.draws import Draws
from costcheck.model.plan import FleetPlan, Plan, Remainder, best_working_hours
from costcheck.model.simulation import Outage, instance_counts, simulate_api, simulate_plan, sizing_capacity
from costcheck.settings import SelfHosting, Settings
from tests.costcheck.decision.builders import compliance, demand, inputs, settings, workload

NO_OUTAGE = Outage(cost_per_hour={})
HOURS_A_WEEK = 168


def plans(company: Settings | None = None, **changes: Any) -> tuple[tuple[Plan, ...], Evaluator]:  # noqa: ANN401 - any field
    """Return the plans of a company, best first, and its evaluator."""
    row = inputs(settings=company or settings(), **changes)
    evaluator = Evaluator.of(row)
    found = Reader(inputs=row, evaluator=evaluator).evaluate(BUYABLE).plans
    return tuple(result.plan for result in found), evaluator


def all_kinds() -> tuple[tuple[Plan, ...], Evaluator]:
    """Return plans that run always, in paying hours, and with overflow: enough traffic for ten instances."""
    office = tuple(20.0 if hour % 24 in range(8, 18) and hour < 120 else 2.0 for hour in range(HOURS_A_WEEK))
    busy = demand(requests=20_000_000, busy_hour_requests_per_second=20.0, requests_per_second_by_hour_of_week=office)
    return plans(settings(self_hosting=SelfHosting(instance_types=("g6.xlarge",))), demands=(busy,))


PLANS, EVALUATOR = all_kinds()
SINGLE = EVALUATOR.single


def scaled(draws: Draws, *, volume: float = 1.0, gpu: float = 1.0, api: float = 1.0) -> Draws:
    return replace(
        draws,
        scale={name: rows * volume for name, rows in draws.scale.items()},
        gpu_index=draws.gpu_index * gpu,
        api_index=draws.api_index * api,
    )


def cost(plan: Plan, draws: Draws, outage: Outage = NO_OUTAGE) -> float:
    return float(simulate_plan(plan, draws, outage)[0, 0])


def test_the_plans_under_test_are_of_every_kind() -> None:
    assert {(bool(plan.weekly_hours), plan.instance_cap is not None) for plan in PLANS} == {
        (False, False),
        (True, False),
        (False, True),
    }


@profile(max_examples=80, deadline=None)
@given(st.sampled_from(PLANS), st.floats(0.05, 4.0), st.floats(1.0, 3.0))
def test_more_volume_never_costs_less(plan: Plan, volume: float, more: float) -> None:
    low, high = (cost(plan, scaled(SINGLE, volume=factor)) for factor in (volume, volume * more))
    assert high >= low * (1 - 1e-9)


@profile(max_examples=80, deadline=None)
@given(st.sampled_from(PLANS), st.floats(0.1, 4.0), st.floats(1.0, 3.0), st.sampled_from(["gpu", "api"]))
def test_a_dearer_price_never_costs_less(plan: Plan, price: float, more: float, side: str) -> None:
    low, high = (cost(plan, scaled(SINGLE, **{side: factor})) for factor in (price, price * more))
    assert high >= low * (1 - 1e-9)


@profile(max_examples=40, deadline=None)
@given(st.floats(0.0, 1e6), st.floats(0.1, 4.0), st.floats(1.0, 3.0))
def test_an_api_never_costs_less_for_more(monthly: float, volume: float, more: float) -> None:
    rows = {"chat": Remainder(monthly_cost=monthly, replaces_model=True)}
    low, high = (simulate_api(rows, scaled(SINGLE, volume=factor), NO_OUTAGE) for factor in (volume, volume * more))
    assert (high >= low * (1 - 1e-9)).all()


def test_an_api_month_is_its_price_and_its_outages() -> None:
    rows = {"chat": Remainder(monthly_cost=1000.0, replaces_model=False)}
    assert simulate_api(rows, SINGLE, Outage(cost_per_hour={"chat": 150.0}))[0, 0] == pytest.approx(1150)


def test_a_replaced_model_is_paid_for_at_its_own_length() -> None:
    rows = {"chat": Remainder(monthly_cost=1000.0, replaces_model=True)}
    assert simulate_api(rows, SINGLE, NO_OUTAGE)[0, 0] == pytest.approx(1050)


def test_a_flat_fee_moves_with_nothing() -> None:
    rows = {"chat": Remainder(monthly_cost=1000.0, replaces_model=True, flat=True)}
    assert set(simulate_api(rows, scaled(EVALUATOR.draws, volume=3, api=2), NO_OUTAGE).ravel()) == {1000.0}


def always_on() -> tuple[Plan, Evaluator]:
    found, evaluator = plans(settings(self_hosting=SelfHosting(schedules=("always_on",), overflow_to_api=False)))
    return found[0], evaluator


def test_a_month_of_servers_by_hand() -> None:
    plan, evaluator = always_on()
    (fleet,) = plan.fleets
    instances = instance_counts(fleet, None, evaluator.single)[0, 0]
    down = 2 / 730  # hours a month without a spare
    expected = (
        instances * (730 * float(fleet.price.list_unit_price) + fleet.node_cost)
        + float(plan.fixed_cost)
        + down * plan.remainders["chat"].monthly_cost
    )
    assert cost(plan, evaluator.single) == pytest.approx(expected)


def test_whole_instances_run_for_the_busy_hour_with_its_bursts() -> None:
    plan, evaluator = always_on()
    (fleet,) = plan.fleets
    assert fleet.sizing_rate == pytest.approx(4_000_000 / 730 / 3600 * 1.5)
    counts = instance_counts(fleet, None, evaluator.draws)
    assert (counts == np.ceil(counts)).all()
    needed = 4_000_000 / 730 / 3600 * 1.5 * evaluator.draws.scale["chat"]
    assert (counts * sizing_capacity(fleet, evaluator.draws)[:, None] >= needed * (1 - 1e-6)).all()


def test_capacity_at_the_median_is_what_the_layout_was_sized_for() -> None:
    plan, evaluator = always_on()
    (fleet,) = plan.fleets
    assert fleet.output_elasticity > 0
    assert sizing_capacity(fleet, evaluator.single)[0] == pytest.approx(fleet.layout.requests_per_second)


def test_longer_answers_take_capacity_away() -> None:
    plan, evaluator = always_on()
    longer = replace(
        evaluator.single, values={**evaluator.single.values, "output_token_factor": np.array([1.05 * 1.1])}
    )
    (fleet,) = plan.fleets
    ratio = sizing_capacity(fleet, longer)[0] / fleet.layout.requests_per_second
    assert ratio == pytest.approx(1.1**-fleet.output_elasticity)
    assert ratio < 1


def restricted() -> tuple[FleetPlan, Plan, Evaluator]:
    found, evaluator = plans(settings(workload(compliance=compliance())))
    return found[0].fleets[0], found[0], evaluator


def test_a_restricted_fleet_pays_its_own_outages_and_no_api() -> None:
    _, plan, evaluator = restricted()
    without = cost(plan, evaluator.single)
    assert cost(plan, evaluator.single, Outage(cost_per_hour={"chat": 100.0})) == pytest.approx(without + 2 * 100)
    assert cost(plan, scaled(evaluator.single, api=10.0)) == pytest.approx(without)


def test_off_hours_are_the_apis_and_so_are_its_outages_then() -> None:
    scheduled = next(plan for plan in PLANS if plan.weekly_hours)
    (fleet,) = scheduled.fleets
    inside = sum(fleet.hourly_rates[hour] for hour in scheduled.weekly_hours) / sum(fleet.hourly_rates)
    share = (1 - inside) + inside * 2 / 730
    lost = cost(scheduled, SINGLE, Outage(cost_per_hour={"chat": 100.0})) - cost(scheduled, SINGLE)
    assert lost == pytest.approx(share * 100)


def test_paying_hours_cover_the_busiest_window_of_the_working_days() -> None:
    scheduled = next(plan for plan in PLANS if plan.weekly_hours)
    assert len(scheduled.weekly_hours) == 50
    assert {hour % 24 for hour in scheduled.weekly_hours} == set(range(8, 18))
    assert scheduled.hours_per_month == pytest.approx(730 * 50 / 168)
    assert scheduled.schedule.startswith("Monday to Friday 08:00 for 10 hours")


def test_the_best_window_may_cross_midnight() -> None:
    night = tuple(1.0 if hour % 24 in {22, 23, 0, 1} else 0.0 for hour in range(HOURS_A_WEEK))
    assert best_working_hours(night, 4)[:4] == (22, 23, 24, 25)


def test_a_lower_cap_sends_more_to_the_api_and_runs_fewer_instances() -> None:
    capped = sorted((plan for plan in PLANS if plan.instance_cap), key=lambda plan: plan.instance_cap or 0)
    assert len(capped) > 1
    on_api = [cost(plan, scaled(SINGLE, api=2.0)) - cost(plan, SINGLE) for plan in capped]
    assert on_api == sorted(on_api, reverse=True)
    for plan in capped:
        assert instance_counts(plan.fleets[0], plan.instance_cap, SINGLE).max() <= (plan.instance_cap or 0)


def test_the_same_draw_enters_every_option() -> None:
    # Two identical sides differ by nothing in any draw: what they share cancels.
    rows = {"chat": Remainder(monthly_cost=1000.0, replaces_model=True)}
    one, other = (simulate_api(rows, EVALUATOR.draws, NO_OUTAGE) for _ in range(2))
    assert (one == other).all()
    # A plan that leaves everything to the API in its off hours moves with the API's own draws.
    scheduled = next(plan for plan in PLANS if plan.weekly_hours)
    dear = scheduled.remainders | {"chat": Remainder(monthly_cost=1e9, replaces_model=False)}
    api = simulate_api(dear, EVALUATOR.draws, NO_OUTAGE)
    correlation = np.corrcoef(
        simulate_plan(replace(scheduled, remainders=dear), EVALUATOR.draws, NO_OUTAGE).mean(axis=1), api.mean(axis=1)
    )
    assert correlation[0, 1] > 0.99


def test_peoples_hours_are_drawn_around_their_line() -> None:
    plan, evaluator = always_on()
    dear = replace(evaluator.single, values={**evaluator.single.values, "upkeep_hours_per_month": np.array([30.0])})
    assert cost(plan, dear) - cost(plan, evaluator.single) == pytest.approx(10 * 90)


def test_spot_pays_for_interruptions() -> None:
    plan, evaluator = always_on()
    (fleet,) = plan.fleets
    spot = replace(plan, fleets=(replace(fleet, purchase_option="spot"),))
    instances = instance_counts(fleet, None, evaluator.single)[0, 0]
    hours = instances * 730 * float(fleet.price.list_unit_price)
    assert cost(spot, evaluator.single) - cost(plan, evaluator.single) == pytest.approx(hours * 0.1)


def test_what_each_line_says_is_exact_money() -> None:
    plan, _ = always_on()
    assert all(isinstance(line.monthly_cost_usd, Decimal) for line in plan.fixed_lines + plan.set_up_lines)
