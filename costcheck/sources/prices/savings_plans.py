"""What an instance hour costs under a Compute Savings Plan of one year, by payment option.

`rate` is the hourly price whatever is paid upfront: All Upfront is the same money, paid earlier. The commitment is
paid every hour, used or not. Plans of three years are not read: nobody is asked to bind themselves for so long here.
https://docs.aws.amazon.com/savingsplans/latest/APIReference/API_DescribeSavingsPlansOfferingRates.html
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from costcheck.errors import AmbiguousPriceError, CurrencyError, SourcePayloadError
from costcheck.meters import on_demand_meter
from costcheck.price_book import EC2, PULL, require_positive, savings_plan_meter
from costcheck.records import Origin, PricingCategory, Provenance, UnitPrice
from costcheck.sources.prices.aws_calls import follow_tokens
from costcheck.units import parse_decimal

RATES_URL = "https://docs.aws.amazon.com/savingsplans/latest/APIReference/API_DescribeSavingsPlansOfferingRates.html"
SAVINGS_PLANS_REGION = "us-east-1"
"""The service has one endpoint for the world."""
ONE_YEAR_SECONDS = 31_536_000
TYPES_A_CALL = 50
LARGEST_PAGE = 1000
COMPUTE, LINUX, SHARED = "Compute", "Linux/UNIX", "shared"


class SavingsPlansClient(Protocol):
    """The two methods of boto3's client that are used; botocore has no paginator for either."""

    def describe_savings_plans_offering_rates(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - AWS's own
        """Return one page of rates."""

    def describe_savings_plans(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - AWS's own
        """Return one page of plans."""


class _Offering(msgspec.Struct, rename="camel"):
    payment_option: str
    plan_type: str
    duration_seconds: int
    currency: str


class _Property(msgspec.Struct):
    name: str
    value: str


class _Rate(msgspec.Struct, rename="camel"):
    savings_plan_offering: _Offering
    rate: str
    unit: str
    usage_type: str
    properties: list[_Property]


def fetch_savings_plan_rates(
    client: SavingsPlansClient, region_id: str, instance_types: Sequence[str], *, retrieved_on: date
) -> tuple[UnitPrice, ...]:
    """Return the rates of the named types in a region, by type and payment option; a type may have none.

    Raises:
        AmbiguousPriceError: A type has two rates under one payment option.
        SourceError: AWS did not answer usefully.
    """
    provenance = Provenance(
        source="aws_savings_plans_offering_rates",
        source_url=RATES_URL,
        retrieved_on=retrieved_on,
        origin=Origin.LIVE,
    )
    rows = [
        row
        for start in range(0, len(instance_types), TYPES_A_CALL)
        for row in _rates(client, region_id, instance_types[start : start + TYPES_A_CALL])
    ]
    return normalise_savings_plan_rates(rows, region_id, instance_types, provenance)


def _rates(client: SavingsPlansClient, region_id: str, names: Sequence[str]) -> list[Any]:
    filters = {"region": [region_id], "productDescription": [LINUX], "tenancy": [SHARED], "instanceType": list(names)}
    return follow_tokens(
        client.describe_savings_plans_offering_rates,
        "searchResults",
        "savingsplans:DescribeSavingsPlansOfferingRates",
        savingsPlanTypes=[COMPUTE],
        products=["EC2"],
        serviceCodes=[EC2],
        operations=["RunInstances"],
        filters=[{"name": name, "values": values} for name, values in filters.items()],
        maxResults=LARGEST_PAGE,
    )


def normalise_savings_plan_rates(
    rows: Iterable[object], region_id: str, instance_types: Iterable[str], provenance: Provenance
) -> tuple[UnitPrice, ...]:
    """Return one price for each type and payment option that has exactly one rate.

    Rows of other terms, platforms, tenancies and usage types (`UnusedBox:` has rates too) are not this price.

    Raises:
        AmbiguousPriceError: Two different rates stand under one type and payment option.
        CurrencyError: A rate is not in USD.
        SourcePayloadError: A row is not what AWS documents.
        PriceNotFoundError: A rate is not above zero.
    """
    wanted = set(instance_types)
    prices: dict[str, UnitPrice] = {}
    for rate in map(_converted, rows):
        name = _type_of(rate, region_id)
        if name in wanted:
            price = require_positive(_price(rate, name, region_id, provenance))
            if prices.setdefault(price.sku_meter, price) != price:
                raise _two_rates(price, prices[price.sku_meter])
    return tuple(prices[meter] for meter in sorted(prices))


def _type_of(rate: _Rate, region_id: str) -> str:
    """Return the type that a rate is about; empty where it is not the price that is looked for."""
    offering, told = rate.savings_plan_offering, {row.name: row.value for row in rate.properties}
    name = told.get("instanceType", "")
    fits = (
        offering.plan_type == COMPUTE
        and offering.duration_seconds == ONE_YEAR_SECONDS
        and (told.get("region"), told.get("productDescription"), told.get("tenancy")) == (region_id, LINUX, SHARED)
        and on_demand_meter(name).matches_usage_type(rate.usage_type, region_id)
    )
    return name if fits else ""


def _price(rate: _Rate, instance_type: str, region_id: str, provenance: Provenance) -> UnitPrice:
    offering = rate.savings_plan_offering
    what = f"Savings Plan rate of {instance_type}, {offering.payment_option}"
    if offering.currency != "USD":
        message = f"the {what} is in {offering.currency}"
        raise CurrencyError(message, expected="USD", action="use an account that is billed in USD")
    if rate.unit != "Hrs":
        message = f"the {what} is per {rate.unit!r}"
        raise SourcePayloadError(message, expected="a rate per Hrs", action="report it: AWS has changed the unit")
    return UnitPrice(
        service_code=EC2,
        sku_meter=savings_plan_meter(offering.payment_option, instance_type),
        region_id=region_id,
        pricing_category=PricingCategory.COMMITTED,
        list_unit_price=Decimal(f"{parse_decimal(rate.rate, what=what).normalize():f}"),
        pricing_unit="Hours",
        provenance=provenance,
    )


def _converted(row: object) -> _Rate:
    try:
        return msgspec.convert(row, _Rate)
    except msgspec.ValidationError as exc:
        message = f"a Savings Plan rate reads {str(row)[:80]!r}: {exc}"
        raise SourcePayloadError(
            message, expected="the shape of DescribeSavingsPlansOfferingRates", action="try again later"
        ) from exc


def _two_rates(one: UnitPrice, other: UnitPrice) -> AmbiguousPriceError:
    message = f"{one.key} has the rates {one.list_unit_price} and {other.list_unit_price}"
    return AmbiguousPriceError(message, expected="one rate for each payment option", action=PULL)
