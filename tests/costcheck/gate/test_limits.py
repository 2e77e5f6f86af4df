"""Totals and increases against the company's own limits."""

from datetime import timedelta
from decimal import Decimal

import pytest

from costcheck.errors import ConfigError
from costcheck.gate.result import Outcome
from costcheck.gate.rules import GateConfig, Limits, Runway, Waiver, load_gate_rules, parse_gate_config, parse_waiver
from costcheck.gate.waivers import WaiverFile
from costcheck.plan.records import Plan
from costcheck.records import UnitPrice
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
    prices,
    read,
    read_with_state,
    state_of,
    unit_price,
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


def is_limited(plan: Plan, *more: UnitPrice) -> bool:
    """Return whether a limit is asked about at all."""
    return LIMIT in outcomes(gate(plan, config=limited(monthly_usd=10**6), rows=(*prices(), *more)))


def test_destroying_a_part_passes_every_limit_though_the_rest_is_not_shown() -> None:
    assert not is_limited(read(preview(delete(NODE_GROUP, "system", cpu(20)), same=5)))


def test_a_cheaper_type_raises_nothing_though_its_meter_is_a_new_one() -> None:
    plan = read(preview(update(NODE_GROUP, "gpu", pool(2, "p5.48xlarge"), cpu(2))))

    assert not is_limited(plan)


INSIDE = {"subnetId": "subnet-0"}
QUEUE = "aws:sqs/queue:Queue"
REQUESTS = unit_price("AWSQueueService", "Requests-RBP", "0.0000004", "Requests")


@pytest.mark.parametrize("token", [QUEUE, "aws:ec2/natGateway:NatGateway"])
def test_what_is_charged_by_use_raises_the_cost_once(token: str) -> None:
    assert is_limited(read(preview(create(token, "x", INSIDE))), REQUESTS)
    assert not is_limited(read(preview(update(token, "x", INSIDE, INSIDE | {"tags": {"a": "b"}}))), REQUESTS)


def test_a_patch_of_what_nobody_can_price_raises_nothing() -> None:
    thing = "aws:future/thing:Thing"

    assert not is_limited(
        read_with_state(preview(create("aws:iam/role:Role", "x", {}), same=1), state_of(thing, "x", {}))
    )
    assert is_limited(read(preview(create(thing, "x", {}))))


def test_a_higher_desired_size_raises_the_cost_under_the_same_maximum() -> None:
    assert is_limited(read(preview(update(NODE_GROUP, "system", cpu(3, 1), cpu(3, 2)))))
    assert is_limited(read(preview(update(NODE_GROUP, "system", cpu(3, 2), cpu(4, 1)))))


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


def test_a_dollar_from_nothing_is_endless_too() -> None:
    plan = read(preview(create("aws:kms/key:Key", "key", {})))

    assert gate(plan, config=limited(monthly_increase_percent=50)).outcome is Outcome.DENIED


def test_nothing_known_from_nothing_is_no_increase_that_is_known() -> None:
    plan = read(preview(create("aws:future/thing:Thing", "x", {})))

    assert gate(plan, config=limited(monthly_increase_percent=50)).outcome is Outcome.CANNOT_DECIDE


def test_a_budget_is_about_the_desired_size() -> None:
    plan = read(preview(create(NODE_GROUP, "system", cpu(20, desired=1))))

    assert gate(plan, config=limited(budget_usd=100)).outcome is Outcome.ALLOWED


def test_a_budget_that_the_desired_size_exceeds_is_denied() -> None:
    plan = read(preview(create(NODE_GROUP, "system", cpu(1))))

    assert outcomes(gate(plan, config=limited(budget_usd=71))) == {
        "limit.budget_usd": "denied", "gpu": "allowed", "prices": "allowed"
    }  # fmt: skip


def test_what_is_saved_lets_the_money_last_longer() -> None:
    plan = read(preview(update(NODE_GROUP, "system", cpu(9, 9), cpu(10, 1))))
    runway = Runway(cash_usd=Decimal(10_000), monthly_burn_usd=Decimal(1500), min_months=Decimal(10))

    assert outcomes(gate(plan, config=GateConfig(runway=runway)))["runway.months"] == "allowed"


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


@pytest.mark.parametrize("changes", [{"up_to": 2 * ONE_NODE_USD}, {"expires": TODAY}])
def test_a_waiver_holds_up_to_its_figure_and_on_its_last_day(changes: dict[str, object]) -> None:
    assert gate(OVER, config=limited(monthly_usd=100), waivers=(waiver(**changes),)).outcome is Outcome.ALLOWED


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


def test_a_waiver_never_lifts_a_limit_of_which_only_a_part_is_known() -> None:
    steps = create(NODE_GROUP, "system", cpu(2)), create("aws:future/thing:Thing", "x", {})
    for plan in (read(preview(*steps)), read(preview(steps[0], same=3))):
        result = gate(plan, config=limited(monthly_usd=100), waivers=(waiver(),))

        assert outcomes(result)[LIMIT] == "denied"
        assert "which holds only where everything is known" in result.checks[0].to_do


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
    "text",
    [
        "[limits]\nmonthly = 5",
        "[limits]\nmonthly_usd = nan",
        "limits = 5",
        "[usage]\nx = -1",
        "[usage]\nx = 1e30",
        "[limits]\nmonthly_usd = 1e400",
    ],
)
def test_limits_that_cannot_be_meant_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_gate_config(text, "gate.toml")


@pytest.mark.parametrize(
    ("old", "new", "message", "expected"),
    [
        ('"Ada"', '" "', "w.toml has no owner", "the name of a person"),
        ('"load test"', '""', "w.toml has no reason", "one sentence"),
        ("limit.monthly_usd", "gpu", "w.toml waives 'gpu'", "a limit: nothing else can be waived"),
        ("2026-12-24", "2027-12-24", "w.toml expires on 2027-12-24", "within 90 days"),
        ("200.00", "-1", "w.toml: up_to is -1", "a number from 0 to 1,000,000,000,000"),
    ],
)
def test_a_waiver_that_is_refused_says_why(old: str, new: str, message: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_waiver(WRITTEN.replace(old, new), "w.toml", load_gate_rules(), TODAY)

    assert (caught.value.seen, caught.value.expected) == (message, expected)
    assert caught.value.action == ("mend that key" if "up_to" in message else "mend w.toml, or remove it")


def test_a_waiver_may_hold_as_many_days_as_the_rules_say_and_none_more() -> None:
    days = int(load_gate_rules().max_waiver_days.value)
    last, later = TODAY + timedelta(days=days), TODAY + timedelta(days=days + 1)

    assert parse_waiver(WRITTEN.replace("2026-12-24", str(last)), "w", load_gate_rules(), TODAY).expires == last
    with pytest.raises(ConfigError, match="expires on"):
        parse_waiver(WRITTEN.replace("2026-12-24", str(later)), "w", load_gate_rules(), TODAY)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[limits]\nbudget_usd = -1", "gate.toml: limits.budget_usd is -1"),
        ("[runway]\ncash_usd = inf\nmonthly_burn_usd = 1\nmin_months = 1", "gate.toml: runway.cash_usd is Infinity"),
        ("[usage]\n'a b' = -1", "gate.toml: usage.a b is -1"),
    ],
)
def test_a_figure_that_cannot_be_meant_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_gate_config(text, "gate.toml")

    assert caught.value.seen == message


def test_a_file_that_is_no_toml_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^gate\.toml"):
        parse_gate_config("=", "gate.toml")
    with pytest.raises(ConfigError, match=r"^w\.toml"):
        parse_waiver("=", "w.toml", load_gate_rules(), TODAY)


@pytest.mark.parametrize("amount", [0, 10**12])
def test_zero_is_a_limit_and_so_is_a_million_millions(amount: int) -> None:
    assert parse_gate_config(f"[limits]\nmonthly_usd = {amount}", "gate.toml").limits.monthly_usd == amount
