"""EKS Auto Mode: nodes for pods that wait, within each NodePool's limits, and no longer than they are needed.

What is not followed: operators other than `In`, preferences, and requirements that name no instance types.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.account import instance_types
from localcloud.account.errors import ApiError
from localcloud.account.instances import INSTANCE, NodeSpec, launch, spread, terminate
from localcloud.account.nodes import allocatable, capacity
from localcloud.account.quotas import check_room
from localcloud.account.side_effects.pods import (
    Amounts,
    amounts,
    fits,
    is_daemon,
    requests,
    tolerates,
    waits_for_node,
)
from localcloud.account.side_effects.world import World
from localcloud.account.store import Resource, State, Tree

EMPTY_FOR_AT_MOST_S = 5.0  # a pool's consolidateAfter is minutes; nobody waits for that here
_ARRIVING_S = 15.0  # a node this young may still get the pods that wait
_TYPE, _ZONE, _BOUGHT = (
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/zone",
    "karpenter.sh/capacity-type",
)
_POOLS, _CLASSES = "/apis/karpenter.sh/v1/nodepools", "/apis/eks.amazonaws.com/v1/nodeclasses"
_DEFAULT_DISK_GIB = 80  # https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html, 2026-11-26


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One NodePool with its NodeClass."""

    name: str
    labels: Mapping[str, str]
    taints: Sequence[Mapping[str, str]]
    allowed: Mapping[str, Sequence[str]]
    limits: Amounts
    node_class: Tree

    @classmethod
    def of(cls, body: Mapping[str, Any], classes: Mapping[str, Tree]) -> "Pool":
        """The pool in a NodePool object."""
        template = body["spec"]["template"]
        requirements = template["spec"].get("requirements") or []
        return cls(
            name=body["metadata"]["name"],
            labels=(template.get("metadata") or {}).get("labels") or {},
            taints=template["spec"].get("taints") or [],
            allowed={each["key"]: each["values"] for each in requirements if each["operator"] == "In"},
            limits=amounts(body["spec"].get("limits") or {}),
            node_class=classes.get(template["spec"]["nodeClassRef"]["name"], {}),
        )

    def takes(self, pod: Mapping[str, Any]) -> bool:
        """True when the pod may run on nodes of this pool."""
        if not all(tolerates(pod, taint) for taint in self.taints):
            return False
        return all(self._offers(key, values) for key, values in _selected(pod))

    def _offers(self, key: str, values: Sequence[str]) -> bool:
        if key in self.labels:
            return self.labels[key] in values
        if key == "karpenter.sh/nodepool":
            return self.name in values
        return key in self.allowed and any(value in values for value in self.allowed[key])


def _selected(pod: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    """What the pod says about its node: labels, and the values that it accepts."""
    for key, value in (pod["spec"].get("nodeSelector") or {}).items():
        yield key, [value]
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {"nodeSelectorTerms": []}
    for term in required["nodeSelectorTerms"][:1]:
        for each in term.get("matchExpressions") or []:
            if each["operator"] == "In":
                yield each["key"], each["values"]


class NodePools:
    """The controller; it remembers since when a node is empty."""

    def __init__(self) -> None:
        self._empty_since: dict[str, float] = {}

    def follow(self, world: World) -> None:
        """Starts nodes for pods that wait, and ends nodes that are empty or whose pool is gone."""
        if not (world.cluster.inputs.get("computeConfig") or {}).get("enabled"):
            return
        classes = {each["metadata"]["name"]: each["spec"] for each in world.api.items(_CLASSES)}
        pools = [Pool.of(each, classes) for each in world.api.items(_POOLS)]
        pods = world.api.items("/api/v1/pods")
        for pod in pods:
            if waits_for_node(pod):
                _start_node_for(world, pods, pod, [pool for pool in pools if pool.takes(pod)])
        self._end_nodes(world, pools, pods)

    def _end_nodes(self, world: World, pools: Sequence[Pool], pods: Sequence[Tree]) -> None:
        state, now = world.account.read(), time.monotonic()
        used = {pod["spec"].get("nodeName") for pod in pods if not is_daemon(pod)}
        owners = {_owner(world, pool) for pool in pools}
        ours = [each for each in state.of_type(INSTANCE) if each.made_by.startswith(f"{world.cluster.id}/nodepool/")]
        ending = []
        for each in ours:
            if each.inputs["nodeName"] in used and each.made_by in owners:
                self._empty_since.pop(each.id, None)
            elif each.made_by not in owners or now - self._empty_since.setdefault(each.id, now) > EMPTY_FOR_AT_MOST_S:
                ending.append(each)
        if ending:
            with world.account.change() as changing:
                for each in ending:
                    terminate(changing, each)
                    self._empty_since.pop(each.id, None)


def _owner(world: World, pool: Pool) -> str:
    return f"{world.cluster.id}/nodepool/{pool.name}"


def _start_node_for(world: World, pods: Sequence[Tree], pod: Tree, pools: Sequence[Pool]) -> None:
    for pool in pools:
        try:
            with world.account.change() as state:
                if _arriving_room(state, world, pool, pods, pod) or _start(state, world, pool, pod):
                    return
        except ApiError as error:
            print(f"node pool {pool.name}: {error}", flush=True)


def _arriving_room(state: State, world: World, pool: Pool, pods: Sequence[Tree], pod: Tree) -> bool:
    """True when a node is on its way that has room for the pod, besides those it was started for."""
    started_for = pod["metadata"]["uid"]
    for each in _nodes_of(state, world, pool):
        waiting = each.inputs.get("startedFor", [])
        if started_for in waiting:
            return time.time() - each.made_at < _ARRIVING_S
    for each in _nodes_of(state, world, pool):
        waiting = each.inputs.get("startedFor", [])
        if time.time() - each.made_at < _ARRIVING_S:
            others = [requests(other) for other in pods if other["metadata"]["uid"] in waiting]
            if fits([*others, requests(pod)], _room(each.inputs["instanceType"], pool)):
                each.inputs["startedFor"] = [*waiting, started_for]
                return True
    return False


def _nodes_of(state: State, world: World, pool: Pool) -> list[Resource]:
    return [each for each in state.of_type(INSTANCE) if each.made_by == _owner(world, pool)]


def _room(instance_type: str, pool: Pool) -> Amounts:
    return amounts(allocatable(capacity(instance_type, _disk_gib(pool))))


def _disk_gib(pool: Pool) -> int:
    size = (pool.node_class.get("ephemeralStorage") or {}).get("size", f"{_DEFAULT_DISK_GIB}Gi")
    return int(amounts({"disk": size})["disk"] // 2**30)


def _start(state: State, world: World, pool: Pool, pod: Tree) -> bool:
    """True when a node was started: of the first type that is large enough, offered and within the limits."""
    running = _nodes_of(state, world, pool)
    for name in pool.allowed.get(_TYPE, []):
        if not fits([requests(pod)], _room(name, pool)) or not _within_limits(pool, running, name):
            continue
        places = spread(state, [name], _subnets(state, pool, pod))
        if places:
            subnet, _ = min(
                places, key=lambda place: [each.inputs["subnetId"] for each in running].count(place[0].id)
            )
            spot = "on-demand" not in pool.allowed.get(_BOUGHT, ["on-demand"])
            check_room(state, name, 1, spot=spot)
            started = launch(state, _spec(world, pool, spot=spot), instance_type=name, subnet=subnet)
            started.inputs["startedFor"] = [pod["metadata"]["uid"]]
            return True
    return False


def _within_limits(pool: Pool, running: Sequence[Resource], name: str) -> bool:
    types = [*(each.inputs["instanceType"] for each in running), name]
    used = {"cpu": sum(map(instance_types.vcpus, types)), "nvidia.com/gpu": sum(map(instance_types.gpus, types))}
    return all(amount <= pool.limits[key] for key, amount in used.items() if key in pool.limits)


def _subnets(state: State, pool: Pool, pod: Tree) -> list[Resource]:
    """The subnets of the NodeClass in zones that both the pool and the pod accept."""
    ids = {term.get("id") for term in pool.node_class.get("subnetSelectorTerms") or []}
    found = [each for each in state.of_type("aws:ec2/subnet:Subnet") if each.id in ids]
    accepted = [pool.allowed.get(_ZONE), *(values for key, values in _selected(pod) if key == _ZONE)]
    return [
        each for each in found if all(not zones or each.inputs["availabilityZone"] in zones for zones in accepted)
    ]


def _spec(world: World, pool: Pool, *, spot: bool) -> NodeSpec:
    tags = {
        **(pool.node_class.get("tags") or {}),
        "karpenter.sh/nodepool": pool.name,
        "eks:eks-cluster-name": world.cluster.id,
    }
    labels = {
        **pool.labels,
        "karpenter.sh/nodepool": pool.name,
        _BOUGHT: "spot" if spot else "on-demand",
        "eks.amazonaws.com/compute-type": "auto",
    }
    groups = [term["id"] for term in pool.node_class.get("securityGroupSelectorTerms") or [] if "id" in term]
    return NodeSpec(
        owner=_owner(world, pool),
        cluster=world.cluster.id,
        security_groups=groups,
        labels=labels,
        taints=pool.taints,
        volume_gib=_disk_gib(pool),
        spot=spot,
        tags=dict.fromkeys(("instance", "volume", "network-interface"), tags),
    )
