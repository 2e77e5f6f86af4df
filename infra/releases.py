"""Versions that somebody else sets: managed add-ons and third-party charts, read from `infra/data/`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from infra.errors import Problem, refuse

DATA = Path(__file__).resolve().parent / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRelease:
    """A third-party chart.

    Attributes:
        name: Our word for it, as in the configuration.
        chart: Name of the chart in its repository.
        repository: URL of the repository.
        version: Pinned version; empty means that nobody has looked it up.
        source_url: Page that states the version.
        checked: Day on which that page was read.
        namespace: Where it is installed.
        pod_security: Level that the namespace enforces.
        values: Values that it always gets.
    """

    name: str
    chart: str
    repository: str
    version: str
    source_url: str
    checked: date
    namespace: str
    pod_security: str
    values: Mapping[str, Any] = field(default_factory=dict)


def load_platform_releases(path: Path = DATA / "platform_releases.toml") -> dict[str, PlatformRelease]:
    """Return the charts by name, in the order in which they depend on each other."""
    rows = tomllib.loads(path.read_text())["release"]
    return {row["name"]: PlatformRelease(**row) for row in rows}


def load_addon_versions(
    kubernetes_version: str, overrides: Mapping[str, str], path: Path = DATA / "addon_versions.toml"
) -> dict[str, str]:
    """Return the version of each managed add-on; what the configuration names wins.

    Raises:
        ProblemsError: No versions are known for this Kubernetes version, and the configuration names none.
    """
    rows = tomllib.loads(path.read_text()).get(kubernetes_version, [])
    if not rows and not overrides:
        right = f"a version with rows in infra/data/{path.name}, or cluster.addonVersions for each add-on"
        refuse([Problem(key="cluster.kubernetesVersion", value=kubernetes_version, right=right)])
    return {row["name"]: row["version"] for row in rows} | dict(overrides)
