"""Capacity Blocks that could be bought now: whole instances for whole days, paid at once.

`UpfrontFee` is the price of all instances for the whole duration. Nobody else's price list has it: a block exists
only as an offering, and an offering only until somebody buys it.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeCapacityBlockOfferings.html
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from costcheck.errors import SourcePayloadError
from costcheck.market import MINUTES_PER_HOUR, CapacityBlock
from costcheck.records import Origin, Provenance
from costcheck.sources.prices.aws_calls import translated_errors
from costcheck.sources.prices.market_questions import MarketQuestions
from costcheck.units import parse_decimal

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

BLOCKS_URL = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeCapacityBlockOfferings.html"


class _Segment(msgspec.Struct, rename="pascal"):
    availability_zone_id: str | None = None


class _Offering(msgspec.Struct, rename="pascal"):
    capacity_block_offering_id: str
    instance_type: str
    availability_zone: str
    instance_count: int
    start_date: datetime
    end_date: datetime
    upfront_fee: str
    currency_code: str
    capacity_block_duration_hours: int = 0
    capacity_block_duration_minutes: int = 0
    tenancy: str = "default"
    capacity_block_offering_segments: list[_Segment] = []  # msgspec copies it


def fetch_capacity_blocks(
    client: "EC2Client", region_id: str, instance_type: str, questions: MarketQuestions, *, now: datetime
) -> tuple[CapacityBlock, ...]:
    """Return every block of one type that starts within the lead time, by start and zone; there may be none.

    Raises:
        SourceError: AWS did not answer usefully, or sells no blocks of this type.
    """
    lead = timedelta(days=int(questions.capacity_block_lead.value))
    with translated_errors("ec2:DescribeCapacityBlockOfferings"):
        pages = client.get_paginator("describe_capacity_block_offerings").paginate(
            InstanceType=instance_type,
            InstanceCount=int(questions.capacity_block_instances.value),
            CapacityDurationHours=int(questions.capacity_block_duration.value),
            StartDateRange=now,
            EndDateRange=now + lead,
        )
        rows = [row for page in pages for row in page.get("CapacityBlockOfferings", [])]
    provenance = Provenance(
        source="ec2_describe_capacity_block_offerings",
        source_url=BLOCKS_URL,
        retrieved_on=now.date(),
        origin=Origin.LIVE,
    )
    return normalise_capacity_blocks(rows, region_id, provenance)


def normalise_capacity_blocks(
    rows: Iterable[object], region_id: str, provenance: Provenance
) -> tuple[CapacityBlock, ...]:
    """Return each offering as a record.

    A block that ends between full hours has its minutes beside its hours, not in place of them.

    Raises:
        SourcePayloadError: An offering lacks what AWS always says, or has no fee, duration or instance.
    """
    blocks = {block.offering_id: block for block in (_block(_converted(row), region_id, provenance) for row in rows)}
    return tuple(sorted(blocks.values(), key=lambda block: (block.starts_at, block.zone, block.offering_id)))


def _block(row: _Offering, region_id: str, provenance: Provenance) -> CapacityBlock:
    minutes = row.capacity_block_duration_hours * MINUTES_PER_HOUR + row.capacity_block_duration_minutes
    fee = parse_decimal(row.upfront_fee, what=f"UpfrontFee of {row.capacity_block_offering_id}")
    if minutes <= 0 or fee <= 0 or row.instance_count <= 0:
        message = (
            f"the Capacity Block offering {row.capacity_block_offering_id} holds {row.instance_count} x "
            f"{row.instance_type} for {minutes} minutes at {fee} {row.currency_code}"
        )
        raise SourcePayloadError(message, expected="a fee, a duration and instances", action="try again later")
    return CapacityBlock(
        region_id=region_id,
        zone=_zone(row),
        instance_type=row.instance_type,
        instance_count=row.instance_count,
        starts_at=row.start_date,
        ends_at=row.end_date,
        duration_minutes=minutes,
        upfront_fee=fee,
        pricing_currency=row.currency_code,
        offering_id=row.capacity_block_offering_id,
        provenance=provenance,
    )


def _zone(row: _Offering) -> str:
    """Return the id of the zone where every segment stands in the same one, else the name that AWS gives."""
    ids = {segment.availability_zone_id for segment in row.capacity_block_offering_segments}
    return next(iter(ids)) or row.availability_zone if len(ids) == 1 else row.availability_zone


def _converted(row: object) -> _Offering:
    try:
        return msgspec.convert(row, _Offering)
    except msgspec.ValidationError as exc:
        message = f"a Capacity Block offering reads {str(row)[:80]!r}: {exc}"
        raise SourcePayloadError(
            message, expected="the shape of DescribeCapacityBlockOfferings", action="try again later"
        ) from exc
