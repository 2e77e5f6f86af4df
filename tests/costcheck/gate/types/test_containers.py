"""ECS, App Runner, Batch: what runs on Fargate, what runs on instances, and how many of them."""

from dataclasses import replace
from decimal import Decimal

import pytest

from costcheck.gate.estimate import Estimate, PurchaseOption
from costcheck.gate.pricing import price_resource
from costcheck.gate.types import PRICED, RUNS_NODES
from costcheck.gate.types.application_scaling import ACTION, TARGET
from costcheck.gate.view import Side, UnpriceableError, View
from costcheck.plan.records import UNKNOWN, Resource
from tests.costcheck.gate.types.compute_cases import template
from tests.costcheck.gate.types.container_cases import (
    BATCH,
    HOSTED,
    RUNNER,
    SERVED,
    SERVICE,
    TASK_OF,
    scaled,
    service,
    task,
)
from tests.costcheck.gate.types.registry import Json, estimate, pair, quantities, resource
from tests.costcheck.test_price_book import book, fact

PROVIDER = "aws:ecs/capacityProvider:CapacityProvider"
GROUPED = resource(PROVIDER, "gpus", autoScalingGroupProvider={"autoScalingGroupArn": UNKNOWN})
STRATEGY = "capacityProviderStrategies"
VARIANT, TABLE = "sagemaker:variant:DesiredInstanceCount", "dynamodb:table:ReadCapacityUnits"
FACTS = {
    "m6i.large": replace(fact("m6i.large", 0), vcpu_count=2),
    "g6.xlarge": replace(fact("g6.xlarge"), vcpu_count=4),
}


def with_facts(one: Resource, *others: Resource) -> Estimate:
    return PRICED[one.token](View(one, Side((one, *others), FACTS)))


def environment(of: Resource | None = None, **changes: Json) -> Resource:
    inputs: Json = {"type": "EC2", "instanceTypes": ["g6.xlarge"], "maxVcpus": 10, "minVcpus": 0}
    if of:
        inputs["launchTemplate"] = {"launchTemplateId": UNKNOWN, "version": "$Latest"}
    uses = {"computeResources": of} if of else None
    return resource(BATCH, uses=uses, type="MANAGED", computeResources=inputs | changes)


def test_a_service_on_instances_is_free() -> None:
    assert estimate(service(TASK_OF, launchType="EC2"), TASK_OF) == Estimate()
    named = [{"capacityProvider": "gpus", "weight": 1}]
    assert estimate(service(TASK_OF, capacityProviderStrategies=named), TASK_OF) == Estimate()


def test_a_service_on_a_new_provider_of_the_plan_is_free() -> None:
    inputs: Json = {"desiredCount": 1, STRATEGY: [{"capacityProvider": UNKNOWN, "weight": 1}]}
    one = resource(SERVICE, uses={STRATEGY: GROUPED}, **inputs)
    assert estimate(one, GROUPED) == Estimate()
    mixed = resource(
        SERVICE,
        uses={STRATEGY: GROUPED, "taskDefinition": TASK_OF},
        **(inputs | {STRATEGY: [*inputs[STRATEGY], {"capacityProvider": "FARGATE"}]}),
    )
    assert estimate(mixed, GROUPED, TASK_OF).components


def test_a_provider_without_a_name_is_unknown_even_where_another_is_in_the_plan() -> None:
    one = resource(SERVICE, uses={STRATEGY: GROUPED}, desiredCount=1, capacityProviderStrategies=[{"weight": 1}])
    with pytest.raises(UnpriceableError, match="capacityProvider"):
        estimate(one, GROUPED)


@pytest.mark.parametrize(
    "changes",
    [
        {"launchType": "EXTERNAL"},
        {"launchType": UNKNOWN},
        {"desiredCount": UNKNOWN},
        {STRATEGY: [{"capacityProvider": UNKNOWN}]},
        {STRATEGY: [{"weight": 1}]},
        {"volumeConfiguration": {"name": "data"}},
    ],
)
def test_a_service_that_does_not_say_how_it_runs_is_unknown(changes: Json) -> None:
    with pytest.raises(UnpriceableError):
        estimate(service(TASK_OF, **changes), TASK_OF)


@pytest.mark.parametrize(
    "of",
    [
        task(cpu="much"),
        task(memory=UNKNOWN),
        task(memory="1 vCPU"),
        task(runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}),
        task(runtimePlatform={"cpuArchitecture": "RISCV"}),
    ],
)
def test_a_task_without_a_price_here_is_unknown(of: Resource) -> None:
    with pytest.raises(UnpriceableError):
        estimate(service(of), of)


def test_a_task_definition_outside_of_the_plan_is_unknown() -> None:
    with pytest.raises(UnpriceableError, match="task definition"):
        estimate(resource(SERVICE, launchType="FARGATE", desiredCount=1, taskDefinition="elsewhere:3"))


def test_a_provider_that_starts_instances_by_itself_counts_as_gpus() -> None:
    assert estimate(GROUPED) == Estimate()
    for one in (resource(PROVIDER, managedInstancesProvider={}), resource(PROVIDER)):
        with pytest.raises(UnpriceableError, match="without a limit"):
            estimate(one)
    assert PROVIDER in RUNS_NODES


def test_app_runner_keeps_one_instance_of_two_gigabytes_where_nothing_is_said() -> None:
    assert quantities(estimate(resource(RUNNER)))["AppRunner-Provisioned-GB-hours"] == pair(1460, 1460)


@pytest.mark.parametrize(
    "inputs",
    [
        {"autoScalingConfigurationArn": "elsewhere"},
        {"instanceConfiguration": {"cpu": "1024"}},
        {"instanceConfiguration": {"memory": "2048"}},
    ],
)
def test_app_runner_of_an_unknown_size_is_unknown(inputs: Json) -> None:
    with pytest.raises(UnpriceableError):
        estimate(resource(RUNNER, **inputs))


@pytest.mark.parametrize(
    ("changes", "option", "most"),
    [
        ({}, PurchaseOption.ON_DEMAND, 3),
        ({"type": "SPOT"}, PurchaseOption.SPOT, 3),
        ({"maxVcpus": 8}, PurchaseOption.ON_DEMAND, 2),
        ({"instanceTypes": ["g6.xlarge", "m6i.large"]}, PurchaseOption.ON_DEMAND, 5),
        ({"instanceTypes": ["g9.huge"]}, PurchaseOption.ON_DEMAND, 10),
    ],
)
def test_the_limit_of_vcpus_bounds_the_instances_of_jobs(changes: Json, option: PurchaseOption, most: int) -> None:
    (nodes,) = with_facts(environment(**changes)).nodes
    assert (nodes.purchase_option, nodes.desired, nodes.maximum) == (option, Decimal(most), Decimal(most))


def test_the_instances_of_jobs_have_the_disks_of_their_template() -> None:
    of = template()
    found = quantities(with_facts(environment(of), of))
    assert found == {"g6.xlarge/on_demand": pair(3, 3), "EBS:VolumeUsage.gp3": pair(150, 150)}
    assert "image's choice" in with_facts(environment()).unpriced


@pytest.mark.parametrize("types", [["g5"], ["m6i.large", "p4"], [], UNKNOWN])
def test_an_environment_that_does_not_list_its_types_counts_as_gpus(types: Json) -> None:
    one = environment(instanceTypes=types)
    with pytest.raises(UnpriceableError):
        with_facts(one)
    assert price_resource(one, Side((one,), FACTS), book()).nodes is None


@pytest.mark.parametrize("types", [["optimal"], ["m6i"]])
def test_an_open_choice_without_gpus_brings_none_and_has_no_price(types: Json) -> None:
    found = with_facts(environment(instanceTypes=types))
    assert found.unpriced
    assert not found.nodes


@pytest.mark.parametrize("changes", [{"maxVcpus": UNKNOWN}, {"type": "ECS_MANAGED_INSTANCES"}])
def test_an_environment_that_nobody_can_bound_is_unknown(changes: Json) -> None:
    with pytest.raises(UnpriceableError):
        with_facts(environment(**changes))


def test_an_unmanaged_environment_starts_nothing() -> None:
    assert estimate(resource(BATCH, type="UNMANAGED")) == Estimate()


@pytest.mark.parametrize(
    ("dimension", "counts"),
    [
        ("sagemaker:variant:DesiredInstanceCount", True),
        ("ec2:spot-fleet-request:TargetCapacity", True),
        (UNKNOWN, True),
        ("dynamodb:table:ReadCapacityUnits", False),
    ],
)
def test_a_target_that_may_lift_instances_elsewhere_counts_as_gpus(dimension: str, *, counts: bool) -> None:
    one = resource(TARGET, scalableDimension=dimension, resourceId="elsewhere", maxCapacity=9)
    assert (price_resource(one, Side((one,), {}), book()).nodes is None) is counts


@pytest.mark.parametrize(("dimension", "counts"), [("sagemaker:variant:DesiredInstanceCount", True), (TABLE, False)])
def test_a_scheduled_action_of_what_the_plan_does_not_show_counts_as_its_target_does(
    dimension: str, *, counts: bool
) -> None:
    one = resource(
        ACTION, scalableDimension=dimension, resourceId="elsewhere", scalableTargetAction={"maxCapacity": 64}
    )
    assert (price_resource(one, Side((one,), {}), book()).nodes is None) is counts


@pytest.mark.parametrize("by_target", [True, False])
def test_a_scheduled_action_lifts_the_maximum_of_what_it_scales(*, by_target: bool) -> None:
    target = scaled(SERVED, VARIANT, 4)
    of = {"resourceId": target if by_target else SERVED}
    action = resource(ACTION, uses=of, scalableDimension=VARIANT, scalableTargetAction={"maxCapacity": 64})
    found = estimate(SERVED, target, action, HOSTED)
    assert [nodes.maximum for nodes in found.nodes] == [64]
    assert estimate(action, target, SERVED, HOSTED) == Estimate()


@pytest.mark.parametrize(
    ("sets", "most"), [({"minCapacity": 9, "maxCapacity": 5}, 9), ({"minCapacity": 1, "maxCapacity": 3}, 4)]
)
def test_the_least_of_a_scheduled_action_counts_where_it_is_more(sets: dict[str, int], most: int) -> None:
    target = scaled(SERVED, VARIANT, 4)
    action = resource(ACTION, uses={"resourceId": target}, scalableDimension=VARIANT, scalableTargetAction=sets)
    assert [nodes.maximum for nodes in estimate(SERVED, target, action, HOSTED).nodes] == [most]


def test_a_scheduled_action_that_does_not_say_how_many_at_most_leaves_its_endpoint_untold() -> None:
    action = resource(
        ACTION, uses={"resourceId": SERVED}, scalableDimension=VARIANT, scalableTargetAction={"minCapacity": 1}
    )
    with pytest.raises(UnpriceableError, match=r"scalableTargetAction\.maxCapacity is not in the plan"):
        estimate(SERVED, action, HOSTED)


def test_a_target_of_a_service_is_counted_there() -> None:
    web = service(TASK_OF)
    assert estimate(scaled(web, "ecs:service:DesiredCount", 9), web, TASK_OF) == Estimate()
