"""Compute Savings Plan rates from the public file: one plan, one term, one product for each."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from costcheck.errors import AmbiguousPriceError, CurrencyError, PriceNotFoundError, SourcePayloadError
from costcheck.records import Origin, PricingCategory, Provenance, UnitPrice
from costcheck.sources.prices.public_csv import open_price_file
from costcheck.sources.prices.public_savings_plans import read_savings_plan_rates
from tests.costcheck.sources.prices.price_files import PLAN_RECORDED, Rows, opened, plan_csv, plan_row

SEEN = Provenance(source="t", source_url="https://e.org", retrieved_on=date(2026, 11, 23), origin=Origin.CONSTRUCTED)


def rates_in(folder: Path, rows: Rows, *names: str) -> Sequence[UnitPrice]:
    file = opened(folder, plan_csv(rows))
    return read_savings_plan_rates(file, "us-east-1", names or ("g6e.xlarge",), SEEN)


def test_a_rate_is_a_committed_price_of_an_hour_with_its_code_and_day(tmp_path: Path) -> None:
    (price,) = rates_in(tmp_path, [plan_row()])
    expected = UnitPrice(
        service_code="AmazonEC2",
        sku_meter="ComputeSavingsPlan1yr/No Upfront/g6e.xlarge",
        region_id="us-east-1",
        pricing_category=PricingCategory.COMMITTED,
        list_unit_price=Decimal("1.25"),
        pricing_unit="Hours",
        sku_id="PLAN1.SKU1",
        effective_from=date(2026, 9, 1),
        provenance=SEEN,
    )
    assert expected == price


def test_the_recorded_rates_of_the_other_family_and_term_are_not_this_price() -> None:
    file = open_price_file(PLAN_RECORDED, "index.csv")
    assert file.offer_code == "AmazonComputeSavingsPlan"
    assert read_savings_plan_rates(file, "ap-east-2", ["r7g.2xlarge", "r7g.large"], SEEN) == ()


def test_each_way_to_pay_has_a_price_of_its_own(tmp_path: Path) -> None:
    rows = [
        plan_row(PurchaseOption=option, DiscountedRate=rate, RateCode=option)
        for option, rate in (("No Upfront", "1.25"), ("Partial Upfront", "1.2"), ("All Upfront", "1.19"))
    ]
    assert [(price.sku_meter.split("/")[1], str(price.list_unit_price)) for price in rates_in(tmp_path, rows)] == [
        ("All Upfront", "1.19"),
        ("No Upfront", "1.25"),
        ("Partial Upfront", "1.2"),
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"LeaseContractLength": "3"},
        {"Product Family": "EC2InstanceSavingsPlans"},
        {"DiscountedOperation": "RunInstances:0002"},
        {"DiscountedUsageType": "UnusedBox:g6e.xlarge"},
        {"DiscountedUsageType": "DedicatedUsage:g6e.xlarge"},
        {"DiscountedUsageType": "HostBoxUsage:g6e.xlarge"},
        {"DiscountedRegionCode": "us-east-2"},
        {"DiscountedServiceCode": "AmazonECS"},
        {"DiscountedInstanceType": "g6e.2xlarge"},
    ],
)
def test_a_rate_of_another_plan_or_product_is_left_alone(tmp_path: Path, other: dict[str, str]) -> None:
    wrong = plan_row(DiscountedRate="0.01", RateCode="WRONG", **other)
    assert [price.sku_id for price in rates_in(tmp_path, [wrong, plan_row()])] == ["PLAN1.SKU1"]
    assert rates_in(tmp_path, [wrong]) == ()


def test_two_rates_of_one_type_and_payment_are_an_error_that_names_both(tmp_path: Path) -> None:
    with pytest.raises(AmbiguousPriceError, match=r"B and A"):
        rates_in(tmp_path, [plan_row(RateCode="A"), plan_row(RateCode="B", SKU="PLAN2")])


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"DiscountedRate": "0"}, PriceNotFoundError),
        ({"DiscountedRate": ""}, SourcePayloadError),
        ({"Unit": "Quantity"}, SourcePayloadError),
        ({"PurchaseOption": ""}, SourcePayloadError),
        ({"EffectiveDate": "soon"}, SourcePayloadError),
        ({"Currency": "CNY"}, CurrencyError),
    ],
)
def test_a_rate_that_is_no_price_in_dollars_is_refused(
    tmp_path: Path, other: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        rates_in(tmp_path, [plan_row(**other)])


def test_a_column_that_is_gone_is_refused_by_name(tmp_path: Path) -> None:
    text = plan_csv([plan_row()]).replace("DiscountedRegionCode", "DiscountedPlace")
    with pytest.raises(SourcePayloadError, match="0 columns 'DiscountedRegionCode'"):
        read_savings_plan_rates(opened(tmp_path, text), "us-east-1", ["g6e.xlarge"], SEEN)
