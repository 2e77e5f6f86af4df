from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from localcloud.pods import status
from localcloud.pods.container import Ended, State
from localcloud.pods.errors import UnknownImageError
from localcloud.pods.records import ContainerPlan, PodPlan
from tests.localcloud.pods.containers import pod

Json = Any
NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
REPORT = status.Report(
    pod_address="10.77.0.9", host_address="10.0.0.1", began=NOON, now=NOON + timedelta(minutes=1), previous={}
)
WAITING = State()
RUNNING = State(waiting=None, running_since=NOON, started=True, ready=True)


def ended(code: int) -> State:
    return State(waiting=None, ended=Ended(exit_code=code, started_at=NOON, finished_at=NOON + timedelta(seconds=5)))


def container(name: str, *, is_sidecar: bool = False) -> ContainerPlan:
    return ContainerPlan(
        name=name, image="python", command=("x",), environment={}, folder=Path("/"), is_sidecar=is_sidecar
    )


PLAN = PodPlan(
    namespace="n",
    name="p",
    uid="u",
    init=(container("check"), container("proxy", is_sidecar=True)),
    main=(container("server"),),
)


def reported(check: State, proxy: State, server: State, report: status.Report = REPORT) -> Json:
    return status.running(PLAN, {"check": check, "proxy": proxy, "server": server}, report)


def conditions(found: Json) -> dict[str, str]:
    return {entry["type"]: entry["status"] for entry in found["conditions"]}


def test_a_pod_is_pending_until_a_main_container_has_run() -> None:
    assert reported(RUNNING, WAITING, WAITING)["phase"] == "Pending"
    assert reported(ended(0), RUNNING, RUNNING)["phase"] == "Running"


def test_a_pod_is_initialised_when_checks_are_over_and_sidecars_have_started() -> None:
    assert conditions(reported(ended(0), WAITING, WAITING))["Initialized"] == "False"
    assert conditions(reported(ended(0), RUNNING, WAITING))["Initialized"] == "True"


def test_a_pod_is_ready_when_sidecars_and_main_containers_are() -> None:
    assert conditions(reported(ended(0), RUNNING, RUNNING))["Ready"] == "True"
    assert conditions(reported(ended(0), replace(RUNNING, ready=False), RUNNING))["Ready"] == "False"
    assert conditions(reported(ended(0), RUNNING, replace(RUNNING, ready=False)))["Ready"] == "False"


def test_a_pod_has_failed_when_its_check_or_its_server_did() -> None:
    assert reported(ended(1), WAITING, WAITING)["phase"] == "Failed"
    assert reported(ended(0), ended(0), ended(1))["phase"] == "Failed"


def test_a_pod_has_succeeded_when_every_main_container_ended_with_0() -> None:
    assert reported(ended(0), ended(0), ended(0))["phase"] == "Succeeded"


def test_a_container_that_waits_to_restart_says_why_and_what_was_last() -> None:
    crashed = Ended(exit_code=3, started_at=NOON, finished_at=NOON + timedelta(seconds=5))
    server = State(waiting="CrashLoopBackOff", last=crashed, restarts=2)
    [found] = reported(ended(0), RUNNING, server)["containerStatuses"]
    assert found["state"] == {"waiting": {"reason": "CrashLoopBackOff"}}
    assert found["restartCount"] == 2
    assert found["lastState"]["terminated"]["exitCode"] == 3
    assert found["lastState"]["terminated"]["finishedAt"] == "2026-11-26T12:00:05Z"


def test_a_condition_keeps_the_time_of_its_last_change() -> None:
    before = reported(ended(0), RUNNING, RUNNING)
    later = replace(REPORT, now=NOON + timedelta(hours=1), previous=before)
    unchanged = reported(ended(0), RUNNING, RUNNING, later)
    assert unchanged["conditions"] == before["conditions"]
    changed = reported(ended(0), RUNNING, replace(RUNNING, ready=False), later)
    times = {entry["type"]: entry["lastTransitionTime"] for entry in changed["conditions"]}
    assert (times["Ready"], times["Initialized"]) == ("2026-11-26T13:00:00Z", "2026-11-26T12:01:00Z")


def test_a_pod_has_the_address_that_kubernetes_accepts() -> None:
    found = reported(ended(0), RUNNING, RUNNING)
    assert (found["podIP"], found["podIPs"]) == ("10.77.0.9", [{"ip": "10.77.0.9"}])


def test_a_pod_that_cannot_be_started_says_why_in_every_container() -> None:
    error = UnknownImageError(image="thing", problem="nothing stands in for it")
    [found] = status.refused(pod(), error, REPORT)["containerStatuses"]
    assert found["state"]["waiting"] == {"reason": "ErrImagePull", "message": "image thing: nothing stands in for it"}
