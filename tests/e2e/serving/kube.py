"""The cluster as these tests use it: nodes by hand, objects as JSON, waiting for what must come."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2

from localcloud.pods.service import Service

Json = Any
Answer = TypeVar("Answer")


def until(ask: Callable[[], Answer], seconds: float, what: str) -> Answer:
    """Return the first true answer; the test fails when none comes in time."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The API server of a local cloud, asked as its administrator."""

    client: httpx2.Client

    def get(self, path: str, **parameters: str) -> Json:
        return self.client.get(path, params=parameters).raise_for_status().json()

    def create(self, path: str, body: Json) -> Json:
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def merge(self, path: str, change: Json) -> None:
        """Change an object."""
        headers = {"Content-Type": "application/merge-patch+json"}
        self.client.patch(path, content=json.dumps(change), headers=headers).raise_for_status()

    def delete_at_once(self, path: str) -> None:
        """Delete without a grace period; what is gone already is gone."""
        answer = self.client.request("DELETE", path, json={"gracePeriodSeconds": 0})
        assert answer.is_success or answer.status_code == httpx2.codes.NOT_FOUND, answer.text

    def delete(self, path: str) -> None:
        self.client.delete(path).raise_for_status()

    def add_node(self, name: str, *, zone: str, labels: Mapping[str, str], taints: list[Json]) -> None:
        """Add a kwok node and wait until it is ready."""
        capacity = {"cpu": "16", "memory": "64Gi", "ephemeral-storage": "200Gi", "pods": "50"}
        node = {
            "metadata": {
                "name": name,
                "annotations": {"kwok.x-k8s.io/node": "fake"},
                "labels": {"topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": name, **labels},
            },
            "spec": {"taints": taints},
            "status": {"capacity": capacity, "allocatable": capacity},
        }
        self.create("/api/v1/nodes", node)
        until(lambda: self._is_ready(f"/api/v1/nodes/{name}"), 30, f"node {name} is ready")

    def add_namespace(self, name: str) -> None:
        """Add a namespace whose pods are executed, and wait for what Kubernetes adds to it."""
        self.create(
            "/api/v1/namespaces", {"metadata": {"name": name, "labels": {"localcloud.worthwhile.dev/run": "true"}}}
        )
        accounts = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        until(lambda: self.client.get(accounts).is_success, 30, "the default service account")

    def pods(self, namespace: str, selector: str = "") -> list[Json]:
        return list(self.get(f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector)["items"])

    def pod(self, namespace: str, name: str) -> Json | None:
        """Return the pod, None when it is gone."""
        answer = self.client.get(f"/api/v1/namespaces/{namespace}/pods/{name}")
        return answer.json() if answer.is_success else None

    def ready_pods(self, namespace: str) -> list[Json]:
        return [
            pod
            for pod in self.pods(namespace)
            if is_true(pod, "Ready") and "deletionTimestamp" not in pod["metadata"]
        ]

    def service(self, namespace: str, name: str) -> Service:
        return Service(client=self.client, namespace=namespace, name=name)

    def events(self, namespace: str, reason: str) -> list[str]:
        events = self.get(f"/api/v1/namespaces/{namespace}/events", fieldSelector=f"reason={reason}")["items"]
        return [event["message"] for event in events]

    def _is_ready(self, path: str) -> bool:
        return is_true(self.get(path), "Ready")


def is_true(item: Json, condition: str) -> bool:
    """Return whether the object's condition holds."""
    conditions = item.get("status", {}).get("conditions", [])
    return any(entry["type"] == condition and entry["status"] == "True" for entry in conditions)


def container_statuses(pod: Json) -> Mapping[str, Json]:
    """Return the status of each container, init containers included, by name."""
    status = pod["status"]
    return {
        entry["name"]: entry
        for entry in (*status.get("initContainerStatuses", []), *status.get("containerStatuses", []))
    }
