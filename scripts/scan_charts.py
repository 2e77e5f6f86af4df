"""Scans rendered charts: python scripts/scan_charts.py [--kube-score PROGRAM] FILE...

Each file is what `helm template` wrote. Runs checkov and kubernetes-validate from .venv-scanners, the rules of a
model server, and kube-score where its program is given. Exits 0 when nothing is found but what charts/scan_skips.toml
accepts, 1 when something is, 2 when something was not checked: that is never taken for "nothing found".
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from chart_scan import checkov, kube_score, schemas, server_rules
from chart_scan.rendered import load_rendered
from chart_scan.skips import Finding, load_skips, not_accepted, stale

from costcheck.errors import CostcheckError, ExitCode

SCANNERS = Path(__file__).resolve().parents[1] / ".venv-scanners" / "bin"


def scan(paths: Sequence[Path], kube_score_program: Path | None) -> list[Finding]:
    """Returns everything that the scanners find.

    Args:
        paths: The rendered files.
        kube_score_program: kube-score, when there is one.

    Raises:
        InputFileError: Something was not checked.
    """
    files = {path: load_rendered(path) for path in paths}
    found = checkov.scan(files, SCANNERS / "checkov")
    found += schemas.scan(files, SCANNERS / "kubernetes-validate")
    for path, resources in files.items():
        found += server_rules.scan(resources)
        if kube_score_program:
            found += kube_score.scan(path, resources, kube_score_program)
        print(f"{path.name}: {len(resources)} resources checked")
    return found


def wrong(paths: Sequence[Path], kube_score_program: Path | None) -> list[str]:
    """Returns one line for each finding that is not accepted, and for each skip that is not needed.

    Args:
        paths: The rendered files.
        kube_score_program: kube-score, when there is one.

    Raises:
        InputFileError: Something was not checked.
    """
    skips = load_skips()
    found = scan(paths, kube_score_program)
    ran = {checkov.NAME, schemas.NAME, server_rules.NAME} | ({kube_score.NAME} if kube_score_program else set())
    unneeded = [
        f"{skip.scanner} {skip.check} on {skip.kind}: no finding needs it" for skip in stale(found, skips, ran)
    ]
    return [*(str(finding) for finding in not_accepted(found, skips)), *unneeded]


def main() -> int:
    """Prints what was found; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--kube-score", type=Path, metavar="PROGRAM")
    given = parser.parse_args()
    try:
        lines = wrong(given.files, given.kube_score)
    except CostcheckError as error:
        print(error, file=sys.stderr)
        return ExitCode.USAGE
    print("\n".join(lines) or "nothing found")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
