# ruff: noqa: ASYNC110  the loop has nothing else to do, and waits for other processes
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.pods.container import Container
from localcloud.pods.records import Exec, Probe, Sleep
from tests.localcloud.pods.containers import DEAF, FOREVER, SAYS_WHEN_TOLD, Stage

pytestmark = pytest.mark.allow_hosts(["127.0.0.0/8"])


def file_exists(path: Path) -> Exec:
    return Exec(command=("test", "-e", str(path)))


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something holds; the test fails when it never does."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def is_ready(stage: Stage, name: str) -> Callable[[], bool]:
    """Return a question: has the program said that its handler is in place."""
    return lambda: (stage.folder / f"{name}.log").exists() and "ready" in stage.log(name)


def test_a_container_without_probes_is_started_and_ready_while_it_runs(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    container = stage.container(stage.plan("c", FOREVER))

    async def scene() -> None:
        running = asyncio.create_task(container.run())
        await until(lambda: container.state.ready)
        assert container.state.started
        container.kill()
        await running

    asyncio.run(scene())
    assert not container.state.ready
    assert container.state.ended is not None
    assert container.state.ended.exit_code == 137


def test_it_is_ready_only_after_startup_and_readiness_probe(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    warm, open_ = tmp_path / "warm", tmp_path / "open"
    plan = stage.plan(
        "c",
        FOREVER,
        startup=Probe(action=file_exists(warm), period=0.05, timeout=5, failure_threshold=1000),
        readiness=Probe(action=file_exists(open_), period=0.05, timeout=5, failure_threshold=1),
    )
    container = stage.container(plan)

    async def scene() -> None:
        running = asyncio.create_task(container.run())
        open_.touch()
        await until(lambda: "Unhealthy" in stage.reasons())
        assert (container.state.started, container.state.ready) == (False, False)
        warm.touch()
        await until(lambda: container.state.ready)
        assert container.state.started
        open_.unlink()
        await until(lambda: not container.state.ready)
        container.kill()
        await running

    asyncio.run(scene())


def test_a_started_container_is_not_ready_before_its_readiness_probe_says_so(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    closed = Probe(action=file_exists(tmp_path / "never"), period=0.05, timeout=5)
    container = stage.container(stage.plan("c", FOREVER, readiness=closed))

    async def scene() -> None:
        running = asyncio.create_task(container.run())
        await until(lambda: container.state.started)
        assert not container.state.ready
        container.kill()
        await running

    asyncio.run(scene())


def test_a_failed_startup_probe_restarts_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    never = Probe(action=file_exists(tmp_path / "never"), period=0.05, timeout=5, failure_threshold=2)
    container = stage.container(stage.plan("c", SAYS_WHEN_TOLD, startup=never), restarts=True, grace_period=0)
    asyncio.run(restarted_once(container))
    assert not container.state.started


def test_a_failed_liveness_probe_restarts_it_with_hook_and_signal(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    asked = Exec(command=("sh", "-c", f"test -s {tmp_path}/c.log && exit 1"))
    dead = Probe(action=asked, period=0.05, timeout=5, failure_threshold=2)
    hook = Exec(command=("touch", str(tmp_path / "hooked")))
    container = stage.container(stage.plan("c", SAYS_WHEN_TOLD, liveness=dead, pre_stop=hook), restarts=True)
    asyncio.run(restarted_once(container))
    assert (tmp_path / "hooked").exists()
    assert "told" in stage.log("c")


async def restarted_once(container: Container) -> None:
    running = asyncio.create_task(container.run())
    await until(lambda: container.state.restarts == 1)
    container.kill()
    await running


def test_a_probe_that_answers_too_late_has_failed(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    slow = Probe(
        action=Exec(command=("sleep", "600")), period=0.05, timeout=0.05, failure_threshold=1, grace_period=0
    )
    container = stage.container(stage.plan("c", SAYS_WHEN_TOLD, liveness=slow), restarts=True)
    asyncio.run(restarted_once(container))
    assert any("no answer within 0.05 s" in message for _, message in stage.events)


def test_a_crash_is_restarted_at_once_and_then_backed_off(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    container = stage.container(stage.plan("c", "raise SystemExit(3)"), restarts=True)

    async def scene() -> None:
        running = asyncio.create_task(container.run())
        await until(lambda: container.state.waiting == "CrashLoopBackOff")
        await container.stop(30)
        await running

    asyncio.run(scene())
    assert container.state.restarts == 1
    assert container.state.last is not None
    assert container.state.last.exit_code == 3


def test_a_pre_stop_hook_is_over_before_the_signal(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    hook = Exec(command=(sys.executable, "-c", f"print('hook', file=open('{tmp_path}/c.log', 'a'))"))
    container = stage.container(stage.plan("c", SAYS_WHEN_TOLD, pre_stop=hook))
    asyncio.run(stopped(stage, container, grace=30))
    assert stage.log("c").split() == ["ready", "hook", "told"]


async def stopped(stage: Stage, container: Container, grace: float) -> None:
    running = asyncio.create_task(container.run())
    await until(is_ready(stage, container.plan.name))
    await container.stop(grace)
    await running


def test_a_hook_longer_than_the_grace_period_leaves_two_seconds_for_the_signal(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    container = stage.container(stage.plan("c", SAYS_WHEN_TOLD, pre_stop=Sleep(seconds=600)))
    asyncio.run(stopped(stage, container, grace=1))
    assert "told" in stage.log("c")
    assert "FailedPreStopHook" in stage.reasons()


def test_a_container_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    container = stage.container(stage.plan("c", DEAF))
    asyncio.run(stopped(stage, container, grace=0))
    assert "ignored" in stage.log("c")
    assert container.state.ended is not None
    assert container.state.ended.exit_code == 137


def test_a_stopped_container_is_not_restarted(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    container = stage.container(stage.plan("c", SAYS_WHEN_TOLD), restarts=True)
    asyncio.run(stopped(stage, container, grace=30))
    assert container.state.restarts == 0
    assert container.state.ended is not None
    assert container.state.last is None
