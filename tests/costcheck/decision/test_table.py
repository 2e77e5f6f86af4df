"""The decision table against its prose, over every combination of conditions."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import fields, replace

import pytest

from costcheck.decision.table import Answer, Conditions, apply_table
from costcheck.verdict import Verdict

NAMES = tuple(field.name for field in fields(Conditions))
INSUFFICIENT, STAY = Verdict.INSUFFICIENT_EVIDENCE, Verdict.STAY_ON_API
HYBRID, SELF_HOST = Verdict.HYBRID, Verdict.SELF_HOST
EVERYTHING_HOLDS = Conditions(
    unusable=False,
    forced=False,
    forced_managed=False,
    free_workloads=True,
    short_evidence=False,
    small_bill=False,
    middling_bill=False,
    nobody=False,
    cost_case=True,
    operator_unanswered=False,
    proven_case=True,
    forced_proven=True,
    buyable=True,
    forced_buyable=True,
    all_move=True,
)
Row = tuple[Callable[[Conditions], bool], Answer]

# The design's prose, row by row, as a list in its order. It shares no code with the table that it checks.
FREE_ROWS: tuple[Row, ...] = (
    (lambda c: c.short_evidence, Answer(3, STAY)),
    (lambda c: c.small_bill, Answer(3, STAY)),
    (lambda c: c.middling_bill, Answer(4, STAY)),
    (lambda c: c.nobody, Answer(5, STAY)),
    (lambda c: not c.cost_case, Answer(6, STAY)),
    (lambda c: c.operator_unanswered, Answer(7, INSUFFICIENT)),
    (lambda c: not c.proven_case, Answer(7, INSUFFICIENT)),
    (lambda c: not c.buyable, Answer(8, STAY)),
    (lambda c: not c.all_move, Answer(9, HYBRID)),
    (lambda c: c.all_move, Answer(10, SELF_HOST)),
)
BOUND_ROWS: tuple[Row, ...] = (
    # Compliance: operator, parity and buyability (5, 7, 8) still apply; a managed API needs nobody and is bought.
    (lambda c: c.forced and c.nobody, Answer(5, STAY)),
    (lambda c: c.forced and c.operator_unanswered, Answer(7, INSUFFICIENT)),
    (lambda c: not c.forced_proven, Answer(7, INSUFFICIENT)),
    (lambda c: c.forced and not c.forced_buyable, Answer(8, STAY)),
    # Nothing else to decide: the requirement is the answer.
    (lambda c: not c.free_workloads and c.forced and c.forced_managed, Answer(2, HYBRID)),
    (lambda c: not c.free_workloads and c.forced, Answer(2, SELF_HOST)),
    (lambda c: not c.free_workloads, Answer(2, STAY)),
)


def oracle(conditions: Conditions) -> Answer:
    if conditions.unusable:
        return Answer(1, INSUFFICIENT)
    free = next(answer for holds, answer in FREE_ROWS if holds(conditions))
    if not (conditions.forced or conditions.forced_managed):
        return free
    bound = next((answer for holds, answer in BOUND_ROWS if holds(conditions)), None)
    if bound is not None:
        return bound
    # The forced workloads move whatever the rest does; the rest is decided by its own rows.
    return Answer(2, HYBRID) if conditions.forced and free.rule not in {9, 10} else free


def every_combination() -> Iterator[Conditions]:
    for values in itertools.product((False, True), repeat=len(NAMES)):
        yield Conditions(**dict(zip(NAMES, values, strict=True)))


def test_every_combination_of_conditions_gives_the_answer_of_the_prose() -> None:
    wrong = [row for row in every_combination() if apply_table(row) != oracle(row)]
    assert wrong == []


def test_the_combinations_are_all_of_them() -> None:
    assert sum(1 for _ in every_combination()) == 2 ** len(NAMES) == 32_768


def test_a_rule_and_its_verdict_never_change_partners() -> None:
    partners = {(answer.rule, answer.verdict) for answer in map(apply_table, every_combination())}
    assert partners == {
        (1, INSUFFICIENT),
        (2, STAY),
        (2, HYBRID),
        (2, SELF_HOST),
        (3, STAY),
        (4, STAY),
        (5, STAY),
        (6, STAY),
        (7, INSUFFICIENT),
        (8, STAY),
        (9, HYBRID),
        (10, SELF_HOST),
    }


@pytest.mark.parametrize(
    ("changes", "rule", "verdict"),
    [
        ({"unusable": True}, 1, INSUFFICIENT),
        ({"short_evidence": True}, 3, STAY),
        ({"small_bill": True, "middling_bill": True}, 3, STAY),
        ({"middling_bill": True}, 4, STAY),
        ({"nobody": True}, 5, STAY),
        ({"cost_case": False}, 6, STAY),
        ({"operator_unanswered": True}, 7, INSUFFICIENT),
        ({"proven_case": False}, 7, INSUFFICIENT),
        ({"buyable": False}, 8, STAY),
        ({"all_move": False}, 9, HYBRID),
        ({}, 10, SELF_HOST),
    ],
    ids=str,
)
def test_each_row_decides_when_every_row_before_it_lets_through(
    changes: dict[str, bool], rule: int, verdict: Verdict
) -> None:
    assert apply_table(replace(EVERYTHING_HOLDS, **changes)) == Answer(rule, verdict)


@pytest.mark.parametrize("later", ["small_bill", "middling_bill", "nobody", "operator_unanswered"])
def test_unusable_evidence_comes_before_everything(later: str) -> None:
    assert apply_table(replace(EVERYTHING_HOLDS, unusable=True, forced=True, **{later: True})).rule == 1


def test_a_missing_cost_case_comes_before_a_missing_operator() -> None:
    conditions = replace(EVERYTHING_HOLDS, cost_case=False, operator_unanswered=True, proven_case=False)
    assert apply_table(conditions) == Answer(6, STAY)


def test_nobody_to_run_it_comes_before_the_cost_case() -> None:
    assert apply_table(replace(EVERYTHING_HOLDS, nobody=True, cost_case=False)) == Answer(5, STAY)


FORCED = replace(EVERYTHING_HOLDS, forced=True, free_workloads=False)


def test_compliance_moves_a_workload_that_three_months_and_the_bill_would_keep() -> None:
    poor = replace(FORCED, short_evidence=True, small_bill=True, middling_bill=True, cost_case=False)
    assert apply_table(poor) == Answer(2, SELF_HOST)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"nobody": True}, Answer(5, STAY)),
        ({"operator_unanswered": True}, Answer(7, INSUFFICIENT)),
        ({"forced_proven": False}, Answer(7, INSUFFICIENT)),
        ({"forced_buyable": False}, Answer(8, STAY)),
    ],
    ids=str,
)
def test_operator_parity_and_buyability_still_apply_to_compliance(changes: dict[str, bool], expected: Answer) -> None:
    assert apply_table(replace(FORCED, **changes)) == expected


def test_a_managed_api_that_compliance_allows_needs_no_operator_and_no_servers() -> None:
    managed = replace(FORCED, forced=False, forced_managed=True, nobody=True, forced_buyable=False)
    assert apply_table(managed) == Answer(2, STAY)


def test_a_managed_api_that_compliance_allows_still_needs_quality() -> None:
    managed = replace(FORCED, forced=False, forced_managed=True, forced_proven=False)
    assert apply_table(managed) == Answer(7, INSUFFICIENT)


def test_a_forced_workload_moves_while_the_free_ones_stay() -> None:
    assert apply_table(replace(FORCED, free_workloads=True, cost_case=False)) == Answer(2, HYBRID)
