"""Programs that come as packages of the Linux distribution."""

import os
import shutil
import subprocess
from pathlib import Path

from localcloud.errors import ToolError

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SYSTEMD = Path("/run/systemd/system")  # there if systemd runs: a package would then start its service


def find(program: str) -> Path | None:
    """Return where the program is; servers often lie in /usr/sbin, which is not on everyone's PATH."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}")
    return Path(found) if found else None


def install(program: str, *, package: str) -> Path:
    """Return the program, installed with apt-get first where that is allowed and starts no service.

    Raises:
        ToolError: It is missing and cannot be installed from here.
    """
    if find(program) is None and os.geteuid() == 0 and shutil.which("apt-get") and not _SYSTEMD.exists():
        print(f"{program}: apt-get install {package}", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", package]):
            subprocess.run(["apt-get", *arguments], env=environment, stdout=subprocess.DEVNULL, check=False)
    found = find(program)
    if found is None:
        raise ToolError(
            seen=f"{program} is neither on PATH nor in /usr/sbin",
            expected=f"the Debian package {package}, or the like",
            action=f"as root: apt-get update && apt-get install {package}; its service need not run",
        )
    print(f"{program}: {found}", flush=True)
    return found
