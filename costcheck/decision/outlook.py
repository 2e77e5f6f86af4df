"""What would turn the verdict, and which assumption it hangs on most."""

from dataclasses import replace
from decimal import Decimal

import numpy as np

from costcheck.decision.evaluation import Evaluation, Evaluator, least_saving
from costcheck.decision.inputs import DecisionInputs
from costcheck.decision.reading import Reader, with_scale
from costcheck.decision.table import Answer, Conditions, apply_table
from costcheck.model.draws import build_draws, factor_names, medians
from costcheck.verdict import Flip, Verdict

LOW, HIGH = 0.1, 0.9
LARGEST_MULTIPLE = 20.0
BISECTION_STEPS = 40
WORKED_OUT = "at median assumptions"
COST_CASE_RULES = (6, 9, 10)
"""Rows of the decision table that a cost case decides, or its lack."""


def dominant_assumption(evaluator: Evaluator, evaluation: Evaluation) -> str:
    """Return the factor whose range from P10 to P90 moves the best plan's saving most, with the two savings."""
    best = evaluation.best
    if best is None or best is evaluation.baseline_plan:
        return ""
    inputs = evaluator.inputs
    names = factor_names(inputs.demands)
    swings: dict[str, tuple[float, float]] = {}
    for name in names:
        ends = []
        for level in (LOW, HIGH):
            uniforms = {**medians(names), name: np.array([level])}
            draws = build_draws(
                uniforms, inputs.demands, inputs.assumptions, inputs.thresholds, evaluator.single.months
            )
            ends.append(evaluator.median_saving(evaluation, best.plan, draws)[0])
        swings[name] = (ends[0], ends[1])
    name = max(swings, key=lambda key: abs(swings[key][1] - swings[key][0]))
    low, high = swings[name]
    return f"{name.replace('_', ' ')}: the saving is {low:,.0f} USD a month at its P10 and {high:,.0f} at its P90"


def flips(
    inputs: DecisionInputs, reader: Reader, evaluation: Evaluation, conditions: Conditions, answer: Answer
) -> tuple[Flip, ...]:
    """Return what would turn the verdict: what only people can say first, then figures."""
    return (
        *_statement_flips(inputs, conditions, answer),
        *_figure_flips(reader, evaluation, conditions, answer),
    )


def _figure_flips(reader: Reader, evaluation: Evaluation, conditions: Conditions, answer: Answer) -> list[Flip]:
    """Return the multiples of volume and prices that turn the cost case, where the cost case decided."""
    if evaluation.best is None or answer.rule not in COST_CASE_RULES:
        return []
    held = {"cost_case": True, "proven_case": True, "buyable": True}
    becomes = Verdict.STAY_ON_API if evaluation.holds else apply_table(replace(conditions, **held)).verdict
    bill = reader.inputs.bill.addressable_monthly_cost_usd
    found = []
    for what, factor, today in (
        ("volume", "volume", f"1x ({bill:,.0f} USD/month)"),
        ("GPU prices", "gpu", "1x"),
        ("prices of the API", "api", "1x"),
    ):
        multiple = _turning_point(reader.evaluator, evaluation, factor)
        if multiple is not None:
            note = f" ({float(bill) * multiple:,.0f} USD/month)" if factor == "volume" else ""
            where = f"{multiple:.2f}x{note}"
            found.append(Flip(what=f"{what}, {WORKED_OUT}", today=today, flips_at=where, becomes=becomes.value))
    return found


def _statement_flips(inputs: DecisionInputs, conditions: Conditions, answer: Answer) -> list[Flip]:
    """Return what people could say or show that gives another verdict, alone or, if need be, together."""
    limits = inputs.thresholds
    runs = "who runs the servers"
    rows: list[tuple[bool, str, str, str, dict[str, bool]]] = [
        (
            conditions.short_evidence,
            "complete months of measured usage",
            str(len(inputs.coverage.complete_months)),
            str(limits.min_complete_months.value),
            {"short_evidence": False},
        ),
        (conditions.nobody, runs, "nobody", "a named team", {"nobody": False, "operator_unanswered": False}),
        (conditions.operator_unanswered, runs, "unanswered", "a named team", {"operator_unanswered": False}),
        (
            conditions.cost_case and not (conditions.proven_case and conditions.forced_proven),
            "quality of the replacement",
            "not shown",
            "a passed evaluation, or the owner's acceptance",
            {"proven_case": True, "forced_proven": True, "buyable": True},
        ),
    ]
    open_rows = [row[1:] for row in rows if row[0]]
    alone = [_flip(conditions, *row) for row in open_rows]
    turned = [flip for flip in alone if flip.becomes != answer.verdict.value]
    if turned or len(open_rows) < 2:  # noqa: PLR2004 - only several can be taken together
        return turned
    names, todays, wheres, changes = zip(*open_rows, strict=True)
    together = {key: value for change in changes for key, value in change.items()}
    both = _flip(conditions, " and ".join(names), "; ".join(todays), "; ".join(wheres), together)
    return [both] if both.becomes != answer.verdict.value else []


def _flip(conditions: Conditions, what: str, today: str, flips_at: str, changes: dict[str, bool]) -> Flip:
    becomes = apply_table(replace(conditions, **changes)).verdict
    return Flip(what=what, today=today, flips_at=flips_at, becomes=becomes.value)


def _turning_point(evaluator: Evaluator, evaluation: Evaluation, factor: str) -> float | None:
    """Return the multiple of a factor nearest to 1 at which the thresholds on the saving are first met, or missed."""
    now = _meets(evaluator, evaluation, factor, 1.0)
    if now != evaluation.holds:
        return None  # another threshold than the saving decides
    for end in (LARGEST_MULTIPLE, 1 / LARGEST_MULTIPLE):
        if _meets(evaluator, evaluation, factor, end) != now:
            return _bisect(evaluator, evaluation, factor, end, now=now)
    return None


def _bisect(evaluator: Evaluator, evaluation: Evaluation, factor: str, end: float, *, now: bool) -> float:
    near, far = 1.0, end
    for _ in range(BISECTION_STEPS):
        middle = (near * far) ** 0.5
        if _meets(evaluator, evaluation, factor, middle) == now:
            near = middle
        else:
            far = middle
    return round(far, 2)


def _meets(evaluator: Evaluator, evaluation: Evaluation, factor: str, multiple: float) -> bool:
    scaled = with_scale(evaluator, **{factor: multiple})
    limits = evaluator.inputs.thresholds
    savings = [scaled.median_saving(evaluation, row.plan, scaled.single) for row in evaluation.plans]
    return any(Decimal(str(saving)) >= least_saving(limits, baseline) for saving, baseline in savings)
