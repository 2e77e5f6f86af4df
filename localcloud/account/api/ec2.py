"""EC2's lists."""

from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.account import instance_types
from localcloud.account.api.operations import chosen, filtered, moment, operation, tag_list
from localcloud.account.instances import INSTANCE, INTERFACE, VOLUME
from localcloud.account.kinds import kind_of
from localcloud.account.references import find
from localcloud.account.store import Resource, State, Tree

VPC, SUBNET, ADDRESS, NAT, ENDPOINT, SECURITY_GROUP, TEMPLATE = (
    "aws:ec2/vpc:Vpc",
    "aws:ec2/subnet:Subnet",
    "aws:ec2/eip:Eip",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/launchTemplate:LaunchTemplate",
)


def _listed(state: State, request: Tree, token: str, ids: str, fields: Mapping[str, str]) -> list[Resource]:
    """The resources of a type that the request's ids and filters choose."""
    found = chosen(state.of_type(token), request.get(ids), missing=kind_of(token).missing)
    return filtered(found, request.get("Filters"), fields)


def _vpc_of(state: State, subnet_id: str) -> str:
    subnet = find(state, SUBNET, subnet_id)
    return str(subnet.inputs["vpcId"]) if subnet else ""


@operation("ec2.DescribeVpcs")
def _vpcs(state: State, request: Tree) -> Mapping[str, Any]:
    found = _listed(state, request, VPC, "VpcIds", {"vpc-id": "id", "cidr": "cidrBlock"})
    return {"Vpcs": [_vpc(state, each) for each in found]}


def _vpc(state: State, vpc: Resource) -> Tree:
    return {
        "VpcId": vpc.id,
        "CidrBlock": vpc.inputs.get("cidrBlock"),
        "State": "available",
        "IsDefault": False,
        "OwnerId": state.settings.account_id,
        "InstanceTenancy": vpc.outputs["instanceTenancy"],
        "DhcpOptionsId": vpc.outputs["dhcpOptionsId"],
        "Tags": tag_list(vpc.tags),
    }


@operation("ec2.DescribeSubnets")
def _subnets(state: State, request: Tree) -> Mapping[str, Any]:
    fields = {"subnet-id": "id", "vpc-id": "vpcId", "availability-zone": "availabilityZone"}
    ids = instance_types.zone_ids(state.settings.region)
    found = _listed(state, request, SUBNET, "SubnetIds", fields)
    return {"Subnets": [{**_subnet(state, each), "AvailabilityZoneId": ids[_zone(each)]} for each in found]}


def _zone(subnet: Resource) -> str:
    return str(subnet.inputs["availabilityZone"])


def _subnet(state: State, subnet: Resource) -> Tree:
    return {
        "SubnetId": subnet.id,
        "SubnetArn": subnet.arn,
        "VpcId": subnet.inputs["vpcId"],
        "CidrBlock": subnet.inputs["cidrBlock"],
        "AvailabilityZone": _zone(subnet),
        "State": "available",
        "OwnerId": state.settings.account_id,
        "MapPublicIpOnLaunch": subnet.outputs.get("mapPublicIpOnLaunch", False),
        "Tags": tag_list(subnet.tags),
    }


@operation("ec2.DescribeSecurityGroups")
def _security_groups(state: State, request: Tree) -> Mapping[str, Any]:
    fields = {"group-id": "id", "vpc-id": "vpcId", "group-name": "name"}
    found = _listed(state, request, SECURITY_GROUP, "GroupIds", fields)
    groups = [
        {
            "GroupId": each.id,
            "GroupName": each.inputs.get("name"),
            "Description": each.inputs.get("description", ""),
            "VpcId": each.inputs.get("vpcId"),
            "OwnerId": state.settings.account_id,
            "IpPermissions": [],
            "IpPermissionsEgress": [],
            "Tags": tag_list(each.tags),
        }
        for each in found
    ]
    return {"SecurityGroups": groups}


@operation("ec2.DescribeInstances")
def _instances(state: State, request: Tree) -> Mapping[str, Any]:
    fields = {
        "instance-id": "id",
        "subnet-id": "subnetId",
        "instance-type": "instanceType",
        "availability-zone": "zone",
    }
    filters = [each for each in request.get("Filters") or [] if each["Name"] != "instance-state-name"]
    states = _wanted_states(request)
    found = filtered(
        chosen(state.of_type(INSTANCE), request.get("InstanceIds"), missing="InvalidInstanceID.NotFound"),
        filters,
        fields,
    )
    reservations = [
        {
            "ReservationId": each.id.replace("i-", "r-"),
            "OwnerId": state.settings.account_id,
            "Instances": [_instance(state, each)],
        }
        for each in found
        if "running" in states
    ]
    return {"Reservations": reservations}


def _wanted_states(request: Tree) -> Sequence[str]:
    """Every instance here is running; one that is ended is gone at once."""
    values: list[Sequence[str]] = [
        each["Values"] for each in request.get("Filters") or [] if each["Name"] == "instance-state-name"
    ]
    return values[0] if values else ["running"]


def _instance(state: State, instance: Resource) -> Tree:
    inputs = instance.inputs
    volumes = [each for each in state.of_type(VOLUME) if each.inputs.get("instanceId") == instance.id]
    attached = [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": each.id, "Status": "attached"}} for each in volumes]
    return {
        "InstanceId": instance.id,
        "InstanceType": inputs["instanceType"],
        "State": {"Code": 16, "Name": "running"},
        "LaunchTime": moment(instance),
        "Placement": {"AvailabilityZone": inputs["zone"], "Tenancy": "default"},
        "PrivateDnsName": inputs["nodeName"],
        "PrivateIpAddress": inputs["privateIp"],
        "SubnetId": inputs["subnetId"],
        "VpcId": _vpc_of(state, inputs["subnetId"]),
        "Architecture": "arm64" if instance_types.architecture(inputs["instanceType"]) == "arm64" else "x86_64",
        "BlockDeviceMappings": attached,
        "InstanceLifecycle": "spot" if inputs["spot"] else None,
        "Tags": tag_list(instance.tags),
    }


@operation("ec2.DescribeVolumes")
def _volumes(state: State, request: Tree) -> Mapping[str, Any]:
    found = _listed(state, request, VOLUME, "VolumeIds", {"volume-id": "id", "availability-zone": "zone"})
    return {"Volumes": [_volume(each) for each in found]}


def _volume(volume: Resource) -> Tree:
    instance = volume.inputs.get("instanceId")
    attachments = [{"InstanceId": instance, "VolumeId": volume.id, "State": "attached", "DeleteOnTermination": True}]
    return {
        "VolumeId": volume.id,
        "Size": volume.inputs["size"],
        "VolumeType": volume.inputs["type"],
        "State": "in-use" if instance else "available",
        "AvailabilityZone": volume.inputs["zone"],
        "Encrypted": volume.inputs.get("encrypted", False),
        "CreateTime": moment(volume),
        "Attachments": attachments if instance else [],
        "Tags": tag_list(volume.tags),
    }


@operation("ec2.DescribeNetworkInterfaces")
def _interfaces(state: State, request: Tree) -> Mapping[str, Any]:
    fields = {"network-interface-id": "id", "subnet-id": "subnetId", "description": "description"}
    vpcs = [each["Values"] for each in request.get("Filters") or [] if each["Name"] == "vpc-id"]
    filters = [each for each in request.get("Filters") or [] if each["Name"] != "vpc-id"]
    found = _listed(state, {**request, "Filters": filters}, INTERFACE, "NetworkInterfaceIds", fields)
    wanted = [each for each in found if not vpcs or _vpc_of(state, each.inputs["subnetId"]) in vpcs[0]]
    return {"NetworkInterfaces": [_interface(state, each) for each in wanted]}


def _interface(state: State, interface: Resource) -> Tree:
    inputs = interface.inputs
    in_use = bool(inputs.get("instanceId") or inputs.get("requester"))
    subnet = find(state, SUBNET, inputs["subnetId"])
    return {
        "NetworkInterfaceId": interface.id,
        "Description": inputs.get("description", ""),
        "SubnetId": inputs["subnetId"],
        "VpcId": _vpc_of(state, inputs["subnetId"]),
        "AvailabilityZone": _zone(subnet) if subnet else None,
        "OwnerId": state.settings.account_id,
        "PrivateIpAddress": inputs["privateIp"],
        "Status": "in-use" if in_use else "available",
        "InterfaceType": inputs.get("interfaceType", "interface"),
        "RequesterManaged": bool(inputs.get("requester")),
        "Groups": [{"GroupId": each} for each in inputs.get("securityGroups", [])],
        "Attachment": {"InstanceId": inputs.get("instanceId"), "Status": "attached"} if in_use else None,
        "TagSet": tag_list(interface.tags),
    }


@operation("ec2.DescribeAddresses")
def _addresses(state: State, request: Tree) -> Mapping[str, Any]:
    found = _listed(state, request, ADDRESS, "AllocationIds", {"allocation-id": "id", "public-ip": "publicIp"})
    gateways = {each.inputs.get("allocationId"): each for each in state.of_type(NAT)}
    addresses = []
    for each in found:
        gateway = gateways.get(each.id)
        used = (
            {
                "AssociationId": gateway.outputs["associationId"],
                "NetworkInterfaceId": gateway.outputs["networkInterfaceId"],
            }
            if gateway
            else {}
        )
        address = {"AllocationId": each.id, "PublicIp": each.outputs["publicIp"], "Domain": "vpc"}
        addresses.append({**address, **used, "Tags": tag_list(each.tags)})
    return {"Addresses": addresses}


@operation("ec2.DescribeNatGateways")
def _nat_gateways(state: State, request: Tree) -> Mapping[str, Any]:
    filters = [each for each in request.get("Filter") or [] if each["Name"] not in ("state", "vpc-id")]
    vpcs = [each["Values"] for each in request.get("Filter") or [] if each["Name"] == "vpc-id"]
    found = _listed(state, {**request, "Filters": filters}, NAT, "NatGatewayIds", {"subnet-id": "subnetId"})
    gateways = [
        {
            "NatGatewayId": each.id,
            "SubnetId": each.inputs["subnetId"],
            "VpcId": _vpc_of(state, each.inputs["subnetId"]),
            "State": "available",
            "ConnectivityType": each.outputs["connectivityType"],
            "CreateTime": moment(each),
            "NatGatewayAddresses": [{"AllocationId": each.inputs.get("allocationId"), "IsPrimary": True}],
            "Tags": tag_list(each.tags),
        }
        for each in found
    ]
    return {"NatGateways": [each for each in gateways if not vpcs or each["VpcId"] in vpcs[0]]}


@operation("ec2.DescribeVpcEndpoints")
def _endpoints(state: State, request: Tree) -> Mapping[str, Any]:
    fields = {"vpc-endpoint-id": "id", "vpc-id": "vpcId", "service-name": "serviceName"}
    found = _listed(state, request, ENDPOINT, "VpcEndpointIds", fields)
    endpoints = [
        {
            "VpcEndpointId": each.id,
            "VpcEndpointType": each.outputs["vpcEndpointType"],
            "VpcId": each.inputs["vpcId"],
            "ServiceName": each.inputs.get("serviceName"),
            "State": "available",
            "OwnerId": state.settings.account_id,
            "CreationTimestamp": moment(each),
            "RouteTableIds": each.inputs.get("routeTableIds", []),
            "SubnetIds": each.inputs.get("subnetIds", []),
            "Tags": tag_list(each.tags),
        }
        for each in found
    ]
    return {"VpcEndpoints": endpoints}


@operation("ec2.DescribeSnapshots")
def _snapshots(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    return {"Snapshots": []}


@operation("ec2.DescribeCapacityReservations")
def _reservations(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    return {"CapacityReservations": []}


@operation("ec2.DescribeRegions")
def _regions(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    region = state.settings.region
    endpoint = f"ec2.{region}.amazonaws.com"
    return {"Regions": [{"RegionName": region, "Endpoint": endpoint, "OptInStatus": "opt-in-not-required"}]}


@operation("ec2.DescribeAvailabilityZones")
def _zones(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    region = state.settings.region
    zones = [
        {
            "ZoneName": name,
            "ZoneId": zone_id,
            "RegionName": region,
            "State": "available",
            "ZoneType": "availability-zone",
        }
        for name, zone_id in instance_types.zone_ids(region).items()
    ]
    return {"AvailabilityZones": zones}
