"""`up`: every process that is missing is started, in order, and the shell's settings are written."""

import http.client
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from localcloud import environment
from localcloud.cluster_api import ClusterApi
from localcloud.control_plane import ControlPlane
from localcloud.errors import ProcessError
from localcloud.lock import exclusive
from localcloud.paths import REPOSITORY, Home
from localcloud.ports import LOOPBACK, Ports, require_free
from localcloud.processes import Identity, Processes, Program
from localcloud.shell_tools import make_stack, put_tools
from localcloud.toolchain import build, module_files

_OBJECTS = Path(__file__).with_name("cluster_objects")
_CRDS = ("keda-crds", "prometheus-crds", "karpenter-crds")
_READY_SECONDS = 90
_ASK_SECONDS = 0.1
_GRACE_SECONDS = 3


@dataclass(slots=True)
class _Start:
    """One run of `up`."""

    processes: Processes
    started: list[Program] = field(default_factory=list)

    def ensure(self, program: Program, *, port: int | None = None) -> bool:
        """Start the program unless it runs; True if it was started. Raises ProcessError if its port is taken."""
        if self.processes.running(program.name):
            return False
        if port:
            require_free(port, owner=program.name)
        identity = self.processes.start(program)
        self.started.append(program)
        print(f"{program.name}: started, pid {identity.pid}", flush=True)
        return True

    def wait(self, program: Program, ready: Callable[[], bool]) -> None:
        """Return once it is ready.

        Raises:
            ProcessError: It ended, or is not ready in time.
        """
        deadline = time.monotonic() + _READY_SECONDS
        while not ready():
            self.require_running(program)
            if time.monotonic() > deadline:
                raise self._failure(program, f"is not ready after {_READY_SECONDS} s")
            time.sleep(_ASK_SECONDS)

    def require_running(self, program: Program) -> Identity:
        """Return who it is.

        Raises:
            ProcessError: It ended.
        """
        identity = self.processes.running(program.name)
        if identity is None:
            raise self._failure(program, "has ended")
        return identity

    def _failure(self, program: Program, what: str) -> ProcessError:
        log = self.processes.log(program.name)
        return ProcessError(
            seen=f"{program.name} {what}; the end of its log:\n{self.processes.last_words(program.name)}",
            expected="a process that stays up",
            action=f"read {log}; `python -m localcloud doctor` says what is missing on this machine",
        )


def up(home: Home, environ: Mapping[str, str]) -> None:
    """Start what is not running; a cloud that is up stays as it is.

    Raises:
        LocalCloudError: Something is missing or does not start; what this run started is ended again.
    """
    _build_what_is_missing(home, environ)
    began = time.monotonic()
    with exclusive(home):
        start = _Start(Processes(home.run, mark=str(home.root)))
        with _ended_on_failure(start):
            _start_all(home, environ, start)
    if start.started:
        print(f"the local cloud is up after {time.monotonic() - began:.1f} s, in {home.root}")
    else:
        print(f"the local cloud is up already, in {home.root}")
    print('next: eval "$(python -m localcloud env)"')


def _build_what_is_missing(home: Home, environ: Mapping[str, str]) -> None:
    absent = build.missing(cache_root=home.tools, environ=environ)
    if absent:
        print(f"building once what is missing: {', '.join(absent)} (15 minutes if it is everything)", flush=True)
        build.build(absent, cache_root=home.tools, environ=environ)


def _start_all(home: Home, environ: Mapping[str, str], start: _Start) -> None:
    ports = Ports.kept_in(home.ports_file)
    values = environment.settings(home, ports, path=environ.get("PATH", os.defpath))
    child = {**environment.without_what_is_in_the_way(environ), **values}
    plane = ControlPlane(home=home, ports=ports, environ=child)
    plane.write_files()
    aws = python_program("aws-api", "localcloud.account.server", "--port", str(ports.aws), environ=child)
    if _exists(aws):
        start.ensure(aws, port=ports.aws)
    _start_control_plane(plane, start)
    if _exists(aws):
        start.wait(aws, lambda: _answers(ports.aws))
    helpers = [
        python_program("controllers", "localcloud.account.controllers", environ=child),
        python_program("pod-runner", "localcloud.pods.runner", environ=child),
    ]
    for helper in helpers:
        if _exists(helper):
            start.ensure(helper)
    put_tools(home, environ)
    make_stack(home, child)
    environment.write(home, values)
    for program in start.started:
        start.require_running(program)


def _start_control_plane(plane: ControlPlane, start: _Start) -> None:
    etcd, apiserver = plane.etcd(), plane.apiserver()
    start.ensure(etcd, port=plane.ports.etcd)
    fresh = start.ensure(apiserver, port=plane.ports.apiserver)
    api = ClusterApi(port=plane.ports.apiserver, pki=plane.pki)
    start.wait(etcd, lambda: True)
    start.wait(apiserver, api.is_ready)
    for program in (plane.controller_manager(), plane.scheduler(), plane.kwok()):
        start.ensure(program)
    if fresh:
        _apply_objects(api, plane.home)


def _apply_objects(api: ClusterApi, home: Home) -> None:
    files = [file for name in _CRDS for file in module_files.files(name, cache_root=home.tools)]
    for file in [*files, *sorted(_OBJECTS.glob("*.yaml"))]:
        api.apply_file(file)
    for path in ("/apis/keda.sh/v1alpha1/scaledobjects", "/apis/karpenter.sh/v1/nodepools"):
        api.wait_for_kind(path, seconds=_READY_SECONDS)


def python_program(name: str, module: str, *arguments: str, environ: Mapping[str, str]) -> Program:
    """Return one of the local cloud's own programs."""
    return Program(
        name=name,
        command=[sys.executable, "-m", module, *arguments],
        environment={**environ, "PYTHONUNBUFFERED": "1"},
        folder=REPOSITORY,
    )


@contextmanager
def _ended_on_failure(start: _Start) -> Iterator[None]:
    """End what this run started if it does not get to its end, also by Ctrl-C."""
    try:
        yield
    except BaseException:
        if start.started:
            names = [program.name for program in start.started]
            print(f"ending again: {', '.join(names)}", file=sys.stderr, flush=True)
            start.processes.end(names, grace_seconds=_GRACE_SECONDS)
        raise


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    with closing(connection):
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False


def _exists(program: Program) -> bool:  # until the account's programs are there
    import importlib.util

    return importlib.util.find_spec(program.command[2]) is not None
