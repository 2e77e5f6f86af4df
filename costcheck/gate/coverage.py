"""New GPU capacity against the decision: validity, verdict, acceptance, region, nodes, ceiling, prices."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from costcheck.errors import CostcheckError
from costcheck.gate.assessment import Assessment
from costcheck.gate.capacity import Key
from costcheck.gate.checks import answer, at_most, counted, dollars, held
from costcheck.gate.result import Check, Outcome
from costcheck.gate.rules import GateRules
from costcheck.price_book import PriceBook
from costcheck.records import PricingCategory, UnitPrice
from costcheck.verdict import Allowance, CostLine, Decision, Verdict

ALLOWING = (Verdict.SELF_HOST, Verdict.HYBRID)
AWS_METERS = ("Amazon", "AWS", "aws")
"""How the meters of AWS begin; the others of a decision are people, token prices and fees."""
DECIDE = "run `costcheck decide --record runbooks/decisions`, and have its record accepted"
SMALLER = "lower the pools to what the decision allows, or decide again"
GIVE_STATE = "give --state with `pulumi stack export`"
SEE_UNKNOWN = "see the resources without a known cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What stands in the place of the decision.

    Attributes:
        path: Where it was looked for.
        decision: None where there is none, or none that can be used.
        trouble: Why it cannot be used: unreadable, or not what its inputs lead to; None where there simply is none.
        accepted: Whether a person has accepted its record.
    """

    path: str
    decision: Decision | None = None
    trouble: CostcheckError | None = None
    accepted: bool = False


def check_plan(found: Assessment) -> tuple[Check, ...]:
    """Return one check that says why the preview failed, none where it succeeded."""
    failure = found.plan.failure
    if not failure:
        return ()
    return (
        answer(
            "plan",
            Outcome.CANNOT_DECIDE,
            subject="the preview",
            seen=" ".join(failure.split())[:600],
            needed="a preview that succeeds",
            to_do="mend what it says until `pulumi preview` succeeds",
        ),
    )


def check_capacity(found: Assessment) -> tuple[Check, ...]:
    """Return one check that says that there may be no more GPU nodes, or one for each resource nobody can count."""
    untold = tuple(
        answer(
            "gpu",
            Outcome.CANNOT_DECIDE,
            subject=urn,
            seen=f"it may bring GPU nodes that nobody can count: {reason}",
            needed="instance types and the most nodes, known before the update",
            to_do="give them as plain values; a chart must be one that `helm template` can render here",
        )
        for urn, reason in found.growth.untold.items()
    )
    if needs_decision(found) or found.plan.failure:
        return untold
    seen = "no GPU type may have more nodes than before"
    return (Check(name="gpu", outcome=Outcome.ALLOWED, subject="", seen=seen),)


def needs_decision(found: Assessment) -> bool:
    """Return whether there may be more GPU nodes than before."""
    return bool(found.growth.grown or found.growth.untold)


def check_decision(
    found: Assessment, evidence: Evidence, book: PriceBook, rules: GateRules, today: date
) -> tuple[Check, ...]:
    """Return whether the decision covers the GPU nodes of the plan; nothing is asked where they do not grow."""
    if not needs_decision(found):
        return ()
    decision = evidence.decision
    if decision is None:
        return (_no_decision(evidence),)
    usable = (*_usable(evidence, decision, today), _risen(evidence, decision, book, rules))
    allowed = decision.allowance
    if allowed is None:
        return usable
    grown = found.growth.grown
    return (
        *usable,
        *(_region(evidence, key, allowed) for key in grown),
        *(_nodes(evidence, key, allowed, found) for key in grown),
        _ceiling(evidence, allowed, found),
    )


def _no_decision(evidence: Evidence) -> Check:
    trouble = evidence.trouble
    return answer(
        "decision",
        Outcome.CANNOT_DECIDE if trouble else Outcome.DENIED,
        subject=evidence.path,
        seen=trouble.seen if trouble else f"there is no decision in {evidence.path}",
        needed=trouble.expected if trouble else "a decision that allows GPUs: without one the API is the answer",
        to_do=trouble.action if trouble else DECIDE,
    )


def _usable(evidence: Evidence, decision: Decision, today: date) -> Iterator[Check]:
    allows = decision.verdict in ALLOWING and decision.allowance is not None
    yield answer(
        "decision.verdict",
        held(allows, Outcome.DENIED),
        subject=evidence.path,
        seen=f"the verdict is {decision.verdict}: {decision.headline}",
        needed="self_host or hybrid",
        to_do="do what the decision says; its record names the day to ask again",
    )
    yield answer(
        "decision.acceptance",
        held(evidence.accepted, Outcome.DENIED),
        subject=evidence.path,
        seen="a person has accepted it" if evidence.accepted else "nobody has accepted it yet",
        needed="its record with the status `accepted`",
        to_do="read the record; if you agree, set its status to `accepted` and commit that",
    )
    yield answer(
        "decision.validity",
        held(decision.as_of <= today <= decision.valid_until, Outcome.CANNOT_DECIDE),
        subject=evidence.path,
        seen=f"decided on {decision.as_of}, valid until {decision.valid_until}; today is {today}",
        needed="a decision that is valid today",
        to_do=DECIDE,
    )


def _region(evidence: Evidence, key: Key, allowed: Allowance) -> Check:
    name, region_id = key
    return answer(
        "decision.region",
        held(region_id == allowed.region_id, Outcome.DENIED if region_id else Outcome.CANNOT_DECIDE),
        subject=evidence.path,
        seen=f"more {name} in {region_id or 'a region that the plan does not name'}",
        needed=f"GPUs in {allowed.region_id} alone",
        to_do="move the pool, or decide for that region",
    )


def _nodes(evidence: Evidence, key: Key, allowed: Allowance, found: Assessment) -> Check:
    name, growth = key[0], found.growth
    wanted, before, ceiling = (
        growth.after[key],
        growth.before.get(key, Decimal(0)),
        allowed.maximum_nodes.get(name, 0),
    )
    counted = found.plan.knows_everything and not growth.untold_standing and not growth.untold
    outcome = at_most(wanted, Decimal(ceiling), complete=counted)
    return answer(
        "decision.nodes",
        outcome,
        subject=evidence.path,
        seen=f"up to {_count(wanted)} x {name}, before {_count(before)}"
        + (", and others that the plan does not tell" if outcome is Outcome.CANNOT_DECIDE else ""),
        needed=f"at most {ceiling} x {name} in all",
        to_do=SMALLER if outcome is Outcome.DENIED else what_to_tell(found),
    )


def _count(nodes: Decimal) -> str:
    return f"{nodes:f}" if nodes.is_finite() else "endlessly many"


def _ceiling(evidence: Evidence, allowed: Allowance, found: Assessment) -> Check:
    known = found.after.maximum_usd
    outcome = at_most(known, allowed.monthly_ceiling_usd, complete=found.complete)
    return answer(
        "decision.ceiling",
        outcome,
        subject=evidence.path,
        seen=f"the stack at its worst case: {dollars(known)}"
        + (f", and {describe_missing(found)}" if outcome is Outcome.CANNOT_DECIDE else ""),
        needed=f"at most {dollars(allowed.monthly_ceiling_usd)}, all of it known",
        to_do=SMALLER if outcome is Outcome.DENIED else what_to_tell(found),
        figure=known,
    )


def describe_missing(found: Assessment) -> str:
    """Return what a total lacks."""
    parts = [f"{counted(len(found.unknown), 'resource')} without a known cost"] if found.unknown else []
    if not found.plan.knows_everything:
        parts.append(f"{found.plan.unchanged_count} unchanged ones that the plan does not show")
    return " and ".join(parts)


def what_to_tell(found: Assessment) -> str:
    """Return what would complete a total."""
    return "; ".join(
        [*([] if found.plan.knows_everything else [GIVE_STATE]), *([SEE_UNKNOWN] if found.unknown else [])]
    )


def _risen(evidence: Evidence, decision: Decision, book: PriceBook, rules: GateRules) -> Check:
    """Return whether the AWS prices of the accepted option have risen so much that its saving is another one."""
    charged = [line for line in chosen_lines(decision) if line.sku_meter.startswith(AWS_METERS)]
    lines = [(line, price) for line in charged if (price := _price_now(line, decision, book))]
    then = sum((line.monthly_cost_usd for line, _ in lines), Decimal(0))
    now = sum((line.quantity * price.list_unit_price for line, price in lines), Decimal(0))
    share, most = (now / then - 1 if then else Decimal(0)), rules.max_price_rise_share.value
    return answer(
        "decision.assumptions",
        held(0 < len(lines) == len(charged) and share <= most, Outcome.CANNOT_DECIDE),
        subject=evidence.path,
        seen=f"{len(lines)} of the {len(charged)} AWS lines of its option cost {share:+.1%} at today's prices",
        needed=f"all of them comparable, and at most {most:+.0%}",
        to_do=DECIDE,
    )


def chosen_lines(decision: Decision) -> tuple[CostLine, ...]:
    """Return the cost lines of the option that a decision chose, none where it chose none."""
    return next((row.lines for row in decision.options if row.option_id == decision.chosen_option), ())


def reckoned_usage(decision: Decision) -> dict[str, Decimal]:
    """Return the units a month that a decision's option reckons with, by meter."""
    usage: dict[str, Decimal] = {}
    for line in chosen_lines(decision):
        usage[line.sku_meter] = usage.get(line.sku_meter, Decimal(0)) + line.quantity
    return usage


def _price_now(line: CostLine, decision: Decision, book: PriceBook) -> UnitPrice | None:
    service_code, _, meter = line.sku_meter.partition(" ")
    region_id = decision.allowance.region_id if decision.allowance else ""
    category = PricingCategory.DYNAMIC if meter.startswith("SpotUsage:") else PricingCategory.STANDARD
    if not book.is_priced(service_code, meter, region_id=region_id, category=category):
        return None
    return book.tiers(service_code, meter, region_id=region_id, category=category)[0]
