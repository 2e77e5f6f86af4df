"""Measure how long the whole program takes on the local cloud: run `make bench-stack`.

Limits: `pulumi preview` of the whole program under 15 s, `pulumi up` under 60 s. The floor of the same run is `pulumi
stack export`, which starts the engine and no program.
"""

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.conftest import LocalCloud, localcloud
from tests.e2e.program import POOL, POOL_KEY, SERVER, SPOT_KEY, SPOT_POOL, Program, check_out, decision

LIMITS_SECONDS = {"pulumi preview": 15, "pulumi up": 60}


def main() -> None:
    """Print the seconds of each step, with its limit."""
    with tempfile.TemporaryDirectory() as folder:
        home, checkout = Path(folder) / "cloud", Path(folder) / "checkout"
        try:
            rows = [("python -m localcloud up", seconds(lambda: localcloud(home, "up"))), *steps(home, checkout)]
        finally:
            localcloud(home, "down")
    print(f"{platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores; seconds")
    for name, took in rows:
        print(f"{name:44} {took:6.1f}   limit {LIMITS_SECONDS.get(name, '-')}")


def steps(home: Path, checkout: Path) -> list[tuple[str, float]]:
    """Return the seconds of each command of a stack's life."""
    program = whole_program(home, checkout)
    rows = [
        ("floor: pulumi stack export", seconds(lambda: program.pulumi("stack", "export"))),
        ("pulumi preview", seconds(lambda: program.pulumi("preview"))),
        ("pulumi up", seconds(program.up)),
    ]
    made = len(program.resources())
    rows.append(("pulumi up, nothing to do", seconds(lambda: program.up("--expect-no-changes"))))
    rows.append(("pulumi destroy", seconds(lambda: program.pulumi("destroy", "--yes"))))
    print(f"{made} resources: two GPU pools, two model servers, everything around them")
    return rows


def whole_program(home: Path, checkout: Path) -> Program:
    """Return the program with two pools and two servers, and a decision that allows them."""
    added = json.loads((home / "env.json").read_text(encoding="utf-8"))
    program = check_out(LocalCloud(home=home, environment={**os.environ, **added}), checkout)
    program.decide(decision({POOL_KEY: 3, SPOT_KEY: 2, "g6.2xlarge/spot": 2}))
    program.pulumi("config", "set", "--secret", "modelApiKey", "benchmark")
    servers = [
        SERVER,
        {**SERVER, "name": "draft", "pool": "spot", "longestRequestSeconds": 60, "replicas": {"min": 1, "max": 1}},
    ]
    program.configure(gpuPools=[POOL, SPOT_POOL], modelServers=servers)
    return program


def seconds(run: Callable[[], object]) -> float:
    """Return the seconds that a call took."""
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
