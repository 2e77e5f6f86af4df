"""Builds what is missing, one thing after another, with a line of progress every few seconds."""

import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from localcloud.errors import ToolError
from localcloud.toolchain import debian, go, locate, module_files
from localcloud.toolchain.cache import build_lock, finished_folder
from localcloud.toolchain.catalogue import MODULES, Tool, tools
from localcloud.vllm import install as vllm
from localcloud.vllm import tiny_model

NEEDED_GB = 20
"""Free disk for a first build: Go's caches, the tools, and vLLM's environment."""
_PROGRESS_SECONDS = 10
_QUOTED_CHARACTERS = 2000


def build(names: Sequence[str], *, cache_root: Path, environ: Mapping[str, str]) -> None:
    """Build each of the names that is missing; no names means everything.

    Raises:
        ToolError: A name is unknown, there is too little disk, or a build failed.
    """
    steps = _steps(cache_root, environ)
    unknown = [name for name in names if name not in steps]
    if unknown:
        raise ToolError(
            seen=f"cannot build {', '.join(unknown)}", expected=f"any of {', '.join(steps)}", action="check it"
        )
    with build_lock(cache_root):
        for name in names or steps:
            steps[name]()


def missing(*, cache_root: Path, environ: Mapping[str, str]) -> list[str]:
    """Return what the control plane needs and `build` would have to make."""
    needed = ("pulumi", "helm", "etcd", "kubernetes", "kwok")
    absent = [name for name in needed if not locate.find(tools()[name], cache_root=cache_root, environ=environ)]
    return absent + [name for name in module_files.names() if not module_files.find(name, cache_root=cache_root)]


def require_disk(folder: Path) -> None:
    """Refuse to start what would fill the disk.

    Raises:
        ToolError: Fewer than NEEDED_GB gigabytes are free where the tools go.
    """
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb < NEEDED_GB:
        raise ToolError(
            seen=f"{free_gb:.1f} GB of disk are free at {folder}",
            expected=f"{NEEDED_GB} GB for a first build",
            action="free some, or set XDG_CACHE_HOME, GOCACHE and GOMODCACHE to a larger disk",
        )


def _steps(cache_root: Path, environ: Mapping[str, str]) -> dict[str, Callable[[], object]]:
    """Return what makes each thing, the things that others wait for first."""
    made: dict[str, Callable[[], object]] = {}
    for name, tool in tools().items():
        made[name] = _tool_step(tool, cache_root, environ)
    for name in module_files.names():
        made[name] = _files_step(name, cache_root)
    made["nginx"] = lambda: debian.install("nginx", package="nginx-light")
    made["postgresql"] = lambda: debian.install("initdb", package="postgresql")
    made["vllm"] = lambda: _timed("vllm", lambda: vllm.install(cache_root))
    made["tiny-model"] = lambda: _timed("tiny-model", lambda: tiny_model.make(cache_root))
    return made


def _tool_step(tool: Tool, cache_root: Path, environ: Mapping[str, str]) -> Callable[[], None]:
    def make() -> None:
        found = locate.find(tool, cache_root=cache_root, environ=environ)
        if found:
            print(f"{tool.name} {tool.version}: {found}", flush=True)
        else:
            require_disk(cache_root)
            with finished_folder(tool.folder(cache_root)) as folder:
                _compile(tool, folder)

    return make


def _files_step(name: str, cache_root: Path) -> Callable[[], None]:
    def make() -> None:
        if not module_files.find(name, cache_root=cache_root):
            module_files.fetch(name, cache_root=cache_root)
        print(f"{name}: there", flush=True)

    return make


def _compile(tool: Tool, folder: Path) -> None:
    command = go.build_command(go.require(), tool.package, variables=tool.variables, output=folder / tool.name)
    log = folder / "build.log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            command, cwd=MODULES / tool.name, env=go.environment(), stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _tell_progress(f"{tool.name} {tool.version}", running)
        finally:
            running.terminate()  # without effect once it has ended; a Ctrl-C must not leave a compiler behind
            running.wait()
    if running.returncode != 0:
        told = log.read_text(encoding="utf-8")[-_QUOTED_CHARACTERS:].strip()
        raise ToolError(
            seen=f"{tool.name} {tool.version} does not build: {told}",
            expected=f"`{' '.join(command)}` in localcloud/toolchain/modules/{tool.name} to end with 0",
            action="see that Go's module proxy can be reached (`go env GOPROXY`), then run it again",
        )
    log.unlink()
    for program in tool.built_files()[1:]:
        (folder / program).symlink_to(tool.name)


def _tell_progress(what: str, running: "subprocess.Popen[bytes]") -> None:
    began = time.monotonic()
    while True:
        try:
            running.wait(timeout=_PROGRESS_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"{what}: building from source, {time.monotonic() - began:.0f} s", flush=True)
        else:
            print(f"{what}: built in {time.monotonic() - began:.0f} s", flush=True)
            return


def _timed(what: str, make: Callable[[], object]) -> None:
    print(f"{what}: ...", flush=True)
    began = time.monotonic()
    make()
    print(f"{what}: there after {time.monotonic() - began:.0f} s", flush=True)
