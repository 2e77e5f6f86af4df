"""Until when EKS supports a Kubernetes version at the standard price; the dates are `infra/data/`'s."""

import functools
import tomllib
from datetime import date

from infra.releases import DATA

WARNING_DAYS = 90
"""An upgrade of cluster, add-ons and nodes, one minor version at a time, wants planning."""


def support_ends(version: str) -> date | None:
    """Return the day on which standard support ends; None where nobody has looked it up."""
    return _ends().get(version)


def supported_versions(today: date) -> list[str]:
    """Return the versions that are in standard support on a day."""
    return [version for version, ends in _ends().items() if today < ends]


@functools.cache
def _ends() -> dict[str, date]:
    rows = tomllib.loads((DATA / "kubernetes_versions.toml").read_text(encoding="utf-8"))["version"]
    return {row["kubernetes"]: row["end_of_standard_support"] for row in rows}
