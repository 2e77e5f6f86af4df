import stat
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from costcheck.sources import helm
from costcheck.sources.helm import Release, fetch, parse_manifests, render

ROOT = Path(__file__).resolve().parents[3]
GOLDENS = sorted((ROOT / "tests" / "golden" / "charts").glob("*.yaml"))
OBJECT = "apiVersion: v1\nkind: ConfigMap\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder of a Pulumi program beside a chart."""
    (tmp_path / "charts" / "shop").mkdir(parents=True)
    (tmp_path / "infra").mkdir()
    return tmp_path / "infra"


def fake_helm(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Put a program named helm on PATH that runs this Python."""
    folder.mkdir(exist_ok=True)
    path = folder / "helm"
    path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


def shop(**changes: str | dict[str, object]) -> Release:
    return Release(**({"name": "shop", "namespace": "web", "chart": "../charts/shop"} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.stem)
def test_every_object_of_a_rendered_chart_is_read(golden: Path) -> None:
    content = golden.read_bytes()
    found = parse_manifests(content)
    assert not isinstance(found, str)
    assert [one["kind"] for one in found] == [
        line.split()[1].decode() for line in content.splitlines() if line.startswith(b"kind: ")
    ]


def test_objects_in_a_list_are_read_one_by_one() -> None:
    found = parse_manifests(
        f"apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: v1, kind: Pod}}\n---\n{OBJECT}".encode()
    )
    assert [one["kind"] for one in found if not isinstance(one, str)] == ["Pod", "ConfigMap"]


def test_nothing_and_comments_are_no_objects() -> None:
    assert parse_manifests(b"---\n# Source: x\n---\n") == ()


@pytest.mark.parametrize(
    "content",
    [
        b"a: [",
        b"just text",
        b"kind: Service",
        b"apiVersion: 1\nkind: Service",
        b"\xff\xfe\x00",
        b"!!python/object/apply:os.system ['x']",
        b"apiVersion: v1\nkind: List\nitems: [1]",
    ],
)
def test_what_is_no_object_is_a_reason_and_not_nothing(content: bytes) -> None:
    assert isinstance(parse_manifests(content), str)


def test_numbers_are_exact_and_dates_stay_text() -> None:
    found = parse_manifests(f"{OBJECT}data: {{share: 0.1, day: 2026-08-01, count: 7}}".encode())
    assert not isinstance(found, str)
    assert found[0]["data"] == {"share": Decimal("0.1"), "day": "2026-08-01", "count": 7}


def test_without_helm_there_is_a_reason(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(program))
    assert render(shop(), program) == "helm is not on PATH, so its chart cannot be rendered"


def test_a_chart_that_is_not_there_is_a_reason(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_helm(program / "bin", monkeypatch, "print()")
    assert render(shop(chart="../charts/bar"), program) == (
        "there is no chart at ../charts/bar from the folder of the program"
    )


def test_helm_gets_the_chart_its_values_and_nothing_of_the_environment(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = """
import json
values = [one.partition("=")[2] for one in sys.argv if one.startswith("--values=")][0]
data = {"arguments": sys.argv[1:], "values": open(values).read(), "environment": dict(os.environ)}
print(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "data": data}))
"""
    fake_helm(program / "bin", monkeypatch, body)
    monkeypatch.setenv("HELM_PLUGINS", "/somewhere")
    monkeypatch.setenv("KUBECONFIG", "/somewhere/else")
    monkeypatch.setenv("SOME_TOKEN", "hunter2")
    found = render(shop(values={"size": Decimal("8.46")}, kubernetes_version="1.36"), program)
    assert not isinstance(found, str)
    data = found[0]["data"]
    arguments, environment = data["arguments"], data["environment"]
    assert arguments[:3] == ["template", "--namespace=web", "--kube-version=1.36"]
    assert arguments[-3:] == ["--", "shop", str(program / "../charts/shop")]
    assert data["values"] == '{"size":8.46}'
    assert {"HELM_PLUGINS", "SOME_TOKEN"}.isdisjoint(environment)
    assert not Path(environment["KUBECONFIG"]).exists()
    assert not Path(environment["HELM_CONFIG_HOME"]).parent.exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sys.exit('Error: no such value')", "helm cannot render its chart: Error: no such value"),
        ("sys.exit(3)", "helm cannot render its chart: it does not say why"),
        ("os.kill(os.getpid(), 9)", "helm cannot render its chart: it does not say why"),
        ("print('Error')", "what helm rendered is no list of objects: 'Error' has no apiVersion and kind"),
    ],
)
def test_a_helm_that_fails_is_a_reason(program: Path, monkeypatch: pytest.MonkeyPatch, body: str, said: str) -> None:
    fake_helm(program / "bin", monkeypatch, body)
    assert render(shop(), program) == said


def test_a_helm_that_hangs_is_a_reason(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_helm(program / "bin", monkeypatch, "time.sleep(60)")
    monkeypatch.setattr(helm, "TIMEOUT_SECONDS", 0.3)
    assert "did not render its chart within" in render(shop(), program)


def test_a_helm_that_cannot_be_started_is_a_reason(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_helm(program / "bin", monkeypatch, "")
    (program / "bin" / "helm").write_text("#!/nowhere\n")
    assert "helm cannot be run" in render(shop(), program)
    assert "helm cannot be run" in render(shop(name="a\0b"), program)


def test_what_is_too_large_for_a_chart_is_a_reason(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_helm(program / "bin", monkeypatch, "print('#' * 100)")
    monkeypatch.setattr(helm, "MOST_BYTES", 100)
    assert render(shop(), program) == "its chart renders to 101 bytes"


@pytest.mark.parametrize(
    ("changes", "local"),
    [({}, True), ({"repository": "https://example.com"}, False), ({"chart": "oci://example.com/shop"}, False)],
)
def test_a_chart_is_local_unless_it_names_where_it_is_fetched(changes: dict[str, str], local: bool) -> None:  # noqa: FBT001 - a parameter
    assert shop(**changes).is_local is local


def test_objects_of_the_crds_folder_are_rendered_too(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_helm(program / "bin", monkeypatch, "if '--include-crds' not in sys.argv: sys.exit('no')")
    assert render(shop(), program) == ()


def test_helm_is_told_of_an_upgrade(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_helm(program / "bin", monkeypatch, "sys.exit('upgrade' if '--is-upgrade' in sys.argv else 'first')")
    assert str(render(shop(), program)).endswith("first")
    assert str(render(replace(shop(), is_upgrade=True), program)).endswith("upgrade")


def test_a_busy_cluster_is_rendered_from_a_copy_of_the_chart(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = program.parent / "charts" / "shop" / "a.yaml"
    template.write_text('{{ $live := lookup "apps/v1" "Deployment" "web" "shop" }}')
    fake_helm(program / "bin", monkeypatch, "sys.exit(open(sys.argv[-1] + '/a.yaml').read())")
    assert 'dict "spec" (dict "replicas" 999999999) "apps/v1"' in render(replace(shop(), busy=True), program)
    assert "lookup" in template.read_text()


def test_a_chart_that_is_elsewhere_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = """
(folder,) = [one.partition("=")[2] for one in sys.argv if one.startswith("--destination=")]
open(folder + "/web-1.2.3.tgz", "w").write(" ".join(sys.argv[1:]))
"""
    fake_helm(tmp_path / "bin", monkeypatch, body)
    release = shop(chart="web", version="1.2.3", repository="https://example.com")
    found = fetch(release, tmp_path)
    archive = tmp_path / "web-1.2.3.tgz"
    assert found == replace(release, chart=str(archive), version="", repository="")
    assert archive.read_text().startswith("pull --repo=https://example.com --version=1.2.3 --destination=")
    assert fetch(shop(), tmp_path) == shop()


def test_a_chart_that_cannot_be_fetched_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_helm(tmp_path / "bin", monkeypatch, "sys.exit('not there')")
    assert fetch(shop(chart="oci://example.com/shop"), tmp_path) == "helm cannot fetch its chart: not there"
