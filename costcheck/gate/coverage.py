"""New GPU capacity against the decision: validity, verdict, acceptance, region, nodes, ceiling, prices."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from costcheck.acceptance import NOT_ACCEPTED, Acceptance
from costcheck.errors import CostcheckError
from costcheck.gate.accepted import check_acceptance
from costcheck.gate.ages import NAME_REGION
from costcheck.gate.assessment import Assessment
from costcheck.gate.calls import MAY_SIZE
from costcheck.gate.capacity import Key
from costcheck.gate.checks import answer, at_most, counted, dollars, held
from costcheck.gate.gpu_words import NAMES_A_GPU
from costcheck.gate.machines import OTHER_CLOUD
from costcheck.gate.result import Check, Outcome
from costcheck.gate.rules import GateRules
from costcheck.gate.view import UNLISTED
from costcheck.price_book import PriceBook
from costcheck.records import PricingCategory, UnitPrice
from costcheck.verdict import Allowance, CostLine, Decision, Verdict

ALLOWING = (Verdict.SELF_HOST, Verdict.HYBRID)
AWS_METERS = ("Amazon", "AWS", "aws")
"""How the meters of AWS begin; the others of a decision are people, token prices and fees."""
HOW = "`docs/decide-first.md` of the kit"
WITHOUT = "remove the new GPU servers from this change: then it needs no decision"
DECIDE = (
    "get a decision first: whoever may read the bills of the LLM API (an admin key, three months of bills at "
    "least) runs `costcheck init`, `costcheck bill pull openai`, `costcheck decide --record runbooks/decisions`; "
    f"where that says self-host or hybrid, whoever answers for the money accepts it ({HOW})"
)
DECIDE_AGAIN = (
    "decide again, with the bills and prices of today: `costcheck decide --record runbooks/decisions`; where that "
    f"still says self-host or hybrid, whoever answers for the money accepts it ({HOW})"
)
SAY_PLAINLY = (
    "write types and sizes into the program as plain values, neither secret nor computed by the update; a Helm "
    "chart must be one that `helm template` can render where the gate runs"
)
LIST_ALL = "preview again with Pulumi 3, which lists what the program set, and give the file of `--json` as it is"
AWS_ALONE = (
    "take it out of this change: a decision allows servers of AWS alone, by their instance types; where the word "
    "means no GPU, write another one"
)
SIZE_PLAINLY = (
    "let a schedule of Auto Scaling (`aws:autoscaling/schedule`) lift a group of this stack, so that it is counted "
    "there; or name that group, and nothing but sizes, in plain text"
)
TO_TELL = {UNLISTED: LIST_ALL, OTHER_CLOUD: AWS_ALONE, NAMES_A_GPU: AWS_ALONE, MAY_SIZE: SIZE_PLAINLY}
"""Part of a reason why nobody can count, to what to do about it."""
SMALLER = "lower the pools to what the decision allows, or decide again"
GIVE_STATE = "give the state of the stack: `pulumi stack export > state.json`, and `--state state.json`"
SEE_UNKNOWN = "see the resources without a known cost, below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What stands in the place of the decision.

    Attributes:
        path: Where it was looked for.
        decision: None where there is none, or none that can be used.
        trouble: Why it cannot be used: unreadable, or not what its inputs lead to; None where there simply is none.
        acceptance: What its record says of that.
    """

    path: str
    decision: Decision | None = None
    trouble: CostcheckError | None = None
    acceptance: Acceptance = NOT_ACCEPTED


def check_capacity(found: Assessment) -> tuple[Check, ...]:
    """Return one check that says that there may be no more GPU nodes, or one for each resource nobody can count."""
    untold = tuple(
        answer(
            "gpu",
            Outcome.CANNOT_DECIDE,
            subject=urn,
            seen=_uncounted(reason, found.growth.shown.get(urn, "")),
            needed="the instance types, how they are bought, and the most servers, all in the plan",
            to_do=next((to_do for part, to_do in TO_TELL.items() if part in reason), SAY_PLAINLY),
        )
        for urn, reason in found.growth.untold.items()
    )
    if needs_decision(found) or found.plan.failure:
        return untold
    seen = "no GPU type may have more servers than before"
    return (Check(name="gpu", outcome=Outcome.ALLOWED, subject="", seen=seen),)


def _uncounted(reason: str, shown: str) -> str:
    if shown:
        return f"it may start {shown} at least, and the plan does not tell all that a decision is about: {reason}"
    return f"it may start GPU servers, of a type or number that the plan does not tell: {reason}"


def needs_decision(found: Assessment) -> bool:
    """Return whether there may be more GPU nodes than before."""
    return bool(found.growth.grown or found.growth.untold)


def check_decision(
    found: Assessment, evidence: Evidence, book: PriceBook, rules: GateRules, today: date
) -> tuple[Check, ...]:
    """Return whether the decision covers the GPU nodes of the plan; nothing is asked where they do not grow.

    Where it says something else than self-host or hybrid, that is all there is to say: accepting it would change
    nothing.
    """
    if not needs_decision(found):
        return ()
    decision = evidence.decision
    if decision is None:
        return (_no_decision(evidence),)
    allowed = decision.allowance
    if decision.verdict not in ALLOWING or allowed is None:
        return (_verdict(evidence, decision, today),)
    grown = found.growth.grown
    return (
        _verdict(evidence, decision, today),
        *check_acceptance(evidence.acceptance, evidence.path, found),
        _valid(evidence, decision, today),
        _risen(evidence, decision, book, rules),
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
        seen=trouble.seen if trouble else "there is no decision that GPU servers are worth it",
        needed=trouble.expected
        if trouble
        else "such a decision; until then, the answer is to go on paying for the LLM API",
        to_do=f"{WITHOUT}; or {trouble.action}" if trouble else f"{WITHOUT}; or {DECIDE}",
    )


def _verdict(evidence: Evidence, decision: Decision, today: date) -> Check:
    says = VERDICTS[decision.verdict]
    allows = decision.verdict in ALLOWING and decision.allowance is not None
    nothing = ", but it allows no server" if decision.verdict in ALLOWING and not allows else ""
    return answer(
        "decision.verdict",
        held(allows, Outcome.DENIED),
        subject=evidence.path,
        seen=f"the decision says {says}{nothing}: {decision.headline}",
        needed="one that says self-host or hybrid, and allows servers; accepting this one allows none, and "
        f"{_when(decision, today)}",
        to_do=WITHOUT,
    )


def _when(decision: Decision, today: date) -> str:
    """Return when another answer may come."""
    if decision.verdict is Verdict.INSUFFICIENT_EVIDENCE:
        return "without the evidence that its record names the answer stays the same"
    if today > decision.valid_until:
        return f"it ran out on {decision.valid_until}: with the bills of today the answer may be another, or the same"
    return f"with the same bills the answer stays the same; ask again on {decision.valid_until}"


VERDICTS: Final = {
    Verdict.STAY_ON_API: "stay on the LLM API",
    Verdict.SELF_HOST: "self-host",
    Verdict.HYBRID: "hybrid",
    Verdict.INSUFFICIENT_EVIDENCE: "not enough evidence",
}


def _valid(evidence: Evidence, decision: Decision, today: date) -> Check:
    return answer(
        "decision.validity",
        held(decision.as_of <= today <= decision.valid_until, Outcome.CANNOT_DECIDE),
        subject=evidence.path,
        seen=f"decided on {decision.as_of}, valid until {decision.valid_until}; today is {today}",
        needed="a decision that is valid today",
        to_do=DECIDE_AGAIN,
    )


def _region(evidence: Evidence, key: Key, allowed: Allowance) -> Check:
    name, region_id = key
    return answer(
        "decision.region",
        held(region_id == allowed.region_id, Outcome.DENIED if region_id else Outcome.CANNOT_DECIDE),
        subject=evidence.path,
        seen=f"more {name} in {region_id or 'a region that the plan does not name'}",
        needed=f"GPU servers in {allowed.region_id} alone, where the decision allows them",
        to_do="move the pool there, or decide for its region" if region_id else NAME_REGION,
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
        seen=f"the stack at its worst case: {as_known(dollars(known), known, found)}",
        needed=f"at most {dollars(allowed.monthly_ceiling_usd)}, all of it known",
        to_do=SMALLER if outcome is Outcome.DENIED else what_to_tell(found),
        figure=known,
    )


def as_known(figure: str, known: Decimal, found: Assessment) -> str:
    """Return a figure with what it lacks, so that a part never reads as the whole, nor nothing as an amount."""
    if found.complete:
        return figure
    return f"{figure} as far as it is known, and {missing(found)}" if known else f"not known: {missing(found)}"


def missing(found: Assessment) -> str:
    """Return what a total lacks."""
    parts = [f"{counted(len(found.unknown), 'resource')} without a known cost"] if found.unknown else []
    if not found.plan.knows_everything:
        parts.append(f"{found.plan.unchanged_count} unchanged resources that the plan does not show")
    return " and ".join(parts) or "what a preview that failed does not show"


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
        seen=_compared(len(lines), len(charged), share),
        needed=f"a price of today for each of them, and together at most {most:+.0%}",
        to_do=DECIDE_AGAIN,
    )


def _compared(comparable: int, charged: int, share: Decimal) -> str:
    if not charged:
        return "the option that it chose names no charge of AWS, so nobody can tell whether its prices have risen"
    if not comparable:
        return f"no price of today is known for {counted(charged, 'charge')} of AWS that its saving rests on"
    which = f"{comparable} of the {charged} charges" if comparable < charged else counted(charged, "charge")
    return f"{which} of AWS that its saving rests on: {share:+.1%} at today's prices"


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
