"""What a stack configuration says, typed: one frozen record for each structured key of `Pulumi.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum


class Profile(StrEnum):
    """How much runs beside the models: `small` costs least, `full` survives the loss of a zone."""

    SMALL = "small"
    FULL = "full"


class ApiAccess(StrEnum):
    """Who reaches the Kubernetes API: Helm must, so there is no default."""

    OWN_IP = "own_ip"
    CIDRS = "cidrs"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessConfig:
    """Reach of the Kubernetes API.

    Attributes:
        choice: Caller's own address, a list of networks, or the private endpoint alone.
        cidrs: Networks, for `cidrs`.
        via: `host:port` inside the network that the caller reaches, for `private` and for a cluster that exists.
        caller_address: The caller's public address, or the URL of a service that answers with it.
        administrators: Roles or users that administer the cluster; the caller must be among them. Empty: the caller.
    """

    choice: ApiAccess
    cidrs: tuple[str, ...]
    via: str
    caller_address: str
    administrators: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """A VPC to create, or one that exists.

    Attributes:
        zone_count: Zones to choose where `zones` is empty.
        zones: Names of zones; empty lets the preflight choose those that offer the GPU types.
        cidr: IPv4 range.
        nat: `single` or `per_zone`.
        vpc_id: A VPC that exists; empty to create one.
        private_subnets: Its private subnets, by zone.
    """

    zone_count: int
    zones: tuple[str, ...]
    cidr: str
    nat: str
    vpc_id: str
    private_subnets: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterConfig:
    """A cluster to create, or one that exists.

    Attributes:
        kubernetes_version: Minor version, such as `1.36`.
        existing_name: A cluster that exists; empty to create one.
        auto_mode: EKS Auto Mode, which karpenter pools need; off only after the last of them is gone.
        auto_node_role: Role of the nodes that EKS Auto Mode starts in a cluster that exists.
        addon_versions: Version by name of a managed add-on, over those in `infra/data`.
        deletion_protection: EKS refuses to delete the cluster until this is off.
        log_retention_days: For control plane and flow logs.
        system_instance_type: Type of the nodes for the cluster's own pods.
        system_node_count: How many of them.
    """

    kubernetes_version: str
    existing_name: str
    auto_mode: bool
    auto_node_role: str
    addon_versions: Mapping[str, str]
    deletion_protection: bool
    log_retention_days: int
    system_instance_type: str
    system_node_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleConfig:
    """Hours in which a pool runs: two cron expressions and their IANA time zone."""

    start: str
    stop: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuPoolConfig:
    """Nodes of one purchase option that models share.

    Attributes:
        name: Unique in the stack.
        kind: `managed` node group, or `karpenter` (EKS Auto Mode), which starts nodes when pods wait for them.
        instance_types: Several for spot; one for a Capacity Block or a reservation.
        purchase_option: `on_demand`, `spot`, `capacity_block` or `reservation`.
        minimum: Nodes at least.
        desired: Nodes to start with.
        maximum: Nodes at most: what the decision must allow.
        operating_system: `bottlerocket` or `al2023`.
        capacity_reservation_id: Of the Capacity Block or reservation.
        zones: Of the network's zones; empty means all that offer the types.
        volume_gib: All encrypted disks of a node together.
        schedule: Paying hours only; None is always.
    """

    name: str
    kind: str
    instance_types: tuple[str, ...]
    purchase_option: str
    minimum: int
    desired: int
    maximum: int
    operating_system: str
    capacity_reservation_id: str
    zones: tuple[str, ...]
    volume_gib: int
    schedule: ScheduleConfig | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelServerConfig:
    """One model on one pool.

    Attributes:
        name: Unique in the stack; names namespace and release.
        served_name: The model id that clients send.
        revision: Commit of the weights' repository, 40 hexadecimal digits.
        checksums: `sha256:` and the digest of the file SHA256SUMS beside the weights.
        weights_gib: Size of all weights.
        kv_cache_gib_per_sequence: Of one request of `max_model_len` tokens, on all GPUs together.
        tensor_parallel: GPUs of one replica.
        pool: Name of a GPU pool; empty serves on the CPU (for trials on the local cloud).
        cpu: Cores of one replica.
        memory_mib: Main memory of one replica, without the shared memory; 0 is its share of a node of the pool.
        shared_memory_mib: For /dev/shm.
        scratch_mib: Disk for caches, besides the weights.
        ready_timeout_seconds: How long an update waits for the server before it takes the release back.
    """

    name: str
    model: str
    served_name: str
    revision: str
    checksums: str
    weights_gib: float
    kv_cache_gib_per_sequence: float
    quantization: str
    tensor_parallel: int
    max_model_len: int
    prefix_caching: bool
    minimum_replicas: int
    maximum_replicas: int
    pool: str
    cpu: float
    memory_mib: int
    shared_memory_mib: int
    scratch_mib: int
    longest_request_seconds: int
    ready_timeout_seconds: int
    extra_args: tuple[str, ...]


def camel_case(name: str) -> str:
    """Return a Python name as the configuration spells it: `device_plugin` as `devicePlugin`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformConfig:
    """Which third-party releases run; versions stand in `infra/data/platform_releases.toml`."""

    device_plugin: bool
    dcgm_exporter: bool
    prometheus: bool
    keda: bool
    load_balancer_controller: bool

    @property
    def enabled(self) -> list[str]:
        """Return the keys of what is on, as in that file."""
        return [camel_case(field.name) for field in fields(self) if getattr(self, field.name)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetConfig:
    """The AWS budget of the stack.

    Attributes:
        monthly_usd: Ceiling of a stack without a decision; 0 takes the decision's, and without that there is none.
        emails: Who is told.
        activate_tags: Activate the cost-allocation tags; AWS knows them a day after the first resource.
    """

    monthly_usd: int
    emails: tuple[str, ...]
    activate_tags: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesConfig:
    """Digests of the chart's images, `sha256:...`; empty means as `make pin` wrote them to the chart."""

    server: str
    proxy: str
    downloader: str
