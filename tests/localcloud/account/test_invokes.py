"""Lookups, answered from recorded data and from the account."""

import pytest

from localcloud.account.store import Account
from tests.localcloud.account.engine_side import Engine, RefusedByProviderError
from tests.localcloud.account.programs import make_cluster, make_network, make_role


def test_the_caller_is_a_session_of_a_role(engine: Engine) -> None:
    identity = engine.invoke("aws:index/getCallerIdentity:getCallerIdentity")
    context = engine.invoke("aws:iam/getSessionContext:getSessionContext", arn=identity["arn"])
    assert identity["accountId"] == "123456789012"
    assert context["issuerArn"] == "arn:aws:iam::123456789012:role/localcloud-admin"
    assert context["sessionName"] == "laptop"


def test_the_session_context_of_a_role_is_the_role(engine: Engine) -> None:
    arn = "arn:aws:iam::123456789012:role/ci"
    assert engine.invoke("aws:iam/getSessionContext:getSessionContext", arn=arn)["issuerArn"] == arn


def test_zones_have_the_ids_of_the_recorded_account(engine: Engine) -> None:
    found = engine.invoke("aws:index/getAvailabilityZones:getAvailabilityZones")
    by_name = dict(zip(found["names"], found["zoneIds"], strict=True))
    assert by_name["us-east-1e"] == "use1-az3"  # the zone without EKS, and with hardly any types
    assert len(set(by_name.values())) == 6


def test_zones_can_be_left_out(engine: Engine) -> None:
    zones = "aws:index/getAvailabilityZones:getAvailabilityZones"
    assert "us-east-1e" not in engine.invoke(zones, excludeZoneIds=["use1-az3"])["names"]
    local = [{"name": "zone-type", "values": ["local-zone"]}]
    assert engine.invoke(zones, filters=local)["names"] == []


def test_an_instance_type_has_its_gpus_and_memory(engine: Engine) -> None:
    found = engine.invoke("aws:ec2/getInstanceType:getInstanceType", instanceType="g6.12xlarge")
    assert (found["defaultVcpus"], found["memorySize"]) == (48, 196_608)
    assert [(each["name"], each["count"]) for each in found["gpuses"]] == [("L4", 4)]


def test_an_unknown_instance_type_is_refused_alone_and_left_out_of_a_list(engine: Engine) -> None:
    with pytest.raises(RefusedByProviderError, match=r"do not exist: .g6.tiny"):
        engine.invoke("aws:ec2/getInstanceType:getInstanceType", instanceType="g6.tiny")
    filters = [{"name": "instance-type", "values": ["g6.tiny", "g6.xlarge"]}]
    found = engine.invoke("aws:ec2/getInstanceTypes:getInstanceTypes", filters=filters)
    assert found["instanceTypes"] == ["g6.xlarge"]


def test_offerings_name_the_zones_of_a_type(engine: Engine) -> None:
    found = engine.invoke(
        "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings",
        filters=[{"name": "instance-type", "values": ["g7e.2xlarge"]}],
        locationType="availability-zone",
    )
    assert sorted(found["locations"]) == ["us-east-1a", "us-east-1c"]


def test_a_filter_that_is_not_known_is_refused_rather_than_ignored(engine: Engine) -> None:
    filters = [{"name": "processor-info.supported-architecture", "values": ["arm64"]}]
    with pytest.raises(RefusedByProviderError, match="does not know the filters"):
        engine.invoke("aws:ec2/getInstanceTypes:getInstanceTypes", filters=filters)


def test_a_quota_is_what_the_account_file_says(engine: Engine, account: Account) -> None:
    quota = "aws:servicequotas/getServiceQuota:getServiceQuota"
    assert engine.invoke(quota, serviceCode="ec2", quotaCode="L-DB2E81BA")["value"] == 768
    with account.change() as state:
        state.quotas["L-DB2E81BA"] = 8
    assert engine.invoke(quota, serviceCode="ec2", quotaCode="L-DB2E81BA")["value"] == 8
    with pytest.raises(RefusedByProviderError, match="NoSuchResourceException"):
        engine.invoke(quota, serviceCode="ec2", quotaCode="L-00000000")


def test_a_cluster_and_subnets_are_found_in_the_account(engine: Engine) -> None:
    network = make_network(engine)
    cluster = make_cluster(engine, network, make_role(engine, "any"))
    found = engine.invoke("aws:eks/getCluster:getCluster", name="eks")
    assert found["vpcConfig"]["clusterSecurityGroupId"] == cluster.outputs["vpcConfig"]["clusterSecurityGroupId"]
    assert found["certificateAuthorities"] == [cluster.outputs["certificateAuthority"]]
    filters = [{"name": "vpc-id", "values": [network.vpc.id]}]
    assert engine.invoke("aws:ec2/getSubnets:getSubnets", filters=filters)["ids"] == network.subnet_ids
    with pytest.raises(RefusedByProviderError, match="ResourceNotFoundException"):
        engine.invoke("aws:eks/getCluster:getCluster", name="other")


def test_an_unknown_lookup_is_refused_by_name(engine: Engine) -> None:
    with pytest.raises(RefusedByProviderError, match="aws:ec2/getAmi:getAmi"):
        engine.invoke("aws:ec2/getAmi:getAmi")
