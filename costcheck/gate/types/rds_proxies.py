"""RDS: proxies, priced by the vCPUs of the databases behind them, and snapshots by use."""

from collections.abc import Iterator
from decimal import Decimal

from costcheck.gate.estimate import Estimate
from costcheck.gate.types.lines import all_month, by_use, listed
from costcheck.gate.types.rds import CLUSTER, INSTANCE, backup_meter
from costcheck.gate.types.rds_engines import engine_of
from costcheck.gate.view import UnpriceableError, View

TARGET = "aws:rds/proxyTarget:ProxyTarget"
CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
LEAST_VCPUS = Decimal(2)
"""The least that is charged for a provisioned database behind a proxy (https://aws.amazon.com/rds/proxy/pricing/)."""


def proxy(view: View) -> Estimate:
    """Return a proxy: each vCPU of each database behind it, by the hour."""
    databases = [database for target in view.dependents(TARGET) for database in _databases(target)]
    if not databases:
        message = "no database that it stands before is in the plan, and its price is by their vCPUs"
        raise UnpriceableError(message)
    engines = {engine_of(database).name for database in databases}
    if len(engines) != 1:
        message = f"the databases behind it are of several engines: {', '.join(sorted(engines))}"
        raise UnpriceableError(message)
    (engine,) = engines
    meter = listed("AmazonRDS", f"RDS:ProxyUsage/{engine}", "vCPU-Hours", "Hrs", databaseEngine=engine)
    vcpus = sum((_vcpus(database) for database in databases), Decimal(0))
    return Estimate(components=(all_month("RDS proxy, each vCPU behind it", meter, max(vcpus, LEAST_VCPUS)),))


def _databases(target: View) -> Iterator[View]:
    instance = target.referred("dbInstanceIdentifier", INSTANCE)
    cluster = target.referred("dbClusterIdentifier", CLUSTER)
    if instance is None and cluster is None:
        message = "a database that it stands before is not in the plan"
        raise UnpriceableError(message)
    if instance is not None:
        yield instance
    if cluster is not None:
        yield from cluster.dependents(CLUSTER_INSTANCE)


def _vcpus(database: View) -> Decimal:
    instance_class = database.text("instanceClass")
    if instance_class == "db.serverless":
        message = "a serverless database stands behind it, whose capacity units it charges by a price not built in"
        raise UnpriceableError(message)
    return Decimal(database.instance(instance_class.removeprefix("db.")).vcpu_count)


def snapshot(view: View) -> Estimate:
    """Return a snapshot, by the size that it turns out to have."""
    source = view.referred("dbInstanceIdentifier", INSTANCE) or view.referred("dbClusterIdentifier", CLUSTER)
    if source is None:
        message = "the database that it is taken of is not in the plan, so its engine is not known"
        raise UnpriceableError(message)
    return Estimate(components=(by_use("snapshot storage", backup_meter(engine_of(source))),))


PRICED = {
    "aws:rds/proxy:Proxy": proxy,
    "aws:rds/snapshot:Snapshot": snapshot,
    "aws:rds/clusterSnapshot:ClusterSnapshot": snapshot,
}
