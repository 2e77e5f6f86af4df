"""Kubernetes: which objects make AWS charge something, beside the nodes that pods run on.

A pod is never priced: it runs on nodes that something else in the plan pays for. What costs more than that is what a
controller makes in AWS: load balancers, volumes, nodes. Of the API groups that Kubernetes itself serves, those kinds
are in `PRICED` and all others are free; custom kinds are unknown but for those that are listed as free.
"""

import functools
from collections.abc import Callable, Mapping

from costcheck.facts import Typed, read_data_toml
from costcheck.gate.accelerators import names_accelerator
from costcheck.gate.estimate import Estimate
from costcheck.gate.gpu_words import gpu_word
from costcheck.gate.types import karpenter, kubernetes_balancers, kubernetes_volumes
from costcheck.gate.view import UnpriceableError, View
from costcheck.plan.records import SECRET, UNKNOWN, Resource

Kind = tuple[str, str]
"""API group (`core` for the one without a name) and kind."""


class Groups(Typed, frozen=True, kw_only=True):
    """What is known of API groups; see the file."""

    built_in: frozenset[str]
    built_in_source_url: str
    installers: frozenset[str]
    runs_nodes: tuple[str, ...]
    only_pods: frozenset[str]
    only_pods_kinds: dict[str, frozenset[str]]
    free: dict[str, frozenset[str]]


@functools.cache
def groups() -> Groups:
    """Return what is known of API groups."""
    return read_data_toml("kubernetes_groups.toml", Groups)


def estimate_object(view: View) -> Estimate:
    """Return what one object makes AWS charge for.

    Raises:
        UnpriceableError: The plan does not tell, or nobody here knows what its controller makes.
    """
    group, kind = kind_of(view.resource.token)
    if not _is_what_it_says(view.resource):
        message = f"its type is a {kind} of {group}, and what it holds is not"
        raise UnpriceableError(message)
    if (group, kind) in PRICED:
        return PRICED[group, kind](view)
    whole = kind.removesuffix("Patch").removesuffix("List")
    if whole != kind and (group, whole) in PRICED:
        message = f"a {kind} changes objects that are not in the plan"
        raise UnpriceableError(message)
    if group not in groups().built_in and whole not in groups().free.get(group, ()):
        word = gpu_word(view.resource) if may_run_nodes(view.resource) else None
        named = f", and {word}" if word else ""
        message = f"what the controller of {group} makes of a {whole} in AWS is not known here{named}"
        raise UnpriceableError(message)
    return Estimate()


def release(view: View) -> Estimate:
    """Return what all objects of a Helm release make AWS charge for.

    Raises:
        UnpriceableError: It cannot be rendered, or it holds something that may start nodes nobody can count.
    """
    parts = [_inside(one) for one in view.objects()]
    return Estimate(
        components=tuple(component for part in parts for component in part.components),
        nodes=tuple(nodes for part in parts for nodes in part.nodes),
        unpriced="; ".join(part.unpriced for part in parts if part.unpriced),
    )


def _inside(view: View) -> Estimate:
    try:
        return estimate_object(view)
    except UnpriceableError as exc:
        message = f"{view.resource.token.rpartition(':')[2]} {view.resource.name}: {exc}"
        if may_run_nodes(view.resource):
            raise UnpriceableError(message) from exc
        return Estimate(unpriced=message)


def may_run_nodes(resource: Resource) -> bool:
    """Return whether an object that nobody can price may start instances."""
    group, kind = kind_of(resource.token)
    known = groups()
    if not _is_what_it_says(resource):
        return True
    if group in known.built_in or kind in known.free.get(group, ()):
        return False
    if names_accelerator(resource.inputs):
        return True
    if group in known.only_pods or kind.removesuffix("Patch") in known.only_pods_kinds.get(group, ()):
        return False
    if group == "helm.sh" or group in known.installers or group.startswith(known.runs_nodes):
        return True
    return gpu_word(resource) is not None


def _is_what_it_says(resource: Resource) -> bool:
    """Return whether group and kind inside of an object, which the cluster goes by, are those of its type."""
    group, kind = kind_of(resource.token)
    version, held = resource.inputs.get("apiVersion", f"{group}/"), resource.inputs.get("kind", kind)
    if not isinstance(version, str) or version in (UNKNOWN, SECRET):
        return False
    return (version.rpartition("/")[0] or "core") == group and held in (kind, kind.removesuffix("Patch"))


def kind_of(token: str) -> Kind:
    """Return the API group and the kind in a type token: `kubernetes:apps/v1:Deployment`."""
    _, _, rest = token.partition(":")
    group_version, _, kind = rest.rpartition(":")
    return group_version.rpartition("/")[0] or "core", kind


PRICED: Mapping[Kind, Callable[[View], Estimate]] = {
    ("helm.sh", "Release"): release,
    ("karpenter.sh", "NodePool"): karpenter.node_pool,
    ("core", "Service"): kubernetes_balancers.service,
    ("networking.k8s.io", "Ingress"): kubernetes_balancers.ingress,
    ("extensions", "Ingress"): kubernetes_balancers.ingress,
    ("core", "PersistentVolumeClaim"): kubernetes_volumes.claim,
    **kubernetes_volumes.WORKLOADS,
}
"""Kinds that may make AWS charge something, whatever their version."""
