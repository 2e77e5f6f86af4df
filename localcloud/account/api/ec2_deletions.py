"""EC2's deletions: what cleaning up after a cluster takes."""

from collections.abc import Mapping
from typing import Any

from localcloud.account.api.ec2 import ADDRESS, ENDPOINT, NAT, SECURITY_GROUP, SUBNET, VPC
from localcloud.account.api.operations import chosen, operation
from localcloud.account.errors import ApiError
from localcloud.account.instances import INSTANCE, INTERFACE, VOLUME, terminate
from localcloud.account.kinds import kind_of
from localcloud.account.references import check_unheld
from localcloud.account.store import State, Tree


def _delete(state: State, token: str, resource_id: str) -> None:
    """Deletes the resource unless something holds it.

    Raises:
        ApiError: It does not exist, or is held.
    """
    kind = kind_of(token)
    found = state.get(token, resource_id)
    if found is None:
        raise ApiError(kind.missing, f"The {kind.label} '{resource_id}' does not exist")
    check_unheld(state, kind, found)
    state.remove(found)


@operation("ec2.DeleteVolume", changes=True)
def _delete_volume(state: State, request: Tree) -> Mapping[str, Any]:
    volume = state.get(VOLUME, request["VolumeId"])
    if volume and volume.inputs.get("instanceId"):
        msg = "VolumeInUse"
        raise ApiError(msg, f"Volume {volume.id} is currently attached to {volume.inputs['instanceId']}")
    _delete(state, VOLUME, request["VolumeId"])
    return {}


@operation("ec2.DeleteNetworkInterface", changes=True)
def _delete_interface(state: State, request: Tree) -> Mapping[str, Any]:
    interface = state.get(INTERFACE, request["NetworkInterfaceId"])
    if interface and (interface.inputs.get("instanceId") or interface.inputs.get("requester")):
        message = f"Network interface '{interface.id}' is currently in use."
        msg = "InvalidParameterValue"
        raise ApiError(msg, message)
    _delete(state, INTERFACE, request["NetworkInterfaceId"])
    return {}


@operation("ec2.DeleteSecurityGroup", changes=True)
def _delete_security_group(state: State, request: Tree) -> Mapping[str, Any]:
    _delete(state, SECURITY_GROUP, request["GroupId"])
    return {"Return": True, "GroupId": request["GroupId"]}


@operation("ec2.ReleaseAddress", changes=True)
def _release_address(state: State, request: Tree) -> Mapping[str, Any]:
    _delete(state, ADDRESS, request["AllocationId"])
    return {}


@operation("ec2.DeleteNatGateway", changes=True)
def _delete_nat_gateway(state: State, request: Tree) -> Mapping[str, Any]:
    _delete(state, NAT, request["NatGatewayId"])
    return {"NatGatewayId": request["NatGatewayId"]}


@operation("ec2.DeleteVpc", changes=True)
def _delete_vpc(state: State, request: Tree) -> Mapping[str, Any]:
    _delete(state, VPC, request["VpcId"])
    for each in state.of_type(SECURITY_GROUP):
        if each.made_by == request["VpcId"]:
            state.remove(each)
    return {}


@operation("ec2.DeleteVpcEndpoints", changes=True)
def _delete_endpoints(state: State, request: Tree) -> Mapping[str, Any]:
    for name in request["VpcEndpointIds"]:
        _delete(state, ENDPOINT, name)
    return {"Unsuccessful": []}


@operation("ec2.DeleteSubnet", changes=True)
def _delete_subnet(state: State, request: Tree) -> Mapping[str, Any]:
    _delete(state, SUBNET, request["SubnetId"])
    return {}


@operation("ec2.TerminateInstances", changes=True)
def _terminate(state: State, request: Tree) -> Mapping[str, Any]:
    found = chosen(state.of_type(INSTANCE), request["InstanceIds"], missing="InvalidInstanceID.NotFound")
    for each in found:
        terminate(state, each)
    ended = {"CurrentState": {"Code": 48, "Name": "terminated"}, "PreviousState": {"Code": 16, "Name": "running"}}
    return {"TerminatingInstances": [{"InstanceId": each.id, **ended} for each in found]}
