"""What an instance hour costs under a Compute Savings Plan of one year, from AWS's public price file.

The file of a region is laid out like the others (`public_csv`); a row is the rate of one plan for one product. It
holds two families of plans, both terms, every operating system and tenancy, and unused reservations. Columns and
values as in AWS's file of 2025-09-11 (tests/data/aws_price_files) and in `examples/how-to-match-pricing.md` of the
repository that it comes from.
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-savings-plans.html
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from costcheck.errors import AmbiguousPriceError, CurrencyError, SourcePayloadError
from costcheck.meters import on_demand_meter
from costcheck.price_book import EC2, require_positive, savings_plan_meter
from costcheck.records import PricingCategory, Provenance, UnitPrice
from costcheck.sources.prices.public_csv import AGAIN, CHANGED, PriceFile, Row, select_rows
from costcheck.units import parse_decimal

OFFER = "AWSComputeSavingsPlan"
OFFER_IN_FILE = "AmazonComputeSavingsPlan"
_PLAN = {
    "Product Family": "ComputeSavingsPlans",
    "LeaseContractLength": "1",
    "LeaseContractLengthUnit": "year",
    "DiscountedServiceCode": EC2,
    "DiscountedOperation": "RunInstances",
}
"""One year, any family and region; `RunInstances` alone is Linux without licences."""
_COLUMNS = (
    "DiscountedInstanceType",
    "PurchaseOption",
    "DiscountedUsageType",
    "RateCode",
    "EffectiveDate",
    "Unit",
    "DiscountedRate",
    "Currency",
)


def read_savings_plan_rates(
    file: PriceFile, region_id: str, instance_types: Sequence[str], provenance: Provenance
) -> tuple[UnitPrice, ...]:
    """Return the rates of the named types in a region, by type and payment option; a type may have none.

    Raises:
        AmbiguousPriceError: A type has two rates under one payment option.
        CurrencyError: A rate is not in USD.
        PriceNotFoundError: A rate is not above zero.
        SourcePayloadError: The file is cut, or has changed.
    """
    required = _PLAN | {"DiscountedRegionCode": region_id}
    conditions = [f"{file.column(name)} = ?" for name in required]
    conditions.append(f"{file.column(_COLUMNS[0])} IN ({', '.join('?' * len(instance_types))})")
    rows = select_rows(file, _COLUMNS, " AND ".join(conditions), (*required.values(), *instance_types))
    prices: dict[str, UnitPrice] = {}
    for row in rows:
        if on_demand_meter(str(row[0])).matches_usage_type(str(row[2]), region_id):
            price = require_positive(_price(file, row, region_id, provenance))
            if price.sku_meter in prices:
                raise _two_rates(file, price, prices[price.sku_meter])
            prices[price.sku_meter] = price
    return tuple(prices[meter] for meter in sorted(prices))


def _price(file: PriceFile, row: Row, region_id: str, provenance: Provenance) -> UnitPrice:
    name, payment_option, _, rate_code, effective, unit, rate, currency = (value or "" for value in row)
    what = f"{file} rate {rate_code}"
    if currency != "USD":
        seen = f"{what} is in {currency or 'no currency'}"
        raise CurrencyError(seen, expected="USD", action="use AWS's file, which is in USD")
    if unit != "Hrs" or not payment_option:
        seen = f"{what} is per {unit!r}, paid {payment_option!r}"
        raise SourcePayloadError(seen, expected="a rate per Hrs and how it is paid", action=CHANGED)
    return UnitPrice(
        service_code=EC2,
        sku_meter=savings_plan_meter(payment_option, name),
        region_id=region_id,
        pricing_category=PricingCategory.COMMITTED,
        list_unit_price=Decimal(f"{parse_decimal(rate, what=what).normalize():f}"),
        pricing_unit="Hours",
        sku_id=rate_code,
        effective_from=_day(effective, what),
        provenance=provenance,
    )


def _day(text: str, what: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError as exc:
        seen = f"{what} has the effective date {text!r}"
        raise SourcePayloadError(seen, expected="an ISO 8601 date", action=CHANGED) from exc


def _two_rates(file: PriceFile, one: UnitPrice, other: UnitPrice) -> AmbiguousPriceError:
    seen = f"{file} has two rates of {one.key}: {one.sku_id} and {other.sku_id}"
    return AmbiguousPriceError(seen, expected="one rate for each payment option", action=AGAIN)
