"""What a pod asks of a node."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from kubernetes.utils import quantity

Amounts: TypeAlias = Mapping[str, Decimal]
_COUNTED = ("cpu", "memory", "ephemeral-storage", "nvidia.com/gpu")


def number(written: object) -> Decimal:
    """One of Kubernetes' quantities as a number: ``500m``, ``1Gi``."""
    return Decimal(quantity.parse_quantity(written))  # type: ignore[no-untyped-call]


def amounts(quantities: Mapping[str, Any]) -> dict[str, Decimal]:
    """Kubernetes' quantities as numbers: cores, bytes, pieces."""
    return {name: number(value) for name, value in quantities.items()}


def requests(pod: Mapping[str, Any]) -> dict[str, Decimal]:
    """What the pod requests: its containers and sidecars together, or one init container when that is more."""
    total: dict[str, Decimal] = {}
    for name in _COUNTED:
        sidecars = [each for each in pod["spec"].get("initContainers") or [] if each.get("restartPolicy") == "Always"]
        first = [_request(each, name) for each in pod["spec"].get("initContainers") or [] if each not in sidecars]
        running = sum((_request(each, name) for each in [*sidecars, *pod["spec"]["containers"]]), Decimal(0))
        total[name] = max([running, *first])
    return total


def _request(container: Mapping[str, Any], name: str) -> Decimal:
    resources = container.get("resources") or {}
    found = (resources.get("requests") or {}).get(name) or (resources.get("limits") or {}).get(name) or 0
    return number(found)


def fits(wanted: Iterable[Amounts], room: Amounts) -> bool:
    """True when all of it together fits into the room."""
    each_wants = list(wanted)
    return all(sum((one[name] for one in each_wants), Decimal(0)) <= room.get(name, 0) for name in _COUNTED)


def tolerates(pod: Mapping[str, Any], taint: Mapping[str, str]) -> bool:
    """True when the pod may run in spite of the taint.

    https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
    """
    if taint.get("effect") == "PreferNoSchedule":
        return True
    return any(_matches(toleration, taint) for toleration in pod["spec"].get("tolerations") or [])


def _matches(toleration: Mapping[str, str], taint: Mapping[str, str]) -> bool:
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", "")


def waits_for_node(pod: Mapping[str, Any]) -> bool:
    """True when the scheduler has said that no node will do."""
    if pod["spec"].get("nodeName") or "deletionTimestamp" in pod["metadata"]:
        return False
    conditions = pod.get("status", {}).get("conditions") or []
    return any(each["type"] == "PodScheduled" and each.get("reason") == "Unschedulable" for each in conditions)


def is_daemon(pod: Mapping[str, Any]) -> bool:
    """True for a pod that runs on every node and keeps none of them alive."""
    return any(each["kind"] == "DaemonSet" for each in pod["metadata"].get("ownerReferences") or [])
