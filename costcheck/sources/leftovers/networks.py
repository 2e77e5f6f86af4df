"""EC2's networking: VPCs, NAT gateways, Elastic IPs, interfaces and endpoints."""

from typing import TYPE_CHECKING, Any

from costcheck.sources.leftovers.calls import given, normalised, rows, tag_map
from costcheck.sources.leftovers.things import Bills, Thing

if TYPE_CHECKING:
    from costcheck.sources.leftovers.calls import Account
    from costcheck.sources.leftovers.marks import Marks

VPC = "Amazon VPC"
AMAZON_POOL = "amazon"
"""Pool of addresses that AWS owns and charges for; any other pool is the account's own."""
INSTANCE_TAG = "node.k8s.amazonaws.com/instance_id"
"""Put on a network interface by the VPC CNI, with the instance that it was made for."""

_GONE_GATEWAY = {"deleted"}
_UNBILLED_GATEWAY = {"failed"}
_GONE_ENDPOINT = {"deleted"}


def fetch_vpcs(account: "Account") -> list[Thing]:
    """Return every VPC."""
    found = rows(account.clients["ec2"], "describe_vpcs", "Vpcs", "ec2:DescribeVpcs")
    return normalised(found, lambda row: normalise_vpc(row, account.region_id))


def normalise_vpc(row: Any, region_id: str) -> Thing:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeVpcs."""
    return Thing(
        service=VPC,
        id=row["VpcId"],
        what=f"VPC {row['CidrBlock']}",
        since=None,
        bills=Bills.NO,
        remove=f"aws ec2 delete-vpc --vpc-id {row['VpcId']} --region {region_id}",
        note="after everything in it: its subnets, security groups, route tables and gateways must go first, too",
        tags=tag_map(row.get("Tags")),
    )


def fetch_nat_gateways(account: "Account") -> list[Thing]:
    """Return every NAT gateway that is not deleted."""
    found = rows(account.clients["ec2"], "describe_nat_gateways", "NatGateways", "ec2:DescribeNatGateways")
    return normalised(found, lambda row: normalise_nat_gateway(row, account.region_id))


def normalise_nat_gateway(row: Any, region_id: str) -> Thing | None:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeNatGateways; None where it is deleted."""
    if row["State"] in _GONE_GATEWAY:
        return None
    return Thing(
        service=VPC,
        id=row["NatGatewayId"],
        what=f"NAT gateway, {row['State']}",
        since=row.get("CreateTime"),
        bills=Bills.NO if row["State"] in _UNBILLED_GATEWAY else Bills.YES,
        remove=f"aws ec2 delete-nat-gateway --nat-gateway-id {row['NatGatewayId']} --region {region_id}",
        tags=tag_map(row.get("Tags")),
        related=given(row.get("VpcId")),
    )


def fetch_addresses(account: "Account") -> list[Thing]:
    """Return every Elastic IP."""
    found = rows(account.clients["ec2"], "describe_addresses", "Addresses", "ec2:DescribeAddresses")
    return normalised(found, lambda row: normalise_address(row, account.region_id))


def normalise_address(row: Any, region_id: str) -> Thing:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeAddresses: it bills in use or not, unless the account brought it along."""
    own = row.get("PublicIpv4Pool", AMAZON_POOL) != AMAZON_POOL
    return Thing(
        service=VPC,
        id=row["AllocationId"],
        what=f"Elastic IP {row.get('PublicIp') or row['CarrierIp']}",
        since=None,
        bills=Bills.NO if own else Bills.YES,
        remove=f"aws ec2 release-address --allocation-id {row['AllocationId']} --region {region_id}",
        note="after what uses it" if row.get("AssociationId") else "",
        tags=tag_map(row.get("Tags")),
        related=given(row.get("InstanceId"), row.get("NetworkInterfaceId")),
    )


def fetch_interfaces(account: "Account") -> list[Thing]:
    """Return every network interface."""
    found = rows(
        account.clients["ec2"], "describe_network_interfaces", "NetworkInterfaces", "ec2:DescribeNetworkInterfaces"
    )
    return normalised(found, lambda row: normalise_interface(row, account.region_id, account.marks))


def normalise_interface(row: Any, region_id: str, marks: "Marks") -> Thing:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeNetworkInterfaces.

    It bills for a public address that is no Elastic IP (those are listed by themselves), and else not; but it keeps
    its VPC from being deleted.
    """
    tags, attached = tag_map(row.get("TagSet")), row.get("Attachment", {})
    public, description = row.get("Association", {}), row.get("Description", "")
    foreign = row.get("RequesterManaged", False)
    address = public.get("PublicIp") if not public.get("AllocationId") else None
    return Thing(
        service=VPC,
        id=row["NetworkInterfaceId"],
        what=f"network interface {description!r}, {row['Status']}" + (f", public {address}" if address else ""),
        since=attached.get("AttachTime"),
        bills=Bills.YES if address else Bills.NO,
        remove="" if foreign else _remove_interface(row["NetworkInterfaceId"], attached, region_id),
        note=f"AWS made it for {description or row.get('InterfaceType', 'another thing')!r} and removes it with that"
        if foreign
        else "",
        tags=tags,
        named=marks.interface_reason(description),
        related=given(row.get("VpcId"), attached.get("InstanceId"), tags.get(INSTANCE_TAG)),
    )


def _remove_interface(interface_id: str, attached: Any, region_id: str) -> str:  # noqa: ANN401 - AWS's own shape
    delete = f"aws ec2 delete-network-interface --network-interface-id {interface_id} --region {region_id}"
    if "AttachmentId" not in attached:
        return delete
    detach = (
        f"aws ec2 detach-network-interface --force --attachment-id {attached['AttachmentId']} --region {region_id}"
    )
    wait = f"aws ec2 wait network-interface-available --network-interface-ids {interface_id} --region {region_id}"
    return f"{detach} && {wait} && {delete}"


def fetch_endpoints(account: "Account") -> list[Thing]:
    """Return every VPC endpoint that is not deleted."""
    found = rows(account.clients["ec2"], "describe_vpc_endpoints", "VpcEndpoints", "ec2:DescribeVpcEndpoints")
    return normalised(found, lambda row: normalise_endpoint(row, account.region_id))


def normalise_endpoint(row: Any, region_id: str) -> Thing | None:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeVpcEndpoints; gateway endpoints (S3, DynamoDB) are free, all others bill by the hour."""
    if row["State"].lower() in _GONE_ENDPOINT:
        return None
    kind = row["VpcEndpointType"]
    return Thing(
        service=VPC,
        id=row["VpcEndpointId"],
        what=f"{kind} endpoint of {row.get('ServiceName', 'a service')}, {row['State']}",
        since=row.get("CreationTimestamp"),
        bills=Bills.NO if kind == "Gateway" else Bills.YES,
        remove=f"aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {row['VpcEndpointId']} --region {region_id}",
        tags=tag_map(row.get("Tags")),
        related=given(row.get("VpcId")),
    )
