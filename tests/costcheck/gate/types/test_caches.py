"""Caches, tables and search: what sets a price, and what has none here."""

from dataclasses import replace

import pytest

from costcheck.gate.estimate import Estimate
from costcheck.gate.view import UnpriceableError
from costcheck.plan.records import Resource
from tests.costcheck.gate.types.cache_cases import ORDERS, SESSIONS, domain, group, table, target
from tests.costcheck.gate.types.database_cases import CLUSTER
from tests.costcheck.gate.types.registry import Json, estimate, pair, quantities, resource


def test_a_member_of_a_group_outside_the_plan_is_unknown() -> None:
    with pytest.raises(UnpriceableError, match="not in the plan"):
        estimate(resource("aws:elasticache/cluster:Cluster", replicationGroupId="elsewhere"))


@pytest.mark.parametrize("changes", [{"engine": "keydb"}, {"nodeGroupConfigurations": [{}]}])
def test_a_group_of_unknown_size_or_engine_is_unknown(changes: Json) -> None:
    with pytest.raises(UnpriceableError):
        estimate(group(**changes))


def test_an_idle_serverless_cache_costs_its_least_size() -> None:
    kind = "aws:elasticache/serverlessCache:ServerlessCache"
    assert quantities(estimate(resource(kind, engine="redis")))["CachedData:Redis"] == pair(730, 730)
    assert quantities(estimate(resource(kind, engine="valkey")))["CachedData:Valkey"] == pair(73, 73)


def test_a_serverless_cache_costs_its_least_size_even_where_less_is_asked_for() -> None:
    limits = {"dataStorage": {"minimum": 0}, "ecpuPerSeconds": [{"minimum": 0}]}
    one = resource("aws:elasticache/serverlessCache:ServerlessCache", engine="redis", cacheUsageLimits=limits)
    assert quantities(estimate(one))["CachedData:Redis"] == pair(730, 730)


def test_a_target_below_what_runs_does_not_lower_the_worst_case() -> None:
    found = quantities(estimate(ORDERS, target(ORDERS, "dynamodb:table:ReadCapacityUnits", 1)))
    assert found["ReadCapacityUnit-Hrs"] == pair(14 * 730, 14 * 730)


def test_a_collection_without_standby_costs_half() -> None:
    one = resource("aws:opensearch/serverlessCollection:ServerlessCollection", standbyReplicas="DISABLED")
    assert quantities(estimate(one))["SearchOCU"] == pair(365, 365)


@pytest.mark.parametrize(
    "changes",
    [
        {"replicas": [{"regionName": "eu-west-1"}]},
        {"billingMode": "FREE"},
        {"tableClass": "GLACIER"},
        {"globalTableWitness": {}},
    ],
)
def test_a_table_that_cannot_be_priced_is_unknown(changes: Json) -> None:
    with pytest.raises(UnpriceableError):
        estimate(table(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"clusterConfig": {"instanceType": "m6g.large.search", "instanceCount": 1, "warmEnabled": True}},
        {"clusterConfig": {"instanceType": "m6g.large.search", "instanceCount": 1, "nodeOptions": [{}]}},
        {"ebsOptions": {"ebsEnabled": True, "volumeType": "io1", "volumeSize": 10}},
        {"ebsOptions": {"ebsEnabled": True, "volumeType": "gp3", "volumeSize": 10, "iops": 9000, "throughput": 125}},
    ],
)
def test_a_domain_with_more_than_has_a_price_here_is_unknown(changes: Json) -> None:
    with pytest.raises(UnpriceableError):
        estimate(domain(**changes))


def test_a_domain_without_masters_and_volumes_is_its_data_nodes() -> None:
    nodes = {
        "instanceType": "i3.large.search",
        "instanceCount": 2,
        "dedicatedMasterEnabled": False,
        "warmEnabled": False,
    }
    plain = domain(clusterConfig=nodes, ebsOptions={"ebsEnabled": False})
    assert quantities(estimate(plain)) == {"ESInstance:i3.large": pair(1460, 1460)}


def test_a_scaling_target_is_free_where_what_it_scales_counts_it() -> None:
    assert estimate(target(ORDERS, "dynamodb:table:ReadCapacityUnits", 9), ORDERS) == Estimate()


@pytest.mark.parametrize(
    ("dimension", "scaled"),
    [
        ("dynamodb:table:ReadCapacityUnits", SESSIONS),
        ("rds:cluster:ReadReplicaCount", CLUSTER),
        ("ecs:service:DesiredCount", ORDERS),
    ],
)
def test_a_scaling_target_that_nothing_counts_is_unknown(dimension: str, scaled: Resource) -> None:
    with pytest.raises(UnpriceableError):
        estimate(target(scaled, dimension, 9), scaled)


def test_a_scaling_target_of_a_table_that_the_plan_only_names_is_unknown() -> None:
    named = replace(target(ORDERS, "dynamodb:table:ReadCapacityUnits", 9), depends_on={})
    with pytest.raises(UnpriceableError, match="not in the plan"):
        estimate(named, ORDERS)
