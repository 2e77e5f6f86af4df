"""Instance facts from recorded EC2 descriptions; zones from answers in EC2's documented shape."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from costcheck.errors import PriceNotFoundError, SourceAuthError, SourcePayloadError
from costcheck.records import Origin, Provenance
from costcheck.sources.prices.aws_instances import (
    fetch_instance_types,
    fetch_zone_offerings,
    normalise_instance_types,
)

TODAY = date(2026, 9, 25)
SEEN = Provenance(source="t", source_url="https://example.org", retrieved_on=TODAY, origin=Origin.CONSTRUCTED)
RECORDED = Path(__file__).parents[3] / "data" / "ec2" / "describe_instance_types_t3_p3.json"

StubMaker = Callable[[str], tuple[Any, Stubber]]


def described(name: str = "g6e.xlarge", **gpu: object) -> dict[str, Any]:
    """Return a constructed description with one GPU of EC2's documented shape."""
    one = {"Name": "L40S", "Count": 1, "MemoryInfo": {"SizeInMiB": 45776}} | gpu
    return {
        "InstanceType": name,
        "MemoryInfo": {"SizeInMiB": 32768},
        "VCpuInfo": {"DefaultVCpus": 4},
        "GpuInfo": {"Gpus": [one]},
    }


def test_the_recorded_descriptions_give_a_gpu_type_and_a_cpu_type(stub: StubMaker) -> None:
    client, stubber = stub("ec2")
    recorded = json.loads(RECORDED.read_text())["InstanceTypes"]
    stubber.add_response("describe_instance_types", {"InstanceTypes": recorded})
    gpu, cpu = fetch_instance_types(client, ["p3.16xlarge", "t3.micro"], retrieved_on=TODAY)
    assert (gpu.gpu_count, gpu.gpu_name, gpu.gpu_memory_gib) == (8, "V100", Decimal(16))
    assert (gpu.vcpu_count, gpu.memory_gib) == (64, Decimal(488))
    assert (cpu.gpu_count, cpu.gpu_name, cpu.gpu_memory_gib, cpu.memory_gib) == (0, None, None, Decimal(1))


def test_memory_in_mebibytes_becomes_exact_gibibytes() -> None:
    (fact,) = normalise_instance_types([described()], SEEN)
    assert fact.gpu_memory_gib == Decimal("44.703125")


def test_a_fraction_of_a_gpu_is_no_whole_gpu() -> None:
    (fact,) = normalise_instance_types([described("g6f.large", Count=0)], SEEN)
    assert (fact.gpu_count, fact.gpu_name) == (0, "L40S")


def test_gpus_of_two_kinds_are_refused() -> None:
    row = described()
    row["GpuInfo"]["Gpus"] *= 2
    with pytest.raises(SourcePayloadError, match=r"g6e\.xlarge"):
        normalise_instance_types([row], SEEN)


@pytest.mark.parametrize("missing", ["InstanceType", "MemoryInfo", "VCpuInfo"])
def test_a_description_without_what_ec2_always_says_is_refused(missing: str) -> None:
    row = described()
    del row[missing]
    with pytest.raises(SourcePayloadError, match=missing):
        normalise_instance_types([row], SEEN)


def test_an_unknown_type_is_named(stub: StubMaker) -> None:
    client, stubber = stub("ec2")
    stubber.add_client_error(
        "describe_instance_types", "InvalidInstanceType", "The following supplied instance types do not exist: [g9.x]"
    )
    with pytest.raises(PriceNotFoundError, match=r"g9\.x"):
        fetch_instance_types(client, ["g9.x"], retrieved_on=TODAY)


def test_a_type_that_ec2_leaves_out_is_named(stub: StubMaker) -> None:
    client, stubber = stub("ec2")
    stubber.add_response("describe_instance_types", {"InstanceTypes": [described()]})
    with pytest.raises(PriceNotFoundError, match=r"g7\.2xlarge"):
        fetch_instance_types(client, ["g6e.xlarge", "g7.2xlarge"], retrieved_on=TODAY)


def test_more_than_a_hundred_names_go_in_several_calls(stub: StubMaker) -> None:
    client, stubber = stub("ec2")
    names = [f"g6e.{number}xlarge" for number in range(150)]
    for part in (names[:100], names[100:]):
        answer = {"InstanceTypes": [described(name) for name in part]}
        stubber.add_response("describe_instance_types", answer, {"InstanceTypes": part})
    assert [fact.instance_type for fact in fetch_instance_types(client, names, retrieved_on=TODAY)] == names


def test_a_refusal_names_the_action(stub: StubMaker) -> None:
    client, stubber = stub("ec2")
    stubber.add_client_error("describe_instance_types", "UnauthorizedOperation", "no")
    with pytest.raises(SourceAuthError, match="ec2:DescribeInstanceTypes"):
        fetch_instance_types(client, ["g6e.xlarge"], retrieved_on=TODAY)


def offering(name: str, zone: str, kind: str = "availability-zone-id") -> dict[str, str]:
    return {"InstanceType": name, "LocationType": kind, "Location": zone}


def test_zones_are_asked_by_id_and_a_type_offered_nowhere_has_none(stub: StubMaker) -> None:
    client, stubber = stub("ec2")
    names = ["g6e.xlarge", "p5e.48xlarge"]
    rows = [offering("g6e.xlarge", "use1-az4"), offering("g6e.xlarge", "use1-az1")]
    stubber.add_response(
        "describe_instance_type_offerings",
        {"InstanceTypeOfferings": rows},
        {"LocationType": "availability-zone-id", "Filters": [{"Name": "instance-type", "Values": names}]},
    )
    found = {
        row.instance_type: row.zone_ids
        for row in fetch_zone_offerings(client, "us-east-1", names, retrieved_on=TODAY)
    }
    assert found == {"g6e.xlarge": ("use1-az1", "use1-az4"), "p5e.48xlarge": ()}


def test_a_zone_by_name_is_refused_because_names_differ_between_accounts(stub: StubMaker) -> None:
    client, stubber = stub("ec2")
    rows = [offering("g6e.xlarge", "us-east-1a", "availability-zone")]
    stubber.add_response("describe_instance_type_offerings", {"InstanceTypeOfferings": rows})
    with pytest.raises(SourcePayloadError, match="us-east-1a"):
        fetch_zone_offerings(client, "us-east-1", ["g6e.xlarge"], retrieved_on=TODAY)
