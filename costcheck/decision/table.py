"""The decision table: first match wins, in the design's order."""

from dataclasses import dataclass

from costcheck.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What the evidence says, reduced to what the table asks.

    Attributes:
        unusable: Rule 1: bills, prices or demand cannot be used.
        forced: Rule 2: compliance leaves some workload nothing but servers of its own.
        forced_managed: Rule 2: compliance moves some workload to an in-region managed API.
        free_workloads: Some workload is under no such requirement.
        short_evidence: Rule 3: under three complete months.
        small_bill: Rule 3: the addressable bill is below its threshold.
        middling_bill: Rule 4: the bill is worth measuring, not yet moving.
        nobody: Rule 5: the owner answered that nobody would run it.
        cost_case: Rule 6: some set of workloads is worth moving, quality taken for granted.
        operator_unanswered: Rule 7: nobody answered who would run it.
        proven_case: Rule 7: the case holds with the workloads whose quality is shown.
        forced_proven: Rule 7, for the forced workloads.
        buyable: Rule 8: the case holds with what can be bought.
        forced_buyable: Rule 8, for the forced workloads.
        all_move: Rules 9 and 10: every workload moves and nothing overflows to an API.
    """

    unusable: bool
    forced: bool
    forced_managed: bool
    free_workloads: bool
    short_evidence: bool
    small_bill: bool
    middling_bill: bool
    nobody: bool
    cost_case: bool
    operator_unanswered: bool
    proven_case: bool
    forced_proven: bool
    buyable: bool
    forced_buyable: bool
    all_move: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The rule that matched and its verdict."""

    rule: int
    verdict: Verdict


def apply_table(conditions: Conditions) -> Answer:
    """Return the first rule that matches and its verdict."""
    if conditions.unusable:
        return Answer(1, Verdict.INSUFFICIENT_EVIDENCE)
    if conditions.forced or conditions.forced_managed:
        return _bound_answer(conditions)
    return _free_answer(conditions)


def _bound_answer(conditions: Conditions) -> Answer:
    """Return rule 2's answer; operator, parity and buyability still apply to it."""
    forced, managed = conditions.forced, conditions.forced_managed
    if forced and conditions.nobody:
        return Answer(5, Verdict.STAY_ON_API)
    if (forced and conditions.operator_unanswered) or not conditions.forced_proven:
        return Answer(7, Verdict.INSUFFICIENT_EVIDENCE)
    if forced and not conditions.forced_buyable:
        return Answer(8, Verdict.STAY_ON_API)
    if not conditions.free_workloads:
        return Answer(2, _bound_verdict(forced=forced, managed=managed))
    free = _free_answer(conditions)
    moved = free.verdict in {Verdict.SELF_HOST, Verdict.HYBRID}
    return Answer(2, Verdict.HYBRID) if forced and not moved else free


def _bound_verdict(*, forced: bool, managed: bool) -> Verdict:
    if not forced:
        return Verdict.STAY_ON_API
    return Verdict.HYBRID if managed else Verdict.SELF_HOST


def _free_answer(conditions: Conditions) -> Answer:
    """Return the answer for workloads that no requirement binds."""
    rules = (
        (3, conditions.short_evidence or conditions.small_bill, Verdict.STAY_ON_API),
        (4, conditions.middling_bill, Verdict.STAY_ON_API),
        (5, conditions.nobody, Verdict.STAY_ON_API),
        (6, not conditions.cost_case, Verdict.STAY_ON_API),
        (7, conditions.operator_unanswered or not conditions.proven_case, Verdict.INSUFFICIENT_EVIDENCE),
        (8, not conditions.buyable, Verdict.STAY_ON_API),
        (9, not conditions.all_move, Verdict.HYBRID),
    )
    for rule, matches, verdict in rules:
        if matches:
            return Answer(rule, verdict)
    return Answer(10, Verdict.SELF_HOST)
