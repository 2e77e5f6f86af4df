"""GPU nodes beyond those that stand need the decision: it covers them, the cost of everything, at known prices.

The rule is the gate's own (`costcheck.gate`), asked anew for each resource of all those shown so far.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pulumi_policy import ResourceValidationArgs, StackValidationArgs

from costcheck.acceptance import Acceptance, accepted_stack
from costcheck.errors import CostcheckError
from costcheck.gate.ages import check_prices
from costcheck.gate.assessment import Assessment
from costcheck.gate.capacity import Growth
from costcheck.gate.coverage import Evidence, check_capacity, check_decision, needs_decision
from costcheck.gate.free import free_types
from costcheck.gate.pricing import Priced
from costcheck.gate.result import Check, Outcome, Status
from costcheck.gate.rules import load_gate_rules
from costcheck.gate.standing import Sided
from costcheck.price_book import PriceBook
from costcheck.verdict import read_decision
from infra.policy.assessing import Assessors
from infra.policy.configuration import DECISION, DECISION_FILE, PRICES

NOT_ASKED = frozenset({"decision.acceptance"})
"""Needs the whole record; the gate asks it, where the decision is computed again from its inputs."""
CEILING = "decision.ceiling"


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What one resource adds to the GPU nodes that there may be.

    Attributes:
        more: Whether the resources might have fewer of a type beyond those that they had, without it.
        untold: URNs, its own or another's, whose nodes could be counted without it.
    """

    more: bool
    untold: frozenset[str]

    @classmethod
    def between(cls, without: Growth, growth: Growth) -> "Added":
        """Return what came between two assessments."""
        return cls(
            more=any(nodes > without.more.get(key, 0) for key, nodes in growth.more.items()),
            untold=frozenset(growth.untold.keys() - without.untold.keys()),
        )


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
        resource = self.assessors.seen.resources[args.urn]
        if not resource.custom or resource.token in free_types():
            return []  # neither buys anything nor lets something else buy more
        config = args.get_config()
        assessing = self.assessors.at(str(config.get(PRICES, "")))
        assessing.render_release(args.urn)
        found = assessing.assess()
        row = next((row for row in found.rows if row.resource.urn == args.urn), None)
        if row is None or not needs_decision(found):
            return []
        evidence = read_evidence(self.root, str(config.get(DECISION, DECISION_FILE)))
        added = Added.between(assessing.assess(without=args.urn).growth, found.growth)
        checks = _checks(row, found, added, evidence, assessing.book, self.today())
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
        decision, acceptance = read_decision(root / path), Acceptance(stack=accepted_stack(root / path))
    except CostcheckError as error:
        return Evidence(path=path, trouble=error)
    return Evidence(path=path, decision=decision, acceptance=acceptance)


def _checks(  # noqa: PLR0913, PLR0917 - what the rule looks at, all of it
    row: Sided, found: Assessment, added: Added, evidence: Evidence, book: PriceBook, today: date
) -> Iterator[Check]:
    """Yield the checks that one resource answers for: the decision for GPU nodes, the ceiling for what costs."""
    decided = check_decision(found, evidence, book, load_gate_rules(), today)
    if added.more or added.untold:
        yield from (check for check in check_capacity(found) if check.subject in added.untold)
        yield from (check for check in decided if check.name not in NOT_ASKED)
        yield from _prices([row.after[1] for row in found.rows if row.after], book, today)
    elif row.priced.status is not Status.FREE:
        yield from (check for check in decided if check.name == CEILING)
        yield from _prices([row.priced], book, today)


def _prices(priced: list[Priced], book: PriceBook, today: date) -> Iterator[Check]:
    check = check_prices(priced, book, today)
    return iter((check,) if check else ())


def _sentence(check: Check) -> str:
    verb = "denied" if check.outcome is Outcome.DENIED else "cannot decide"
    about, needed = f"about:  {check.subject}", f"needed: {check.needed}"
    return f"{verb} ({check.name}): {check.seen}\n  {about}\n  {needed}\n  to do:  {check.to_do}"
