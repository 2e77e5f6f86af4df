"""Thresholds and assumptions: typed, dated, and overridable with a reason."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from costcheck.errors import ConfigError
from costcheck.facts import Fact
from costcheck.rules import Assumptions, Thresholds, load_assumptions, load_thresholds
from costcheck.settings import Override


def override(value: str, **changes: Any) -> Override:  # noqa: ANN401 - any field of the record
    return msgspec.structs.replace(Override(value=Decimal(value), reason="ours"), **changes)


def facts(rules: Thresholds | Assumptions) -> dict[str, Fact]:
    held = {name: getattr(rules, name) for name in rules.__struct_fields__}
    return {name: fact for name, fact in held.items() if isinstance(fact, Fact)}


DESIGN = {
    "min_complete_months": "3",
    "min_addressable_bill_usd": "3000",
    "keep_measuring_bill_usd": "5000",
    "min_saving_share": "0.20",
    "min_saving_usd": "1000",
    "max_pay_back_months": "12",
    "wait_months": "6",
    "max_monthly_growth": "0.10",
    "decision_valid_days": "90",
    "max_bill_age_days": "45",
    "max_gap_days": "7",
    "max_unreconciled_share": "0.10",
}


@pytest.mark.parametrize("name", DESIGN)
def test_the_kit_ships_the_thresholds_of_its_design(name: str) -> None:
    assert facts(load_thresholds({}))[name].value == Decimal(DESIGN[name])


def test_upkeep_has_the_range_of_the_design() -> None:
    held = load_assumptions({})
    hours, rate = held.upkeep_hours_per_month, held.people_rate_usd_per_hour.value
    assert hours.low is not None
    assert hours.high is not None
    assert [round(hours_of * rate, -2) for hours_of in (hours.low, hours.value, hours.high)] == [600, 1800, 4000]


def test_every_figure_has_a_unit_a_source_and_an_ordered_range() -> None:
    for name, fact in {**facts(load_thresholds({})), **facts(load_assumptions({}))}.items():
        assert fact.unit, name
        assert fact.source_url, name
        assert (fact.low is None) is (fact.high is None), name
        if fact.low is not None and fact.high is not None:
            assert 0 <= fact.low <= fact.value <= fact.high, name


def test_an_override_replaces_the_figure_and_says_so() -> None:
    fact = load_thresholds({"min_saving_usd": override("500")}).min_saving_usd
    assert fact.value == 500
    assert fact.source_url == "costcheck.toml"
    assert fact.note == "overridden: ours (the kit has 1000)"
    assert fact.unit == "USD/month"


@pytest.mark.parametrize("load", [load_thresholds, load_assumptions])
def test_an_unknown_name_is_an_error_with_the_nearest(load: Any) -> None:  # noqa: ANN401 - either of two functions
    nearest = {load_thresholds: "min_saving_usd", load_assumptions: "set_up_cost_usd"}[load]
    with pytest.raises(ConfigError, match="overrides nothing") as caught:
        load({nearest + "d": override("1")})
    assert nearest in caught.value.expected


def test_the_system_node_is_no_figure_to_override() -> None:
    with pytest.raises(ConfigError, match="overrides nothing"):
        load_assumptions({"system_node": override("1")})


@pytest.mark.parametrize(
    "wrong",
    [
        override("NaN"),
        override("Infinity"),
        override("-1"),
        override("10", low=Decimal(-1), high=Decimal(12)),
        override("10", low=Decimal(11), high=Decimal(12)),
        override("10", low=Decimal(1), high=Decimal(9)),
        override("10", low=Decimal("NaN"), high=Decimal(12)),
    ],
)
def test_an_override_is_finite_not_negative_and_inside_its_range(wrong: Override) -> None:
    with pytest.raises(ConfigError, match=r"\[assumptions.upkeep_hours_per_month\]"):
        load_assumptions({"upkeep_hours_per_month": wrong})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("horizon_months", "0"),
        ("horizon_months", "6.5"),
        ("wait_months", "1000"),
        ("decision_valid_days", "1000000000"),
        ("max_evaluation_age_days", "1000000000"),
    ],
)
def test_a_threshold_that_no_calendar_holds_is_an_error(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load_thresholds({name: override(value)})


@pytest.mark.parametrize("hours", ["0", "4", "121"])
def test_paying_hours_fit_into_working_days(hours: str) -> None:
    with pytest.raises(ConfigError, match="paying_hours_per_week"):
        load_assumptions({"paying_hours_per_week": override(hours)})


@pytest.mark.parametrize(
    ("name", "wrong", "expected"),
    [
        ("upkeep_hours_per_month", override("10", low=Decimal(5)), "or neither"),
        ("people_rate_usd_per_hour", override("90", low=Decimal(60), high=Decimal(120)), "nothing draws this one"),
    ],
)
def test_a_range_that_would_not_be_drawn_is_an_error(name: str, wrong: Override, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_assumptions({name: wrong})

    assert expected in caught.value.expected
