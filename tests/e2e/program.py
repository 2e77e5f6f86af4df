"""A checkout of its own for the stack `local`, so that no test changes the repository that it runs from."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from costcheck.verdict import Allowance, Decision, encode
from localcloud.account.store import Account, State
from tests.costcheck import builders
from tests.e2e.conftest import ROOT, LocalCloud

POOL_KEY, SPOT_KEY = "g6.xlarge/on_demand", "g6.xlarge/spot"
POOL: Mapping[str, Any] = {
    "name": "gpu",
    "instanceTypes": ["g6.xlarge"],
    "purchaseOption": "on_demand",
    "nodes": {"min": 1, "desired": 2, "max": 3},
}
SPOT_POOL: Mapping[str, Any] = {
    "name": "spot",
    "instanceTypes": ["g6.xlarge", "g6.2xlarge"],
    "purchaseOption": "spot",
    "nodes": {"min": 0, "desired": 1, "max": 2},
}
SERVER: Mapping[str, Any] = {
    "name": "chat",
    "model": "example-org/open-8b-instruct",
    "revision": "0123456789abcdef0123456789abcdef01234567",
    "checksums": f"sha256:{'0' * 64}",
    "weightsGib": 8.46,
    "maxModelLen": 4096,
    "replicas": {"min": 1, "max": 2},
    "pool": "gpu",
}


def decision(nodes: Mapping[str, int], *, valid_until: date | None = None) -> Decision:
    """Return a decision that allows these nodes, for three months from today unless another last day is given."""
    today = datetime.now(UTC).date()
    return replace(
        builders.self_host(),
        as_of=today - timedelta(days=1),
        valid_until=valid_until or today + timedelta(days=89),
        allowance=Allowance(region_id="us-east-1", maximum_nodes=dict(nodes), monthly_ceiling_usd=Decimal(9000)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The program in a checkout of its own, with the plain `pulumi` command."""

    cloud: LocalCloud
    folder: Path

    def pulumi(
        self, *arguments: str, expect: Sequence[int] = (0,), extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Return the finished `pulumi` command."""
        return self.cloud.run("pulumi", *arguments, cwd=self.folder, expect=expect, extra=extra)

    def up(self, *arguments: str) -> str:
        """Return what a successful `pulumi up` printed."""
        return self.pulumi("up", "--yes", "--skip-preview", *arguments).stdout

    def refused(self, command: str = "up") -> str:
        """Return what a `pulumi` command that must fail printed."""
        automatic = ("--yes",) if command != "preview" else ()
        done = self.pulumi(command, *automatic, expect=range(1, 256))
        return done.stdout + done.stderr

    def configure(self, **values: Any) -> None:  # noqa: ANN401 - any structured configuration
        """Set keys of the stack configuration, as a person would."""
        document = {
            f"worthwhile:{key}": {"value": json.dumps(value), "objectValue": value, "secret": False}
            for key, value in values.items()
        }
        self.pulumi("config", "set-all", "--json", json.dumps(document))

    def decide(self, record: Decision | None) -> None:
        """Make a decision the current one, or take it away."""
        path = self.folder / "runbooks/decisions/current.json"
        path.unlink(missing_ok=True)
        if record is not None:
            path.write_bytes(encode(record))

    def account(self) -> State:
        """Return the pretend account as it is now."""
        return Account(self.cloud.home / "account.json").read()

    def change_account(self) -> AbstractContextManager[State]:
        """Return the pretend account to change behind the program's back, as a context."""
        return Account(self.cloud.home / "account.json").change()

    def state(self) -> dict[str, Any]:
        """Return the stack's state as exported, secrets encrypted."""
        exported: dict[str, Any] = json.loads(self.pulumi("stack", "export").stdout)
        return exported

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources of the state, without stack and providers."""
        every = self.state()["deployment"].get("resources") or []
        return [each for each in every if not each["type"].startswith("pulumi:")]


def check_out(cloud: LocalCloud, folder: Path) -> Program:
    """Return the program in a copy of everything that version control has or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git of the PATH
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    program = Program(cloud=cloud, folder=folder)
    program.pulumi("stack", "select", "local")
    return program
