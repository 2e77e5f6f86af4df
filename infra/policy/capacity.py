"""GPU nodes beyond those that stand need the decision: it covers them, the cost of everything, at known prices.

The rule is the gate's own (`costcheck.gate`), asked anew for each resource of all those shown so far.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pulumi_policy import ResourceValidationArgs, StackValidationArgs

from costcheck.errors import CostcheckError
from costcheck.gate.ages import check_ages
from costcheck.gate.assessment import Assessment
from costcheck.gate.capacity import Growth, Sided
from costcheck.gate.coverage import Evidence, check_capacity, check_decision, needs_decision
from costcheck.gate.result import Check, Outcome, Status
from costcheck.gate.rules import load_gate_rules
from costcheck.price_book import PriceBook
from costcheck.verdict import read_decision
from infra.policy.assessing import Assessors
from infra.policy.configuration import DECISION, DECISION_FILE, PRICES

NOT_ASKED = frozenset({"decision.acceptance"})
"""Needs the whole record; the gate asks it, where the decision is computed again from its inputs."""
CEILING = "decision.ceiling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The rule, with all that it looks at.

    Attributes:
        root: Where paths of the configuration count from.
        today: Returns the UTC day.
    """

    root: Path
    today: Callable[[], date]
    assessors: Assessors

    def __call__(self, args: ResourceValidationArgs) -> list[str]:
        """Return what is wrong with one resource beside those shown before it."""
        config = args.get_config()
        assessing = self.assessors.at(str(config.get(PRICES, "")))
        assessing.render_release(args.urn)
        found = assessing.assess()
        row = next((row for row in found.rows if row.resource.urn == args.urn), None)
        if row is None or not needs_decision(found):
            return []
        evidence = read_evidence(self.root, str(config.get(DECISION, DECISION_FILE)))
        brings = _brings_gpus(args.urn, found.growth, assessing.assess(without=args.urn).growth)
        checks = _checks(row, found, evidence, assessing.book, self.today(), brings_gpus=brings)
        wrong = [_sentence(check) for check in checks if check.outcome is not Outcome.ALLOWED]
        trouble = assessing.standing().trouble
        return [*wrong, trouble] if wrong and trouble else wrong

    def at_the_end(self, _: StackValidationArgs) -> list[str]:
        """Return the launch templates of GPUs that nothing in the stack launches from, so that nobody counts them."""
        assessing = self.assessors.at("")
        said, untold = assessing.assess().growth.untold, assessing.assess(at_the_end=True).growth.untold
        return [f"{urn}: {reason}" for urn, reason in untold.items() if urn not in said]


def read_evidence(root: Path, path: str) -> Evidence:
    """Return the decision at a path, or why it cannot be used; the gate computes it again, this does not."""
    if not (root / path).exists():
        return Evidence(path=path)
    try:
        return Evidence(path=path, decision=read_decision(root / path))
    except CostcheckError as error:
        return Evidence(path=path, trouble=error)


def _checks(  # noqa: PLR0913 - what the rule looks at, all of it
    row: Sided, found: Assessment, evidence: Evidence, book: PriceBook, today: date, *, brings_gpus: bool
) -> Iterator[Check]:
    """Yield the checks that one resource answers for: the decision for GPU nodes, the ceiling for what costs."""
    decided = check_decision(found, evidence, book, load_gate_rules(), today)
    if brings_gpus:
        yield from (check for check in check_capacity(found) if check.subject == row.resource.urn)
        yield from (check for check in decided if check.name not in NOT_ASKED)
        yield check_ages(found.prices, book, today)
    elif row.priced.status is not Status.FREE:
        yield from (check for check in decided if check.name == CEILING)
        yield check_ages(row.priced.prices, book, today)


def _brings_gpus(urn: str, growth: Growth, without: Growth) -> bool:
    """Return whether a resource has part in what there may be more of: without it there would be less."""
    more = any(growth.after[key] > without.after.get(key, 0) for key in growth.grown)
    return more or urn in growth.untold or bool(growth.untold.keys() - without.untold.keys())


def _sentence(check: Check) -> str:
    verb = "denied" if check.outcome is Outcome.DENIED else "cannot decide"
    return f"{verb} ({check.name}): {check.seen}\n  needed: {check.needed}\n  to do:  {check.to_do}"
