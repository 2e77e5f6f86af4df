"""Runs a scanner for its report; what its exit code says counts for nothing here."""

import subprocess
from pathlib import Path

from costcheck.errors import InputFileError


def output(program: Path, *arguments: str | Path) -> tuple[str, str]:
    """Returns what a program wrote to standard output and to standard error.

    Args:
        program: The program.
        arguments: Its arguments.

    Raises:
        InputFileError: There is no such program.
    """
    try:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - pinned
    except FileNotFoundError as error:
        message = f"{program} is missing"
        raise InputFileError(message, expected="the pinned scanner", action="run `make scanners`") from error
    return done.stdout, done.stderr
