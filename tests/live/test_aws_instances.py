"""EC2 still describes instance types and zones in the shape that we read."""

from datetime import date

from costcheck.sources.prices.aws_instances import fetch_instance_types, fetch_zone_offerings
from costcheck.sources.prices.pull import PriceClients
from tests.live.checks import REGION


def test_a_g6_xlarge_has_one_whole_gpu(aws: PriceClients, today: date) -> None:
    (fact,) = fetch_instance_types(aws.ec2, ["g6.xlarge"], retrieved_on=today)

    assert (fact.gpu_name, fact.gpu_count) == ("L4", 1)


def test_zones_are_named_by_id(aws: PriceClients, today: date) -> None:
    (offering,) = fetch_zone_offerings(aws.ec2, REGION, ["g6.xlarge"], retrieved_on=today)

    assert offering.zone_ids
    assert all(zone.startswith("use1-az") for zone in offering.zone_ids)
