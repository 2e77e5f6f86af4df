"""A price is used only if it is in US dollars, in its meter's unit, and from the first unit on."""

from dataclasses import replace
from decimal import Decimal

import pytest

from costcheck.gate.ages import Fetched, check_prices
from costcheck.gate.result import Cost, Status
from costcheck.price_book import tiered_cost
from costcheck.records import UnitPrice
from tests.costcheck.gate.plans import NODE_GROUP, TODAY, assessed, book, create, pool, preview, prices, read

SYSTEM = read(preview(create(NODE_GROUP, "system", pool(2, "m6i.large"))))
HOUR = next(row for row in prices() if row.sku_meter == "BoxUsage:m6i.large")
OTHERS = tuple(row for row in prices() if row != HOUR)


def test_a_whole_price_is_used() -> None:
    (row,) = assessed(SYSTEM, prices()).rows

    assert row.priced.status is Status.PRICED


@pytest.mark.parametrize(
    "wrong",
    [
        replace(HOUR, tier_start=Decimal(10**9)),
        replace(HOUR, pricing_currency="XXX"),
        replace(HOUR, pricing_unit="Seconds"),
    ],
    ids=["only from a billion hours on", "in no currency", "for a second"],
)
def test_a_price_that_says_something_else_is_none(wrong: UnitPrice) -> None:
    (row,) = assessed(SYSTEM, (wrong, *OTHERS)).rows

    assert row.priced.status is Status.UNKNOWN


TIERS = (
    replace(HOUR, tier_start=Decimal(0), list_unit_price=Decimal("0.10")),
    replace(HOUR, tier_start=Decimal(100), list_unit_price=Decimal("0.05")),
    replace(HOUR, tier_start=Decimal(1000), list_unit_price=Decimal("0.01")),
)


@pytest.mark.parametrize(
    ("quantity", "usd"),
    [("0", "0"), ("1", "0.10"), ("100", "10"), ("101", "10.05"), ("1000", "55"), ("1500.5", "60.005")],
)
def test_each_tier_prices_the_units_inside_it(quantity: str, usd: str) -> None:
    assert tiered_cost(TIERS, Decimal(quantity)) == Decimal(usd)


def test_the_desired_size_and_the_worst_case_are_each_priced_by_tier() -> None:
    (row,) = assessed(SYSTEM, (*TIERS, *OTHERS)).rows
    hours = row.priced.components[0]

    assert (hours.quantity, hours.maximum_quantity) == (Decimal(730), Decimal(1460))
    assert hours.cost == Cost(desired_usd=Decimal("41.50"), maximum_usd=Decimal("59.60"))


NAT = "aws:ec2/natGateway:NatGateway"
BYTES = next(row for row in prices() if row.sku_meter == "NatGateway-Bytes")


def test_what_only_use_tells_is_priced_by_tier_and_in_two_regions_at_the_dearest() -> None:
    west = tuple(replace(row, region_id="us-west-2") for row in prices() if row.sku_meter == "NatGateway-Hours")
    dear = tuple(
        replace(BYTES, region_id="us-west-2", tier_start=Decimal(start), list_unit_price=Decimal(usd))
        for start, usd in ((0, "0.09"), (10, "0.01"))
    )
    steps = [create(NAT, name, {"subnetId": "s", "region": region}) for name, region in
             (("a", "us-east-1"), ("b", "us-west-2"), ("c", "us-east-1"))]  # fmt: skip
    found = assessed(read(preview(*steps)), (*prices(), *west, *dear), {"AmazonEC2 NatGateway-Bytes": Decimal(30)})
    (line,) = found.usage

    assert (line.unit_price_usd, line.quantity, line.maximum_quantity) == (Decimal("0.09"), Decimal(30), Decimal(30))
    assert line.cost == Cost(desired_usd=Decimal("1.10"), maximum_usd=Decimal("1.10"))


def test_a_price_that_aws_was_asked_for_in_vain_is_named() -> None:
    rows = tuple(row for row in prices() if row.sku_meter != "EBS:VolumeUsage.gp3")
    found = assessed(read(preview(create(NODE_GROUP, "gpu", pool(2)))), rows)
    check = check_prices([row.after[1] for row in found.rows if row.after], book(*rows), TODAY, Fetched(live=True))

    assert check is not None
    assert check.to_do == "check gp3 volume of each node in us-east-1: AWS may not sell that there"
