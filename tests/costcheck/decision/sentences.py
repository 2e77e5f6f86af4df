"""What a decision says of companies of every kind, as a page: tests/golden/decision/sentences.txt.

`python -m tests.costcheck.decision.sentences` writes it anew, to be read before committing.
"""

import functools
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from costcheck.catalogue import load_open_weights
from costcheck.model.growth import Growth
from costcheck.price_book import TOKEN_UNIT
from costcheck.records import Quota
from costcheck.rules import load_thresholds
from costcheck.settings import ManagedQuote, Match, Operator, Override, SelfHosting
from costcheck.units import to_cents
from costcheck.verdict import Decision, OptionResult
from tests.costcheck.decision.builders import (
    AS_OF,
    CANDIDATE,
    MONTHS,
    bill,
    compliance,
    coverage,
    decided,
    demand,
    settings,
    snapshot,
    workload,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "decision" / "sentences.txt"
GROWING = Growth(monthly_rate=0.04, standard_error=0.01, lower_bound=0.02, observations=13)
CHAT, DRAFTS = workload(match=Match(request_models=("a",))), workload("drafts", match=Match(request_models=("b",)))
FEW = (demand(requests=9_000),)
TWO_DEMANDS = (demand(), demand("drafts", 3_000_000))
MANAGED = compliance(in_region_managed_api_allowed=True)
BOTH = {name: load_open_weights()[name] for name in ("gpt-oss-120b", CANDIDATE)}
OWN = Override(value=Decimal(20_000), reason="the board said so")
NOBODY, UNANSWERED = Operator(answer="nobody"), Operator()
REFUSED = SelfHosting(schedules=("always_on",), refused_instance_types=("g6.xlarge", "g6e.xlarge"))


def companies() -> dict[str, dict[str, Any]]:
    """Return what is special about each company, with the inputs that make it so; nothing about the first."""
    return _evidence() | _people() | _requirements() | _quality() | _markets() | _remarks()


def chapter(title: str) -> str:
    """Return what is said of one company, without what is said of the first one in the same words."""
    _, *others = companies()
    lines = _lines(decided(**companies()[title]))
    known = _first() if title in others else frozenset()
    as_there = f"({sum(line in known for line in lines)} lines as of the first)\n" if known else ""
    return f"# {title}\n{as_there}" + "\n".join(line for line in lines if line not in known) + "\n"


@functools.cache
def _first() -> frozenset[str]:
    return frozenset(_lines(decided()))


def page() -> str:
    """Return the golden page."""
    return "\n".join(map(chapter, companies()))


def _evidence() -> dict[str, dict[str, Any]]:
    return {
        "everything speaks for servers": {},
        "the bill is small": {"bill": bill("400")},
        "the bill is middling": {"bill": bill("4000")},
        "two months of usage": {"coverage": coverage(complete_months=MONTHS[-2:])},
        "old prices": {"snapshot": _old_prices()},
        "old prices that are not needed": {"snapshot": _old_prices(), "bill": bill("400")},
        "a threshold of its own": {"thresholds": load_thresholds({"min_saving_usd": OWN})},
        "no usage": {"bill": bill("400", has_usage=False), "demands": ()},
    }


def _people() -> dict[str, dict[str, Any]]:
    return {
        "nobody would run servers": {"settings": settings(operator=NOBODY)},
        "a provider would": {
            "settings": settings(operator=Operator(answer="nobody", managed_provider_monthly_cost_usd=Decimal(2000)))
        },
        "nobody answered": {"settings": settings(operator=UNANSWERED)},
    }


def _requirements() -> dict[str, dict[str, Any]]:
    def company(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of the workload
        return {"settings": settings(workload(**changes))}

    bound = workload("bound", match=Match(tags=("x",)), compliance=compliance())
    beside = (demand("bound", 500_000), demand())
    return {
        "a requirement forces servers": company(compliance=compliance()),
        "it leaves a managed API": company(compliance=MANAGED, weights="published") | {"demands": FEW},
        "it leaves a managed API that nobody sells": company(compliance=MANAGED),
        "its last day": company(compliance=compliance(expires_on=AS_OF)),
        "it has run out": company(compliance=compliance(expires_on=date(2026, 7, 31))),
        "nobody would run what it forces": {"settings": settings(workload(compliance=compliance()), operator=NOBODY)},
        "nobody answered who runs what it forces": {
            "settings": settings(workload(compliance=compliance()), operator=UNANSWERED)
        },
        "what it forces cannot be bought": {
            "settings": settings(workload(compliance=compliance()), self_hosting=REFUSED)
        },
        "what it forces is not shown": company(compliance=compliance(), evaluations=()),
        "one of two is bound, the other not shown": {
            "settings": settings(bound, workload(evaluations=())), "demands": beside
        },
        "one of two is bound, the bill is small": {
            "settings": settings(bound, workload()), "demands": beside, "bill": bill("2000")
        },
    }  # fmt: skip


def _quality() -> dict[str, dict[str, Any]]:
    unshown = msgspec.structs.replace(DRAFTS, evaluations=())
    sold = workload("drafts", match=Match(request_models=("b",)), weights="published")
    cheaper = workload(match=Match(request_models=("a",)), cheaper_request_model="gpt-5.4-mini")
    bound = workload("bound", match=Match(tags=("x",)), compliance=MANAGED, weights="published")
    several = workload("drafts", match=Match(request_models=("b",)), candidates=tuple(BOTH), evaluations=())
    return {
        "changes of the API, ready and not, of two workloads": {
            "settings": settings(cheaper, sold), "demands": TWO_DEMANDS, "bill": bill("400")
        },
        "a bound workload stays while another moves": {
            "settings": settings(bound, workload()), "demands": (demand("bound", 9_000), demand())
        },
        "several candidates that are not shown": {
            "settings": settings(CHAT, several), "demands": TWO_DEMANDS, "models": BOTH
        },
        "two workloads move": {"settings": settings(CHAT, DRAFTS), "demands": TWO_DEMANDS},
        "one of two is not shown": {"settings": settings(CHAT, unshown), "demands": TWO_DEMANDS},
        "nothing is shown": {"settings": settings(workload(evaluations=()))},
        "published weights, sold by the token": {"settings": settings(workload(weights="published"))},
        "published weights, not shown": {"settings": settings(workload(weights="published", evaluations=()))},
        "a cheaper model of the same provider": {
            "settings": settings(workload(cheaper_request_model="gpt-5.4-mini")), "bill": bill("2500")
        },
        "a cheaper model that nobody can price": {"settings": settings(workload(cheaper_request_model="gpt-5.4-x"))},
    }  # fmt: skip


def _markets() -> dict[str, dict[str, Any]]:
    whole = snapshot()
    nowhere = replace(whole, zone_offerings=tuple(replace(row, zone_ids=()) for row in whole.zone_offerings))
    cheap = tuple(
        replace(row, list_unit_price=row.list_unit_price / 1000) if row.service_code == "openai" else row
        for row in whole.unit_prices
    )
    coming = tuple(
        replace(row, effective_from=date(2026, 10, 1))
        for row in whole.unit_prices
        if row.pricing_unit == TOKEN_UNIT and row.sku_meter.startswith("gpt-5.4-mini/")
    )
    zero = Quota(
        region_id="us-east-1", quota_code="L-DB2E81BA", quota_name="Running On-Demand G and VT instances",
        vcpu_limit=Decimal(0), provenance=whole.unit_prices[0].provenance,
    )  # fmt: skip
    quote = ManagedQuote(
        name="Hosting Ltd", model=CANDIDATE, monthly_cost_usd=Decimal(900), quoted_on=AS_OF, source="letter"
    )
    return {
        "no zone offers the servers": {"snapshot": nowhere},
        "the API is a thousand times cheaper": {"snapshot": replace(whole, unit_prices=cheap)},
        "prices that are known to come": {"snapshot": replace(whole, unit_prices=(*whole.unit_prices, *coming))},
        "a quota of zero": {"snapshot": replace(whole, quotas=(zero,))},
        "a quote": {"settings": settings(workload(managed_quotes=(quote,)))},
        "one type has no price": {
            "snapshot": replace(
                whole, unit_prices=tuple(row for row in whole.unit_prices if row.sku_meter != "BoxUsage:g6e.xlarge")
            )
        },
    }


def _remarks() -> dict[str, dict[str, Any]]:
    month = replace(
        bill().months[0], set_aside_cost_usd=Decimal(30), credit_usd=Decimal(-60), tax_usd=Decimal("12.30")
    )
    return {
        "demand grows": {"demands": (demand(requests=660_000, growth=GROWING),)},
        "demand was declared": {"demands": (demand(origin="declared"),)},
        "demand was spread, its requests estimated": {
            "demands": (demand(origin="spread", request_count_known=False),)
        },
        "work that can wait": {"settings": settings(workload(latency_class="batch"))},
        "in paying hours": {"settings": settings(self_hosting=SelfHosting(schedules=("paying_hours",)))},
        "nothing was charged": {"bill": bill(charged=False)},
        "credits, taxes and what is set aside": {"bill": bill(months=(month, month, *bill().months[2:], month))},
        "rows that nobody could read": {"coverage": coverage(quarantined_rows=3)},
        "restricted data": {"settings": settings(workload(sensitivity="restricted", weights="published"))},
    }


def _lines(decision: Decision) -> list[str]:
    lines = [
        f"{decision.verdict} by rule {decision.rule}: {decision.headline}",
        f"{decision.company}, {decision.as_of} to {decision.valid_until}, again on {decision.ask_again_on}",
        f"bill {decision.addressable_bill_usd}, {decision.complete_months} months",
        f"pays back in {decision.pay_back_months} months",
        f"chosen {decision.chosen_option!r}, baseline {decision.baseline_option!r}",
        f"matters most: {decision.dominant_assumption!r}",
    ]
    lines += [
        f"{row.name} goes to {row.goes_to} ({row.model}), rule {row.rule}: {row.reason}" for row in decision.workloads
    ]
    lines += map(_option, decision.options)
    if decision.break_even:
        even = decision.break_even
        lines += [
            f"break-even of {even.option_id}: {_whole(even.monthly_requests)} requests, month {even.month_reached}"
        ]
        lines += [f"  {even.note}; today {even.today_monthly_requests}, {even.instance_count} instances"]
    if decision.allowance:
        allowed = decision.allowance
        lines += [
            f"allowed in {allowed.region_id}: {allowed.maximum_nodes}, {_whole(allowed.monthly_ceiling_usd)} USD"
        ]
    lines += [f"flips: {row.what}: {row.today}, at {row.flips_at}: {row.becomes}" for row in decision.flips]
    lines += [
        f"API: {row.label}: {_whole(row.monthly_saving_usd)} USD, needs {row.needs!r}" for row in decision.api_changes
    ]
    lines += [f"first: {text}" for text in decision.preconditions]
    lines += [
        f"- {row.rule} {row.subject}: {row.message} | {row.figure} | {row.threshold} | {row.source}"
        for row in decision.findings
    ]
    return lines


def _option(row: OptionResult) -> str:
    band = row.monthly_cost_usd
    saving = f"saves {_whole(row.saving_usd.p10)} / {_whole(row.saving_usd.p50)}" if row.saving_usd else "the base"
    costs = f"{_whole(band.p10)} / {_whole(band.p50)} / {_whole(band.p90)} USD, {saving}"
    lines = sum((line.monthly_cost_usd for line in row.lines), Decimal(0))
    set_up = f"set up {_whole(row.set_up_cost_usd)}, lines {_whole(lines)}"
    why_not = f" - {row.why_not}" if row.why_not else ""
    return (
        f"{row.option_id} {row.kind} {row.label}: {costs}, {set_up}, moves {','.join(row.moved_workloads)}{why_not}"
    )


def _whole(amount: Decimal | None) -> str:
    return "none" if amount is None else f"{to_cents(amount):,.0f}"


def _old_prices() -> Any:  # noqa: ANN401 - a snapshot
    return replace(
        snapshot(),
        unit_prices=tuple(
            replace(row, effective_from=None, provenance=replace(row.provenance, retrieved_on=date(2026, 1, 1)))
            for row in snapshot().unit_prices
        ),
    )


if __name__ == "__main__":
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(page(), encoding="utf-8")
