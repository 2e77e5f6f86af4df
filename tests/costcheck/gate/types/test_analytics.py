"""EMR, Airflow, Glue, Bedrock: what sets a price, and what has none here."""

import pytest

from costcheck.gate.estimate import Estimate, PurchaseOption
from costcheck.gate.pricing import price_resource
from costcheck.gate.types import RUNS_NODES
from costcheck.gate.view import Side, UnpriceableError
from tests.costcheck.gate.types.analytics_cases import AIRFLOW, CLUSTER, GROUP, SCALING, SPARK, emr, nodes, scaled
from tests.costcheck.gate.types.registry import Json, estimate, pair, quantities, resource
from tests.costcheck.test_price_book import book

APPLICATION = "aws:emrserverless/application:Application"


def test_every_instance_of_a_cluster_is_a_node() -> None:
    found = estimate(emr(coreInstanceGroup=nodes(2, instanceType="g6.xlarge", bidPrice="1")), scaled(SPARK, 20))
    assert [(one.instance_types, one.purchase_option, (one.desired, one.maximum)) for one in found.nodes] == [
        (("m6i.large",), PurchaseOption.ON_DEMAND, pair(1, 1)),
        (("g6.xlarge",), PurchaseOption.SPOT, pair(2, 20)),
    ]


def test_a_further_group_grows_as_its_cluster_may() -> None:
    one = resource(GROUP, uses={"clusterId": SPARK}, **nodes(2))
    (group,) = estimate(one, SPARK, scaled(SPARK, 7)).nodes
    assert (group.desired, group.maximum) == pair(2, 7)


@pytest.mark.parametrize(
    "changes",
    [
        {"masterInstanceFleet": {}},
        {"coreInstanceFleet": {}},
        {"coreInstanceGroup": nodes(1, autoscalingPolicy="{}")},
        {"coreInstanceGroup": nodes(1, ebsConfigs=[])},
        {"coreInstanceGroup": {"instanceType": "m6i.large"}},
        {"masterInstanceGroup": {}},
    ],
)
def test_a_cluster_whose_nodes_nobody_can_count_counts_as_gpus(changes: Json) -> None:
    cluster = emr(**changes)
    with pytest.raises(UnpriceableError):
        estimate(cluster)
    assert price_resource(cluster, Side((cluster,), {}), book()).nodes is None


def test_scaling_in_other_units_is_unknown_on_both_sides() -> None:
    policy = scaled(SPARK, unit="VCPU")
    for one, other in ((SPARK, policy), (policy, SPARK)):
        with pytest.raises(UnpriceableError, match="not in instances"):
            estimate(one, other)


def test_scaling_is_free_where_its_cluster_counts_it() -> None:
    assert estimate(scaled(SPARK), SPARK) == Estimate()


@pytest.mark.parametrize("token", [GROUP, SCALING])
def test_what_belongs_to_a_cluster_outside_the_plan_is_unknown(token: str) -> None:
    with pytest.raises(UnpriceableError, match="not in the plan"):
        estimate(resource(token, clusterId="elsewhere", **nodes()))
    assert {token, CLUSTER} <= RUNS_NODES


@pytest.mark.parametrize("inputs", [{"environmentClass": "mw1.xlarge"}, {"maxWebservers": 3}, {"minWorkers": "many"}])
def test_an_environment_without_a_price_here_is_unknown(inputs: Json) -> None:
    with pytest.raises(UnpriceableError):
        estimate(resource(AIRFLOW, **inputs))


def test_an_environment_of_which_nothing_is_said_may_grow_to_ten_workers() -> None:
    workers = quantities(estimate(resource(AIRFLOW)))["Airflow-SmallWorker"]
    assert workers == pair(0, 9 * 730)


def test_workers_that_are_kept_warm_are_unknown() -> None:
    with pytest.raises(UnpriceableError):
        estimate(resource(APPLICATION, initialCapacities=[{"initialCapacityType": "DRIVER"}]))


def test_throughput_that_is_bought_ahead_is_unknown_and_says_how_much() -> None:
    token = "aws:bedrock/provisionedModelThroughput:ProvisionedModelThroughput"  # noqa: S105 - a type
    with pytest.raises(UnpriceableError, match="3 model units of arn:model"):
        estimate(resource(token, modelUnits=3, modelArn="arn:model"))
