"""Which plans are made, and what they are charged for."""

from dataclasses import replace
from decimal import Decimal

import pytest

from costcheck.decision.decide import BUYABLE
from costcheck.decision.evaluation import Evaluator
from costcheck.decision.reading import Reader
from costcheck.model.planning import Planner, assignments, movable_workloads
from costcheck.model.self_hosted_cost import people_lines
from costcheck.rules import load_assumptions
from costcheck.settings import Match, Operator, SelfHosting, Settings
from costcheck.verdict import OptionKind
from tests.costcheck.decision.builders import CANDIDATE, compliance, demand, inputs, settings, snapshot, workload


def planner(company: Settings | None = None, requests: int = 4_000_000) -> Planner:
    company = company or settings()
    row = inputs(settings=company, demands=tuple(demand(one.name, requests) for one in company.workload))
    reader = Reader(inputs=row, evaluator=Evaluator.of(row))
    return reader._planner(reader.instance_types(BUYABLE), dict.fromkeys(one.name for one in company.workload))  # type: ignore[arg-type] # no costs are asked for


def test_every_set_of_workloads_is_tried_with_every_choice_of_models() -> None:
    demands = {"a": demand("a"), "b": demand("b")}
    found = [dict(row.models) for row in assignments({"a": ("x", "y"), "b": ("x",)}, frozenset(), demands)]
    assert len(found) == 3 * 2 - 1
    assert {"a": "y", "b": "x"} in found
    assert {"b": "x"} in found


def test_forced_workloads_are_in_every_set() -> None:
    demands = {"a": demand("a"), "b": demand("b")}
    found = list(assignments({"a": ("x",), "b": ("x",)}, frozenset({"b"}), demands))
    assert all("b" in row.models for row in found)
    assert len(found) == 2


def test_a_workload_without_candidates_never_moves() -> None:
    assert list(assignments({"a": ()}, frozenset(), {"a": demand("a")})) == []


def test_of_many_workloads_the_largest_may_move() -> None:
    names = [f"w{number}" for number in range(9)]  # 2 ** 8 sets are tried
    demands = {name: demand(name, 1000 + number) for number, name in enumerate(names)}
    moved = {name for row in assignments(dict.fromkeys(names, ("x",)), frozenset(), demands) for name in row.models}
    assert moved == set(names[1:])


def test_more_candidates_leave_room_for_fewer_workloads_but_never_drop_a_forced_one() -> None:
    names = [f"w{number}" for number in range(9)]
    demands = {name: demand(name, 1000 + number) for number, name in enumerate(names)}
    choices = dict.fromkeys(names, ("x", "y", "z"))

    assert movable_workloads(choices, frozenset(), demands) == ("w8", "w7", "w6", "w5")
    assert set(names) == set(movable_workloads(dict.fromkeys(names, ("x",)), frozenset(names), demands))


def test_a_plan_that_moves_all_and_always_runs_is_self_hosted_and_every_other_is_hybrid() -> None:
    plans = planner(settings(self_hosting=SelfHosting()), 40_000_000).plans({"chat": (CANDIDATE,)})
    kinds = {(bool(plan.weekly_hours), plan.instance_cap is not None): plan.kind for plan in plans}
    assert kinds[False, False] is OptionKind.SELF_HOSTED
    assert kinds[True, False] is kinds[False, True] is OptionKind.HYBRID
    assert len({plan.option_id for plan in plans}) == len(plans)


def test_restricted_data_never_leave_for_an_api() -> None:
    company = settings(workload(compliance=compliance()), self_hosting=SelfHosting())
    plans = planner(company, 40_000_000).plans({"chat": (CANDIDATE,)}, forced=("chat",))
    assert plans
    assert all(not plan.weekly_hours and plan.instance_cap is None for plan in plans)
    assert all(fleet.restricted and fleet.spare >= 1 for plan in plans for fleet in plan.fleets)


def test_workloads_of_one_model_and_sensitivity_share_a_fleet() -> None:
    one, other = workload("a", match=Match(tags=("a",))), workload("b", match=Match(tags=("b",)))
    both = planner(settings(one, other)).plans({"a": (CANDIDATE,), "b": (CANDIDATE,)}, forced=("a", "b"))
    assert all(len(plan.fleets) == 1 for plan in both)
    guarded = workload("b", match=Match(tags=("b",)), sensitivity="restricted")
    apart = planner(settings(one, guarded)).plans({"a": (CANDIDATE,), "b": (CANDIDATE,)}, forced=("a", "b"))
    assert all(len(plan.fleets) == 2 for plan in apart)


def test_a_model_that_reads_less_than_the_longest_request_serves_nobody() -> None:
    row = inputs(demands=(replace(demand(), p99_context_tokens=10_000_000.0),))
    reader = Reader(inputs=row, evaluator=Evaluator.of(row))
    assert reader.evaluate(BUYABLE).plans == ()


def test_an_unsold_purchase_option_makes_no_plan() -> None:
    company = settings(self_hosting=SelfHosting(purchase_options=("spot",)))
    assert planner(company).plans({"chat": (CANDIDATE,)}) == ()


def test_the_shape_holds_the_factors_of_the_replacement_and_the_cached_share_of_both_sides() -> None:
    plain = planner().builder.shape(["chat"])
    assert plain.input_tokens == pytest.approx(1050)
    assert plain.output_tokens == pytest.approx(210)
    cached = planner(settings(workload(cacheable_input_share=Decimal("0.4")))).builder.shape(["chat"])
    assert cached.cached_input_share == pytest.approx(0.4)


def test_a_bigger_demand_never_needs_fewer_instances() -> None:
    counts = [
        planner(requests=requests).plans({"chat": (CANDIDATE,)})[0].label for requests in (1_000_000, 100_000_000)
    ]
    assert int(counts[0].split(" on ")[1].split(" x ")[0]) < int(counts[1].split(" on ")[1].split(" x ")[0])


@pytest.mark.parametrize(
    ("answer", "fee", "expected"),
    [
        ("team", None, 20 * 90 + 4 * 90),
        (None, None, 20 * 90 + 4 * 90),
        ("managed_provider", Decimal(2500), 2500 + 4 * 90),
        ("nobody", Decimal(2500), 2500 + 4 * 90),
        ("team", Decimal(2500), 20 * 90 + 4 * 90),
    ],
)
def test_people_or_a_fee_and_never_both(answer: str | None, fee: Decimal | None, expected: int) -> None:
    operator = Operator(answer=answer, managed_provider_monthly_cost_usd=fee)  # type: ignore[arg-type] # a literal
    assert sum(line.monthly_cost_usd for line in people_lines(load_assumptions({}), operator)) == expected


def test_the_builders_prices_hold_both_types() -> None:
    assert {row.instance_type for row in snapshot().instance_types} == {"g6.xlarge", "g6e.xlarge"}
