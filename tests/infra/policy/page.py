"""What the pack says of itself, to be read: `python -m tests.infra.policy.page` writes it anew."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from pulumi_policy import Policy, ResourceValidationPolicy

from costcheck.gate.releases import RenderedReleases
from infra.policy.pack import policies

GOLDEN = Path(__file__).parents[2] / "golden" / "policy" / "pack.txt"


def page(pack: Iterable[Policy]) -> str:
    """Return each policy with its level, its description and the keys of its configuration."""
    return "".join(map(_said, pack))


def _said(policy: Policy) -> str:
    schema = policy.config_schema if isinstance(policy, ResourceValidationPolicy) else None
    keys = {key: dict(value) for key, value in schema.properties.items()} if schema else {}
    level = policy.enforcement_level.value if policy.enforcement_level else None
    return f"{policy.name} ({level}): {policy.description}{f' {keys}' if keys else ''}\n"


if __name__ == "__main__":
    nothing = RenderedReleases(before={}, after={})
    pack = policies(Path(), today=date.today, export=lambda _: b"", render=lambda _plan, _facts: nothing)
    GOLDEN.write_text(page(pack), encoding="utf-8")
