"""What the executor is told: a pod's plan, with nothing left to resolve."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Arguments = tuple[str, ...]
RestartPolicy = Literal["Always", "OnFailure", "Never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exec:
    """Run a command; done well when it exits with 0."""

    command: Arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpGet:
    """Ask a URL; done well when the answer is 200 to 399."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpConnect:
    """Open a connection; done well when it opens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleep:
    """Wait."""

    seconds: float


Action = Exec | HttpGet | TcpConnect | Sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A question asked again and again; times in seconds, Kubernetes' own defaults.

    Attributes:
        grace_period: Replaces the pod's grace period when this probe restarts the container.
    """

    action: Action
    initial_delay: float = 0
    period: float = 10
    timeout: float = 1
    success_threshold: int = 1
    failure_threshold: int = 3
    grace_period: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerPlan:
    """One process with its probes and hooks.

    Attributes:
        command: Absolute program and arguments, everything mapped.
        is_sidecar: An init container that runs on beside the main ones.
    """

    name: str
    image: str
    command: Arguments
    environment: Mapping[str, str]
    folder: Path
    stop_signal: str = "SIGTERM"
    startup: Probe | None = None
    readiness: Probe | None = None
    liveness: Probe | None = None
    post_start: Action | None = None
    pre_stop: Action | None = None
    is_sidecar: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PodPlan:
    """A pod's containers in the order in which they start."""

    namespace: str
    name: str
    uid: str
    init: tuple[ContainerPlan, ...]
    main: tuple[ContainerPlan, ...]
    restart_policy: RestartPolicy = "Always"
    grace_period: float = 30
