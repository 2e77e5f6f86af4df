"""What a shell needs so that the plain `pulumi`, `aws` and `helm` commands talk to the local cloud."""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from localcloud.errors import LocalCloudError
from localcloud.paths import Home
from localcloud.ports import LOOPBACK, Ports

_IN_THE_WAY = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "PULUMI_ACCESS_TOKEN")
"""Names that a shell for a real account may hold, and that would win over ours."""
REGION = "us-east-1"


def settings(home: Home, ports: Ports, *, path: str) -> dict[str, str]:
    """Return name and value of each variable; `path` is the PATH that ours is put in front of."""
    ours = [home.bin, Path(sys.prefix) / "bin"]
    kept = [folder for folder in path.split(":") if folder and Path(folder) not in ours]
    return {
        "PATH": ":".join([*map(str, ours), *kept]),
        "LOCALCLOUD_HOME": str(home.root),
        "KUBECONFIG": str(home.kubeconfig),
        "PULUMI_HOME": str(home.pulumi_home),
        "PULUMI_BACKEND_URL": f"file://{home.pulumi_state}",
        "PULUMI_CONFIG_PASSPHRASE": "localcloud",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{ports.aws}",
        "AWS_ACCESS_KEY_ID": "AKIALOCALCLOUD000000",
        "AWS_SECRET_ACCESS_KEY": "localcloud",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def write(home: Home, values: Mapping[str, str]) -> None:
    """Keep the settings for `python -m localcloud env` and for tests."""
    home.environment_file.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def read(home: Home) -> dict[str, str]:
    """Return the settings of a cloud that is up.

    Raises:
        LocalCloudError: It is not.
    """
    if not home.environment_file.exists():
        raise LocalCloudError(
            seen=f"there is no local cloud in {home.root}",
            expected="one that is up",
            action="python -m localcloud up",
        )
    values: dict[str, str] = json.loads(home.environment_file.read_text(encoding="utf-8"))
    return values


def shell_lines(values: Mapping[str, str]) -> str:
    """Return what a POSIX shell evaluates."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    return "\n".join([f"unset {' '.join(_IN_THE_WAY)}", *exports])


def outside(home: Home, environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment as before this cloud's settings: a tool in its bin folder is no tool of the user's."""
    folders = environ.get("PATH", os.defpath).split(":")
    return {**environ, "PATH": ":".join(folder for folder in folders if Path(folder) != home.bin)}


def without_what_is_in_the_way(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment that names no real account."""
    return {name: value for name, value in environ.items() if name not in _IN_THE_WAY}
