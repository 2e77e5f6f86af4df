"""One local cloud for all tests of this folder, in a folder of its own; taken down at the end, whatever happens.

`make e2e` runs these tests; they need the tools that `python -m localcloud build` makes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UP_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCloud:
    """A running local cloud.

    Attributes:
        home: Its state folder.
        environment: What a shell has after `eval "$(python -m localcloud env)"`.
    """

    home: Path
    environment: Mapping[str, str]

    def run(
        self,
        *command: str,
        cwd: Path = ROOT,
        extra: Mapping[str, str] | None = None,
        seconds: float = 300,
        expect: Sequence[int] = (0,),
    ) -> subprocess.CompletedProcess[str]:
        """Return the finished command, run as from a shell of this cloud; the test fails on any other exit code."""
        done = subprocess.run(  # noqa: S603 - a test's own command
            command,
            cwd=cwd,
            env={**self.environment, **(extra or {})},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        told = f"{' '.join(command)} exited with {done.returncode}\n{done.stdout[-8000:]}\n{done.stderr[-8000:]}"
        assert done.returncode in expect, told
        return done


def localcloud(home: Path, *arguments: str) -> None:
    """Run `python -m localcloud` for the cloud in a folder."""
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "localcloud", *arguments],
        cwd=ROOT,
        env={**os.environ, "LOCALCLOUD_HOME": str(home)},
        timeout=UP_SECONDS,
        check=True,
    )


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A running local cloud that all tests of the session share."""
    home = tmp_path_factory.mktemp("localcloud")
    try:
        localcloud(home, "up")
        added = json.loads((home / "env.json").read_text(encoding="utf-8"))
        yield LocalCloud(home=home, environment={**os.environ, **added})
    finally:
        localcloud(home, "down")
