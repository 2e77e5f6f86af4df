"""A price is used only if it is in US dollars, in its meter's unit, and from the first unit on."""

from dataclasses import replace
from decimal import Decimal

import pytest

from costcheck.gate.result import Status
from costcheck.records import UnitPrice
from tests.costcheck.gate.plans import NODE_GROUP, assessed, create, pool, preview, prices, read

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
