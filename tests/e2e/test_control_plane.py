"""The real control plane of a local cloud of its own: what it enforces, and that nothing of it outlives `down`."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from localcloud.paths import REPOSITORY, Home
from localcloud.processes import Identity, Processes

pytestmark = pytest.mark.e2e

Api: TypeAlias = Any  # the client's stubs are of an older version, and take every field for optional
RUN_LABEL = "localcloud.worthwhile.dev/run"
PAUSE: dict[str, Any] = {"name": "pause", "image": "registry.k8s.io/pause"}
CONTROL_PLANE = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"}


def stack_settings() -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in REPOSITORY.glob("Pulumi*.yaml")}


class Cloud:
    """A local cloud in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = Home.from_environment({**os.environ, "LOCALCLOUD_HOME": str(folder)})
        self.processes = Processes(self.home.run, mark=str(folder))
        self.stack_settings_before = stack_settings()

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "localcloud", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, "LOCALCLOUD_HOME": str(self.home.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        running = self.command(*arguments)
        told, _ = running.communicate(timeout=300)
        assert running.returncode == 0, told
        return told

    def running(self) -> dict[str, Identity]:
        found = {name: self.processes.running(name) for name in self.processes.recorded()}
        return {name: identity for name, identity in found.items() if identity}

    def api(self) -> Api:
        config.load_kube_config(str(self.home.kubeconfig))
        return client.CoreV1Api()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    made = Cloud(tmp_path_factory.mktemp("plane") / "cloud")
    try:
        made.run("up")
        yield made
    finally:
        made.run("down")


@pytest.fixture(scope="module")
def api(cloud: Cloud) -> Api:
    found = cloud.api()
    add_node(found, "cpu-node", labels={"topology.kubernetes.io/zone": "us-east-1a"})
    return found


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path / "cloud")
    try:
        yield made
    finally:
        made.run("down")


def wait_until(holds: Callable[[], object], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def add_node(api: Api, name: str, *, labels: Mapping[str, str], taints: list[dict[str, str]] | None = None) -> None:
    size = {"cpu": "8", "memory": "32Gi", "pods": "58"}
    annotated = {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": dict(labels)}
    node = {
        "metadata": annotated,
        "spec": {"taints": taints or []},
        "status": {"capacity": size, "allocatable": size},
    }
    api.create_node(node)


def namespace(api: Api, name: str, **labels: str) -> str:
    api.create_namespace({"metadata": {"name": name, "labels": labels}})
    wait_until(lambda: "default" in {each.metadata.name for each in api.list_namespaced_service_account(name).items})
    return name


def add_pod(api: Api, name: str, in_namespace: str, **spec: object) -> Api:
    body = {"metadata": {"name": name, "labels": {"app": name}}, "spec": {"containers": [PAUSE], **spec}}
    return api.create_namespaced_pod(in_namespace, body)


def phase(api: Api, name: str, in_namespace: str) -> str:
    return str(api.read_namespaced_pod(name, in_namespace).status.phase)


def test_a_pod_on_a_pretend_node_is_said_to_run(api: Api) -> None:
    add_pod(api, "said", namespace(api, "said-to-run"))
    wait_until(lambda: phase(api, "said", "said-to-run") == "Running")


def test_a_pod_that_no_node_can_take_waits_with_the_reason(api: Api) -> None:
    needs = {**PAUSE, "resources": {"limits": {"nvidia.com/gpu": "1"}}}
    add_pod(api, "gpu", namespace(api, "needs-a-gpu"), containers=[needs])

    def reason() -> str:
        conditions = api.read_namespaced_pod("gpu", "needs-a-gpu").status.conditions or []
        return " ".join(condition.message or "" for condition in conditions)

    wait_until(lambda: "Insufficient nvidia.com/gpu" in reason())


def test_a_namespace_named_beforehand_has_its_pods_marked_and_left_to_the_pod_runner(cloud: Cloud, api: Api) -> None:
    cloud.run("run-pods", "runs-for-real")
    namespace(api, "runs-for-real")
    pod = add_pod(api, "real", "runs-for-real", nodeName="cpu-node")
    assert pod.metadata.labels[RUN_LABEL] == "true"


def test_a_namespace_that_is_there_can_be_named_later(cloud: Cloud, api: Api) -> None:
    namespace(api, "named-later")
    cloud.run("run-pods", "named-later")
    wait_until(lambda: RUN_LABEL in (api.read_namespace("named-later").metadata.labels or {}))
    assert add_pod(api, "real", "named-later").metadata.labels[RUN_LABEL] == "true"


def test_other_namespaces_are_not_marked(api: Api) -> None:
    pod = add_pod(api, "pretend", namespace(api, "not-named"))
    assert RUN_LABEL not in pod.metadata.labels


def test_pod_security_is_enforced(api: Api) -> None:
    namespace(api, "strict", **{"pod-security.kubernetes.io/enforce": "restricted"})
    with pytest.raises(ApiException, match=r'violates PodSecurity \\"restricted'):
        add_pod(api, "rootly", "strict")


def test_a_budget_holds_against_eviction(api: Api) -> None:
    name = add_pod(api, "guarded", namespace(api, "budget")).metadata.name
    wait_until(lambda: phase(api, name, "budget") == "Running")
    budget = {"metadata": {"name": name}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": name}}}}
    policy: Api = client.PolicyV1Api()
    policy.create_namespaced_pod_disruption_budget("budget", budget)
    wait_until(lambda: policy.read_namespaced_pod_disruption_budget(name, "budget").status.current_healthy == 1)
    with pytest.raises(ApiException, match="disruption budget") as refused:
        api.create_namespaced_pod_eviction(name, "budget", {"metadata": {"name": name}})
    assert refused.value.status == 429


def test_who_has_no_role_may_do_nothing(cloud: Cloud, api: Api) -> None:
    token = api.create_namespaced_service_account_token("default", namespace(api, "powerless"), {"spec": {}})
    settings: Any = client.Configuration(host=api.api_client.configuration.host)
    settings.ssl_ca_cert = str(cloud.home.pki / "ca.crt")
    settings.api_key = {"authorization": f"Bearer {token.status.token}"}
    with pytest.raises(ApiException) as refused:
        client.CoreV1Api(client.ApiClient(settings)).list_namespaced_secret("default")
    assert refused.value.status == 403


def test_a_token_that_nobody_issued_is_refused(cloud: Cloud, api: Api) -> None:
    settings: Any = client.Configuration(host=api.api_client.configuration.host)
    settings.ssl_ca_cert = str(cloud.home.pki / "ca.crt")
    settings.api_key = {"authorization": "Bearer k8s-aws-v1.bm90IGEgdXJs"}
    with pytest.raises(ApiException) as refused:
        client.CoreV1Api(client.ApiClient(settings)).list_node()
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("group", "version", "plural"),
    [
        ("keda.sh", "v1alpha1", "scaledobjects"),
        ("keda.sh", "v1alpha1", "triggerauthentications"),
        ("monitoring.coreos.com", "v1", "servicemonitors"),
        ("monitoring.coreos.com", "v1", "prometheusrules"),
        ("karpenter.sh", "v1", "nodepools"),
        ("eks.amazonaws.com", "v1", "nodeclasses"),
    ],
)
@pytest.mark.usefixtures("api")
def test_kinds_of_charts_that_are_switched_off_are_served(group: str, version: str, plural: str) -> None:
    assert client.CustomObjectsApi().list_cluster_custom_object(group, version, plural)["items"] == []


def test_a_scaled_object_that_keda_would_refuse_is_refused(api: Api) -> None:
    name = namespace(api, "bad-scaling")
    body = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "x"},
        "spec": {"triggers": 1},
    }
    with pytest.raises(ApiException) as refused:
        client.CustomObjectsApi().create_namespaced_custom_object("keda.sh", "v1alpha1", name, "scaledobjects", body)
    assert refused.value.status == 422


@pytest.mark.usefixtures("api")
def test_clients_see_the_version_that_was_pinned() -> None:
    assert client.VersionApi().get_code().git_version == "v1.36.3"


@pytest.mark.usefixtures("api")
def test_everything_listens_on_loopback_only(cloud: Cloud) -> None:
    sockets = {inode for each in cloud.processes.leftovers() for inode in socket_inodes(each.pid)}
    listening = [address for address, inode in listeners() if inode in sockets]
    assert listening
    assert [address for address in listening if not re.fullmatch(r"[0-9A-F]{6}7F|0{24}01000000", address)] == []


def socket_inodes(pid: int) -> set[str]:
    links = (str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink())
    return {link.removeprefix("socket:[").rstrip("]") for link in links if link.startswith("socket:[")}


def listeners() -> Iterator[tuple[str, str]]:
    """Address in the kernel's hexadecimal words, and inode, of every listening socket; proc(5), /proc/net/tcp."""
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text(encoding="utf-8").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                yield fields[1].split(":")[0], fields[9]


def test_the_plain_pulumi_command_finds_its_backend_and_stack(cloud: Cloud) -> None:
    values = json.loads(cloud.home.environment_file.read_text(encoding="utf-8"))
    told = subprocess.run(
        ["pulumi", "stack", "ls", "--json"],  # noqa: S607
        env=values,
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    assert [stack["name"] for stack in json.loads(told.stdout)] == ["local"]


@pytest.mark.usefixtures("api")
def test_up_changes_no_file_of_the_repository(cloud: Cloud) -> None:
    assert stack_settings() == cloud.stack_settings_before


def test_a_second_up_says_so_and_starts_nothing(cloud: Cloud) -> None:
    before = cloud.running()
    assert "is up already" in cloud.run("up")
    assert cloud.running() == before


def test_up_brings_back_what_was_killed_and_keeps_the_data(cloud: Cloud, api: Api) -> None:
    namespace(api, "survives")
    before = cloud.running()
    cloud.run("drill", "kill", "etcd", "kube-apiserver", "kwok")
    assert before.keys() - cloud.running().keys() >= {"etcd", "kube-apiserver", "kwok"}
    cloud.run("up")
    after = cloud.running()
    assert after.keys() == before.keys() >= CONTROL_PLANE
    assert {name for name in after if after[name] != before[name]} >= {"etcd", "kube-apiserver", "kwok"}
    assert api.read_namespace("survives").status.phase == "Active"


def test_an_up_that_was_killed_is_finished_by_the_next(another: Cloud) -> None:
    starting = another.command("up")
    wait_until(lambda: "kube-apiserver" in another.running())
    starting.kill()
    starting.communicate()
    first = another.running()["etcd"]
    another.run("up")
    assert another.running()["etcd"] == first
    assert another.running().keys() >= CONTROL_PLANE
    another.api()
    pools = client.CustomObjectsApi().list_cluster_custom_object("karpenter.sh", "v1", "nodepools")
    assert pools["items"] == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_up_that_is_stopped_ends_what_it_started(another: Cloud, sent: signal.Signals) -> None:
    starting = another.command("up")
    wait_until(lambda: "kube-apiserver" in another.running())
    starting.send_signal(sent)
    told, _ = starting.communicate(timeout=60)
    assert starting.returncode == 128 + sent, told
    assert "Traceback" not in told
    assert another.processes.leftovers() == []


def test_down_ends_every_process_and_removes_every_file(another: Cloud) -> None:
    another.run("up")
    were = another.processes.leftovers()
    assert len(were) >= len(CONTROL_PLANE)
    another.run("down")
    assert [identity for identity in were if identity.runs()] == []
    assert list(another.home.root.parent.iterdir()) == []


def test_a_drill_names_what_could_be_killed_when_it_cannot_kill(cloud: Cloud) -> None:
    refused = cloud.command("drill", "kill", "kubelet")
    told, _ = refused.communicate(timeout=60)
    assert refused.returncode == 1
    assert "kubelet does not run" in told
    assert "kube-apiserver" in told


def test_a_tool_is_built_from_source_and_knows_its_version(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    for variable in ("GOCACHE", "GOMODCACHE"):
        told = subprocess.run(["go", "env", variable], capture_output=True, text=True, check=True)  # noqa: S603, S607
        environment[variable] = told.stdout.strip()
    command = [sys.executable, "-m", "localcloud", "build", "kubeconform"]
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True)  # noqa: S603
    program = tmp_path / "worthwhile" / "tools" / "kubeconform" / "v0.8.0" / "kubeconform"
    told = subprocess.run([program, "-v"], capture_output=True, text=True, check=True)  # noqa: S603
    assert told.stdout == "v0.8.0\n"
