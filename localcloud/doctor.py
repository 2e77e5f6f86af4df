"""`doctor`: what this machine has and lacks for the local cloud, and what to do about it. It changes nothing."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from costcheck.errors import CostcheckError
from localcloud.cluster_api import ClusterApi
from localcloud.errors import LocalCloudError
from localcloud.paths import Home
from localcloud.pki import Pki
from localcloud.ports import Ports
from localcloud.processes import Processes
from localcloud.toolchain import build, debian, go
from localcloud.vllm import install as vllm

_MEMORY_GB = 5
"""The control plane takes 0.8 (measured), Pulumi and its stand-ins 1, one vLLM with the tiny model 3 (both about)."""
_LOOPBACK = ("127.0.0.1", "127.77.0.1")  # servers, and the pods' addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        good: True if it is as it should be.
        text: What was seen.
        action: What to do, if it is not good.
    """

    good: bool
    text: str
    action: str = ""

    def __str__(self) -> str:
        told = f"{'ok     ' if self.good else 'MISSING'} {self.text}"
        return told if self.good else f"{told}\n        to do: {self.action}"


def doctor(home: Home, environ: Mapping[str, str]) -> bool:
    """Print what was found; True if nothing is missing."""
    findings = list(examine(home, environ))
    for finding in findings:
        print(finding)
    return all(finding.good for finding in findings)


def examine(home: Home, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding for each thing that the local cloud needs."""
    yield _kernel()
    yield from (_loopback(address) for address in _LOOPBACK)
    yield _memory(Path("/proc/meminfo").read_text(encoding="utf-8"))
    absent = build.missing(cache_root=home.tools, environ=environ)
    yield _tried("tools of the control plane are there", lambda: _require_nothing(absent))
    if absent:
        yield _tried("Go is there", go.require)
        yield _tried(f"{build.NEEDED_GB} GB of disk are free", lambda: build.require_disk(_nearest(home.tools)))
    yield _program("nginx", "as root: apt-get install nginx-light")
    yield _vllm(home)
    yield from _cloud(home)


def _kernel() -> Finding:
    good = hasattr(os, "pidfd_open") and Path("/proc/self/stat").exists()
    return Finding(
        good=good, text="Linux with /proc and pidfd", action="use Linux 5.3 or newer; on others, a container"
    )


def _loopback(address: str) -> Finding:
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError as error:
            return Finding(good=False, text=f"{address}: {error}", action="give the loopback interface 127.0.0.0/8")
    return Finding(good=True, text=f"{address} can be listened on")


def _memory(meminfo: str) -> Finding:
    available = next(line for line in meminfo.splitlines() if line.startswith("MemAvailable"))
    free_gb = int(available.split()[1]) * 1024 / 1e9
    text = f"{free_gb:.1f} GB of memory are available"
    return Finding(
        good=free_gb >= _MEMORY_GB, text=text, action=f"free some: {_MEMORY_GB} GB are needed with one vLLM"
    )


def _program(name: str, action: str) -> Finding:
    found = debian.find(name)
    return Finding(good=found is not None, text=f"{name}: {found or 'not found'}", action=action)


def _vllm(home: Home) -> Finding:
    try:
        return Finding(good=True, text=f"vLLM: {vllm.command(home.tools)}")
    except CostcheckError as error:
        compilers = [name for name in ("gcc", "readelf") if shutil.which(name) is None]
        action = f"apt-get install gcc binutils, then {error.action}" if compilers else error.action
        return Finding(good=False, text=error.seen, action=action)


def _tried(text: str, check: Callable[[], object]) -> Finding:
    try:
        check()
    except CostcheckError as error:
        return Finding(good=False, text=f"{error.seen} (expected: {error.expected})", action=error.action)
    return Finding(good=True, text=text)


def _require_nothing(absent: list[str]) -> None:
    if absent:
        raise LocalCloudError(
            seen=f"not built yet: {', '.join(absent)}",
            expected="every tool on PATH or in the cache",
            action="python -m localcloud build",
        )


def _nearest(folder: Path) -> Path:
    """Return the folder, or the nearest one above that exists."""
    return folder if folder.exists() else _nearest(folder.parent)


def _cloud(home: Home) -> Iterator[Finding]:
    if not home.ports_file.exists():
        yield Finding(good=True, text=f"no local cloud in {home.root}")
        return
    processes = Processes(home.run, mark=str(home.root))
    for name in processes.recorded():
        running = processes.running(name)
        text = f"{name}: pid {running.pid}" if running else f"{name} has ended; its log: {processes.log(name)}"
        yield Finding(good=running is not None, text=text, action="python -m localcloud up")
    pki = Pki(home.pki)
    ready = pki.is_made and ClusterApi(port=Ports.kept_in(home.ports_file).apiserver, pki=pki).is_ready()
    yield Finding(
        good=ready, text=f"the API server is{'' if ready else ' not'} ready", action="python -m localcloud up"
    )
