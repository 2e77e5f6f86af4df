"""New GPU nodes against the decision."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from costcheck.acceptance import NOBODY_YET
from costcheck.errors import InputFileError, TamperedError
from costcheck.gate.ages import NAME_REGION
from costcheck.gate.coverage import WITHOUT, Evidence, reckoned_usage
from costcheck.gate.rules import load_gate_rules
from costcheck.verdict import Verdict
from tests.costcheck.gate.plans import (
    NO_DECISION,
    NODE_GROUP,
    TODAY,
    accepted,
    create,
    decision,
    delete,
    gate,
    outcomes,
    pool,
    preview,
    prices,
    read,
    read_with_state,
    state_of,
)

NEW_POOL = read(preview(create(NODE_GROUP, "gpu", pool(2))))


def test_what_a_valid_accepted_decision_covers_is_allowed() -> None:
    result = gate(NEW_POOL, accepted())

    assert result.outcome == "allowed", result.checks
    assert set(outcomes(result).values()) == {"allowed"}


def test_without_a_decision_there_is_no_gpu() -> None:
    assert outcomes(gate(NEW_POOL, NO_DECISION))["decision"] == "denied"


def test_a_decision_that_cannot_be_read_decides_nothing() -> None:
    broken = InputFileError("current.json is not a decision", expected="one", action="decide again")
    result = gate(NEW_POOL, Evidence(path="current.json", trouble=broken))

    assert outcomes(result)["decision"] == "cannot_decide"
    assert result.checks[0].to_do == f"{WITHOUT}; or decide again"


def test_a_decision_that_was_edited_decides_nothing() -> None:
    edited = TamperedError("it is not what its inputs lead to", expected="that", action="restore it")

    assert outcomes(gate(NEW_POOL, Evidence(path="x", trouble=edited)))["decision"] == "cannot_decide"


def test_a_decision_that_nobody_accepted_allows_nothing() -> None:
    result = gate(NEW_POOL, accepted(fault=NOBODY_YET))

    assert outcomes(result)["decision.acceptance"] == "denied"


def test_the_last_day_still_counts_and_the_next_does_not() -> None:
    last = gate(NEW_POOL, accepted(decision(valid_until=TODAY)))
    late = gate(NEW_POOL, accepted(decision(valid_until=TODAY - timedelta(days=1))))

    assert outcomes(last)["decision.validity"] == "allowed"
    assert outcomes(late)["decision.validity"] == "cannot_decide"


def test_a_decision_of_today_counts() -> None:
    assert outcomes(gate(NEW_POOL, accepted(decision(as_of=TODAY))))["decision.validity"] == "allowed"


def test_a_decision_from_the_future_decides_nothing() -> None:
    result = gate(NEW_POOL, accepted(decision(as_of=TODAY + timedelta(days=1))))

    assert outcomes(result)["decision.validity"] == "cannot_decide"


@pytest.mark.parametrize("verdict", [Verdict.STAY_ON_API, Verdict.INSUFFICIENT_EVIDENCE])
def test_a_verdict_to_stay_allows_nothing(verdict: Verdict) -> None:
    result = gate(NEW_POOL, accepted(decision(verdict=verdict)))

    assert outcomes(result)["decision.verdict"] == "denied"


def test_a_decision_without_an_allowance_allows_nothing() -> None:
    assert outcomes(gate(NEW_POOL, accepted(decision(allowance=None))))["decision.verdict"] == "denied"


def test_another_region_is_another_decision() -> None:
    result = gate(NEW_POOL, accepted(decision(region="eu-central-1")))

    assert outcomes(result)["decision.region"] == "denied"


def test_a_region_that_the_plan_does_not_name_is_not_decided() -> None:
    result = gate(read(preview(create(NODE_GROUP, "gpu", pool(2)), config={})), accepted())

    assert outcomes(result)["decision.region"] == "cannot_decide"


def test_one_node_too_many_is_denied() -> None:
    assert (
        outcomes(gate(read(preview(create(NODE_GROUP, "gpu", pool(4)))), accepted()))["decision.nodes"] == "allowed"
    )
    assert outcomes(gate(read(preview(create(NODE_GROUP, "gpu", pool(5)))), accepted()))["decision.nodes"] == "denied"


def test_a_type_that_the_decision_does_not_name_is_denied() -> None:
    plan = read(preview(create(NODE_GROUP, "gpu", pool(1, "p5.48xlarge"))))

    assert outcomes(gate(plan, accepted()))["decision.nodes"] == "denied"


def test_one_cent_above_the_ceiling_is_denied() -> None:
    cost = gate(NEW_POOL, accepted()).after.maximum_usd
    at = decision(allowance=replace(decision().allowance, monthly_ceiling_usd=cost))  # type: ignore[type-var]
    below = decision(allowance=replace(decision().allowance, monthly_ceiling_usd=cost - Decimal("0.01")))  # type: ignore[type-var]

    assert outcomes(gate(NEW_POOL, accepted(at)))["decision.ceiling"] == "allowed"
    assert outcomes(gate(NEW_POOL, accepted(below)))["decision.ceiling"] == "denied"


def test_a_resource_that_nobody_can_price_leaves_the_ceiling_undecided() -> None:
    plan = read(preview(create(NODE_GROUP, "gpu", pool(2)), create("aws:future/thing:Thing", "x", {})))
    result = gate(plan, accepted())

    assert outcomes(result)["decision.ceiling"] == "cannot_decide"
    assert "1 resource without a known cost" in result.checks[0].seen


def test_what_stays_counts_towards_the_ceiling() -> None:
    document = preview(create(NODE_GROUP, "gpu", pool(1)), same=1)
    plan = read_with_state(document, state_of(NODE_GROUP, "system", pool(90, "m6i.large")))
    result = gate(plan, accepted(decision(ceiling_usd=5000)))

    assert outcomes(result)["decision.ceiling"] == "denied"


def test_an_old_price_decides_nothing() -> None:
    old = tuple(
        replace(row, provenance=replace(row.provenance, retrieved_on=TODAY - timedelta(days=31))) for row in prices()
    )

    assert outcomes(gate(NEW_POOL, accepted(), rows=old))["prices"] == "cannot_decide"


def test_a_price_of_the_last_day_of_its_age_still_counts() -> None:
    aged = tuple(
        replace(row, provenance=replace(row.provenance, retrieved_on=TODAY - timedelta(days=30))) for row in prices()
    )

    assert outcomes(gate(NEW_POOL, accepted(), rows=aged))["prices"] == "allowed"


def test_a_price_from_the_future_decides_nothing() -> None:
    ahead = tuple(
        replace(row, provenance=replace(row.provenance, retrieved_on=TODAY + timedelta(days=1))) for row in prices()
    )

    assert outcomes(gate(NEW_POOL, accepted(), rows=ahead))["prices"] == "cannot_decide"


def test_prices_that_have_risen_make_it_another_saving() -> None:
    dearer = tuple(replace(row, list_unit_price=row.list_unit_price * Decimal("1.2")) for row in prices())
    result = gate(NEW_POOL, accepted(), rows=dearer)

    assert outcomes(result)["decision.assumptions"] == "cannot_decide"
    assert "+20.0%" in result.checks[0].seen


def test_prices_may_rise_as_far_as_the_rules_say() -> None:
    most = 1 + load_gate_rules().max_price_rise_share.value
    dearer = tuple(replace(row, list_unit_price=row.list_unit_price * most) for row in prices())

    assert outcomes(gate(NEW_POOL, accepted(), rows=dearer))["decision.assumptions"] == "allowed"


def test_the_units_that_a_decision_reckons_with_are_summed_by_meter() -> None:
    base = decision()
    chosen = base.option(base.chosen_option)
    (line,) = chosen.lines
    lines = (line, replace(line, quantity=Decimal(1)), replace(line, sku_meter="AmazonEC2 NatGateway-Bytes"))
    others = tuple(row for row in base.options if row.option_id != base.chosen_option)
    doubled = replace(base, options=(*others, replace(chosen, lines=lines)))

    assert reckoned_usage(doubled) == {
        "AmazonEC2 BoxUsage:g6.xlarge": Decimal(731), "AmazonEC2 NatGateway-Bytes": Decimal(730)
    }  # fmt: skip


def test_what_is_allowed_now_is_told_with_what_the_decision_allows() -> None:
    (row,) = gate(NEW_POOL, accepted()).gpus

    assert (row.key, row.before, row.after) == ("g6.xlarge/on_demand", Decimal(0), Decimal(2))
    assert row.allowed == 4


def test_a_preview_that_failed_is_never_allowed_though_it_shows_no_gpu() -> None:
    document = preview(create(NODE_GROUP, "system", pool(1, "m6i.large")), diagnostics=[{"message": "boom"}])
    result = gate(read(document), accepted())

    assert outcomes(result) == {"plan": "cannot_decide"}
    assert "boom" in result.checks[0].seen


def test_a_preview_that_failed_is_denied_where_what_it_shows_is() -> None:
    document = preview(
        create(NODE_GROUP, "gpu", pool(1)), diagnostics=[{"message": "refused (3): there is no decision"}]
    )
    result = gate(read(document))

    assert result.outcome == "denied"
    assert outcomes(result)["plan"] == "cannot_decide"


def test_a_traceback_keeps_its_beginning_and_its_end() -> None:
    message = "Program failed\n" + "File x\n" * 200 + "NameError: name 'subnts' is not defined"
    result = gate(
        read(preview(create(NODE_GROUP, "system", pool(1, "m6i.large")), diagnostics=[{"message": message}]))
    )
    (seen,) = (check.seen for check in result.checks if check.name == "plan")

    assert seen.startswith("the preview failed: Program failed File x")
    assert seen.endswith("NameError: name 'subnts' is not defined")
    assert len(seen) <= 610


def test_the_refusal_of_the_program_itself_is_no_second_cause() -> None:
    refusal = "new GPU capacity in us-east-1: 2 x g6\n  refused (3): there is no decision in /checkout/current.json"
    document = preview(create(NODE_GROUP, "gpu", pool(1)), diagnostics=[{"message": refusal}])
    (check,) = (check for check in gate(read(document)).checks if check.name == "plan")
    (other,) = (check for check in gate(read(document), accepted()).checks if check.name == "plan")

    assert (check.outcome, check.to_do) == ("cannot_decide", "")
    assert check.seen == "the program itself refuses new GPU servers without a decision, too"
    assert "/checkout/current.json" in other.seen


@pytest.mark.parametrize("verdict", [Verdict.STAY_ON_API, Verdict.INSUFFICIENT_EVIDENCE])
def test_a_verdict_to_stay_is_all_there_is_to_say(verdict: Verdict) -> None:
    result = gate(NEW_POOL, accepted(decision(verdict=verdict), fault=NOBODY_YET))
    told = " ".join(check.to_do for check in result.checks)

    assert [check.name for check in result.checks if check.outcome != "allowed"] == ["decision.verdict"]
    assert WITHOUT in told
    assert "costcheck decide" not in told
    assert "accepting this one allows none" in result.checks[0].needed


def test_a_decision_to_stay_that_has_run_out_may_become_another() -> None:
    stay = decision(verdict=Verdict.STAY_ON_API)
    late = replace(stay, valid_until=TODAY - timedelta(days=1))

    assert "the answer stays the same; ask again on" in gate(NEW_POOL, accepted(stay)).checks[0].needed
    assert "it ran out on 2026-11-25" in gate(NEW_POOL, accepted(late)).checks[0].needed


def test_without_a_price_the_cost_is_never_told_as_nothing() -> None:
    result = gate(read(preview(create(NODE_GROUP, "gpu", pool(2)), config={"aws:region": "eu-west-1"})))
    (prices_,) = (check for check in result.checks if check.name == "prices")

    assert result.increase == "at_least"
    assert "what the change costs is not known" in result.headline
    assert "0.00" not in result.headline
    assert prices_.outcome == "cannot_decide"
    assert prices_.seen == "no price of g6.xlarge (on demand) in eu-west-1 is known"
    assert "`costcheck prices pull --region eu-west-1 --out prices.json`" in prices_.to_do


def test_what_is_known_of_a_cost_is_told_as_at_least() -> None:
    result = gate(read(preview(create(NODE_GROUP, "gpu", pool(2)), create("aws:future/thing:Thing", "x", {}))))

    assert "at least 585.60 USD a month more as planned, 1,171.20 USD a month at the worst case" in result.headline


def test_what_nobody_knows_on_the_old_side_may_make_it_less() -> None:
    thing = "aws:future/thing:Thing"
    result = gate(read(preview(create(NODE_GROUP, "gpu", pool(2)), delete(thing, "x", {}))))

    assert result.increase == "partly"
    assert "at least" not in result.headline


def test_what_stays_and_has_no_known_cost_makes_no_difference() -> None:
    plan = read_with_state(
        preview(create(NODE_GROUP, "gpu", pool(2)), same=1), state_of("aws:future/thing:Thing", "x", {})
    )

    assert gate(plan).increase == "exact"


def test_a_region_that_the_plan_does_not_name_is_what_to_do() -> None:
    result = gate(read(preview(create(NODE_GROUP, "gpu", pool(2)), config={})))
    (prices_,) = (check for check in result.checks if check.name == "prices")

    assert prices_.to_do == NAME_REGION


def test_the_old_price_that_most_money_hangs_on_is_named_first() -> None:
    old = tuple(
        replace(row, provenance=replace(row.provenance, retrieved_on=TODAY - timedelta(days=99))) for row in prices()
    )
    nat = create("aws:ec2/natGateway:NatGateway", "nat", {"subnetId": "subnet-0"})
    result = gate(read(preview(nat, create(NODE_GROUP, "gpu", pool(2)))), accepted(), rows=old)
    (check,) = (check for check in result.checks if check.name == "prices")

    assert check.seen.startswith("the price of g6.xlarge (on demand) in us-east-1 is 99 days old (at most 30); ")


def test_where_no_price_is_needed_nothing_is_said_of_prices() -> None:
    block = create(NODE_GROUP, "gpu", pool(1, "p5.48xlarge", capacityType="CAPACITY_BLOCK"))

    assert "prices" not in outcomes(gate(read(preview(block))))


def test_an_option_without_charges_of_aws_is_told_in_words() -> None:
    result = gate(NEW_POOL, accepted(replace(decision(), options=())))
    (check,) = (check for check in result.checks if check.name == "decision.assumptions")

    assert "names no charge of AWS" in check.seen


def test_a_line_of_the_option_without_a_price_today_makes_it_another_saving() -> None:
    base = decision()
    option = base.option(base.chosen_option)
    line = replace(option.lines[0], sku_meter="AmazonEC2 BoxUsage:zz9.large", monthly_cost_usd=Decimal(50_000))
    others = tuple(row for row in base.options if row.option_id != option.option_id)
    more = replace(base, options=(replace(option, lines=(*option.lines, line)), *others))

    assert outcomes(gate(NEW_POOL, accepted(more)))["decision.assumptions"] == "cannot_decide"
