"""Where a tool is: on the user's PATH in the right version, or else in the cache.

Official downloads are not used. Looked up on 2026-11-26: a publisher's checksum could be had for Helm alone
(https://get.helm.sh/helm-v3.22.0-linux-amd64.tar.gz.sha256sum), and for neither Pulumi v3.258.0 nor Kubernetes
v1.36.3, which take most of the time.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from localcloud.errors import ToolError
from localcloud.toolchain.catalogue import Tool, tool_of

_ANSWER_SECONDS = 20


def tool(program: str, *, cache_root: Path, environ: Mapping[str, str]) -> Path:
    """Return the program's file.

    Raises:
        ToolError: It is on neither PATH nor in the cache, or no tool has this program.
    """
    wanted = tool_of(program)
    found = find(wanted, cache_root=cache_root, environ=environ)
    if found is None:
        raise ToolError(
            seen=f"{program} {wanted.version} is neither on PATH nor in {cache_root}",
            expected=f"a {program} that says it is {wanted.version}",
            action=f"python -m localcloud build {wanted.name}",
        )
    return found / program


def find(wanted: Tool, *, cache_root: Path, environ: Mapping[str, str]) -> Path | None:
    """Return the folder that holds all of the tool's programs, or None."""
    return _on_path(wanted, environ) or _in_cache(wanted, cache_root)


def _on_path(wanted: Tool, environ: Mapping[str, str]) -> Path | None:
    found = [each for program in wanted.programs if (each := shutil.which(program, path=environ.get("PATH", "")))]
    folders = {Path(each).resolve().parent for each in found}
    whole = len(found) == len(wanted.programs) and len(folders) == 1
    return folders.pop() if whole and all(_says(wanted, each) for each in found) else None


def _says(wanted: Tool, program: str) -> bool:
    """True if the program prints exactly the version wanted, with or without the v."""
    try:
        answer = subprocess.run(
            [program, *wanted.ask_version], capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    pattern = rf"(?<![\w.])v?{re.escape(wanted.version.removeprefix('v'))}(?![\w.+-])"
    return re.search(pattern, answer.stdout + answer.stderr) is not None


def _in_cache(wanted: Tool, cache_root: Path) -> Path | None:
    folder = wanted.folder(cache_root)
    return folder if all((folder / name).exists() for name in wanted.built_files()) else None
