"""Karpenter: nodes that a NodePool may start, by itself or in EKS Auto Mode."""

import re
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal

from costcheck.gate.accelerators import is_accelerated
from costcheck.gate.estimate import Component, Estimate, Nodes, PurchaseOption
from costcheck.gate.quantities import parse_quantity, whole_gib
from costcheck.gate.types.volumes import volume_components
from costcheck.gate.view import UnpriceableError, View

TYPE_LABELS = frozenset({"node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type"})
CAPACITY_TYPE = "karpenter.sh/capacity-type"
OWN_LABELS = {"EC2NodeClass": "karpenter.k8s.aws/", "NodeClass": "eks.amazonaws.com/"}
"""Class of nodes to the labels of instances: Karpenter's, and those in EKS Auto Mode. Each takes the other's labels
for ones that the user made up, which bind no choice
(https://karpenter.sh/docs/concepts/scheduling/#well-known-labels,
https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html, read 2026-11-26)."""
OPTIONS = {
    "on-demand": PurchaseOption.ON_DEMAND,
    "spot": PurchaseOption.SPOT,
    "reserved": PurchaseOption.RESERVATION,
}
_NVIDIA = re.compile(r"(?:p\d|g(?!4ad)\d)")
AUTO_MODE = "EKS Auto Mode adds a fee and a disk of its own to each node, and no price of them is built in"


def node_pool(view: View) -> Estimate:
    """Return the nodes that a NodePool may start, each with the disks of its node class.

    How many run is for the pods to say, so that the most is also what is reckoned with. The most is what its limits
    leave room for: Karpenter takes out of the choice each type that would lead beyond a limit
    (`filterByRemainingResources` in
    https://github.com/kubernetes-sigs/karpenter/blob/main/pkg/controllers/provisioning/scheduling/scheduler.go, read
    2026-11-26). It says itself that limits are eventually consistent and a rapid scale-out may overrun
    (https://karpenter.sh/docs/concepts/nodepools/#speclimits); that moment is not reckoned here.

    Raises:
        UnpriceableError: Its requirements or limits do not tell which nodes it may start.
    """
    types = _instance_types(view)
    if not types:
        return Estimate(unpriced="its requirements leave the types to Karpenter, none with accelerators among them")
    allowed, maximum = _limited(view, types)
    desired = maximum or Decimal(0)
    nodes = [
        Nodes(
            instance_types=allowed, purchase_option=option, desired=desired, maximum=maximum, alternative=bool(index)
        )
        for index, option in enumerate(_options(view))
    ]
    components, unpriced = _disks(view, desired, maximum)
    return Estimate(nodes=tuple(nodes), components=components, unpriced=unpriced)


def _required(view: View, *labels: str) -> list[set[str]]:
    """Return the values that each requirement of a label allows, where it lists them."""
    path = ("spec", "template", "spec", "requirements")
    return [
        set(view.texts(*path, index, "values"))
        for index in range(view.items(*path))
        if view.text(*path, index, "key") in labels and view.text(*path, index, "operator") == "In"
    ]


def _class_kind(view: View) -> str:
    return view.text("spec", "template", "spec", "nodeClassRef", "kind", default="EC2NodeClass")


def _own(view: View, label: str) -> list[set[str]]:
    prefix = OWN_LABELS.get(_class_kind(view))
    return _required(view, f"{prefix}{label}") if prefix else []


def _instance_types(view: View) -> tuple[str, ...]:
    """Return every type that may be chosen, none where they are many but certainly without accelerators.

    Raises:
        UnpriceableError: Nobody can list them.
    """
    named = _required(view, *TYPE_LABELS)
    if named:
        return _some(set.intersection(*named))
    families, sizes = _own(view, "instance-family"), _own(view, "instance-size")
    if families and sizes:
        pairs = ((one, size) for one in set.intersection(*families) for size in set.intersection(*sizes))
        return _some({view.instance(f"{family}.{size}").instance_type for family, size in pairs})
    listed = [_some(set.intersection(*sets)) for sets in (families, _own(view, "instance-category")) if sets]
    if any(not any(map(_may_accelerate, names)) for names in listed):
        return ()
    message = "its requirements do not list the instance types, so that Karpenter may choose any, GPUs too"
    raise UnpriceableError(message)


def _may_accelerate(name: str) -> bool:
    """Return whether a family (`m7i`) or a category (`m`) may have accelerators."""
    return is_accelerated(f"{name}1" if name.isalpha() else name, {})


def _some(types: set[str]) -> tuple[str, ...]:
    if types:
        return tuple(sorted(types))
    message = "its requirements contradict each other: no instance type meets them"
    raise UnpriceableError(message)


def _options(view: View) -> tuple[PurchaseOption, ...]:
    """Return how its nodes may be bought, the dearest first; on demand and spot where it does not say."""
    listed = _required(view, CAPACITY_TYPE)
    names = set.intersection(*listed) if listed else {"on-demand", "spot"}
    unheard = sorted(names - OPTIONS.keys())
    if unheard or not names:
        message = f"{CAPACITY_TYPE} is {', '.join(unheard) or 'nothing at all'}"
        raise UnpriceableError(message)
    return tuple(option for name, option in OPTIONS.items() if name in names)


def _limited(view: View, types: tuple[str, ...]) -> tuple[tuple[str, ...], Decimal | None]:
    """Return the types that fit under the limits at all, and the most nodes of the smallest; None without a limit."""
    if view.has("spec", "replicas"):
        return types, max(view.number("spec", "replicas"), _limit(view, "nodes") or Decimal(0))
    most = {name: _most(view, name) for name in types}
    counts = [count for count in most.values() if count is not None]
    if len(counts) < len(types):
        return types, None
    return tuple(name for name, count in most.items() if count) or types, max(counts)


def _most(view: View, instance_type: str) -> Decimal | None:
    """Return the most nodes of one type.

    Limits of memory are left out: Karpenter reckons with less than EC2 says, by a share that is a setting.
    """
    fact = view.instance(instance_type)
    gpus = fact.gpu_count if _NVIDIA.match(instance_type) else 0
    sizes = {"cpu": fact.vcpu_count, "nvidia.com/gpu": gpus, "nodes": 1}
    limits = {name: limit for name in sizes if sizes[name] and (limit := _limit(view, name)) is not None}
    return min(((limit / sizes[name]).to_integral_value(ROUND_FLOOR) for name, limit in limits.items()), default=None)


def _limit(view: View, resource_name: str) -> Decimal | None:
    path = ("spec", "limits", resource_name)
    if not view.has(*path):
        return None
    try:
        return view.number(*path)
    except UnpriceableError:
        return parse_quantity(view.text(*path))


def _disks(view: View, desired: Decimal, maximum: Decimal | None) -> tuple[tuple[Component, ...], str]:
    """Return the disks of all nodes, or why nobody can price them: nodes are counted all the same."""
    kind = _class_kind(view)
    if kind == "NodeClass":
        return (), AUTO_MODE
    try:
        return _mapped(view, kind, desired, maximum), ""
    except UnpriceableError as exc:
        return (), str(exc)


def _mapped(view: View, kind: str, desired: Decimal, maximum: Decimal | None) -> tuple[Component, ...]:
    name = view.text("spec", "template", "spec", "nodeClassRef", "name")
    node_class = view.named(kind, name)
    if node_class is None:
        message = f"the {kind} {name} is not in the plan, so the disks of its nodes are not known"
        raise UnpriceableError(message)
    mappings = node_class.items("spec", "blockDeviceMappings")
    if not mappings:
        message = f"the {kind} {name} leaves the disks to Karpenter's choice for its image"
        raise UnpriceableError(message)
    return tuple(
        part
        for index in range(mappings)
        for part in _disk(node_class, ("spec", "blockDeviceMappings", index, "ebs"), desired, maximum)
    )


def _disk(
    node_class: View, path: tuple[str | int, ...], desired: Decimal, maximum: Decimal | None
) -> tuple[Component, ...]:
    numbers = [key for key in ("iops", "throughput") if node_class.has(*path, key)]
    described = {
        "type": node_class.text(*path, "volumeType"),
        "size": whole_gib(node_class.text(*path, "volumeSize")),
        **{key: node_class.number(*path, key) for key in numbers},
    }
    disk = View(replace(node_class.resource, inputs=described, depends_on={}), node_class.side)
    return volume_components(disk, (), count=desired, maximum=maximum)
