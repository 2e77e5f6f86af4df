"""Services of type LoadBalancer and Ingresses become load balancers, with network interfaces and a security group.

They go when their object goes, as long as the cluster is there. Nobody deletes them afterwards.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from localcloud.account.api.load_balancers import LOAD_BALANCER
from localcloud.account.instances import INTERFACE, free_address
from localcloud.account.making import make
from localcloud.account.side_effects.world import World
from localcloud.account.store import Resource, State, Tree

_GROUP, _SUBNET = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/subnet:Subnet"
_INTERNET_FACING = "internet-facing"
_SCHEME_ANNOTATIONS = ("service.beta.kubernetes.io/aws-load-balancer-scheme", "alb.ingress.kubernetes.io/scheme")
_ROLE_TAGS = {"internal": "kubernetes.io/role/internal-elb", _INTERNET_FACING: "kubernetes.io/role/elb"}
_SUBNETS = 2  # one in each of two zones, which is what both kinds of load balancer start with


def follow_load_balancers(world: World) -> None:
    """Makes what is missing, removes what nothing asks for any more, and writes host names into the objects."""
    wanted = _wanted(world)
    prefix = f"{world.cluster.id}/balancer/"
    state = world.account.read()
    present = {each.made_by: each for each in state.of_type(LOAD_BALANCER) if each.made_by.startswith(prefix)}
    if wanted.keys() != present.keys():
        with world.account.change() as changing:
            for owner in present.keys() - wanted.keys():
                _remove(changing, owner)
            for owner in sorted(wanted.keys() - present.keys()):
                _make(changing, world.cluster, owner, wanted[owner])
        state = world.account.read()
    for each in state.of_type(LOAD_BALANCER):
        if each.made_by in wanted:
            _write_status(world, wanted[each.made_by], each.outputs["dnsName"])


def _wanted(world: World) -> dict[str, Tree]:
    """The objects that ask for a load balancer, by the owner's name of what is made for them."""
    services = [each for each in world.api.items("/api/v1/services") if each["spec"].get("type") == "LoadBalancer"]
    ingresses = world.api.items("/apis/networking.k8s.io/v1/ingresses")
    found = {}
    for kind, objects in (("services", services), ("ingresses", ingresses)):
        for each in objects:
            meta = each["metadata"]
            if "deletionTimestamp" not in meta:
                found[f"{world.cluster.id}/balancer/{kind}/{meta['namespace']}/{meta['name']}"] = {
                    **each,
                    "plural": kind,
                }
    return found


def _make(state: State, cluster: Resource, owner: str, wanted: Mapping[str, Any]) -> None:
    meta = wanted["metadata"]
    annotations = meta.get("annotations") or {}
    schemes = [annotations[name] for name in _SCHEME_ANNOTATIONS if name in annotations]
    scheme = schemes[0] if schemes else "internal"
    vpc = cluster.outputs["vpcConfig"]["vpcId"]
    subnets = [
        each
        for each in state.of_type(_SUBNET)
        if each.inputs["vpcId"] == vpc and _ROLE_TAGS.get(scheme, "") in each.tags
    ][:_SUBNETS]
    if not subnets:  # the real controller waits and says so in an event
        return
    digest = hashlib.sha256(owner.encode()).hexdigest()[:10]
    name = f"k8s-{meta['namespace'][:8]}-{meta['name'][:8]}-{digest}"
    tags = {"elbv2.k8s.aws/cluster": cluster.id, "service.k8s.aws/stack": f"{meta['namespace']}/{meta['name']}"}
    description = f"[k8s] Managed SecurityGroup for {name}"
    group = make(state, _GROUP, {"name": name, "vpcId": vpc, "description": description, "tags": tags}, made_by=owner)
    family = "net" if wanted["plural"] == "services" else "app"
    inputs = {
        "name": name,
        "family": family,
        "scheme": scheme,
        "subnets": [each.id for each in subnets],
        "securityGroups": [group.id],
        "tags": tags,
    }
    balancer = make(state, LOAD_BALANCER, inputs, made_by=owner)
    for subnet in subnets:
        _make_interface(state, balancer, subnet, group)


def _make_interface(state: State, balancer: Resource, subnet: Resource, group: Resource) -> None:
    inputs = {
        "subnetId": subnet.id,
        "securityGroups": [group.id],
        "privateIp": free_address(state, subnet),
        "description": f"ELB {balancer.id.partition('loadbalancer/')[2]}",
        "requester": "amazon-elb",
        "loadBalancer": balancer.id,
    }
    make(state, INTERFACE, inputs, made_by=balancer.made_by)


def _remove(state: State, owner: str) -> None:
    for each in state:
        if each.made_by == owner:
            state.remove(each)


def _write_status(world: World, wanted: Mapping[str, Any], host: str) -> None:
    status = {"loadBalancer": {"ingress": [{"hostname": host}]}}
    if wanted.get("status") != status:
        meta = wanted["metadata"]
        group = "/api/v1" if wanted["plural"] == "services" else "/apis/networking.k8s.io/v1"
        path = f"{group}/namespaces/{meta['namespace']}/{wanted['plural']}/{meta['name']}/status"
        world.api.patch(path, {"status": status})
