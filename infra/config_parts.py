"""Read each structured key into its record; what is wrong goes to the table's problems."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from infra.config_records import (
    BudgetConfig,
    ClusterConfig,
    GpuPoolConfig,
    ImagesConfig,
    ModelServerConfig,
    NetworkConfig,
    PlatformConfig,
    ScheduleConfig,
)
from infra.profiles import Defaults
from infra.reading import Problems, Table

R = TypeVar("R")

NAME, NAME_RIGHT = r"[a-z][a-z0-9-]{0,28}[a-z0-9]", "2 to 30 of a-z, 0-9 and -, beginning with a letter"
ZONE, ZONE_RIGHT = r"[a-z]{2}(-[a-z]+)+-\d[a-z]", "names of zones, such as us-east-1a"
INSTANCE_TYPE, INSTANCE_TYPE_RIGHT = r"[a-z0-9-]+\.[a-z0-9-]+", "instance types, such as g6e.xlarge"
DIGEST, DIGEST_RIGHT = r"sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits"
COMMIT, COMMIT_RIGHT = r"[0-9a-f]{40}", "the commit of the weights' repository, 40 hexadecimal digits"
CRON, CRON_RIGHT = r"\S+( \S+){4}", "five cron fields, such as 0 8 * * MON-FRI"

LOG_RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


def read_network(table: Table, defaults: Defaults) -> NetworkConfig:
    """Return the network to create or to use."""
    network = NetworkConfig(
        zone_count=table.whole("zoneCount", defaults.zone_count, at_least=2, at_most=3),
        zones=table.texts("zones", (), pattern=ZONE, right=ZONE_RIGHT),
        cidr=table.text("cidr", "10.40.0.0/16"),
        nat=table.choice("nat", ["single", "per_zone"], defaults.nat),
        vpc_id=table.text("vpcId", "", pattern=r"vpc-[0-9a-f]{8,17}", right="the id of a VPC, vpc-..."),
        private_subnets=table.mapping("privateSubnets", right="the id of a private subnet, subnet-..."),
    )
    table.end()
    return network


def read_cluster(table: Table, nodes: Table, defaults: Defaults) -> ClusterConfig:
    """Return the cluster to create or to use, with the nodes for its own pods."""
    days = table.whole("logRetentionDays", defaults.log_retention_days)
    if days not in LOG_RETENTION_DAYS:
        table.wrong("logRetentionDays", f"one of {', '.join(map(str, LOG_RETENTION_DAYS))}")
    cluster = ClusterConfig(
        kubernetes_version=table.text(
            "kubernetesVersion", "1.36", pattern=r"1\.\d\d", right='quoted, such as "1.36"'
        ),
        existing_name=table.text("existingName", "", pattern=r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}"),
        auto_mode=table.switch("autoMode", default=False),
        auto_node_role=table.text("autoNodeRole", "", pattern=r"[\w+=,.@-]+", right="the name of an IAM role"),
        addon_versions=table.mapping("addonVersions", right="a version, such as v1.20.4-eksbuild.1"),
        deletion_protection=table.switch("deletionProtection", default=defaults.deletion_protection),
        log_retention_days=days,
        system_instance_type=nodes.text(
            "instanceType", "m6i.large", pattern=INSTANCE_TYPE, right=INSTANCE_TYPE_RIGHT
        ),
        system_node_count=nodes.whole("count", defaults.system_node_count, at_least=1, at_most=100),
    )
    table.end()
    nodes.end()
    return cluster


def read_pool(table: Table) -> GpuPoolConfig:
    """Return a GPU node pool."""
    nodes = table.table("nodes")
    maximum = nodes.whole("max", at_least=1, at_most=450)
    minimum = nodes.whole("min", 0, at_most=450)
    pool = GpuPoolConfig(
        name=table.text("name", pattern=NAME, right=NAME_RIGHT),
        kind=table.choice("kind", ["managed", "karpenter"], "managed"),
        instance_types=table.texts("instanceTypes", pattern=INSTANCE_TYPE, right=INSTANCE_TYPE_RIGHT),
        purchase_option=table.choice("purchaseOption", ["on_demand", "spot", "capacity_block", "reservation"]),
        minimum=minimum,
        desired=nodes.whole("desired", minimum, at_most=450),
        maximum=maximum,
        operating_system=table.choice("operatingSystem", ["bottlerocket", "al2023"], "bottlerocket"),
        capacity_reservation_id=table.text("capacityReservationId", "", pattern=r"cr-[0-9a-f]{8,17}", right="cr-..."),
        zones=table.texts("zones", (), pattern=ZONE, right=ZONE_RIGHT),
        volume_gib=table.whole("volumeGib", 200, at_least=50, at_most=16_384),
        schedule=_read_schedule(table.table("schedule")) if table.has("schedule") else None,
    )
    nodes.end()
    table.end()
    return pool


def read_server(table: Table) -> ModelServerConfig:
    """Return a model server."""
    replicas = table.table("replicas")
    minimum = replicas.whole("min", 1, at_most=1_000)
    name = table.text("name", pattern=NAME, right=NAME_RIGHT)
    weights_gib = table.number("weightsGib", above=0, at_most=10_000)
    server = ModelServerConfig(
        name=name,
        model=table.text("model", pattern=r"[\w.-]+/[\w.-]+", right="an id on Hugging Face, OWNER/NAME"),
        served_name=table.text("servedName", name, pattern=".+"),
        revision=table.text("revision", pattern=COMMIT, right=COMMIT_RIGHT),
        checksums=table.text("checksums", pattern=DIGEST, right=f"{DIGEST_RIGHT}, the digest of SHA256SUMS"),
        weights_gib=weights_gib,
        kv_cache_gib_per_sequence=table.number("kvCacheGibPerSequence", 0.0, above=0, at_most=10_000),
        quantization=table.text("quantization", "", pattern=r"[\w-]+", right="vLLM's name of it, such as fp8"),
        tensor_parallel=table.whole("tensorParallel", 1, at_least=1, at_most=64),
        max_model_len=table.whole("maxModelLen", at_least=256),
        prefix_caching=table.switch("prefixCaching", default=True),
        minimum_replicas=minimum,
        maximum_replicas=replicas.whole("max", max(minimum, 1), at_least=1, at_most=1_000),
        pool=table.text("pool", "", pattern=NAME, right="the name of a GPU pool"),
        cpu=table.number("cpu", 2.0, above=0, at_most=1_000),
        memory_mib=table.whole("memoryMib", 0, at_least=256),
        shared_memory_mib=table.whole("sharedMemoryMib", 1_024, at_least=512),
        scratch_mib=table.whole("scratchMib", 20_480, at_least=64),
        longest_request_seconds=table.whole("longestRequestSeconds", 300, at_least=1, at_most=3_600),
        ready_timeout_seconds=table.whole("readyTimeoutSeconds", _ready_timeout(weights_gib), at_least=10),
        extra_args=table.texts("extraArgs", (), right="arguments of `vllm serve`, one word each"),
    )
    replicas.end()
    table.end()
    return server


def read_platform(table: Table, defaults: Defaults) -> PlatformConfig:
    """Return which third-party releases run."""
    platform = PlatformConfig(
        device_plugin=table.switch("devicePlugin", default=False),
        dcgm_exporter=table.switch("dcgmExporter", default=defaults.monitoring),
        prometheus=table.switch("prometheus", default=defaults.monitoring),
        keda=table.switch("keda", default=defaults.monitoring),
        load_balancer_controller=table.switch("loadBalancerController", default=False),
    )
    table.end()
    return platform


def read_budget(table: Table) -> BudgetConfig:
    """Return the budget."""
    budget = BudgetConfig(
        monthly_usd=table.whole("monthlyUsd", 0),
        emails=table.texts("emails", (), pattern=r"[^@\s]+@[^@\s]+\.[^@\s]+", right="e-mail addresses"),
        activate_tags=table.switch("activateTags", default=False),
    )
    table.end()
    return budget


def read_images(table: Table) -> ImagesConfig:
    """Return the digests of the chart's images."""
    names = ("server", "proxy", "downloader")
    images = ImagesConfig(**{name: table.text(name, "", pattern=DIGEST, right=DIGEST_RIGHT) for name in names})
    table.end()
    return images


def read_list(value: object, key: str, problems: Problems, read: Callable[[Table], R]) -> tuple[R, ...]:
    """Return the records of a list of objects."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        problems.add(key, value, "a list of objects")
        return ()
    return tuple(read(Table(item, f"{key}[{index}]", problems)) for index, item in enumerate(value))


def _read_schedule(table: Table) -> ScheduleConfig:
    schedule = ScheduleConfig(
        start=table.text("start", pattern=CRON, right=CRON_RIGHT),
        stop=table.text("stop", pattern=CRON, right=CRON_RIGHT),
        time_zone=table.text("timeZone", "Etc/UTC"),
    )
    table.end()
    return schedule


def _ready_timeout(weights_gib: float) -> int:
    """Return seconds: what the chart's startup probe allows, and as long again for node, images and download."""
    return int(2 * (600 + 10 * weights_gib))
