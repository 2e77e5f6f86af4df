"""The chart as a release on a real control plane: Helm's --wait tells the truth, and upgrades leave KEDA's number."""

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest

from localcloud.paths import REPOSITORY

pytestmark = pytest.mark.e2e
Json: TypeAlias = Any
CHART = "charts/model-server"
VALUES = [f"--values={CHART}/ci/dummy-digests.yaml", f"--values={CHART}/ci/default-values.yaml"]
KEDA = ["--set=autoscaling.keda.enabled=true,autoscaling.keda.prometheusUrl=http://p:9090", "--set=replicas.max=5"]


@pytest.fixture
def namespace(cloud: Json) -> Iterator[str]:
    yield "releases"
    cloud.run("helm", "uninstall", "model", "--namespace=releases", "--ignore-not-found")


def helm(cloud: Json, verb: str, *more: str, expect: tuple[int, ...] = (0,)) -> str:
    command = ["helm", verb, "model", CHART, "--namespace=releases", "--create-namespace", *VALUES, *more]
    done = cloud.run(*command, cwd=REPOSITORY, expect=expect)
    said: str = done.stdout + done.stderr
    return said


@pytest.mark.parametrize("surge", ["true", "false"])
def test_one_replica_that_cannot_start_fails_the_release_with_and_without_a_spare_gpu(
    cloud: Json, namespace: str, surge: str
) -> None:
    assert namespace
    # No node of this cloud has a GPU, so the pod stays Pending.
    said = helm(cloud, "install", "--wait", "--timeout=15s", f"--set=rollout.surge={surge}", expect=(1,))
    assert "context deadline exceeded" in said


def manifest(cloud: Json) -> Json:
    return cloud.run("helm", "get", "manifest", "model", "--namespace=releases").stdout


def test_an_upgrade_leaves_the_replicas_that_keda_has_started(cloud: Json, namespace: str) -> None:
    from kubernetes import client, config  # noqa: PLC0415 - with the cloud, not at collection

    config.load_kube_config(str(cloud.home / "kubeconfig"))
    apps: Json = client.AppsV1Api()
    helm(cloud, "install", *KEDA)
    assert apps.read_namespaced_deployment("model", namespace).spec.replicas == 1
    apps.patch_namespaced_deployment_scale(
        "model", namespace, json.loads('{"spec": {"replicas": 4}}')
    )  # as KEDA does
    helm(cloud, "upgrade", *KEDA, "--set=server.maxModelLen=4096")
    assert apps.read_namespaced_deployment("model", namespace).spec.replicas == 4
    helm(cloud, "upgrade", *KEDA, "--set=replicas.min=5")
    assert apps.read_namespaced_deployment("model", namespace).spec.replicas == 5


def test_without_keda_an_upgrade_sets_the_replicas_that_the_values_say(cloud: Json, namespace: str) -> None:
    helm(cloud, "install", "--set=replicas.min=3")
    helm(cloud, "upgrade", "--set=replicas.min=0")
    assert namespace
    assert "\n  replicas: 0\n" in manifest(cloud)
