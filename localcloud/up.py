"""`up`: every process that is missing is started, in order, and the shell's settings are written."""

import hashlib
import http.client
import os
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from localcloud import environment
from localcloud.cluster_api import ClusterApi
from localcloud.control_plane import ControlPlane
from localcloud.lock import exclusive
from localcloud.paths import REPOSITORY, Home
from localcloud.ports import LOOPBACK, Ports
from localcloud.processes import Processes, Program
from localcloud.shell_tools import make_stack, put_tools
from localcloud.starting import READY_SECONDS, Start
from localcloud.toolchain import build, module_files

_OBJECTS = Path(__file__).with_name("cluster_objects")
_CRDS = ("keda-crds", "prometheus-crds", "karpenter-crds")


def up(home: Home, environ: Mapping[str, str]) -> None:
    """Start what is not running; a cloud that is up stays as it is.

    Raises:
        LocalCloudError: Something is missing or does not start; what this run started is ended again.
    """
    _build_what_is_missing(home, environ)
    began = time.monotonic()
    with exclusive(home):
        start = Start(Processes(home.run, mark=str(home.root)))
        with start.ended_on_failure():
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


def _start_all(home: Home, environ: Mapping[str, str], start: Start) -> None:
    ports = Ports.kept_in(home.ports_file)
    values = environment.settings(home, ports, path=environ.get("PATH", os.defpath))
    child = {**environment.without_what_is_in_the_way(environ), **values}
    plane = ControlPlane(home=home, ports=ports, environ=child)
    plane.write_files()
    aws = python_program("aws-api", "localcloud.account.server", "--port", str(ports.aws), environ=child)
    start.ensure(aws, port=ports.aws)
    _start_control_plane(plane, start)
    start.wait(aws, lambda: _answers(ports.aws))
    helpers = [
        python_program("controllers", "localcloud.account.controllers", environ=child),
        python_program("pod-runner", "localcloud.pods.runner", environ=child),
    ]
    for helper in helpers:
        start.ensure(helper)
    put_tools(home, environ)
    make_stack(home, child)
    environment.write(home, values)
    for program in start.started:
        start.require_running(program)


def _start_control_plane(plane: ControlPlane, start: Start) -> None:
    etcd, apiserver = plane.etcd(), plane.apiserver()
    start.ensure(etcd, port=plane.ports.etcd)
    start.ensure(apiserver, port=plane.ports.apiserver)
    api = ClusterApi(port=plane.ports.apiserver, pki=plane.pki)
    start.wait(apiserver, api.is_ready)
    for program in (plane.controller_manager(), plane.scheduler(), plane.kwok()):
        start.ensure(program)
    _apply_objects(api, plane.home)


def _apply_objects(api: ClusterApi, home: Home) -> None:
    """Apply what every local stack needs, unless these very files were applied to the end before."""
    files = [file for name in _CRDS for file in module_files.files(name, cache_root=home.tools)]
    files += sorted(_OBJECTS.glob("*.yaml"))
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    applied = home.root / "applied-objects.sha256"
    if applied.exists() and applied.read_text(encoding="utf-8") == digest:
        return
    for file in files:
        api.apply_file(file)
    for path in ("/apis/keda.sh/v1alpha1/scaledobjects", "/apis/karpenter.sh/v1/nodepools"):
        api.wait_for_kind(path, seconds=READY_SECONDS)
    applied.write_text(digest, encoding="utf-8")


def python_program(name: str, module: str, *arguments: str, environ: Mapping[str, str]) -> Program:
    """Return one of the local cloud's own programs."""
    return Program(
        name=name,
        command=[sys.executable, "-m", module, *arguments],
        environment={**environ, "PYTHONUNBUFFERED": "1"},
        folder=REPOSITORY,
    )


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    with closing(connection):
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
