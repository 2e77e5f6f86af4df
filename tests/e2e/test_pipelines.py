"""Workflows as actionlint sees them."""

import os
import subprocess
from pathlib import Path

import pytest

from localcloud.paths import Home
from localcloud.toolchain.locate import tool

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]


def test_actionlint_finds_nothing_in_any_workflow() -> None:
    program = tool("actionlint", cache_root=Home.from_environment(os.environ).tools, environ=os.environ)
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    command = [str(program), "-verbose", *map(str, workflows)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603

    assert (done.returncode, done.stdout) == (0, ""), done.stdout
    assert all(f"Linting .github/workflows/{workflow.name}" in done.stderr for workflow in workflows), done.stderr
