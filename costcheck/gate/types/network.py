"""VPC: NAT gateways, endpoints, firewalls, DNS resolvers, mirrors.

Usage types and attributes as in https://github.com/infracost/infracost/tree/master/internal/resources/aws
(read 2026-11-26).
"""

from decimal import Decimal

from costcheck.gate.estimate import Estimate
from costcheck.gate.types.lines import all_month, by_use, listed
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import meter

NAT_HOURS, NAT_BYTES = meter("AmazonEC2", "NatGateway-Hours"), meter("AmazonEC2", "NatGateway-Bytes")
ENDPOINTS = {
    "Interface": (meter("AmazonVPC", "VpcEndpoint-Hours"), meter("AmazonVPC", "VpcEndpoint-Bytes")),
    "GatewayLoadBalancer": (
        listed("AmazonVPC", "VpcEndpoint-GWLBE-Hours", "Hours", productFamily="VpcEndpoint"),
        listed("AmazonVPC", "VpcEndpoint-GWLBE-Bytes", "GB", productFamily="VpcEndpoint"),
    ),
}
FIREWALL_POLICY = "aws:networkfirewall/firewallPolicy:FirewallPolicy"
FIREWALL_HOURS = listed("AWSNetworkFirewall", "Endpoint-Hour", "Hours", productFamily="AWS Firewall")
FIREWALL_BYTES = listed("AWSNetworkFirewall", "Traffic-GB-Processed", "GB", productFamily="AWS Firewall")
RESOLVER_HOURS = listed("AmazonRoute53", "ResolverNetworkInterface", "Hours", productFamily="DNS Query")
RESOLVER_QUERIES = listed("AmazonRoute53", "DNS-Queries/Resolver", "Queries", productFamily="DNS Query")
MIRROR_HOURS = listed("AmazonVPC", "ENI-Mirror", "Hours")


def count_of(view: View, *names: str) -> Decimal:
    """Return how long the longest of these lists is; one of them must say something.

    Raises:
        UnpriceableError: All are missing or empty, or one is unknown.
    """
    count = max(view.items(name) for name in names)
    if not count:
        message = f"{' or '.join(names)} is not in the plan, so nobody can tell how many are bought"
        raise UnpriceableError(message)
    return Decimal(count)


def nat_gateway(view: View) -> Estimate:
    """Return a NAT gateway of one zone; its address is a resource of its own.

    Raises:
        UnpriceableError: It is a regional one, which is charged by the zones that it happens to serve.
    """
    if view.text("availabilityMode", default="zonal") != "zonal" or not view.has("subnetId"):
        message = "subnetId is not in the plan: a regional gateway is charged by the zones that it happens to serve"
        raise UnpriceableError(message)
    return Estimate(components=(all_month("NAT gateway", NAT_HOURS), by_use("NAT traffic", NAT_BYTES)))


def vpc_endpoint(view: View) -> Estimate:
    """Return an endpoint, one network interface a subnet; a gateway endpoint, the one with route tables, is free."""
    if not view.has("vpcEndpointType") and view.has("routeTableIds"):
        return Estimate()
    kind = view.text("vpcEndpointType")
    if kind == "Gateway":
        return Estimate()
    if kind not in ENDPOINTS:
        message = f"no price of endpoints of type {kind} is built in"
        raise UnpriceableError(message)
    hours, gigabytes = ENDPOINTS[kind]
    zones = count_of(view, "subnetIds")
    return Estimate(
        components=(all_month("endpoint, each zone", hours, zones), by_use("endpoint traffic", gigabytes))
    )


def endpoint_subnet(_: View) -> Estimate:
    """Return one more network interface of an endpoint, at the price of an interface endpoint, the dearest."""
    return Estimate(components=(all_month("endpoint, one more zone", ENDPOINTS["Interface"][0]),))


def firewall(view: View) -> Estimate:
    """Return a firewall, one endpoint a subnet or zone.

    Raises:
        UnpriceableError: Its policy inspects TLS, which makes each endpoint dearer, or is not in the plan.
    """
    policy = view.referred("firewallPolicyArn", FIREWALL_POLICY)
    if policy is None or policy.has("firewallPolicy", "tlsInspectionConfigurationArn"):
        message = "no policy in the plan says that TLS is not inspected, and no price of inspecting it is built in"
        raise UnpriceableError(message)
    endpoints = count_of(view, "subnetMappings", "availabilityZoneMappings")
    return Estimate(
        components=(
            all_month("firewall endpoint", FIREWALL_HOURS, endpoints),
            by_use("traffic through the firewall", FIREWALL_BYTES),
        )
    )


def resolver_endpoint(view: View) -> Estimate:
    """Return a DNS resolver endpoint, one network interface an address."""
    for name in ("rniEnhancedMetricsEnabled", "targetNameServerMetricsEnabled"):
        if view.flag(name, default=False):
            message = f"{name} is true, and no price of what it adds is built in"
            raise UnpriceableError(message)
    addresses = count_of(view, "ipAddresses")
    return Estimate(
        components=(
            all_month("resolver network interface", RESOLVER_HOURS, addresses),
            by_use("resolver queries", RESOLVER_QUERIES),
        )
    )


def mirror_session(_: View) -> Estimate:
    """Return the mirroring of one network interface."""
    return Estimate(components=(all_month("traffic mirror", MIRROR_HOURS),))


PRICED = {
    "aws:ec2/natGateway:NatGateway": nat_gateway,
    "aws:ec2/vpcEndpoint:VpcEndpoint": vpc_endpoint,
    "aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation": endpoint_subnet,
    "aws:networkfirewall/firewall:Firewall": firewall,
    "aws:route53/resolverEndpoint:ResolverEndpoint": resolver_endpoint,
    "aws:ec2/trafficMirrorSession:TrafficMirrorSession": mirror_session,
}
