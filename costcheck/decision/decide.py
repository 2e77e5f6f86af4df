"""Decide: the same inputs give the same decision, to the byte."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from costcheck.decision.evaluation import ApiResult, Evaluation, Evaluator, PlanResult, cheapest_api
from costcheck.decision.evidence import decided_without_prices, unusable_evidence, unusable_prices, usd
from costcheck.decision.findings import findings
from costcheck.decision.inputs import DecisionInputs, digests
from costcheck.decision.outlook import dominant_assumption, flips
from costcheck.decision.reading import Reader, Reading
from costcheck.decision.results import (
    allowance,
    api_results,
    api_saving,
    break_even,
    plan_results,
)
from costcheck.decision.table import Answer, Conditions, apply_table
from costcheck.errors import EvidenceError
from costcheck.quotas import quota_precondition
from costcheck.settings import Workload
from costcheck.verdict import (
    Allowance,
    ApiChange,
    Decision,
    Finding,
    OptionKind,
    OptionResult,
    Verdict,
    WorkloadAnswer,
)

SHOWN_PLANS = 5
GRANTED = Reading(take_quality_for_granted=True, only_buyable=False)
PROVEN = Reading(take_quality_for_granted=False, only_buyable=False)
BUYABLE = Reading(take_quality_for_granted=False, only_buyable=True)
MOVING = frozenset({Verdict.SELF_HOST, Verdict.HYBRID})
HEADLINES = {
    (1, Verdict.INSUFFICIENT_EVIDENCE): "The evidence cannot carry an answer yet.",
    (2, Verdict.STAY_ON_API): "A requirement rules the public API out; a managed API inside the region meets it.",
    (2, Verdict.SELF_HOST): "A requirement leaves servers of your own as the cheapest way that is allowed.",
    (2, Verdict.HYBRID): "A requirement moves part of the traffic onto your own servers; the rest stays on the API.",
    (3, Verdict.STAY_ON_API): "Too little money is at stake: keep measuring.",
    (4, Verdict.STAY_ON_API): "The bill is worth watching, not yet worth servers: keep measuring.",
    (5, Verdict.STAY_ON_API): "Nobody would run the servers.",
    (6, Verdict.STAY_ON_API): "Running your own model would not save enough.",
    (7, Verdict.INSUFFICIENT_EVIDENCE): "It would pay on paper, but nobody has shown that it works or who runs it.",
    (8, Verdict.STAY_ON_API): "It would pay, but the servers cannot be bought.",
    (9, Verdict.HYBRID): "Part of the traffic is worth moving; the rest stays on the API.",
    (10, Verdict.SELF_HOST): "All of the traffic is worth moving.",
}
BOUND_HEADLINES = {
    5: "A requirement forbids the API and nobody would run servers: nothing that is allowed is left.",
    7: "A requirement asks for another model; nobody has shown that it works, or said who runs it.",
    8: "A requirement forbids the API and the servers cannot be bought: nothing that is allowed is left.",
}
"""Instead of the above where a requirement binds a workload: then staying on the API is no advice to break it."""

SHORT_EVIDENCE = "Too few months are measured to answer: keep measuring."
SHORT_AND_SMALL = "Too few months are measured, and too little money is at stake: keep measuring."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """What the evaluations found; evaluations are None where the evidence could not be used.

    Attributes:
        problems: What keeps the evidence from carrying a verdict (rule 1).
        remarks: What kept options from being priced where no price was needed.
    """

    problems: tuple[Finding, ...]
    remarks: tuple[Finding, ...] = ()
    reader: Reader | None = None
    granted: Evaluation | None = None
    proven: Evaluation | None = None
    buyable: Evaluation | None = None

    def shown(self, answer: Answer) -> Evaluation | None:
        """Return the evaluation that the answer rests on."""
        if answer.verdict in MOVING:
            return self.buyable
        shown_quality = self.proven is not None and bool(self.proven.plans)
        return self.granted if answer.rule == 7 or not shown_quality else self.proven  # noqa: PLR2004 - rule 7: quality


def decide(inputs: DecisionInputs) -> Decision:
    """Return the verdict on some inputs by the decision table, with everything that it rests on.

    Pure: no clock, no files, no environment. Evidence that cannot be used gives `insufficient_evidence`, with the
    reason as a finding of rule 1.
    """
    evidence = _gather(inputs)
    conditions = _conditions(inputs, evidence)
    answer = apply_table(conditions)
    evaluation = evidence.shown(answer)
    chosen = _chosen(answer, evaluation)
    return _assemble(inputs, evidence, conditions, answer, evaluation, chosen)


def _gather(inputs: DecisionInputs) -> _Evidence:
    problems = unusable_evidence(inputs)
    if problems or not inputs.demands:
        return _Evidence(problems=problems)
    try:
        old = unusable_prices(inputs)
        return _without_prices(inputs, old) if old else _evaluated(inputs)
    except EvidenceError as exc:
        finding = Finding(rule=1, subject="evidence", message=exc.seen, threshold=exc.expected, source=exc.action)
        return _without_prices(inputs, (finding,))


def _without_prices(inputs: DecisionInputs, problems: tuple[Finding, ...]) -> _Evidence:
    """Return the evidence without any option priced: a problem, unless the table decides without prices."""
    if not decided_without_prices(inputs):
        return _Evidence(problems=problems)
    return _Evidence(problems=(), remarks=tuple(replace(row, rule=0) for row in problems))


def _evaluated(inputs: DecisionInputs) -> _Evidence:
    reader = Reader(inputs=inputs, evaluator=Evaluator.of(inputs))
    return _Evidence(
        problems=(),
        reader=reader,
        granted=reader.evaluate(GRANTED),
        proven=reader.evaluate(PROVEN),
        buyable=reader.evaluate(BUYABLE),
    )


def _conditions(inputs: DecisionInputs, evidence: _Evidence) -> Conditions:
    limits, bill = inputs.thresholds, inputs.bill.addressable_monthly_cost_usd
    reader, operator = evidence.reader, inputs.settings.operator
    bound = reader.bound if reader else {}
    forced = reader.forced if reader else ()
    buyable = evidence.buyable
    best = buyable.best if buyable else None
    return Conditions(
        unusable=bool(evidence.problems),
        forced=bool(forced),
        forced_managed=bool(reader and reader.managed),
        free_workloads=len(inputs.settings.workload) > len(bound),
        short_evidence=len(inputs.coverage.complete_months) < limits.min_complete_months.value,
        small_bill=bill < limits.min_addressable_bill_usd.value,
        middling_bill=bill < limits.keep_measuring_bill_usd.value,
        nobody=operator.answer == "nobody" and operator.managed_provider_monthly_cost_usd is None,
        cost_case=any(reading is not None and reading.holds for reading in (evidence.granted, evidence.proven)),
        operator_unanswered=operator.answer is None,
        proven_case=bool(evidence.proven and evidence.proven.holds),
        forced_proven=reader is None or all(_bound_is_proven(reader, name) for name in bound),
        buyable=bool(buyable and buyable.holds),
        forced_buyable=not forced or bool(buyable and buyable.plans),
        all_move=best is not None and best.plan.kind is OptionKind.SELF_HOSTED,
    )


def _bound_is_proven(reader: Reader, name: str) -> bool:
    if name in reader.managed:
        return bool(reader.eligible(name, PROVEN))
    return any(reader.proven(name, model) for model in reader.bound[name].candidates)


def _chosen(answer: Answer, evaluation: Evaluation | None) -> PlanResult | None:
    if answer.verdict not in MOVING or evaluation is None:
        return None
    if answer.rule == 2:  # noqa: PLR2004 - the rule about compliance: only the forced workloads move
        return evaluation.baseline_plan
    return evaluation.best


def _assemble(  # noqa: PLR0913, PLR0917 - the stages of one decision, in their order
    inputs: DecisionInputs,
    evidence: _Evidence,
    conditions: Conditions,
    answer: Answer,
    evaluation: Evaluation | None,
    chosen: PlanResult | None,
) -> Decision:
    reader = evidence.reader
    proven = evidence.proven.api if evidence.proven else ()
    allowed = None
    if chosen is not None and reader is not None:
        allowed = allowance(reader.evaluator, chosen.plan, inputs.settings.company.region_id)
    subject = chosen or (evaluation.best if evaluation else None)
    changes = _api_changes(reader) if reader else ()
    return Decision(
        costcheck_version=inputs.costcheck_version,
        company=inputs.settings.company.name,
        as_of=inputs.as_of,
        valid_until=inputs.as_of + timedelta(days=int(inputs.thresholds.decision_valid_days.value)),
        verdict=answer.verdict,
        rule=answer.rule,
        headline=_headline(conditions, answer, changes),
        addressable_bill_usd=inputs.bill.addressable_monthly_cost_usd.quantize(Decimal("0.01")),
        complete_months=len(inputs.coverage.complete_months),
        workloads=tuple(_workload_answers(inputs, evidence, answer, chosen)),
        chosen_option=chosen.plan.option_id if chosen else _api_choice(evaluation, proven),
        baseline_option=evaluation.baseline_id if evaluation else "",
        options=_options(reader, evaluation, proven),
        break_even=break_even(reader.evaluator, evaluation) if reader and evaluation else None,
        pay_back_months=subject.case.pay_back_months if subject else None,
        findings=(*evidence.problems, *findings(inputs, reader, conditions, answer, evaluation), *evidence.remarks),
        flips=flips(inputs, reader, evaluation, conditions, answer) if reader and evaluation else (),
        dominant_assumption=dominant_assumption(reader.evaluator, evaluation) if reader and evaluation else "",
        api_changes=changes,
        preconditions=tuple(_preconditions(inputs, allowed)),
        ask_again_on=_ask_again(inputs) if answer.verdict is Verdict.STAY_ON_API else None,
        allowance=allowed,
        input_digests=digests(inputs),
    )


def _headline(conditions: Conditions, answer: Answer, changes: Sequence[ApiChange]) -> str:
    """Return the verdict's one sentence: what a requirement makes of it, or the change of API that is worth more."""
    bound = conditions.forced or conditions.forced_managed
    if bound and answer.rule in BOUND_HEADLINES:
        return BOUND_HEADLINES[answer.rule]
    sentence = HEADLINES[answer.rule, answer.verdict]
    if answer.rule == 3 and conditions.short_evidence:  # noqa: PLR2004 - the rule about too little of either
        sentence = SHORT_EVIDENCE if not conditions.small_bill else SHORT_AND_SMALL
    ready = next((change for change in changes if not change.needs), None)
    if answer.verdict is Verdict.STAY_ON_API and ready is not None:
        saving = f"{ready.monthly_saving_usd:,.0f} USD a month at today's volume and prices"
        return f"{sentence[:-1]}; another API would save {saving}."
    return sentence


def _options(
    reader: Reader | None, evaluation: Evaluation | None, proven: Sequence[ApiResult]
) -> tuple[OptionResult, ...]:
    if reader is None or evaluation is None:
        return ()
    needing = {
        row.option.option_id: "its quality is not shown yet" for row in evaluation.api if not _is_among(row, proven)
    }
    apis = api_results(reader.evaluator, evaluation.api, needing)
    return (*apis, *plan_results(reader.evaluator, evaluation, SHOWN_PLANS))


def _api_choice(evaluation: Evaluation | None, proven: Sequence[ApiResult]) -> str:
    """Return the cheapest API option whose quality is shown, empty where there is none."""
    ready = [row for row in evaluation.api if _is_among(row, proven)] if evaluation else []
    return cheapest_api(ready).option_id if ready else ""


def _is_among(result: ApiResult, proven: Sequence[ApiResult]) -> bool:
    # Two readings may give the same name to different ways of buying.
    return any(row.option.variants == result.option.variants for row in proven)


def _ask_again(inputs: DecisionInputs) -> date:
    return inputs.as_of + timedelta(days=int(inputs.thresholds.ask_again_days.value))


def _workload_answers(
    inputs: DecisionInputs, evidence: _Evidence, answer: Answer, chosen: PlanResult | None
) -> Iterator[WorkloadAnswer]:
    reader = evidence.reader
    if reader is None:
        return
    models = {name: fleet.model for fleet in chosen.plan.fleets for name in fleet.workloads} if chosen else {}
    for workload in reader.workloads:
        name = workload.name
        if name in models:
            goes_to = chosen.plan.kind if chosen else OptionKind.SELF_HOSTED
            compliance = name in reader.forced
            yield WorkloadAnswer(
                name=name,
                goes_to=goes_to,
                model=models[name],
                rule=2 if compliance else answer.rule,
                reason=_requirement(workload.compliance.clause) if compliance and workload.compliance else "moves",
            )
        else:
            yield _stays(inputs, reader, name, answer)


def _stays(inputs: DecisionInputs, reader: Reader, name: str, answer: Answer) -> WorkloadAnswer:
    pool = reader.eligible(name, PROVEN)
    if not pool:
        return WorkloadAnswer(
            name=name,
            goes_to=OptionKind.API_TODAY,
            model="none",
            rule=answer.rule,
            reason="no option is left that is allowed and whose quality is shown",
        )
    best = min(pool, key=lambda row: row.monthly_cost_usd)
    workload = reader.bound.get(name)
    reason = f"bought by the token at {usd(best.monthly_cost_usd)}"
    if workload is not None and workload.compliance is not None:
        reason = f"{_requirement(workload.compliance.clause)}; {reason}"
    unproven = [model for model in _candidates(inputs, name) if not reader.proven(name, model)]
    if answer.verdict in MOVING and unproven:
        reason += f"; the quality of {', '.join(unproven)} is not shown"
    return WorkloadAnswer(
        name=name,
        goes_to=best.kind,
        model=best.model,
        rule=2 if workload is not None else answer.rule,
        reason=reason,
    )


def _candidates(inputs: DecisionInputs, name: str) -> tuple[str, ...]:
    return next(row.candidates for row in inputs.settings.workload if row.name == name)


def _requirement(clause: str) -> str:
    return f"required by {clause}"


def _api_changes(reader: Reader) -> tuple[ApiChange, ...]:
    """Return changes worth making on the API: what can be done today first, then what needs something, best first."""
    changes = [change for workload in reader.workloads for change in _changes_of(reader, workload)]
    return tuple(sorted(changes, key=lambda change: (change.needs != "", -change.monthly_saving_usd)))


def _changes_of(reader: Reader, workload: Workload) -> Iterator[ApiChange]:
    """Yield the best change of each kind that needs nothing more, and the best of those that do."""
    name = workload.name
    best: dict[tuple[OptionKind, bool], ApiChange] = {}
    for variant, saving in api_saving([row for row in reader.variants[name] if reader.allowed(workload, row)]):
        ready = variant.replaces_model and reader.proven(name, variant.model)
        change = ApiChange(
            label=f"{name}: {variant.label}",
            monthly_saving_usd=saving.quantize(Decimal("0.01")),
            needs="" if ready else variant.needs,
        )
        found = best.get((variant.kind, ready))
        if found is None or found.monthly_saving_usd < change.monthly_saving_usd:
            best[variant.kind, ready] = change
    yield from best.values()


def _preconditions(inputs: DecisionInputs, allowed: Allowance | None) -> Sequence[str]:
    if allowed is None:
        return ()
    texts = []
    for key, count in allowed.maximum_nodes.items():
        instance_type, purchase_option = key.split("/", maxsplit=1)
        texts.append(quota_precondition(inputs.book, instance_type, purchase_option, count))
    return [text for text in texts if text]
