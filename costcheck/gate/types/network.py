"""VPC: NAT gateways, endpoints, load balancers."""

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.view import View
from costcheck.meters import meter
from costcheck.units import HOURS_PER_MONTH

NAT_HOURS, NAT_BYTES = meter("AmazonEC2", "NatGateway-Hours"), meter("AmazonEC2", "NatGateway-Bytes")
ENDPOINT_HOURS = meter("AmazonVPC", "VpcEndpoint-Hours")
ENDPOINT_BYTES = meter("AmazonVPC", "VpcEndpoint-Bytes")


def nat_gateway(_: View) -> Estimate:
    """Return a NAT gateway; its address is a resource of its own."""
    return Estimate(
        components=(
            Component(name="NAT gateway", meter=NAT_HOURS, quantity=HOURS_PER_MONTH),
            Component(name="NAT traffic", meter=NAT_BYTES, quantity=None),
        )
    )


def vpc_endpoint(view: View) -> Estimate:
    """Return an interface endpoint, one network interface a subnet; a gateway endpoint is free."""
    if view.text("vpcEndpointType", default="Gateway") == "Gateway":
        return Estimate()
    return Estimate(
        components=(
            Component(
                name="interface endpoint, each zone",
                meter=ENDPOINT_HOURS,
                quantity=view.items("subnetIds") * HOURS_PER_MONTH,
            ),
            Component(name="endpoint traffic", meter=ENDPOINT_BYTES, quantity=None),
        )
    )


PRICED = {
    "aws:ec2/natGateway:NatGateway": nat_gateway,
    "aws:ec2/vpcEndpoint:VpcEndpoint": vpc_endpoint,
}
