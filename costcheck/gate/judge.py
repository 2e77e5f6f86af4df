"""The answer: every check on one assessment, the worst of them, and one sentence that says it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from costcheck import __version__
from costcheck.gate.accepted import any_stack
from costcheck.gate.ages import NOT_ASKED, Fetched, check_prices
from costcheck.gate.assessment import Assessment
from costcheck.gate.capacity import Key
from costcheck.gate.coverage import ALLOWING, Evidence, check_capacity, check_decision, needs_decision
from costcheck.gate.failures import check_plan
from costcheck.gate.headline import headline
from costcheck.gate.limits import check_limits
from costcheck.gate.result import Check, GateResult, GpuCapacity, Notice, Outcome, ResourceCost
from costcheck.gate.rules import GateConfig, GateRules
from costcheck.gate.standing import Sided
from costcheck.gate.unseen_runs import unseen_runs
from costcheck.gate.waivers import WaiverFile, apply_waivers
from costcheck.plan.digest import plan_sha256
from costcheck.price_book import PriceBook

WORST_FIRST = (Outcome.DENIED, Outcome.CANNOT_DECIDE, Outcome.ALLOWED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that an assessment is held against.

    Attributes:
        fetched: Whether the prices of the book were fetched now.
        notices: What is to be told of the files of limits and waivers.
    """

    evidence: Evidence
    config: GateConfig
    waivers: tuple[WaiverFile, ...]
    rules: GateRules
    book: PriceBook
    today: date
    fetched: Fetched = NOT_ASKED
    notices: tuple[Notice, ...] = ()


def judge(found: Assessment, case: Case) -> GateResult:
    """Return whether the plan may be applied, and why."""
    checks = tuple(sorted(_checks(found, case), key=lambda check: WORST_FIRST.index(check.outcome)))
    gpus = tuple(_gpu(key, found, case.evidence) for key in sorted({*found.growth.before, *found.growth.after}))
    outcome = checks[0].outcome
    return GateResult(
        costcheck_version=__version__,
        outcome=outcome,
        headline=headline(outcome, checks, found),
        project=found.plan.project,
        stack=found.plan.stack,
        as_of=case.today,
        checks=checks,
        notices=(*_of_the_decision(found, case.evidence), *unseen_runs(found), *case.notices),
        resources=tuple(map(_resource, found.rows)),
        usage=found.usage,
        before=found.before,
        after=found.after,
        increase=found.increase,
        complete=found.plan.knows_everything,
        gpus=gpus,
        decision=case.evidence.path if case.evidence.decision else "",
        no_live_prices=case.fetched.trouble,
        plan_sha256="" if found.plan.failure else plan_sha256(found.plan),
    )


def _checks(found: Assessment, case: Case) -> tuple[Check, ...]:
    """Return at least one check: what is said of GPUs."""
    capacity = (*check_plan(found, case.evidence), *check_capacity(found))
    asked = (
        *check_decision(found, case.evidence, case.book, case.rules, case.today),
        *check_limits(found, case.config),
    )
    charged = [row.after[1] for row in found.rows if row.after]
    prices = check_prices(charged, case.book, case.today, case.fetched) if asked else None
    stack = f"{found.plan.project}/{found.plan.stack}"
    checks = (*capacity, *asked, *([prices] if prices else []))
    return apply_waivers(checks, case.waivers, stack=stack, today=case.today)


def _of_the_decision(found: Assessment, evidence: Evidence) -> tuple[Notice, ...]:
    """Return what is to be told of a decision under which there may be more GPU nodes."""
    decision = evidence.decision
    if not needs_decision(found) or decision is None or decision.verdict not in ALLOWING:
        return ()
    return any_stack(evidence.acceptance, evidence.path, found)


def _gpu(key: Key, found: Assessment, evidence: Evidence) -> GpuCapacity:
    name, region_id = key
    return GpuCapacity(
        key=name,
        region_id=region_id,
        before=_finite(found.growth.before.get(key, Decimal(0))),
        after=_finite(found.growth.after.get(key, Decimal(0))),
        allowed=_allowed(key, evidence),
    )


def _resource(row: Sided) -> ResourceCost:
    priced = row.priced
    return ResourceCost(
        urn=row.resource.urn,
        token=row.resource.token,
        name=row.resource.name,
        operation=row.operation,
        status=priced.status,
        reason=priced.reason,
        components=priced.components,
        before=row.before[1].cost if row.before else None,
        after=row.after[1].cost if row.after else None,
    )


def _allowed(key: Key, evidence: Evidence) -> int | None:
    """Return the nodes that the decision allows, 0 in a region that it is not about, None without a decision."""
    if evidence.decision is None:
        return None
    allowed = evidence.decision.allowance
    return allowed.maximum_nodes.get(key[0], 0) if allowed and allowed.region_id == key[1] else 0


def _finite(nodes: Decimal) -> Decimal | None:
    return nodes if nodes.is_finite() else None
