"""Arguments of each component with defaults, and a stack of all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from infra.access import Grant
from infra.budget import Budget, BudgetArgs
from infra.cluster import Cluster, ClusterArgs, SystemNodes
from infra.encryption import EncryptionKey, EncryptionKeyArgs
from infra.gpu_node_pool import GpuNodePool, GpuNodePoolArgs, PayingHours, PurchaseOption
from infra.karpenter_node_pool import KarpenterNodePool, KarpenterNodePoolArgs
from infra.kubeconfig import kubernetes_provider
from infra.model_server import Engine, ModelServer, ModelServerArgs, Placement, Scaling, Weights
from infra.model_store import ModelStore, ModelStoreArgs
from infra.network import Nat, Network, NetworkArgs
from infra.node_group import OperatingSystem
from infra.platform_charts import Platform, PlatformArgs
from infra.tags import Part, cost_tags

ACCOUNT, REGION = "123456789012", "us-east-1"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/deployer"
DUMMY_DIGEST = "sha256:" + "0" * 64
REVISION = "0123456789abcdef0123456789abcdef01234567"
ADDON_VERSIONS = {
    "vpc-cni": "v0-test",
    "kube-proxy": "v0-test",
    "eks-pod-identity-agent": "v0-test",
    "coredns": "v0-test",
    "eks-node-monitoring-agent": "v0-test",
}


def tags(part: Part = Part.CLUSTER) -> dict[str, str]:
    return cost_tags("test", part)


def key_args() -> EncryptionKeyArgs:
    return EncryptionKeyArgs(account_id=ACCOUNT, partition="aws", region=REGION, tags=tags())


def network_args(**changes: Any) -> NetworkArgs:  # noqa: ANN401 - as the record says
    args = NetworkArgs(
        region=REGION,
        zones=ZONES[:2],
        cidr="10.40.0.0/16",
        nat=Nat.SINGLE,
        account_id=ACCOUNT,
        key_arn=KEY,
        log_retention_days=30,
        tags=tags(Part.NETWORK),
    )
    return replace(args, **changes)


def cluster_args(**changes: Any) -> ClusterArgs:  # noqa: ANN401 - as the record says
    args = ClusterArgs(
        cluster_name="worthwhile-test",
        kubernetes_version="1.36",
        region=REGION,
        account_id=ACCOUNT,
        partition="aws",
        subnet_ids=["subnet-a", "subnet-b"],
        public_access_cidrs=["203.0.113.7/32"],
        grants=[Grant(name="deployer", principal_arn=DEPLOYER)],
        key_arn=KEY,
        log_retention_days=30,
        addon_versions=ADDON_VERSIONS,
        system_nodes=SystemNodes(instance_type="m7i.large", count=2),
        auto_mode=False,
        deletion_protection=False,
        tags=tags(),
    )
    return replace(args, **changes)


def pool_args(**changes: Any) -> GpuNodePoolArgs:  # noqa: ANN401 - as the record says
    args = GpuNodePoolArgs(
        cluster_name="worthwhile-test",
        kubernetes_version="1.36",
        partition="aws",
        subnet_ids=["subnet-a", "subnet-b"],
        instance_types=["g6.xlarge"],
        purchase_option=PurchaseOption.ON_DEMAND,
        operating_system=OperatingSystem.BOTTLEROCKET,
        minimum=1,
        desired=2,
        maximum=3,
        volume_gib=200,
        tags=tags(Part.GPU),
    )
    return replace(args, **changes)


def karpenter_args(**changes: Any) -> KarpenterNodePoolArgs:  # noqa: ANN401 - as the record says
    args = KarpenterNodePoolArgs(
        node_role_name="auto-node",
        security_group_id="sg-cluster",
        subnet_ids=["subnet-a", "subnet-b"],
        zones=ZONES[:2],
        instance_types=["g6.xlarge", "g6.2xlarge"],
        capacity_types=["on-demand"],
        maximum_nodes={"g6.xlarge/on_demand": 4, "g6.2xlarge/on_demand": 4},
        gpu_limit=4,
        cpu_limit=32,
        volume_gib=200,
        expire_after="336h",
        termination_grace_period="1h",
        tags=tags(Part.GPU),
    )
    return replace(args, **changes)


def store_args(**changes: Any) -> ModelStoreArgs:  # noqa: ANN401 - as the record says
    args = ModelStoreArgs(key_arn=KEY, old_version_days=30, force_destroy=False, tags=tags(Part.MODEL_STORE))
    return replace(args, **changes)


def server_args(store: ModelStore, **changes: Any) -> ModelServerArgs:  # noqa: ANN401 - as the record says
    args = ModelServerArgs(
        cluster_name="worthwhile-test",
        cluster_arn=f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/worthwhile-test",
        account_id=ACCOUNT,
        store=store,
        weights=Weights(
            name="qwen3-8b", checkpoint="Qwen/Qwen3-8B", revision=REVISION, checksums=DUMMY_DIGEST, size_gib=16
        ),
        engine=Engine(tensor_parallel=1, max_model_len=8192, quantization="fp8"),
        scaling=Scaling(minimum=2, maximum=4),
        placement=Placement(
            pool="g6",
            gpus=1,
            zones=2,
            spare_node=True,
            cpu=3,
            memory_mib=12288,
            shared_memory_mib=1024,
            scratch_mib=20480,
        ),
        api_key=pulumi.Output.secret("a-key"),
        longest_request_seconds=300,
        timeout_seconds=1800,
        tags=tags(Part.MODEL_SERVER),
        image_digests={"server": DUMMY_DIGEST, "proxy": DUMMY_DIGEST, "downloader": DUMMY_DIGEST},
    )
    return replace(args, **changes)


def budget_args(**changes: Any) -> BudgetArgs:  # noqa: ANN401 - as the record says
    args = BudgetArgs(
        monthly_ceiling_usd=Decimal("2500.00"),
        emails=["finance@example.com"],
        project_tag=("worthwhile:project", "worthwhile"),
        cost_allocation_tags=[],
        tags=tags(Part.BUDGET),
    )
    return replace(args, **changes)


def platform_args(**changes: Any) -> PlatformArgs:  # noqa: ANN401 - as the record says
    args = PlatformArgs(
        enabled=["keda"],
        cluster_name="worthwhile-test",
        cluster_arn=f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/worthwhile-test",
        account_id=ACCOUNT,
        region=REGION,
        vpc_id="vpc-1",
        tags=tags(Part.PLATFORM),
    )
    return replace(args, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What differs between the stacks that the rules are held against."""

    zones: int
    nat: Nat
    public: bool
    auto_mode: bool
    platform: tuple[str, ...]
    pools: Mapping[str, Mapping[str, Any]]


SMALL = Variant(
    zones=2,
    nat=Nat.SINGLE,
    public=True,
    auto_mode=False,
    platform=(),
    pools={"g6": {}},
)
FULL = Variant(
    zones=3,
    nat=Nat.PER_ZONE,
    public=False,
    auto_mode=True,
    platform=("devicePlugin", "prometheus", "dcgmExporter", "keda"),
    pools={
        "g6": {"operating_system": OperatingSystem.AL2023},
        "spot": {"instance_types": ["g6.xlarge", "g5.xlarge"], "purchase_option": PurchaseOption.SPOT},
        "block": {
            "instance_types": ["p5.48xlarge"],
            "purchase_option": PurchaseOption.CAPACITY_BLOCK,
            "capacity_reservation_id": "cr-1",
        },
        "reserved": {"purchase_option": PurchaseOption.RESERVATION, "capacity_reservation_id": "cr-2"},
        "daytime": {
            "paying_hours": PayingHours(start="0 8 * * MON-FRI", stop="0 20 * * MON-FRI", time_zone="Europe/Berlin")
        },
    },
)
VARIANTS = {"small": SMALL, "full": FULL}


def whole_stack(variant: Variant) -> None:
    """Register every component, wired to each other as the program wires them."""
    key = EncryptionKey("worthwhile-test", key_args())
    network = Network("net", network_args(zones=ZONES[: variant.zones], nat=variant.nat, key_arn=key.arn))
    subnets = list(network.private_subnets.values())
    cluster = Cluster(
        "cluster",
        cluster_args(
            subnet_ids=subnets,
            public_access_cidrs=["203.0.113.7/32"] if variant.public else [],
            key_arn=key.arn,
            auto_mode=variant.auto_mode,
        ),
    )
    inside = pulumi.ResourceOptions(providers=[_provider(cluster)])
    platform = Platform("platform", platform_args(enabled=variant.platform, after=cluster.ready), inside)
    for name, changes in variant.pools.items():
        GpuNodePool(name, pool_args(subnet_ids=subnets, cluster_name=cluster.name, **changes))
    if cluster.auto_node_role_name is not None:
        KarpenterNodePool("auto", karpenter_args(node_role_name=cluster.auto_node_role_name), inside)
    store = ModelStore("models", store_args(key_arn=key.arn))
    ModelServer("qwen", server_args(store, after=platform.ready), inside)
    Budget("budget", budget_args())


def _provider(cluster: Cluster) -> k8s.Provider:
    return kubernetes_provider(
        "inside", kubeconfig=cluster.kubeconfig, cluster_arn=cluster.arn, ours=True, opts=pulumi.ResourceOptions()
    )
