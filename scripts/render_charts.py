"""Renders every profile of the chart into tests/golden/charts: python scripts/render_charts.py [--helm PROGRAM]."""

import argparse
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "charts" / "model-server"
GOLDENS = ROOT / "tests" / "golden" / "charts"
PROFILES = tuple(sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml")))
KUBERNETES = "1.36.0"


def render(helm: str | Path, profile: str, more: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Returns the finished `helm template` of a profile, with the dummy digests.

    Args:
        helm: The program.
        profile: Such as `full`.
        more: Further arguments.
    """
    values = [f"--values={CHART}/ci/dummy-digests.yaml", f"--values={CHART}/ci/{profile}-values.yaml"]
    where = ["--namespace", "models", "--kube-version", KUBERNETES]
    return subprocess.run(  # noqa: S603 - the pinned helm
        [helm, "template", "model", CHART, *where, *values, *more], capture_output=True, text=True, check=False
    )


def main() -> None:
    """Writes one golden a profile.

    Raises:
        SystemExit: A profile does not render.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--helm", default="helm", metavar="PROGRAM")
    helm = parser.parse_args().helm
    for profile in PROFILES:
        done = render(helm, profile)
        if done.returncode:
            raise SystemExit(done.stderr)
        (GOLDENS / f"{profile}.yaml").write_text(done.stdout, encoding="utf-8")
        print(f"{profile}.yaml")


if __name__ == "__main__":
    main()
