"""Model servers from the chart, executed by the pod runner: on the stub engine, or on the real vLLM."""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from localcloud.pods.api import Cluster as ApiServer
from localcloud.pods.service import Service
from tests.e2e.conftest import ROOT, LocalCloud
from tests.e2e.serving.kube import Cluster, until

Json = Any
CHART = ROOT / "charts/model-server"
REVISION = "0123456789abcdef0123456789abcdef01234567"
KEY = "test-key"
POOL = "serving-test"  # label and taint of these tests' nodes: other tests share the cluster
STUB = "localhost/stub-engine"
READY_SECONDS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A model in the pretend S3.

    Attributes:
        checksums: `sha256:` and the digest of its SHA256SUMS.
    """

    uri: str
    checksums: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """An installed chart."""

    cloud: LocalCloud
    cluster: Cluster
    name: str
    namespace: str

    @property
    def selector(self) -> str:
        return f"app.kubernetes.io/instance={self.name}"

    def pods(self) -> list[Json]:
        return self.cluster.pods(self.namespace, self.selector)

    def ready(self) -> list[Json]:
        return [
            pod
            for pod in self.cluster.ready_pods(self.namespace)
            if pod["metadata"]["labels"]["app.kubernetes.io/instance"] == self.name
        ]

    def wait_ready(self, count: int, seconds: float = READY_SECONDS) -> list[Json]:
        """Wait for exactly so many ready pods and as many endpoints."""
        until(
            lambda: len(self.ready()) == count and len(self.service().ready_urls()) == count,
            seconds,
            f"{count} ready pods of {self.name}",
        )
        return self.ready()

    def service(self) -> Service:
        return self.cluster.service(self.namespace, self.name)

    def log(self, pod: str, container: str) -> str:
        path = self.cloud.home / "run/pods" / self.namespace / pod / f"{container}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""


@dataclass(slots=True)
class Kit:
    """What a test needs to install releases; everything is taken away again."""

    cloud: LocalCloud
    cluster: Cluster
    namespace: str
    folder: Path
    installed: list[str] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)

    def add_node(self, name: str, zone: str, *, pool: str = "") -> str:
        """Add a node of a pool that only these tests' pods tolerate; return its name."""
        full = f"{self.namespace}-{name}"
        self.cluster.add_node(full, zone=zone, **self.pool(pool or self.namespace))
        self.nodes.append(full)
        return full

    @staticmethod
    def pool(name: str) -> Json:
        """Return the label and the taint of a pool."""
        return {"labels": {POOL: name}, "taints": [{"key": POOL, "value": name, "effect": "NoSchedule"}]}

    def install(self, name: str, weights: Weights, values: Json) -> Release:
        """Install the chart with the local profile, on this test's nodes, and do not wait."""
        own = {
            "model": {"source": {"s3Uri": weights.uri}, "checksums": weights.checksums, "revision": REVISION},
            "apiKeySecret": {"name": "model-api-key", "key": "api-key"},
            "nodeSelector": {POOL: self.namespace},
            "tolerations": [{"key": POOL, "operator": "Exists"}],
        }
        files = [*(CHART / "ci" / profile for profile in ("local-values.yaml", "dummy-digests.yaml"))]
        for number, content in enumerate((own, values)):
            files.append(self.folder / f"{name}-{number}.json")
            files[-1].write_text(json.dumps(content), encoding="utf-8")
        self.cloud.run(
            *("helm", "install", name, str(CHART), "--namespace", self.namespace),
            *(word for file in files for word in ("--values", str(file))),
        )
        self.installed.append(name)
        return Release(cloud=self.cloud, cluster=self.cluster, name=name, namespace=self.namespace)

    def uninstall(self, release: Release) -> None:
        """Take a release away, without waiting for long drains."""
        self.cloud.run("helm", "uninstall", release.name, "--namespace", self.namespace)
        self.installed.remove(release.name)
        for pod in release.pods():
            self.cluster.delete_at_once(f"/api/v1/namespaces/{self.namespace}/pods/{pod['metadata']['name']}")

    def clear(self) -> None:
        """Take every release, the namespace and the nodes away, without waiting for long drains."""
        for pod in self.cluster.pods(self.namespace):
            self.cluster.delete_at_once(f"/api/v1/namespaces/{self.namespace}/pods/{pod['metadata']['name']}")
        for name in self.installed:
            self.cloud.run("helm", "uninstall", name, "--namespace", self.namespace)
        for pod in self.cluster.pods(self.namespace):
            self.cluster.delete_at_once(f"/api/v1/namespaces/{self.namespace}/pods/{pod['metadata']['name']}")
        self.cluster.delete(f"/api/v1/namespaces/{self.namespace}")
        for node in self.nodes:
            self.cluster.delete_at_once(f"/api/v1/nodes/{node}")


@pytest.fixture(scope="session")
def cluster(cloud: LocalCloud) -> Iterator[Cluster]:
    with ApiServer.from_kubeconfig(cloud.home / "kubeconfig").blocking_client() as client:
        yield Cluster(client=client)


@pytest.fixture(scope="module")
def kit(cloud: LocalCloud, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    """A namespace of its own, with the secret of the API key."""
    namespace = f"serving-{uuid.uuid4().hex[:6]}"
    kit = Kit(cloud=cloud, cluster=cluster, namespace=namespace, folder=tmp_path_factory.mktemp("values"))
    cluster.add_namespace(kit.namespace)
    secret = {"metadata": {"name": "model-api-key"}, "stringData": {"api-key": KEY}}
    cluster.create(f"/api/v1/namespaces/{kit.namespace}/secrets", secret)
    yield kit
    kit.clear()


@pytest.fixture(scope="session")
def upload(cloud: LocalCloud) -> Callable[[Path, str], Weights]:
    """Return a function that puts a model folder into the pretend S3 under a name."""
    bucket = f"serving-{uuid.uuid4().hex[:8]}"
    cloud.run("aws", "s3api", "create-bucket", "--bucket", bucket)

    def put(folder: Path, name: str) -> Weights:
        uri = f"s3://{bucket}/{name}/{REVISION}"
        cloud.run("aws", "s3", "sync", str(folder), uri)
        digest = hashlib.sha256((folder / "SHA256SUMS").read_bytes()).hexdigest()
        return Weights(uri=uri, checksums=f"sha256:{digest}")

    return put


@pytest.fixture(scope="session")
def any_weights(upload: Callable[[Path, str], Weights], tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """Weights for the stub engine, which does not read them; the chart does check them."""
    folder = tmp_path_factory.mktemp("weights")
    (folder / "config.json").write_text("{}", encoding="utf-8")
    digest = hashlib.sha256(b"{}").hexdigest()
    (folder / "SHA256SUMS").write_text(f"{digest}  config.json\n", encoding="utf-8")
    return upload(folder, "any")
