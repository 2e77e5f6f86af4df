"""Starts and ends instances in the account: each with its network interface and its disk."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from localcloud.account import instance_types
from localcloud.account.errors import ApiError
from localcloud.account.making import make
from localcloud.account.store import Resource, State, Tree

INSTANCE, INTERFACE, VOLUME = (
    "aws:ec2/instance:Instance",
    "aws:ec2/networkInterface:NetworkInterface",
    "aws:ebs/volume:Volume",
)
_RESERVED_ADDRESSES = (
    4  # the network's own and AWS's: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """What the instances of a node group or node pool have in common.

    Attributes:
        owner: The id of what they belong to; ``made_by`` of everything that is started.
        cluster: Name of the cluster that they join.
        security_groups: Of their interfaces.
        labels: Kubernetes labels.
        taints: Kubernetes taints, in Kubernetes' words.
        volume_gib: Disk in GiB.
        spot: Bought as spot.
        tags: By kind of thing: ``instance``, ``volume``, ``network-interface``.
    """

    owner: str
    cluster: str
    security_groups: Sequence[str]
    labels: Mapping[str, str]
    taints: Sequence[Mapping[str, str]]
    volume_gib: int
    spot: bool
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def launch(state: State, spec: NodeSpec, *, instance_type: str, subnet: Resource) -> Resource:
    """A running instance in the subnet.

    Raises:
        ApiError: The subnet has no address left.
    """
    address = free_address(state, subnet)
    zone = subnet.inputs["availabilityZone"]
    inputs: Tree = {
        "instanceType": instance_type,
        "subnetId": subnet.id,
        "zone": zone,
        "spot": spec.spot,
        "privateIp": address,
        "nodeName": f"ip-{address.replace('.', '-')}.{_domain(state)}",
        "cluster": spec.cluster,
        "labels": dict(spec.labels),
        "taints": [dict(each) for each in spec.taints],
        "volumeGib": spec.volume_gib,
        "tags": _tags(spec, "instance"),
    }
    instance = make(state, INSTANCE, inputs, made_by=spec.owner)
    make(state, INTERFACE, _interface(spec, instance), made_by=spec.owner)
    make(state, VOLUME, _volume(spec, instance), made_by=spec.owner)
    return instance


def _interface(spec: NodeSpec, instance: Resource) -> Tree:
    return {
        "subnetId": instance.inputs["subnetId"],
        "securityGroups": list(spec.security_groups),
        "privateIp": instance.inputs["privateIp"],
        "description": f"aws-K8S-{instance.id}",
        "instanceId": instance.id,
        "tags": _tags(spec, "network-interface"),
    }


def _volume(spec: NodeSpec, instance: Resource) -> Tree:
    return {
        "size": spec.volume_gib,
        "type": "gp3",
        "zone": instance.inputs["zone"],
        "encrypted": True,
        "instanceId": instance.id,
        "deleteOnTermination": True,
        "tags": _tags(spec, "volume"),
    }


def _tags(spec: NodeSpec, kind: str) -> dict[str, str]:
    return {**spec.tags.get(kind, {}), f"kubernetes.io/cluster/{spec.cluster}": "owned"}


def _domain(state: State) -> str:
    """The private domain of the region; us-east-1 has an older one."""
    return "ec2.internal" if state.settings.region == "us-east-1" else f"{state.settings.region}.compute.internal"


def free_address(state: State, subnet: Resource) -> str:
    """The lowest address of the subnet that nothing has.

    Raises:
        ApiError: None is left.
    """
    interfaces = state.of_type(INTERFACE)
    taken = {each.inputs["privateIp"] for each in interfaces if each.inputs["subnetId"] == subnet.id}
    network = ipaddress.IPv4Network(subnet.inputs["cidrBlock"])
    for offset in range(_RESERVED_ADDRESSES, network.num_addresses - 1):
        address = str(network[offset])
        if address not in taken:
            return address
    message = f"There are not enough free addresses in subnet '{subnet.id}'"
    msg = "InsufficientFreeAddressesInSubnet"
    raise ApiError(msg, message)


def terminate(state: State, instance: Resource) -> None:
    """Ends the instance with its interface and every disk that is to go with it."""
    for each in state.of_type(INTERFACE, VOLUME):
        if each.inputs.get("instanceId") == instance.id:
            state.remove(each)
    state.remove(instance)


def spread(state: State, types: Sequence[str], subnets: Sequence[Resource]) -> list[tuple[Resource, str]]:
    """Where instances can start: each subnet whose zone offers one of the types, with the first type it offers."""
    places = []
    for subnet in subnets:
        zone = subnet.inputs["availabilityZone"]
        offered = [name for name in types if zone in instance_types.zones_offering(state.settings.region, [name])]
        places += [(subnet, offered[0])] if offered else []
    return places
