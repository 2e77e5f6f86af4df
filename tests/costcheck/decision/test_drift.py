"""An accepted decision beside today's: whatever moved is named, and nothing else is."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given

from costcheck.catalogue import load_open_weights
from costcheck.decision.attribution import Decided
from costcheck.decision.decide import decide
from costcheck.decision.drift import compare
from costcheck.drift import Change, Drift, Standing
from costcheck.records import PriceSnapshot
from costcheck.rules import load_assumptions, load_thresholds
from costcheck.settings import Operator, Override
from costcheck.verdict import Decision, Verdict
from tests.costcheck.decision.builders import (
    AS_OF,
    CANDIDATE,
    MONTHS,
    NOT_GROWING,
    bill,
    coverage,
    demand,
    inputs,
    passed,
    settings,
    snapshot,
    workload,
)
from tests.costcheck.report.strategies import decisions

GPU = "BoxUsage:g6.xlarge"


def decided(**changes: Any) -> Decided:  # noqa: ANN401 - any field of the inputs
    made = inputs(**changes)
    return Decided(decision=decide(made), inputs=made)


ACCEPTED = decided()


def against(**changes: Any) -> Drift:  # noqa: ANN401 - any field of the inputs
    return compare(ACCEPTED, decided(**changes))


def priced(meter: str, factor: str) -> PriceSnapshot:
    """Return the prices with those of one meter multiplied."""
    return replace(
        snapshot(),
        unit_prices=tuple(
            replace(row, list_unit_price=row.list_unit_price * Decimal(factor)) if row.sku_meter == meter else row
            for row in snapshot().unit_prices
        ),
    )


@given(decisions())
def test_a_decision_has_not_drifted_from_itself(decision: Decision) -> None:
    alone = Decided(decision=decision, inputs=ACCEPTED.inputs)
    drift = compare(alone, alone)

    assert drift.moved == ()
    assert drift.attribution is None or not drift.attribution.effects
    assert drift.attribution is None or drift.attribution.residual_usd == 0


def test_the_same_evidence_a_day_later_moves_nothing() -> None:
    drift = against(as_of=AS_OF + timedelta(days=1))

    assert (drift.standing, drift.moved, drift.days_left) == (Standing.STANDS, (), 89)


def test_prices_read_again_and_found_the_same_move_nothing() -> None:
    again = tuple(
        replace(row, provenance=replace(row.provenance, retrieved_on=AS_OF)) for row in snapshot().unit_prices
    )
    drift = against(snapshot=replace(snapshot(), unit_prices=again))

    assert drift.moved == ()
    assert drift.attribution is not None
    assert drift.attribution.effects == ()


def test_a_price_of_a_gpu_that_moved_is_named_with_both_prices_and_the_share() -> None:
    drift = against(snapshot=priced(GPU, "1.25"))
    (moved,) = [row for row in (*drift.aws_prices, *drift.token_prices) if row.unit_price_usd.moved]

    assert moved.name == f"AmazonEC2 {GPU}"
    assert moved.unit_price_usd == Change(then=Decimal("0.8048"), now=Decimal("1.006"))
    assert moved.change_share == Decimal("0.25")
    assert moved in drift.aws_prices
    assert set(drift.moved) == {"saving_usd", "monthly_ceiling_usd", f"AmazonEC2 {GPU}"}


def test_a_price_of_tokens_that_moved_stands_with_the_tokens() -> None:
    drift = against(snapshot=priced("gpt-5.4/output_tokens", "0.5"))

    assert {row.change_share for row in drift.token_prices if row.unit_price_usd.moved} == {Decimal("-0.5")}
    assert not any(row.unit_price_usd.moved for row in drift.aws_prices)


def test_a_price_that_is_gone_is_none_and_never_nothing() -> None:
    rows = tuple(row for row in snapshot().unit_prices if row.sku_meter != "KMS-Keys")
    drift = against(snapshot=replace(snapshot(), unit_prices=rows))
    (gone,) = [row for row in drift.aws_prices if row.unit_price_usd.moved]

    assert (gone.unit_price_usd.now, gone.change_share) == (None, None)
    assert drift.standing is Standing.CANNOT_TELL


def test_a_price_that_begins_later_is_none_of_today() -> None:
    rows = tuple(
        replace(row, effective_from=AS_OF + timedelta(days=1)) if row.sku_meter == "gpt-5.4/output_tokens" else row
        for row in snapshot().unit_prices
    )
    drift = against(snapshot=replace(snapshot(), unit_prices=rows))

    assert {row.unit_price_usd.now for row in drift.token_prices if "output" in row.sku_meter} == {None}


def test_a_price_that_the_accepted_option_does_not_use_is_not_named() -> None:
    drift = against(snapshot=priced("BoxUsage:g6e.xlarge", "0.99"))

    assert drift.moved == ()


def test_more_requests_and_a_larger_bill_are_named() -> None:
    drift = against(demands=(demand(requests=5_000_000),), bill=bill("27500"))
    (volume,) = drift.workloads

    assert volume.monthly_requests == Change(then=Decimal(4_000_000), now=Decimal(5_000_000))
    assert drift.addressable_bill_usd == Change(then=Decimal(22000), now=Decimal(27500))
    assert {"chat", "addressable_bill_usd", "saving_usd"} <= set(drift.moved)


def test_growth_is_named() -> None:
    growing = replace(NOT_GROWING, monthly_rate=0.031, standard_error=0.01, lower_bound=0.01, observations=20)
    drift = against(demands=(demand(growth=growing),))

    assert drift.workloads[0].monthly_growth == Change(then=Decimal(0), now=Decimal("0.031"))


def test_a_workload_that_came_is_named_and_had_no_requests() -> None:
    two = settings(workload(), workload("mail"))
    drift = against(settings=two, demands=(demand(), demand("mail", 900_000)))

    assert drift.workloads[1].monthly_requests == Change(then=None, now=Decimal(900_000))
    assert "workload mail" in drift.settings


def test_complete_months_are_counted() -> None:
    drift = against(coverage=coverage(complete_months=(*MONTHS, date(2026, 8, 1))))

    assert drift.complete_months == Change(then=6, now=7)
    assert "complete_months" in drift.moved


def test_a_rule_that_was_overridden_is_named_once_with_both_values() -> None:
    own = {"min_saving_usd": Override(value=Decimal(1500), reason="the board asked for it")}
    drift = against(settings=settings(thresholds=own), thresholds=load_thresholds(own))

    assert [(row.name, row.value.then, row.value.now) for row in drift.rules] == [
        ("thresholds.min_saving_usd", "1000 USD/month", "1500 USD/month")
    ]
    assert drift.settings == ()


def test_an_assumption_of_which_only_the_range_moved_is_named() -> None:
    kit = load_assumptions({})
    rate = msgspec.structs.replace(kit.upkeep_hours_per_month, high=Decimal(99))
    drift = against(assumptions=msgspec.structs.replace(kit, upkeep_hours_per_month=rate))

    assert [row.name for row in drift.rules] == ["assumptions.upkeep_hours_per_month"]


TABLES: dict[str, Any] = {
    "serving_rules": msgspec.structs.replace(ACCEPTED.inputs.serving_rules, latency={}),
    "roofline": msgspec.structs.replace(ACCEPTED.inputs.roofline, largest_measured_concurrency=None),
    "gpus": {},
    "max_ages": replace(ACCEPTED.inputs.max_ages, spot_days=7),
    "models": {CANDIDATE: msgspec.structs.replace(ACCEPTED.inputs.models[CANDIDATE], managed_apis=())},
    "draws": 300,
    "seed": 1,
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_the_kit_that_moved_is_named(table: str) -> None:
    bare = replace(ACCEPTED.decision, options=())  # no saving, so that nothing is decided with half a table
    touched = replace(ACCEPTED.inputs, **{table: TABLES[table]})
    drift = compare(Decided(decision=bare, inputs=ACCEPTED.inputs), Decided(decision=bare, inputs=touched))

    assert [row.name.split(".")[0] for row in drift.rules] == [table]


def test_another_candidate_is_no_other_rule() -> None:
    other = "qwen3-32b"
    drift = against(
        settings=settings(workload(candidates=(other,), evaluations=(passed(other),))),
        models={other: load_open_weights()[other]},
    )

    assert (drift.rules, drift.settings) == ((), ("workload chat",))


def test_a_table_of_the_configuration_that_moved_is_named() -> None:
    drift = against(settings=settings(operator=Operator(answer="nobody")))

    assert drift.settings == ("operator",)
    assert drift.verdict == Change(then=Verdict.SELF_HOST, now=Verdict.STAY_ON_API)


def test_findings_that_came_and_went_are_told_and_figures_make_no_other_finding() -> None:
    drift = against(settings=settings(workload(evaluations=())))

    assert [row.message for row in drift.appeared if row.rule == 7] == [
        "quality of gpt-oss-20b is not shown: no passed evaluation, no acceptance"
    ]
    assert [row.message for row in drift.went] == ["quality of gpt-oss-20b is shown"]
    assert against(demands=(demand(requests=5_000_000),), bill=bill("27500")).appeared == ()


def test_what_may_be_provisioned_is_compared() -> None:
    drift = against(demands=(demand(requests=2_000_000),), bill=bill("11000"))

    assert [(row.key, row.maximum_nodes) for row in drift.maximum_nodes] == [
        ("g6.xlarge/on_demand", Change(then=2, now=1))
    ]
    assert drift.monthly_ceiling_usd.moved


def test_the_accepted_option_is_followed_where_another_one_is_best_today() -> None:
    drift = against(snapshot=priced(GPU, "4"))

    assert drift.chosen_option.moved
    assert drift.accepted_option_saving_usd is not None
    assert drift.saving_usd.now is not None
    assert drift.accepted_option_saving_usd < drift.saving_usd.now
    assert drift.standing is Standing.STANDS


def test_another_verdict_is_a_change_with_its_reasons() -> None:
    drift = against(demands=(demand(requests=950_000),), bill=bill("5225"))

    assert drift.standing is Standing.CHANGED
    assert drift.verdict.now is Verdict.STAY_ON_API
    assert {row.rule for row in drift.reasons} == {6}


def test_evidence_that_does_not_reach_is_no_change_of_the_verdict() -> None:
    drift = against(as_of=AS_OF + timedelta(days=60))

    assert drift.standing is Standing.CANNOT_TELL
    assert [row.subject for row in drift.reasons] == ["bill", "price"][:1]
    assert drift.attribution is None


def test_a_decision_holds_on_its_last_day_and_not_on_the_next() -> None:
    last = replace(ACCEPTED.decision, valid_until=AS_OF + timedelta(days=5))
    accepted = Decided(decision=last, inputs=ACCEPTED.inputs)
    on_the_day, later = (compare(accepted, decided(as_of=AS_OF + timedelta(days=days))).standing for days in (5, 6))

    assert (on_the_day, later) == (Standing.STANDS, Standing.EXPIRED)


def test_exit_codes_are_those_of_the_kit() -> None:
    assert {standing.value: int(standing.exit_code) for standing in Standing} == {
        "stands": 0,
        "changed": 3,
        "expired": 4,
        "cannot_tell": 4,
    }
