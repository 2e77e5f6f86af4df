"""The stand-ins under the unmodified `pulumi` command, on a real API server, with real Helm: one tiny program."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import LocalCloud

pytestmark = pytest.mark.e2e

CANARIES = ("canary-in-a-secret-object", "canary-in-chart-values")
NAMESPACE = "standins"
FAILED = (1, 255)
PROGRAM = """
import json, os, pulumi
import pulumi_kubernetes as k

settings = json.loads(os.environ["SETTINGS"])
with open(os.environ["KUBECONFIG"]) as file:
    kubeconfig = file.read()


def options(provider, *needed):
    return pulumi.ResourceOptions(provider=provider, depends_on=needed)


now = k.Provider("now", kubeconfig=kubeconfig, cluster_identifier="e2e")
labels = {"example.com/stage": settings["stage"]}
ns = k.core.v1.Namespace("ns", metadata={"name": "standins", "labels": labels}, opts=options(now))


def named(name):
    return {"namespace": ns.metadata.name, "name": name}


unnamed = {"namespace": ns.metadata.name}
k.core.v1.Secret("secret", metadata=unnamed, string_data={"key": "canary-in-a-secret-object"}, opts=options(now))
k.core.v1.ServiceAccount("account", metadata=named("account"), opts=options(now))
k.core.v1.ConfigMap("map", metadata=named("map"), data={"a": settings["data"]}, opts=options(now))
k.core.v1.ResourceQuota("quota", metadata=unnamed, spec={"hard": {"cpu": "1000m"}}, opts=options(now))
schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
definition = {
    "group": "example.com",
    "scope": "Namespaced",
    "names": {"plural": "things", "singular": "thing", "kind": "Thing"},
    "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
}
crd = k.apiextensions.v1.CustomResourceDefinition(
    "crd", metadata={"name": "things.example.com"}, spec=definition, opts=options(now)
)
k.apiextensions.CustomResource(
    "thing",
    api_version="example.com/v1",
    kind="Thing",
    metadata=named("thing"),
    spec={"limits": {"nvidia.com/gpu": "4"}},
    opts=options(now, crd),
)
release = k.helm.v3.Release(
    "chart",
    name="chart",
    chart="./chart",
    namespace=ns.metadata.name,
    timeout=settings["timeout"],
    atomic=settings["atomic"],
    values={"broken": settings["broken"], "key": pulumi.Output.secret("canary-in-chart-values")},
    opts=options(now),
)
later = k.Provider("later", kubeconfig=ns.metadata.uid.apply(lambda _: kubeconfig), cluster_identifier="e2e")
k.core.v1.ServiceAccount("late", metadata=named("late"), opts=options(later))
pulumi.export("status", release.status.status)
"""
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: tiny\nversion: 0.1.0\n",
    "values.yaml": "broken: false\nkey: none\n",
    "templates/map.yaml": """apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}"}
stringData: {key: "{{ .Values.key }}"}
""",
    "templates/never.yaml": """{{- if .Values.broken }}
apiVersion: apps/v1
kind: Deployment
metadata: {name: never}
spec:
  selector: {matchLabels: {app: never}}
  template:
    metadata: {labels: {app: never}}
    spec: {nodeSelector: {no-such: node}, containers: [{name: never, image: never}]}
{{- end }}
""",
}
SETTINGS: Mapping[str, Any] = {"stage": "one", "data": "1", "broken": False, "atomic": True, "timeout": 60}
FORBIDDEN_IN_STATE = "ciphertext"  # what stands there for a secret


@dataclass(slots=True, kw_only=True)
class Project:
    """The tiny program in a folder and a backend of its own.

    Attributes:
        is_settled: True when all is as the program says with the settings that tests start from.
    """

    cloud: LocalCloud
    folder: Path
    is_settled: bool = False
    settings: Mapping[str, Any] = field(default_factory=lambda: SETTINGS)

    @property
    def own(self) -> Mapping[str, str]:
        settings = {"SETTINGS": json.dumps(self.settings)}  # `pulumi config set` takes a second each time
        return {"PULUMI_BACKEND_URL": f"file://{self.folder}", "NO_COLOR": "1", **settings}

    def set(self, **changed: Any) -> None:  # noqa: ANN401
        self.is_settled = False
        self.settings = {**SETTINGS, **changed}

    def pulumi(self, *arguments: str, expect: tuple[int, ...] = (0,)) -> str:
        """What it printed; whatever it does, the program is not taken to be settled afterwards."""
        self.is_settled = False
        command = ("pulumi", *arguments, "--non-interactive")
        done = self.cloud.run(*command, cwd=self.folder, extra=self.own, expect=expect)
        return done.stdout + done.stderr

    def up(self, *, expect: tuple[int, ...] = (0,)) -> str:
        return self.pulumi("up", "--yes", "--skip-preview", expect=expect)

    def preview(self) -> dict[str, Any]:
        command = ("pulumi", "preview", "--json", "--non-interactive")
        shown: dict[str, Any] = json.loads(self.cloud.run(*command, cwd=self.folder, extra=self.own).stdout)
        return shown

    def helm(self, *arguments: str, expect: tuple[int, ...] = (0,)) -> str:
        return self.cloud.run("helm", "--namespace", NAMESPACE, *arguments, expect=expect).stdout

    def api(self) -> Any:  # noqa: ANN401
        from kubernetes import client, config  # noqa: PLC0415  -- slow, and only here

        loaded = client.Configuration()
        config.load_kube_config(self.cloud.environment["KUBECONFIG"], client_configuration=loaded)
        return client.CoreV1Api(client.ApiClient(loaded))


@pytest.fixture(scope="module")
def project(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The program, not up yet; it is destroyed at the end, whatever happens."""
    folder = tmp_path_factory.mktemp("standins")
    options = {"name": "python", "options": {"virtualenv": sys.prefix}}
    (folder / "Pulumi.yaml").write_text(json.dumps({"name": "standins", "runtime": options}))
    (folder / "__main__.py").write_text(PROGRAM)
    for name, text in CHART.items():
        (folder / "chart" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "chart" / name).write_text(text)
    made = Project(cloud=cloud, folder=folder)
    made.pulumi("stack", "init", "e2e")
    yield made
    made.pulumi("destroy", "--yes", "--skip-preview", expect=(0, *FAILED))


@pytest.fixture(autouse=True)
def _settled(project: Project) -> None:
    """Each test starts from the program as it is, without changes."""
    if not project.is_settled:
        project.pulumi("cancel", "--yes", expect=(0, *FAILED))
        project.set()
        project.up()
        project.is_settled = True


def nothing_changes(project: Project) -> None:
    project.pulumi("preview", "--expect-no-changes")
    project.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    project.is_settled = True


def test_a_second_run_and_a_refresh_find_nothing_to_change(project: Project) -> None:
    nothing_changes(project)


def test_a_run_says_that_stand_ins_are_used(project: Project) -> None:
    said = [each["message"] for each in project.preview()["diagnostics"]]
    assert [each for each in said if "kubernetes: localcloud's stand-in for provider" in each]


def test_no_secret_is_in_state_plan_or_output(project: Project) -> None:
    project.set(stage="two")
    shown = project.pulumi("preview", "--diff") + project.pulumi("preview", "--json") + project.up()
    state = "".join(file.read_text() for file in (project.folder / ".pulumi").rglob("*.json"))
    assert FORBIDDEN_IN_STATE in state
    assert not [canary for canary in CANARIES if canary in shown + state]


def steps(plan: dict[str, Any]) -> dict[str, Any]:
    return {step["urn"].split("::")[-1]: step for step in plan["steps"] if step["op"] != "same"}


def test_a_preview_names_the_place_that_changes_and_nothing_else(project: Project) -> None:
    project.set(stage="two")
    changed = steps(project.preview())
    assert list(changed) == ["ns"]
    assert changed["ns"]["op"] == "update"
    assert list(changed["ns"]["detailedDiff"]) == ['metadata.labels["example.com/stage"]']


def test_data_of_a_config_map_replace_it_under_the_same_name(project: Project) -> None:
    before = project.api().read_namespaced_config_map("map", NAMESPACE).metadata.uid
    project.set(data="2")
    changed = steps(project.preview())
    assert [(name, step["op"]) for name, step in changed.items()] == [("map", "replace")]
    project.up()
    after = project.api().read_namespaced_config_map("map", NAMESPACE)
    assert (after.metadata.uid != before, after.data) == (True, {"a": "2"})


def test_an_edited_chart_is_a_change(project: Project) -> None:
    file = project.folder / "chart" / "templates" / "map.yaml"
    before = file.read_text()
    file.write_text(before + "immutable: false\n")
    try:
        changed = steps(project.preview())
        assert {name: list(step["detailedDiff"]) for name, step in changed.items()} == {"chart": ["checksum"]}
    finally:
        file.write_text(before)


def test_what_was_deleted_or_changed_by_others_is_restored(project: Project) -> None:
    project.api().delete_namespaced_service_account("account", NAMESPACE)
    project.helm("upgrade", "chart", str(project.folder / "chart"), "--set", "key=by-hand")
    project.pulumi("refresh", "--yes", "--skip-preview")
    assert {name: step["op"] for name, step in steps(project.preview()).items()} == {
        "account": "create",
        "chart": "update",
    }
    project.up()
    nothing_changes(project)
    assert project.api().read_namespaced_service_account("account", NAMESPACE)


def test_a_field_that_someone_else_took_is_a_conflict_and_not_overwritten(project: Project) -> None:
    project.api().patch_namespace(NAMESPACE, {"metadata": {"labels": {"example.com/stage": "by-hand"}}})
    project.set(stage="two")
    assert "pulumi.com/patchForce" in project.up(expect=FAILED)
    assert project.api().read_namespace(NAMESPACE).metadata.labels["example.com/stage"] == "by-hand"
    project.api().patch_namespace(NAMESPACE, {"metadata": {"labels": {"example.com/stage": None}}})
    project.up()
    assert project.api().read_namespace(NAMESPACE).metadata.labels["example.com/stage"] == "two"


def test_a_failing_upgrade_is_rolled_back_and_the_next_run_recovers(project: Project) -> None:
    project.set(broken=True, timeout=3)
    assert "deadline exceeded" in project.up(expect=FAILED)
    assert release_status(project) == "deployed"
    project.set()
    project.up()
    nothing_changes(project)


def test_a_failing_first_install_leaves_an_error_that_the_next_run_clears(project: Project) -> None:
    project.helm("uninstall", "chart", "--wait")
    project.pulumi("refresh", "--yes", "--skip-preview")
    project.set(broken=True, timeout=3, atomic=False)
    project.up(expect=FAILED)
    assert release_status(project) == "failed"
    project.set()
    project.up()
    assert project.pulumi("stack", "output", "status").strip() == "deployed"
    nothing_changes(project)


def helm_processes() -> list[int]:
    """The `helm upgrade` that is running for this project's release."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if {b"upgrade", b"chart", NAMESPACE.encode()} <= set(words) and words[0].endswith(b"helm"):
            found.append(int(folder.name))
    return found


def interrupted(project: Project, how: signal.Signals) -> None:
    """A run that got a signal while Helm was waiting for pods; nothing of it is left."""
    project.set(broken=True, timeout=120)
    command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"]
    environment = {**project.cloud.environment, **project.own}
    with subprocess.Popen(  # noqa: S603
        command, cwd=project.folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and "pending" not in project.helm("list", "--pending", "--output", "json"):
            time.sleep(0.1)
        run.send_signal(how)
    deadline = time.monotonic() + 30
    while helm_processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not helm_processes()


def release_status(project: Project) -> str:
    status: str = json.loads(project.helm("status", "chart", "--output", "json"))["info"]["status"]
    return status


def test_control_c_lets_helm_undo_what_it_was_doing(project: Project) -> None:
    interrupted(project, signal.SIGINT)
    assert release_status(project) == "deployed"
    project.set()
    project.up()
    nothing_changes(project)


def test_a_killed_run_can_be_resumed(project: Project) -> None:
    interrupted(project, signal.SIGKILL)
    assert release_status(project) == "pending-upgrade"
    project.pulumi("cancel", "--yes")
    project.set(timeout=61)  # not the old program: that is what state holds, so nothing would be updated
    assert "left pending-upgrade by an interrupted run" in project.up()
    assert release_status(project) == "deployed"


def test_an_object_that_exists_already_is_not_taken_over(project: Project) -> None:
    project.api().delete_namespaced_service_account("account", NAMESPACE)
    project.pulumi("refresh", "--yes", "--skip-preview")
    project.api().create_namespaced_service_account(NAMESPACE, {"metadata": {"name": "account"}})
    assert f"ServiceAccount {NAMESPACE}/account exists already" in project.up(expect=FAILED)
    project.api().delete_namespaced_service_account("account", NAMESPACE)


def test_destroying_leaves_nothing_in_the_cluster_or_in_state(project: Project) -> None:
    project.pulumi("destroy", "--yes", "--skip-preview")
    assert NAMESPACE not in [each.metadata.name for each in project.api().list_namespace().items]
    assert "resources" not in json.loads(project.pulumi("stack", "export")).get("deployment", {})
