"""A scanner that checked nothing, or not everything, is an error: the matrix of what scanners let pass in silence."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from costcheck.errors import ConfigError, InputFileError
from tests.charts.conftest import GOLDENS, ROOT

from chart_scan import checkov, kube_score, schemas, skips  # isort: skip - from scripts/, which conftest.py finds
from chart_scan.rendered import Resource, load_rendered  # isort: skip
import scan_charts  # isort: skip

Json = Any
GOOD = GOLDENS / "full.yaml"


@pytest.fixture
def exit_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], int]:
    def run(path: Path) -> int:
        monkeypatch.setattr(sys, "argv", ["scan_charts.py", str(path)])
        return scan_charts.main()

    return run


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no object"),
        ("---\n---\n", "holds no object"),
        ("a: [1\n b", "cannot be read"),
        ("\x00", "cannot be read"),
        ("just: words\n", "without apiVersion, kind or name"),
        ("- a list\n", "without apiVersion, kind or name"),
    ],
)
def test_what_is_empty_or_malformed_is_refused_with_two(
    exit_of: Callable[[Path], int], capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "rendered.yaml"
    path.write_text(content)
    assert exit_of(path) == 2
    assert said in capsys.readouterr().err


def test_a_missing_file_and_a_missing_folder_are_refused_with_two(
    exit_of: Callable[[Path], int], tmp_path: Path
) -> None:
    assert exit_of(tmp_path / "missing.yaml") == 2
    assert exit_of(tmp_path / "missing" / "folder") == 2


def test_a_pod_made_unsafe_makes_the_command_exit_with_one(tmp_path: Path) -> None:
    path = tmp_path / "rendered.yaml"
    path.write_text(GOOD.read_text().replace("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"))
    command = [sys.executable, str(ROOT / "scripts/scan_charts.py"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    found = {line.partition(":")[0] for line in done.stdout.splitlines() if line.startswith("checkov CKV_K8S_2")}
    assert (done.returncode, found) == (1, {"checkov CKV_K8S_22"}), done.stdout + done.stderr


def with_object(tmp_path: Path, body: Json) -> Path:
    path = tmp_path / "rendered.yaml"
    path.write_text(f"{GOOD.read_text()}---\n{yaml.safe_dump(body)}")
    return path


def test_a_kind_that_nothing_here_knows_is_refused_although_the_scanners_ignore_it(tmp_path: Path) -> None:
    body = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "x"}, "spec": {}}
    path = with_object(tmp_path, body)
    with pytest.raises(InputFileError, match="kubernetes-validate checked"):
        schemas.scan({path: load_rendered(path)}, scan_charts.SCANNERS / "kubernetes-validate")


def test_a_wrong_field_of_a_native_kind_is_found_in_every_version(tmp_path: Path) -> None:
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x", "namespace": "m"}, "spec": {"port": []}}
    path = with_object(tmp_path, body)
    found = schemas.scan({path: load_rendered(path)}, scan_charts.SCANNERS / "kubernetes-validate")
    assert [finding.check for finding in found] == list(schemas.VERSIONS)


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("ScaledObject", ("spec", "minReplicas"), 1),  # a field of the HPA: here it is minReplicaCount
        ("ScaledObject", ("spec", "fallback", "behavior"), "max"),
        ("ServiceMonitor", ("spec", "endpoints", 0, "intervall"), "15s"),
        ("ServiceMonitor", ("spec", "selector"), None),
        ("ServiceMonitor", ("apiVersion",), "monitoring.coreos.com/v1alpha1"),
    ],
)
def test_a_wrong_field_of_a_custom_kind_is_found(kind: str, path: tuple[str | int, ...], value: Json) -> None:
    (resource,) = [found for found in load_rendered(GOOD) if found.kind == kind]
    assert list(schemas._custom(resource)) == []
    body: Json = resource.body
    for step in path[:-1]:
        body = body[step]
    body[path[-1]] = value
    again = Resource(api_version=resource.body["apiVersion"], kind=kind, name=resource.name, body=resource.body)
    assert list(schemas._custom(again)) != []


def checkov_report(**changes: Json) -> Json:
    summary = {"passed": 93, "failed": 0, "skipped": 0, "parsing_errors": 0, "resource_count": 11}
    return {"summary": {**summary, **changes}, "results": {"failed_checks": []}}


@pytest.mark.parametrize(
    "changes", [{"resource_count": 10}, {"resource_count": 12}, {"passed": 0}, {"skipped": 1}, {"parsing_errors": 1}]
)
def test_a_report_of_checkov_that_leaves_something_out_is_refused(changes: dict[str, int]) -> None:
    resources = load_rendered(GOOD)
    assert checkov.findings_of(checkov_report(), resources) == []
    with pytest.raises(InputFileError, match="checkov reports"):
        checkov.findings_of(checkov_report(**changes), resources)


def test_checkovs_report_on_nothing_is_refused() -> None:
    nothing = {"passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0, "resource_count": 0}
    with pytest.raises(InputFileError, match="checkov reports"):
        checkov.findings_of(nothing, [])


@pytest.mark.parametrize("report", ["", "WARN x Couldn't find schema for kind Service with api version v1"])
def test_a_report_of_kubernetes_validate_that_leaves_something_out_is_refused(report: str) -> None:
    one = {Path("x"): [found for found in load_rendered(GOOD) if found.kind == "Service"]}
    passed = "INFO x passed for resource service/model against version 1.36"
    assert schemas.findings_of(passed, one, "1.36") == []
    with pytest.raises(InputFileError):
        schemas.findings_of(report, one, "1.36")
    with pytest.raises(InputFileError):
        schemas.findings_of(passed, one, "1.37")  # of another version than asked for
    with pytest.raises(InputFileError):
        schemas.findings_of(passed, {**one, Path("y"): one[Path("x")]}, "1.36")  # a file left out
    with pytest.raises(InputFileError):
        schemas.findings_of("", {}, "1.36")


def scored(kind: str, grade: int = 10) -> Json:
    check = {"check": {"id": "x"}, "grade": grade, "skipped": False, "comments": [{"path": "p", "summary": "bad"}]}
    return {"type_meta": {"kind": kind}, "object_meta": {"name": "model"}, "object_name": kind, "checks": [check]}


def test_a_report_of_kube_score_is_held_against_what_it_can_score() -> None:
    resources = load_rendered(GOOD)
    report = [scored(kind) for kind in ("Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service")]
    resources = [found for found in resources if found.name != "model-check"]
    assert kube_score.findings_of(report, resources) == []
    assert kube_score.findings_of([*report[:3], scored("Service", grade=5)], resources) == []  # a warning
    (critical,) = kube_score.findings_of([*report[:3], scored("Service", grade=1)], resources)
    assert str(critical) == "kube-score x: Service: p bad"
    for short in ([], report[:3]):
        with pytest.raises(InputFileError, match="kube-score scored"):
            kube_score.findings_of(short, resources)


def test_a_kind_that_kube_score_may_not_know_is_refused() -> None:
    job = Resource(api_version="batch/v1", kind="Job", name="model", body={})
    with pytest.raises(InputFileError, match="kube-score scored"):
        kube_score.findings_of([scored("Job")], [job])


def test_a_scanner_that_is_not_installed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="is missing"):
        checkov.scan({GOOD: load_rendered(GOOD)}, tmp_path / "checkov")


FINDING = skips.Finding(scanner="checkov", check="CKV_1", kind="Service", where="here")
ACCEPTED = skips.Skip(scanner="checkov", check="CKV_1", kind="Service", reason="because")


def test_a_skip_covers_its_own_check_on_its_own_kind_only() -> None:
    others = [
        skips.Finding(scanner=scanner, check=check, kind=kind, where="here")
        for scanner, check, kind in (
            ("kube-score", "CKV_1", "Service"),
            ("checkov", "CKV_2", "Service"),
            ("checkov", "CKV_1", "Pod"),
        )
    ]
    assert skips.not_accepted([FINDING, *others], [ACCEPTED]) == others


def test_a_skip_that_nothing_needs_is_reported_if_its_scanner_ran() -> None:
    assert skips.stale([], [ACCEPTED], ["checkov"]) == [ACCEPTED]
    assert skips.stale([FINDING], [ACCEPTED], ["checkov"]) == []
    assert skips.stale([], [ACCEPTED], ["kube-score"]) == []


@pytest.mark.parametrize("reason", ['reason = ""', 'why = "x"', 'reason = "x"\nextra = "x"'])
def test_a_skip_without_a_reason_is_refused(tmp_path: Path, reason: str) -> None:
    path = tmp_path / "skips.toml"
    path.write_text(f'[[skip]]\nscanner = "checkov"\ncheck = "CKV_1"\nkind = "Service"\n{reason}\n')
    with pytest.raises(ConfigError, match=r"a skip in skips\.toml"):
        skips.load_skips(path)


def test_the_declared_skips_are_few_and_each_has_a_reason() -> None:
    assert sorted((skip.scanner, skip.check, skip.kind) for skip in skips.load_skips()) == [
        ("checkov", "CKV_K8S_8", "Pod"),
        ("checkov", "CKV_K8S_9", "Pod"),
        ("kube-score", "container-image-pull-policy", "Deployment"),
        ("kube-score", "container-image-pull-policy", "Pod"),
    ]
