"""The chart's pods under faults, on an engine that can be broken. The chart, the probes and Kubernetes are real."""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from localcloud.pods import addresses
from localcloud.processes import Processes
from tests.e2e.serving.conftest import KEY, STUB, Kit, Release, Weights
from tests.e2e.serving.kube import Json, container_statuses, until
from tests.e2e.serving.load import streams

pytestmark = [pytest.mark.e2e, pytest.mark.allow_hosts(["127.0.0.0/8"])]
ZONES = ("us-east-1a", "us-east-1b")


@pytest.fixture(scope="module")
def chat(kit: Kit, any_weights: Weights) -> Release:
    """Two replicas in two zones, one node each."""
    for zone in ZONES:
        kit.add_node(zone, zone)
    values = {"image": {"repository": STUB}, "replicas": {"min": 2, "max": 2}, "zones": 2}
    release = kit.install("chat", any_weights, values)
    release.wait_ready(2)
    return release


def engine(pod: Json) -> str:
    """Return the URL of the pod's engine, past its proxy."""
    return f"http://{addresses.local(pod['status']['podIP'])}:8000"


def complete(url: str, tokens: int = 1) -> httpx2.Response:
    body = {"model": "tiny", "prompt": "x", "max_tokens": tokens}
    return httpx2.post(
        f"{url}/v1/completions", json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=400, trust_env=False
    )


def test_a_deleted_pod_finishes_its_200_open_streams(chat: Release) -> None:
    chat.wait_ready(2)
    url = chat.service().url()
    victim = next(pod for pod in chat.ready() if addresses.local(pod["status"]["podIP"]) in url)
    name = victim["metadata"]["name"]
    read = streams(
        200, url, KEY, 300, lambda: chat.cluster.delete(f"/api/v1/namespaces/{chat.namespace}/pods/{name}")
    )
    assert [stream.problem for stream in read if not stream.is_whole] == []
    assert {stream.chunks for stream in read} == {300}
    until(lambda: chat.cluster.pod(chat.namespace, name) is None, 60, "the pod is gone")


def test_a_pod_that_ends_gets_no_new_requests(chat: Release) -> None:
    victim, other = chat.wait_ready(2)
    name, going = victim["metadata"]["name"], addresses.local(victim["status"]["podIP"])
    with ThreadPoolExecutor() as pool:
        running = pool.submit(complete, f"http://{going}:8080", 300)
        until(lambda: "num_requests_running" in metrics(victim) and running_requests(victim), 30, "the request runs")
        chat.cluster.delete(f"/api/v1/namespaces/{chat.namespace}/pods/{name}")
        until(lambda: not any(going in url for url in chat.service().ready_urls()), 2, "it has left the endpoints")
        assert complete(chat.service().url()).status_code == 200
        assert running.result().status_code == 200
    assert other["metadata"]["name"] in {pod["metadata"]["name"] for pod in chat.ready()}


def metrics(pod: Json) -> str:
    return httpx2.get(f"{engine(pod)}/metrics", trust_env=False).text


def running_requests(pod: Json) -> bool:
    line = next(line for line in metrics(pod).splitlines() if line.startswith("vllm:num_requests_running"))
    return float(line.rsplit(" ", 1)[1]) > 0


def test_the_charts_own_check_asks_through_the_service(chat: Release) -> None:
    chat.wait_ready(2)
    chat.cloud.run("helm", "test", chat.name, "--namespace", chat.namespace, "--timeout", "60s")


def test_pods_end_with_a_killed_runner_and_start_again_with_the_next(chat: Release) -> None:
    before = chat.wait_ready(2)
    runner = Processes(chat.cloud.home / "run", mark=str(chat.cloud.home)).running("pod-runner")
    assert runner is not None
    os.kill(runner.pid, signal.SIGKILL)
    until(lambda: not any(is_open(engine(pod)) for pod in before), 10, "no engine is left")
    chat.cloud.run(sys.executable, "-m", "localcloud", "up")
    until(lambda: all(restarts(chat, pod) == 1 for pod in before), 30, "the new runner has restarted them")
    chat.wait_ready(2)


def is_open(url: str) -> bool:
    try:
        httpx2.get(f"{url}/health", trust_env=False)
    except httpx2.TransportError:
        return False
    return True


def test_eviction_takes_one_replica_and_is_refused_the_second(chat: Release) -> None:
    first, second = (pod["metadata"]["name"] for pod in chat.wait_ready(2))
    assert evict(chat, first).status_code == 201
    assert evict(chat, second).status_code == 429
    assert second in {pod["metadata"]["name"] for pod in chat.ready()}
    chat.wait_ready(2)
    assert evict(chat, second).status_code == 201


def evict(release: Release, name: str) -> httpx2.Response:
    path = f"/api/v1/namespaces/{release.namespace}/pods/{name}/eviction"
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": release.namespace}}
    return release.cluster.client.post(path, json=body)


def test_losing_a_zone_leaves_one_replica_ready(chat: Release, kit: Kit) -> None:
    """The lost pod stays an endpoint until Kubernetes collects it, 40 s after its node is gone."""
    pods = chat.wait_ready(2)
    lost = f"{kit.namespace}-{ZONES[0]}"
    assert {pod["spec"]["nodeName"] for pod in pods} == {lost, f"{kit.namespace}-{ZONES[1]}"}
    survivor = next(pod for pod in pods if pod["spec"]["nodeName"] != lost)
    chat.cluster.delete_at_once(f"/api/v1/nodes/{lost}")
    until(lambda: len(chat.service().ready_urls()) == 1, 90, "the lost pod has left the endpoints")
    assert complete(chat.service().url()).status_code == 200
    assert survivor["metadata"]["name"] in {pod["metadata"]["name"] for pod in chat.ready()}
    chat.cluster.add_node(lost, zone=ZONES[0], **kit.pool(kit.namespace))
    chat.wait_ready(2)


def test_a_pod_for_the_cpu_stays_pending_where_only_gpu_nodes_are(kit: Kit, any_weights: Weights) -> None:
    kit.add_node("gpu", ZONES[0], pool="gpu-only")
    values = {"image": {"repository": STUB}, "nodeSelector": {"serving-test": "gpu-only"}, "tolerations": []}
    release = kit.install("no-gpu", any_weights, values)
    until(lambda: kit.cluster.events(kit.namespace, "FailedScheduling"), 30, "the scheduler refuses it")
    [pod] = release.pods()
    assert pod["status"]["phase"] == "Pending"
    refused = next(entry for entry in pod["status"]["conditions"] if entry["type"] == "PodScheduled")
    assert "untolerated taint" in refused["message"]


def test_a_wedged_engine_is_restarted_and_a_slow_one_is_not(kit: Kit, any_weights: Weights) -> None:
    """Both with work in flight and idle."""
    kit.add_node("faults", ZONES[0])
    probes = {"stalledSeconds": 30, "idleCheckSeconds": 30, "generationTimeoutSeconds": 10}
    values = {"image": {"repository": STUB}, "replicas": {"min": 4, "max": 4}, "probes": probes}
    release = kit.install("faults", any_weights, values)
    wedged_busy, wedged_idle, slow_busy, slow_idle = release.wait_ready(4)
    with ThreadPoolExecutor() as pool:
        for pod in (slow_busy, slow_idle):
            behave(pod, seconds_per_token=5)
        pool.submit(complete, engine(slow_busy), 30)
        working = pool.submit(complete, engine(wedged_busy), 10_000)
        until(lambda: running_requests(wedged_busy), 30, "the request runs")
        for pod in (wedged_busy, wedged_idle):
            behave(pod, is_wedged=True)
        until(
            lambda: restarts(release, wedged_busy) and restarts(release, wedged_idle),
            150,
            "the wedged ones are restarted",
        )
        assert working.exception() is not None
        assert (restarts(release, slow_busy), restarts(release, slow_idle)) == (0, 0)
    release.wait_ready(4)


def behave(pod: Json, **how: object) -> None:
    httpx2.post(f"{engine(pod)}/stub", json=how, trust_env=False).raise_for_status()


def restarts(release: Release, pod: Json) -> int:
    now = release.cluster.pod(release.namespace, pod["metadata"]["name"])
    return int(container_statuses(now)["server"]["restartCount"])
