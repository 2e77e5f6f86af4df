"""Which local programs stand in for a container image.

An image is known by the last part of its repository, so a mirror in a private registry is the same image.
Its programs become small scripts in a folder that comes first on PATH, so a shell script of the pod finds them too.
"""

import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localcloud.pods.errors import UnknownImageError
from localcloud.vllm import install
from localcloud.vllm.errors import VllmInstallError

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HERE = Path(__file__).parent
_PYTHON = (sys.executable,)
Arguments = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What an image would bring.

    Attributes:
        entrypoint: Runs when the pod names no command.
        default_arguments: Run when the pod names neither command nor arguments.
        programs: Program's name in the image -> the arguments that start it here.
        environment: The image's own variables, below the pod's.
        stop_signal: Ends the container in place of SIGTERM, where the image says so.
    """

    entrypoint: Arguments
    default_arguments: Arguments = ()
    programs: Mapping[str, Arguments]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "SIGTERM"

    def command_line(self, command: Arguments, arguments: Arguments) -> Arguments:
        """Return what runs: the pod's command takes the entrypoint's place, its arguments the default ones'."""
        if command:
            return (*command, *arguments)
        return (*self.entrypoint, *(arguments or self.default_arguments))

    def located(self, command_line: Arguments, programs: Path) -> Arguments:
        """Return the command line with its program from the folder of scripts, if the image brings that program."""
        name = Path(command_line[0]).name
        return (str(programs / name), *command_line[1:]) if name in self.programs else command_line

    def scripts(self) -> dict[str, str]:
        """Return the script that starts each program here."""
        return {name: f'#!/bin/sh\nexec {shlex.join(start)} "$@"\n' for name, start in self.programs.items()}


class Images:
    """The images that this machine can stand in for."""

    def __init__(self, tools: Path) -> None:
        """Know the images whose programs come from the folder of tools, this Python's environment and the system."""
        self._known: Mapping[str, Callable[[], Image]] = {
            "vllm-openai": lambda: _vllm(tools),
            "nginx-unprivileged": _nginx,
            "aws-cli": _aws_cli,
            "python": lambda: Image(entrypoint=("python3",), programs={"python3": _PYTHON}),
            "stub-engine": _stub_engine,
        }

    def find(self, reference: str) -> Image:
        """Return the image that a reference such as `vllm/vllm-openai@sha256:...` means.

        Raises:
            UnknownImageError: Nothing stands in for it, or its program is not installed.
        """
        name = reference.partition("@")[0].rsplit("/", 1)[-1].partition(":")[0]
        if name not in self._known:
            raise UnknownImageError(
                image=reference, problem=f"nothing here stands in for it; known are {', '.join(self._known)}"
            )
        return self._known[name]()


def _vllm(tools: Path) -> Image:
    try:
        vllm = install.command(tools)
    except VllmInstallError as exc:
        raise UnknownImageError(image="vllm-openai", problem=str(exc)) from exc
    on_cpu = (*_PYTHON, str(_HERE / "vllm_on_cpu.py"), str(vllm))
    return Image(
        entrypoint=("vllm", "serve"), programs={"vllm": on_cpu, "python3": (str(vllm.with_name("python3")),)}
    )


def _stub_engine() -> Image:
    engine = (*_PYTHON, str(_HERE / "stub_engine.py"))
    return Image(entrypoint=("vllm", "serve"), programs={"vllm": engine, "python3": _PYTHON})


def _nginx() -> Image:
    nginx = shutil.which("nginx", path=SYSTEM_PATH)
    if nginx is None:
        raise UnknownImageError(
            image="nginx-unprivileged", problem="nginx is not installed; on Debian: apt-get install nginx-light"
        )
    return Image(
        entrypoint=("nginx",),
        default_arguments=("-g", "daemon off;"),
        programs={"nginx": (nginx,)},
        stop_signal="SIGQUIT",
    )


def _aws_cli() -> Image:
    return Image(entrypoint=("aws",), programs={"aws": (str(Path(sys.executable).with_name("aws")),)})
