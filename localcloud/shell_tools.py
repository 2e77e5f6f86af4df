"""The tools in the local cloud's own bin folder, the stand-ins beside `pulumi`, and the stack `local`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from localcloud.errors import ProcessError
from localcloud.paths import REPOSITORY, Home
from localcloud.standins.install import install
from localcloud.toolchain.catalogue import tools
from localcloud.toolchain.locate import find

STACK = "local"


def put_tools(home: Home, environ: Mapping[str, str]) -> None:
    """Put every tool that is there into the bin folder, and the stand-ins where `pulumi` finds them.

    `pulumi` looks for the language host beside its own real file, so it is a second name of the file and not a
    symbolic link; across file systems, a copy.
    """
    home.bin.mkdir(parents=True, exist_ok=True)
    for tool in tools().values():
        if folder := find(tool, cache_root=home.tools, environ=environ):
            for program in tool.programs:
                put = _hard_link if program == "pulumi" else _link
                put(folder / program, home.bin / program)
    install(home, pulumi=home.bin / "pulumi", virtualenv=Path(sys.prefix))


def make_stack(home: Home, environ: Mapping[str, str]) -> None:
    """Create the file backend and the stack in it, unless they are there.

    Raises:
        ProcessError: Pulumi cannot create the stack.
    """
    home.pulumi_state.mkdir(parents=True, exist_ok=True)
    if list(home.pulumi_state.glob(f".pulumi/stacks/*/{STACK}.json")):
        return
    command = [str(home.bin / "pulumi"), "stack", "init", STACK, "--non-interactive"]
    told = subprocess.run(command, cwd=REPOSITORY, env=dict(environ), capture_output=True, text=True, check=False)
    if told.returncode != 0:
        raise ProcessError(
            seen=f"the stack {STACK} cannot be created: {told.stderr.strip()}",
            expected=f"`pulumi stack init {STACK}` to end with 0 in {REPOSITORY}",
            action="read its message above",
        )


def _hard_link(source: Path, target: Path) -> None:
    if target.exists() and source.stat().st_size == target.stat().st_size:
        return
    target.unlink(missing_ok=True)
    with suppress(OSError):
        os.link(source.resolve(), target)
    if not target.exists():
        shutil.copy2(source, target)


def _link(source: Path, target: Path) -> None:
    if target.is_symlink() and target.readlink() == source:
        return
    target.unlink(missing_ok=True)
    target.symlink_to(source)
