"""The Go toolchain, as far as building pinned modules needs it."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from localcloud.errors import ToolError

MINIMUM = (1, 26)
"""What k8s.io/kubernetes v1.36.3 asks for in its go.mod."""
_PARALLEL = 2  # packages compiled at a time; more want over 8 GB of memory with Kubernetes
_INSTALL = "install Go from https://go.dev/dl/ and have it on PATH"


def require() -> str:
    """Return the `go` command.

    Raises:
        ToolError: There is none, or it is too old.
    """
    expected = f"Go {MINIMUM[0]}.{MINIMUM[1]} or newer"
    go = shutil.which("go")
    if go is None:
        raise ToolError(seen="`go` is not on PATH", expected=expected, action=_INSTALL)
    version = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout.strip()
    if parse_version(version) < MINIMUM:
        raise ToolError(seen=f"{go} is {version or 'of no known version'}", expected=expected, action=_INSTALL)
    return go


def parse_version(text: str) -> tuple[int, int]:
    """Return (1, 26) for "go1.26.8"; (0, 0) for what is no version."""
    match = re.match(r"go(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def build_command(go: str, package: str, *, variables: Mapping[str, str], output: Path) -> list[str]:
    """Return the command that builds one package reproducibly; -s -w leave out what only debuggers read."""
    settings = [f"-X {name}={value}" for name, value in variables.items()]
    flags = ["-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags", " ".join(["-s", "-w", *settings])]
    return [go, "build", "-p", str(_PARALLEL), *flags, "-o", str(output), package]


def environment() -> dict[str, str]:
    """Return the caller's environment without what would make another build of it."""
    return {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}


def module_folder(module: str, *, inside: Path) -> Path:
    """Return the unpacked source of a module that the go.mod in `inside` names, downloaded if it is missing.

    Raises:
        ToolError: It cannot be downloaded, or does not match its checksum.
    """
    command = [require(), "mod", "download", "-json", module]
    answer = subprocess.run(command, cwd=inside, env=environment(), capture_output=True, text=True, check=False)
    described = json.loads(answer.stdout or "{}")
    if answer.returncode != 0 or "Dir" not in described:
        raise ToolError(
            seen=f"{module} cannot be downloaded: {described.get('Error') or answer.stderr.strip()[-500:]}",
            expected=f"the version in {inside.name}/go.mod with the checksum in {inside.name}/go.sum",
            action="see that Go's module proxy can be reached (`go env GOPROXY`), then run it again",
        )
    return Path(described["Dir"])
