"""RDS, Aurora and their like: what sets a price, and what has none here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcheck.gate.estimate import Estimate
from costcheck.gate.view import UnpriceableError
from costcheck.plan.records import Resource
from tests.costcheck.gate.types.database_cases import AURORA, AURORA_INSTANCE, RDS, aurora, aurora_instance, postgres
from tests.costcheck.gate.types.registry import Json, estimate, meters, pair, quantities, resource


@given(st.integers(20, 2000), st.integers(0, 2000), st.integers(1, 500))
def test_a_database_that_may_grow_further_never_costs_less(gib: int, most: int, more: int) -> None:
    before = quantities(estimate(postgres(allocatedStorage=gib, maxAllocatedStorage=most)))
    after = quantities(estimate(postgres(allocatedStorage=gib, maxAllocatedStorage=most + more)))
    meter = "RDS:GP3-Storage/PostgreSQL"
    now, then = after[meter], before[meter]
    assert now is not None
    assert then is not None
    assert now[0] == then[0]
    assert now[1] >= then[1]


def test_mysql_and_postgres_of_one_class_are_two_meters() -> None:
    assert meters(postgres())[0] != meters(postgres(engine="mysql", engineVersion="8.4"))[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"engine": "db2-se"},
        {"engine": "aurora-mysql"},
        {"storageType": "io2"},
        {"storageType": "io1"},
        {"iops": 4000},
        {"storageThroughput": 250},
        {"engine": "oracle-se2", "licenseModel": "free"},
        {"engineVersion": "13.20"},
        {"engine": "mysql", "engineVersion": "8.0.42"},
        {"performanceInsightsRetentionPeriod": 731},
        {"databaseInsightsMode": "advanced"},
        {"dedicatedLogVolume": True},
        {"customIamInstanceProfile": "custom"},
        {"allocatedStorage": -1},
        {"multiAz": "perhaps"},
    ],
)
def test_what_has_no_price_here_makes_an_instance_unknown(changes: Json) -> None:
    with pytest.raises(UnpriceableError):
        estimate(postgres(**changes))


def test_an_old_version_without_extended_support_is_priced() -> None:
    old = postgres(engineVersion="13.20", engineLifecycleSupport="open-source-rds-extended-support-disabled")
    assert quantities(estimate(old)) == quantities(estimate(postgres()))


def test_gp3_of_sql_server_includes_the_same_at_every_size() -> None:
    server: Json = {"engine": "sqlserver-se", "engineVersion": "16", "allocatedStorage": 1000, "iops": 5000}
    assert quantities(estimate(postgres(**server)))["RDS:GP3-PIOPS/SQL Server"] == pair(2000, 2000)


def test_gp3_of_exactly_the_size_that_is_striped_includes_four_times_as_much() -> None:
    assert "RDS:GP3-PIOPS/PostgreSQL" not in quantities(estimate(postgres(allocatedStorage=400, iops=12000)))
    with pytest.raises(UnpriceableError, match="below 400 GiB"):
        estimate(postgres(allocatedStorage=399, iops=12000))


def test_storage_of_unsaid_type_is_the_providers_own_by_whether_speed_is_asked_for() -> None:
    unsaid: Json = {"engine": "mysql", "instanceClass": "db.m6g.large", "allocatedStorage": 100}
    assert quantities(estimate(resource(RDS, **unsaid)))["RDS:GP2-Storage/Any"] == pair(100, 100)
    assert quantities(estimate(resource(RDS, iops=1000, **unsaid)))["RDS:PIOPS/Any"] == pair(1000, 1000)


def test_a_replica_of_something_outside_the_plan_is_unknown() -> None:
    with pytest.raises(UnpriceableError, match="replicates is not in the plan"):
        estimate(resource(RDS, replicateSourceDb="arn:aws:rds:eu-west-1:1:db:other", instanceClass="db.m6g.large"))


def test_instances_that_replicate_each_other_are_unknown() -> None:
    one = resource(RDS, "one", instanceClass="db.m6g.large")
    two = resource(RDS, "two", uses={"replicateSourceDb": one}, instanceClass="db.m6g.large")
    one = resource(RDS, "one", uses={"replicateSourceDb": two}, instanceClass="db.m6g.large")
    with pytest.raises(UnpriceableError):
        estimate(one, two)


def test_storage_optimized_for_reads_and_writes_changes_the_price_of_instances_and_takes_their_price_away() -> None:
    cluster = aurora(storageType="aurora-iopt1")
    (instance,) = meters(aurora_instance(cluster), cluster)
    assert instance.sku_meter == "InstanceUsageIOOptimized:db.r6g.large/Aurora PostgreSQL"
    assert not any("StorageIOUsage" in meter.sku_meter for meter in meters(cluster))


def test_a_serverless_instance_that_may_pause_counts_half_a_unit() -> None:
    cluster = aurora(serverlessv2ScalingConfiguration={"minCapacity": 0, "maxCapacity": 1})
    found = quantities(estimate(aurora_instance(cluster, instanceClass="db.serverless"), cluster))
    assert found == {"Aurora:ServerlessV2Usage/Aurora PostgreSQL": pair(365, 730)}


def test_a_most_below_the_least_does_not_lower_the_worst_case() -> None:
    cluster = aurora(serverlessv2ScalingConfiguration={"minCapacity": 4, "maxCapacity": 1})
    found = quantities(estimate(aurora_instance(cluster, instanceClass="db.serverless"), cluster))
    assert found == {"Aurora:ServerlessV2Usage/Aurora PostgreSQL": pair(4 * 730, 4 * 730)}


@pytest.mark.parametrize("lost", ["minCapacity", "maxCapacity"])
def test_a_serverless_instance_needs_both_limits_of_its_cluster(lost: str) -> None:
    limits = {"minCapacity": 1, "maxCapacity": 4}
    del limits[lost]
    cluster = aurora(serverlessv2ScalingConfiguration=limits)
    with pytest.raises(UnpriceableError, match=lost):
        estimate(aurora_instance(cluster, instanceClass="db.serverless"), cluster)


@pytest.mark.parametrize(
    "changes",
    [
        {"engine": "postgres"},
        {"engineMode": "serverless"},
        {"clusterScalabilityType": "limitless"},
        {"engine": "aurora-mysql", "backtrackWindow": 3600},
        {"storageType": "io1"},
        {"databaseInsightsMode": "advanced"},
    ],
)
def test_clusters_of_another_kind_are_unknown_and_so_are_their_instances(changes: Json) -> None:
    cluster = aurora(**changes)
    for one in (cluster, aurora_instance(cluster)):
        with pytest.raises(UnpriceableError):
            estimate(one, cluster)


@pytest.mark.parametrize(
    "token",
    [AURORA_INSTANCE, "aws:docdb/clusterInstance:ClusterInstance", "aws:neptune/clusterInstance:ClusterInstance"],
)
def test_an_instance_whose_cluster_is_not_in_the_plan_is_unknown(token: str) -> None:
    with pytest.raises(UnpriceableError, match="its cluster is not in the plan"):
        estimate(resource(token, clusterIdentifier="elsewhere", instanceClass="db.r6g.large"))


@pytest.mark.parametrize("token", ["aws:docdb/cluster:Cluster", "aws:neptune/cluster:Cluster"])
def test_dearer_storage_or_serverless_capacity_of_other_clusters_has_no_price(token: str) -> None:
    kind, optimized = token.replace("cluster:Cluster", "clusterInstance:ClusterInstance"), {"storageType": "iopt1"}
    dear = resource(token, "pool", **optimized)
    member = resource(kind, uses={"clusterIdentifier": dear}, instanceClass="db.r5.large")
    for one in (dear, member):
        with pytest.raises(UnpriceableError, match="iopt1"):
            estimate(one, dear)
    cluster = resource(token, "pool")
    with pytest.raises(UnpriceableError, match="serverless"):
        estimate(resource(kind, uses={"clusterIdentifier": cluster}, instanceClass="db.serverless"), cluster)


def proxy_before(*databases: Resource, vcpus: int = 4) -> Estimate:
    proxy = resource("aws:rds/proxy:Proxy", "proxy")
    targets = [
        resource("aws:rds/proxyTarget:ProxyTarget", str(index), uses={"dbProxyName": proxy, key: database})
        for index, database in enumerate(databases)
        for key in ("dbInstanceIdentifier" if database.token == RDS else "dbClusterIdentifier",)
    ]
    members = [aurora_instance(one, instanceClass="db.m6g.large") for one in databases if one.token == AURORA]
    return estimate(proxy, *targets, *databases, *members, vcpus=vcpus)


def test_a_proxy_costs_each_vcpu_behind_it() -> None:
    both = proxy_before(postgres("one"), postgres("two"))
    assert quantities(both) == {"RDS:ProxyUsage/PostgreSQL": pair(5840, 5840)}


def test_a_proxy_costs_two_vcpus_at_least() -> None:
    assert quantities(proxy_before(postgres(), vcpus=1)) == {"RDS:ProxyUsage/PostgreSQL": pair(1460, 1460)}


def test_a_proxy_before_a_cluster_costs_the_vcpus_of_its_instances() -> None:
    assert quantities(proxy_before(aurora())) == {"RDS:ProxyUsage/Aurora PostgreSQL": pair(2920, 2920)}


def test_a_proxy_is_unknown_where_a_database_is_not_known() -> None:
    with pytest.raises(UnpriceableError, match="no database"):
        proxy_before()
    with pytest.raises(UnpriceableError, match="several engines"):
        proxy_before(postgres("one"), postgres("two", engine="mysql", engineVersion="8.4"))
    with pytest.raises(UnpriceableError, match=r"instance type x9\.large"):
        proxy_before(postgres(instanceClass="db.x9.large"))
    proxy = resource("aws:rds/proxy:Proxy", "proxy")
    outside = resource(
        "aws:rds/proxyTarget:ProxyTarget", uses={"dbProxyName": proxy}, dbInstanceIdentifier="elsewhere"
    )
    with pytest.raises(UnpriceableError, match="not in the plan"):
        estimate(proxy, outside)


def test_a_snapshot_of_something_outside_the_plan_is_unknown() -> None:
    with pytest.raises(UnpriceableError, match="not in the plan"):
        estimate(resource("aws:rds/snapshot:Snapshot", dbInstanceIdentifier="elsewhere"))
