"""Instances, what describes them, reservations and hosts: who is counted, and what has no price here."""

import pytest

from costcheck.gate.estimate import Estimate, PurchaseOption
from costcheck.gate.pricing import price_resource
from costcheck.gate.types import RUNS_NODES
from costcheck.gate.view import Side, UnpriceableError
from costcheck.plan.records import UNKNOWN, Resource
from tests.costcheck.gate.types.compute_cases import (
    CONFIGURATION,
    GP3,
    HOST,
    INSTANCE,
    RESERVATION,
    SUBNET,
    TEMPLATE,
    VOLUME,
    group,
    node_group,
    template,
    volume,
)
from tests.costcheck.gate.types.registry import Case, Json, estimate, meters, pair, quantities, resource
from tests.costcheck.gate.types.test_registry import CASES
from tests.costcheck.test_price_book import book

SPOT_REQUEST = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
BLOCK = "aws:ec2/capacityBlockReservation:CapacityBlockReservation"
GPU = "g6.xlarge"
RESERVED = resource(RESERVATION, "held", instanceType=GPU, instanceCount=4, instancePlatform="Linux/UNIX")
BOUND = {"capacityReservationTarget": {"capacityReservationId": UNKNOWN}}


def instance(token: str = INSTANCE, uses: Json = None, **changes: Json) -> Resource:
    inputs: Json = {"instanceType": GPU, "ami": "ami-1", "rootBlockDevice": GP3}
    return resource(token, uses=uses, **(inputs | changes))


def bound(**changes: Json) -> Resource:
    return resource(
        TEMPLATE,
        "bound",
        uses={"capacityReservationSpecification": RESERVED},
        instanceType=GPU,
        capacityReservationSpecification=BOUND | changes,
        blockDeviceMappings=[{"ebs": GP3}],
    )


def counted(found: Estimate) -> list[tuple[tuple[str, ...], PurchaseOption, object]]:
    return [(one.instance_types, one.purchase_option, one.maximum) for one in found.nodes]


def test_a_request_for_spot_capacity_is_a_node_of_spot() -> None:
    assert counted(estimate(instance(SPOT_REQUEST))) == [((GPU,), PurchaseOption.SPOT, 1)]


@pytest.mark.parametrize(
    ("market", "option"),
    [("spot", PurchaseOption.SPOT), ("capacity-block", PurchaseOption.CAPACITY_BLOCK)],
)
def test_an_instance_is_bought_as_its_market_says(market: str, option: PurchaseOption) -> None:
    for own in (True, False):
        options: Json = {"instanceMarketOptions": {"marketType": market}}
        mine, its = (options, {}) if own else ({}, options)
        used = template(**its)
        one = instance(uses={"launchTemplate": used}, **mine)
        assert counted(estimate(one, used))[0][1] is option


@pytest.mark.parametrize("options", [{}, {"marketType": "lottery"}, {"marketType": UNKNOWN}])
def test_a_market_that_nobody_knows_leaves_nothing_told(options: Json) -> None:
    with pytest.raises(UnpriceableError, match="marketType"):
        estimate(instance(instanceMarketOptions=options))


def test_an_instance_takes_type_and_disks_of_its_template() -> None:
    used = template(instanceType=GPU)
    found = quantities(estimate(resource(INSTANCE, uses={"launchTemplate": used}), used))
    assert found == {f"{GPU}/on_demand": pair(1, 1), "EBS:VolumeUsage.gp3": pair(50, 50)}


@pytest.mark.parametrize(
    "changes",
    [
        {"tenancy": "dedicated"},
        {"tenancy": "host"},
        {"ami": "resolve:ssm:/aws/service/ami-windows-latest/Windows_Server-2025-English-Full-Base"},
        {"getPasswordData": True},
        {"rootBlockDevice": {"volumeType": "gp3"}},
        {"rootBlockDevice": None},
        {"ebsBlockDevices": [{"deviceName": "/dev/sdf", "volumeSize": 10}]},
        {"monitoring": UNKNOWN},
    ],
)
def test_a_node_counts_even_where_the_rest_of_it_has_no_price_here(changes: Json) -> None:
    found = estimate(instance(**changes))
    assert found.unpriced
    assert counted(found) == [((GPU,), PurchaseOption.ON_DEMAND, 1)]


def test_burstable_types_may_buy_credits() -> None:
    assert "CPUCredits:t3" in quantities(estimate(instance(instanceType="t3.large")))
    careful = instance(instanceType="t3.large", creditSpecification={"cpuCredits": "standard"})
    assert "CPUCredits:t3" not in quantities(estimate(careful))
    assert "CPUCredits:t2" not in quantities(estimate(instance(instanceType="t2.large")))


def test_subnets_that_give_public_addresses_are_paid_for() -> None:
    for gives in (True, False):
        subnet = resource(SUBNET, mapPublicIpOnLaunch=gives)
        found = quantities(estimate(instance(uses={"subnetId": subnet}), subnet))
        assert ("PublicIPv4:InUseAddress" in found) is gives


@pytest.mark.parametrize("token", [TEMPLATE, CONFIGURATION])
def test_a_description_of_gpus_that_nothing_in_the_plan_follows_counts_as_gpus(token: str) -> None:
    for inputs in ({"instanceType": GPU}, {"instanceType": UNKNOWN}):
        one = resource(token, **inputs)
        with pytest.raises(UnpriceableError):
            estimate(one)
        assert price_resource(one, Side((one,), {}), book()).nodes is None


@pytest.mark.parametrize("inputs", [{"instanceType": "m6i.large"}, {}, {"imageId": "ami-1"}])
def test_a_description_without_gpus_is_free(inputs: Json) -> None:
    assert estimate(resource(TEMPLATE, **inputs)) == Estimate()


def test_a_description_is_free_where_its_group_counts_it() -> None:
    used = template(instanceType=GPU)
    for user in (node_group(used), group(used), instance(uses={"launchTemplate": used})):
        assert estimate(used, user) == Estimate()


def test_a_group_that_only_mentions_a_description_does_not_count_it() -> None:
    used = template(instanceType=GPU)
    with pytest.raises(UnpriceableError):
        estimate(used, resource("aws:autoscaling/group:Group", uses={"tags": used}))


def test_requirements_in_place_of_a_type_may_choose_gpus_unless_they_exclude_them() -> None:
    open_choice = {"vcpuCount": {"min": 4}}
    for described in (resource(TEMPLATE, instanceRequirements=open_choice),):
        with pytest.raises(UnpriceableError, match="accelerators"):
            estimate(described)
    closed = resource(TEMPLATE, instanceRequirements=open_choice | {"acceleratorCount": {"max": 0}})
    assert estimate(closed) == Estimate()


def test_what_runs_inside_a_reservation_is_counted_there_alone() -> None:
    used = bound()
    for user in (
        node_group(used, instanceTypes=[GPU]),
        group(used),
        resource(INSTANCE, uses={"launchTemplate": used}),
    ):
        assert not estimate(user, used, RESERVED).nodes
    assert counted(estimate(RESERVED)) == [((GPU,), PurchaseOption.ON_DEMAND, 4)]


def test_what_may_also_run_outside_of_a_reservation_is_counted() -> None:
    may = bound(capacityReservationPreference="capacity-reservations-first")
    other = node_group(bound(), instanceTypes=["p5.48xlarge"])
    assert estimate(group(may), may, RESERVED).nodes
    assert estimate(other, bound(), RESERVED).nodes
    assert estimate(group(bound()), bound()).nodes, "its reservation is not in the plan"


@pytest.mark.parametrize(
    "changes", [{"instancePlatform": "Windows"}, {"tenancy": "dedicated"}, {"outpostArn": "arn"}]
)
def test_a_reservation_of_something_else_counts_without_a_price(changes: Json) -> None:
    found = estimate(resource(RESERVATION, **(dict(RESERVED.inputs) | changes)))
    assert found.unpriced
    assert found.nodes == estimate(RESERVED).nodes


def test_a_capacity_block_says_that_its_fee_is_in_its_offering() -> None:
    one = resource(BLOCK, capacityBlockOfferingId="cb-1", instancePlatform="Linux/UNIX")
    with pytest.raises(UnpriceableError, match="capacityBlockOfferingId"):
        estimate(one)
    assert price_resource(one, Side((one,), {}), book()).nodes is None


def test_a_dedicated_host_of_gpus_counts_as_gpus() -> None:
    for inputs in ({"instanceFamily": "g5"}, {"instanceType": "p3.2xlarge"}):
        with pytest.raises(UnpriceableError, match="accelerators"):
            estimate(resource(HOST, **inputs))
    assert HOST in RUNS_NODES


@pytest.mark.parametrize(
    "changes",
    [{"type": "gp9"}, {"outpostArn": "arn"}, {"volumeInitializationRate": 200}, {"size": UNKNOWN}, {"size": "much"}],
)
def test_a_volume_without_a_price_here_is_unknown(changes: Json) -> None:
    with pytest.raises(UnpriceableError):
        estimate(resource(VOLUME, **({"type": "gp3", "size": 100} | changes)))


@pytest.mark.parametrize("kind", ["io1", "io2"])
def test_volumes_that_sell_operations_must_say_how_many(kind: str) -> None:
    with pytest.raises(UnpriceableError, match="iops"):
        estimate(volume(kind))


def test_a_small_io2_volume_buys_of_the_first_tier_alone() -> None:
    assert [by.sku_meter for by in meters(volume("io2", iops=32_000))] == [
        "EBS:VolumeUsage.io2",
        "EBS:VolumeP-IOPS.io2",
    ]


def test_a_mapping_that_hides_a_device_is_no_disk_and_a_lost_one_is_unknown() -> None:
    hidden = {"deviceName": "/dev/sdb", "noDevice": "true"}
    found = quantities(estimate(group(one := template(blockDeviceMappings=[{"ebs": GP3}, hidden])), one))
    assert found["EBS:VolumeUsage.gp3"] == pair(100, 200)
    lost = template(blockDeviceMappings=[{"deviceName": "/dev/xvda"}])
    assert estimate(group(lost), lost).unpriced


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_brings_nodes_counts_as_gpus_where_it_cannot_be_read(case: Case) -> None:
    assert (case.name in RUNS_NODES) or not estimate(case.resource, *case.others).nodes
