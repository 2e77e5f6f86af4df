"""Volumes that the EBS CSI driver makes for claims: alone, or one for each pod of a workload."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.quantities import whole_gib
from costcheck.gate.types.volumes import volume_components
from costcheck.gate.view import Path, UnpriceableError, View

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
VOLUME_TYPE_OF = {"ebs.csi.aws.com": "gp3", "ebs.csi.eks.amazonaws.com": "gp3", "kubernetes.io/aws-ebs": "gp2"}
"""Provisioner to the type that it takes where the class names none
(https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md, read 2026-11-26)."""
POD_SPECS: Mapping[str, Path] = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
SCALES_TO_DEFAULT = 100
"""`maxReplicaCount` of a ScaledObject that names none (https://keda.sh/docs/latest/reference/scaledobject-spec/)."""


def claim(view: View) -> Estimate:
    """Return the volume that a PersistentVolumeClaim makes."""
    return Estimate(components=_volume(view, ("spec",), Decimal(1), None))


def workload(view: View) -> Estimate:
    """Return the volumes of each pod of a workload; the pods themselves run on nodes that are priced.

    Those that a StatefulSet once had outlive its pods; here they are reckoned at its size.
    """
    claims = [*_templates(view), *_ephemeral(view)]
    if not claims:
        return Estimate()
    desired, maximum = _replicas(view)
    return Estimate(components=tuple(part for path in claims for part in _volume(view, path, desired, maximum)))


def _templates(view: View) -> list[Path]:
    path = ("spec", "volumeClaimTemplates")
    return [(*path, index, "spec") for index in range(view.items(*path))]


def _ephemeral(view: View) -> list[Path]:
    kind = view.resource.token.rpartition(":")[2]
    path: Path = (*POD_SPECS.get(kind, ("spec", "template", "spec")), "volumes")
    volumes = [(*path, index, "ephemeral", "volumeClaimTemplate", "spec") for index in range(view.items(*path))]
    return [volume for volume in volumes if view.has(*volume)]


def _replicas(view: View) -> tuple[Decimal, Decimal]:
    """Return how many pods run, and how many may: an autoscaler may lift the number."""
    kind = view.resource.token.rpartition(":")[2]
    if kind == "Pod":
        return Decimal(1), Decimal(1)
    if kind in {"DaemonSet", "Job", "CronJob"}:
        message = f"each pod of this {kind} brings a volume, and how many there are at a time is not in the plan"
        raise UnpriceableError(message)
    desired = view.number("spec", "replicas", default=1)
    return desired, max(
        desired, *_scaled(view, "HorizontalPodAutoscaler"), *_scaled(view, "ScaledObject"), Decimal(0)
    )


def _scaled(view: View, scaler_kind: str) -> list[Decimal]:
    most, default = ("maxReplicaCount", SCALES_TO_DEFAULT) if scaler_kind == "ScaledObject" else ("maxReplicas", None)
    name = view.text("metadata", "name")
    scalers = [View(resource, view.side) for resource in view.side.objects(scaler_kind)]
    return [
        scaler.number("spec", most, default=default)
        for scaler in scalers
        if scaler.text("spec", "scaleTargetRef", "name") == name
    ]


def _volume(view: View, path: Path, count: Decimal, maximum: Decimal | None) -> tuple[Component, ...]:
    """Return the volumes of `count` equal claims; one that takes a volume which exists already makes none."""
    if view.text(*path, "volumeName", default=""):
        return ()
    if view.has(*path, "storageClassName") and not view.text(*path, "storageClassName"):
        return ()
    gib = whole_gib(view.text(*path, "resources", "requests", "storage"))
    described = {"size": gib, **_parameters(_storage_class(view, path))}
    volume = View(replace(view.resource, inputs=described, depends_on={}), view.side)
    return volume_components(volume, (), count=count, maximum=maximum)


def _storage_class(view: View, path: Path) -> View:
    if not view.has(*path, "storageClassName"):
        return _default_class(view)
    name = view.text(*path, "storageClassName")
    found = view.named("StorageClass", name)
    if found is None:
        message = f"the storage class {name} is not in the plan, so the kind of the volume is not known"
        raise UnpriceableError(message)
    return found


def _default_class(view: View) -> View:
    classes = [View(resource, view.side) for resource in view.side.objects("StorageClass")]
    default = [one for one in classes if one.flag("metadata", "annotations", DEFAULT_CLASS, default=False)]
    if len(default) != 1:
        message = "no storage class is named, and the plan does not show which one is the default"
        raise UnpriceableError(message)
    return default[0]


def _parameters(class_: View) -> dict[str, object]:
    """Return what a class says of a volume, in the words of EC2."""
    provisioner = class_.text("provisioner")
    if provisioner not in VOLUME_TYPE_OF:
        message = f"what the provisioner {provisioner} makes is not known here"
        raise UnpriceableError(message)
    if class_.has("parameters", "iopsPerGB"):
        message = f"the storage class {class_.resource.name} sets IOPS by the size, which is not reckoned here"
        raise UnpriceableError(message)
    numbers = [key for key in ("iops", "throughput") if class_.has("parameters", key)]
    return {
        "type": class_.text("parameters", "type", default=VOLUME_TYPE_OF[provisioner]),
        **{key: class_.number("parameters", key) for key in numbers},
    }


WORKLOADS: Mapping[tuple[str, str], Callable[[View], Estimate]] = {
    ("core", "Pod"): workload,
    ("core", "ReplicationController"): workload,
    ("apps", "DaemonSet"): workload,
    ("apps", "Deployment"): workload,
    ("apps", "ReplicaSet"): workload,
    ("apps", "StatefulSet"): workload,
    ("batch", "CronJob"): workload,
    ("batch", "Job"): workload,
}
