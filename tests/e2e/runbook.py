"""Carry out a runbook page exactly as it is printed: its `sh` blocks, top to bottom, in one shell."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.conftest import LocalCloud

BLOCK = re.compile(r"^(?P<indent> *)```sh\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


def printed_commands(page: Path) -> str:
    """Return the commands of a page; blocks of any other kind are for reading."""
    text = page.read_text(encoding="utf-8")
    return "\n".join(_dedented(found["body"], len(found["indent"])) for found in BLOCK.finditer(text))


def _dedented(body: str, indent: int) -> str:
    return "".join(line[indent:] if line[:indent].isspace() else line for line in body.splitlines(keepends=True))


def carry_out(
    page: Path, cloud: LocalCloud, *, cwd: Path, variables: Mapping[str, str], seconds: float = 600
) -> subprocess.CompletedProcess[str]:
    """Return the finished page; the test fails at the first command that does.

    Args:
        page: The page.
        cloud: Where it is carried out.
        cwd: A checkout of its own.
        variables: What the page asks its reader to say first.
        seconds: Longest time.
    """
    script = f"set -euxo pipefail\n{printed_commands(page)}"
    return cloud.run("bash", "-c", script, cwd=cwd, extra=variables, seconds=seconds)
