# ruff: noqa: S104, S108  nothing is opened: these are texts
from pathlib import Path
from typing import Any

import pytest

from localcloud.pods.errors import MissingSourceError, UnknownImageError, UnsupportedError
from localcloud.pods.images import Images
from localcloud.pods.plan import Site, plan_pod
from localcloud.pods.records import ContainerPlan, Exec, HttpGet, PodPlan, Probe, Sleep, TcpConnect
from localcloud.pods.sources import Sources
from localcloud.pods.volumes import File
from tests.localcloud.pods.containers import pod

Json = Any
ROOT = Path("/s/12345678")
SITE = Site(root=ROOT, address="127.77.0.9", images=Images(Path("/no/tools")), extra={"AWS_REGION": "us-east-1"})
SOURCES = Sources(
    contents={
        ("configMap", "config"): {"app.conf": b"listen 127.0.0.1\nroot /data\n", "raw": b"\xff127.0.0.1"},
        ("secret", "key"): {"api-key": b"127.0.0.1"},
    }
)


def planned(container: Json = None, **spec: Json) -> tuple[PodPlan, dict[Path, File]]:
    plan, files = plan_pod(pod(container, **spec), SOURCES, SITE)
    return plan, {file.path: file for file in files}


def main_of(container: Json = None, **spec: Json) -> ContainerPlan:
    return planned(container, **spec)[0].main[0]


CONFIG: Json = {
    "volumes": [{"name": "config", "configMap": {"name": "config"}}, {"name": "data", "emptyDir": {}}],
    "mounts": [{"name": "config", "mountPath": "/etc/app"}, {"name": "data", "mountPath": "/data"}],
}


def test_the_pods_command_takes_the_place_of_the_images_entrypoint() -> None:
    assert main_of({"command": ["echo", "x"], "args": ["y"]}).command == ("echo", "x", "y")
    assert main_of({"args": ["y"]}).command == (str(ROOT / "b/main/python3"), "y")


def test_a_program_of_the_image_is_found_by_its_full_path_too() -> None:
    assert main_of({"command": ["/usr/local/bin/python3", "x"], "args": []}).command == (
        str(ROOT / "b/main/python3"),
        "x",
    )


def test_arguments_are_expanded_and_mapped() -> None:
    container = {
        "env": [{"name": "DIR", "value": "/data"}],
        "args": ["--root=$(DIR)/x", "--host", "0.0.0.0", "$$(DIR)"],
        "volumeMounts": CONFIG["mounts"],
    }
    command = main_of(container, volumes=CONFIG["volumes"]).command
    assert command[1:] == (f"--root={ROOT}/v/data/x", "--host", "127.77.0.9", "$(DIR)")


def test_the_environment_is_the_pods_own_and_not_this_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_RUNNER", "1")
    environment = main_of({"env": [{"name": "A", "value": "127.0.0.1"}]}).environment
    assert environment["A"] == "127.77.0.9"
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["HOSTNAME"] == "chat-1"
    assert "OF_THE_RUNNER" not in environment


def test_a_secret_is_never_rewritten() -> None:
    key = {"name": "K", "valueFrom": {"secretKeyRef": {"name": "key", "key": "api-key"}}}
    volumes = [{"name": "key", "secret": {"secretName": "key", "items": [{"key": "api-key", "path": "key"}]}}]
    plan, files = planned({"env": [key], "volumeMounts": [{"name": "key", "mountPath": "/k"}]}, volumes=volumes)
    assert plan.main[0].environment["K"] == "127.0.0.1"
    assert files[ROOT / "c/main/key/key"].content == b"127.0.0.1"


def test_a_config_map_is_rewritten_to_the_view_of_its_reader() -> None:
    _, files = planned({"volumeMounts": CONFIG["mounts"]}, volumes=CONFIG["volumes"])
    expected = f"listen 127.77.0.9\nroot {ROOT}/v/data\n"
    assert files[ROOT / "c/main/config/app.conf"].content == expected.encode()


def test_a_file_that_is_not_text_is_not_rewritten() -> None:
    _, files = planned({"volumeMounts": CONFIG["mounts"]}, volumes=CONFIG["volumes"])
    assert files[ROOT / "c/main/config/raw"].content == b"\xff127.0.0.1"


def test_an_empty_dir_is_one_folder_for_all_containers() -> None:
    mount = {"name": "data", "mountPath": "/in"}
    init = {"name": "fill", "image": "localhost/python", "args": ["/in/x"], "volumeMounts": [mount]}
    reader = {"args": ["/data/x"], "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    plan, _ = planned(reader, volumes=CONFIG["volumes"][1:], initContainers=[init])
    assert plan.init[0].command[-1] == plan.main[0].command[-1] == f"{ROOT}/v/data/x"


def test_a_sub_path_leads_to_one_file_of_a_volume() -> None:
    mount = {"name": "config", "mountPath": "/etc/one.conf", "subPath": "app.conf"}
    command = main_of({"args": ["/etc/one.conf"], "volumeMounts": [mount]}, volumes=CONFIG["volumes"]).command
    assert command[-1] == f"{ROOT}/c/main/config/app.conf"


def test_a_mount_on_tmp_becomes_tmpdir() -> None:
    mounts = [{"name": "data", "mountPath": "/tmp"}]
    assert main_of({"volumeMounts": mounts}, volumes=CONFIG["volumes"]).environment["TMPDIR"] == f"{ROOT}/v/data"
    assert "TMPDIR" not in main_of().environment


def test_a_probe_knows_the_containers_ports_by_name_and_kubernetes_defaults() -> None:
    container = {
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/health?x=1", "port": "http"}},
    }
    assert main_of(container).readiness == Probe(
        action=HttpGet(url="http://127.77.0.9:8080/health?x=1"),
        initial_delay=0,
        period=10,
        timeout=1,
        success_threshold=1,
        failure_threshold=3,
        grace_period=None,
    )


def test_every_field_of_a_probe_is_taken_over() -> None:
    spec = {
        "exec": {"command": ["python3", "/etc/app/app.conf"]},
        "initialDelaySeconds": 1,
        "periodSeconds": 2,
        "timeoutSeconds": 3,
        "successThreshold": 4,
        "failureThreshold": 5,
        "terminationGracePeriodSeconds": 6,
    }
    liveness = main_of({"livenessProbe": spec, "volumeMounts": CONFIG["mounts"]}, volumes=CONFIG["volumes"]).liveness
    assert liveness == Probe(
        action=Exec(command=(str(ROOT / "b/main/python3"), f"{ROOT}/c/main/config/app.conf")),
        initial_delay=1,
        period=2,
        timeout=3,
        success_threshold=4,
        failure_threshold=5,
        grace_period=6,
    )


def test_hooks_are_taken_over() -> None:
    container = {"lifecycle": {"preStop": {"sleep": {"seconds": 3}}, "postStart": {"tcpSocket": {"port": 80}}}}
    plan = main_of(container)
    assert (plan.pre_stop, plan.post_start) == (Sleep(seconds=3), TcpConnect(host="127.77.0.9", port=80))


def test_an_init_container_that_restarts_always_is_a_sidecar() -> None:
    init = [{"name": name, "image": "localhost/python"} for name in ("proxy", "check")]
    init[0]["restartPolicy"] = "Always"
    plan, _ = planned(initContainers=init)
    assert [container.is_sidecar for container in plan.init] == [True, False]


def test_the_pods_own_policy_and_grace_period_are_taken_over() -> None:
    plan, _ = planned(restartPolicy="Never", terminationGracePeriodSeconds=92)
    assert (plan.restart_policy, plan.grace_period) == ("Never", 92)
    plan, _ = planned()
    assert (plan.restart_policy, plan.grace_period) == ("Always", 30)


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ({"volumes": [{"name": "host", "hostPath": {"path": "/"}}]}, "hostPath"),
        ({"containers": [{"name": "m", "image": "python", "livenessProbe": {"grpc": {"port": 1}}}]}, "grpc"),
        (
            {"containers": [{"name": "m", "image": "python", "livenessProbe": {"tcpSocket": {"port": "no"}}}]},
            "port no",
        ),
    ],
)
def test_what_the_runner_does_not_know_is_refused_by_name(spec: Json, named: str) -> None:
    with pytest.raises(UnsupportedError, match=named):
        planned(**spec)


def test_an_unknown_image_is_refused_by_name() -> None:
    with pytest.raises(UnknownImageError, match="ghcr") as refused:
        planned({"image": "ghcr.io/someone/thing:1"})
    assert refused.value.reason == "ErrImagePull"


def test_vllm_that_is_not_installed_says_how_to_install_it() -> None:
    with pytest.raises(UnknownImageError, match="python -m localcloud build vllm"):
        planned({"image": "docker.io/vllm/vllm-openai@sha256:00"})


def test_a_volume_whose_source_is_missing_is_refused_by_name() -> None:
    volumes = [{"name": "v", "configMap": {"name": "none"}}]
    with pytest.raises(MissingSourceError, match='configmap "none" not found'):
        planned({"volumeMounts": [{"name": "v", "mountPath": "/v"}]}, volumes=volumes)


def test_the_image_of_a_private_mirror_is_the_same_image() -> None:
    mirrored = main_of({"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/mirror/python:3.11@sha256:00"})
    assert mirrored.command[0] == str(ROOT / "b/main/python3")
