"""Databases that share a cluster's storage: Aurora, DocumentDB, Neptune."""

from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.lines import all_month, by_use, listed
from costcheck.gate.types.rds import CLUSTER, backup_meter, bursts, class_meter, require_free_insights
from costcheck.gate.types.rds_engines import Engine, engine_of
from costcheck.gate.view import UnpriceableError, View

DOCUMENT_CLUSTER, GRAPH_CLUSTER = "aws:docdb/cluster:Cluster", "aws:neptune/cluster:Cluster"
SERVERLESS = "db.serverless"
LEAST_RUNNING_ACUS = Decimal("0.5")
"""A serverless instance that may pause to nothing takes this much as soon as somebody asks it something
(https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html)."""


def aurora_cluster(view: View) -> Estimate:
    """Return what a cluster stores, reads and backs up, by use; its instances are resources of their own."""
    engine = _aurora_engine(view)
    optimized = _io_optimized(view)
    usage = "Aurora:IO-OptimizedStorageUsage" if optimized else "Aurora:StorageUsage"
    listed_for = "Any" if engine.name == "Aurora MySQL" else engine.name
    storage = listed("AmazonRDS", f"{usage}/{listed_for}", "GB-Months", databaseEngine=listed_for)
    requests = listed("AmazonRDS", f"Aurora:StorageIOUsage/{listed_for}", "IOs", databaseEngine=listed_for)
    return Estimate(
        components=(
            by_use("Aurora storage", storage),
            *(() if optimized else (by_use("Aurora reads and writes", requests),)),
            by_use("backups beyond the size of the cluster", backup_meter(engine)),
        )
    )


def _aurora_engine(view: View) -> Engine:
    """Return the engine of a cluster of provisioned or serverless instances with the usual storage."""
    engine = engine_of(view)
    require_free_insights(view)
    mode, scaling = (
        view.text("engineMode", default="provisioned"),
        view.text("clusterScalabilityType", default="standard"),
    )
    plain = mode in ("provisioned", "") and scaling == "standard" and not view.number("backtrackWindow", default=0)
    if not engine.name.startswith("Aurora") or not plain:
        message = "a Multi-AZ cluster, the first serverless mode, limitless shards or backtracking have no price here"
        raise UnpriceableError(message)
    return engine


def _io_optimized(cluster: View) -> bool:
    kind = cluster.text("storageType", default="")
    if kind not in ("", "aurora", "aurora-iopt1"):
        message = f"no price of Aurora storage of type {kind[:60]!r} is built in"
        raise UnpriceableError(message)
    return kind == "aurora-iopt1"


def aurora_instance(view: View) -> Estimate:
    """Return an instance of Aurora; its cluster says which storage it has, which sets the price of both."""
    cluster = _cluster_of(view, CLUSTER)
    engine, optimized = _aurora_engine(cluster), _io_optimized(cluster)
    require_free_insights(view)
    instance_class = view.text("instanceClass")
    if instance_class == SERVERLESS:
        return Estimate(components=(_serverless(cluster, engine, optimized=optimized),))
    usage = "InstanceUsageIOOptimized" if optimized else "InstanceUsage"
    meter = class_meter("AmazonRDS", usage, instance_class, engine.label, **engine.fields)
    return Estimate(components=(all_month(f"{engine.name} instance", meter), *bursts(view, "AmazonRDS", engine.name)))


def _serverless(cluster: View, engine: Engine, *, optimized: bool) -> Component:
    usage = "Aurora:ServerlessV2IOOptimizedUsage" if optimized else "Aurora:ServerlessV2Usage"
    meter = listed(
        "AmazonRDS",
        f"{usage}/{engine.name}",
        "ACU-Hours",
        "ACU-Hr",
        "ACU-Hrs",
        productFamily="ServerlessV2",
        databaseEngine=engine.name,
    )
    least = cluster.number("serverlessv2ScalingConfiguration", "minCapacity")
    most = cluster.number("serverlessv2ScalingConfiguration", "maxCapacity")
    return all_month("Aurora capacity units", meter, max(least, LEAST_RUNNING_ACUS), most)


def _cluster_of(view: View, token: str) -> View:
    cluster = view.referred("clusterIdentifier", token)
    if cluster is None:
        message = "its cluster is not in the plan, and that says which storage it has and so which price"
        raise UnpriceableError(message)
    return cluster


def shared_cluster(service: str) -> tuple[Component, ...]:
    """Return what a cluster of DocumentDB or Neptune costs by use."""
    return (
        by_use("storage", listed(service, "StorageUsage", "GB-Months")),
        by_use("reads and writes", listed(service, "StorageIOUsage", "IOs")),
        by_use("backups beyond the size of the cluster", listed(service, "BackupUsage", "GB-Months")),
    )


def document_cluster(view: View) -> Estimate:
    """Return what a cluster of DocumentDB costs by use."""
    _require_standard(view)
    return Estimate(components=shared_cluster("AmazonDocDB"))


def graph_cluster(view: View) -> Estimate:
    """Return what a cluster of Neptune costs by use."""
    _require_standard(view)
    return Estimate(components=shared_cluster("AmazonNeptune"))


def document_instance(view: View) -> Estimate:
    """Return an instance of DocumentDB."""
    _require_standard(_cluster_of(view, DOCUMENT_CLUSTER))
    return _shared_instance(view, "AmazonDocDB")


def graph_instance(view: View) -> Estimate:
    """Return an instance of Neptune."""
    _require_standard(_cluster_of(view, GRAPH_CLUSTER))
    return _shared_instance(view, "AmazonNeptune")


def _require_standard(cluster: View) -> None:
    kind = cluster.text("storageType", default="standard")
    if kind not in ("standard", ""):
        message = f"no price of a cluster with storage of type {kind[:60]!r} is built in"
        raise UnpriceableError(message)


def _shared_instance(view: View, service: str) -> Estimate:
    instance_class = view.text("instanceClass")
    if instance_class == SERVERLESS:
        message = "no price of its serverless capacity is built in"
        raise UnpriceableError(message)
    meter = class_meter(service, "InstanceUsage", instance_class, "")
    return Estimate(components=(all_month("database instance", meter), *bursts(view, service, "")))


PRICED = {
    CLUSTER: aurora_cluster,
    "aws:rds/clusterInstance:ClusterInstance": aurora_instance,
    DOCUMENT_CLUSTER: document_cluster,
    "aws:docdb/clusterInstance:ClusterInstance": document_instance,
    GRAPH_CLUSTER: graph_cluster,
    "aws:neptune/clusterInstance:ClusterInstance": graph_instance,
}
