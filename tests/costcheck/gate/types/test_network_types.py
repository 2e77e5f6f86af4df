"""Networks and load balancers: what sets a price, and what has none here."""

import pytest

from costcheck.gate.estimate import Estimate
from costcheck.gate.types import (
    connectivity,
    content_delivery,
    free_by_value,
    load_balancing,
    monitoring,
    network,
    security,
    storage,
)
from costcheck.gate.view import UnpriceableError
from costcheck.plan.records import UNKNOWN, Resource
from tests.costcheck.gate.types import content_cases, network_cases, security_cases
from tests.costcheck.gate.types.network_cases import (
    ASSOCIATION,
    BALANCER,
    CLASSIC,
    ENDPOINT,
    FIREWALL,
    NAT,
    PLAIN_POLICY,
    RESOLVER,
    VPN,
    balancer,
    firewall,
)
from tests.costcheck.gate.types.registry import Json, estimate, pair, quantities, resource

MODULES = (
    connectivity, content_delivery, free_by_value, load_balancing, monitoring, network, security, storage,
)  # fmt: skip
DIRECT = "aws:directconnect/connection:Connection"


@pytest.mark.parametrize("token", sorted(token for module in MODULES for token in module.PRICED))
def test_each_type_is_priced_by_hand_somewhere(token: str) -> None:
    cases = (*network_cases.CASES, *content_cases.CASES, *security_cases.CASES)
    assert token in {case.resource.token for case in cases}


@pytest.mark.parametrize(
    "refused",
    [
        resource(NAT),
        resource(NAT, subnetId="a", availabilityMode="regional"),
        resource(ENDPOINT),
        resource(ENDPOINT, subnetIds=["a"]),
        resource(ENDPOINT, vpcEndpointType="Interface"),
        resource(ENDPOINT, vpcEndpointType="Interface", subnetIds=[]),
        resource(ENDPOINT, vpcEndpointType="Interface", subnetIds=UNKNOWN),
        resource(ENDPOINT, vpcEndpointType="Resource", subnetIds=["a"]),
        resource(FIREWALL, firewallPolicyArn="elsewhere", subnetMappings=[{}]),
        resource(RESOLVER),
        resource(RESOLVER, ipAddresses=[{}], rniEnhancedMetricsEnabled=True),
        resource(RESOLVER, ipAddresses=[{}], targetNameServerMetricsEnabled=True),
        resource(VPN),
        resource(VPN, transitGatewayId="t", enableAcceleration=True),
        resource(VPN, vpnGatewayId="v", tunnelBandwidth="large"),
        resource(DIRECT, bandwidth="10Gbps"),
        resource(DIRECT, location="EqDC2"),
        resource(ASSOCIATION, associatedGatewayId="elsewhere"),
        resource(BALANCER),
        resource(BALANCER, subnets=["a"], loadBalancerType="magic"),
        balancer("network", minimumLoadBalancerCapacity={"capacityUnits": 100}),
        balancer("application", subnets=UNKNOWN),
        resource(CLASSIC),
        resource(CLASSIC, internal=UNKNOWN, subnets=["a"]),
    ],
)
def test_what_the_plan_does_not_tell_is_unknown(refused: Resource) -> None:
    with pytest.raises(UnpriceableError):
        estimate(refused)


def test_a_firewall_of_unsaid_size_is_unknown() -> None:
    with pytest.raises(UnpriceableError, match="subnetMappings"):
        estimate(firewall(PLAIN_POLICY), PLAIN_POLICY)


def test_a_firewall_that_inspects_tls_is_unknown() -> None:
    policy = resource(PLAIN_POLICY.token, "tls", firewallPolicy={"tlsInspectionConfigurationArn": "a"})
    with pytest.raises(UnpriceableError, match="TLS"):
        estimate(firewall(policy, subnetMappings=[{}]), policy)


def test_a_load_balancer_of_unsaid_type_is_an_application_load_balancer_that_faces_the_internet() -> None:
    unsaid = quantities(estimate(resource(BALANCER, subnets=["a", "b"])))
    assert unsaid["LoadBalancerUsage"] == pair(730, 730)
    assert unsaid["PublicIPv4:InUseAddress"] == pair(1460, 1460)


@pytest.mark.parametrize(
    "changes", [{"internal": True}, {"ipAddressType": "dualstack-without-public-ipv4"}], ids=["internal", "IPv6"]
)
def test_a_load_balancer_without_public_addresses_buys_none(changes: Json) -> None:
    assert "PublicIPv4:InUseAddress" not in quantities(estimate(balancer("application", **changes)))


def test_each_further_subnet_of_an_endpoint_costs_as_much_again() -> None:
    def endpoint(*subnets: str) -> Estimate:
        return estimate(resource(ENDPOINT, vpcEndpointType="Interface", subnetIds=list(subnets)))

    hours = [quantities(endpoint(*subnets))["VpcEndpoint-Hours"] for subnets in ("a", "ab", "abc")]
    assert hours == [pair(730, 730), pair(1460, 1460), pair(2190, 2190)]
