"""The real vLLM on a CPU, started once from the chart as rendered, with a tiny model from the pretend S3."""

import shutil
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from localcloud.paths import Home
from localcloud.vllm import tiny_model
from tests.e2e.conftest import LocalCloud
from tests.e2e.serving.conftest import KEY, Kit, Release, Weights
from tests.e2e.serving.kube import Json, container_statuses, until
from tests.e2e.serving.load import streams

pytestmark = [pytest.mark.e2e, pytest.mark.allow_hosts(["127.0.0.0/8"])]
START_SECONDS = 400  # 50 to 90 s alone; builds may run beside it
CHAT = {"model": "tiny", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 6, "ignore_eos": True}

# What vLLM 0.32.0 answers without asking for the key, and ways to spell a path differently
BLOCKED = (
    "/invocations",
    "/tokenize",
    "/detokenize",
    "/metrics",
    "/load",
    "/version",
    "/ping",
    "/docs",
    "/openapi.json",
    "/scale_elastic_ep",
    "/generative_scoring",
    "/pause",
    "/v1/embeddings",
    "/v1/load_lora_adapter",
    "/invocations/../invocations",
    "//invocations",
    "/%69nvocations",
    "/v1/models/../../invocations",
)


@pytest.fixture(scope="module")
def model(cloud: LocalCloud) -> Path:
    return tiny_model.folder(Home.from_environment(cloud.environment).tools)


@pytest.fixture(scope="module")
def weights(upload: Callable[[Path, str], Weights], kit: Kit, model: Path) -> Weights:
    """The tiny model in S3, and a node for its servers."""
    kit.add_node("cpu", "us-east-1a")
    return upload(model, "tiny")


@pytest.fixture(scope="module")
def real(kit: Kit, weights: Weights) -> Release:
    """One replica on the real vLLM: its only start."""
    release = kit.install("real", weights, {})
    release.wait_ready(1, seconds=START_SECONDS)
    return release


def ask(method: str, url: str, body: Json = None, key: str = KEY) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx2.request(method, url, json=body, headers=headers, timeout=60, trust_env=False)


def test_a_chat_completion_comes_through_the_proxy(real: Release) -> None:
    answer = ask("POST", f"{real.service().url()}/v1/chat/completions", CHAT)
    assert answer.status_code == 200
    assert answer.json()["usage"]["completion_tokens"] == 6


def test_a_wrong_key_is_refused(real: Release) -> None:
    assert ask("POST", f"{real.service().url()}/v1/chat/completions", CHAT, key="wrong").status_code == 401


@pytest.mark.parametrize("path", BLOCKED)
def test_every_other_path_is_404_even_with_the_key(real: Release, path: str) -> None:
    assert ask("POST", real.service().url() + path, CHAT).status_code == 404
    assert ask("GET", real.service().url() + path).status_code == 404


def test_metrics_have_a_port_of_their_own_and_name_the_served_model(real: Release) -> None:
    url = real.service().url("metrics")
    page = ask("GET", f"{url}/metrics").text
    assert 'vllm:num_requests_running{engine="0",model_name="tiny"}' in page
    assert ask("POST", f"{url}/v1/chat/completions", CHAT).status_code == 404


def test_what_a_cpu_cannot_take_is_said_in_the_servers_log(real: Release) -> None:
    [pod] = real.pods()
    assert "on a CPU without ['--tensor-parallel-size', '1']" in real.log(pod["metadata"]["name"], "server")


def test_200_streams_are_finished_when_the_server_is_scaled_away(real: Release) -> None:
    [pod] = real.ready()
    assert container_statuses(pod)["server"]["restartCount"] == 0  # the progress probe has passed all along
    read = streams(200, real.service().url(), KEY, 100, lambda: scale_to_zero(real))
    assert [stream.problem for stream in read if not stream.is_whole] == []
    assert min(stream.chunks for stream in read) > 0
    until(lambda: not real.pods(), 120, "the pod is gone")


def scale_to_zero(release: Release) -> None:
    path = f"/apis/apps/v1/namespaces/{release.namespace}/deployments/{release.name}/scale"
    release.cluster.merge(path, {"spec": {"replicas": 0}})
    until(lambda: not release.service().ready_urls(), 10, "it has left the endpoints")


def test_an_unknown_flag_fails_the_pod(kit: Kit, weights: Weights) -> None:
    release = kit.install("bad-flag", weights, {"server": {"extraArgs": ["--no-such-flag"]}})
    ended = until(lambda: last_end(release, "server"), START_SECONDS, "the server has ended")
    kit.uninstall(release)
    assert ended["exitCode"] == 2


def test_one_flipped_byte_in_the_weights_keeps_the_server_from_starting(
    kit: Kit, upload: Callable[[Path, str], Weights], model: Path, tmp_path: Path
) -> None:
    tampered = shutil.copytree(model, tmp_path / "tampered")
    content = bytearray((tampered / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (tampered / "model.safetensors").write_bytes(content)
    release = kit.install("flipped", upload(tampered, "flipped"), {})
    ended = until(lambda: last_end(release, "verify"), 120, "the check has ended")
    [pod] = release.pods()
    assert ended["exitCode"] == 1
    assert "model.safetensors has sha256:" in release.log(pod["metadata"]["name"], "verify")
    assert "waiting" in container_statuses(pod)["server"]["state"]


def last_end(release: Release, container: str) -> Json:
    """Return how the container's last run ended, None if none has."""
    for pod in release.pods():
        status = container_statuses(pod).get(container, {})
        for state in (status.get("lastState", {}), status.get("state", {})):
            if "terminated" in state:
                return state["terminated"]
    return None
