"""Findings: what the verdict rests on, each with its figure, its threshold and where they stand."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import msgspec
import numpy as np

from costcheck.decision.commitment import commitment_remarks
from costcheck.decision.evaluation import Evaluation
from costcheck.decision.evidence import (
    active_compliance,
    amounts_carry,
    instance_offers,
    is_proven,
    limit,
    source,
    unexplained_amounts,
    usd,
)
from costcheck.decision.inputs import DecisionInputs
from costcheck.decision.reading import Reader, Reading
from costcheck.decision.table import Answer, Conditions
from costcheck.facts import Fact
from costcheck.model.bill import RECENT_MONTHS
from costcheck.model.coverage import next_month
from costcheck.model.planning import movable_workloads
from costcheck.price_book import TOKEN_UNIT
from costcheck.records import ServiceTier, TokenType, UnitPrice
from costcheck.verdict import Finding

GRANTED = Reading(take_quality_for_granted=True, only_buyable=False)


def findings(
    inputs: DecisionInputs,
    reader: Reader | None,
    conditions: Conditions,
    answer: Answer,
    evaluation: Evaluation | None,
) -> Iterator[Finding]:
    """Yield what a verdict by rules 2 to 10 rests on, and then the remarks that decide nothing (rule 0)."""
    if answer.rule == 1:
        return
    if reader is not None:
        yield from _requirement_findings(reader, evaluation)
    if not (conditions.forced or conditions.forced_managed) or conditions.free_workloads:
        yield from _bill_findings(inputs, conditions)
    yield from _operator_findings(inputs)
    if evaluation is not None and evaluation.best is not None:
        yield from _case_findings(inputs, evaluation)
    elif reader is not None and any(reader.choices(GRANTED).values()):
        yield Finding(rule=6, subject="servers", message="no instance type serves any candidate", source="capacity")
    if reader is not None:
        yield from _quality_findings(inputs, reader)
        yield from _still_price_remarks(reader, evaluation)
        if evaluation is not None:
            yield from commitment_remarks(reader.evaluator, evaluation)
        yield from _seller_remarks(reader)
        yield from _left_out_remarks(reader)
    if conditions.proven_case and not conditions.buyable:
        yield Finding(
            rule=8,
            subject="servers",
            message="the instance types that would pay are not offered in the region, or were refused",
        )
    yield from _remarks(inputs)


def _requirement_findings(reader: Reader, evaluation: Evaluation | None) -> Iterator[Finding]:
    """Yield what each requirement in force leaves, and at what price a month."""
    for name, workload in reader.bound.items():
        if workload.compliance is None:
            continue
        if name in reader.forced:
            plan = evaluation.baseline_plan if evaluation else None
            left, price = "servers of its own", usd(plan.monthly_cost_usd.p50) if plan else ""
        else:
            cheapest = min(variant.monthly_cost_usd for variant in reader.eligible(name, GRANTED))
            left, price = "a managed API inside the region", usd(cheapest)
        yield Finding(
            rule=2,
            subject=name,
            message=f"a requirement rules the public API out; the cheapest that it allows: {left}",
            figure=price,
            threshold=f"in force until {workload.compliance.expires_on}",
            source=f"{workload.compliance.clause} (owner: {workload.compliance.owner})",
        )


def _bill_findings(inputs: DecisionInputs, conditions: Conditions) -> Iterator[Finding]:
    limits = inputs.thresholds
    months = len(inputs.coverage.complete_months)
    yield Finding(
        rule=3,
        subject="bill",
        message=f"complete months of {_measured(inputs)}" + (": too few" if conditions.short_evidence else ""),
        figure=f"{months} month{'' if months == 1 else 's'}",
        threshold=f"at least {limit(limits.min_complete_months)}",
        source=source(limits.min_complete_months),
    )
    threshold = limits.keep_measuring_bill_usd if not conditions.small_bill else limits.min_addressable_bill_usd
    small = conditions.small_bill or conditions.middling_bill
    yield Finding(
        rule=3 if conditions.small_bill else 4,
        subject="bill",
        message="spend that self-hosting could replace" + (": too little to pay for servers" if small else ""),
        figure=usd(inputs.bill.addressable_monthly_cost_usd),
        threshold=f"at least {limit(threshold)}",
        source=source(threshold),
    )


def _measured(inputs: DecisionInputs) -> str:
    return "measured usage" if inputs.bill.has_usage else "bills, which tell no usage"


def _operator_findings(inputs: DecisionInputs) -> Iterator[Finding]:
    answer = inputs.settings.operator.answer
    words = {
        None: "nobody answered who would run the servers",
        "nobody": "the owner answered that nobody would run them",
    }
    if answer in words:
        rule = 7 if answer is None else 5
        yield Finding(rule=rule, subject="operator", message=words[answer], source="[operator] of costcheck.toml")


def _case_findings(inputs: DecisionInputs, evaluation: Evaluation) -> Iterator[Finding]:
    best = evaluation.best
    if best is None or best is evaluation.baseline_plan:
        return  # no more than compliance forces: nothing is compared, so there is no case to make
    limits, case = inputs.thresholds, best.case
    pay_back = "never" if case.pay_back_months is None else _months(case.pay_back_months)
    rows: tuple[tuple[str, str, str, Fact | None], ...] = (
        ("saving, P50", _whole_usd(case.saving_usd.p50), "min_saving_usd", limits.min_saving_usd),
        ("saving, share", _share(case.saving_share), "min_saving_share", limits.min_saving_share),
        ("saving, P10", _whole_usd(case.saving_usd.p10), "p10_above_zero", None),
        ("pay-back of set-up", pay_back, "max_pay_back_months", limits.max_pay_back_months),
        ("gain from waiting", f"{case.waiting_gain_usd:,.0f} USD", "wait_months", limits.wait_months),
    )
    for message, figure, name, fact in rows:
        yield Finding(
            rule=6,
            subject="cost case",
            message=message + (": missed" if name in case.failures else ""),
            figure=figure,
            threshold=_threshold_words(name, fact),
            source=source(fact) if fact else "costcheck/data/thresholds.toml",
        )


def _months(count: Decimal) -> str:
    return f"{count} month" if count == 1 else f"{count} months"


def _share(saving: Decimal) -> str:
    """Return the saving as a share; servers that cost more than twice the API as a multiple of it."""
    multiple = 1 - saving
    return f"{saving:.1%}" if multiple <= 2 else f"costs {multiple:,.{1 if multiple < 10 else 0}f}x the API"  # noqa: PLR2004


def _threshold_words(name: str, fact: Fact | None) -> str:
    words = {
        "min_saving_usd": "at least {value:,} USD/month",
        "min_saving_share": "at least {value:.0%}",
        "max_pay_back_months": "at most {value} months",
        "wait_months": "at most 0 USD after {value} months",
    }
    return "above 0 USD/month" if fact is None else words[name].format(value=fact.value)


def _whole_usd(amount: Decimal) -> str:
    return f"{amount:,.0f} USD/month"


def _quality_findings(inputs: DecisionInputs, reader: Reader) -> Iterator[Finding]:
    for workload in reader.workloads:
        for model in workload.candidates:
            proven = is_proven(inputs, workload, model)
            shown = "shown" if proven else "not shown: no passed evaluation, no acceptance"
            oldest = limit(inputs.thresholds.max_evaluation_age_days)
            yield Finding(
                rule=0 if proven else 7,
                subject=workload.name,
                message=f"quality of {model} is {shown}",
                threshold=f"an evaluation or acceptance of the last {oldest}",
                source="[[workload.evaluations]] of costcheck.toml",
            )


def _still_price_remarks(reader: Reader, evaluation: Evaluation | None) -> Iterator[Finding]:
    """Yield the best servers' saving if prices did not fall: the zero case of each range."""
    best = evaluation.best if evaluation else None
    if evaluation is None or best is None or best is evaluation.baseline_plan:
        return
    single = reader.evaluator.single
    still = np.ones_like(single.api_index)
    for words, draws in (
        ("prices of the API stand still", replace(single, api_index=still)),
        ("prices of GPUs stand still", replace(single, gpu_index=still)),
        ("both stand still", replace(single, api_index=still, gpu_index=still)),
    ):
        saving, _ = reader.evaluator.median_saving(evaluation, best.plan, draws)
        yield _remark("cost case", f"saving at median assumptions if {words}", _whole_usd(Decimal(round(saving))))


def _seller_remarks(reader: Reader) -> Iterator[Finding]:
    """Yield the published weights that no price list sells: the comparison lacks its fairest rival."""
    for workload in reader.workloads:
        sold = {variant.model for variant in reader.variants[workload.name]}
        for model in workload.candidates:
            if workload.weights == "published" and model not in sold:
                yield _remark(
                    workload.name,
                    f"no price list sells {model} by the token: look for a seller, enter an offer as managed_quotes",
                )


def _left_out_remarks(reader: Reader) -> Iterator[Finding]:
    """Yield the workloads that were too many to try every combination of."""
    choices = reader.choices(Reading(take_quality_for_granted=True, only_buyable=False))
    tried = movable_workloads(choices, frozenset(reader.forced), reader.inputs.demand_by_name)
    left_out = sorted(name for name, models in choices.items() if models and name not in tried)
    if left_out:
        yield _remark("servers", f"too many to try every combination, so left on the API: {', '.join(left_out)}")


def _remarks(inputs: DecisionInputs) -> Iterator[Finding]:
    yield from _demand_remarks(inputs)
    yield from _requirement_remarks(inputs)
    yield from _price_remarks(inputs)
    yield from _aside_remarks(inputs)
    if inputs.bill.has_usage and not inputs.bill.charged:
        yield _remark("bill", "no charges were read: spend is usage x list price")
    if inputs.bill.unmeasured_monthly_cost_usd:
        amount = usd(inputs.bill.unmeasured_monthly_cost_usd)
        yield _remark("bill", "billed without tokens, and taken as if all of it could move", amount)
    if amounts_carry(inputs):
        yield from (replace(row, rule=0) for row in unexplained_amounts(inputs))
    if inputs.bill.negligible_models is not msgspec.UNSET:
        names = ", ".join(inputs.bill.negligible_models)
        yield _remark("bill", f"nobody can price {names}: hardly anything was charged for it, so it is set aside")
    if inputs.coverage.quiet is not msgspec.UNSET:
        runs = "; ".join(inputs.coverage.quiet)
        yield _remark("bill", "days in a row without any usage: a bill that was cut, or no use", runs)
    for gap in inputs.coverage.missing(is_invoiced=False):
        yield _remark("bill", "months without any row: a bill that was not read, or no use", gap.words)
    if inputs.coverage.quarantined_rows:
        yield _remark(
            "ledger",
            "rows that nobody could read are kept in quarantine: `costcheck bill show` tells why",
            f"{inputs.coverage.quarantined_rows} row{'' if inputs.coverage.quarantined_rows == 1 else 's'}",
        )


def _aside_remarks(inputs: DecisionInputs) -> Iterator[Finding]:
    """Yield what was billed and is compared with nothing, a month."""
    recent = inputs.bill.months[-RECENT_MONTHS:]
    rows = (
        ("spend that nothing of ours could replace, or that no workload names", "set_aside_cost_usd"),
        ("credits, which the comparison leaves out", "credit_usd"),
        ("taxes, which the comparison leaves out", "tax_usd"),
        ("bought ahead, which the comparison leaves out where the use is told", "purchase_usd"),
    )
    for message, column in rows:
        mean = sum((getattr(month, column) or Decimal(0) for month in recent), Decimal(0)) / max(len(recent), 1)
        if mean:
            yield _remark("bill", message, usd(mean))


def _demand_remarks(inputs: DecisionInputs) -> Iterator[Finding]:
    for demand in inputs.demands:
        if demand.origin == "declared":
            yield _remark(demand.name, "its demand was declared by a person, not measured")
        elif demand.origin == "spread":
            yield _remark(demand.name, "its busy hour is assumed: the bill knows days or months only")
        if not demand.request_count_known:
            yield _remark(demand.name, "its requests are estimated from tokens")


def _requirement_remarks(inputs: DecisionInputs) -> Iterator[Finding]:
    for workload in inputs.settings.workload:
        if workload.compliance is not None and not active_compliance(workload, inputs.as_of):
            yield _remark(
                workload.name,
                f"its requirement ({workload.compliance.clause}) has expired and binds nobody",
                f"expired {workload.compliance.expires_on}",
            )


def _price_remarks(inputs: DecisionInputs) -> Iterator[Finding]:
    """Yield what is known of prices and left out of the comparison."""
    for first_day, models in sorted(_coming_prices(inputs).items()):
        yield _remark(
            "price",
            f"token prices known to begin within the horizon are not in the figures: {', '.join(sorted(models))}",
            f"from {first_day}",
            "genai-prices",
        )
    for name, first_day in sorted(_priced_later(inputs).items()):
        message = f"the price of {name} is known only from a later day on, and stands in for the months before"
        yield _remark("price", message, f"from {first_day}", "genai-prices")
    for workload in inputs.settings.workload:
        model = workload.cheaper_request_model
        if model is not None and not any(name.split("/", maxsplit=1)[1] == model for name in inputs.names):
            yield _remark(workload.name, f"nobody can price cheaper_request_model {model}: it was not compared")
    offers = instance_offers(inputs)
    unpriced = sorted(f"{name} ({option.replace('_', '-')})" for name, option, is_sold in offers if not is_sold)
    if unpriced:
        yield _remark("servers", f"not priced in the region, so not compared: {', '.join(unpriced)}")


def _priced_later(inputs: DecisionInputs) -> dict[str, date]:
    """Return since when the price of each model and tier that was used is known, where that is within the bill."""
    book, begun = inputs.book, min(inputs.coverage.complete_months, default=inputs.as_of)
    found: dict[str, date] = {}
    for usage in (usage for demand in inputs.demands for usage in demand.models):
        billed = f"{usage.service_provider_name}/{usage.request_model}"
        if billed in inputs.names:
            name = inputs.names[billed]
            first_day = book.token_price_known_from(name.service_code, name.model_id, usage.service_tier)
            if first_day > begun:
                found[f"{billed} ({usage.service_tier})"] = first_day
    return found


def _coming_prices(inputs: DecisionInputs) -> dict[date, set[str]]:
    last = inputs.as_of
    for _ in range(int(inputs.thresholds.horizon_months.value)):
        last = next_month(last)
    tiers = {str(usage.service_tier) for demand in inputs.demands for usage in demand.models} | {ServiceTier.STANDARD}
    if any(workload.latency_class == "batch" for workload in inputs.settings.workload):
        tiers.add(ServiceTier.BATCH)
    changes: dict[date, set[str]] = {}
    for row in inputs.snapshot.unit_prices:
        if row.pricing_unit == TOKEN_UNIT and row.effective_from and inputs.as_of < row.effective_from <= last:
            model, tier = _model_and_tier(row)
            if tier in tiers:
                changes.setdefault(row.effective_from, set()).add(f"{row.service_code} {model} ({tier})")
    return changes


def _model_and_tier(price: UnitPrice) -> tuple[str, str]:
    model, tier = re.split(f"/(?:{'|'.join(TokenType)})/?", price.sku_meter, maxsplit=1)
    return model, tier or ServiceTier.STANDARD


def _remark(subject: str, message: str, figure: str = "", where: str = "") -> Finding:
    return Finding(rule=0, subject=subject, message=message, figure=figure, source=where)
