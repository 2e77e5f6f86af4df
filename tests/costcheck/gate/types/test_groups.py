"""Auto Scaling groups and fleets: mixes, weights, schedules, warm pools."""

from decimal import Decimal

import pytest

from costcheck.gate.estimate import Estimate, PurchaseOption
from costcheck.gate.pricing import price_resource
from costcheck.gate.view import Side, UnpriceableError
from costcheck.plan.records import UNKNOWN, Resource
from tests.costcheck.gate.types.compute_cases import (
    CONFIGURATION,
    FLEET,
    FLEET_INPUTS,
    GP3,
    GROUP,
    SCHEDULE,
    SPOT_FLEET,
    group,
    node_group,
    schedule,
    template,
)
from tests.costcheck.gate.types.registry import Json, changed, estimate, pair, quantities, resource
from tests.costcheck.test_price_book import book

GPU, LARGER = "g6.xlarge", "g6.2xlarge"
OF = template(instanceType=GPU)


def mixed(distribution: Json = None, overrides: Json = None, **sizes: int) -> Resource:
    launch: Json = {
        "overrides": [{"instanceType": GPU}, {"instanceType": LARGER}] if overrides is None else overrides
    }
    launch["launchTemplateSpecification"] = {"launchTemplateId": UNKNOWN}
    policy = {"launchTemplate": launch} | ({"instancesDistribution": distribution} if distribution else {})
    return group(OF, "mixedInstancesPolicy", mixedInstancesPolicy=policy, **sizes)


def shares(found: Estimate) -> dict[PurchaseOption, tuple[Decimal, Decimal | None]]:
    return {one.purchase_option: (one.desired, one.maximum) for one in found.nodes}


def test_every_type_of_a_mix_counts() -> None:
    (nodes,) = estimate(mixed(), OF).nodes
    assert nodes.instance_types == (GPU, LARGER)


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        (None, {PurchaseOption.ON_DEMAND: pair(2, 4)}),
        (
            {"onDemandBaseCapacity": 0, "onDemandPercentageAboveBaseCapacity": 0},
            {PurchaseOption.SPOT: pair(2, 4)},
        ),
        (
            {"onDemandBaseCapacity": 1, "onDemandPercentageAboveBaseCapacity": 50},
            {PurchaseOption.ON_DEMAND: pair(2, 3), PurchaseOption.SPOT: pair(0, 1)},
        ),
        (
            {"onDemandBaseCapacity": 9, "onDemandPercentageAboveBaseCapacity": 0},
            {PurchaseOption.ON_DEMAND: pair(2, 4)},
        ),
    ],
)
def test_a_mix_is_split_as_aws_splits_it(distribution: Json, expected: Json) -> None:
    found = {option: counts for option, counts in shares(estimate(mixed(distribution), OF)).items() if counts[1]}
    assert found == expected


def test_a_mix_with_spot_must_say_its_base() -> None:
    with pytest.raises(UnpriceableError, match="onDemandBaseCapacity"):
        estimate(mixed({"onDemandPercentageAboveBaseCapacity": 0}), OF)


def test_weights_make_fewer_instances_of_the_lightest() -> None:
    heavy = [{"instanceType": GPU, "weightedCapacity": "2"}, {"instanceType": LARGER, "weightedCapacity": "4"}]
    assert shares(estimate(mixed(None, heavy, maxSize=9), OF)) == {PurchaseOption.ON_DEMAND: pair(1, 5)}
    with pytest.raises(UnpriceableError, match="endless"):
        estimate(mixed(None, [{"instanceType": GPU, "weightedCapacity": "0"}]), OF)


@pytest.mark.parametrize("overrides", [[], [{"weightedCapacity": "1"}], [{"instanceRequirements": {}}]])
def test_a_mix_that_does_not_list_its_types_counts_as_gpus(overrides: Json) -> None:
    one = mixed(None, overrides)
    with pytest.raises(UnpriceableError):
        estimate(one, OF)
    assert price_resource(one, Side((one, OF), {}), book()).nodes is None


@pytest.mark.parametrize("name", ["launchTemplate", "launchConfiguration"])
def test_a_group_of_something_outside_of_the_plan_is_unknown(name: str) -> None:
    with pytest.raises(UnpriceableError, match="not in the plan"):
        estimate(resource(GROUP, minSize=0, maxSize=3, **{name: "elsewhere"}))


def test_a_template_outside_of_the_plan_leaves_the_disks_of_a_mix_unknown() -> None:
    found = estimate(changed_template(mixed()))
    assert found.nodes
    assert "not in the plan" in found.unpriced


def changed_template(one: Resource) -> Resource:
    """Return the group as if its template were not in the plan."""
    return resource(GROUP, **one.inputs)


def test_spot_is_told_by_template_and_by_launch_configuration() -> None:
    spot = template(instanceMarketOptions={"marketType": "spot"})
    old = resource(CONFIGURATION, instanceType=GPU, imageId="ami-1", spotPrice="1", rootBlockDevice=GP3)
    assert set(shares(estimate(group(spot), spot))) == {PurchaseOption.SPOT}
    assert set(shares(estimate(group(old, "launchConfiguration"), old))) == {PurchaseOption.SPOT}


def test_a_launch_configuration_has_detailed_metrics_unless_it_says_otherwise() -> None:
    old = resource(CONFIGURATION, instanceType="m6i.large", imageId="ami-1", rootBlockDevice=GP3)
    found = quantities(estimate(group(old, "launchConfiguration"), old))
    assert found["CW:MetricMonitorUsage"] == pair(14, 28)


def test_what_a_block_leaves_out_is_reckoned_as_if_it_were_on() -> None:
    silent = template(monitoring={}, networkInterfaces=[{"deviceIndex": 0}])
    off = template(
        monitoring={"enabled": False}, networkInterfaces=[{"deviceIndex": 0, "associatePublicIpAddress": "false"}]
    )
    extras = {"CW:MetricMonitorUsage", "PublicIPv4:InUseAddress"}
    assert extras <= quantities(estimate(group(silent), silent)).keys()
    assert not extras & quantities(estimate(group(off), off)).keys()


def test_a_group_runs_at_least_its_minimum() -> None:
    assert shares(estimate(group(OF, minSize=3, desiredCapacity=1), OF)) == {PurchaseOption.ON_DEMAND: pair(3, 4)}


def test_a_schedule_lifts_a_group_and_minus_one_leaves_it() -> None:
    one = group(OF)
    for most, expected in ((9, 9), (3, 4), (-1, 4)):
        assert shares(estimate(one, OF, schedule(one, most)))[PurchaseOption.ON_DEMAND][1] == expected
    with pytest.raises(UnpriceableError):
        estimate(one, OF, changed(schedule(one, 9), ("maxSize",), UNKNOWN))


def test_a_schedule_is_free_where_its_group_counts_it_and_otherwise_counts_as_gpus() -> None:
    one = group(OF)
    assert estimate(schedule(one, 9), one) == Estimate()
    lone = resource(SCHEDULE, autoscalingGroupName="elsewhere", maxSize=9)
    with pytest.raises(UnpriceableError, match="not in the plan"):
        estimate(lone)
    assert price_resource(lone, Side((lone,), {}), book()).nodes is None


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ({"minSize": 2}, 6),
        ({"maxGroupPreparedCapacity": 9}, 9),
        ({"maxGroupPreparedCapacity": -1, "minSize": 1}, 5),
        ({}, 4),
    ],
)
def test_a_warm_pool_counts_as_if_it_ran(pool: Json, expected: int) -> None:
    assert shares(estimate(group(OF, warmPool=pool), OF)) == {PurchaseOption.ON_DEMAND: pair(expected, expected)}


def test_a_warm_pool_of_nodes_counts_and_an_endless_one_is_unknown() -> None:
    pool = node_group(OF, warmPoolConfig={"minSize": 3})
    assert shares(estimate(pool, OF)) == {PurchaseOption.ON_DEMAND: pair(7, 7)}
    with pytest.raises(UnpriceableError, match="nothing limits"):
        estimate(node_group(OF, warmPoolConfig={"maxGroupPreparedCapacity": -1}), OF)


def test_capacity_in_other_units_is_unknown() -> None:
    target = FLEET_INPUTS["targetCapacitySpecification"] | {"targetCapacityUnitType": "vcpu"}
    for one in (group(OF, desiredCapacityType="vcpu"), fleet(targetCapacitySpecification=target)):
        with pytest.raises(UnpriceableError, match="not in instances"):
            estimate(one, OF)


def fleet(**changes: Json) -> Resource:
    return resource(FLEET, uses={"launchTemplateConfigs": OF}, **(FLEET_INPUTS | changes))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"defaultTargetCapacityType": "on-demand"}, {PurchaseOption.ON_DEMAND: 8}),
        (
            {"defaultTargetCapacityType": "on-demand", "spotTargetCapacity": 5},
            {PurchaseOption.ON_DEMAND: 3, PurchaseOption.SPOT: 5},
        ),
        (
            {"defaultTargetCapacityType": "spot", "onDemandTargetCapacity": 2},
            {PurchaseOption.ON_DEMAND: 2, PurchaseOption.SPOT: 6},
        ),
        ({"defaultTargetCapacityType": "capacity-block"}, {PurchaseOption.CAPACITY_BLOCK: 8}),
    ],
)
def test_a_fleet_is_bought_as_its_target_says(target: Json, expected: Json) -> None:
    one = fleet(targetCapacitySpecification={"totalTargetCapacity": 8} | target)
    assert shares(estimate(one, OF)) == {option: pair(count, count) for option, count in expected.items()}


@pytest.mark.parametrize(
    "target",
    [
        {"totalTargetCapacity": 8, "defaultTargetCapacityType": "spot"},
        {"totalTargetCapacity": 8, "defaultTargetCapacityType": "barter"},
        {"totalTargetCapacity": 8},
        {"defaultTargetCapacityType": "on-demand"},
    ],
)
def test_a_fleet_that_does_not_say_its_target_is_unknown(target: Json) -> None:
    with pytest.raises(UnpriceableError):
        estimate(fleet(targetCapacitySpecification=target), OF)


def test_a_fleet_of_nothing_listed_is_unknown() -> None:
    with pytest.raises(UnpriceableError, match="launchTemplateConfigs"):
        estimate(fleet(launchTemplateConfigs=[]), OF)


def specification(**changes: Json) -> Json:
    """Return a specification that says no: what it leaves open is reckoned as if it were on."""
    plain = {"monitoring": False, "associatePublicIpAddress": False}
    return {"ami": "ami-1", "instanceType": GPU, "rootBlockDevices": [GP3]} | plain | changes


def test_a_spot_fleet_of_its_own_specifications() -> None:
    one = resource(SPOT_FLEET, targetCapacity=6, onDemandTargetCapacity=2, launchSpecifications=[specification()])
    assert quantities(estimate(one)) == {
        f"{GPU}/on_demand": pair(2, 2),
        f"{GPU}/spot": pair(4, 4),
        "EBS:VolumeUsage.gp3": pair(300, 300),
    }


def test_a_spot_fleet_from_templates() -> None:
    configs = FLEET_INPUTS["launchTemplateConfigs"]
    one = resource(SPOT_FLEET, uses={"launchTemplateConfigs": OF}, targetCapacity=6, launchTemplateConfigs=configs)
    assert shares(estimate(one, OF)) == {PurchaseOption.SPOT: pair(6, 6)}


@pytest.mark.parametrize("several", [[specification(), specification()], [specification(rootBlockDevices=[])]])
def test_a_spot_fleet_counts_even_where_its_disks_are_unknown(several: Json) -> None:
    found = estimate(resource(SPOT_FLEET, targetCapacity=6, launchSpecifications=several))
    assert found.unpriced
    assert shares(found) == {PurchaseOption.SPOT: pair(6, 6)}


def test_requirements_that_exclude_gpus_are_no_gpus_but_have_no_price() -> None:
    closed = template(instanceType=None, instanceRequirements={"acceleratorCount": {"max": 0}})
    found = estimate(group(closed), closed)
    assert found.unpriced
    assert not found.nodes


def test_an_instance_that_weighs_next_to_nothing_is_not_counted() -> None:
    with pytest.raises(UnpriceableError, match="weightedCapacity"):
        estimate(mixed(overrides=[{"instanceType": GPU, "weightedCapacity": "1e-12"}]), OF)


@pytest.mark.parametrize(
    "written", ["1E-999999999", "1e-13", "1_0", "\u0661\u0660", "NaN", "Infinity", "-1", " 1", "1e9999"]
)
def test_a_number_that_no_provider_writes_is_none(written: str) -> None:
    with pytest.raises(UnpriceableError, match="not a number"):
        estimate(mixed(overrides=[{"instanceType": GPU, "weightedCapacity": written}]), OF)


@pytest.mark.parametrize("written", [2, "2", "2.0", Decimal("2.0"), "2e0", Decimal("0.2E+1")])
def test_a_number_may_be_written_in_several_ways(written: Json) -> None:
    found = estimate(mixed(overrides=[{"instanceType": GPU, "weightedCapacity": written}]), OF)
    assert shares(found) == {PurchaseOption.ON_DEMAND: pair(1, 2)}
