"""Rates of a one-year Compute Savings Plan: exactly the rows that are this price, on every page."""

from decimal import Decimal
from typing import Any

import pytest

from costcheck.errors import (
    AmbiguousPriceError,
    CurrencyError,
    PriceNotFoundError,
    SourceAuthError,
    SourcePayloadError,
)
from costcheck.records import PricingCategory
from costcheck.sources.prices.savings_plans import (
    TYPES_A_CALL,
    fetch_savings_plan_rates,
    normalise_savings_plan_rates,
)
from tests.costcheck.sources.prices.market_stubs import REGION, SEEN, TODAY, Stub, rate_row

METHOD = "describe_savings_plans_offering_rates"


def normalised(*rows: Any) -> dict[str, Decimal]:  # noqa: ANN401 - rows of AWS
    prices = normalise_savings_plan_rates(rows, REGION, ["g6.xlarge"], SEEN)
    return {price.sku_meter: price.list_unit_price for price in prices}


def test_a_rate_is_a_committed_price_of_an_hour(stub: Stub) -> None:
    client, stubber = stub("savingsplans")
    stubber.add_response(METHOD, {"searchResults": [rate_row("0.5795")], "nextToken": ""})
    (price,) = fetch_savings_plan_rates(client, REGION, ["g6.xlarge"], retrieved_on=TODAY)
    assert price.key == "AmazonEC2 ComputeSavingsPlan1yr/No Upfront/g6.xlarge us-east-1 Committed"
    assert (price.list_unit_price, price.pricing_unit) == (Decimal("0.5795"), "Hours")
    assert price.pricing_category is PricingCategory.COMMITTED


def test_every_page_is_read_the_empty_one_in_the_middle_too(stub: Stub) -> None:
    client, stubber = stub("savingsplans")
    rows = [rate_row("0.5"), rate_row("0.4", payment="All Upfront")]
    for part, token in ((rows[:1], "1"), ([], "2"), (rows[1:], "")):
        stubber.add_response(METHOD, {"searchResults": part, "nextToken": token})
    assert len(fetch_savings_plan_rates(client, REGION, ["g6.xlarge"], retrieved_on=TODAY)) == len(rows)
    stubber.assert_no_pending_responses()


def test_a_page_carries_the_token_of_the_one_before_and_the_first_carries_none(stub: Stub) -> None:
    client, stubber = stub("savingsplans")
    filters = [
        {"name": "region", "values": [REGION]},
        {"name": "productDescription", "values": ["Linux/UNIX"]},
        {"name": "tenancy", "values": ["shared"]},
        {"name": "instanceType", "values": ["g6.xlarge"]},
    ]
    asked = {
        "savingsPlanTypes": ["Compute"],
        "products": ["EC2"],
        "serviceCodes": ["AmazonEC2"],
        "operations": ["RunInstances"],
        "filters": filters,
        "maxResults": 1000,
    }
    stubber.add_response(METHOD, {"searchResults": [], "nextToken": "1"}, asked)
    stubber.add_response(METHOD, {"searchResults": []}, asked | {"nextToken": "1"})
    assert fetch_savings_plan_rates(client, REGION, ["g6.xlarge"], retrieved_on=TODAY) == ()


@pytest.mark.parametrize("tokens", [("1", "1"), ("1", "2", "1")])
def test_tokens_that_go_in_a_circle_are_an_error(stub: Stub, tokens: tuple[str, ...]) -> None:
    client, stubber = stub("savingsplans")
    for token in tokens:
        stubber.add_response(METHOD, {"searchResults": [], "nextToken": token})
    with pytest.raises(SourcePayloadError, match="read already"):
        fetch_savings_plan_rates(client, REGION, ["g6.xlarge"], retrieved_on=TODAY)


def test_a_refusal_names_the_action(stub: Stub) -> None:
    client, stubber = stub("savingsplans")
    stubber.add_client_error(METHOD, "AccessDeniedException", "no")
    with pytest.raises(SourceAuthError, match="savingsplans:DescribeSavingsPlansOfferingRates"):
        fetch_savings_plan_rates(client, REGION, ["g6.xlarge"], retrieved_on=TODAY)


@pytest.mark.parametrize(
    "other",
    [
        rate_row("9", seconds=94_608_000),
        rate_row("9", plan="EC2Instance"),
        rate_row("9", usage="UnusedBox"),
        rate_row("9", usage="DedicatedUsage"),
        rate_row("9", tenancy="dedicated"),
        rate_row("9", productDescription="Windows"),
        rate_row("9", region="us-west-2"),
        rate_row("9", name="g6.2xlarge"),
        rate_row("0", seconds=94_608_000, unit="Lambda-GB-Second", currency="CNY"),
    ],
    ids=["3 years", "family plan", "unused", "dedicated use", "dedicated", "Windows", "region", "type", "all wrong"],
)
def test_a_row_that_is_another_price_is_left_out(other: Any) -> None:  # noqa: ANN401 - a row of AWS
    assert normalised(rate_row("0.5"), other) == {"ComputeSavingsPlan1yr/No Upfront/g6.xlarge": Decimal("0.5")}


def test_a_usage_type_may_begin_with_its_region() -> None:
    assert len(normalised(rate_row(usage="USE1-BoxUsage"))) == 1


def test_the_same_row_twice_is_one_price_and_two_rates_are_none() -> None:
    assert len(normalised(rate_row("0.5"), rate_row("0.50"))) == 1
    with pytest.raises(AmbiguousPriceError, match=r"0\.5 and 0\.6|0\.6 and 0\.5"):
        normalised(rate_row("0.5"), rate_row("0.6"))


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (rate_row(currency="EUR"), CurrencyError),
        (rate_row(unit="Request"), SourcePayloadError),
        (rate_row("0"), PriceNotFoundError),
        (rate_row("free"), SourcePayloadError),
        ({"rate": "1"}, SourcePayloadError),
        ("rate", SourcePayloadError),
    ],
)
def test_a_row_that_cannot_be_a_price_is_an_error(row: Any, error: type[Exception]) -> None:  # noqa: ANN401 - a row of AWS
    with pytest.raises(error):
        normalised(row)


def test_many_types_are_asked_for_in_several_calls(stub: Stub) -> None:
    client, stubber = stub("savingsplans")
    names = [f"g6.{number}xlarge" for number in range(TYPES_A_CALL + 1)]
    for name in (names[0], names[-1]):
        stubber.add_response(METHOD, {"searchResults": [rate_row(name=name)]})
    assert len(fetch_savings_plan_rates(client, REGION, names, retrieved_on=TODAY)) == 2
