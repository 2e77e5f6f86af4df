"""Simulated plans and API options in the words of the verdict."""

import math
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_CEILING, Decimal

import numpy as np

from costcheck.decision.evaluation import ApiResult, Evaluation, Evaluator, PlanResult
from costcheck.decision.inputs import decimal
from costcheck.model.api_cost import ApiVariant
from costcheck.model.break_even import CostCurves, Staircase, break_even_volume
from costcheck.model.plan import FleetPlan, Plan
from costcheck.model.self_hosted_cost import ASSUMPTION_METER, OPERATOR_METER, priced_line
from costcheck.model.simulation import instance_counts, sizing_capacity, stand_in_share
from costcheck.records import PricingCategory
from costcheck.units import HOURS_PER_MONTH
from costcheck.verdict import Allowance, BreakEven, CostLine, Fleet, OptionKind, OptionResult

NOT_AWS = frozenset({ASSUMPTION_METER, OPERATOR_METER})
"""Meters of people and of whoever is paid to operate: nothing that a stack provisions."""
FAILURE_WORDS = {
    "min_saving_share": "saves under {min_saving_share:.0%} of the cheapest API option",
    "min_saving_usd": "saves under {min_saving_usd:,.0f} USD a month",
    "p10_above_zero": "loses money in more than one draw of ten",
    "max_pay_back_months": "does not pay back within {max_pay_back_months} months",
    "wait_months": "is worth more when decided {wait_months} months later",
}


def api_results(
    evaluator: Evaluator, results: Iterable[ApiResult], variants_needing: Mapping[str, str]
) -> list[OptionResult]:
    """Return the API options; `variants_needing` tells what an option still needs, by id."""
    return [
        OptionResult(
            option_id=row.option.option_id,
            kind=row.option.kind,
            label=row.option.label,
            why_not=variants_needing.get(row.option.option_id, ""),
            monthly_cost_usd=row.monthly_cost_usd,
            set_up_cost_usd=evaluator.inputs.assumptions.api_switch_cost_usd.value
            if row.option.switches
            else Decimal(0),
            lines=tuple(line for variant in row.option.variants.values() for line in variant.lines),
        )
        for row in results
    ]


def plan_results(evaluator: Evaluator, evaluation: Evaluation, most: int) -> list[OptionResult]:
    """Return the best plans, and always the best one that moves everything and the one that is the baseline."""
    kept = list(evaluation.plans[:most])
    whole = next((row for row in evaluation.plans if row.plan.kind is OptionKind.SELF_HOSTED), None)
    for row in (whole, evaluation.baseline_plan):
        if row is not None and row not in kept:
            kept.append(row)
    return [plan_result(evaluator, evaluation, row) for row in kept]


def plan_result(evaluator: Evaluator, evaluation: Evaluation, row: PlanResult) -> OptionResult:
    """Return one plan with its fleets and cost lines."""
    plan, is_baseline = row.plan, row == evaluation.baseline_plan
    return OptionResult(
        option_id=plan.option_id,
        kind=plan.kind,
        label=plan.label,
        why_not="" if is_baseline else _why_not(evaluator, row),
        monthly_cost_usd=row.monthly_cost_usd,
        saving_usd=None if is_baseline else row.case.saving_usd,
        set_up_cost_usd=row.set_up_usd,
        moved_workloads=plan.moved,
        fleets=tuple(_fleet(evaluator, plan, fleet) for fleet in plan.fleets),
        lines=tuple(_lines(evaluator, plan)),
        schedule=plan.schedule,
        weekly_hours=plan.weekly_hours,
    )


def allowance(evaluator: Evaluator, plan: Plan, region_id: str) -> Allowance:
    """Return what a plan may provision: nodes at the P90 of its busiest month, and their cost at today's prices."""
    nodes: dict[str, int] = {}
    ceiling = sum((line.monthly_cost_usd for line in plan.fixed_lines if line.sku_meter not in NOT_AWS), Decimal(0))
    for fleet in plan.fleets:
        count = _most_instances(evaluator, plan, fleet)
        key = f"{fleet.instance.instance_type}/{fleet.purchase_option}"
        nodes[key] = nodes.get(key, 0) + count
        ceiling += count * (fleet.price.list_unit_price * HOURS_PER_MONTH + Decimal(str(fleet.node_cost)))
    return Allowance(
        region_id=region_id,
        maximum_nodes=nodes,
        monthly_ceiling_usd=ceiling.quantize(Decimal("0.01"), rounding=ROUND_CEILING),
    )


def break_even(evaluator: Evaluator, evaluation: Evaluation) -> BreakEven | None:
    """Return the volume at which the best always-on plan costs what the API does.

    None where no plan runs always, or where compliance leaves no API to compare with.
    """
    best = next((row for row in evaluation.plans if _always_on(row.plan)), None)
    if best is None or evaluation.baseline_plan is not None:
        return None
    plan = best.plan
    demands = [evaluator.inputs.demand_by_name[name] for name in plan.moved]
    requests = sum((demand.monthly_requests for demand in demands), Decimal(0))
    if requests <= 0:
        return None
    tokens = sum(
        (
            row.monthly_requests * Decimal(str(row.input_tokens_per_request + row.output_tokens_per_request))
            for row in demands
        ),
        Decimal(0),
    )
    volume = break_even_volume(cost_curves(evaluator, evaluation, plan, requests))
    counts = (
        None
        if volume is None
        else sum(_staircase(evaluator, plan, fleet, requests).instances(volume) for fleet in plan.fleets)
    )
    return BreakEven(
        option_id=plan.option_id,
        monthly_requests=None if volume is None else volume.quantize(Decimal(1)),
        monthly_tokens=None if volume is None else (volume * tokens / requests).quantize(Decimal(1)),
        today_monthly_requests=requests.quantize(Decimal(1)),
        instance_count=counts,
        month_reached=None if volume is None else _month_reached(evaluator, plan, volume / requests),
        note=_break_even_note(plan, volume),
    )


def cost_curves(evaluator: Evaluator, evaluation: Evaluation, plan: Plan, requests: Decimal) -> CostCurves:
    """Return both sides' monthly cost as functions of the moved workloads' volume, at today's prices and medians."""
    api = sum(evaluation.baseline_remainders[name].monthly_cost for name in plan.moved)
    lines = plan.fixed_lines + plan.set_up_lines
    down = sum(
        float(stand_in_share(plan, fleet, evaluator.single)[0, 0])
        * sum(plan.remainders[name].monthly_cost for name in fleet.workloads)
        for fleet in plan.fleets
        if not fleet.restricted
    )
    return CostCurves(
        api_unit_cost=Decimal(str(api)) / requests,
        self_hosted_fixed_cost=sum((line.monthly_cost_usd for line in lines), Decimal(0)),
        self_hosted_unit_cost=Decimal(str(down)) / requests,
        fleets=tuple(_staircase(evaluator, plan, fleet, requests) for fleet in plan.fleets),
    )


def api_saving(variants: Iterable[ApiVariant]) -> Iterator[tuple[ApiVariant, Decimal]]:
    """Return each other way to buy the tokens that costs less than today's, with its saving a month."""
    pool = list(variants)
    for variant in pool[1:]:
        saving = pool[0].monthly_cost_usd - variant.monthly_cost_usd
        if saving > 0:
            yield variant, saving


def _always_on(plan: Plan) -> bool:
    return not plan.weekly_hours and plan.instance_cap is None


def _staircase(evaluator: Evaluator, plan: Plan, fleet: FleetPlan, requests: Decimal) -> Staircase:
    capacity = float(sizing_capacity(fleet, evaluator.single)[0])
    hourly = fleet.price.list_unit_price * Decimal(str(round(plan.hours_per_month, 6)))
    return Staircase(
        instance_cost=hourly + Decimal(str(fleet.node_cost)),
        units_per_instance=requests * Decimal(str(capacity / fleet.sizing_rate)),
        minimum=fleet.minimum,
        spare=fleet.spare,
    )


def _break_even_note(plan: Plan, volume: Decimal | None) -> str:
    moved = f"the requests of {', '.join(plan.moved)}"
    if volume is None:
        return f"For {moved}, another instance costs more than the API asks for what it carries."
    return f"Of {moved}; a fixed point on the staircase of whole instances, at today's prices and median capacity."


def _month_reached(evaluator: Evaluator, plan: Plan, multiple: Decimal) -> int | None:
    path = np.mean([evaluator.single.scale[name][0] for name in plan.moved], axis=0)[: evaluator.horizon]
    reached = np.flatnonzero(path >= float(multiple))
    return int(reached[0]) if reached.size else None


def _why_not(evaluator: Evaluator, row: PlanResult) -> str:
    limits = {
        name: getattr(evaluator.inputs.thresholds, name).value
        for name in ("min_saving_share", "min_saving_usd", "max_pay_back_months", "wait_months")
    }
    return "; ".join(FAILURE_WORDS[name].format(**limits) for name in row.case.failures)


def _most_instances(evaluator: Evaluator, plan: Plan, fleet: FleetPlan) -> int:
    counts = instance_counts(fleet, plan.instance_cap, evaluator.draws)[:, : evaluator.horizon]
    return int(np.ceil(np.quantile(counts.max(axis=1), 0.9)))


def _fleet(evaluator: Evaluator, plan: Plan, fleet: FleetPlan) -> Fleet:
    count = _instances_today(evaluator, plan, fleet)
    replica = fleet.layout.replica
    return Fleet(
        model=fleet.model,
        checkpoint=replica.huggingface_id,
        quantization=str(replica.quantization),
        weight_gib=Decimal(str(replica.memory.weight_gib)),
        context_tokens=math.ceil(replica.memory.longest_context_tokens),
        longest_request_gib=Decimal(str(round(replica.memory.longest_request_gib, 4))),
        node_volume_gib=evaluator.inputs.assumptions.gpu_node_volume_gb.value,
        instance_type=fleet.instance.instance_type,
        purchase_option=fleet.purchase_option,
        tensor_parallel=replica.tensor_parallel,
        replicas_per_instance=fleet.layout.replicas_per_instance,
        instance_count=count,
        maximum_instance_count=_most_instances(evaluator, plan, fleet),
        hours_per_month=decimal(plan.hours_per_month),
        requests_per_second_per_instance=Decimal(str(round(fleet.layout.requests_per_second, 3))),
        busy_requests_per_second=Decimal(str(round(fleet.sizing_rate, 3))),
        utilisation=Decimal(str(round(fleet.sizing_rate / (count * fleet.layout.requests_per_second), 3))),
        bound_by=str(replica.limit),
        workloads=fleet.workloads,
    )


def _instances_today(evaluator: Evaluator, plan: Plan, fleet: FleetPlan) -> int:
    return int(instance_counts(fleet, plan.instance_cap, evaluator.single)[0, 0])


def _lines(evaluator: Evaluator, plan: Plan) -> Iterator[CostLine]:
    """Yield every line at today's demand: servers, what each node brings, platform, people, set-up, API."""
    for fleet in plan.fleets:
        count = _instances_today(evaluator, plan, fleet)
        hours = Decimal(str(round(plan.hours_per_month + _start_hours(evaluator, plan), 4)))
        name = f"GPU instances ({count} x {fleet.instance.instance_type}, {fleet.model})"
        yield priced_line(name, count * hours, fleet.price)
        if fleet.purchase_option == "spot":
            overhead = evaluator.inputs.assumptions.spot_overhead_share.value
            yield priced_line("Instance hours lost to interruptions", count * hours * overhead, fleet.price)
        book, region = evaluator.inputs.book, evaluator.inputs.settings.company.region_id
        volume = book.price("AmazonEC2", "EBS:VolumeUsage.gp3", region_id=region, category=PricingCategory.STANDARD)
        gb = evaluator.inputs.assumptions.gpu_node_volume_gb.value
        yield priced_line(f"Volumes of {count} GPU nodes", count * gb, volume)
    yield from plan.fixed_lines
    yield from plan.set_up_lines
    yield from _api_lines(evaluator, plan)


def _start_hours(evaluator: Evaluator, plan: Plan) -> float:
    use = evaluator.inputs.assumptions
    return float(use.starts_per_month.value * use.cold_start_minutes.value / 60) if plan.weekly_hours else 0.0


def _api_lines(evaluator: Evaluator, plan: Plan) -> Iterator[CostLine]:
    for fleet in plan.fleets:
        if not fleet.restricted:
            share = float(stand_in_share(plan, fleet, evaluator.single)[0, 0])
            for name in fleet.workloads:
                yield _api_line(evaluator, f"API for {name} when the servers cannot", plan, name, share)
    for name in plan.remainders:
        if name not in plan.moved:
            yield _api_line(evaluator, f"API for {name}, which stays", plan, name, 1.0)


def _api_line(evaluator: Evaluator, label: str, plan: Plan, name: str, share: float) -> CostLine:
    monthly = decimal(plan.remainders[name].monthly_cost)
    quantity = Decimal(str(round(share, 6)))
    return CostLine(
        name=label,
        quantity=quantity,
        unit="share of its API month",
        unit_price_usd=monthly,
        monthly_cost_usd=quantity * monthly,
        sku_id=None,
        sku_meter="token prices of the API option",
        price_source="see the lines of the API option",
        price_date=evaluator.inputs.snapshot.as_of,
    )
