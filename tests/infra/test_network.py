"""The VPC: what it is cut into, and what may reach what."""

import ipaddress
import json

import pulumi_aws as aws
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import ConfigError
from infra.network import Nat, Network, plan_blocks
from tests.infra.builders import ACCOUNT, KEY, ZONES, network_args
from tests.infra.conftest import PretendCloud

SUBNET, ROUTE = "aws:ec2/subnet:Subnet", "aws:ec2/route:Route"


def test_no_subnet_gives_instances_a_public_address(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Network("net", network_args()))
    assert [subnet.inputs["mapPublicIpOnLaunch"] for subnet in cloud.of(SUBNET)] == [False] * 4


def test_each_zone_has_a_private_and_a_public_subnet(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Network("net", network_args(zones=ZONES)))
    placed = sorted((subnet.inputs["availabilityZone"], subnet.name.split("-")[1]) for subnet in cloud.of(SUBNET))
    assert placed == sorted((zone, tier) for zone in ZONES for tier in ("private", "public"))


def test_load_balancers_find_their_subnets_by_tag(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Network("net", network_args()))
    for subnet in cloud.of(SUBNET):
        role = "elb" if "-public-" in subnet.name else "internal-elb"
        assert subnet.inputs["tags"][f"kubernetes.io/role/{role}"] == "1"


@pytest.mark.parametrize(("nat", "gateways"), [(Nat.SINGLE, 1), (Nat.PER_ZONE, 3)])
def test_nat_is_a_priced_choice(cloud: PretendCloud, nat: Nat, gateways: int) -> None:
    cloud.deploy(lambda: Network("net", network_args(zones=ZONES, nat=nat)))
    assert len(cloud.of("aws:ec2/natGateway:NatGateway")) == gateways


def test_nat_gateways_stand_in_public_subnets(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Network("net", network_args(zones=ZONES, nat=Nat.PER_ZONE)))
    for gateway in cloud.of("aws:ec2/natGateway:NatGateway"):
        assert gateway.inputs["subnetId"].startswith("net-public-")


def test_with_a_gateway_in_each_zone_no_zone_depends_on_another(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Network("net", network_args(zones=ZONES, nat=Nat.PER_ZONE)))
    for route in cloud.of(ROUTE):
        if route.name.startswith("net-private-"):
            assert route.inputs["natGatewayId"] == route.name.replace("private", "nat") + "-id"


def test_private_subnets_leave_only_through_nat(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Network("net", network_args()))
    gateways = [route.inputs for route in cloud.of(ROUTE) if route.name.startswith("net-private-")]
    assert len(gateways) == 2
    assert all("natGatewayId" in route and "gatewayId" not in route for route in gateways)


def test_whoever_uses_a_private_subnet_waits_for_its_way_out(cloud: PretendCloud) -> None:
    def program() -> None:
        network = Network("net", network_args())
        aws.ec2.NetworkInterface("user", subnet_id=network.private_subnets[ZONES[1]])

    cloud.deploy(program)
    order = [(resource.token, resource.name) for resource in cloud.resources]
    user = order.index(("aws:ec2/networkInterface:NetworkInterface", "user"))
    assert order.index((ROUTE, f"net-private-{ZONES[1]}")) < user
    assert order.index(("aws:ec2/routeTableAssociation:RouteTableAssociation", f"net-private-{ZONES[1]}")) < user
    assert cloud.resources[user].inputs["subnetId"] == f"net-private-{ZONES[1]}-id"


def test_weights_come_from_s3_past_the_nat_gateway(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Network("net", network_args()))
    endpoint = cloud.one("aws:ec2/vpcEndpoint:VpcEndpoint").inputs
    assert endpoint["vpcEndpointType"] == "Gateway"
    assert endpoint["serviceName"] == "com.amazonaws.us-east-1.s3"
    assert endpoint["routeTableIds"] == [f"net-private-{zone}-id" for zone in ZONES[:2]]


def test_the_default_security_group_allows_nothing(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Network("net", network_args()))
    group = cloud.one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs
    assert (group["ingress"], group["egress"]) == ([], [])


def test_all_flows_go_to_an_encrypted_log_group_that_ends(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Network("net", network_args(log_retention_days=90)))
    group = cloud.one("aws:cloudwatch/logGroup:LogGroup")
    assert (group.inputs["kmsKeyId"], group.inputs["retentionInDays"]) == (KEY, 90)
    flow_log = cloud.one("aws:ec2/flowLog:FlowLog").inputs
    assert flow_log["trafficType"] == "ALL"
    assert flow_log["logDestination"].endswith(group.name)


def test_the_flow_logs_role_writes_to_its_own_group_alone(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Network("net", network_args()))
    role = json.loads(cloud.one("aws:iam/role:Role").inputs["assumeRolePolicy"])["Statement"][0]
    assert role["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert role["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    policy = json.loads(cloud.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]
    assert len(policy) == 1
    assert all(resource.split(":*")[0].endswith("net-flow-logs") for resource in policy[0]["Resource"])


def test_everything_taggable_carries_the_cost_tags(cloud: PretendCloud) -> None:
    cloud.deploy(lambda: Network("net", network_args()))
    untagged = {resource.token for resource in cloud.resources if "tags" not in resource.inputs}
    assert untagged == {
        "worthwhile:infra:Network",
        ROUTE,
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:iam/rolePolicy:RolePolicy",
    }


@pytest.mark.parametrize("zones", [ZONES[:1], (*ZONES, "us-east-1d"), ("us-east-1a", "us-east-1a")])
def test_too_few_too_many_or_repeated_zones_are_refused(zones: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"network\.zones"):
        plan_blocks("10.40.0.0/16", zones)


@pytest.mark.parametrize("cidr", ["10.40.0.0/20", "10.40.0.1/16", "ten", "2001:db8::/32"])
def test_a_range_that_is_too_small_or_none_is_refused(cidr: str) -> None:
    with pytest.raises(ConfigError, match=r"network\.cidr"):
        plan_blocks(cidr, ZONES)


@given(st.integers(min_value=16, max_value=19), st.integers(min_value=0, max_value=255), st.sampled_from([2, 3]))
def test_ranges_lie_in_the_vpc_and_never_overlap(prefix: int, second: int, zones: int) -> None:
    vpc = ipaddress.IPv4Network(f"10.{second}.0.0/{prefix}")
    blocks = plan_blocks(str(vpc), ZONES[:zones])
    ranges = [ipaddress.IPv4Network(text) for block in blocks for text in (block.private, block.public)]
    assert all(part.subnet_of(vpc) for part in ranges)
    assert not any(a.overlaps(b) for index, a in enumerate(ranges) for b in ranges[index + 1 :])
    assert all(part.prefixlen <= 27 for part in ranges)  # the least that a load balancer takes
