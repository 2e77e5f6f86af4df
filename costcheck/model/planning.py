"""Every sensible way to move workloads onto servers; the simulation sees the best of them."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from costcheck.catalogue import GpuSpec, LatencyClass, OpenWeights, RooflineParameters, ServingRules, find_gpu
from costcheck.model.api_cost import cached_input_share
from costcheck.model.capacity import (
    DoesNotFit,
    LatencyTarget,
    ReplicaLayout,
    TokenShape,
    best_replica,
    instances_needed,
    latency_target,
)
from costcheck.model.demand import HOURS_PER_WEEK, WorkloadDemand
from costcheck.model.plan import WORKING_DAYS, FleetPlan, Plan, Remainder, best_working_hours
from costcheck.model.self_hosted_cost import InfrastructureCost, people_lines, spread_line
from costcheck.price_book import PriceBook
from costcheck.records import InstanceType
from costcheck.rules import Assumptions, Thresholds
from costcheck.settings import Settings, Workload
from costcheck.units import HOURS_PER_MONTH
from costcheck.verdict import CostLine, OptionKind

MAXIMUM_MOVABLE_WORKLOADS = 8
"""2^8 sets are enumerated exactly; beyond that the largest eight by volume are."""
TYPES_PER_FLEET = 3
"""Instance types of each fleet that go on to the simulation."""
OVERFLOW_CAPS = 4
"""Caps tried below the full fleet."""
STRICTEST_FIRST = (LatencyClass.INTERACTIVE, LatencyClass.RELAXED, LatencyClass.BATCH)
MAXIMUM_CACHED_SHARE = 0.99
"""A prefix cache never holds all of a prompt: the last token is always computed."""
ELASTICITY_STEP = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Workload to the model that would serve it."""

    models: Mapping[str, str]

    @property
    def moved(self) -> tuple[str, ...]:
        """Return the workloads that move."""
        return tuple(self.models)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Workloads that share a fleet: one model, one sensitivity."""

    model: str
    restricted: bool
    workloads: tuple[str, ...]


Layouts = dict[tuple[_Group, str, int], ReplicaLayout | DoesNotFit]


@dataclass(frozen=True, kw_only=True)
class Planner:
    """Builds plans from demand, prices and capacity.

    Attributes:
        instance_types: Types that may be used.
        remainders: Workload to the cost of the API that it would otherwise use.
        bound: Workloads that may not leave the company's own servers or region.
        layouts: What was already found of how models fill instances; planners of the same demands may share it.
    """

    settings: Settings
    demands: Mapping[str, WorkloadDemand]
    models: Mapping[str, OpenWeights]
    gpus: Mapping[str, GpuSpec]
    roofline: RooflineParameters
    serving_rules: ServingRules
    book: PriceBook
    assumptions: Assumptions
    thresholds: Thresholds
    instance_types: tuple[str, ...]
    remainders: Mapping[str, Remainder]
    bound: frozenset[str] = frozenset()
    layouts: Layouts = field(default_factory=dict)

    @property
    def workloads(self) -> Mapping[str, Workload]:
        """Return the workloads of the settings by name."""
        return {workload.name: workload for workload in self.settings.workload}

    def plans(self, choices: Mapping[str, Sequence[str]], forced: Iterable[str] = ()) -> tuple[Plan, ...]:
        """Return every plan that moves at least the forced workloads.

        Args:
            choices: Workload to the models that may serve it.
            forced: Workloads that must move.
        """
        must = frozenset(forced)
        return tuple(
            plan for assignment in assignments(choices, must, self.demands) for plan in self._plans_for(assignment)
        )

    def _plans_for(self, assignment: Assignment) -> Iterator[Plan]:
        groups = self._groups(assignment)
        for purchase_option in self.settings.self_hosting.purchase_options:
            fleets = [self._fleets(group, purchase_option) for group in groups]
            if all(fleets):
                best = tuple(options[0] for options in fleets)
                yield from self._scheduled(assignment, best)
                yield from self._always_on_alternatives(assignment, fleets)
                yield from self._overflowing(assignment, fleets)

    def _groups(self, assignment: Assignment) -> tuple[_Group, ...]:
        keys: dict[tuple[str, bool], list[str]] = {}
        for name, model in assignment.models.items():
            restricted = name in self.bound or self.workloads[name].sensitivity == "restricted"
            keys.setdefault((model, restricted), []).append(name)
        return tuple(
            _Group(model=model, restricted=restricted, workloads=tuple(names))
            for (model, restricted), names in keys.items()
        )

    def _scheduled(self, assignment: Assignment, fleets: tuple[FleetPlan, ...]) -> Iterator[Plan]:
        schedules = self.settings.self_hosting.schedules
        if "always_on" in schedules:
            yield self._plan(assignment, fleets)
        if "paying_hours" in schedules and not any(fleet.restricted for fleet in fleets):
            hours_per_day = int(self.assumptions.paying_hours_per_week.value) // WORKING_DAYS
            rates = [sum(column) for column in zip(*(fleet.hourly_rates for fleet in fleets), strict=True)]
            hours = best_working_hours(tuple(rates), hours_per_day)
            paused = tuple(replace(fleet, minimum=1) for fleet in fleets)
            yield self._plan(assignment, paused, weekly_hours=hours)

    def _always_on_alternatives(self, assignment: Assignment, fleets: list[list[FleetPlan]]) -> Iterator[Plan]:
        if len(fleets) == 1 and "always_on" in self.settings.self_hosting.schedules:
            for fleet in fleets[0][1:]:
                yield self._plan(assignment, (fleet,))

    def _overflowing(self, assignment: Assignment, fleets: list[list[FleetPlan]]) -> Iterator[Plan]:
        hosting = self.settings.self_hosting
        if len(fleets) != 1 or not hosting.overflow_to_api or "always_on" not in hosting.schedules:
            return
        for fleet in fleets[0]:
            full = _count(fleet)
            caps = sorted({max(1, math.floor(full * share)) for share in (0.3, 0.5, 0.7, 0.85)})
            if not fleet.restricted:
                yield from (self._plan(assignment, (fleet,), cap=cap) for cap in caps[:OVERFLOW_CAPS] if cap < full)

    def _fleets(self, group: _Group, purchase_option: str) -> list[FleetPlan]:
        """Return the cheapest fleets for a group, one an instance type, cheapest first."""
        fleets = [
            fleet
            for instance_type in self.instance_types
            if (fleet := self._fleet(group, instance_type, purchase_option)) is not None
        ]
        return sorted(fleets, key=monthly_instance_cost)[:TYPES_PER_FLEET]

    def _fleet(self, group: _Group, instance_type: str, purchase_option: str) -> FleetPlan | None:
        instance = self.book.instance(instance_type)
        infrastructure = self._infrastructure()
        if not infrastructure.is_sold(instance_type, purchase_option):
            return None  # absence is not a price
        price = infrastructure.instance_price(instance_type, purchase_option)
        layout = self._layout(group, instance)
        if isinstance(layout, DoesNotFit):
            return None
        rules = self.serving_rules.fleet
        spare = int(rules.spare_replicas_sensitive.value) if group.restricted else 0
        replicas = int(rules.minimum_replicas.value) if group.restricted else 1
        rates = {name: self._sizing_rate(name) for name in group.workloads}
        profiles = [self.demands[name].requests_per_second_by_hour_of_week for name in group.workloads]
        return FleetPlan(
            model=group.model,
            layout=layout,
            instance=instance,
            purchase_option=purchase_option,
            price=price,
            node_cost=float(sum(line.monthly_cost_usd for line in infrastructure.node_lines())),
            sizing_rates=rates,
            hourly_rates=tuple(sum(column) for column in zip(*profiles, strict=True)),
            burst_factor=max(self.demands[name].peak_minute_factor for name in group.workloads),
            input_token_factor=float(self.assumptions.input_token_factor.value),
            output_token_factor=float(self.assumptions.output_token_factor.value),
            input_elasticity=0.0,
            output_elasticity=0.0,
            # The spare is one of the replicas that must run at least: N + 1 of one is two, not three.
            minimum=max(math.ceil(replicas / layout.replicas_per_instance) - spare, 1),
            spare=spare,
            restricted=group.restricted,
        )

    def _layout(self, group: _Group, instance: InstanceType) -> ReplicaLayout | DoesNotFit:
        gpu = self._gpu(instance)
        if gpu is None:
            return DoesNotFit(reason=f"{instance.instance_type} has no GPU that the catalogue knows")
        key = (group, f"{gpu.ec2_name}/{gpu.memory_mib}", instance.gpu_count)
        if key not in self.layouts:
            self.layouts[key] = self._best_replica(group, gpu, instance.gpu_count, self.shape(group.workloads))
        return self.layouts[key]

    def _best_replica(
        self, group: _Group, gpu: GpuSpec, gpu_count: int, shape: TokenShape
    ) -> ReplicaLayout | DoesNotFit:
        model = self.models[group.model]
        if shape.longest_context_tokens > model.context_limit_tokens:
            return DoesNotFit(reason=f"{group.model} reads at most {model.context_limit_tokens} tokens")
        return best_replica(
            model,
            gpu,
            gpu_count,
            shape=shape,
            target=self._target(group.workloads),
            parameters=self.roofline,
            rules=self.serving_rules,
        )

    def with_elasticity(self, plan: Plan) -> Plan:
        """Return the plan with the capacity that longer prompts and answers take away."""
        return replace(plan, fleets=tuple(self._elastic(fleet) for fleet in plan.fleets))

    def _elastic(self, fleet: FleetPlan) -> FleetPlan:
        shape = self.shape(fleet.workloads)
        longer_input = replace(shape, input_tokens=shape.input_tokens * ELASTICITY_STEP)
        longer_output = replace(shape, output_tokens=shape.output_tokens * ELASTICITY_STEP)
        return replace(
            fleet,
            input_elasticity=self._elasticity(fleet, longer_input),
            output_elasticity=self._elasticity(fleet, longer_output),
        )

    def _elasticity(self, fleet: FleetPlan, shape: TokenShape) -> float:
        gpu = self._gpu(fleet.instance)
        group = _Group(model=fleet.model, restricted=fleet.restricted, workloads=fleet.workloads)
        layout = None if gpu is None else self._best_replica(group, gpu, fleet.instance.gpu_count, shape)
        if not isinstance(layout, ReplicaLayout):
            return 1.0
        return max(0.0, -math.log(layout.requests_per_second / fleet.layout.requests_per_second, ELASTICITY_STEP))

    def shape(self, workloads: Sequence[str]) -> TokenShape:
        """Return the mean request of some workloads with the replacement's median token factors."""
        demands = [self.demands[name] for name in workloads]
        weights = [float(demand.monthly_requests) for demand in demands]
        total = sum(weights)
        inputs = sum(w * d.input_tokens_per_request for w, d in zip(weights, demands, strict=True)) / total
        outputs = sum(w * d.output_tokens_per_request for w, d in zip(weights, demands, strict=True)) / total
        held = [cached_input_share(self.workloads[demand.name], demand) for demand in demands]
        cached = sum(
            w * d.input_tokens_per_request * share for w, d, share in zip(weights, demands, held, strict=True)
        ) / (total * inputs)
        return TokenShape(
            input_tokens=inputs * float(self.assumptions.input_token_factor.value),
            output_tokens=outputs * float(self.assumptions.output_token_factor.value),
            cached_input_share=min(cached, MAXIMUM_CACHED_SHARE),
            p99_context_tokens=max(demand.p99_context_tokens for demand in demands),
        )

    def _target(self, workloads: Sequence[str]) -> LatencyTarget:
        classes = {LatencyClass(self.workloads[name].latency_class) for name in workloads}
        strictest = next(latency for latency in STRICTEST_FIRST if latency in classes)
        return latency_target(self.serving_rules, strictest)

    def _sizing_rate(self, name: str) -> float:
        """Return the rate to sustain: the busy hour with its bursts; for batch the busiest day's mean."""
        demand = self.demands[name]
        profile = demand.requests_per_second_by_hour_of_week
        # Traffic in fewer hours than the busy hour's quantile leaves out has a busy hour of zero, and still hours.
        busy_hour = demand.busy_hour_requests_per_second or max(profile)
        if self.workloads[name].latency_class != "batch":
            return busy_hour * demand.peak_minute_factor
        days = [sum(profile[start : start + 24]) / 24 for start in range(0, HOURS_PER_WEEK, 24)]
        return busy_hour * max(days) / max(profile)

    def _gpu(self, instance: InstanceType) -> GpuSpec | None:
        if instance.gpu_name is None or instance.gpu_memory_gib is None or instance.gpu_count < 1:
            return None
        return find_gpu(self.gpus, instance.gpu_name, instance.gpu_memory_gib)

    def _infrastructure(self) -> InfrastructureCost:
        return InfrastructureCost(
            book=self.book, region_id=self.settings.company.region_id, assumptions=self.assumptions
        )

    def _plan(
        self,
        assignment: Assignment,
        fleets: tuple[FleetPlan, ...],
        *,
        weekly_hours: tuple[int, ...] = (),
        cap: int | None = None,
    ) -> Plan:
        all_move = set(assignment.moved) == set(self.demands)
        pure = all_move and not weekly_hours and cap is None
        return Plan(
            option_id=_option_id(fleets, weekly_hours, cap, assignment, all_move=all_move),
            kind=OptionKind.SELF_HOSTED if pure else OptionKind.HYBRID,
            label=_label(fleets, weekly_hours, cap, assignment, all_move=all_move),
            moved=assignment.moved,
            fleets=fleets,
            weekly_hours=weekly_hours,
            instance_cap=cap,
            remainders=dict(self.remainders),
            fixed_lines=self._fixed_lines(assignment, fleets),
            set_up_lines=(
                spread_line(
                    "Set-up, migration, evaluation (spread over the horizon)",
                    self.assumptions.set_up_cost_usd,
                    self.thresholds.horizon_months.value,
                ),
            ),
        )

    def _fixed_lines(self, assignment: Assignment, fleets: Sequence[FleetPlan]) -> tuple[CostLine, ...]:
        weight_gib = sum(
            self.models[fleet.model].weights[fleet.layout.replica.quantization].weight_gib for fleet in fleets
        )
        tokens = sum((_monthly_tokens(self.demands[name]) for name in assignment.moved), Decimal(0))
        platform = self._infrastructure().platform_lines(
            weight_gib=Decimal(str(round(weight_gib, 2))), monthly_tokens=tokens
        )
        return platform + people_lines(self.assumptions, self.settings.operator)


def assignments(
    choices: Mapping[str, Sequence[str]], forced: frozenset[str], demands: Mapping[str, WorkloadDemand]
) -> Iterator[Assignment]:
    """Return every set of workloads with every choice of models that moves at least the forced ones."""
    by_volume = sorted(
        (name for name, models in choices.items() if models),
        key=lambda name: (name not in forced, -_monthly_tokens(demands[name])),
    )
    movable = by_volume[:MAXIMUM_MOVABLE_WORKLOADS]
    stay: tuple[None] = (None,)
    options = [tuple(choices[name]) + (() if name in forced else stay) for name in movable]
    for combination in itertools.product(*options):
        models = {name: model for name, model in zip(movable, combination, strict=True) if model is not None}
        if models:
            yield Assignment(models=models)


def monthly_instance_cost(fleet: FleetPlan) -> float:
    """Return what the instances of an always-on fleet cost a month at today's demand."""
    return _count(fleet) * (float(fleet.price.list_unit_price * HOURS_PER_MONTH) + fleet.node_cost)


def _count(fleet: FleetPlan) -> int:
    return instances_needed(
        fleet.sizing_rate, fleet.layout.requests_per_second, minimum=fleet.minimum, spare=fleet.spare
    )


def _monthly_tokens(demand: WorkloadDemand) -> Decimal:
    per_request = demand.input_tokens_per_request + demand.output_tokens_per_request
    return demand.monthly_requests * Decimal(str(per_request))


def _option_id(
    fleets: Sequence[FleetPlan],
    weekly_hours: tuple[int, ...],
    cap: int | None,
    assignment: Assignment,
    *,
    all_move: bool,
) -> str:
    parts = ["+".join(f"{fleet.model}@{fleet.instance.instance_type}/{fleet.purchase_option}" for fleet in fleets)]
    parts += [] if all_move else ["for " + "+".join(assignment.moved)]
    parts += [f"in {len(weekly_hours)} hours a week"] if weekly_hours else []
    parts += [f"up to {cap}"] if cap is not None else []
    return " ".join(parts)


def _label(
    fleets: Sequence[FleetPlan],
    weekly_hours: tuple[int, ...],
    cap: int | None,
    assignment: Assignment,
    *,
    all_move: bool,
) -> str:
    purchase = fleets[0].purchase_option.replace("_", "-")
    servers = ", ".join(
        f"{fleet.model} on {min(_count(fleet), cap or _count(fleet))} x {fleet.instance.instance_type}"
        for fleet in fleets
    )
    label = f"{servers} ({purchase})"
    label += "" if all_move else f" for {', '.join(assignment.moved)}"
    label += f", {len(weekly_hours)} hours a week" if weekly_hours else ""
    return label + (", overflow to the API" if cap is not None else "")
