"""Rules of what is put into the cluster: namespaces, releases, node pools, and pods of rendered charts."""

from collections.abc import Mapping
from typing import Any

from infra.rules.base import Inputs, as_list, at, is_positive, rule

NAMESPACE = "kubernetes:core/v1:Namespace"
RELEASE = "kubernetes:helm.sh/v3:Release"
NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
ENFORCE = "pod-security.kubernetes.io/enforce"
HOST_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")


@rule("pod-security-is-enforced", NAMESPACE)
def pod_security_is_enforced(inputs: Inputs) -> bool:
    """Wrong where the namespace takes any pod."""
    return at(inputs, "metadata", "labels", ENFORCE) in ("restricted", "baseline", "privileged")


@rule("model-servers-are-restricted", NAMESPACE)
def model_servers_are_restricted(inputs: Inputs) -> bool:
    """Wrong where a model server's namespace takes pods that are not restricted."""
    if not str(at(inputs, "metadata", "name")).startswith("model-"):
        return True
    return at(inputs, "metadata", "labels", ENFORCE) == "restricted"


@rule("releases-roll-back", RELEASE)
def releases_roll_back(inputs: Inputs) -> bool:
    """Wrong where a release that fails stays half done."""
    # One that does not wait for its pods, as theirs have no node before their hours, has nothing to take back.
    taken_back = at(inputs, "atomic") is True or at(inputs, "skipAwait") is True
    return taken_back and is_positive(at(inputs, "timeout"))


@rule("charts-are-pinned", RELEASE)
def charts_are_pinned(inputs: Inputs) -> bool:
    """Wrong where a chart of somebody else has no version."""
    return not at(inputs, "repositoryOpts") or bool(at(inputs, "version"))


@rule("node-pools-are-limited", NODE_POOL)
def node_pools_are_limited(inputs: Inputs) -> bool:
    """Wrong where the pool grows for as long as pods wait."""
    limits = at(inputs, "spec", "limits")
    return bool(at(limits, "nvidia.com/gpu")) and bool(at(limits, "cpu"))


@rule("node-pools-are-tainted", NODE_POOL)
def node_pools_are_tainted(inputs: Inputs) -> bool:
    """Wrong where any pod can start a node that costs dollars an hour."""
    taints = as_list(at(inputs, "spec", "template", "spec", "taints"))
    return any(at(taint, "key") == "nvidia.com/gpu" and at(taint, "effect") == "NoSchedule" for taint in taints)


@rule("nodes-end", NODE_POOL)
def nodes_end(inputs: Inputs) -> bool:
    """Wrong where a budget that nobody can meet keeps an old node for ever."""
    spec = at(inputs, "spec", "template", "spec")
    return bool(at(spec, "expireAfter")) and bool(at(spec, "terminationGracePeriod"))


@rule("pods-run-as-nobody", DEPLOYMENT)
def pods_run_as_nobody(inputs: Inputs) -> bool:
    """Wrong where a container may run as root."""
    pod = at(inputs, "spec", "template", "spec")
    contexts = _contexts(pod)
    return at(contexts[0], "runAsNonRoot") is True and not any(at(context, "runAsUser") == 0 for context in contexts)


@rule("containers-cannot-gain", DEPLOYMENT)
def containers_cannot_gain(inputs: Inputs) -> bool:
    """Wrong where a container may gain privileges or keep capabilities."""
    contexts = [at(container, "securityContext") for container in _containers(at(inputs, "spec", "template", "spec"))]
    return bool(contexts) and all(
        at(context, "allowPrivilegeEscalation") is False
        and not at(context, "privileged")
        and at(context, "capabilities", "drop") == ["ALL"]
        and not at(context, "capabilities", "add")
        for context in contexts
    )


@rule("root-file-systems-are-read-only", DEPLOYMENT)
def root_file_systems_are_read_only(inputs: Inputs) -> bool:
    """Wrong where a container may write to its image."""
    containers = _containers(at(inputs, "spec", "template", "spec"))
    return all(at(container, "securityContext", "readOnlyRootFilesystem") is True for container in containers)


@rule("system-calls-are-filtered", DEPLOYMENT)
def system_calls_are_filtered(inputs: Inputs) -> bool:
    """Wrong where system calls are not filtered by a seccomp profile."""
    pod = at(inputs, "spec", "template", "spec")
    profiles = [at(context, "seccompProfile", "type") for context in _contexts(pod)]
    return profiles[0] == "RuntimeDefault" and "Unconfined" not in profiles


@rule("the-host-stays-hidden", DEPLOYMENT)
def the_host_stays_hidden(inputs: Inputs) -> bool:
    """Wrong where the pod shares a namespace or a path of its node."""
    pod = at(inputs, "spec", "template", "spec")
    return not any(at(pod, shared) for shared in HOST_NAMESPACES) and not any(
        "hostPath" in volume for volume in as_list(at(pod, "volumes"))
    )


@rule("images-are-digests", DEPLOYMENT)
def images_are_digests(inputs: Inputs) -> bool:
    """Wrong where an image is named by a tag, which can move."""
    containers = _containers(at(inputs, "spec", "template", "spec"))
    return all("@sha256:" in str(at(container, "image")) for container in containers)


def _containers(pod: object) -> list[Mapping[str, Any]]:
    return [*as_list(at(pod, "initContainers")), *as_list(at(pod, "containers"))]


def _contexts(pod: object) -> list[object]:
    return [at(pod, "securityContext"), *(at(container, "securityContext") for container in _containers(pod))]


RULES = (
    pod_security_is_enforced,
    model_servers_are_restricted,
    releases_roll_back,
    charts_are_pinned,
    node_pools_are_limited,
    node_pools_are_tainted,
    nodes_end,
    pods_run_as_nobody,
    containers_cannot_gain,
    root_file_systems_are_read_only,
    system_calls_are_filtered,
    the_host_stays_hidden,
    images_are_digests,
)
