"""What joins networks: transit gateways, VPNs, Direct Connect.

Usage types and attributes as in https://github.com/infracost/infracost/tree/master/internal/resources/aws
(read 2026-11-26).
"""

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.lines import all_month, by_use, listed, only_by_use
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter

TRANSIT_GATEWAY = "aws:ec2transitgateway/transitGateway:TransitGateway"
VPN_GATEWAY = "aws:ec2/vpnGateway:VpnGateway"
VPN_HOURS = listed(
    "AmazonVPC",
    "VPN-Usage-Hours:ipsec.1",
    "Hours",
    productFamily="Cloud Connectivity",
    operation="CreateVpnConnection",
)
CLIENT_HOURS = listed("AmazonVPC", "ClientVPN-ConnectionHours", "Hours")
CLIENT_ENDPOINT_HOURS = listed("AmazonVPC", "ClientVPN-EndpointHours", "Hours")


def attachment(kind: str) -> tuple[Component, ...]:
    """Return what one attachment to a transit gateway costs; each kind has a price of its own."""
    operation = f"TransitGateway{kind}"
    hours = listed("AmazonVPC", f"TransitGateway-Hours/{kind}", "Hours", operation=operation)
    gigabytes = listed("AmazonVPC", f"TransitGateway-Bytes/{kind}", "GB", operation=operation)
    return all_month("transit gateway attachment", hours), by_use("transit gateway traffic", gigabytes)


def vpc_attachment(_: View) -> Estimate:
    """Return the attachment of a VPC."""
    return Estimate(components=attachment("VPC"))


def peering_attachment(_: View) -> Estimate:
    """Return one side of a peering of transit gateways; what passes is charged as transfer between regions."""
    return Estimate(components=attachment("Peering")[:1])


def connect_attachment(_: View) -> Estimate:
    """Return a Connect attachment; the attachment that carries it is a resource of its own."""
    return Estimate(components=attachment("Connect"))


def vpn_connection(view: View) -> Estimate:
    """Return a VPN connection, and its attachment where it ends in a transit gateway.

    Raises:
        UnpriceableError: It ends in neither kind of gateway, or it is one of the dearer kinds.
    """
    if view.flag("enableAcceleration", default=False):
        message = "enableAcceleration is true, and no price of the accelerator is built in"
        raise UnpriceableError(message)
    bandwidth = view.text("tunnelBandwidth", default="standard")
    if bandwidth != "standard" or not (view.has("vpnGatewayId") or view.has("transitGatewayId")):
        message = "only a VPN of standard bandwidth with a vpnGatewayId or a transitGatewayId has a price built in"
        raise UnpriceableError(message)
    carried = attachment("VPN") if view.has("transitGatewayId") else ()
    return Estimate(components=(all_month("VPN connection", VPN_HOURS), *carried))


def client_association(_: View) -> Estimate:
    """Return the association of a client VPN with one subnet."""
    return Estimate(components=(all_month("client VPN association", CLIENT_ENDPOINT_HOURS),))


def port_meter(location: str, capacity: str) -> Meter:
    """Return the meter of the hours of a dedicated port, such as `EqDC2-PortUsage:10G`."""
    usage = f"{location}-PortUsage:{capacity}"
    return listed(
        "AWSDirectConnect",
        usage,
        "Hours",
        spellings=(usage.upper(),),
        productFamily="Direct Connect",
        capacity=capacity,
    )


def direct_connection(view: View) -> Estimate:
    """Return a dedicated port at a location; what leaves through it is charged by its virtual interfaces."""
    capacity = view.text("bandwidth").removesuffix("bps")
    port = port_meter(view.text("location"), capacity)
    return Estimate(components=(all_month(f"Direct Connect port, {capacity}", port),))


def gateway_association(view: View) -> Estimate:
    """Return the attachment that joins Direct Connect to a transit gateway; to a virtual private gateway it is free.

    Raises:
        UnpriceableError: The gateway is not in the plan, so nobody can tell its kind.
    """
    if view.referred("associatedGatewayId", TRANSIT_GATEWAY):
        return Estimate(components=attachment("DirectConnect"))
    if view.referred("associatedGatewayId", VPN_GATEWAY):
        return Estimate()
    message = "the gateway of associatedGatewayId is not in the plan, so its kind is not known"
    raise UnpriceableError(message)


PRICED = {
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": vpc_attachment,
    "aws:ec2transitgateway/peeringAttachment:PeeringAttachment": peering_attachment,
    "aws:ec2transitgateway/connect:Connect": connect_attachment,
    "aws:ec2/vpnConnection:VpnConnection": vpn_connection,
    "aws:ec2clientvpn/endpoint:Endpoint": only_by_use(by_use("client VPN connections", CLIENT_HOURS)),
    "aws:ec2clientvpn/networkAssociation:NetworkAssociation": client_association,
    "aws:directconnect/connection:Connection": direct_connection,
    "aws:directconnect/gatewayAssociation:GatewayAssociation": gateway_association,
}
