"""One model server: a release of the chart in a namespace, with a role of its own that reads its own weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from infra import iam
from infra.chart import CHART, chart_digest
from infra.gpu_node_pool import GPU_TAINT, POOL_LABEL
from infra.model_store import ModelStore

API_KEY = "api-key"
RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/audit": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
}
"""https://kubernetes.io/docs/concepts/security/pod-security-admission/"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What is served.

    Attributes:
        name: Short name of the model, and its folder in the store.
        checkpoint: Where they come from: an id on Hugging Face.
        served_name: The model id that clients send; empty means `name`.
        revision: Commit of the weights' repository, 40 hexadecimal digits.
        checksums: `sha256:` and the digest of the file SHA256SUMS beside the weights.
        size_gib: Size of the weights in GiB.
    """

    name: str
    checkpoint: str
    revision: str
    checksums: str
    size_gib: float
    served_name: str = ""

    @property
    def prefix(self) -> str:
        """Where the weights lie in the store."""
        return f"{self.name}/{self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """How it is served: the settings of vLLM that the sizing rests on."""

    tensor_parallel: int
    max_model_len: int
    quantization: str = ""
    prefix_caching: bool = True
    extra_args: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How many replicas.

    Attributes:
        minimum: Replicas that always run.
        maximum: Most replicas.
        prometheus_url: Where KEDA reads vLLM's metrics; None leaves the number at the minimum.
        requests_per_replica: Requests, running and waiting, that one replica should have.
    """

    minimum: int
    maximum: int
    prometheus_url: str | None = None
    requests_per_replica: int = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where it runs.

    Attributes:
        pool: Name of the node pool; None lets it run on any node, which only a CPU server can.
        gpus: GPUs of one replica.
        zones: Number of zones that the pool spans.
        spare_node: The pool has room for one more replica during a rollout.
        cpu: CPU cores of one replica.
        memory_mib: Memory of one replica in MiB, without the shared memory.
        shared_memory_mib: Memory for /dev/shm in MiB.
        scratch_mib: Disk for caches in MiB, besides the weights.
    """

    pool: str | None
    gpus: int
    zones: int
    spare_node: bool
    cpu: float
    memory_mib: int
    shared_memory_mib: int
    scratch_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelServerArgs:
    """What one model server is made from.

    Attributes:
        cluster_name: Cluster, for the Pod Identity association.
        cluster_arn: The only cluster whose pods may take the role on.
        account_id: Account of that cluster.
        store: Where the weights lie.
        weights: What is served.
        engine: How it is served.
        scaling: How many replicas.
        placement: Where it runs.
        api_key: The key that clients present; a secret.
        image_digests: `server`, `proxy`, `downloader` to a digest; those missing are taken from the chart's pins.
        service_monitor: Let the Prometheus operator read the metrics.
        longest_request_seconds: Longest request that a stopping pod still finishes.
        timeout_seconds: Time for the release to become ready, weights included; then it is rolled back.
        wait: Wait for that at all; a pool of paying hours has no node at night, and its pods have to wait for one.
        tags: Cost-allocation tags.
        after: What must exist before the pods can run.
    """

    cluster_name: pulumi.Input[str]
    cluster_arn: pulumi.Input[str]
    account_id: pulumi.Input[str]
    store: ModelStore
    weights: Weights
    engine: Engine
    scaling: Scaling
    placement: Placement
    api_key: pulumi.Input[str]
    longest_request_seconds: int
    timeout_seconds: int
    tags: Mapping[str, str]
    image_digests: Mapping[str, str] = field(default_factory=dict)
    service_monitor: bool = False
    wait: bool = True
    after: Sequence[pulumi.Resource] = ()


class ModelServer(pulumi.ComponentResource):
    """A served model.

    Attributes:
        namespace: Where it runs.
        url: Where pods of the gateway reach it.
    """

    namespace: pulumi.Output[str]
    url: pulumi.Output[str]

    def __init__(self, name: str, args: ModelServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("worthwhile:infra:ModelServer", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        namespace = k8s.core.v1.Namespace(
            name, metadata=k8s.meta.v1.ObjectMetaArgs(name=f"model-{name}", labels=RESTRICTED), opts=self._child
        )
        self.namespace = namespace.metadata.name.apply(str)
        identity = self._let_pods_read_weights()
        secret = k8s.core.v1.Secret(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=f"{name}-api-key", namespace=self.namespace),
            string_data={API_KEY: args.api_key},
            opts=self._child,
        )
        self._release(secret, [identity, *args.store.ready, *args.after])
        self.url = pulumi.Output.format("http://{0}.{1}.svc:8080/v1", name, self.namespace)
        self.register_outputs({"url": self.url})

    def _let_pods_read_weights(self) -> pulumi.Resource:
        role = aws.iam.Role(
            f"{self._name}-weights",
            assume_role_policy=iam.pod_identity_trust(self._args.cluster_arn, self._args.account_id),
            tags={**self._args.tags, "Name": f"{self._name}-weights"},
            opts=self._child,
        )
        allowed = aws.iam.RolePolicy(
            f"{self._name}-weights",
            role=role.name,
            policy=self._args.store.read_permissions(self._args.weights.prefix),
            opts=self._child,
        )
        return aws.eks.PodIdentityAssociation(
            f"{self._name}-weights",
            cluster_name=self._args.cluster_name,
            namespace=self.namespace,
            service_account=self._name,
            role_arn=role.arn,
            tags=dict(self._args.tags),
            # Credentials reach pods that start after the association; permissions must be there by then, too.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
        )

    def _release(self, secret: k8s.core.v1.Secret, after: Sequence[pulumi.Resource]) -> k8s.helm.v3.Release:
        return k8s.helm.v3.Release(
            self._name,
            name=self._name,
            namespace=self.namespace,
            chart=CHART,
            # What `helm history` shows.
            description=f"{self._args.weights.checkpoint} at {self._args.weights.revision}, chart {chart_digest()}",
            values=chart_values(self._name, self._args, secret_name=secret.metadata.name.apply(str)),
            # A release that does not become ready is taken back, so that the old replicas keep serving.
            atomic=self._args.wait,
            skip_await=not self._args.wait,
            cleanup_on_fail=True,
            timeout=self._args.timeout_seconds,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )


def chart_values(name: str, args: ModelServerArgs, *, secret_name: pulumi.Input[str]) -> dict[str, Any]:
    """Return the chart's values; their meaning stands in charts/model-server/values.yaml."""
    weights, engine = args.weights, args.engine
    location = pulumi.Output.format("s3://{0}/{1}", args.store.bucket_name, weights.prefix)
    return {
        "model": {
            "name": weights.name,
            "servedName": weights.served_name,
            "revision": weights.revision,
            "checksums": weights.checksums,
            "sizeGiB": weights.size_gib,
            "source": {"s3Uri": location},
        },
        "server": {
            "quantization": engine.quantization,
            "tensorParallel": engine.tensor_parallel,
            "maxModelLen": engine.max_model_len,
            "prefixCaching": engine.prefix_caching,
            "extraArgs": list(engine.extra_args),
        },
        "drain": {"longestRequestSeconds": args.longest_request_seconds},
        "apiKeySecret": {"name": secret_name, "key": API_KEY},
        "serviceAccount": {"name": name},
        "monitoring": {"serviceMonitor": {"enabled": args.service_monitor}},
        **_scaling_values(args.scaling),
        **_placement_values(args.placement),
        **_image_values(args.image_digests),
    }


def _scaling_values(scaling: Scaling) -> dict[str, Any]:
    keda = {
        "enabled": scaling.prometheus_url is not None,
        "prometheusUrl": scaling.prometheus_url or "",
        "requestsPerReplica": scaling.requests_per_replica,
    }
    return {"replicas": {"min": scaling.minimum, "max": scaling.maximum}, "autoscaling": {"keda": keda}}


def _placement_values(placement: Placement) -> dict[str, Any]:
    toleration = {"key": GPU_TAINT.key, "operator": "Equal", "value": GPU_TAINT.value, "effect": "NoSchedule"}
    return {
        "gpu": {"count": placement.gpus},
        "zones": placement.zones,
        "nodeSelector": {POOL_LABEL: placement.pool} if placement.pool else {},
        "tolerations": [toleration] if placement.gpus else [],
        "rollout": {"surge": placement.spare_node},
        "resources": {
            "cpu": placement.cpu,
            "memoryMiB": placement.memory_mib,
            "sharedMemoryMiB": placement.shared_memory_mib,
            "scratchMiB": placement.scratch_mib,
        },
    }


def _image_values(digests: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if digest := digests.get("server"):
        values["image"] = {"digest": digest}
    for part in ("proxy", "downloader"):
        if digest := digests.get(part):
            values[part] = {"image": {"digest": digest}}
    return values
