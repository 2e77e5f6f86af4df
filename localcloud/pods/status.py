"""A pod's status and events as a kubelet would report them. No I/O, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localcloud.pods.container import Ended, State
from localcloud.pods.errors import PodError
from localcloud.pods.records import ContainerPlan, PodPlan

Json = Any
_CALM = ("Started", "Killing")  # every other event is a warning


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a status is made of.

    Attributes:
        pod_address: As Kubernetes knows it, not as this machine does.
        began: When the runner took the pod.
        now: When the report is made.
        host_address: The node's; empty if it has none.
        previous: The status that the API server holds; a condition that stays keeps its time of change.
    """

    pod_address: str
    host_address: str
    began: datetime
    now: datetime
    previous: Json


def running(plan: PodPlan, states: Mapping[str, State], report: Report) -> Json:
    """Return the status of a pod that the runner executes."""
    init_done = all(_is_past(container, states[container.name]) for container in plan.init)
    lasting = [*(container for container in plan.init if container.is_sidecar), *plan.main]
    ready = all(states[container.name].ready for container in lasting)
    conditions = {
        "PodReadyToStartContainers": True,
        "Initialized": init_done,
        "ContainersReady": ready,
        "Ready": ready,
    }
    return {
        "phase": _phase(plan, states),
        "startTime": _time(report.began),
        "podIP": report.pod_address,
        "podIPs": [{"ip": report.pod_address}],
        **({"hostIP": report.host_address, "hostIPs": [{"ip": report.host_address}]} if report.host_address else {}),
        "conditions": [_condition(kind, value, report) for kind, value in conditions.items()],
        "initContainerStatuses": [_container(own, states[own.name], plan) for own in plan.init],
        "containerStatuses": [_container(own, states[own.name], plan) for own in plan.main],
    }


def refused(pod: Json, error: PodError, report: Report) -> Json:
    """Return the status of a pod that cannot be started: every container waits for the same reason."""

    def waiting(container: Json) -> Json:
        return {
            "name": container["name"],
            "image": container["image"],
            "imageID": "",
            "ready": False,
            "started": False,
            "restartCount": 0,
            "state": {"waiting": {"reason": error.reason, "message": str(error)}},
        }

    return {
        "phase": "Pending",
        "startTime": _time(report.began),
        "conditions": [_condition("Ready", False, report), _condition("ContainersReady", False, report)],  # noqa: FBT003
        "initContainerStatuses": [waiting(container) for container in pod["spec"].get("initContainers", [])],
        "containerStatuses": [waiting(container) for container in pod["spec"]["containers"]],
    }


def event(pod: Json, reason: str, message: str, now: datetime) -> Json:
    """Return an event about the pod, as a kubelet records it."""
    metadata, moment = pod["metadata"], _time(now)
    identity = {"name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]}
    return {
        "metadata": {"generateName": f"{metadata['name']}.", "namespace": metadata["namespace"]},
        "involvedObject": {"kind": "Pod", "apiVersion": "v1", **identity},
        "reason": reason,
        "message": message,
        "type": "Normal" if reason in _CALM else "Warning",
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
        "source": {"component": "localcloud-pods", "host": pod["spec"]["nodeName"]},
    }


def _is_past(container: ContainerPlan, state: State) -> bool:
    """Return whether the next init container may start."""
    if container.is_sidecar:
        return state.started
    return state.ended is not None and state.ended.exit_code == 0


def _phase(plan: PodPlan, states: Mapping[str, State]) -> str:
    main = [states[container.name] for container in plan.main]
    checks = [states[container.name].ended for container in plan.init if not container.is_sidecar]
    init_failed = any(run is not None and run.exit_code != 0 for run in checks)
    ended = [state.ended for state in main if state.ended is not None]
    if init_failed or (len(ended) == len(main) and any(run.exit_code for run in ended)):
        return "Failed"
    if len(ended) == len(main):
        return "Succeeded"
    has_run = any(state.running_since or state.last or state.ended for state in main)
    return "Running" if has_run else "Pending"


def _container(plan: ContainerPlan, state: State, pod: PodPlan) -> Json:
    number = f"local://{pod.uid}/{plan.name}/{state.restarts}"
    status = {
        "name": plan.name,
        "image": plan.image,
        "imageID": plan.image,
        "containerID": number if state.running_since or state.ended else "",
        "ready": state.ready or (not plan.is_sidecar and state.ended is not None and state.ended.exit_code == 0),
        "started": state.started,
        "restartCount": state.restarts,
        "state": _state(state, number),
    }
    return status | ({"lastState": {"terminated": _terminated(state.last, number)}} if state.last else {})


def _state(state: State, number: str) -> Json:
    if state.running_since is not None:
        return {"running": {"startedAt": _time(state.running_since)}}
    if state.ended is not None:
        return {"terminated": _terminated(state.ended, number)}
    return {"waiting": {"reason": state.waiting}}


def _terminated(ended: Ended, number: str) -> Json:
    return {
        "exitCode": ended.exit_code,
        "reason": "Completed" if ended.exit_code == 0 else "Error",
        "startedAt": _time(ended.started_at),
        "finishedAt": _time(ended.finished_at),
        "containerID": number,
    }


def _condition(kind: str, value: bool, report: Report) -> Json:  # noqa: FBT001  the condition's own value
    status = str(value)
    before = next((old for old in report.previous.get("conditions", []) if old["type"] == kind), None)
    unchanged = before is not None and before["status"] == status
    return {
        "type": kind,
        "status": status,
        "lastTransitionTime": before["lastTransitionTime"] if before is not None and unchanged else _time(report.now),
    }


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
