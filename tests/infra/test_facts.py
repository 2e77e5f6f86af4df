"""What is asked of account and network, and what no answer means: not known, never zero."""

import socket
from collections.abc import Mapping
from typing import Any

import pytest

from infra.errors import ConfigError
from infra.facts import (
    fetch_caller,
    fetch_caller_address,
    fetch_cluster_endpoint,
    fetch_instances,
    fetch_quota,
    fetch_zones,
    reach,
)
from infra.gather import gather_facts
from infra.memory import Memory
from infra.quotas import QuotaRule
from tests.infra.conftest import ACCOUNT, PretendCloud
from tests.infra.stack import load

OFFERINGS = "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings"
TYPE, QUOTA = "aws:ec2/getInstanceType:getInstanceType", "aws:servicequotas/getServiceQuota:getServiceQuota"
CLUSTER = "aws:eks/getCluster:getCluster"


def refuse(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    message = f"no such thing: {asked}"
    raise LookupError(message)


def test_an_open_port_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert reach(f"127.0.0.1:{server.getsockname()[1]}") is None


def test_a_closed_port_is_not_and_says_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert "refused" in str(reach(f"127.0.0.1:{port}"))


@pytest.mark.parametrize("door", ["", "127.0.0.1", "127.0.0.1:ssh", "127.0.0.1:99999"])
def test_what_is_no_host_and_port_is_not_reached(door: str) -> None:
    assert reach(door)


def test_an_address_is_taken_as_it_stands() -> None:
    assert fetch_caller_address("203.0.113.7") == "203.0.113.7"


def test_a_service_that_does_not_answer_gives_no_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert fetch_caller_address(f"https://127.0.0.1:{port}") == ""


def test_the_caller_is_a_role_and_not_its_session(cloud: PretendCloud) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/deployer"
    cloud.answers["aws:iam/getSessionContext:getSessionContext"] = {"issuerArn": role}

    assert fetch_caller().arn == role


def test_zones_of_the_region_alone_are_asked_for(cloud: PretendCloud) -> None:
    def zones(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        assert asked["filters"] == [{"name": "opt-in-status", "values": ["opt-in-not-required"]}]
        return {"names": ["us-east-1b", "us-east-1a"]}

    cloud.answers["aws:index/getAvailabilityZones:getAvailabilityZones"] = zones

    assert fetch_zones() == ("us-east-1a", "us-east-1b")


def test_a_type_comes_with_its_zones_gpus_and_the_memory_of_one_of_them(cloud: PretendCloud) -> None:
    cloud.answers[OFFERINGS] = {"instanceTypes": ["g6e.12xlarge"] * 2, "locations": ["us-east-1a", "us-east-1c"]}
    gpus = [{"count": 4, "manufacturer": "NVIDIA", "memorySize": 45_776, "name": "L40S"}]
    cloud.answers[TYPE] = {"defaultVcpus": 48, "memorySize": 393_216, "gpuses": gpus}

    found = fetch_instances({"g6e.12xlarge", "g6e.banana"})

    assert found.keys() == {"g6e.12xlarge"}
    assert found["g6e.12xlarge"].zones == {"us-east-1a", "us-east-1c"}
    assert (found["g6e.12xlarge"].gpus, found["g6e.12xlarge"].vcpus) == (4, 48)
    assert found["g6e.12xlarge"].gpu_memory_gib == pytest.approx(44.7, abs=0.01)


def test_gpus_of_another_maker_are_none_since_the_images_have_no_driver_for_them(cloud: PretendCloud) -> None:
    cloud.answers[OFFERINGS] = {"instanceTypes": ["g4ad.xlarge"], "locations": ["us-east-1a"]}
    gpus = [{"count": 1, "manufacturer": "AMD", "memorySize": 8_192, "name": "Radeon Pro V520"}]
    cloud.answers[TYPE] = {"defaultVcpus": 4, "memorySize": 16_384, "gpuses": gpus}

    assert fetch_instances({"g4ad.xlarge"})["g4ad.xlarge"].gpus == 0


@pytest.mark.usefixtures("cloud")
def test_nothing_is_asked_about_no_type() -> None:
    assert fetch_instances(set()) == {}


def test_a_quota_is_asked_for_by_code_or_else_by_name(cloud: PretendCloud) -> None:
    def quota(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"value": 64.0 if asked.get("quotaCode") == "L-1" else 8.0 if asked.get("quotaName") == "P6" else -1.0}

    cloud.answers[QUOTA] = quota

    assert fetch_quota(QuotaRule(name="G", code="L-1")) == 64
    assert fetch_quota(QuotaRule(name="P6", code="")) == 8


def test_a_quota_that_aws_does_not_state_is_unknown(cloud: PretendCloud) -> None:
    cloud.answers[QUOTA] = refuse

    assert fetch_quota(QuotaRule(name="G", code="L-1")) is None


@pytest.mark.parametrize(
    ("endpoint", "door"),
    [
        ("https://A.gr7.us-east-1.eks.amazonaws.com", "A.gr7.us-east-1.eks.amazonaws.com:443"),
        ("https://h:6443", "h:6443"),
    ],
)
def test_the_api_of_a_cluster_is_its_host_and_port(cloud: PretendCloud, endpoint: str, door: str) -> None:
    cloud.answers[CLUSTER] = {"endpoint": endpoint}

    assert fetch_cluster_endpoint("theirs") == door


def test_a_cluster_that_is_not_there_has_none(cloud: PretendCloud) -> None:
    cloud.answers[CLUSTER] = refuse

    assert fetch_cluster_endpoint("theirs") == ""


def test_a_question_that_aws_refuses_is_said_without_a_traceback(cloud: PretendCloud) -> None:
    config = load()
    cloud.answers["aws:iam/getSessionContext:getSessionContext"] = refuse

    with pytest.raises(ConfigError, match="AWS does not answer"):
        gather_facts(config, Memory())
