"""Capacity Blocks: a fee for everything at once, and what an hour of one instance comes to."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from costcheck.errors import SourceError, SourcePayloadError
from costcheck.market import CapacityBlock
from costcheck.sources.prices.capacity_blocks import fetch_capacity_blocks, normalise_capacity_blocks
from costcheck.sources.prices.market_questions import read_market_questions
from tests.costcheck.sources.prices.market_stubs import NOW, REGION, SEEN, Stub, block_row

METHOD = "describe_capacity_block_offerings"
QUESTIONS = read_market_questions()


def one(**row: Any) -> CapacityBlock:  # noqa: ANN401 - any field of an offering
    (block,) = normalise_capacity_blocks([block_row(**row)], REGION, SEEN)
    return block


def test_the_fee_is_for_all_instances_and_hours() -> None:
    assert one(fee="996.67").hourly_price.quantize(Decimal("0.01")) == Decimal("41.53")
    assert one(fee="960", InstanceCount=4, CapacityBlockDurationHours=48).hourly_price == 5


def test_minutes_stand_beside_the_hours() -> None:
    assert one(fee="49", CapacityBlockDurationMinutes=30).hourly_price == 2


def test_a_day_of_one_instance_within_eight_weeks_is_asked_for(stub: Stub) -> None:
    client, stubber = stub("ec2")
    asked = {
        "InstanceType": "p5.48xlarge",
        "InstanceCount": 1,
        "CapacityDurationHours": 24,
        "StartDateRange": NOW,
        "EndDateRange": NOW + timedelta(weeks=8),
    }
    stubber.add_response(METHOD, {"CapacityBlockOfferings": [block_row()]}, asked)
    (block,) = fetch_capacity_blocks(client, REGION, "p5.48xlarge", QUESTIONS, now=NOW)
    assert (block.offering_id, block.pricing_currency, block.zone) == ("cb-0", "USD", "us-east-1a")


def test_every_page_is_read_and_an_offering_that_comes_twice_counts_once(stub: Stub) -> None:
    client, stubber = stub("ec2")
    pages: tuple[list[dict[str, Any]], ...] = (
        [block_row()],
        [],
        [block_row(), block_row(CapacityBlockOfferingId="cb-1")],
    )
    for page, token in zip(pages, ("1", "2", None), strict=True):
        more = {"NextToken": token} if token else {}
        stubber.add_response(METHOD, {"CapacityBlockOfferings": page, **more})
    blocks = fetch_capacity_blocks(client, REGION, "p5.48xlarge", QUESTIONS, now=NOW)
    assert [block.offering_id for block in blocks] == ["cb-0", "cb-1"]


def test_no_offering_is_an_answer(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_response(METHOD, {"CapacityBlockOfferings": []})
    assert fetch_capacity_blocks(client, REGION, "p5.48xlarge", QUESTIONS, now=NOW) == ()


def test_a_type_that_is_not_sold_in_blocks_is_an_error(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_client_error(METHOD, "Unsupported", "not available")
    with pytest.raises(SourceError, match="Unsupported"):
        fetch_capacity_blocks(client, REGION, "p2.xlarge", QUESTIONS, now=NOW)


@pytest.mark.parametrize(
    "row",
    [
        block_row(fee="0"),
        block_row(fee="soon"),
        block_row(InstanceCount=0),
        block_row(CapacityBlockDurationHours=0),
        {"InstanceType": "p5.48xlarge"},
    ],
)
def test_an_offering_without_fee_duration_or_instances_is_an_error(row: Any) -> None:  # noqa: ANN401 - a row of AWS
    with pytest.raises(SourcePayloadError):
        normalise_capacity_blocks([row], REGION, SEEN)


def test_the_zone_is_told_by_its_id_where_all_segments_share_one() -> None:
    segment = {"AvailabilityZoneId": "use1-az4"}
    assert one(CapacityBlockOfferingSegments=[segment, segment]).zone == "use1-az4"
    assert one(CapacityBlockOfferingSegments=[segment, {"AvailabilityZoneId": "use1-az1"}]).zone == "us-east-1a"
