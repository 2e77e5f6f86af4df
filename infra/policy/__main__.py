"""The pack, as `pulumi` runs it: this folder is the script, so everything is imported from the installed project."""

from datetime import UTC, datetime
from pathlib import Path

from pulumi_policy import PolicyPack

from costcheck.gate.releases import render_releases
from infra.policy.pack import policies
from infra.policy.standing import export_stack


def main() -> None:
    """Serve the policies until the engine lets go."""
    root = Path(__file__).resolve().parents[2]
    PolicyPack(
        "worthwhile",
        policies(
            root,
            today=lambda: datetime.now(UTC).date(),
            export=export_stack,
            render=lambda plan, facts: render_releases(plan, facts, root / "infra"),
        ),
    )


if __name__ == "__main__":
    main()
