"""Which Python runs a Pulumi program, and what is installed in it."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.standins.calls import RefusedError

LISTING = Path(__file__).with_name("installed_packages.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What one Python has."""

    python_version: str
    packages: tuple[tuple[str, str], ...]
    plugins: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonRuntime:
    """An interpreter and, when it is a virtual environment's, that environment's folder."""

    executable: Path
    virtualenv: Path | None = None

    @classmethod
    def of_program(cls, root: Path, options: Mapping[str, Any], environment: Mapping[str, str]) -> "PythonRuntime":
        """The interpreter that ``runtime.options`` in Pulumi.yaml ask for.

        As the official host has it (sdk/python/toolchain/{pip,uv}.go of github.com/pulumi/pulumi v3.258.0): without
        ``virtualenv``, pip takes Python from the PATH and uv a ``.venv`` in the project. Raises RefusedError.
        """
        toolchain = options.get("toolchain", "pip")
        if toolchain not in {"pip", "uv"}:
            message = f"runtime.options.toolchain is {toolchain!r}; localcloud's language host knows pip and uv"
            raise RefusedError(message)
        chosen = options.get("virtualenv")
        if not chosen and toolchain == "uv":
            chosen = environment.get("UV_PROJECT_ENVIRONMENT", ".venv")
        return cls.of_virtualenv(root / chosen) if chosen else cls._from_path(environment)

    @classmethod
    def of_virtualenv(cls, folder: Path) -> "PythonRuntime":
        """The interpreter of a virtual environment. Raises RefusedError when there is none."""
        executable = folder / "bin" / "python"
        if not executable.exists():
            message = f"{folder} is not a virtual environment: create it, or correct runtime.options.virtualenv"
            raise RefusedError(message)
        return cls(executable=executable, virtualenv=folder)

    @classmethod
    def _from_path(cls, environment: Mapping[str, str]) -> "PythonRuntime":
        names = [environment["PULUMI_PYTHON_CMD"]] if environment.get("PULUMI_PYTHON_CMD") else ["python3", "python"]
        for name in names:
            found = shutil.which(name, path=environment.get("PATH"))
            if found:
                return cls(executable=Path(found))
        message = f"none of {', '.join(names)} is on the PATH"
        raise RefusedError(message)

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """The environment with the virtual environment activated in it."""
        if self.virtualenv is None:
            return dict(base)
        kept = {name: value for name, value in base.items() if name != "PYTHONHOME"}
        path = os.pathsep.join([str(self.virtualenv / "bin"), kept.get("PATH", os.defpath)])
        return {**kept, "VIRTUAL_ENV": str(self.virtualenv), "PATH": path}

    def installed(self) -> Installed:
        """What is installed. Raises RefusedError with the interpreter's own words when it cannot say."""
        listing = subprocess.run(
            [self.executable, "-P", LISTING],
            env=self.environment(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
        if listing.returncode:
            message = f"{self.executable} cannot list its packages:\n{listing.stderr[-2000:]}"
            raise RefusedError(message)
        about = json.loads(listing.stdout)
        return Installed(
            python_version=about["python"],
            packages=tuple((name, version) for name, version in about["packages"]),
            plugins=tuple((name, version, server) for name, version, server in about["plugins"]),
        )
