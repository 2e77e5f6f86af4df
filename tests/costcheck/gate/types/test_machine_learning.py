"""SageMaker: its instances are nodes under their own names, charged by its own prices."""

from dataclasses import replace
from decimal import Decimal

import pytest

from costcheck.gate.accelerators import is_accelerated
from costcheck.gate.estimate import Estimate, PurchaseOption
from costcheck.gate.needs import needs_of
from costcheck.gate.pricing import price_resource
from costcheck.gate.types import PRICED
from costcheck.gate.view import Side, UnpriceableError, View
from costcheck.plan.records import UNKNOWN, Resource
from tests.costcheck.gate.types.container_cases import (
    ENDPOINT,
    ENDPOINT_CONFIGURATION,
    HOSTED,
    NOTEBOOK,
    SERVED,
    configuration,
    variant,
)
from tests.costcheck.gate.types.registry import Json, estimate, pair, quantities, resource
from tests.costcheck.test_price_book import book, fact

GPU = "ml.g5.xlarge"
APP, DOMAIN = "aws:sagemaker/app:App", "aws:sagemaker/domain:Domain"
PROFILE = "aws:sagemaker/userProfile:UserProfile"


def endpoint(of: Resource) -> Resource:
    return resource(ENDPOINT, "chat", uses={"endpointConfigName": of})


def test_the_instances_of_an_endpoint_are_nodes_with_a_key_of_their_own() -> None:
    of = configuration(variant(instanceType=GPU), shadowProductionVariants=[variant(initialInstanceCount=1)])
    nodes = estimate(endpoint(of), of).nodes
    assert [(one.instance_types, one.purchase_option, one.maximum) for one in nodes] == [
        ((GPU,), PurchaseOption.ON_DEMAND, Decimal(2)),
        (("ml.m6g.large",), PurchaseOption.ON_DEMAND, Decimal(1)),
    ]
    assert [is_accelerated(one.instance_types[0], {}) for one in nodes] == [True, False]


def test_an_endpoint_may_grow_as_its_own_scaling_says() -> None:
    of = configuration(variant(managedInstanceScaling={"maxInstanceCount": 7}))
    assert quantities(estimate(endpoint(of), of))["Host:ml.m6g.large"] == pair(2 * 730, 7 * 730)
    with pytest.raises(UnpriceableError, match="maxInstanceCount"):
        estimate(configuration(variant(managedInstanceScaling={"minInstanceCount": 1})))


def test_a_type_with_disks_of_its_own_gets_no_volume() -> None:
    bare = {"instanceType": GPU, "initialInstanceCount": 1}
    one = configuration(bare)
    facts = {"g5.xlarge": replace(fact("g5.xlarge"), instance_storage_gb=250)}
    assert [part.meter.sku_meter for part in PRICED[one.token](View(one, Side((one,), facts))).components] == [
        f"Host:{GPU}"
    ]
    assert "volumeSizeInGb" in estimate(one).unpriced


def test_what_is_looked_up_for_an_endpoint_is_its_own_price_and_the_facts_of_its_twin() -> None:
    of = configuration(variant(instanceType=GPU))
    needs = needs_of(Side((endpoint(of), of), {}))
    assert {price.meter.sku_meter for price in needs.prices} == {f"Host:{GPU}", "Host:VolumeUsage.gp2"}
    assert needs.instance_types == {("us-east-1", "g5.xlarge")}


def test_a_configuration_is_counted_once() -> None:
    assert estimate(HOSTED, SERVED) == Estimate()
    assert estimate(HOSTED).nodes


@pytest.mark.parametrize(
    "changes",
    [{"acceleratorType": "ml.eia2.medium"}, {"capacityReservationConfig": {}}, {"volumeSizeInGb": UNKNOWN}],
)
def test_nodes_are_counted_even_where_the_rest_has_no_price_here(changes: Json) -> None:
    found = estimate(configuration(variant(**changes)))
    assert found.unpriced
    assert [nodes.maximum for nodes in found.nodes] == [Decimal(2)]


@pytest.mark.parametrize(
    "one",
    [
        resource(ENDPOINT, endpointConfigName="elsewhere"),
        configuration(),
        configuration(variant(initialInstanceCount=UNKNOWN)),
        configuration({"initialInstanceCount": 1}),
        configuration({"serverlessConfig": {"memorySizeInMb": 4096, "provisionedConcurrency": 2}}),
        resource(NOTEBOOK),
        resource(APP, appType="JupyterLab"),
        resource(
            DOMAIN, defaultUserSettings={"jupyterLabAppSettings": {"defaultResourceSpec": {"instanceType": GPU}}}
        ),
        resource(PROFILE, userSettings={"instanceType": GPU}),
    ],
)
def test_instances_that_nobody_can_count_count_as_gpus(one: Resource) -> None:
    with pytest.raises(UnpriceableError):
        estimate(one)
    assert price_resource(one, Side((one,), {}), book()).nodes is None


def test_an_app_is_a_node_without_a_price() -> None:
    found = estimate(resource(APP, appType="JupyterLab", resourceSpec={"instanceType": GPU}))
    assert found.unpriced
    assert [nodes.instance_types for nodes in found.nodes] == [(GPU,)]


def test_a_profile_without_gpus_is_free() -> None:
    assert estimate(resource(PROFILE, userSettings={"executionRole": "arn"})) == Estimate()


def test_unknown_types_of_an_endpoint_are_never_a_default() -> None:
    with pytest.raises(UnpriceableError):
        estimate(resource(ENDPOINT_CONFIGURATION, productionVariants=UNKNOWN))
