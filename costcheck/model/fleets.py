"""Fleets: how many instances of one type a group of workloads needs, and how longer texts change that."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

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
from costcheck.model.plan import FleetPlan
from costcheck.model.self_hosted_cost import InfrastructureCost
from costcheck.price_book import PriceBook
from costcheck.records import InstanceType
from costcheck.rules import Assumptions
from costcheck.settings import Settings, Workload
from costcheck.units import HOURS_PER_MONTH

STRICTEST_FIRST = (LatencyClass.INTERACTIVE, LatencyClass.RELAXED, LatencyClass.BATCH)
MAXIMUM_CACHED_SHARE = 0.99
"""A prefix cache never holds all of a prompt: the last token is always computed."""
ELASTICITY_STEP = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Workloads that share a fleet: one model, one sensitivity."""

    model: str
    restricted: bool
    workloads: tuple[str, ...]


Layouts = dict[tuple[Group, str, int], ReplicaLayout | DoesNotFit]


@dataclass(frozen=True, kw_only=True)
class FleetBuilder:
    """Builds the fleet of one instance type that serves one group of workloads.

    Attributes:
        layouts: What was already found of how models fill instances; builders of the same demands may share it.
    """

    settings: Settings
    demands: Mapping[str, WorkloadDemand]
    models: Mapping[str, OpenWeights]
    gpus: Mapping[str, GpuSpec]
    roofline: RooflineParameters
    serving_rules: ServingRules
    book: PriceBook
    assumptions: Assumptions
    layouts: Layouts = field(default_factory=dict)

    @property
    def workloads(self) -> Mapping[str, Workload]:
        """Return the workloads of the settings by name."""
        return {workload.name: workload for workload in self.settings.workload}

    @property
    def infrastructure(self) -> InfrastructureCost:
        """Return the prices of the region."""
        return InfrastructureCost(
            book=self.book, region_id=self.settings.company.region_id, assumptions=self.assumptions
        )

    def fleet(self, group: Group, instance_type: str, purchase_option: str) -> FleetPlan | None:
        """Return the fleet, None where the type has no price under the purchase option or the model does not fit."""
        instance = self.book.instance(instance_type)
        infrastructure = self.infrastructure
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

    def _layout(self, group: Group, instance: InstanceType) -> ReplicaLayout | DoesNotFit:
        gpu = self._gpu(instance)
        if gpu is None:
            return DoesNotFit(reason=f"{instance.instance_type} has no GPU that the catalogue knows")
        key = (group, f"{gpu.ec2_name}/{gpu.memory_mib}", instance.gpu_count)
        if key not in self.layouts:
            self.layouts[key] = self._best_replica(group, gpu, instance.gpu_count, self.shape(group.workloads))
        return self.layouts[key]

    def _best_replica(
        self, group: Group, gpu: GpuSpec, gpu_count: int, shape: TokenShape
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

    def elastic(self, fleet: FleetPlan) -> FleetPlan:
        """Return the fleet with the capacity that longer prompts and answers take away."""
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
        group = Group(model=fleet.model, restricted=fleet.restricted, workloads=fleet.workloads)
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


def monthly_instance_cost(fleet: FleetPlan) -> float:
    """Return what the instances of an always-on fleet cost a month at today's demand."""
    return count_instances(fleet) * (float(fleet.price.list_unit_price * HOURS_PER_MONTH) + fleet.node_cost)


def count_instances(fleet: FleetPlan) -> int:
    """Return the whole instances of an always-on fleet at today's demand."""
    return instances_needed(
        fleet.sizing_rate, fleet.layout.requests_per_second, minimum=fleet.minimum, spare=fleet.spare
    )
