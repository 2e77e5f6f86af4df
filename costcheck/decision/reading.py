"""Readings of the evidence: which models, APIs and instance types count, and what follows from each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from costcheck.decision.evaluation import ApiOption, ApiResult, Evaluation, Evaluator, cheapest_api
from costcheck.decision.evidence import active_compliance, is_proven
from costcheck.decision.inputs import DecisionInputs
from costcheck.errors import PriceNotFoundError
from costcheck.model.api_cost import ApiVariant, api_variants
from costcheck.model.fleets import FleetBuilder, Layouts
from costcheck.model.plan import Remainder
from costcheck.model.planning import Planner
from costcheck.settings import Workload
from costcheck.verdict import OptionKind

NOTHING = Remainder(monthly_cost=0.0, replaces_model=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to read the evidence.

    Attributes:
        take_quality_for_granted: Every candidate counts as good enough, on both sides of the comparison.
        only_buyable: Only instance types that a zone offers and that nobody refused.
    """

    take_quality_for_granted: bool
    only_buyable: bool


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Evaluates readings of one set of inputs; equal readings are evaluated once."""

    inputs: DecisionInputs
    evaluator: Evaluator
    _done: dict[tuple[object, ...], Evaluation] = field(default_factory=dict)
    _layouts: Layouts = field(default_factory=dict)

    @cached_property
    def variants(self) -> Mapping[str, tuple[ApiVariant, ...]]:
        """Return every way to buy each workload's tokens."""
        inputs = self.inputs
        return {
            workload.name: api_variants(
                workload,
                inputs.demand_by_name[workload.name],
                inputs.market,
                inputs.models,
                workload.managed_quotes,
            )
            for workload in self.workloads
        }

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """Return the workloads that have a demand."""
        return tuple(row for row in self.inputs.settings.workload if row.name in self.inputs.demand_by_name)

    @cached_property
    def bound(self) -> Mapping[str, Workload]:
        """Return the workloads that a requirement in force takes off the public API."""
        return {row.name: row for row in self.workloads if active_compliance(row, self.inputs.as_of)}

    @cached_property
    def forced(self) -> tuple[str, ...]:
        """Return the bound workloads that servers of their own serve cheapest, or that have nothing else left."""
        return tuple(name for name, workload in self.bound.items() if self._needs_servers(workload))

    @property
    def managed(self) -> tuple[str, ...]:
        """Return the bound workloads that an in-region managed API takes."""
        return tuple(name for name in self.bound if name not in self.forced)

    def proven(self, name: str, model: str) -> bool:
        """Return whether a replacement's quality is shown for a workload."""
        workload = next(row for row in self.workloads if row.name == name)
        return is_proven(self.inputs, workload, model)

    def choices(self, reading: Reading) -> dict[str, tuple[str, ...]]:
        """Return the models that may serve each workload."""
        return {
            workload.name: tuple(
                model
                for model in workload.candidates
                if reading.take_quality_for_granted or self.proven(workload.name, model)
            )
            for workload in self.workloads
            if workload.name not in self.managed
        }

    def eligible(self, name: str, reading: Reading) -> tuple[ApiVariant, ...]:
        """Return the ways to buy a workload's tokens that count under a reading, today's first."""
        workload = next(row for row in self.workloads if row.name == name)
        granted = workload.candidates if reading.take_quality_for_granted else ()
        return tuple(
            variant
            for variant in self.variants[name]
            if self.allowed(workload, variant)
            and (not variant.replaces_model or variant.model in granted or self.proven(name, variant.model))
        )

    def evaluate(self, reading: Reading) -> Evaluation:
        """Return both sides under a reading; nothing where some workload has no way left that counts."""
        choices, types = self.choices(reading), self.instance_types(reading)
        if not all(self.eligible(name, reading) for name in self._on_api()):
            return Evaluation(baseline_id="", baseline_remainders={}, api=(), plans=())
        options = self.api_options(reading)
        key = (tuple(sorted(choices.items())), types, tuple(option.label for option in options))
        if key not in self._done:
            api = self.evaluator.price_api(options)
            planner = self._planner(types, self._remainders(api))
            self._done[key] = self.evaluator.evaluate(planner, api, choices, self.forced)
        return self._done[key]

    def instance_types(self, reading: Reading) -> tuple[str, ...]:
        """Return the GPU types of the region that count under a reading."""
        hosting, book = self.inputs.settings.self_hosting, self.inputs.book
        wanted = hosting.instance_types or tuple(row.instance_type for row in book.gpu_instance_types())
        if not reading.only_buyable:
            return wanted
        return tuple(name for name in wanted if name not in hosting.refused_instance_types and self._offered(name))

    def api_options(self, reading: Reading) -> tuple[ApiOption, ...]:
        """Return the company-wide API options under a reading: as today, made cheaper, the cheapest of all."""
        pools = {name: self.eligible(name, reading) for name in self._on_api()}
        if not pools or not all(pools.values()):
            return ()
        today = {name: pool[0] for name, pool in pools.items()}
        own = (OptionKind.API_TODAY, OptionKind.API_CHEAPER)
        cheaper = {
            name: _cheapest([row for row in pool if row.kind in own] or pool[:1]) for name, pool in pools.items()
        }
        cheapest = {name: _cheapest(pool) for name, pool in pools.items()}
        as_today = any(row.kind is OptionKind.API_TODAY for row in today.values())
        options = [
            _option("api today", OptionKind.API_TODAY, today)
            if as_today
            else _option("allowed api", OptionKind.MANAGED_OPEN_WEIGHTS, today)
        ]
        if cheaper != today:
            options.append(_option("api made cheaper", OptionKind.API_CHEAPER, cheaper))
        if cheapest not in (today, cheaper):
            options.append(_option("cheapest api", OptionKind.MANAGED_OPEN_WEIGHTS, cheapest))
        return tuple(options)

    def _on_api(self) -> tuple[str, ...]:
        return tuple(row.name for row in self.workloads if row.name not in self.forced)

    def _remainders(self, api: Sequence[ApiResult]) -> dict[str, Remainder]:
        """Return what stands in for each workload: the cheapest eligible API; nothing for the forced ones."""
        stay = dict.fromkeys(self.forced, NOTHING)
        return {**stay, **(cheapest_api(api).remainders if api else {})}

    def _planner(self, types: tuple[str, ...], remainders: Mapping[str, Remainder]) -> Planner:
        inputs = self.inputs
        builder = FleetBuilder(
            settings=inputs.settings,
            demands=inputs.demand_by_name,
            models=inputs.models,
            gpus=inputs.gpus,
            roofline=inputs.roofline,
            serving_rules=inputs.serving_rules,
            book=inputs.book,
            assumptions=inputs.assumptions,
            layouts=self._layouts,
        )
        return Planner(
            builder=builder,
            thresholds=inputs.thresholds,
            instance_types=types,
            remainders=remainders,
            bound=frozenset(self.bound),
        )

    def allowed(self, workload: Workload, variant: ApiVariant) -> bool:
        """Return whether the workload's data may go that way: a requirement in force, or data that are restricted.

        Restricted data stay with the providers that have them, or inside the company's AWS region.
        """
        if workload.name not in self.bound:
            reseller = variant.kind is OptionKind.MANAGED_OPEN_WEIGHTS and not variant.in_region
            return not (reseller and workload.sensitivity == "restricted")
        compliance = workload.compliance
        return compliance is not None and compliance.in_region_managed_api_allowed and variant.in_region

    def _needs_servers(self, workload: Workload) -> bool:
        managed = [variant for variant in self.variants[workload.name] if self.allowed(workload, variant)]
        if not managed:
            return True
        option = _option("managed", OptionKind.MANAGED_OPEN_WEIGHTS, {workload.name: _cheapest(managed)})
        types = self.instance_types(Reading(take_quality_for_granted=True, only_buyable=True))
        planner = self._planner(types, dict.fromkeys(self.inputs.demand_by_name, NOTHING))
        plans = planner.plans({workload.name: workload.candidates}, forced=(workload.name,))
        evaluator = self.evaluator
        costs = [evaluator.mean_month(plan, evaluator.single) for plan in plans]
        return bool(costs) and min(costs) < evaluator.mean_api_month(option, evaluator.single)

    def _offered(self, instance_type: str) -> bool:
        try:
            return bool(self.inputs.book.zones(instance_type).zone_ids)
        except PriceNotFoundError:
            return False  # nobody asked AWS: not known to be offered


def with_scale(evaluator: Evaluator, *, volume: float = 1.0, gpu: float = 1.0, api: float = 1.0) -> Evaluator:
    """Return the evaluator with volume or prices multiplied, everything else at its median."""
    draws = evaluator.single
    scaled = replace(
        draws,
        scale={name: rows * volume for name, rows in draws.scale.items()},
        gpu_index=draws.gpu_index * gpu,
        api_index=draws.api_index * api,
    )
    return replace(evaluator, single=scaled)


def _cheapest(variants: Sequence[ApiVariant]) -> ApiVariant:
    return min(variants, key=lambda variant: (variant.monthly_cost_usd, variant.label))


def _option(option_id: str, kind: OptionKind, variants: Mapping[str, ApiVariant]) -> ApiOption:
    label = "; ".join(f"{name}: {variant.label}" for name, variant in variants.items())
    return ApiOption(
        option_id=option_id,
        kind=kind,
        label=label,
        variants=variants,
        switches=any(variant.replaces_model for variant in variants.values()),
    )
