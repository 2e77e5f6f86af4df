import asyncio
from pathlib import Path

import pytest

from localcloud.pods.pod import PodRun
from localcloud.pods.records import Exec, Probe
from tests.localcloud.pods.containers import DEAF, SAYS_WHEN_TOLD, Stage
from tests.localcloud.pods.test_container import is_ready, until

pytestmark = pytest.mark.allow_hosts(["127.0.0.0/8"])


def writes(path: Path, word: str) -> str:
    return f"print('{word}', file=open('{path}', 'a'))"


def until_told(path: Path, word: str) -> str:
    """Return a program that writes its word when it is told to end."""
    return SAYS_WHEN_TOLD.replace('print("told", flush=True)', writes(path, word))


def test_init_containers_run_one_after_the_other_before_the_main_ones(tmp_path: Path) -> None:
    stage, order = Stage(tmp_path), tmp_path / "order"
    pod = stage.pod(
        [stage.plan(name, f"import time; time.sleep(0.1); {writes(order, name)}") for name in ("first", "second")],
        [stage.plan("main", writes(order, "main"))],
    )
    asyncio.run(pod.run())
    assert order.read_text(encoding="utf-8").split() == ["first", "second", "main"]


def test_a_failed_init_container_keeps_the_main_ones_from_starting(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    pod = stage.pod([stage.plan("check", "raise SystemExit(1)")], [stage.plan("main", "pass")])
    asyncio.run(pod.run())
    assert pod.states["main"].ended is None
    assert pod.states["main"].restarts == 0


def test_a_failed_init_container_is_tried_again_where_the_pod_restarts(tmp_path: Path) -> None:
    stage, seen = Stage(tmp_path), tmp_path / "seen"
    second_time = f"import os; code = not os.path.exists('{seen}'); {writes(seen, 'x')}; raise SystemExit(code)"
    pod = stage.pod([stage.plan("check", second_time)], [stage.plan("main", "pass")], policy="OnFailure")
    asyncio.run(pod.run())
    assert pod.states["check"].restarts == 1
    assert pod.states["main"].ended is not None


def test_a_sidecar_must_have_started_before_the_next_container(tmp_path: Path) -> None:
    stage, warm = Stage(tmp_path), tmp_path / "warm"
    probe = Probe(action=Exec(command=("test", "-e", str(warm))), period=0.05, timeout=5, failure_threshold=1000)
    pod = stage.pod(
        [stage.plan("proxy", SAYS_WHEN_TOLD, is_sidecar=True, startup=probe)], [stage.plan("main", SAYS_WHEN_TOLD)]
    )

    async def scene() -> None:
        running = asyncio.create_task(pod.run())
        await until(lambda: "Unhealthy" in stage.reasons())
        assert pod.states["main"].running_since is None
        warm.touch()
        await until(is_ready(stage, "main"))
        pod.kill()
        await running

    asyncio.run(scene())


def test_a_pod_whose_work_is_done_ends_its_sidecars(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    wait_for_proxy = f"import os, time\nwhile not os.path.getsize('{tmp_path}/proxy.log'): time.sleep(0.01)"
    pod = stage.pod([stage.plan("proxy", SAYS_WHEN_TOLD, is_sidecar=True)], [stage.plan("main", wait_for_proxy)])
    asyncio.run(pod.run())
    assert "told" in stage.log("proxy")


def test_sidecars_end_after_the_main_containers_the_last_one_first(tmp_path: Path) -> None:
    stage, order = Stage(tmp_path), tmp_path / "order"
    pod = stage.pod(
        [stage.plan(name, until_told(order, name), is_sidecar=True) for name in ("first", "second")],
        [stage.plan("main", until_told(order, "main"))],
    )
    asyncio.run(stopped(stage, pod, ["first", "second", "main"], grace=30))
    assert order.read_text(encoding="utf-8").split() == ["main", "second", "first"]


def test_a_sidecars_hook_runs_at_once_but_its_signal_waits_its_turn(tmp_path: Path) -> None:
    stage, order = Stage(tmp_path), tmp_path / "order"
    hook = Exec(command=("sh", "-c", f"echo hook >> {order}"))
    waits_for_hook = Exec(command=("sh", "-c", f"until [ -s {order} ]; do sleep 0.01; done"))
    pod = stage.pod(
        [stage.plan("proxy", until_told(order, "proxy"), is_sidecar=True, pre_stop=hook)],
        [stage.plan("main", until_told(order, "main"), pre_stop=waits_for_hook)],
    )
    asyncio.run(stopped(stage, pod, ["proxy", "main"], grace=30))
    assert order.read_text(encoding="utf-8").split() == ["hook", "main", "proxy"]


def test_a_main_container_that_takes_all_the_time_leaves_the_sidecar_its_two_seconds(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    pod = stage.pod([stage.plan("proxy", SAYS_WHEN_TOLD, is_sidecar=True)], [stage.plan("main", DEAF)])
    asyncio.run(stopped(stage, pod, ["proxy", "main"], grace=2))
    assert "told" in stage.log("proxy")
    assert (ended := pod.states["main"].ended) is not None
    assert ended.exit_code == 137


def test_a_pod_deleted_while_it_initialises_never_starts_its_main_container(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    pod = stage.pod([stage.plan("check", SAYS_WHEN_TOLD)], [stage.plan("main", "pass")], policy="Always")
    asyncio.run(stopped(stage, pod, ["check"], grace=30))
    assert pod.states["main"].ended is None


async def stopped(stage: Stage, pod: PodRun, names: list[str], grace: float) -> None:
    running = asyncio.create_task(pod.run())
    for name in names:
        await until(is_ready(stage, name))
    await pod.stop(grace)
    await running
