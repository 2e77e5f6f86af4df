"""Is an accepted decision still right? Compare it with what today's evidence leads to: pure, nothing is written."""

import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from costcheck.decision.attribution import Decided, attribute, best_saving, best_servers, settled
from costcheck.decision.inputs import DecisionInputs
from costcheck.drift import (
    Change,
    Drift,
    NodesChange,
    PriceChange,
    RuleChange,
    Standing,
    WorkloadChange,
)
from costcheck.facts import Fact
from costcheck.model.demand import WorkloadDemand
from costcheck.price_book import TOKEN_UNIT
from costcheck.records import UnitPrice
from costcheck.settings import Settings
from costcheck.verdict import CostLine, Decision, Finding, Verdict, encode

TABLES: Final = ("serving_rules", "roofline", "gpus", "max_ages")
"""Inputs of the kit that are compared whole."""
DIGEST_LENGTH: Final = 12
SHARE: Final = Decimal("0.0001")
COST_CASE: Final = 6


def compare(before: Decided, after: Decided) -> Drift:
    """Return what moved between an accepted decision and today's, and where the change of its saving comes from."""
    then, now = before.decision, after.decision
    days_left = (then.valid_until - now.as_of).days
    prices = tuple(_prices(before, after))
    return Drift(
        costcheck_version=after.inputs.costcheck_version,
        company=now.company,
        standing=_standing(then, now, days_left),
        decided_on=then.as_of,
        as_of=now.as_of,
        valid_until=then.valid_until,
        days_left=days_left,
        verdict=Change(then=then.verdict, now=now.verdict),
        rule=Change(then=then.rule, now=now.rule),
        reasons=tuple(_reasons(now)),
        chosen_option=Change(then=then.chosen_option, now=now.chosen_option),
        baseline_option=Change(then=then.baseline_option, now=now.baseline_option),
        saving_usd=Change(then=best_saving(then), now=best_saving(now)),
        accepted_option_saving_usd=_saving_of(then.chosen_option, now),
        addressable_bill_usd=Change(then=then.addressable_bill_usd, now=now.addressable_bill_usd),
        complete_months=Change(then=then.complete_months, now=now.complete_months),
        aws_prices=tuple(row for row in prices if row.pricing_unit != TOKEN_UNIT),
        token_prices=tuple(row for row in prices if row.pricing_unit == TOKEN_UNIT),
        workloads=tuple(_workloads(before.inputs, after.inputs)),
        rules=tuple(_rules(before.inputs, after.inputs)),
        settings=tuple(_settings(before.inputs.settings, after.inputs.settings)),
        appeared=_only_in(now, then),
        went=_only_in(then, now),
        region_id=Change(then=before.inputs.settings.company.region_id, now=after.inputs.settings.company.region_id),
        maximum_nodes=tuple(_nodes(then, now)),
        monthly_ceiling_usd=Change(then=_ceiling(then), now=_ceiling(now)),
        attribution=attribute(before, after),
    )


def _standing(then: Decision, now: Decision, days_left: int) -> Standing:
    if now.verdict is Verdict.INSUFFICIENT_EVIDENCE:
        return Standing.CANNOT_TELL
    if now.verdict is not then.verdict:
        return Standing.CHANGED
    return Standing.STANDS if days_left >= 0 else Standing.EXPIRED


def _reasons(decision: Decision) -> Iterator[Finding]:
    """Yield the findings of the deciding rule; where servers are worth it, those of the cost case."""
    own = [row for row in decision.findings if row.rule == decision.rule]
    moves = decision.verdict in {Verdict.SELF_HOST, Verdict.HYBRID}
    yield from own or (row for row in decision.findings if moves and row.rule == COST_CASE)


def _saving_of(option_id: str, decision: Decision) -> Decimal | None:
    savings = {row.option_id: row.saving_usd.p50 for row in decision.options if row.saving_usd is not None}
    return savings.get(option_id)


def _only_in(decision: Decision, other: Decision) -> tuple[Finding, ...]:
    """Return findings that the other lacks; a figure that moved makes no other finding."""
    known = {(row.rule, row.subject, row.message) for row in other.findings}
    return tuple(row for row in decision.findings if (row.rule, row.subject, row.message) not in known)


def _prices(before: Decided, after: Decided) -> Iterator[PriceChange]:
    meters = {_meter(line) for line in _compared_lines(before.decision)}
    then, now = _listed(before.inputs, meters), _listed(after.inputs, meters)
    for key in sorted({*then, *now}):
        old, new = (side[key].list_unit_price if key in side else None for side in (then, now))
        yield _price_change(now.get(key) or then[key], Change(then=old, now=new))


def _compared_lines(decision: Decision) -> Iterator[CostLine]:
    """Yield the lines of the option chosen, of what savings are measured against, and of the best servers."""
    servers = best_servers(decision)
    shown = {decision.chosen_option, decision.baseline_option, servers.option_id if servers else ""}
    for option in decision.options:
        yield from option.lines if option.option_id in shown else ()


def _meter(line: CostLine) -> str:
    """Return service and meter; a line of tokens is called by them."""
    return line.name if line.unit == TOKEN_UNIT else line.sku_meter


def _listed(inputs: DecisionInputs, meters: set[str]) -> Mapping[tuple[str, ...], UnitPrice]:
    rows = (
        row
        for row in settled(inputs).snapshot.unit_prices
        if f"{row.service_code} {row.sku_meter}" in meters and row.effective_from is None
    )
    return {(row.pricing_unit, row.key, f"{row.tier_start:040f}"): row for row in rows}


def _price_change(row: UnitPrice, change: Change[Decimal | None]) -> PriceChange:
    old, new = change.then, change.now
    return PriceChange(
        service_code=row.service_code,
        sku_meter=row.sku_meter,
        region_id=row.region_id,
        pricing_category=row.pricing_category,
        tier_start=row.tier_start,
        pricing_unit=row.pricing_unit,
        unit_price_usd=change,
        change_share=None if old is None or new is None else (new / old - 1).quantize(SHARE),
        price_source=row.provenance.source_url,
        price_date=row.provenance.retrieved_on,
    )


def _workloads(then: DecisionInputs, now: DecisionInputs) -> Iterator[WorkloadChange]:
    old, new = then.demand_by_name, now.demand_by_name
    for name in dict.fromkeys([*old, *new]):
        sides = old.get(name), new.get(name)
        requests, growth = map(_requests, sides), map(_growth, sides)
        yield WorkloadChange(
            name=name,
            monthly_requests=Change(then=next(requests), now=next(requests)),
            monthly_growth=Change(then=next(growth), now=next(growth)),
        )


def _requests(demand: WorkloadDemand | None) -> Decimal | None:
    return demand.monthly_requests.quantize(Decimal(1)) if demand else None


def _growth(demand: WorkloadDemand | None) -> Decimal | None:
    return Decimal(str(demand.growth.monthly_rate)).quantize(SHARE) if demand else None


def _rules(then: DecisionInputs, now: DecisionInputs) -> Iterator[RuleChange]:
    old, new = _in_words(then), _in_words(now)
    for name in sorted({*old, *new}):
        change = Change(then=old.get(name, ""), now=new.get(name, ""))
        is_new_model = name.startswith("models.") and "" in {change.then, change.now}
        if change.moved and not is_new_model:
            yield RuleChange(name=name, value=change)


def _in_words(inputs: DecisionInputs) -> dict[str, str]:
    facts = {
        f"{table}.{name}": _fact(getattr(rules, name))
        for table, rules in (("thresholds", inputs.thresholds), ("assumptions", inputs.assumptions))
        for name in rules.__struct_fields__
    }
    tables = {name: _digest(getattr(inputs, name)) for name in TABLES}
    models = {f"models.{name}": _digest(model) for name, model in inputs.models.items()}
    return {**facts, **tables, **models, "draws": str(inputs.draws), "seed": str(inputs.seed)}


def _fact(value: Any) -> str:  # noqa: ANN401 - a fact, or the one table among them
    if not isinstance(value, Fact):
        return str(value.instance_type)
    reach = f" ({value.low} to {value.high})" if value.low is not None else ""
    return f"{value.value}{reach} {value.unit}"


def _digest(part: Any) -> str:  # noqa: ANN401 - any of our records
    return hashlib.sha256(encode(part)).hexdigest()[:DIGEST_LENGTH]


def _settings(then: Settings, now: Settings) -> Iterator[str]:
    """Yield the tables that are others today; overridden thresholds and assumptions are named as rules."""
    old, new = ({row.name: row for row in side.workload} for side in (then, now))
    for name in then.__struct_fields__:
        if name not in {"workload", "thresholds", "assumptions"} and getattr(then, name) != getattr(now, name):
            yield name
    yield from (f"workload {name}" for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name))


def _nodes(then: Decision, now: Decision) -> Iterator[NodesChange]:
    old, new = (side.allowance.maximum_nodes if side.allowance else {} for side in (then, now))
    for key in sorted({*old, *new}):
        change = Change(then=old.get(key, 0), now=new.get(key, 0))
        if change.moved:
            yield NodesChange(key=key, maximum_nodes=change)


def _ceiling(decision: Decision) -> Decimal | None:
    return decision.allowance.monthly_ceiling_usd if decision.allowance else None
