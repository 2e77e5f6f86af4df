"""All options for one reading of the evidence, simulated on the same draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

import numpy as np

from costcheck.decision.inputs import DecisionInputs, decimal
from costcheck.model.api_cost import ApiVariant
from costcheck.model.draws import Draws, Floats, build_draws, draw_uniforms, factor_names, medians
from costcheck.model.plan import Plan, Remainder
from costcheck.model.planning import Planner
from costcheck.model.simulation import Outage, set_up_cost, simulate_api, simulate_plan
from costcheck.rules import Thresholds
from costcheck.verdict import Band, OptionKind

SIMULATED_PLANS = 24
"""Plans that the simulation sees, best first at medians; with the API options about thirty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOption:
    """One company-wide way to buy every token.

    Attributes:
        variants: Workload to the variant that it takes.
        switches: Some workload changes its model or provider, which is charged once.
    """

    option_id: str
    kind: OptionKind
    label: str
    variants: Mapping[str, ApiVariant]
    switches: bool

    @property
    def remainders(self) -> dict[str, Remainder]:
        """Return what each workload costs."""
        return {
            name: Remainder(
                monthly_cost=float(variant.monthly_cost_usd),
                replaces_model=variant.replaces_model,
                flat=variant.kind is OptionKind.MANAGED_QUOTE,
            )
            for name, variant in self.variants.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCase:
    """Whether a plan is worth it, figure by figure.

    Attributes:
        saving_usd: Baseline minus plan, a month, everything included.
        saving_share: P50 of the saving over the baseline's P50.
        pay_back_months: Set-up over the running saving, None if it never pays back.
        waiting_gain_usd: What deciding later is worth more, over the whole horizon; negative = decide now.
        failures: Names of the thresholds that it misses.
    """

    saving_usd: Band
    saving_share: Decimal
    pay_back_months: Decimal | None
    waiting_gain_usd: Decimal
    failures: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Return whether every threshold is met."""
        return not self.failures


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """A plan with its simulated cost."""

    plan: Plan
    monthly_cost_usd: Band
    set_up_usd: Decimal
    case: CostCase


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiResult:
    """An API option with its simulated cost."""

    option: ApiOption
    monthly_cost_usd: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Options of both sides.

    Attributes:
        baseline_id: The cheapest eligible API option, or where compliance forces servers, the cheapest way to do
            only that.
        baseline_remainders: What each workload costs in the baseline.
        plans: Best first; a plan whose cost case holds stands before every plan whose case does not.
    """

    baseline_id: str
    baseline_remainders: Mapping[str, Remainder]
    api: tuple[ApiResult, ...]
    plans: tuple[PlanResult, ...]

    @property
    def best(self) -> PlanResult | None:
        """Return the best plan, None where nothing fits."""
        return self.plans[0] if self.plans else None

    @property
    def baseline_plan(self) -> PlanResult | None:
        """Return the plan that does no more than compliance forces, None where an API option is the baseline."""
        return next((row for row in self.plans if row.plan.option_id == self.baseline_id), None)

    @property
    def holds(self) -> bool:
        """Return whether some plan is worth it."""
        return self.best is not None and self.best.case.holds


@dataclass(frozen=True, kw_only=True)
class Evaluator:
    """Simulates options on one set of draws.

    Attributes:
        draws: Over the horizon and the months of waiting.
        single: One draw, everything at its median, over the same months.
    """

    inputs: DecisionInputs
    draws: Draws
    single: Draws

    @classmethod
    def of(cls, inputs: DecisionInputs) -> "Evaluator":
        """Return the evaluator of some inputs, with its draws made."""
        names = factor_names(inputs.demands)
        return cls(
            inputs=inputs,
            draws=cls._build(inputs, draw_uniforms(names, inputs.draws, inputs.seed)),
            single=cls._build(inputs, medians(names)),
        )

    @staticmethod
    def _build(inputs: DecisionInputs, uniforms: Mapping[str, Floats]) -> Draws:
        months = int(inputs.thresholds.horizon_months.value + inputs.thresholds.wait_months.value)
        return build_draws(uniforms, inputs.demands, inputs.assumptions, inputs.thresholds, months)

    @property
    def horizon(self) -> int:
        """Return the months over which options are compared."""
        return int(self.inputs.thresholds.horizon_months.value)

    @property
    def outage(self) -> Outage:
        """Return what an hour without answers costs each workload."""
        return Outage(
            cost_per_hour={row.name: float(row.outage_cost_usd_per_hour) for row in self.inputs.settings.workload}
        )

    def price_api(self, options: Sequence[ApiOption]) -> tuple[ApiResult, ...]:
        """Return the API options with their simulated cost, in the order given."""
        return tuple(ApiResult(option=option, monthly_cost_usd=self._band(self._api(option))) for option in options)

    def evaluate(
        self,
        planner: Planner,
        api: tuple[ApiResult, ...],
        choices: Mapping[str, Sequence[str]],
        forced: Sequence[str] = (),
    ) -> Evaluation:
        """Return both sides for one reading of the evidence.

        Args:
            planner: Builds the plans; its remainders are those of the cheapest API option.
            api: Eligible API options, for the workloads that are not forced onto servers.
            choices: Workload to the models that may serve it.
            forced: Workloads that must be served on servers of the company's own.
        """
        plans = self._shortlist(planner, planner.plans(choices, forced), forced)
        base_plan = next((plan for plan in plans if set(plan.moved) == set(forced)), None)
        if base_plan is not None:
            baseline_id, running, once = base_plan.option_id, self._running(base_plan), self._set_up()
        elif api and not forced:
            cheapest = cheapest_api(api)
            baseline_id = cheapest.option_id
            running, once = simulate_api(cheapest.remainders, self.draws, self.outage), self._switch(cheapest)
        else:  # forced onto servers that nothing fits: there is nothing to compare
            return Evaluation(baseline_id="", baseline_remainders=planner.remainders, api=api, plans=())
        judged = [self._judge(plan, running, once) for plan in plans]
        ordered = sorted(judged, key=lambda result: (not result.case.holds, -result.case.saving_usd.p50))
        return Evaluation(
            baseline_id=baseline_id,
            baseline_remainders=planner.remainders,
            api=api,
            plans=tuple(ordered),
        )

    def median_saving(self, evaluation: Evaluation, plan: Plan, draws: Draws) -> tuple[float, float]:
        """Return saving and baseline, USD a month, with one draw: for sensitivities, not for verdicts."""
        baseline = self._baseline_cost(evaluation, draws)
        return baseline - self.mean_month(plan, draws), baseline

    def mean_month(self, plan: Plan, draws: Draws) -> float:
        """Return the mean month of a plan over the horizon with its set-up spread over it, USD, for one draw."""
        running = simulate_plan(plan, draws, self.outage)
        return float(self._monthly(running, set_up_cost(draws, self_hosted=True)).mean())

    def mean_api_month(self, option: ApiOption, draws: Draws) -> float:
        """Return the same of an API option, with the cost of switching to it."""
        running = simulate_api(option.remainders, draws, self.outage)
        once = set_up_cost(draws, self_hosted=False) * float(option.switches)
        return float(self._monthly(running, once).mean())

    def _baseline_cost(self, evaluation: Evaluation, draws: Draws) -> float:
        base = evaluation.baseline_plan
        if base is not None:
            return self.mean_month(base.plan, draws)
        return self.mean_api_month(cheapest_api(evaluation.api), draws)

    def _shortlist(self, planner: Planner, plans: Sequence[Plan], forced: Sequence[str]) -> list[Plan]:
        """Return the plans that are worth simulating: the cheapest, the best that moves all, the best forced one."""

        def median_cost(plan: Plan) -> float:
            return float(simulate_plan(plan, self.single, self.outage)[:, : self.horizon].mean())

        best = sorted(plans, key=lambda plan: (median_cost(plan), plan.option_id))
        kept = best[:SIMULATED_PLANS]
        whole = next((plan for plan in best if plan.kind is OptionKind.SELF_HOSTED), None)
        least = next((plan for plan in best if set(plan.moved) == set(forced)), None)
        for plan in (whole, least):
            if plan is not None and plan not in kept:
                kept.append(plan)
        return [planner.with_elasticity(plan) for plan in kept]

    def _api(self, option: ApiOption) -> Floats:
        running = simulate_api(option.remainders, self.draws, self.outage)
        return self._monthly(running, self._switch(option))

    def _switch(self, option: ApiOption) -> Floats:
        once = set_up_cost(self.draws, self_hosted=False)
        return once if option.switches else np.zeros_like(once)

    def _running(self, plan: Plan) -> Floats:
        return simulate_plan(plan, self.draws, self.outage)

    def _set_up(self) -> Floats:
        return set_up_cost(self.draws, self_hosted=True)

    def _monthly(self, running: Floats, once: Floats) -> Floats:
        return np.asarray(running[:, : self.horizon].mean(axis=1) + once / self.horizon)

    def _judge(self, plan: Plan, base_running: Floats, base_once: Floats) -> PlanResult:
        running, once = self._running(plan), self._set_up()
        cost, baseline = self._monthly(running, once), self._monthly(base_running, base_once)
        extra = once - base_once
        monthly = base_running - running
        case = self._case(baseline - cost, baseline, monthly, extra)
        return PlanResult(
            plan=plan,
            monthly_cost_usd=self._band(cost),
            set_up_usd=self.inputs.assumptions.set_up_cost_usd.value,
            case=case,
        )

    def _case(self, saving: Floats, baseline: Floats, monthly: Floats, once: Floats) -> CostCase:
        band = self._band(saving)
        middle = self._band(baseline).p50
        share = band.p50 / middle if middle > 0 else Decimal(0)
        pay_back = _pay_back(monthly[:, : self.horizon], once)
        gain = _waiting_gain(monthly, once, int(self.inputs.thresholds.wait_months.value))
        return CostCase(
            saving_usd=band,
            saving_share=share,
            pay_back_months=pay_back,
            waiting_gain_usd=gain,
            failures=self._failures(band, share, pay_back, gain),
        )

    def _failures(self, band: Band, share: Decimal, pay_back: Decimal | None, gain: Decimal) -> tuple[str, ...]:
        limits = self.inputs.thresholds
        checks = (
            ("min_saving_share", share < limits.min_saving_share.value),
            ("min_saving_usd", band.p50 < limits.min_saving_usd.value),
            ("p10_above_zero", band.p10 <= 0),
            ("max_pay_back_months", pay_back is None or pay_back > limits.max_pay_back_months.value),
            ("wait_months", gain > 0),
        )
        return tuple(name for name, failed in checks if failed)

    @staticmethod
    def _band(values: Floats) -> Band:
        low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
        return Band(p10=decimal(float(low)), p50=decimal(float(middle)), p90=decimal(float(high)))


def least_saving(limits: Thresholds, baseline: float) -> Decimal:
    """Return the least saving at medians, USD a month, that rule 6 asks for where the API costs `baseline`."""
    return max(limits.min_saving_usd.value, limits.min_saving_share.value * Decimal(str(baseline)))


def cheapest_api(results: Sequence[ApiResult]) -> ApiOption:
    """Return the option with the lowest median cost, the earlier one of two that cost the same."""
    return min(results, key=lambda result: result.monthly_cost_usd.p50).option


def _pay_back(monthly: Floats, once: Floats) -> Decimal | None:
    saving = float(np.median(monthly.mean(axis=1)))
    cost = float(np.median(once))
    if saving <= 0:
        return None
    # Rounded up: what is a little late is late.
    return Decimal(repr(max(cost, 0.0) / saving)).quantize(Decimal("0.1"), rounding=ROUND_CEILING)


def _waiting_gain(monthly: Floats, once: Floats, wait_months: int) -> Decimal:
    """Return what deciding `wait_months` later is worth more than deciding now, USD over the whole range.

    Who waits sees how prices and demand went and moves only if the rest still pays for the set-up; who moves now has
    paid for it. (The option to defer: McDonald and Siegel, The Value of Waiting to Invest, QJE 1986.)
    """
    now = float((monthly.sum(axis=1) - once).mean())
    later = float(np.maximum(monthly[:, wait_months:].sum(axis=1) - once, 0.0).mean())
    return decimal(later - now)
