"""Elastic Load Balancing: hours, capacity units by use, and the public addresses of what faces the internet.

Usage types and attributes as in https://github.com/infracost/infracost/tree/master/internal/resources/aws
(read 2026-11-26).
"""

from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.lines import all_month, by_use, listed
from costcheck.gate.types.network import count_of
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter, meter

PUBLIC_IPV4 = meter("AmazonVPC", "PublicIPv4:InUseAddress")
NO_PUBLIC_IPV4 = "dualstack-without-public-ipv4"


def _meters(kind: str) -> tuple[Meter, Meter]:
    """Return hours and capacity units of one kind, which share their usage types."""
    family = f"Load Balancer-{kind}"
    hours = listed("AWSELB", f"LoadBalancerUsage/{kind}", "Hours", productFamily=family)
    return hours, listed("AWSELB", f"LCUUsage/{kind}", "LCU-Hours", "LCU-Hrs", "LCU-hours", productFamily=family)


METERS = {
    "application": (meter("AWSELB", "LoadBalancerUsage"), meter("AWSELB", "LCUUsage")),
    "network": _meters("Network"),
    "gateway": _meters("Gateway"),
}
CLASSIC_HOURS = listed("AWSELB", "LoadBalancerUsage/Classic", "Hours", productFamily="Load Balancer")
CLASSIC_BYTES = listed("AWSELB", "DataProcessing-Bytes", "GB", productFamily="Load Balancer")


def load_balancer(view: View) -> Estimate:
    """Return an application, network or gateway load balancer; without a type it is the first, the dearest.

    Raises:
        UnpriceableError: Capacity is reserved, or nothing says in how many subnets a public one has addresses.
    """
    kind = view.text("loadBalancerType", default="application")
    if kind not in METERS:
        message = f"loadBalancerType is {kind!r}, which is none of {', '.join(METERS)}"
        raise UnpriceableError(message)
    if view.has("minimumLoadBalancerCapacity"):
        message = "minimumLoadBalancerCapacity reserves capacity, and no price of that is built in"
        raise UnpriceableError(message)
    hours, units = METERS[kind]
    return Estimate(
        components=(
            all_month(f"{kind} load balancer", hours),
            by_use("load balancer capacity units", units),
            *(() if kind == "gateway" else _addresses(view)),
        )
    )


def classic_load_balancer(view: View) -> Estimate:
    """Return a load balancer of the first generation."""
    addresses = (
        () if view.flag("internal", default=False) else (_public(count_of(view, "subnets", "availabilityZones")),)
    )
    return Estimate(
        components=(
            all_month("classic load balancer", CLASSIC_HOURS),
            by_use("traffic through the load balancer", CLASSIC_BYTES),
            *addresses,
        )
    )


def _addresses(view: View) -> tuple[Component, ...]:
    """Return at least one public address a subnet; an Elastic IP that is given to it is a resource of its own."""
    if view.flag("internal", default=False) or view.text("ipAddressType", default="ipv4") == NO_PUBLIC_IPV4:
        return ()
    subnets = count_of(view, "subnets", "subnetMappings")
    brought = sum(view.has("subnetMappings", index, "allocationId") for index in range(view.items("subnetMappings")))
    return () if subnets == brought else (_public(subnets - brought),)


def _public(count: Decimal) -> Component:
    return all_month("public IPv4 address, each subnet", PUBLIC_IPV4, count)


PRICED = {
    "aws:lb/loadBalancer:LoadBalancer": load_balancer,
    "aws:alb/loadBalancer:LoadBalancer": load_balancer,
    "aws:elb/loadBalancer:LoadBalancer": classic_load_balancer,
}
