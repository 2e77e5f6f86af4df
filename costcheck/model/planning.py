"""Every sensible way to move workloads onto servers; the simulation sees the best of them."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from costcheck.model.demand import WorkloadDemand
from costcheck.model.fleets import FleetBuilder, Group, count_instances, monthly_instance_cost
from costcheck.model.plan import WORKING_DAYS, FleetPlan, Plan, Remainder, best_working_hours
from costcheck.model.self_hosted_cost import people_lines, spread_line
from costcheck.rules import Thresholds
from costcheck.settings import Settings
from costcheck.verdict import CostLine, OptionKind

MAXIMUM_ASSIGNMENTS = 256
"""Sets of workloads times choices of models that are enumerated exactly: eight workloads with one candidate each, or
four with three. Beyond that the largest by volume are, and the record names the rest."""
TYPES_PER_FLEET = 3
"""Instance types of each fleet that go on to the simulation."""
OVERFLOW_CAPS = 4
"""Caps tried below the full fleet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Workload to the model that would serve it."""

    models: Mapping[str, str]

    @property
    def moved(self) -> tuple[str, ...]:
        """Return the workloads that move."""
        return tuple(self.models)


@dataclass(frozen=True, kw_only=True)
class Planner:
    """Builds plans from demand, prices and capacity.

    Attributes:
        builder: Builds a fleet of one type.
        instance_types: Types that may be used.
        remainders: Workload to the cost of the API that it would otherwise use.
        bound: Workloads that may not leave the company's own servers or region.
    """

    builder: FleetBuilder
    thresholds: Thresholds
    instance_types: tuple[str, ...]
    remainders: Mapping[str, Remainder]
    bound: frozenset[str] = frozenset()

    @property
    def settings(self) -> Settings:
        """Return the company's settings."""
        return self.builder.settings

    @property
    def demands(self) -> Mapping[str, WorkloadDemand]:
        """Return the demands by workload."""
        return self.builder.demands

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

    def _groups(self, assignment: Assignment) -> tuple[Group, ...]:
        keys: dict[tuple[str, bool], list[str]] = {}
        for name, model in assignment.models.items():
            restricted = name in self.bound or self.builder.workloads[name].sensitivity == "restricted"
            keys.setdefault((model, restricted), []).append(name)
        return tuple(
            Group(model=model, restricted=restricted, workloads=tuple(names))
            for (model, restricted), names in keys.items()
        )

    def _scheduled(self, assignment: Assignment, fleets: tuple[FleetPlan, ...]) -> Iterator[Plan]:
        schedules = self.settings.self_hosting.schedules
        if "always_on" in schedules:
            yield self._plan(assignment, fleets)
        if "paying_hours" in schedules and not any(fleet.restricted for fleet in fleets):
            hours_per_day = int(self.builder.assumptions.paying_hours_per_week.value) // WORKING_DAYS
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
            full = count_instances(fleet)
            caps = sorted({max(1, math.floor(full * share)) for share in (0.3, 0.5, 0.7, 0.85)})
            if not fleet.restricted:
                yield from (self._plan(assignment, (fleet,), cap=cap) for cap in caps[:OVERFLOW_CAPS] if cap < full)

    def _fleets(self, group: Group, purchase_option: str) -> list[FleetPlan]:
        """Return the cheapest fleets for a group, one an instance type, cheapest first."""
        fleets = [
            fleet
            for instance_type in self.instance_types
            if (fleet := self.builder.fleet(group, instance_type, purchase_option)) is not None
        ]
        return sorted(fleets, key=monthly_instance_cost)[:TYPES_PER_FLEET]

    def with_elasticity(self, plan: Plan) -> Plan:
        """Return the plan with the capacity that longer prompts and answers take away."""
        return replace(plan, fleets=tuple(self.builder.elastic(fleet) for fleet in plan.fleets))

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
                    self.builder.assumptions.set_up_cost_usd,
                    self.thresholds.horizon_months.value,
                ),
            ),
        )

    def _fixed_lines(self, assignment: Assignment, fleets: Sequence[FleetPlan]) -> tuple[CostLine, ...]:
        weight_gib = sum(
            self.builder.models[fleet.model].weights[fleet.layout.replica.quantization].weight_gib for fleet in fleets
        )
        tokens = sum((_monthly_tokens(self.demands[name]) for name in assignment.moved), Decimal(0))
        platform = self.builder.infrastructure.platform_lines(
            weight_gib=Decimal(str(round(weight_gib, 2))), monthly_tokens=tokens
        )
        return platform + people_lines(self.builder.assumptions, self.settings.operator)


def assignments(
    choices: Mapping[str, Sequence[str]], forced: frozenset[str], demands: Mapping[str, WorkloadDemand]
) -> Iterator[Assignment]:
    """Return every set of workloads with every choice of models that moves at least the forced ones."""
    movable = movable_workloads(choices, forced, demands)
    stay: tuple[None] = (None,)
    options = [tuple(choices[name]) + (() if name in forced else stay) for name in movable]
    for combination in itertools.product(*options):
        models = {name: model for name, model in zip(movable, combination, strict=True) if model is not None}
        if models:
            yield Assignment(models=models)


def movable_workloads(
    choices: Mapping[str, Sequence[str]], forced: frozenset[str], demands: Mapping[str, WorkloadDemand]
) -> tuple[str, ...]:
    """Return the workloads whose moves are enumerated: every forced one, then the largest by volume."""
    largest_first = sorted(
        (name for name, models in choices.items() if models and name not in forced),
        key=lambda name: (-_monthly_tokens(demands[name]), name),
    )
    movable = [name for name in choices if name in forced]
    count = math.prod(len(choices[name]) for name in movable)
    for name in largest_first:
        count *= len(choices[name]) + 1
        if count > MAXIMUM_ASSIGNMENTS:
            break
        movable.append(name)
    return tuple(movable)


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
        f"{fleet.model} on {count if cap is None else min(count, cap)} x {fleet.instance.instance_type}"
        for fleet in fleets
        for count in (count_instances(fleet),)
    )
    label = f"{servers} ({purchase})"
    label += "" if all_move else f" for {', '.join(assignment.moved)}"
    label += f", {len(weekly_hours)} hours a week" if weekly_hours else ""
    return label + (", overflow to the API" if cap is not None else "")
