"""Kubernetes nodes follow the account's instances: each instance of the cluster is a kwok node, and no other is."""

import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from localcloud.account import instance_types
from localcloud.account.instances import INSTANCE
from localcloud.account.kubernetes_api import KubernetesApi, connect
from localcloud.account.store import Account, Resource
from localcloud.paths import Home

READY_WITHIN_S = 60.0
DRAINED_WITHIN_S = 60.0
_POLL_S = 0.2
_NODES = "/api/v1/nodes"
_FAKE = {"kwok.x-k8s.io/node": "fake"}
_MANAGED_LABEL = "localcloud.worthwhile.dev/instance"

# What EKS's images keep for themselves: awslabs/amazon-eks-ami, nodeadm/internal/kubelet (Apache-2.0; from memory
# 2026-11-26): 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest; 255 MiB and 11 MiB
# for each pod, and 100 MiB before eviction.
_MILLICORES_RESERVED = (60, 10, 5, 5)
_MILLICORES_RESERVED_BEYOND = 2.5
_MEMORY_RESERVED_MIB, _MEMORY_RESERVED_PER_POD_MIB, _EVICTION_MIB = 255, 11, 100
# Memory that the hypervisor and firmware take, Karpenter's default of vm-memory-overhead-percent.
_MEMORY_OVERHEAD = 0.075


def follow_instances(api: KubernetesApi, account: Account) -> None:
    """Makes the nodes that are missing and removes those whose instance is gone.

    The nodes are listed before the account is read: an instance is always recorded before its node is made.
    """
    nodes = {node["metadata"]["name"]: node for node in api.items(f"{_NODES}?labelSelector={_MANAGED_LABEL}")}
    instances = {each.inputs["nodeName"]: each for each in account.read().of_type(INSTANCE)}
    for name in sorted(instances.keys() - nodes.keys()):
        api.create(_NODES, node_of(instances[name]))
    for name in sorted(nodes.keys() - instances.keys()):
        api.delete(f"{_NODES}/{name}")
    for name in sorted(nodes.keys() & instances.keys()):
        _update(api, nodes[name], node_of(instances[name]))


def _update(api: KubernetesApi, node: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Gives the node the labels that the group's settings now ask for; kwok and others may have added theirs."""
    labels = wanted["metadata"]["labels"]
    if not labels.items() <= node["metadata"]["labels"].items():
        api.patch(f"{_NODES}/{node['metadata']['name']}", {"metadata": {"labels": labels}})


def wait_for_nodes(home: Home, owner: str) -> None:
    """Returns when the nodes of the owner's instances are Ready; nothing to do without a control plane.

    Raises:
        TimeoutError: Not within a minute.
    """
    api, account = connect(home.kubeconfig), Account(home.account_file)
    if api is None:
        return
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        follow_instances(api, account)
        wanted = {each.inputs["nodeName"] for each in account.read().of_type(INSTANCE) if each.made_by == owner}
        missing = sorted(wanted - {node["metadata"]["name"] for node in api.items(_NODES) if _is_ready(node)})
        if not missing:
            return
        if time.monotonic() > deadline:
            message = (
                f"nodes of {owner} are not Ready after {READY_WITHIN_S:g} s: {', '.join(missing)}; is kwok running?"
            )
            raise TimeoutError(message)
        time.sleep(_POLL_S)


def drain_nodes(home: Home, names: AbstractSet[str]) -> None:
    """Returns when no pod is left on the nodes, or after a minute: then the nodes go with what is on them.

    EKS waits longer for pods that do not leave: https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
    """
    api = connect(home.kubeconfig)
    if api is None:
        return
    for name in sorted(names):
        api.patch(f"{_NODES}/{name}", {"spec": {"unschedulable": True}})
    deadline = time.monotonic() + DRAINED_WITHIN_S
    while (left := [pod for pod in api.items("/api/v1/pods") if pod["spec"].get("nodeName") in names]) and (
        time.monotonic() < deadline
    ):
        for pod in left:
            if "deletionTimestamp" not in pod["metadata"]:
                api.delete(f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}")
        time.sleep(_POLL_S)


def _is_ready(node: Mapping[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def node_of(instance: Resource) -> dict[str, Any]:
    """The node that a kubelet on this instance would register."""
    resources = capacity(instance.inputs["instanceType"], instance.inputs["volumeGib"])
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": instance.inputs["nodeName"],
            "labels": {**_labels(instance), **instance.inputs["labels"]},
            "annotations": dict(_FAKE),
        },
        "spec": {
            "providerID": f"aws:///{instance.inputs['zone']}/{instance.id}",
            "taints": instance.inputs["taints"] or None,
        },
        "status": {"capacity": resources, "allocatable": allocatable(resources)},
    }


def _labels(instance: Resource) -> Mapping[str, str]:
    """https://kubernetes.io/docs/reference/labels-annotations-taints/, as EKS's cloud provider sets them."""
    name, zone = instance.inputs["instanceType"], instance.inputs["zone"]
    return {
        "node.kubernetes.io/instance-type": name,
        "topology.kubernetes.io/zone": zone,
        "topology.kubernetes.io/region": zone.rstrip("abcdef"),
        "kubernetes.io/arch": instance_types.architecture(name),
        "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": instance.inputs["nodeName"],
        _MANAGED_LABEL: instance.id,
    }


def capacity(instance_type: str, volume_gib: int) -> dict[str, str]:
    """The node's capacity, in Kubernetes' quantities; local disks count where the type has them."""
    memory = round(instance_types.memory_mib(instance_type) * (1 - _MEMORY_OVERHEAD))
    gpus = instance_types.gpus(instance_type)
    return {
        "cpu": str(instance_types.vcpus(instance_type)),
        "memory": f"{memory}Mi",
        "pods": str(instance_types.pods_max(instance_type)),
        "ephemeral-storage": f"{max(volume_gib, instance_types.local_disk_gib(instance_type))}Gi",
        **({"nvidia.com/gpu": str(gpus)} if gpus else {}),
    }


def allocatable(resources: Mapping[str, str]) -> dict[str, str]:
    """What is left of a node's capacity for pods."""
    cores = int(resources["cpu"])
    first = _MILLICORES_RESERVED[:cores]
    reserved = sum(first) + _MILLICORES_RESERVED_BEYOND * (cores - len(first))
    memory = int(resources["memory"].removesuffix("Mi")) - _MEMORY_RESERVED_MIB - _EVICTION_MIB
    memory -= _MEMORY_RESERVED_PER_POD_MIB * int(resources["pods"])
    return {**resources, "cpu": f"{round(1000 * cores - reserved)}m", "memory": f"{memory}Mi"}
