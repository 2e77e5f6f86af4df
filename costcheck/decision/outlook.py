"""What would turn the verdict, and which assumption it hangs on most."""

from decimal import Decimal

import numpy as np

from costcheck.decision.evaluation import Evaluation, Evaluator
from costcheck.decision.inputs import DecisionInputs, decimal
from costcheck.decision.reading import Reader, with_scale
from costcheck.decision.table import Answer, Conditions
from costcheck.model.draws import build_draws, factor_names, medians
from costcheck.verdict import Flip, Verdict

LOW, HIGH = 0.1, 0.9
LARGEST_MULTIPLE = 20.0
BISECTION_STEPS = 40
WORKED_OUT = "at median assumptions"


def dominant_assumption(evaluator: Evaluator, evaluation: Evaluation) -> str:
    """Return the factor whose range from P10 to P90 moves the best plan's saving most, with the two savings."""
    best = evaluation.best
    if best is None:
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
    """Return what would turn the verdict: figures first, then statements that only people can make."""
    return (*_figure_flips(inputs, reader, evaluation, answer), *_statement_flips(inputs, conditions, answer))


def _figure_flips(inputs: DecisionInputs, reader: Reader, evaluation: Evaluation, answer: Answer) -> list[Flip]:
    if evaluation.best is None or answer.rule == 2:  # noqa: PLR2004 - compliance does not ask what it costs
        return []
    evaluator = reader.evaluator
    becomes = "a cost case" if not evaluation.holds else Verdict.STAY_ON_API.value
    bill = inputs.bill.addressable_monthly_cost_usd
    found = []
    for what, factor, today in (
        ("volume", "volume", f"1x ({bill:,.0f} USD/month)"),
        ("GPU prices", "gpu", "1x"),
        ("prices of the API", "api", "1x"),
    ):
        multiple = _turning_point(evaluator, evaluation, factor)
        if multiple is not None:
            note = f" ({float(bill) * multiple:,.0f} USD/month)" if factor == "volume" else ""
            found.append(
                Flip(what=f"{what}, {WORKED_OUT}", today=today, flips_at=f"{multiple:.2f}x{note}", becomes=becomes)
            )
    return found


def _statement_flips(inputs: DecisionInputs, conditions: Conditions, answer: Answer) -> list[Flip]:
    limits = inputs.thresholds
    months = len(inputs.coverage.complete_months)
    rows = (
        (
            conditions.short_evidence and answer.rule == 3,  # noqa: PLR2004 - a row of the decision table
            Flip(
                what="complete months of measured usage",
                today=str(months),
                flips_at=str(limits.min_complete_months.value),
                becomes="the cost case decides",
            ),
        ),
        (
            conditions.nobody,
            Flip(
                what="who runs the servers", today="nobody", flips_at="a named team", becomes="the cost case decides"
            ),
        ),
        (
            conditions.cost_case and conditions.operator_unanswered,
            Flip(
                what="who runs the servers", today="unanswered", flips_at="an answer", becomes="rules 8 to 10 decide"
            ),
        ),
        (
            conditions.cost_case and not conditions.proven_case,
            Flip(
                what="quality of the replacement",
                today="not shown",
                flips_at="a passed evaluation, or the owner's acceptance",
                becomes="rules 8 to 10 decide",
            ),
        ),
    )
    return [flip for holds, flip in rows if holds]


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
    return any(
        decimal(saving) >= limits.min_saving_usd.value
        and Decimal(str(saving)) >= limits.min_saving_share.value * Decimal(str(baseline))
        for saving, baseline in savings
    )
