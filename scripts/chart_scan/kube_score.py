"""kube-score on a rendered file: it exits 0 and prints `null` on an empty one, so its report is counted."""

import json
from collections.abc import Sequence
from pathlib import Path

from chart_scan.rendered import Json, Resource
from chart_scan.run import output
from chart_scan.skips import Finding
from costcheck.errors import InputFileError

NAME = "kube-score"
CRITICAL = 1  # https://github.com/zegl/kube-score/blob/v1.20.0/scorecard/scorecard.go
SCORED = {"Deployment", "NetworkPolicy", "Pod", "PodDisruptionBudget", "Service"}
NOT_SCORED = {"ConfigMap", "ScaledObject", "ServiceAccount", "ServiceMonitor"}  # it has no check for these kinds


def scan(path: Path, resources: Sequence[Resource], program: Path) -> list[Finding]:
    """Returns what kube-score calls critical.

    Args:
        path: The rendered file.
        resources: What is in it.
        program: The `kube-score` command.

    Raises:
        InputFileError: It did not score everything that it can.
    """
    report, _ = output(program, "score", "--kubernetes-version", "v1.36", "--output-format", "json", path)
    return findings_of(json.loads(report or "null") or [], resources)


def findings_of(report: Json, resources: Sequence[Resource]) -> list[Finding]:
    """Returns the critical findings of a report that covers everything.

    Args:
        report: kube-score's JSON.
        resources: What was rendered.

    Raises:
        InputFileError: An object was left out, or is of a kind not listed here.
    """
    scored = sorted((entry["type_meta"]["kind"], entry["object_meta"]["name"]) for entry in report)
    expected = sorted((resource.kind, resource.name) for resource in resources if resource.kind not in NOT_SCORED)
    if scored != expected or not scored or any(kind not in SCORED for kind, _ in expected):
        message = f"kube-score scored {scored}"
        action = "see why an object was left out, or add its kind to scripts/chart_scan/kube_score.py"
        raise InputFileError(message, expected=f"{expected}, of the kinds {sorted(SCORED)}", action=action)
    return [
        Finding(scanner=NAME, check=check["check"]["id"], kind=entry["type_meta"]["kind"], where=_where(entry, check))
        for entry in report
        for check in entry["checks"]
        if not check["skipped"] and check["grade"] == CRITICAL
    ]


def _where(entry: Json, check: Json) -> str:
    comments = "; ".join(f"{said['path']} {said['summary']}" for said in check["comments"] or [])
    return f"{entry['object_name']}: {comments}"
