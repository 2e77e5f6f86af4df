"""Caches: ElastiCache by node and serverless, DAX."""

from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.application_scaling import lifted
from costcheck.gate.types.lines import ONE, all_month, by_use, listed, monthly
from costcheck.gate.view import UnpriceableError, View
from costcheck.units import HOURS_PER_MONTH

REPLICATION_GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
ENGINES = {"redis": "Redis", "valkey": "Valkey", "memcached": "Memcached"}
LEAST_STORED_GB = {"redis": ONE, "memcached": ONE, "valkey": Decimal("0.1")}
"""What a serverless cache is charged for at least (https://aws.amazon.com/elasticache/pricing/)."""
SECONDS_PER_HOUR = 3600


def cluster(view: View) -> Estimate:
    """Return the nodes of a cluster; a member of a replication group is one more node of that group's type."""
    if not view.has("replicationGroupId"):
        nodes = view.number("numCacheNodes")
        return Estimate(components=_nodes(view, _engine(view), nodes, nodes))
    group = view.referred("replicationGroupId", REPLICATION_GROUP)
    if group is None:
        message = "the replication group that it belongs to is not in the plan, so the type of its node is not known"
        raise UnpriceableError(message)
    return Estimate(components=_nodes(group, _engine(group, default="redis"), ONE, ONE))


def replication_group(view: View) -> Estimate:
    """Return every node: primaries and replicas of all shards. Redis, the default engine, is the dearest."""
    engine = _engine(view, default="redis")
    desired, maximum = _group_size(view)
    return Estimate(components=_nodes(view, engine, desired, maximum))


def _group_size(view: View) -> tuple[Decimal, Decimal]:
    if view.has("nodeGroupConfigurations"):
        message = "nodeGroupConfigurations may size each shard by itself, which is not priced here"
        raise UnpriceableError(message)
    if not view.has("numNodeGroups"):
        nodes = view.number("numCacheClusters", default=1)
        return nodes, nodes
    shards, replicas = view.number("numNodeGroups"), view.number("replicasPerNodeGroup")
    most_shards = max(shards, *lifted(view, "elasticache:replication-group:NodeGroups"), Decimal(0))
    most_replicas = max(replicas, *lifted(view, "elasticache:replication-group:Replicas"), Decimal(0))
    return shards * (replicas + 1), most_shards * (most_replicas + 1)


def _engine(view: View, default: str | None = None) -> str:
    engine = view.text("engine", default=default)
    if engine not in ENGINES:
        message = f"engine is {engine[:60]!r}, which is none of {', '.join(ENGINES)}"
        raise UnpriceableError(message)
    return engine


def _nodes(view: View, engine: str, desired: Decimal, maximum: Decimal) -> tuple[Component, ...]:
    node_type, name = view.text("nodeType"), ENGINES[engine]
    meter = listed(
        "AmazonElastiCache", f"NodeUsage:{node_type}/{name}", "Hours", instanceType=node_type, cacheEngine=name
    )
    return (all_month(f"{name} node", meter, desired, maximum),)


def serverless_cache(view: View) -> Estimate:
    """Return what a serverless cache is charged for at least, and what use adds."""
    engine = _engine(view)
    stored = listed("AmazonElastiCache", f"CachedData:{ENGINES[engine]}", "GB-Hours", cacheEngine=ENGINES[engine])
    units = listed(
        "AmazonElastiCache",
        f"ElastiCacheProcessingUnits:{ENGINES[engine]}",
        "Processing Units",
        "ElastiCacheProcessingUnit",
        cacheEngine=ENGINES[engine],
    )
    least_gb, least_units = _least(view, engine)
    asked = monthly("processing units, at least", units, least_units * SECONDS_PER_HOUR * HOURS_PER_MONTH)
    return Estimate(
        components=(
            all_month("stored data, at least", stored, least_gb),
            *((asked,) if least_units else ()),
            by_use("processing units", units),
        )
    )


def _least(view: View, engine: str) -> tuple[Decimal, Decimal]:
    """Return the GB and the units a second that are charged even when idle: a block of limits must say both."""
    if not view.has("cacheUsageLimits"):
        return LEAST_STORED_GB[engine], Decimal(0)
    stored = view.number("cacheUsageLimits", "dataStorage", "minimum")
    return max(stored, LEAST_STORED_GB[engine]), view.number("cacheUsageLimits", "ecpuPerSeconds", 0, "minimum")


def dax_cluster(view: View) -> Estimate:
    """Return the nodes of a DynamoDB accelerator."""
    node_type = view.text("nodeType")
    meter = listed("AmazonDAX", f"NodeUsage:{node_type}", "Hours")
    return Estimate(components=(all_month("DAX node", meter, view.number("replicationFactor")),))


PRICED = {
    "aws:elasticache/cluster:Cluster": cluster,
    REPLICATION_GROUP: replication_group,
    "aws:elasticache/serverlessCache:ServerlessCache": serverless_cache,
    "aws:dax/cluster:Cluster": dax_cluster,
}
