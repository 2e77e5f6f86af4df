"""Monthly cost of each option in every draw: arrays of (draws, months), in USD."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from costcheck.model.capacity import instances_needed_array
from costcheck.model.draws import Draws, Floats, log_three_point
from costcheck.model.plan import FleetPlan, Plan, Remainder
from costcheck.units import HOURS_PER_MONTH

HOURS = float(HOURS_PER_MONTH)
MINUTES_PER_HOUR = 60.0
LOAD_GRID = np.geomspace(1e-3, 1e3, 400)
"""Capacity over mean demand at which the overflow share is tabulated; beyond its ends nothing or all overflows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What an hour without answers costs each workload, USD."""

    cost_per_hour: Mapping[str, float]


def simulate_api(remainders: Mapping[str, Remainder], draws: Draws, outage: Outage) -> Floats:
    """Return the cost of an option that buys every token, set-up not included."""
    cost = sum(
        (_remainder_cost(name, row, draws) for name, row in remainders.items()), np.zeros_like(draws.api_index)
    )
    lost = sum(outage.cost_per_hour.get(name, 0.0) for name in remainders)
    return np.asarray(cost + (draws.values["api_outage_hours_per_month"] * lost)[:, None])


def simulate_plan(plan: Plan, draws: Draws, outage: Outage) -> Floats:
    """Return the running cost of an option with servers, set-up not included.

    GPU hours x price (whole instances at the busy hour of each month), what each node brings along, platform and
    people, and the API for what stays, overflows, falls outside the schedule, or finds the servers down.
    """
    cost = np.broadcast_to(_fixed_cost(plan, draws)[:, None], draws.api_index.shape).copy()
    for fleet in plan.fleets:
        count = instance_counts(fleet, plan.instance_cap, draws)
        hours = plan.hours_per_month + _start_hours(plan, draws)[:, None]
        hourly = float(fleet.price.list_unit_price) * draws.gpu_index * _purchase_factor(fleet, draws)[:, None]
        cost += count * (hours * hourly + fleet.node_cost)
        cost += _stand_in_cost(plan, fleet, count, draws, outage)
        if fleet.restricted:
            lost = sum(outage.cost_per_hour.get(name, 0.0) for name in fleet.workloads)
            cost += (draws.values["self_hosted_outage_hours_per_month"] * lost)[:, None]
    for name, row in plan.remainders.items():
        if name not in plan.moved:
            cost += _remainder_cost(name, row, draws)
            lost = outage.cost_per_hour.get(name, 0.0)
            cost += (draws.values["api_outage_hours_per_month"] * lost)[:, None]
    return cost


def instance_counts(fleet: FleetPlan, cap: int | None, draws: Draws) -> Floats:
    """Return the instances that run in each draw and month."""
    needed = instances_needed_array(
        _sizing_rate(fleet, draws), sizing_capacity(fleet, draws)[:, None], minimum=fleet.minimum, spare=fleet.spare
    ).astype(np.float64)
    return needed if cap is None else np.minimum(needed, cap)


def set_up_cost(draws: Draws, *, self_hosted: bool) -> Floats:
    """Return what is paid once, a draw."""
    return draws.values["set_up_cost_usd" if self_hosted else "api_switch_cost_usd"]


def _sizing_rate(fleet: FleetPlan, draws: Draws) -> Floats:
    rates = [rate * draws.scale[name] for name, rate in fleet.sizing_rates.items()]
    return np.asarray(np.sum(rates, axis=0))


def sizing_capacity(fleet: FleetPlan, draws: Draws) -> Floats:
    """Return requests a second of one instance: the estimate, its error band, and what longer texts take away."""
    replica = fleet.layout.replica
    band = log_three_point(draws.capacity, replica.capacity_p10, replica.capacity_p90)
    # The layout was sized for the median factors; only what a draw adds to them takes more away.
    inputs = (draws.values["input_token_factor"] / fleet.input_token_factor) ** -fleet.input_elasticity
    outputs = (draws.values["output_token_factor"] / fleet.output_token_factor) ** -fleet.output_elasticity
    return np.asarray(fleet.layout.requests_per_second * band * inputs * outputs)


def _purchase_factor(fleet: FleetPlan, draws: Draws) -> Floats:
    overhead = draws.values["spot_overhead_share"]
    return 1 + overhead if fleet.purchase_option == "spot" else np.ones_like(overhead)


def _start_hours(plan: Plan, draws: Draws) -> Floats:
    minutes = draws.values["cold_start_minutes"]
    return draws.values["starts_per_month"] * minutes / MINUTES_PER_HOUR if plan.weekly_hours else 0 * minutes


def _fixed_cost(plan: Plan, draws: Draws) -> Floats:
    """Return platform and people with the people's hours and the traffic as drawn, the rest at its price."""
    total = np.full_like(draws.capacity, float(plan.fixed_cost))
    drawn = {
        "Upkeep (people)": "upkeep_hours_per_month",
        "Model refresh (people)": "model_refresh_hours_per_month",
        "NAT traffic": "nat_gb_per_month",
        "Logs, taken in": "log_gb_per_month",
    }
    for line in plan.fixed_lines:
        if line.name in drawn:
            swing = draws.values[drawn[line.name]] - float(line.quantity)
            total += swing * float(line.unit_price_usd)
    return total


def _remainder_cost(name: str, row: Remainder, draws: Draws) -> Floats:
    if row.flat:
        return np.full_like(draws.api_index, row.monthly_cost)
    cost = row.monthly_cost * draws.scale[name] * draws.api_index
    if not row.replaces_model:
        return np.asarray(cost)
    length = (draws.values["input_token_factor"] + draws.values["output_token_factor"]) / 2
    return np.asarray(cost * length[:, None])


def _stand_in_cost(plan: Plan, fleet: FleetPlan, count: Floats, draws: Draws, outage: Outage) -> Floats:
    """Return what the API costs on moved workloads, its own outages included.

    It answers in off hours, for what overflows, and while the servers are down.
    """
    if fleet.restricted:
        return np.zeros_like(count)
    share = _share_with_outages(plan, fleet, count, draws)
    costs = [_remainder_cost(name, plan.remainders[name], draws) for name in fleet.workloads]
    lost = draws.values["api_outage_hours_per_month"] * sum(
        outage.cost_per_hour.get(name, 0.0) for name in fleet.workloads
    )
    return np.asarray(share * (np.sum(costs, axis=0) + lost[:, None]))


def stand_in_share(plan: Plan, fleet: FleetPlan, draws: Draws) -> Floats:
    """Return the share of the fleet's traffic that an API answers in each draw and month."""
    return _share_with_outages(plan, fleet, instance_counts(fleet, plan.instance_cap, draws), draws)


def _share_with_outages(plan: Plan, fleet: FleetPlan, count: Floats, draws: Draws) -> Floats:
    down = np.minimum(draws.values["self_hosted_outage_hours_per_month"] / HOURS, 1.0)[:, None]
    share = _share_on_api(plan, fleet, count, draws)
    return np.asarray(share + (1 - share) * down)


def _share_on_api(plan: Plan, fleet: FleetPlan, count: Floats, draws: Draws) -> Floats:
    rates = np.asarray(fleet.hourly_rates)
    running = np.zeros_like(rates)
    running[list(plan.weekly_hours) if plan.weekly_hours else slice(None)] = 1.0
    if plan.instance_cap is None or not rates.sum():
        off = 1 - float((rates * running).sum() / rates.sum()) if rates.sum() else 0.0
        return np.full_like(count, off)
    # Inside an hour traffic comes in bursts, so an instance carries its rate over the burst factor as an hourly mean.
    growth = _sizing_rate(fleet, draws) / fleet.sizing_rate
    capacity = count * sizing_capacity(fleet, draws)[:, None] / (fleet.burst_factor * growth)
    served = [float((np.minimum(rates, level * rates.mean()) * running).sum() / rates.sum()) for level in LOAD_GRID]
    return np.asarray(1 - np.interp(capacity / rates.mean(), LOAD_GRID, served))
