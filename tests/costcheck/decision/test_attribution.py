"""Where a change of the saving comes from: parts that add up, each decided about alone."""

from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costcheck.catalogue import load_open_weights
from costcheck.decision.attribution import Decided, add_up, attribute, best_saving, mixed, settled
from costcheck.decision.decide import decide
from costcheck.decision.inputs import DecisionInputs
from costcheck.drift import Attribution, Effect, Part
from costcheck.model.api_cost import ModelName
from costcheck.price_book import TOKEN_UNIT
from costcheck.records import PriceSnapshot
from costcheck.rules import load_assumptions
from costcheck.settings import Override
from costcheck.sources.snapshot import read_snapshot
from costcheck.verdict import Verdict
from tests.costcheck.decision.builders import (
    AS_OF,
    MONTHS,
    bill,
    coverage,
    demand,
    inputs,
    passed,
    snapshot,
    usage,
    workload,
)
from tests.costcheck.decision.builders import settings as company

EVERYTHING = frozenset(Part)
LATER = AS_OF + timedelta(days=10)
CHANGED_ON_THE_WAY = {"schema_version", "costcheck_version", "live", "max_ages", "thresholds"} | {
    "snapshot", "names", "models",
}  # fmt: skip
"""Fields of the inputs that are no evidence, have no age in a mixture, or are filled from both sides."""
THEN = inputs()
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
effects = st.builds(
    Effect,
    parts=st.sampled_from(Part).map(lambda part: (part,)),
    saving_usd=st.none() | amounts,
    verdict=st.sampled_from(Verdict),
)


def decided(made: DecisionInputs) -> Decided:
    return Decided(decision=decide(made), inputs=made)


def attributed(**changes: Any) -> Attribution:  # noqa: ANN401 - any field of the inputs
    found = attribute(decided(THEN), decided(inputs(**changes)))
    assert found is not None
    return found


def priced(gpu: str = "1", tokens: str = "1") -> PriceSnapshot:
    """Return the prices with those of GPUs and of tokens multiplied."""
    rows = tuple(
        replace(row, list_unit_price=row.list_unit_price * Decimal(tokens if row.pricing_unit == TOKEN_UNIT else gpu))
        if row.pricing_unit == TOKEN_UNIT or row.sku_meter.startswith("BoxUsage:g")
        else row
        for row in snapshot().unit_prices
    )
    return replace(snapshot(), unit_prices=rows)


def coming(prices: PriceSnapshot, begins: date) -> PriceSnapshot:
    """Return the prices with cheaper ones of tokens that begin on a day."""
    later = tuple(
        replace(row, effective_from=begins, list_unit_price=row.list_unit_price * Decimal("0.8"))
        for row in prices.unit_prices
        if row.pricing_unit == TOKEN_UNIT
    )
    return replace(prices, unit_prices=prices.unit_prices + later)


def moved() -> DecisionInputs:
    """Return inputs of which every part is another, on a day on which other prices of tokens apply."""
    own = {"upkeep_hours_per_month": Override(value=Decimal(40), reason="constructed")}
    return inputs(
        as_of=LATER,
        settings=company(workload(outage_cost_usd_per_hour=Decimal(80)), assumptions=own),
        demands=(demand(requests=3_100_000),),
        bill=bill("17050"),
        snapshot=coming(priced(gpu="1.5"), LATER),
        assumptions=load_assumptions(own),
    )


@given(amounts, st.lists(effects, max_size=5))
def test_the_effects_and_the_residual_are_the_whole_change_to_the_cent(total: Decimal, rows: list[Effect]) -> None:
    found = add_up(total, rows, 10)

    assert (
        sum((row.saving_usd or Decimal(0) for row in found.effects), found.residual_usd) == total == found.total_usd
    )


@settings(max_examples=6)
@given(
    st.sampled_from(["0.5", "1", "3"]), st.sampled_from(["0.9", "1", "1.3"]), st.sampled_from([3_000_000, 4_000_000])
)
def test_what_is_told_adds_up_and_a_part_that_moved_alone_explains_all(gpu: str, tokens: str, requests: int) -> None:
    after = decided(inputs(snapshot=priced(gpu, tokens), demands=(demand(requests=requests),)))
    before = decided(THEN)
    found = attribute(before, after)
    then, now = best_saving(before.decision), best_saving(after.decision)

    assert found is not None
    assert then is not None
    assert now is not None
    assert found.total_usd == now - then
    assert sum((row.saving_usd or Decimal(0) for row in found.effects), found.residual_usd) == now - then
    expected = [(gpu, Part.AWS_PRICES), (tokens, Part.TOKEN_PRICES), (str(requests), Part.VOLUME)]
    assert [row.parts for row in found.effects] == [
        (part,) for value, part in expected if value not in {"1", "4000000"}
    ]
    if len(found.effects) == 1:
        assert found.residual_usd == 0


def test_nothing_replaced_is_the_accepted_saving_and_everything_replaced_todays() -> None:
    then, now = settled(THEN), settled(moved())

    assert best_saving(decide(mixed(then, now, frozenset()))) == best_saving(decide(THEN))
    assert best_saving(decide(mixed(then, now, EVERYTHING))) == best_saving(decide(moved()))
    assert best_saving(decide(THEN)) != best_saving(decide(moved()))


def test_every_part_that_moved_is_told() -> None:
    found = attribute(decided(THEN), decided(moved()))

    assert found is not None
    assert {part for row in found.effects for part in row.parts} == EVERYTHING


@pytest.mark.parametrize("name", sorted({row.name for row in fields(THEN)} - CHANGED_ON_THE_WAY))
def test_everything_that_a_decision_reads_belongs_to_a_part(name: str) -> None:
    marker: Any = object()
    whole = mixed(settled(THEN), replace(settled(THEN), **{name: marker}), EVERYTHING)
    nothing = mixed(settled(THEN), replace(settled(THEN), **{name: marker}), frozenset())

    assert getattr(whole, name) is marker
    assert getattr(nothing, name) is not marker


@pytest.mark.parametrize(("begins", "told"), [(LATER, True), (LATER + timedelta(days=1), False)])
def test_prices_of_tokens_that_apply_on_the_later_day_have_moved(begins: date, *, told: bool) -> None:
    known = coming(snapshot(), begins)
    found = attribute(decided(inputs(snapshot=known)), decided(inputs(snapshot=known, as_of=LATER)))

    assert found is not None
    assert [(row.parts, row.saving_usd) for row in found.effects] == (
        [((Part.TOKEN_PRICES,), found.total_usd)] if told else []
    )
    assert bool(found.total_usd) is told


def test_each_part_names_what_the_verdict_would_be_with_it_alone() -> None:
    found = attributed(demands=(demand(requests=950_000),), bill=bill("5225"), snapshot=priced(gpu="1.1"))

    assert {row.parts: row.verdict for row in found.effects} == {
        (Part.AWS_PRICES,): Verdict.SELF_HOST,
        (Part.VOLUME,): Verdict.STAY_ON_API,
    }


def test_another_model_on_the_bill_is_a_matter_of_volume_with_its_names_and_prices() -> None:
    model = "gpt-5.1"
    rows = tuple(
        row
        for row in read_snapshot().unit_prices
        if row.service_code == "openai" and row.sku_meter.startswith(f"{model}/")
    )
    names = {**THEN.names, f"openai/{model}": ModelName(service_code="openai", model_id=model)}
    found = attributed(
        demands=(demand(models=(usage(Decimal(4_000_000), request_model=model),)),),
        names=names,
        snapshot=replace(snapshot(), unit_prices=(*snapshot().unit_prices, *rows)),
    )

    assert rows
    assert [(row.parts, row.saving_usd) for row in found.effects] == [((Part.VOLUME,), found.total_usd)]


def test_another_candidate_is_a_matter_of_the_configuration() -> None:
    other = "qwen3-32b"
    found = attributed(
        settings=company(workload(candidates=(other,), evaluations=(passed(other),))),
        models={other: load_open_weights()[other]},
    )

    assert [row.parts for row in found.effects] == [(Part.SETTINGS,)]
    assert found.residual_usd == 0


def test_an_overridden_rule_is_a_matter_of_the_rules_alone() -> None:
    own = {"upkeep_hours_per_month": Override(value=Decimal(40), reason="constructed")}
    found = attributed(settings=company(assumptions=own), assumptions=load_assumptions(own))

    assert [(row.parts, row.saving_usd) for row in found.effects] == [((Part.RULES,), found.total_usd)]


def test_an_evaluation_that_grew_too_old_is_a_matter_of_the_configuration() -> None:
    old = company(workload(evaluations=(passed(on=AS_OF - timedelta(days=360)),)))
    before = decided(inputs(settings=old))
    after = decided(inputs(settings=old, as_of=AS_OF + timedelta(days=10)))
    found = attribute(before, after)

    assert found is not None
    assert [(row.parts, row.verdict) for row in found.effects] == [((Part.SETTINGS,), Verdict.INSUFFICIENT_EVIDENCE)]


def test_no_age_counts_where_a_part_of_another_day_is_looked_at_alone() -> None:
    later = AS_OF + timedelta(days=50)
    august = coverage(last_day=date(2026, 8, 31), complete_months=(*MONTHS, date(2026, 8, 1)))
    seen = tuple(
        replace(row, provenance=replace(row.provenance, retrieved_on=later)) for row in priced(gpu="1.1").unit_prices
    )
    found = attributed(
        as_of=later,
        coverage=august,
        snapshot=replace(snapshot(), unit_prices=seen),
        settings=company(workload(outage_cost_usd_per_hour=Decimal(80))),
    )

    assert [(row.parts, row.saving_usd is None) for row in found.effects] == [
        ((Part.AWS_PRICES,), False),
        ((Part.VOLUME,), False),
        ((Part.SETTINGS,), False),
    ]


def test_other_workloads_and_their_volume_are_told_together() -> None:
    found = attributed(
        settings=company(workload(), workload("mail")),
        demands=(demand(), demand("mail", 900_000)),
        bill=bill("27000"),
    )

    assert [row.parts for row in found.effects] == [(Part.VOLUME, Part.SETTINGS)]
    assert found.residual_usd == 0


def test_a_part_that_makes_no_comparison_alone_is_left_to_the_residual() -> None:
    known = replace(snapshot(), instance_types=snapshot().instance_types[:1])
    narrow = company()
    wide = company(
        self_hosting=msgspec.structs.replace(narrow.self_hosting, instance_types=("g6.xlarge", "g6e.xlarge"))
    )
    found = attribute(decided(inputs(settings=narrow, snapshot=known)), decided(inputs(settings=wide)))

    assert found is not None
    assert {row.parts: row.saving_usd is None for row in found.effects} == {
        (Part.AWS_PRICES,): False,
        (Part.SETTINGS,): True,
    }


@pytest.mark.parametrize("verdict_less", [{"as_of": AS_OF + timedelta(days=60)}, {"demands": ()}])
def test_without_a_saving_on_both_sides_nothing_is_attributed(verdict_less: dict[str, Any]) -> None:
    other = decided(inputs(**verdict_less))

    assert attribute(decided(THEN), other) is None
    assert attribute(other, decided(THEN)) is None
