"""Puts the stand-ins where the unmodified `pulumi` command finds them.

Providers go into the local cloud's own PULUMI_HOME under the versions that the installed SDKs ask for, so they never
meet official plugins. The language host must be a real file beside the `pulumi` binary.
"""

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from localcloud.paths import Home
from localcloud.standins.language_host import EXEC_SCRIPT, VERSION
from localcloud.standins.python_runtime import PythonRuntime

LANGUAGE_HOST = "pulumi-language-python"
PROVIDERS = {"aws": "localcloud.account.provider", "kubernetes": "localcloud.standins.kubernetes"}
_SDK_MODULE = f"github.com/pulumi/pulumi/sdk/v3@v{VERSION}"


def install(home: Home, *, pulumi: Path, virtualenv: Path, providers: Mapping[str, str] = PROVIDERS) -> None:
    """Installs all three for this virtual environment; what is right already is left alone.

    Raises RefusedError when an SDK is missing, CalledProcessError with its output when `go` or `pulumi` fails.
    """
    runtime = PythonRuntime.of_virtualenv(virtualenv)
    put_exec_script(pulumi.parent)
    script = pulumi.parent / EXEC_SCRIPT
    write_executable(
        pulumi.parent / LANGUAGE_HOST, wrapper(runtime.executable, "localcloud.standins.language_host", str(script))
    )
    versions = {name: version for name, version, _ in runtime.installed().plugins}
    for package, module in providers.items():
        _install_provider(home, pulumi, package, versions[package], wrapper(runtime.executable, module))


def wrapper(python: Path, module: str, *arguments: str) -> str:
    """A script that becomes the stand-in: the engine's signals reach it and not a shell.

    ``-P`` keeps the program's folder, which the engine starts plugins in, off the import path.
    """
    command = shlex.join([str(python), "-P", "-m", module, *arguments])
    return f'#!/bin/sh\n# Written by localcloud/standins/install.py.\nexec {command} "$@"\n'


def write_executable(file: Path, text: str) -> None:
    """The file with this text, replaced in one step: it may be in use."""
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=file.name, delete=False) as new:
        new.write(text)
    Path(new.name).chmod(0o755)
    Path(new.name).replace(file)


def put_exec_script(folder: Path) -> None:
    """Pulumi's own script that runs a program (Apache-2.0), from the Go module of its SDK; Go checks its sum."""
    if (folder / EXEC_SCRIPT).exists():
        return
    with tempfile.TemporaryDirectory() as outside_any_module:
        told = subprocess.run(
            ["go", "mod", "download", "-json", _SDK_MODULE],
            cwd=outside_any_module,
            capture_output=True,
            text=True,
            check=True,
        )
    shutil.copyfile(Path(json.loads(told.stdout)["Dir"], "python", "cmd", EXEC_SCRIPT), folder / EXEC_SCRIPT)


def _install_provider(home: Home, pulumi: Path, package: str, version: str, text: str) -> None:
    name = f"pulumi-resource-{package}"
    installed = home.pulumi_home / "plugins" / f"resource-{package}-v{version}" / name
    if installed.exists() and installed.read_text(encoding="utf-8") == text:
        return
    with tempfile.TemporaryDirectory() as folder:
        write_executable(Path(folder, name), text)
        subprocess.run(
            [pulumi, "plugin", "install", "resource", package, version, "--file", folder, "--reinstall"],
            env={**os.environ, "PULUMI_HOME": str(home.pulumi_home), "PULUMI_SKIP_UPDATE_CHECK": "true"},
            capture_output=True,
            text=True,
            check=True,
        )
