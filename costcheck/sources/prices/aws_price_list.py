"""AWS list prices from the Price List Query API (`pricing:GetProducts`).

The API matches attributes and returns every product that fits, so one missing filter gives a Windows,
a Dedicated or a $0 Capacity Block row instead of the price. Each price here is therefore asked for with
all the attributes that make it unique, every returned row is checked against them again, and exactly
one SKU must be left.
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from costcheck.errors import AmbiguousPriceError, CurrencyError, PriceNotFoundError, SourcePayloadError
from costcheck.meters import Meter, on_demand_meter
from costcheck.price_book import PULL, require_positive
from costcheck.records import Origin, Provenance, UnitPrice
from costcheck.sources.prices.aws_calls import translated_errors
from costcheck.units import parse_decimal

if TYPE_CHECKING:
    from mypy_boto3_pricing import PricingClient
    from mypy_boto3_pricing.type_defs import FilterTypeDef

PRICING_REGIONS = ("us-east-1", "eu-central-1", "ap-south-1")
"""Where the API has endpoints; each serves the prices of every region (botocore's endpoints.json)."""
ONLY_CURRENCY = "USD"


class _Dimension(msgspec.Struct, rename="camel"):
    unit: str
    begin_range: str
    price_per_unit: dict[str, str]


class _Term(msgspec.Struct, rename="camel"):
    price_dimensions: dict[str, _Dimension]
    effective_date: str


class _Terms(msgspec.Struct):
    on_demand: dict[str, _Term] = msgspec.field(name="OnDemand", default_factory=dict)


class _Product(msgspec.Struct, rename="camel"):
    sku: str
    attributes: dict[str, str]
    product_family: str = ""


class PriceListItem(msgspec.Struct, rename="camel"):
    """One element of `PriceList`: a product and its terms, as far as the kit reads it."""

    product: _Product
    terms: _Terms

    @property
    def attributes(self) -> Mapping[str, str]:
        """Return the attributes, with the product family among them, as GetProducts filters see them."""
        return {**self.product.attributes, "productFamily": self.product.product_family}


def fetch_on_demand_price(
    client: "PricingClient", region_id: str, instance_type: str, *, retrieved_on: date
) -> UnitPrice:
    """Return the one on-demand Linux price of an instance type, in USD an hour.

    Raises:
        PriceNotFoundError: No SKU has all eight attributes, or its price is not above zero.
        AmbiguousPriceError: More than one SKU or tier has them.
        SourceError: AWS did not answer usefully.
    """
    return only_tier(fetch_meter_prices(client, region_id, on_demand_meter(instance_type), retrieved_on=retrieved_on))


def only_tier(prices: Sequence[UnitPrice]) -> UnitPrice:
    """Return the price of an instance hour, which has no tiers.

    Raises:
        AmbiguousPriceError: It has.
    """
    if len(prices) > 1:
        message = f"{prices[0].key} has {len(prices)} tiers in SKU {prices[0].sku_id}"
        raise AmbiguousPriceError(message, expected="one price for an instance hour", action=PULL)
    return prices[0]


def fetch_meter_prices(
    client: "PricingClient", region_id: str, meter: Meter, *, retrieved_on: date
) -> tuple[UnitPrice, ...]:
    """Return every tier of one meter's only SKU in a region, lowest first."""
    provenance = price_list_provenance(region_id, meter, retrieved_on=retrieved_on)
    return normalise_prices(fetch_price_list(client, region_id, meter), region_id, meter, provenance)


def price_list_provenance(region_id: str, meter: Meter, *, retrieved_on: date) -> Provenance:
    """Return where a price of the Price List Query API stands: in the public file of its service and region too."""
    return Provenance(
        source="aws_price_list",
        source_url=bulk_url(meter.service_code, region_id if meter.region_id is None else ""),
        retrieved_on=retrieved_on,
        origin=Origin.LIVE,
    )


def fetch_price_list(client: "PricingClient", region_id: str, meter: Meter) -> list[str]:
    """Return the JSON texts of every product that the API finds for a meter, all pages."""
    filters: list[FilterTypeDef] = [
        {"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in meter.required(region_id).items()
    ]
    with translated_errors("pricing:GetProducts"):
        pages = client.get_paginator("get_products").paginate(
            ServiceCode=meter.service_code, Filters=filters, FormatVersion="aws_v1"
        )
        return [text for page in pages for text in page.get("PriceList", [])]


def normalise_prices(
    price_list: Iterable[str], region_id: str, meter: Meter, provenance: Provenance
) -> tuple[UnitPrice, ...]:
    """Return the tiers of the one SKU that has every attribute of the meter.

    Raises:
        PriceNotFoundError: None has, or its price is not above zero.
        AmbiguousPriceError: Several have.
        CurrencyError: The price is not in USD.
        SourcePayloadError: The row is not what the price list documents.
    """
    return select_prices([parse_item(text) for text in price_list], region_id, meter, provenance)


def select_prices(
    items: Sequence[PriceListItem], region_id: str, meter: Meter, provenance: Provenance
) -> tuple[UnitPrice, ...]:
    """Return the tiers of the one SKU among `items` that has every attribute of the meter, lowest first.

    Raises:
        EvidenceError: As for `normalise_prices`.
    """
    item = _only_sku(items, region_id, meter)
    key = f"{meter.service_code} {meter.sku_meter} {region_id} SKU {item.product.sku}"
    if len(item.terms.on_demand) != 1:
        message = f"{key} has {len(item.terms.on_demand)} on-demand terms"
        raise AmbiguousPriceError(message, expected="exactly one on-demand term", action=PULL)
    (term,) = item.terms.on_demand.values()
    rows = [
        UnitPrice(
            service_code=meter.service_code,
            sku_meter=meter.sku_meter,
            region_id=meter.region_id or region_id,
            tier_start=parse_decimal(dimension.begin_range, what=f"{key} beginRange"),
            list_unit_price=_list_unit_price(dimension, meter, key),
            pricing_unit=meter.pricing_unit,
            sku_id=item.product.sku,
            effective_from=_effective_from(term, key),
            provenance=provenance,
        )
        for dimension in term.price_dimensions.values()
    ]
    if not rows:
        message = f"{key} has a term without a price"
        raise PriceNotFoundError(message, expected="at least one price dimension", action=PULL)
    return _paid(sorted(rows, key=lambda row: row.tier_start))


def _paid(rows: list[UnitPrice]) -> tuple[UnitPrice, ...]:
    """Return the tiers without the free allowance that some begin with (the first 50 health checks).

    The allowance belongs to the whole account, so no single stack may count on it: the first price reaches down to
    where the allowance began. Where every tier is free there is no price.
    """
    paid = next((index for index, row in enumerate(rows) if row.list_unit_price != 0), 0)
    first = replace(rows[paid], tier_start=rows[0].tier_start)
    return tuple(map(require_positive, (first, *rows[paid + 1 :])))


def parse_item(text: str) -> PriceListItem:
    """Return one element of `PriceList`, which arrives as a JSON text of its own.

    Raises:
        SourcePayloadError: It is cut, is not JSON, or lacks what must be there.
    """
    try:
        return msgspec.json.decode(text, type=PriceListItem)
    except (msgspec.MsgspecError, UnicodeError) as exc:
        message = f"a product of the AWS price list reads {text[:80]!r}: {exc}"
        raise SourcePayloadError(
            message,
            expected="a JSON object with product and terms",
            action="try again; a proxy may have cut it",
        ) from exc


def pricing_region(region_id: str) -> str:
    """Return the region of the API's endpoint for a user in `region_id`: their own, or us-east-1."""
    return region_id if region_id in PRICING_REGIONS else PRICING_REGIONS[0]


def bulk_url(service_code: str, region_id: str) -> str:
    """Return the public file, readable without credentials, in which anyone finds the same SKU.

    Args:
        service_code: As in `Meter`.
        region_id: Empty for a price of the whole world.
    """
    folder = f"current/{region_id}" if region_id else "current"
    return f"https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/{service_code}/{folder}/index.json"


def _only_sku(items: Sequence[PriceListItem], region_id: str, meter: Meter) -> PriceListItem:
    required = meter.required(region_id)
    fitting = [
        item
        for item in items
        if all(item.attributes.get(field) == value for field, value in required.items())
        and meter.matches_usage_type(item.attributes.get("usagetype", ""), region_id)
    ]
    asked = ", ".join(f"{field}={value}" for field, value in required.items())
    whole_key = f"{meter.service_code} {meter.sku_meter} ({asked})"
    if not fitting:
        message = f"no SKU of {whole_key} among the {len(items)} products returned"
        raise PriceNotFoundError(
            message,
            expected="exactly one SKU",
            action="check the spelling of the region and the type, and that AWS offers it there",
        )
    if len(fitting) > 1:
        skus = ", ".join(sorted(item.product.sku for item in fitting))
        message = f"{whole_key} fits {len(fitting)} SKUs: {skus}"
        raise AmbiguousPriceError(
            message,
            expected="exactly one SKU",
            action="report these SKUs: the price list has a new attribute",
        )
    return fitting[0]


def _list_unit_price(dimension: _Dimension, meter: Meter, key: str) -> Decimal:
    if set(dimension.price_per_unit) != {ONLY_CURRENCY}:
        message = f"{key} is priced in {sorted(dimension.price_per_unit)}"
        raise CurrencyError(message, expected=ONLY_CURRENCY, action="use an account that is billed in USD")
    price = parse_decimal(dimension.price_per_unit[ONLY_CURRENCY], what=f"{key} pricePerUnit")
    divisors = dict(meter.divisors)
    if dimension.unit not in divisors:
        message = f"{key} is priced per {dimension.unit!r}"
        raise SourcePayloadError(
            message,
            expected=f"a price per {' or '.join(divisors)}",
            action="report it: AWS has changed the unit",
        )
    # Fixed point without trailing zeros: AWS writes ten decimals, and 1E+2 is no way to print a price.
    return Decimal(f"{(price / divisors[dimension.unit]).normalize():f}")


def _effective_from(term: _Term, key: str) -> date:
    try:
        return date.fromisoformat(term.effective_date[:10])
    except ValueError as exc:
        message = f"{key} has the effective date {term.effective_date!r}"
        raise SourcePayloadError(message, expected="an ISO 8601 date", action="try again later") from exc
