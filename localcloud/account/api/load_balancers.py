"""Load balancers of both generations; the older one has none here."""

from collections.abc import Mapping
from typing import Any

from localcloud.account.api.operations import moment, operation, tag_list
from localcloud.account.errors import ApiError
from localcloud.account.instances import INTERFACE
from localcloud.account.references import find
from localcloud.account.store import Resource, State, Tree

LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
_SUBNET = "aws:ec2/subnet:Subnet"


@operation("elbv2.DescribeLoadBalancers")
def _load_balancers(state: State, request: Tree) -> Mapping[str, Any]:
    names, arns = request.get("Names"), request.get("LoadBalancerArns")
    found = [
        each
        for each in state.of_type(LOAD_BALANCER)
        if (not names or each.inputs["name"] in names) and (not arns or each.id in arns)
    ]
    if (names or arns) and not found:
        msg = "LoadBalancerNotFound"
        raise ApiError(msg, f"One or more load balancers not found: {names or arns}")
    return {"LoadBalancers": [_load_balancer(state, each) for each in found]}


def _load_balancer(state: State, balancer: Resource) -> Tree:
    subnets = [each for name in balancer.inputs["subnets"] if (each := find(state, _SUBNET, name)) is not None]
    zones = [{"ZoneName": each.inputs["availabilityZone"], "SubnetId": each.id} for each in subnets]
    return {
        "LoadBalancerArn": balancer.id,
        "LoadBalancerName": balancer.inputs["name"],
        "DNSName": balancer.outputs["dnsName"],
        "Type": "network" if balancer.inputs["family"] == "net" else "application",
        "Scheme": balancer.inputs["scheme"],
        "State": {"Code": "active"},
        "VpcId": subnets[0].inputs["vpcId"] if subnets else None,
        "AvailabilityZones": zones,
        "SecurityGroups": balancer.inputs.get("securityGroups", []),
        "CreatedTime": moment(balancer),
    }


@operation("elbv2.DescribeTags")
def _load_balancer_tags(state: State, request: Tree) -> Mapping[str, Any]:
    found = [each for arn in request["ResourceArns"] if (each := state.get(LOAD_BALANCER, arn)) is not None]
    return {"TagDescriptions": [{"ResourceArn": each.id, "Tags": tag_list(each.tags)} for each in found]}


@operation("elbv2.DeleteLoadBalancer", changes=True)
def _delete_load_balancer(state: State, request: Tree) -> Mapping[str, Any]:
    balancer = state.get(LOAD_BALANCER, request["LoadBalancerArn"])
    if balancer:
        state.remove(balancer)
        for each in state.of_type(INTERFACE):
            if each.inputs.get("loadBalancer") == balancer.id:
                state.remove(each)
    return {}


@operation("elb.DescribeLoadBalancers")
def _classic_load_balancers(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    return {"LoadBalancerDescriptions": []}


@operation("elb.DescribeTags")
def _classic_load_balancer_tags(state: State, request: Tree) -> Mapping[str, Any]:  # noqa: ARG001
    return {"TagDescriptions": []}
