"""Totals and increases against the company's own limits."""

from datetime import timedelta
from decimal import Decimal

import pytest

from costcheck.errors import ConfigError
from costcheck.gate.result import Outcome
from costcheck.gate.rules import GateConfig, Limits, Runway, Waiver, load_gate_rules, parse_gate_config, parse_waiver
from costcheck.gate.waivers import WaiverFile
from tests.costcheck.gate.plans import (
    NODE_GROUP,
    TODAY,
    Json,
    create,
    delete,
    gate,
    outcomes,
    pool,
    preview,
    read,
    read_with_state,
    state_of,
    update,
)

CPU = "m6i.large"
ONE_NODE_USD = Decimal("71.68")  # 730 x 0.096 + 20 x 0.08
LIMIT = "limit.monthly_usd"


def cpu(maximum: int, desired: int = 1) -> Json:
    return pool(maximum, CPU, desired)


def limited(**limits: Decimal | int) -> GateConfig:
    return GateConfig(limits=Limits(**{key: Decimal(value) for key, value in limits.items()}))


def test_the_worst_case_counts_to_the_cent() -> None:
    plan = read(preview(create(NODE_GROUP, "system", cpu(2))))

    assert gate(plan, config=limited(monthly_usd=2 * ONE_NODE_USD)).outcome is Outcome.ALLOWED
    assert gate(plan, config=limited(monthly_usd=2 * ONE_NODE_USD - Decimal("0.01"))).outcome is Outcome.DENIED


def test_what_stays_counts() -> None:
    document = preview(create(NODE_GROUP, "more", cpu(1)), same=1)
    plan = read_with_state(document, state_of(NODE_GROUP, "system", cpu(1)))

    assert gate(plan, config=limited(monthly_usd=100)).outcome is Outcome.DENIED


def test_a_total_that_lacks_what_stays_is_not_decided() -> None:
    plan = read(preview(create(NODE_GROUP, "more", cpu(1)), same=5))
    result = gate(plan, config=limited(monthly_usd=1000))

    assert result.outcome is Outcome.CANNOT_DECIDE
    assert "--state" in result.checks[0].to_do


def test_what_is_known_already_may_be_too_much() -> None:
    plan = read(preview(create(NODE_GROUP, "more", cpu(20)), same=5))

    assert gate(plan, config=limited(monthly_usd=1000)).outcome is Outcome.DENIED


def test_an_unknown_type_under_a_limit_is_not_decided() -> None:
    plan = read(preview(create("aws:future/thing:Thing", "x", {})))

    assert gate(plan, config=limited(monthly_usd=1000)).outcome is Outcome.CANNOT_DECIDE


def test_a_plan_that_costs_less_passes_a_limit_that_it_is_still_above() -> None:
    plan = read(preview(update(NODE_GROUP, "system", cpu(20), cpu(10))))

    assert gate(plan, config=limited(monthly_usd=1)).outcome is Outcome.ALLOWED


def test_a_patch_passes_a_limit_that_the_stack_is_above() -> None:
    plan = read(preview(update(NODE_GROUP, "system", cpu(20), cpu(20) | {"tags": {"a": "b"}})))

    assert gate(plan, config=limited(monthly_usd=1)).outcome is Outcome.ALLOWED


def test_destroying_passes_every_limit() -> None:
    plan = read(preview(delete(NODE_GROUP, "system", cpu(20)), delete("aws:future/thing:Thing", "x", {})))

    assert gate(plan, config=limited(monthly_usd=0, monthly_increase_usd=0)).outcome is Outcome.ALLOWED


def test_a_change_of_an_unknown_type_under_a_limit_is_not_decided() -> None:
    plan = read(preview(update("aws:future/thing:Thing", "x", {"size": 1}, {"size": 2})))

    assert gate(plan, config=limited(monthly_increase_usd=10)).outcome is Outcome.CANNOT_DECIDE


def test_an_increase_is_measured_against_what_runs_now() -> None:
    plan = read(preview(update(NODE_GROUP, "system", cpu(20), cpu(21))))

    assert gate(plan, config=limited(monthly_increase_usd=ONE_NODE_USD)).outcome is Outcome.ALLOWED
    assert gate(plan, config=limited(monthly_increase_usd=71)).outcome is Outcome.DENIED


def test_an_increase_in_percent_is_measured_against_the_whole_stack() -> None:
    document = preview(update(NODE_GROUP, "system", cpu(10), cpu(11)), same=1)
    plan = read_with_state(document, state_of(NODE_GROUP, "system", cpu(10)), state_of(NODE_GROUP, "other", cpu(10)))

    assert gate(plan, config=limited(monthly_increase_percent=5)).outcome is Outcome.ALLOWED
    assert gate(plan, config=limited(monthly_increase_percent=4)).outcome is Outcome.DENIED


def test_an_increase_in_percent_without_the_whole_stack_is_not_decided() -> None:
    plan = read(preview(update(NODE_GROUP, "system", cpu(10), cpu(11)), same=1))

    assert gate(plan, config=limited(monthly_increase_percent=50)).outcome is Outcome.CANNOT_DECIDE


def test_from_nothing_every_increase_is_endless() -> None:
    plan = read(preview(create(NODE_GROUP, "system", cpu(1))))

    assert gate(plan, config=limited(monthly_increase_percent=50)).outcome is Outcome.DENIED


def test_a_budget_is_about_the_desired_size() -> None:
    plan = read(preview(create(NODE_GROUP, "system", cpu(20, desired=1))))

    assert gate(plan, config=limited(budget_usd=100)).outcome is Outcome.ALLOWED


def test_the_money_must_last() -> None:
    plan = read(preview(create(NODE_GROUP, "system", cpu(1))))
    runway = Runway(cash_usd=Decimal(10_716), monthly_burn_usd=Decimal(1000), min_months=Decimal(10))
    shorter = Runway(cash_usd=Decimal(10_717), monthly_burn_usd=Decimal(1000), min_months=Decimal(10))

    assert outcomes(gate(plan, config=GateConfig(runway=runway)))["runway.months"] == "denied"
    assert outcomes(gate(plan, config=GateConfig(runway=shorter)))["runway.months"] == "allowed"


def waiver(**changes: object) -> WaiverFile:
    fields: dict[str, object] = {
        "owner": "Ada", "reason": "load test", "check": LIMIT, "stack": "shop/dev", "up_to": Decimal(200),
        "expires": TODAY + timedelta(days=10),
    } | changes  # fmt: skip
    return WaiverFile(name="runbooks/waivers/load-test.toml", waiver=Waiver(**fields))  # type: ignore[arg-type]


OVER = read(preview(create(NODE_GROUP, "system", cpu(2))))


def test_a_waiver_lifts_a_limit_up_to_its_figure() -> None:
    result = gate(OVER, config=limited(monthly_usd=100), waivers=(waiver(),))

    assert result.outcome is Outcome.ALLOWED
    assert [check.waived_by for check in result.checks if check.name == LIMIT] == ["runbooks/waivers/load-test.toml"]


@pytest.mark.parametrize(
    "changes",
    [
        {"up_to": Decimal(143)},
        {"expires": TODAY - timedelta(days=1)},
        {"stack": "shop/prod"},
        {"check": "limit.budget_usd"},
    ],
)
def test_a_waiver_that_does_not_cover_it_lifts_nothing(changes: dict[str, object]) -> None:
    result = gate(OVER, config=limited(monthly_usd=100), waivers=(waiver(**changes),))

    assert result.outcome is Outcome.DENIED


def test_a_waiver_never_lifts_what_cannot_be_decided() -> None:
    plan = read(preview(create("aws:future/thing:Thing", "x", {})))

    assert gate(plan, config=limited(monthly_usd=100), waivers=(waiver(),)).outcome is Outcome.CANNOT_DECIDE


def test_a_waiver_never_lifts_the_need_for_a_decision() -> None:
    plan = read(preview(create(NODE_GROUP, "gpu", pool(1))))

    assert gate(plan, waivers=(waiver(check="decision"),)).outcome is Outcome.DENIED


WRITTEN = """
owner = "Ada"
reason = "load test"
check = "limit.monthly_usd"
stack = "shop/dev"
up_to = 200.00
expires = 2026-12-24
"""


def test_a_waiver_is_a_small_file() -> None:
    assert parse_waiver(WRITTEN, "w.toml", load_gate_rules(), TODAY).up_to == 200


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('owner = "Ada"\n', ""),
        ('"Ada"', '" "'),
        ('"load test"', '""'),
        ("limit.monthly_usd", "decision"),
        ("limit.monthly_usd", "gpu"),
        ("200.00", "inf"),
        ("200.00", "-1"),
        ("2026-12-24", "2027-12-24"),
        ("expires = 2026-12-24\n", ""),
        ("owner", "ownr"),
    ],
)
def test_a_waiver_without_an_owner_a_reason_a_scope_or_an_end_is_refused(old: str, new: str) -> None:
    with pytest.raises(ConfigError):
        parse_waiver(WRITTEN.replace(old, new), "w.toml", load_gate_rules(), TODAY)


@pytest.mark.parametrize(
    "text", ["[limits]\nmonthly = 5", "[limits]\nmonthly_usd = nan", "limits = 5", "[usage]\nx = -1"]
)
def test_limits_that_cannot_be_meant_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_gate_config(text, "gate.toml")
