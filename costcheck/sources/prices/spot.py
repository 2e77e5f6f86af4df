"""Spot prices of Linux, zone by zone, as they are now.

The API lists changes of prices, so the newest row of a zone is its price, whatever its age; asked for one moment it
answers with the last change before it. A type without rows has no pool in the region: that is no price, and not zero.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from costcheck.errors import PriceNotFoundError, SourcePayloadError
from costcheck.market import SpotZonePrice
from costcheck.records import Origin, PricingCategory, Provenance, UnitPrice
from costcheck.sources.prices.aws_calls import translated_errors
from costcheck.units import parse_decimal

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.literals import InstanceTypeType

SPOT_URL = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html"
LINUX = ("Linux/UNIX", "Linux/UNIX (Amazon VPC)")
SPOT_PREFIX = "SpotUsage:"
TYPES_A_CALL = 50


class _Row(msgspec.Struct, rename="pascal"):
    instance_type: str
    product_description: str
    spot_price: str
    timestamp: datetime
    availability_zone: str | None = None
    availability_zone_id: str | None = None


def fetch_spot_zones(
    client: "EC2Client", region_id: str, instance_types: Sequence[str], *, now: datetime
) -> tuple[SpotZonePrice, ...]:
    """Return the price of every zone that has one, by type and zone.

    Raises:
        SourceError: AWS did not answer usefully.
    """
    provenance = Provenance(
        source="ec2_describe_spot_price_history",
        source_url=SPOT_URL,
        retrieved_on=now.date(),
        origin=Origin.LIVE,
    )
    rows = [
        row
        for start in range(0, len(instance_types), TYPES_A_CALL)
        for row in _history(client, instance_types[start : start + TYPES_A_CALL], now)
    ]
    return normalise_spot_zones(rows, region_id, instance_types, provenance)


def _history(client: "EC2Client", names: Sequence[str], now: datetime) -> list[object]:
    wanted: Sequence[InstanceTypeType] = names  # type: ignore[assignment]  # any name may be asked for
    with translated_errors("ec2:DescribeSpotPriceHistory"):
        pages = client.get_paginator("describe_spot_price_history").paginate(
            InstanceTypes=wanted, ProductDescriptions=list(LINUX), StartTime=now, EndTime=now
        )
        return [row for page in pages for row in page.get("SpotPriceHistory", [])]


def normalise_spot_zones(
    rows: Iterable[object], region_id: str, instance_types: Iterable[str], provenance: Provenance
) -> tuple[SpotZonePrice, ...]:
    """Return the newest row of each zone of the named types; of two as new, the dearer.

    Raises:
        SourcePayloadError: A row lacks what AWS always says, or its price is not above zero.
    """
    wanted = set(instance_types)
    newest: dict[tuple[str, str], SpotZonePrice] = {}
    for found in map(_converted, rows):
        if found.instance_type in wanted and found.product_description in LINUX:
            row = _zone_price(found, region_id, provenance)
            key = row.instance_type, row.zone_id
            newest[key] = max(newest.get(key, row), row, key=lambda one: (one.observed_at, one.list_unit_price))
    return tuple(newest[key] for key in sorted(newest))


def dearest_zone_price(zones: Iterable[SpotZonePrice]) -> UnitPrice:
    """Return the spot price of one type for which any zone that has one can be used: the dearest zone's.

    A fleet that must not pay more than was decided cannot choose its zone, since pools empty without notice.
    """
    row = max(zones, key=lambda zone: zone.list_unit_price)
    return UnitPrice(
        service_code="AmazonEC2",
        sku_meter=f"{SPOT_PREFIX}{row.instance_type}",
        region_id=row.region_id,
        pricing_category=PricingCategory.DYNAMIC,
        list_unit_price=row.list_unit_price,
        pricing_unit="Hours",
        provenance=row.provenance,
    )


def dearest_zone_prices(zones: Iterable[SpotZonePrice]) -> tuple[UnitPrice, ...]:
    """Return the price of each type that has one (`dearest_zone_price`), by name."""
    by_type: dict[str, list[SpotZonePrice]] = defaultdict(list)
    for zone in zones:
        by_type[zone.instance_type].append(zone)
    return tuple(dearest_zone_price(by_type[name]) for name in sorted(by_type))


def fetch_spot_price(client: "EC2Client", region_id: str, instance_type: str, *, now: datetime) -> UnitPrice:
    """Return the dearest zone's newest spot price of Linux, in USD an hour.

    Raises:
        PriceNotFoundError: No zone has one: absence is not a price.
        SourceError: AWS did not answer usefully.
    """
    zones = fetch_spot_zones(client, region_id, [instance_type], now=now)
    if not zones:
        message = f"no zone of {region_id} has a spot price of {instance_type}"
        raise PriceNotFoundError(message, expected="at least one", action="choose another type, or buy on demand")
    return dearest_zone_price(zones)


def _converted(row: object) -> _Row:
    try:
        return msgspec.convert(row, _Row)
    except msgspec.ValidationError as exc:
        message = f"a spot price reads {str(row)[:80]!r}: {exc}"
        raise SourcePayloadError(
            message, expected="the shape of DescribeSpotPriceHistory", action="try again later"
        ) from exc


def _zone_price(row: _Row, region_id: str, provenance: Provenance) -> SpotZonePrice:
    zone = row.availability_zone_id or row.availability_zone
    price = parse_decimal(row.spot_price, what=f"spot price of {row.instance_type} in {zone}")
    if zone is None or price <= 0:
        message = f"the spot price of {row.instance_type} in {zone} is {price}"
        raise SourcePayloadError(message, expected="a zone and a price above zero", action="try again later")
    return SpotZonePrice(
        region_id=region_id,
        zone_id=zone,
        instance_type=row.instance_type,
        list_unit_price=Decimal(f"{price.normalize():f}"),
        observed_at=row.timestamp,
        provenance=provenance,
    )
