"""The life of a stack with the plain `pulumi` command: one story, each test goes on where the last one ended."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kubernetes import client, config

from tests.e2e.conftest import LocalCloud
from tests.e2e.program import POOL, POOL_KEY, SERVER, SPOT_KEY, SPOT_POOL, Program, check_out, decision

pytestmark = pytest.mark.e2e

CANARIES = tuple(f"canary{number:02d}-{'5ec4e7' * 3}-{number:02d}" for number in range(20))
"""Twenty secrets in one key, joined by what shells, JSON, YAML and URLs treat differently."""
KEY = "".join(
    f"{canary}{mark}"
    for canary, mark in zip(CANARIES, ["/", "+", "=", "&", "?", "%", "#", ":", ";", ","] * 2, strict=True)
)


ALLOWED = {POOL_KEY: 3, SPOT_KEY: 2, "g6.2xlarge/spot": 2}
ONE = {**SERVER, "replicas": {"min": 1, "max": 1}}
TWO = {**SERVER, "replicas": {"min": 2, "max": 2}}


@pytest.fixture(scope="module")
def program(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program on the stack `local`; what it made is destroyed at the end, whatever happened."""
    there = check_out(cloud, tmp_path_factory.mktemp("checkout"))
    there.pulumi("config", "set", "--secret", "modelApiKey", KEY)
    yield there
    there.pulumi("cancel", "--yes", expect=range(256))
    there.pulumi("destroy", "--yes", "--refresh", expect=range(256))


@pytest.fixture(scope="module")
def api(cloud: LocalCloud) -> client.ApiClient:
    """The real API server, as its administrator."""
    return config.new_client_from_config(cloud.environment["KUBECONFIG"])


def nodes(api: client.ApiClient, pool: str) -> list[dict[str, Any]]:
    """Return the nodes of a pool, as the API shows them."""
    found = client.CoreV1Api(api).list_node(label_selector=f"worthwhile.dev/pool={pool}")
    items: list[dict[str, Any]] = api.sanitize_for_serialization(found)["items"]
    return items


def deployment(api: client.ApiClient) -> dict[str, Any]:
    """Return what the model server's Deployment asks for."""
    found = client.AppsV1Api(api).read_namespaced_deployment("chat", "model-chat")
    spec: dict[str, Any] = api.sanitize_for_serialization(found)["spec"]
    return spec


def standing(program: Program) -> list[str]:
    """Return the types of what a program made in the account, without keys that wait for their deletion."""
    made = [each for each in program.account() if not each.made_by]
    return [each.type for each in made if each.outputs.get("keyState") != "PendingDeletion"]


def cordon(api: client.ApiClient, *, unschedulable: bool) -> None:
    """Let the GPU nodes take no more pods, or take them again."""
    for node in nodes(api, "gpu"):
        client.CoreV1Api(api).patch_node(node["metadata"]["name"], {"spec": {"unschedulable": unschedulable}})


def changed(size: Mapping[str, int], pool: Mapping[str, Any] = POOL) -> dict[str, Any]:
    return {**pool, "nodes": size}


def test_a_gpu_pool_without_a_decision_is_refused_before_anything_is_made(program: Program) -> None:
    program.decide(None)
    program.configure(gpuPools=[POOL])
    told = program.refused()

    assert "(3)" in told
    assert POOL_KEY in told
    assert "Traceback" not in told
    assert program.resources() == []
    assert standing(program) == []


def test_everything_but_the_gpus_can_be_previewed_without_a_decision(program: Program) -> None:
    program.configure(gpuPools=[])
    told = program.pulumi("preview").stdout

    assert "aws:eks:Cluster" in told
    assert standing(program) == []


def test_everything_but_the_gpus_needs_no_decision(program: Program) -> None:
    program.up()

    assert program.account().of_type("aws:eks/cluster:Cluster")


def test_a_decision_brings_pool_and_server_and_a_second_up_changes_nothing(
    program: Program, api: client.ApiClient
) -> None:
    program.decide(decision(ALLOWED))
    program.configure(gpuPools=[POOL], modelServers=[SERVER])
    program.up()

    found = nodes(api, "gpu")
    assert len(found) == 2
    assert {node["metadata"]["labels"]["node.kubernetes.io/instance-type"] for node in found} == {"g6.xlarge"}
    assert len({node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in found}) == 2
    assert {node["status"]["allocatable"]["nvidia.com/gpu"] for node in found} == {"1"}
    assert deployment(api)["replicas"] == 1
    program.up("--expect-no-changes")


def test_a_change_of_replicas_changes_the_release_alone(program: Program, api: client.ApiClient) -> None:
    program.configure(modelServers=[TWO])
    told = program.up()

    assert deployment(api)["replicas"] == 2
    assert "1 updated" in told or "~ 1" in told


def test_a_spot_pool_is_added_and_removed(program: Program, api: client.ApiClient) -> None:
    program.configure(gpuPools=[POOL, SPOT_POOL])
    program.up()
    added = nodes(api, "spot")
    program.configure(gpuPools=[POOL])
    program.up()

    assert [node["metadata"]["labels"]["eks.amazonaws.com/capacityType"] for node in added] == ["SPOT"]
    assert nodes(api, "spot") == []
    assert len(nodes(api, "gpu")) == 2


def test_more_than_the_decision_allows_is_refused_and_changes_nothing(
    program: Program, api: client.ApiClient
) -> None:
    program.configure(gpuPools=[changed({"min": 1, "desired": 2, "max": 4})])
    told = program.refused("preview")

    assert "(3)" in told
    assert "4" in told
    assert len(nodes(api, "gpu")) == 2


def test_a_pool_under_another_name_counts_beside_the_one_that_it_would_replace(
    program: Program, api: client.ApiClient
) -> None:
    program.configure(gpuPools=[{**POOL, "name": "other"}], modelServers=[{**TWO, "pool": "other"}])
    told = program.refused()
    program.configure(gpuPools=[POOL], modelServers=[TWO])

    assert "(3)" in told
    assert f"6 x {POOL_KEY}" in told
    assert len(nodes(api, "gpu")) == 2


def test_refresh_brings_back_what_was_deleted_behind_its_back(program: Program, api: client.ApiClient) -> None:
    program.configure(gpuPools=[POOL])
    client.AppsV1Api(api).delete_namespaced_deployment("chat", "model-chat")
    client.CoreV1Api(api).delete_namespaced_secret("chat-api-key", "model-chat")
    with program.change_account() as account:
        (block, *_) = account.of_type("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
        account.remove(block)
    program.pulumi("refresh", "--yes")
    program.up()

    assert client.CoreV1Api(api).read_namespaced_secret("chat-api-key", "model-chat").data
    assert program.account().of_type("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    program.up("--expect-no-changes")


def test_a_failing_release_is_rolled_back_and_the_next_up_recovers(program: Program, api: client.ApiClient) -> None:
    # Where no node takes a pod, the new ones stay Pending, so the release cannot become ready.
    cordon(api, unschedulable=True)
    program.configure(modelServers=[{**TWO, "maxModelLen": 2048, "readyTimeoutSeconds": 60}])
    told = program.refused()
    after = deployment(api)["template"]["spec"]["containers"][0]["args"]
    cordon(api, unschedulable=False)
    program.configure(modelServers=[TWO])
    program.up()

    assert "chat" in told
    assert not [word for word in after if "2048" in word]
    assert deployment(api)["replicas"] == 2
    program.up("--expect-no-changes")


def test_a_killed_up_can_be_resumed(program: Program, api: client.ApiClient) -> None:
    with program.change_account() as account:
        account.delays.append({"type": "aws:eks/nodeGroup:NodeGroup", "seconds": 30})
    program.configure(gpuPools=[POOL, SPOT_POOL])
    running = subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview"],  # noqa: S607 - as a person types it
        cwd=program.folder,
        env=dict(program.cloud.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    time.sleep(12)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    with program.change_account() as account:
        account.delays.clear()
    program.pulumi("cancel", "--yes")
    program.up("--refresh")

    assert len(nodes(api, "spot")) == 1
    program.up("--expect-no-changes")


def test_no_canary_is_in_state_plan_or_logs(program: Program) -> None:
    # From -v=9 on the engine itself writes every value that it handles (SECURITY.md).
    plan = program.pulumi("preview", "--json", "--diff", "--show-sames")
    loud = program.pulumi("up", "--yes", "--logtostderr", "-v=8", "--debug")
    said = {
        "state": json.dumps(program.state()),
        "plan": plan.stdout + plan.stderr,
        "output": loud.stdout,
        "engine's log": loud.stderr,
        "account": (program.cloud.home / "account.json").read_text(),
        "configuration": (program.folder / "Pulumi.local.yaml").read_text(),
        **{path.name: path.read_text(errors="replace") for path in (program.cloud.home / "run").glob("*.log")},
    }

    assert [(canary, name) for name, text in said.items() for canary in CANARIES if canary in text] == []


def test_with_an_expired_decision_nothing_grows_and_everything_else_works(
    program: Program, api: client.ApiClient
) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    program.decide(decision(dict.fromkeys(ALLOWED, 9), valid_until=yesterday))
    program.configure(gpuPools=[changed({"min": 1, "desired": 2, "max": 5})])
    told = program.refused()
    program.configure(gpuPools=[changed({"min": 1, "desired": 1, "max": 1})], modelServers=[ONE])
    program.up()

    assert "(4)" in told
    assert len(nodes(api, "gpu")) == 1
    assert deployment(api)["replicas"] == 1


def test_destroy_leaves_nothing_but_what_controllers_made(program: Program, api: client.ApiClient) -> None:
    program.decide(None)
    program.pulumi("destroy", "--yes")

    assert program.resources() == []
    assert standing(program) == []
    assert client.CoreV1Api(api).list_node().items == []
    assert client.CoreV1Api(api).list_namespace(label_selector="pod-security.kubernetes.io/enforce").items == []
