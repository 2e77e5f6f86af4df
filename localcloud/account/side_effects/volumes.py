"""Claims on an EBS storage class become EBS volumes, which outlive the cluster when nobody deletes the claims."""

from collections.abc import Mapping
from typing import Any

from localcloud.account.instances import INSTANCE, VOLUME
from localcloud.account.making import make
from localcloud.account.side_effects.pods import number
from localcloud.account.side_effects.world import World
from localcloud.account.store import State, Tree

_PROVISIONERS = frozenset({"ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com"})
_SELECTED_NODE = "volume.kubernetes.io/selected-node"
_VOLUMES = "/api/v1/persistentvolumes"
_GIB = 2**30


def follow_claims(world: World) -> None:
    """Makes volumes for claims that wait, and deletes those of claims that are gone."""
    classes = {
        each["metadata"]["name"]: each
        for each in world.api.items("/apis/storage.k8s.io/v1/storageclasses")
        if each["provisioner"] in _PROVISIONERS
    }
    if classes:
        for claim in world.api.items("/api/v1/persistentvolumeclaims"):
            storage_class = classes.get(claim["spec"].get("storageClassName", ""))
            if storage_class and not claim["spec"].get("volumeName") and _may_bind(claim, storage_class):
                _provide(world, claim, storage_class)
    _delete_released(world)


def _may_bind(claim: Mapping[str, Any], storage_class: Mapping[str, Any]) -> bool:
    waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
    return not waits or _SELECTED_NODE in (claim["metadata"].get("annotations") or {})


def _provide(world: World, claim: Mapping[str, Any], storage_class: Mapping[str, Any]) -> None:
    meta = claim["metadata"]
    name = f"pvc-{meta['uid']}"
    owner = f"{world.cluster.id}/claim/{meta['namespace']}/{meta['name']}"
    size = claim["spec"]["resources"]["requests"]["storage"]
    with world.account.change() as state:
        found = [each for each in state.of_type(VOLUME) if each.tags.get("kubernetes.io/created-for/pv/name") == name]
        volume = found[0] if found else make(state, VOLUME, _inputs(state, world, claim, name), made_by=owner)
    world.api.create(_VOLUMES, _persistent_volume(claim, storage_class, name=name, volume_id=volume.id, size=size))


def _inputs(state: State, world: World, claim: Mapping[str, Any], name: str) -> Tree:
    meta = claim["metadata"]
    node = (meta.get("annotations") or {}).get(_SELECTED_NODE)
    zones = [each.inputs["zone"] for each in state.of_type(INSTANCE) if each.inputs["nodeName"] == node]
    subnets = state.of_type("aws:ec2/subnet:Subnet")
    tags = {
        f"kubernetes.io/cluster/{world.cluster.id}": "owned",
        "kubernetes.io/created-for/pvc/namespace": meta["namespace"],
        "kubernetes.io/created-for/pvc/name": meta["name"],
        "kubernetes.io/created-for/pv/name": name,
        "ebs.csi.aws.com/cluster": "true",
    }
    requested = number(claim["spec"]["resources"]["requests"]["storage"])
    return {
        "size": -(-int(requested) // _GIB),
        "type": "gp3",
        "zone": zones[0] if zones else subnets[0].inputs["availabilityZone"],
        "encrypted": True,
        "tags": tags,
    }


def _persistent_volume(
    claim: Mapping[str, Any], storage_class: Mapping[str, Any], *, name: str, volume_id: str, size: str
) -> Tree:
    meta = claim["metadata"]
    reference = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": meta["namespace"]}
    return {
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": storage_class["provisioner"]}},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": claim["spec"]["accessModes"],
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": storage_class["metadata"]["name"],
            "claimRef": {**reference, "name": meta["name"], "uid": meta["uid"]},
            "csi": {"driver": storage_class["provisioner"], "volumeHandle": volume_id},
        },
    }


def _delete_released(world: World) -> None:
    for each in world.api.items(_VOLUMES):
        released = each.get("status", {}).get("phase") == "Released"
        csi = each["spec"].get("csi", {})
        if (
            released
            and csi.get("driver") in _PROVISIONERS
            and each["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
        ):
            with world.account.change() as state:
                volume = state.get(VOLUME, csi["volumeHandle"])
                if volume:
                    state.remove(volume)
            world.api.delete(f"{_VOLUMES}/{each['metadata']['name']}")
