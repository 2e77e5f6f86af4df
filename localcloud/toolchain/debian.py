"""Programs that come as packages of the Linux distribution."""

import os
import shutil
import subprocess
from pathlib import Path

from localcloud.errors import ToolError

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_POSTGRESQL = Path("/usr/lib/postgresql")
_SYSTEMD = Path("/run/systemd/system")  # there if systemd runs: a package would then start its service


def find(program: str) -> Path | None:
    """Return where the program is; servers often lie in /usr/sbin, and PostgreSQL's in a folder of each version."""
    versions = sorted(map(str, _POSTGRESQL.glob("*/bin")), reverse=True)
    found = shutil.which(program, path=":".join([os.environ.get("PATH", ""), SYSTEM_PATH, *versions]))
    return Path(found) if found else None


def install(program: str, *, package: str) -> Path:
    """Return the program, installed with apt-get first where that is allowed and starts no service.

    Raises:
        ToolError: It is missing and cannot be installed from here.
    """
    if find(program) is None and os.geteuid() == 0 and shutil.which("apt-get") and not _SYSTEMD.exists():
        print(f"{program}: apt-get install {package}", flush=True)
        # Of runlevel 1 no package starts its service.
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", package]):
            subprocess.run(["apt-get", *arguments], env=environment, stdout=subprocess.DEVNULL, check=False)
    found = find(program)
    if found is None:
        raise ToolError(
            seen=f"{program} is neither on PATH nor where Debian puts it",
            expected=f"the Debian package {package}, or the like",
            action=f"as root: apt-get update && apt-get install {package}; its service need not run",
        )
    print(f"{program}: {found}", flush=True)
    return found
