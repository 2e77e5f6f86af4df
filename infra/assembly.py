"""Make each component from its part of the configuration; `__main__.py` says in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pulumi
import pulumi_kubernetes as k8s

from infra.access import Grant
from infra.admission import gpu_maximums
from infra.budget import Budget, BudgetArgs
from infra.cluster import Cluster, ClusterArgs, SystemNodes
from infra.config import StackConfig, model_api_key
from infra.config_records import ApiAccess, GpuPoolConfig, ModelServerConfig
from infra.encryption import EncryptionKey, EncryptionKeyArgs
from infra.existing import ExistingCluster, ExistingNetwork, find_cluster
from infra.facts import Facts
from infra.gpu_node_pool import GpuNodePool, GpuNodePoolArgs, PayingHours, PurchaseOption
from infra.karpenter_node_pool import KarpenterNodePool, KarpenterNodePoolArgs
from infra.kubeconfig import kubernetes_provider
from infra.model_memory import main_memory_share_mib
from infra.model_server import Engine, ModelServer, ModelServerArgs, Placement, Scaling, Weights
from infra.model_store import ModelStore, ModelStoreArgs
from infra.network import Nat, Network, NetworkArgs
from infra.node_group import OperatingSystem
from infra.placement import first_without_room
from infra.platform_charts import Platform, PlatformArgs
from infra.releases import load_addon_versions
from infra.tags import PART_TAG, PROJECT_TAG, STACK_TAG, Part, cost_tags
from infra.zones import Places

OLD_WEIGHTS_DAYS = 30
"""How long weights that were overwritten or deleted by mistake can be brought back."""

NODE_LIFETIME = "336h"
"""Karpenter's nodes are replaced after 14 days, the default of EKS Auto Mode, with the newest image.

https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html
"""
NODE_GRACE = "2h"
"""Above the longest request that a server may have (an hour) with all that a stopping pod waits for besides."""

CPU_MEMORY_MIB = 5_120
"""Of a server without a pool, which only the local stack has: what an m6i.large has left."""

Pool = GpuNodePool | KarpenterNodePool


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """What every component of one stack is made with.

    Attributes:
        places: Zones of the network and of each pool.
        admission: What GPU capacity depends on: made before it, and gone after it.
    """

    config: StackConfig
    facts: Facts
    places: Places
    admission: pulumi.Resource

    @property
    def name(self) -> str:
        """Return the name of the stack's resources."""
        return f"worthwhile-{self.config.stack}"

    def tags(self, part: Part) -> dict[str, str]:
        """Return the cost-allocation tags of a part of this stack."""
        return cost_tags(self.config.stack, part)

    def key(self) -> EncryptionKey:
        """Return the key of secrets, logs and weights."""
        args = EncryptionKeyArgs(
            account_id=self.facts.caller.account_id,
            partition=self.facts.caller.partition,
            region=self.config.region,
            tags=self.tags(Part.CLUSTER),
        )
        return EncryptionKey(self.name, args)

    def network(self, key: EncryptionKey) -> Network | ExistingNetwork:
        """Return the network, made or named."""
        network = self.config.network
        if network.vpc_id:
            return ExistingNetwork(vpc_id=network.vpc_id, private_subnets=network.private_subnets)
        args = NetworkArgs(
            region=self.config.region,
            zones=self.places.network,
            cidr=network.cidr,
            nat=Nat(network.nat),
            account_id=self.facts.caller.account_id,
            key_arn=key.arn,
            log_retention_days=self.config.cluster.log_retention_days,
            tags=self.tags(Part.NETWORK),
        )
        return Network(self.name, args)

    def cluster(self, network: Network | ExistingNetwork, key: EncryptionKey) -> Cluster | ExistingCluster:
        """Return the cluster, made or found."""
        cluster = self.config.cluster
        if cluster.existing_name:
            return find_cluster(
                cluster.existing_name, region=self.config.region, auto_node_role_name=cluster.auto_node_role or None
            )
        args = ClusterArgs(
            cluster_name=self.name,
            kubernetes_version=cluster.kubernetes_version,
            region=self.config.region,
            account_id=self.facts.caller.account_id,
            partition=self.facts.caller.partition,
            subnet_ids=list(network.private_subnets.values()),
            public_access_cidrs=self._public_access(),
            grants=self._grants(),
            key_arn=key.arn,
            log_retention_days=cluster.log_retention_days,
            addon_versions=load_addon_versions(cluster.kubernetes_version, cluster.addon_versions),
            system_nodes=SystemNodes(instance_type=cluster.system_instance_type, count=cluster.system_node_count),
            auto_mode=self.config.cluster.auto_mode,
            deletion_protection=cluster.deletion_protection,
            tags=self.tags(Part.CLUSTER),
        )
        return Cluster(self.name, args)

    def kubeconfig_command(self, cluster: Cluster | ExistingCluster) -> pulumi.Output[str]:
        """Return the command that lets a person's tools talk to the cluster."""
        return pulumi.Output.format(
            "aws eks update-kubeconfig --region {0} --name {1}", self.config.region, cluster.name
        )

    def kubernetes(self, cluster: Cluster | ExistingCluster) -> k8s.Provider:
        """Return the provider of everything inside the cluster."""
        return kubernetes_provider(
            self.name,
            kubeconfig=cluster.kubeconfig,
            cluster_arn=cluster.arn,
            ours=not self.config.cluster.existing_name,
            opts=pulumi.ResourceOptions(),
        )

    def pools(
        self, network: Network | ExistingNetwork, cluster: Cluster | ExistingCluster, provider: k8s.Provider
    ) -> dict[str, Pool]:
        """Return the GPU node pools by name."""
        opts = pulumi.ResourceOptions(depends_on=[self.admission], providers=[provider])
        return {
            pool.name: (self._managed if pool.kind == "managed" else self._karpenter)(pool, network, cluster, opts)
            for pool in self.config.gpu_pools
        }

    def store(self, key: EncryptionKey) -> ModelStore:
        """Return the bucket of the weights."""
        args = ModelStoreArgs(
            key_arn=key.arn,
            old_version_days=OLD_WEIGHTS_DAYS,
            force_destroy=not self.config.cluster.deletion_protection,
            tags=self.tags(Part.MODEL_STORE),
        )
        return ModelStore(f"{self.name}-models", args)

    def platform(
        self, network: Network | ExistingNetwork, cluster: Cluster | ExistingCluster, provider: k8s.Provider
    ) -> Platform:
        """Return the third-party releases that are on."""
        args = PlatformArgs(
            enabled=self.config.platform.enabled,
            cluster_name=cluster.name,
            cluster_arn=cluster.arn,
            account_id=self.facts.caller.account_id,
            region=self.config.region,
            vpc_id=network.vpc_id,
            tags=self.tags(Part.PLATFORM),
            after=cluster.ready,
        )
        return Platform(self.name, args, pulumi.ResourceOptions(providers=[provider]))

    def servers(
        self,
        cluster: Cluster | ExistingCluster,
        pools: dict[str, Pool],
        store: ModelStore,
        platform: Platform,
        provider: k8s.Provider,
    ) -> dict[str, ModelServer]:
        """Return the model servers by name."""
        opts = pulumi.ResourceOptions(providers=[provider])
        after = [*cluster.ready, *platform.ready]
        servers = {}
        for server in self.config.model_servers:
            nodes = [pools[server.pool].resource] if server.pool else []
            args = self._server_args(server, cluster, store, platform, [*after, *nodes])
            servers[server.name] = ModelServer(server.name, args, opts)
        return servers

    def budget(self, monthly_ceiling_usd: str) -> Budget | None:
        """Return the budget; None without a ceiling or anybody to tell."""
        budget = self.config.budget
        ceiling = Decimal(budget.monthly_usd or monthly_ceiling_usd or 0)
        if not ceiling or not budget.emails:
            return None
        args = BudgetArgs(
            monthly_ceiling_usd=ceiling,
            emails=budget.emails,
            project_tag=(STACK_TAG, self.config.stack),
            cost_allocation_tags=[PROJECT_TAG, STACK_TAG, PART_TAG] if budget.activate_tags else [],
            tags=self.tags(Part.BUDGET),
        )
        return Budget(self.name, args)

    def _public_access(self) -> list[str]:
        access = self.config.access
        own = [f"{self.facts.caller_address}/32"] if access.choice is ApiAccess.OWN_IP else []
        return [*own, *access.cidrs]

    def _grants(self) -> list[Grant]:
        arns = self.config.access.administrators or (self.facts.caller.arn,)
        return [Grant(name=_short(arn), principal_arn=arn) for arn in arns]

    def _managed(
        self,
        pool: GpuPoolConfig,
        network: Network | ExistingNetwork,
        cluster: Cluster | ExistingCluster,
        opts: pulumi.ResourceOptions,
    ) -> GpuNodePool:
        hours = pool.schedule
        existing = bool(self.config.cluster.existing_name)
        args = GpuNodePoolArgs(
            cluster_name=cluster.name,
            kubernetes_version=None if existing else self.config.cluster.kubernetes_version,
            partition=self.facts.caller.partition,
            subnet_ids=[network.private_subnets[zone] for zone in self.places.pools[pool.name]],
            instance_types=pool.instance_types,
            purchase_option=PurchaseOption(pool.purchase_option),
            operating_system=OperatingSystem(pool.operating_system),
            minimum=pool.minimum,
            desired=pool.desired,
            maximum=pool.maximum,
            volume_gib=pool.volume_gib,
            capacity_reservation_id=pool.capacity_reservation_id or None,
            paying_hours=PayingHours(start=hours.start, stop=hours.stop, time_zone=hours.time_zone)
            if hours
            else None,
            until=self.config.gpu_until,
            tags=self.tags(Part.GPU),
            after=cluster.ready,
        )
        return GpuNodePool(pool.name, args, opts)

    def _karpenter(
        self,
        pool: GpuPoolConfig,
        network: Network | ExistingNetwork,
        cluster: Cluster | ExistingCluster,
        opts: pulumi.ResourceOptions,
    ) -> KarpenterNodePool:
        zones = self.places.pools[pool.name]
        types = [self.facts.instances[type_] for type_ in pool.instance_types]
        args = KarpenterNodePoolArgs(
            node_role_name=cluster.auto_node_role_name or "",
            security_group_id=cluster.security_group_id,
            subnet_ids=[network.private_subnets[zone] for zone in zones],
            zones=zones,
            instance_types=pool.instance_types,
            capacity_types=["spot" if pool.purchase_option == "spot" else "on-demand"],
            maximum_nodes=gpu_maximums([pool]),
            # GPUs of the smallest type: so no type can have more nodes than admission allowed.
            gpu_limit=pool.maximum * min(instance.gpus for instance in types),
            cpu_limit=pool.maximum * max(instance.vcpus for instance in types),
            volume_gib=pool.volume_gib,
            expire_after=NODE_LIFETIME,
            termination_grace_period=NODE_GRACE,
            tags=self.tags(Part.GPU),
        )
        return KarpenterNodePool(pool.name, args, opts)

    def _server_args(
        self,
        server: ModelServerConfig,
        cluster: Cluster | ExistingCluster,
        store: ModelStore,
        platform: Platform,
        after: Sequence[pulumi.Resource],
    ) -> ModelServerArgs:
        images, pool = self.config.images, self.config.pool(server.pool)
        return ModelServerArgs(
            cluster_name=cluster.name,
            cluster_arn=cluster.arn,
            account_id=self.facts.caller.account_id,
            store=store,
            weights=Weights(
                name=server.name,
                checkpoint=server.model,
                revision=server.revision,
                checksums=server.checksums,
                size_gib=server.weights_gib,
                served_name=server.served_name,
            ),
            engine=Engine(
                tensor_parallel=server.tensor_parallel,
                max_model_len=server.max_model_len,
                quantization=server.quantization,
                prefix_caching=server.prefix_caching,
                extra_args=server.extra_args,
            ),
            scaling=Scaling(
                minimum=server.minimum_replicas,
                maximum=server.maximum_replicas,
                prometheus_url=self._scaled_by(server, platform),
            ),
            placement=self._placement(server),
            api_key=model_api_key(),
            longest_request_seconds=server.longest_request_seconds,
            timeout_seconds=server.ready_timeout_seconds,
            # Outside its hours a scheduled pool has no node: waiting would take every release back.
            wait=not (pool and pool.schedule),
            tags=self.tags(Part.MODEL_SERVER),
            image_digests={"server": images.server, "proxy": images.proxy, "downloader": images.downloader},
            service_monitor=self.config.platform.prometheus,
            after=after,
        )

    def _scaled_by(self, server: ModelServerConfig, platform: Platform) -> str | None:
        scales = self.config.platform.keda and server.maximum_replicas > server.minimum_replicas > 0
        return platform.prometheus_url if scales else None

    def _placement(self, server: ModelServerConfig) -> Placement:
        pool = self.config.pool(server.pool)
        return Placement(
            pool=server.pool or None,
            gpus=server.tensor_parallel if pool else 0,
            zones=len(self.places.pools[pool.name] if pool else self.places.network),
            spare_node=not pool or self._has_room_for_one_more(server, pool),
            cpu=server.cpu,
            memory_mib=server.memory_mib or self._memory_mib(server, pool),
            shared_memory_mib=server.shared_memory_mib,
            scratch_mib=server.scratch_mib,
        )

    def _memory_mib(self, server: ModelServerConfig, pool: GpuPoolConfig | None) -> int:
        """Return what every type of the pool has for one replica, besides its shared memory."""
        shares = [
            main_memory_share_mib(self.facts.instances[type_], server.tensor_parallel)
            for type_ in (pool.instance_types if pool else ())
        ]
        return min(shares, default=CPU_MEMORY_MIB) - server.shared_memory_mib

    def _has_room_for_one_more(self, server: ModelServerConfig, pool: GpuPoolConfig) -> bool:
        """Return whether a rollout can start a new replica beside all others, on nodes that are there."""
        replicas = {
            other.name: (other.maximum_replicas + (other is server), other.tensor_parallel)
            for other in self.config.model_servers
            if other.pool == pool.name
        }
        nodes = pool.maximum if pool.kind == "karpenter" else pool.desired
        gpus = min(self.facts.instances[type_].gpus for type_ in pool.instance_types)
        return first_without_room(replicas, nodes=nodes, gpus=gpus) is None


def _short(arn: str) -> str:
    """Return the account, kind and name in an IAM ARN as one word."""
    return arn.partition(":iam::")[2].replace(":", "-").replace("/", "-")
