"""One container's life: start, probes, restarts with back-off, and its end with hook, signal and grace."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from localcloud.pods import checks
from localcloud.pods.probing import Verdict
from localcloud.pods.processes import Process, Setting
from localcloud.pods.records import Action, ContainerPlan, Probe
from localcloud.pods.timing import BackOff, grace_left


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that is over."""

    exit_code: int
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a kubelet would report of a container.

    Attributes:
        waiting: Why it does not run yet or again; None when it runs or is over.
        running_since: None when it does not run.
        ended: The run that was the last one; None while another is to come.
        last: The run before the present one.
    """

    waiting: str | None = "PodInitializing"
    running_since: datetime | None = None
    ended: Ended | None = None
    last: Ended | None = None
    restarts: int = 0
    started: bool = False
    ready: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a container needs of its pod.

    Attributes:
        grace_period: The pod's, in seconds, for restarts by a probe.
        logs: Folder for the container's log and the log of its hooks.
        changed: Called after every change of the state.
        tell: Called with reason and message of what a kubelet would record as an event.
    """

    grace_period: float
    logs: Path
    changed: Callable[[], None]
    tell: Callable[[str, str], None]


class Container:
    """A container that runs until it is over or stopped."""

    def __init__(
        self, plan: ContainerPlan, around: Surroundings, *, restarts_after: Callable[[int], bool], restarts: int = 0
    ) -> None:
        self.plan = plan
        self.state = State(restarts=restarts)
        self.started = asyncio.Event()
        self.finished = asyncio.Event()
        self._around = around
        self._restarts_after = restarts_after
        self._stopping = asyncio.Event()
        self._process: Process | None = None
        self._has_begun = False

    @property
    def has_begun(self) -> bool:
        """Whether it was ever started."""
        return self._has_begun

    async def run(self) -> None:
        """Run, and run again as the restart policy says, until it is over for good."""
        self._has_begun = True
        back_off = BackOff()
        try:
            while not self._stopping.is_set():
                ended = await self._run_once()
                if self._stopping.is_set() or not self._restarts_after(ended.exit_code):
                    self._set(ended=ended)
                    return
                back_off = await self._wait_to_restart(back_off, ended)
        finally:
            self.finished.set()

    async def stop(self, grace: float, turn: Callable[[], Awaitable[object]] | None = None) -> None:
        """End it: hook at once, the signal when its turn has come, SIGKILL when the grace period is over."""
        self._stopping.set()
        if self._process is not None:
            await self._end(grace, turn)
        if self._has_begun:
            await self.finished.wait()

    def kill(self) -> None:
        """End it at once, as a node that loses power does."""
        self._stopping.set()
        if self._process is not None:
            self._process.kill()

    async def _run_once(self) -> Ended:
        began = datetime.now(UTC)
        self._process = await Process.start(self.plan.command, self._setting(f"{self.plan.name}.log"))
        if self._stopping.is_set():  # told while it started
            self._process.kill()
        self._set(running_since=began, waiting=None)
        self._around.tell("Started", f"Container {self.plan.name} started")
        try:
            async with asyncio.TaskGroup() as group:
                observing = group.create_task(self._observe(asyncio.get_running_loop().time()))
                code = await self._process.wait()
                observing.cancel()
        finally:
            await self._process.end()
        self._process = None
        self._set(running_since=None, started=False, ready=False)
        return Ended(exit_code=code, started_at=began, finished_at=datetime.now(UTC))

    async def _wait_to_restart(self, back_off: BackOff, ended: Ended) -> BackOff:
        loop = asyncio.get_running_loop()
        finished = loop.time()
        wait = back_off.wait(finished, finished)
        self._set(last=ended, waiting="CrashLoopBackOff" if wait else "ContainerCreating")
        if wait:
            self._around.tell("BackOff", f"Back-off {wait:g} s restarting failed container {self.plan.name}")
        await _first(self._stopping.wait(), asyncio.sleep(wait))
        if self._stopping.is_set():
            self._set(waiting=None, ended=ended)
        else:
            self._set(restarts=self.state.restarts + 1)
        return back_off.raised(finished, loop.time())

    async def _observe(self, start: float) -> None:
        """Run hook and probes beside the process; cancelled when that ends."""
        if self.plan.post_start is not None:
            result = await checks.perform(self.plan.post_start, self._setting_of_hooks(), math.inf)
            if not result.is_good:
                await self._restart("FailedPostStartHook", result.detail, None)
        if self.plan.startup is not None:
            await self._until_started(self.plan.startup, start)
        if self._stopping.is_set():
            return
        self._set(started=True, ready=self.plan.readiness is None)
        self.started.set()
        await asyncio.gather(self._watch_readiness(start), self._watch_liveness(start))

    async def _until_started(self, probe: Probe, start: float) -> None:
        async for verdict in self._verdicts("Startup", probe, start, Verdict(passing=False)):
            if verdict.passing or self._stopping.is_set():
                return
            if verdict.has_failed(probe):
                await self._restart("Unhealthy", "Startup probe failed too often", probe)

    async def _watch_readiness(self, start: float) -> None:
        """Go on while the container is stopped: a draining server may still be asked."""
        if self.plan.readiness is not None:
            async for verdict in self._verdicts("Readiness", self.plan.readiness, start, Verdict(passing=False)):
                self._set(ready=verdict.passing)

    async def _watch_liveness(self, start: float) -> None:
        if self.plan.liveness is not None:
            async for verdict in self._verdicts("Liveness", self.plan.liveness, start, Verdict(passing=True)):
                if self._stopping.is_set():
                    return
                if not verdict.passing:
                    await self._restart("Unhealthy", "Liveness probe failed too often", self.plan.liveness)

    async def _verdicts(self, kind: str, probe: Probe, start: float, verdict: Verdict) -> AsyncIterator[Verdict]:
        loop = asyncio.get_running_loop()
        tick = start + probe.initial_delay
        while True:
            await asyncio.sleep(tick - loop.time())
            result = await checks.perform(probe.action, self._setting_of_hooks(), probe.timeout)
            if not result.is_good:
                self._around.tell("Unhealthy", f"{kind} probe failed: {result.detail}")
            verdict = verdict.observe(probe, result=result.is_good)
            yield verdict
            tick = max(tick + probe.period, loop.time())

    async def _restart(self, reason: str, message: str, probe: Probe | None) -> None:
        self._around.tell(reason, message)
        self._around.tell("Killing", f"Container {self.plan.name} will be restarted: {message}")
        own = probe.grace_period if probe is not None else None
        await self._end(self._around.grace_period if own is None else own, None)

    async def _end(self, grace: float, turn: Callable[[], Awaitable[object]] | None) -> None:
        """Hook, then the turn, then the signal and what is left of the grace period, then SIGKILL."""
        process, loop = self._process, asyncio.get_running_loop()
        began = loop.time()
        if process is None:
            return
        if self.plan.pre_stop is not None and grace > 0:
            await _first(process.wait(), self._run_pre_stop(self.plan.pre_stop, grace))
        if turn is not None:
            await _first(process.wait(), turn(), asyncio.sleep(grace - (loop.time() - began)))
        process.signal(self.plan.stop_signal)
        if not await process.ends_within(grace_left(grace, loop.time() - began)):
            self._around.tell("Killing", f"Container {self.plan.name} did not end in time: SIGKILL")
            process.kill()
            await process.wait()

    async def _run_pre_stop(self, hook: Action, grace: float) -> None:
        result = await checks.perform(hook, self._setting_of_hooks(), grace)
        if not result.is_good:
            self._around.tell("FailedPreStopHook", result.detail)

    def _setting_of_hooks(self) -> Setting:
        return self._setting(f"{self.plan.name}.hooks.log")

    def _setting(self, log: str) -> Setting:
        return Setting(environment=self.plan.environment, folder=self.plan.folder, log=self._around.logs / log)

    def _set(self, **changes: object) -> None:
        changed = replace(self.state, **changes)  # type: ignore[arg-type]
        if changed != self.state:
            self.state = changed
            self._around.changed()


async def _first(*waits: Awaitable[object]) -> None:
    """Return when the first is done; the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
