"""A pod's life: init containers in order, sidecars beside them, main containers, and the end in Kubernetes' order."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from localcloud.pods.container import Container, State, Surroundings
from localcloud.pods.records import ContainerPlan, PodPlan


class PodRun:
    """A pod that runs until it is over or stopped."""

    def __init__(self, plan: PodPlan, around: Surroundings, restarts: Mapping[str, int]) -> None:
        """Take over the restart counts of an earlier run of the same pod."""
        self.plan = plan
        self._stopping = False

        def container(own: ContainerPlan, restarts_after: Callable[[int], bool]) -> Container:
            return Container(own, around, restarts_after=restarts_after, restarts=restarts.get(own.name, 0))

        self.init = [container(own, _always if own.is_sidecar else self._init_restarts) for own in plan.init]
        self.main = [container(own, self._main_restarts) for own in plan.main]

    @property
    def states(self) -> dict[str, State]:
        """The containers' states by name."""
        return {container.plan.name: container.state for container in (*self.init, *self.main)}

    async def run(self) -> None:
        """Run the pod until nothing of it runs."""
        async with asyncio.TaskGroup() as group:
            if await self._initialise(group):
                for container in self.main:
                    group.create_task(container.run())
                await asyncio.gather(*(container.finished.wait() for container in self.main))
            if not self._stopping:
                await self.stop(self.plan.grace_period)  # the sidecars

    async def stop(self, grace: float) -> None:
        """End every container: hooks at once; main containers first, then the sidecars, the last one first."""
        self._stopping = True
        containers = [*self.init, *self.main]
        sidecars = [container for container in self.init if container.plan.is_sidecar]
        await asyncio.gather(
            *(
                container.stop(grace, partial(self._turn, container) if container in sidecars else None)
                for container in containers
            )
        )

    def kill(self) -> None:
        """End every container at once, without hooks or signals."""
        self._stopping = True
        for container in (*self.init, *self.main):
            container.kill()

    async def _initialise(self, group: asyncio.TaskGroup) -> bool:
        """Return whether every init container did its work, or has started if it is a sidecar."""
        for container in self.init:
            if self._stopping:
                return False
            running = group.create_task(container.run())
            if container.plan.is_sidecar:
                await _either(container.started.wait(), container.finished.wait())
                continue
            await running
            if container.state.ended is None or container.state.ended.exit_code != 0:
                return False
        return not self._stopping

    async def _turn(self, sidecar: Container) -> None:
        """Wait until everything that started after the sidecar has ended."""
        later = self.init[self.init.index(sidecar) + 1 :]
        after = [container for container in later if container.plan.is_sidecar]
        begun = [container for container in (*after, *self.main) if container.has_begun]
        await asyncio.gather(*(container.finished.wait() for container in begun))

    def _init_restarts(self, code: int) -> bool:
        return code != 0 and self.plan.restart_policy != "Never"

    def _main_restarts(self, code: int) -> bool:
        return self.plan.restart_policy == "Always" or (self.plan.restart_policy == "OnFailure" and code != 0)


def _always(_: int) -> bool:
    return True


async def _either(*waits: Awaitable[object]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
