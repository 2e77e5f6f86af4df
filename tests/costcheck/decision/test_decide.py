"""Whole decisions: the same to the byte, complete, and allowing no more than they chose."""

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from costcheck.decision.decide import BUYABLE, decide
from costcheck.decision.evaluation import Evaluator
from costcheck.decision.inputs import DecisionInputs, decode_inputs, digests
from costcheck.decision.reading import Reader
from costcheck.errors import InputFileError
from costcheck.model.growth import Growth
from costcheck.records import Origin, Provenance, Quota
from costcheck.rules import load_assumptions
from costcheck.settings import ManagedQuote, Match, Operator, SelfHosting
from costcheck.units import to_cents
from costcheck.verdict import Decision, OptionKind, Verdict, encode
from tests.costcheck.decision.builders import (
    AS_OF,
    CANDIDATE,
    DECLARED,
    bill,
    compliance,
    coverage,
    decided,
    demand,
    finding,
    inputs,
    settings,
    snapshot,
    workload,
)

GROWING = Growth(monthly_rate=0.04, standard_error=0.01, lower_bound=0.02, observations=13)
CHAT, DRAFTS = workload(match=Match(request_models=("a",))), workload("drafts", match=Match(request_models=("b",)))
TWO: dict[str, Any] = {"settings": settings(CHAT, DRAFTS), "demands": (demand(), demand("drafts", 3_000_000))}
MANAGED_ALLOWED = compliance(in_region_managed_api_allowed=True)


def company(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of the workload
    return {"settings": settings(workload(**changes))}


# The same, to the byte


COMPANIES = st.fixed_dictionaries(
    {
        "requests": st.sampled_from([300_000, 1_000_000, 4_000_000, 20_000_000]),
        "growth": st.sampled_from([GROWING, None]),
        "latency": st.sampled_from(["interactive", "relaxed", "batch"]),
        "sensitivity": st.sampled_from(["internal", "restricted"]),
        "weights": st.sampled_from(["own", "published"]),
        "operator": st.sampled_from(["team", None]),
        "schedules": st.sampled_from([("always_on",), ("paying_hours",), ("always_on", "paying_hours")]),
        "overflow": st.booleans(),
        "compliance": st.sampled_from([None, compliance(), MANAGED_ALLOWED]),
    }
)


def from_choices(choices: dict[str, Any]) -> DecisionInputs:
    growth = {"growth": choices["growth"]} if choices["growth"] else {}
    one = workload(
        latency_class=choices["latency"],
        sensitivity=choices["sensitivity"],
        weights=choices["weights"],
        compliance=choices["compliance"],
        outage_cost_usd_per_hour=Decimal(50),
    )
    return inputs(
        settings=settings(
            one,
            operator=Operator(answer=choices["operator"]),
            self_hosting=SelfHosting(schedules=choices["schedules"], overflow_to_api=choices["overflow"]),
        ),
        demands=(demand(requests=choices["requests"], **growth),),
        draws=100,
    )


@profile(max_examples=25, deadline=None)
@given(COMPANIES)
def test_a_decision_replays_to_the_byte_from_its_own_inputs(choices: dict[str, Any]) -> None:
    row = from_choices(choices)
    again = decode_inputs(encode(row), "record")
    assert encode(again) == encode(row)
    assert encode(decide(again)) == encode(decide(row))


@profile(max_examples=25, deadline=None)
@given(COMPANIES)
def test_a_decision_is_complete_and_allows_only_what_it_chose(choices: dict[str, Any]) -> None:
    decision = decide(from_choices(choices))
    moves = decision.verdict in {Verdict.SELF_HOST, Verdict.HYBRID}
    assert (decision.allowance is not None) is moves
    assert (decision.ask_again_on is not None) is (decision.verdict is Verdict.STAY_ON_API)
    assert [row.name for row in decision.workloads] == ["chat"]
    if decision.chosen_option:
        assert decision.option(decision.chosen_option).why_not == ""
    if moves:
        assert decision.option(decision.chosen_option).fleets


def test_the_order_of_rows_does_not_matter() -> None:
    shuffled = list(snapshot().unit_prices)
    random.Random(7).shuffle(shuffled)  # noqa: S311 - an order, not a secret
    mixed = replace(
        snapshot(),
        unit_prices=tuple(shuffled),
        instance_types=snapshot().instance_types[::-1],
        zone_offerings=snapshot().zone_offerings[::-1],
    )
    assert body(decided(snapshot=mixed)) == body(decided())


def test_the_order_of_dictionaries_does_not_matter() -> None:
    row = inputs()
    turned = replace(row, names=dict(reversed(row.names.items())), gpus=dict(reversed(row.gpus.items())))
    assert encode(decide(turned)) == encode(decide(row))


def test_the_order_of_workloads_changes_no_figure() -> None:
    turned = decided(settings=settings(DRAFTS, CHAT), demands=TWO["demands"][::-1])
    straight = decided(**TWO)
    assert turned.verdict is straight.verdict
    assert turned.option(turned.chosen_option).monthly_cost_usd.p50 == pytest.approx(
        straight.option(straight.chosen_option).monthly_cost_usd.p50
    )


def body(decision: Decision) -> bytes:
    """Return the decision without the digests of its inputs."""
    return encode(replace(decision, input_digests={}))


def test_another_seed_gives_other_draws_and_the_same_verdict() -> None:
    one, other = decided(), decided(seed=1)
    assert one.options[-1].monthly_cost_usd != other.options[-1].monthly_cost_usd
    assert one.verdict is other.verdict


def test_unknown_growth_survives_json() -> None:
    row = inputs()
    assert row.demands[0].growth.standard_error is None
    assert decode_inputs(encode(row), "record").demands == row.demands


def test_the_digest_of_the_inputs_covers_every_part() -> None:
    before = digests(inputs())
    for changes in ({"seed": 2}, {"bill": bill("21999")}, company(candidates=()), {"coverage": coverage(gap_days=1)}):
        assert digests(inputs(**changes))["inputs"] != before["inputs"]
    assert digests(inputs(bill=bill("21999")))["prices"] == before["prices"]


@pytest.mark.parametrize(
    "content", [b'{"as_of": "\xff"}', b"<html>", b"{", b"{}", b"[]", b"", b'{"schema_version": 2}']
)
def test_what_is_no_record_of_inputs_is_an_error(content: bytes) -> None:
    with pytest.raises(InputFileError, match="does not hold the inputs of a decision"):
        decode_inputs(content, "record")


# Compliance


def test_compliance_without_an_allowed_api_moves_onto_servers_whatever_they_cost() -> None:
    small = company(compliance=compliance(), declared_demand=DECLARED)
    declared = demand(requests=400_000, origin="declared", models=())
    decision = decided(
        **small,
        demands=(declared,),
        bill=bill("0", has_usage=False, charged=False),
        coverage=coverage(complete_months=(), first_day=None, last_day=None),
    )
    assert (decision.verdict, decision.rule) == (Verdict.SELF_HOST, 2)
    chosen = decision.option(decision.chosen_option)
    assert chosen.monthly_cost_usd.p50 > 0
    assert chosen.why_not == ""
    assert chosen.saving_usd is None
    assert decision.break_even is None
    assert "declared" in finding(decision, "declared").message
    assert "Contract 12" in decision.workloads[0].reason


def test_a_forced_workload_gets_a_spare_and_no_api() -> None:
    decision = decided(**company(compliance=compliance()))
    chosen = decision.option(decision.chosen_option)
    free = decided()
    assert (
        sum(fleet.instance_count for fleet in chosen.fleets)
        > free.option(free.chosen_option).fleets[0].instance_count
    )
    assert not any("API" in line.name for line in chosen.lines)


def test_an_in_region_managed_api_is_taken_when_it_is_cheaper() -> None:
    decision = decided(
        **company(compliance=MANAGED_ALLOWED, weights="published"), demands=(demand(requests=200_000),)
    )
    assert (decision.verdict, decision.rule) == (Verdict.STAY_ON_API, 2)
    assert decision.workloads[0].goes_to is OptionKind.MANAGED_OPEN_WEIGHTS
    assert "aws" in decision.option(decision.chosen_option).label
    assert decision.workloads[0].rule == 2


def test_a_public_api_never_serves_a_bound_workload() -> None:
    for changes in (
        {"compliance": compliance(), "evaluations": ()},
        {"compliance": MANAGED_ALLOWED, "weights": "published", "evaluations": ()},
        {"compliance": compliance()},
    ):
        decision = decided(**company(**changes))
        assert not any("gpt-5.4" in row.model for row in decision.workloads)
        assert not any("gpt-5.4" in row.label or "groq" in row.label for row in decision.options)
        assert not any("groq" in row.label for row in decision.api_changes)


@pytest.mark.parametrize("allowed", [compliance(), MANAGED_ALLOWED])
def test_compliance_without_shown_quality_is_insufficient_evidence(allowed: Any) -> None:  # noqa: ANN401
    decision = decided(**company(compliance=allowed, weights="published", evaluations=()))
    assert (decision.verdict, decision.rule) == (Verdict.INSUFFICIENT_EVIDENCE, 7)


def test_a_forced_workload_moves_nobody_while_another_bound_one_has_no_shown_way() -> None:
    forced = workload("forced", match=Match(tags=("x",)), compliance=compliance())
    unshown = workload("unshown", compliance=MANAGED_ALLOWED, weights="published", evaluations=())
    decision = decided(
        settings=settings(forced, unshown, workload()),
        demands=(demand("forced", 500_000), demand("unshown", 200_000), demand()),
    )
    assert (decision.verdict, decision.rule) == (Verdict.INSUFFICIENT_EVIDENCE, 7)
    assert {row.name: row.model for row in decision.workloads}["unshown"] == "none"


def test_compliance_without_an_operator_is_insufficient_evidence() -> None:
    decision = decided(settings=settings(workload(compliance=compliance()), operator=Operator()))
    assert (decision.verdict, decision.rule) == (Verdict.INSUFFICIENT_EVIDENCE, 7)


def test_compliance_on_refused_types_cannot_be_bought() -> None:
    hosting = SelfHosting(schedules=("always_on",), refused_instance_types=("g6.xlarge", "g6e.xlarge"))
    decision = decided(settings=settings(workload(compliance=compliance()), self_hosting=hosting))
    assert (decision.verdict, decision.rule) == (Verdict.STAY_ON_API, 8)
    assert decision.chosen_option == ""
    assert decision.workloads[0].model == "none"


def test_a_forced_workload_moves_beside_many_that_would_save() -> None:
    # More than the simulation's shortlist of plans is cheaper than the least that compliance forces.
    free = [workload(f"free-{number}", match=Match(tags=(str(number),))) for number in range(5)]
    company_of_six = settings(workload("bound", compliance=compliance()), *free)
    demands = (demand("bound", 100_000), *(demand(row.name, 4_000_000) for row in free))
    decision = decided(settings=company_of_six, demands=demands)
    assert decision.verdict is Verdict.SELF_HOST
    assert {row.name: row.rule for row in decision.workloads}["bound"] == 2


def test_a_forced_workload_moves_alone_where_the_others_are_not_shown() -> None:
    bound = workload("bound", match=Match(tags=("x",)), compliance=compliance())
    decision = decided(
        settings=settings(bound, workload(evaluations=())), demands=(demand("bound", 500_000), demand())
    )
    assert (decision.verdict, decision.rule) == (Verdict.HYBRID, 2)
    assert decision.option(decision.chosen_option).moved_workloads == ("bound",)
    assert {row.name: row.goes_to for row in decision.workloads}["chat"] is OptionKind.API_TODAY


def test_compliance_moves_no_more_than_it_must_where_the_rest_is_to_be_measured() -> None:
    bound = workload("bound", match=Match(tags=("x",)), compliance=compliance())
    decision = decided(
        settings=settings(bound, workload()), demands=(demand("bound", 500_000), demand()), bill=bill("2000")
    )
    assert (decision.verdict, decision.rule) == (Verdict.HYBRID, 2)
    assert decision.option(decision.chosen_option).moved_workloads == ("bound",)
    assert decision.option(decision.chosen_option).why_not == ""


# Options


def test_an_unshown_workload_stays_where_the_case_holds_without_it() -> None:
    unshown = msgspec.structs.replace(DRAFTS, evaluations=())
    decision = decided(settings=settings(CHAT, unshown), demands=TWO["demands"])
    assert (decision.verdict, decision.rule) == (Verdict.HYBRID, 9)
    assert decision.option(decision.chosen_option).moved_workloads == ("chat",)


def test_types_that_no_zone_offers_cannot_be_bought() -> None:
    nowhere = replace(
        snapshot(), zone_offerings=tuple(replace(row, zone_ids=()) for row in snapshot().zone_offerings)
    )
    decision = decided(snapshot=nowhere)
    assert (decision.verdict, decision.rule) == (Verdict.STAY_ON_API, 8)


def test_a_type_that_was_refused_gives_way_to_the_next() -> None:
    hosting = SelfHosting(schedules=("always_on",), overflow_to_api=False, refused_instance_types=("g6.xlarge",))
    decision = decided(settings=settings(self_hosting=hosting))
    assert set(decision.allowance.maximum_nodes) == {"g6e.xlarge/on_demand"} if decision.allowance else False


def test_a_quota_of_zero_is_a_precondition_and_no_refusal() -> None:
    provenance = Provenance(source="test", source_url="test", retrieved_on=AS_OF, origin=Origin.CONSTRUCTED)
    zero = Quota(
        region_id="us-east-1",
        quota_code="L-DB2E81BA",
        quota_name="Running On-Demand G and VT instances",
        vcpu_limit=Decimal(0),
        provenance=provenance,
    )
    decision = decided(snapshot=replace(snapshot(), quotas=(zero,)))
    assert decision.verdict is Verdict.SELF_HOST
    assert decision.preconditions[0].startswith("raise the quota Running On-Demand G and VT instances (L-DB2E81BA)")


def test_a_cheaper_managed_api_with_the_same_weights_takes_the_case_away() -> None:
    decision = decided(**company(weights="published"))
    assert (decision.verdict, decision.rule) == (Verdict.STAY_ON_API, 6)
    assert decision.option(decision.chosen_option).label.startswith(f"chat: {CANDIDATE} on ")


def test_an_api_option_whose_quality_is_not_shown_is_never_chosen() -> None:
    decision = decided(**company(weights="published", evaluations=()))
    assert decision.chosen_option == "api today"
    unshown = [row for row in decision.options if row.kind is OptionKind.MANAGED_OPEN_WEIGHTS]
    assert all(row.why_not == "its quality is not shown yet" for row in unshown)


def test_a_quote_costs_the_same_whatever_the_volume() -> None:
    quote = ManagedQuote(
        name="Provider", model=CANDIDATE, monthly_cost_usd=Decimal(2500), quoted_on=AS_OF, source="offer"
    )
    decision = decided(settings=settings(workload(managed_quotes=(quote,))))
    cheapest = decision.option(decision.chosen_option)
    assert cheapest.kind is OptionKind.MANAGED_OPEN_WEIGHTS
    assert Decimal(2500) <= cheapest.monthly_cost_usd.p10 <= cheapest.monthly_cost_usd.p90 < Decimal(2550)


# What may be provisioned


def test_the_allowance_is_what_the_chosen_option_runs() -> None:
    decision = decided(**TWO)
    allowed, chosen = decision.allowance, decision.option(decision.chosen_option)
    assert allowed is not None
    assert allowed.region_id == "us-east-1"
    ceilings: dict[str, int] = {}
    for fleet in chosen.fleets:
        key = f"{fleet.instance_type}/{fleet.purchase_option}"
        ceilings[key] = ceilings.get(key, 0) + fleet.maximum_instance_count
        assert fleet.maximum_instance_count >= fleet.instance_count
    assert allowed.maximum_nodes == ceilings


def test_the_monthly_ceiling_is_infrastructure_at_the_most_nodes_without_people() -> None:
    decision = decided()
    chosen = decision.option(decision.chosen_option)
    (fleet,) = chosen.fleets
    price = next(line.unit_price_usd for line in chosen.lines if line.name.startswith("GPU instances"))
    volume = next(line for line in chosen.lines if line.name.startswith("Volumes of") and "GPU" in line.name)
    others = [
        line.monthly_cost_usd
        for line in chosen.lines
        if line.sku_meter.startswith("A") and "GPU" not in line.name  # AmazonEC2, AmazonEKS, AWSELB, ...
    ]
    keys = next(line.monthly_cost_usd for line in chosen.lines if line.name == "KMS key")
    each = price * 730 + volume.monthly_cost_usd / fleet.instance_count
    expected = fleet.maximum_instance_count * each + sum(others, Decimal(0)) + keys
    assert decision.allowance is not None
    assert decision.allowance.monthly_ceiling_usd == to_cents(expected)


def test_the_fee_of_whoever_operates_is_no_part_of_the_ceiling() -> None:
    operator = Operator(answer="managed_provider", managed_provider_monthly_cost_usd=Decimal(1800))
    paid, own = decided(settings=settings(operator=operator)), decided()
    assert paid.allowance == own.allowance


def test_a_month_at_medians_is_the_sum_of_the_lines() -> None:
    # Prices stand still, so that the mean month of the horizon is today's.
    still = msgspec.structs.replace(load_assumptions({}).gpu_price_decline_per_year, value=Decimal(0), low=None)
    assumed = msgspec.structs.replace(
        load_assumptions({}), gpu_price_decline_per_year=still, api_price_decline_per_year=still
    )
    row = inputs(assumptions=assumed)
    evaluator = Evaluator.of(row)
    best = Reader(inputs=row, evaluator=evaluator).evaluate(BUYABLE).best
    chosen = decide(row).options[-2]
    assert best is not None
    assert chosen.option_id == best.plan.option_id
    lines = sum((line.monthly_cost_usd for line in chosen.lines), Decimal(0))
    assert evaluator.mean_month(best.plan, evaluator.single) == pytest.approx(float(lines), rel=0.0001)
    for line in chosen.lines:
        assert line.monthly_cost_usd == line.quantity * line.unit_price_usd


DESIGN_LINES = (
    "GPU instances",
    "EKS control plane",
    "System nodes",
    "Volumes of system nodes and gateway",
    "GPU nodes",
    "NAT gateway",
    "NAT traffic",
    "Load balancer",
    "Public IPv4",
    "KMS key",
    "Transfer between zones",
    "Logs, taken in",
    "Logs, kept",
    "Model weights in S3",
    "Images in ECR",
    "Upkeep (people)",
    "Model refresh (people)",
    "Set-up, migration, evaluation",
    "when the servers cannot",
)


@pytest.mark.parametrize("name", DESIGN_LINES)
def test_self_hosting_is_charged_for(name: str) -> None:
    decision = decided()
    lines = decision.option(decision.chosen_option).lines
    assert [line for line in lines if name in line.name and line.monthly_cost_usd > 0]


# What a reader is told


def test_break_even_is_about_the_requests_that_move() -> None:
    unshown = msgspec.structs.replace(DRAFTS, evaluations=())
    decision = decided(settings=settings(CHAT, unshown), demands=TWO["demands"])
    assert decision.break_even is not None
    assert decision.break_even.today_monthly_requests == 4_000_000
    assert "requests of chat" in decision.break_even.note
    assert "drafts" not in decision.break_even.note


def test_no_break_even_says_whose_requests_never_pay() -> None:
    cheap = tuple(
        replace(row, list_unit_price=row.list_unit_price / 1000) if row.service_code == "openai" else row
        for row in snapshot().unit_prices
    )
    decision = decided(snapshot=replace(snapshot(), unit_prices=cheap))
    assert decision.break_even is not None
    assert decision.break_even.monthly_requests is None
    assert decision.break_even.month_reached is None
    assert "requests of chat" in decision.break_even.note
    assert "another instance costs more" in decision.break_even.note


def test_growth_reaches_the_break_even_in_a_later_month() -> None:
    decision = decided(demands=(demand(requests=660_000, growth=GROWING),))
    assert decision.break_even is not None
    assert decision.break_even.month_reached in range(1, 12)


def test_a_volume_flip_stands_near_the_break_even() -> None:
    decision = decided()
    volume = next(flip for flip in decision.flips if flip.what.startswith("volume"))
    assert volume.becomes == "stay_on_api"
    assert 0.1 < float(volume.flips_at.split("x")[0]) < 0.5


def test_an_unanswered_operator_is_named_as_what_would_flip_it() -> None:
    decision = decided(settings=settings(operator=Operator()))
    assert ("who runs the servers", "unanswered") in [(flip.what, flip.today) for flip in decision.flips]


def test_the_api_change_worth_making_is_told_when_it_stays() -> None:
    decision = decided(**company(cheaper_request_model="gpt-5.4-mini"), bill=bill("2500"))
    (change,) = [row for row in decision.api_changes if "gpt-5.4-mini" in row.label]
    # 4,000,000 requests x (1,000 x (2.50 - 0.75) + 200 x (15 - 4.50)) / 1,000,000 tokens
    assert change.monthly_saving_usd == Decimal("15400.00")
    assert change.needs


def test_paying_hours_lean_on_the_api_and_are_a_hybrid() -> None:
    decision = decided(
        settings=settings(self_hosting=SelfHosting(schedules=("paying_hours",), overflow_to_api=False))
    )
    assert {row.kind for row in decision.options if row.fleets} == {OptionKind.HYBRID}


def test_a_workload_in_a_few_hours_of_the_month_still_has_a_fleet() -> None:
    rates = tuple(5.0 if hour == 10 else 0.0 for hour in range(168))
    bursty = demand(busy_hour_requests_per_second=0.0, requests_per_second_by_hour_of_week=rates)
    for latency in ("interactive", "batch"):
        decision = decided(
            settings=settings(workload(latency_class=latency), self_hosting=SelfHosting()), demands=(bursty,)
        )
        assert decision.options
