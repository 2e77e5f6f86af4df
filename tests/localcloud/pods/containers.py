"""Plans and surroundings for tests that run tiny real processes."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from localcloud.pods.container import Container, Surroundings
from localcloud.pods.pod import PodRun
from localcloud.pods.records import ContainerPlan, PodPlan, RestartPolicy

Json = Any
FOREVER = "import time; time.sleep(600)"
SAYS_WHEN_TOLD = """
import signal, sys, time
def told(*_):
    print("told", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, told)
print("ready", flush=True)
time.sleep(600)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("ignored", flush=True))
print("ready", flush=True)
while True:
    time.sleep(600)
"""


@dataclass(slots=True)
class Stage:
    """A folder with what containers wrote, and what they were said to do.

    Attributes:
        events: Reason and message of every event, in order.
    """

    folder: Path
    events: list[tuple[str, str]] = field(default_factory=list)

    def plan(self, name: str, program: str, **changes: Any) -> ContainerPlan:  # noqa: ANN401  any field of the plan
        plan = ContainerPlan(
            name=name,
            image="python",
            command=(sys.executable, "-I", "-S", "-c", program),
            environment={"PATH": "/usr/bin:/bin"},
            folder=self.folder,
        )
        return replace(plan, **changes)

    def surroundings(self, grace_period: float = 30) -> Surroundings:
        return Surroundings(
            grace_period=grace_period,
            logs=self.folder,
            changed=lambda: None,
            tell=lambda reason, message: self.events.append((reason, message)),
        )

    def container(self, plan: ContainerPlan, *, restarts: bool = False, grace_period: float = 30) -> Container:
        return Container(plan, self.surroundings(grace_period), restarts_after=lambda _: restarts)

    def pod(
        self, init: list[ContainerPlan], main: list[ContainerPlan], policy: RestartPolicy = "Never", grace: float = 30
    ) -> PodRun:
        plan = PodPlan(
            namespace="n",
            name="p",
            uid="u",
            init=tuple(init),
            main=tuple(main),
            restart_policy=policy,
            grace_period=grace,
        )
        return PodRun(plan, self.surroundings(grace), restarts={})

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def reasons(self) -> list[str]:
        return [reason for reason, _ in self.events]


def pod(container: Mapping[str, Json] | None = None, **spec: Json) -> Json:
    """Return a pod as the API server would, with one container unless `spec` says otherwise."""
    own = {"name": "main", "image": "localhost/python", "args": ["-c", "pass"], **(container or {})}
    return {
        "metadata": {"name": "chat-1", "namespace": "models", "uid": "12345678-aaaa", "labels": {"app": "chat"}},
        "spec": {"nodeName": "gpu-1", "containers": [own], **spec},
    }
