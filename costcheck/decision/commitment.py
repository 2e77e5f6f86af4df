"""What a year's commitment would change: told and never chosen, for what has not served six months yet."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import numpy as np

from costcheck.decision.evaluation import Evaluation, Evaluator, least_saving
from costcheck.model.plan import FleetPlan, Plan
from costcheck.price_book import EC2, savings_plan_meter
from costcheck.records import PricingCategory, UnitPrice
from costcheck.verdict import Finding

PAYMENT_OPTION = "No Upfront"
"""The dearest of AWS's three, and the only one that binds no money before an hour has served."""


def commitment_remarks(evaluator: Evaluator, evaluation: Evaluation) -> Iterator[Finding]:
    """Yield the best saving if every instance hour were under a Compute Savings Plan of one year, at medians.

    Only plans that always run on demand are asked, because a commitment is due every hour; all of their hours take
    its rate, also those of months with more instances, so that no such commitment saves more. Its rate stands still
    for the year. Nothing is yielded where a rate is missing or too old, or compliance has chosen.
    """
    if evaluation.baseline_plan is not None:
        return
    committed = [plan for row in evaluation.plans if (plan := _committed(evaluator, row.plan)) is not None]
    if not committed:
        return
    draws = replace(evaluator.single, gpu_index=np.ones_like(evaluator.single.gpu_index))
    savings = [(evaluator.median_saving(evaluation, plan, draws), plan) for plan in committed]
    (saving, baseline), plan = max(savings, key=lambda row: row[0][0])
    yield Finding(
        rule=0,
        subject="cost case",
        message="saving at median assumptions if every instance hour were under a Compute Savings Plan of one year "
        f"({PAYMENT_OPTION}): {_judged(evaluator, saving, baseline)}",
        figure=f"{Decimal(round(saving)):,.0f} USD/month",
        source="; ".join(sorted({_rate(fleet.price) for fleet in plan.fleets})),
    )


def _committed(evaluator: Evaluator, plan: Plan) -> Plan | None:
    """Return the plan at the rates of the commitment, None where it does not always run, or one has no rate."""
    fleets = [_at_rate(evaluator, fleet) for fleet in plan.fleets]
    priced = tuple(fleet for fleet in fleets if fleet is not None)
    always = not plan.weekly_hours and len(priced) == len(plan.fleets)
    return replace(plan, fleets=priced) if always else None


def _at_rate(evaluator: Evaluator, fleet: FleetPlan) -> FleetPlan | None:
    inputs = evaluator.inputs
    book, meter = inputs.book, savings_plan_meter(PAYMENT_OPTION, fleet.instance.instance_type)
    region_id, category = fleet.price.region_id, PricingCategory.COMMITTED
    if fleet.purchase_option != "on_demand" or not book.is_priced(EC2, meter, region_id=region_id, category=category):
        return None
    price = book.price(EC2, meter, region_id=region_id, category=category)
    is_old = book.age_days(price, inputs.as_of) > book.max_ages.limit_days(price)
    return None if is_old else replace(fleet, price=price)


def _judged(evaluator: Evaluator, saving: float, baseline: float) -> str:
    least = least_saving(evaluator.inputs.thresholds, baseline)
    if Decimal(str(saving)) < least:
        return f"below the {least:,.0f} that rule 6 asks for, so no commitment makes a case"
    return "enough for rule 6, but commit only to what has served six months"


def _rate(price: UnitPrice) -> str:
    instance_type = price.sku_meter.rpartition("/")[2]
    seen, sku = price.provenance, f"SKU {price.sku_id}, " if price.sku_id else ""
    return f"{instance_type} at {price.list_unit_price} USD an hour, {sku}{seen.retrieved_on}, {seen.source_url}"
