"""What a stack costs while no GPU runs: each profile by hand, and no price where none is bundled."""

import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from infra.idle_cost import describe_idle_cost, idle_items, load_prices
from tests.infra.stack import ROOT, load

sys.path.insert(0, str(ROOT / "scripts"))  # the scripts are run from their folder and are no package

import build_idle_prices

pytestmark = pytest.mark.usefixtures("cloud")


def test_the_prices_are_those_of_the_bundled_snapshot() -> None:
    assert build_idle_prices.TARGET.read_text(encoding="utf-8") == build_idle_prices.build()


def test_every_price_says_where_it_was_read_and_when() -> None:
    assert all(price.usd > 0 and price.checked > date(2026, 1, 1) for price in load_prices("us-east-1").values())


def test_the_small_profile_costs_what_its_parts_cost_by_hand() -> None:
    # Control plane 0.10, NAT gateway 0.045, IPv4 0.005, 2 x m6i.large 0.096 an hour; 100 GB at 0.08, a key at 1.00.
    hour = Decimal("0.10") + Decimal("0.045") + Decimal("0.005") + 2 * Decimal("0.096")
    month = hour * 730 + 100 * Decimal("0.08") + 1

    assert f"${month:,.2f} a month" in describe_idle_cost(load(), 2)
    assert "$0.35 an hour" in describe_idle_cost(load(), 2)


def test_the_full_profile_has_a_gateway_in_each_zone_and_a_third_node() -> None:
    hour = Decimal("0.10") + 3 * (Decimal("0.045") + Decimal("0.005") + Decimal("0.096"))
    month = hour * 730 + 150 * Decimal("0.08") + 1

    assert f"${month:,.2f} a month" in describe_idle_cost(load(profile="full"), 3)


def test_a_region_without_bundled_prices_gets_no_figure() -> None:
    said = describe_idle_cost(replace(load(), region="eu-west-1"), 2)

    assert "$" not in said
    assert "no price is bundled for" in said
    assert "eu-west-1" in said


def test_a_system_type_without_a_price_gives_no_total() -> None:
    said = describe_idle_cost(load(systemNodes={"instanceType": "u-6tb1.metal"}), 2)

    assert "$" not in said
    assert "BoxUsage:u-6tb1.metal" in said


def test_a_cluster_and_a_network_that_exist_are_somebody_elses_bill() -> None:
    network = {"vpcId": "vpc-0123456789abcdef0", "privateSubnets": {"us-east-1a": "s-a", "us-east-1b": "s-b"}}
    config = load(cluster={"existingName": "theirs"}, network=network)

    assert [item.label for item in idle_items(config, 2)] == ["KMS key"]


def test_it_says_what_is_not_in_it() -> None:
    assert "traffic, logs and stored weights come on top" in describe_idle_cost(load(), 2)
