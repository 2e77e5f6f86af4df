"""What stands: with everything that it depends on and everything that lifts it, and where it only becomes smaller."""

from decimal import Decimal
from typing import Any

import pytest

from costcheck.gate.rules import GateConfig, Limits
from costcheck.plan.records import SECRET, UNKNOWN
from tests.costcheck.gate.plans import (
    LAUNCH_TEMPLATE,
    NODE_GROUP,
    Json,
    create,
    delete,
    gate,
    preview,
    read,
    read_with_state,
    state_of,
    update,
    urn,
)

GROUP, SCHEDULE = "aws:autoscaling/group:Group", "aws:autoscaling/schedule:Schedule"
EMR, POLICY = "aws:emr/cluster:Cluster", "aws:emr/managedScalingPolicy:ManagedScalingPolicy"
ENDPOINT, TARGET = "aws:sagemaker/endpoint:Endpoint", "aws:appautoscaling/target:Target"
ACTION = "aws:appautoscaling/scheduledAction:ScheduledAction"
RELEASE, ROLE = "kubernetes:helm.sh/v3:Release", "aws:iam/role:Role"
VCPUS: Json = {"desiredCapacityType": "vcpu", "minSize": 0, "maxSize": 100}
OUTSIDE: Json = {"minSize": 0, "maxSize": 10, "launchTemplate": {"id": "lt-outside", "version": "$Latest"}}
GPUS: Json = {"instanceType": "p5.48xlarge", "imageId": "ami-1"}


def on(step: Json, name: str, of: str) -> Json:
    """Return a step or a state whose property takes its value from another resource."""
    for state in (step.get("oldState"), step.get("newState"), step if "type" in step else None):
        if state:
            state["propertyDependencies"][name] = [of]
    return step


def passes(*steps: Json, standing: tuple[Json, ...] = (), limit: int | None = None) -> bool:
    document = preview(*steps, same=len(standing))
    stood = (*standing, *(step["oldState"] for step in steps if "oldState" in step))
    plan = read_with_state(document, *stood) if standing else read(document)
    limits = Limits(monthly_usd=None if limit is None else Decimal(limit))
    return gate(plan, config=GateConfig(limits=limits)).outcome == "allowed"


def counted_in_vcpus() -> Json:
    group = state_of(GROUP, "g", VCPUS | {"launchTemplate": {"id": "lt-1", "version": "$Latest"}})
    return on(group, "launchTemplate", urn(LAUNCH_TEMPLATE, "lt"))


def patched(old: Json, **changes: Any) -> Json:  # noqa: ANN401 - any JSON
    return update(LAUNCH_TEMPLATE, "lt", old, old | changes)


def test_a_group_whose_template_changes_does_not_stand() -> None:
    plain = {"instanceType": "t3.medium"}
    assert not passes(patched(plain, instanceType="p5.48xlarge"), standing=(counted_in_vcpus(),))
    assert passes(patched(plain, imageId="ami-2"), standing=(counted_in_vcpus(),))


def test_a_group_that_a_new_schedule_lifts_does_not_stand() -> None:
    lift = {"autoscalingGroupName": "g", "maxSize": 100}
    group = state_of(GROUP, "g", OUTSIDE, outputs={"name": "g"})
    of = urn(GROUP, "g")
    assert not passes(on(create(SCHEDULE, "s", lift), "autoscalingGroupName", of), standing=(group,))
    assert passes(on(delete(SCHEDULE, "s", lift), "autoscalingGroupName", of), standing=(group,))
    lower = update(SCHEDULE, "s", lift, lift | {"maxSize": 5})
    assert passes(on(lower, "autoscalingGroupName", of), standing=(group,))


def test_what_a_new_policy_or_target_scales_does_not_stand() -> None:
    fleet = {"instanceTypeConfigs": [{"instanceType": "p5.48xlarge"}]}
    cluster = state_of(EMR, "e", {"masterInstanceGroup": {"instanceType": "m5.xlarge"}, "coreInstanceFleet": fleet})
    limits = [{"unitType": "Instances", "minimumCapacityUnits": 1, "maximumCapacityUnits": 1000}]
    policy = create(POLICY, "p", {"clusterId": UNKNOWN, "computeLimits": limits})
    assert not passes(on(policy, "clusterId", urn(EMR, "e")), standing=(cluster,))
    endpoint = state_of(ENDPOINT, "e", {"endpointConfigName": "gpus"}, outputs={"name": "e"})
    dimension = {"scalableDimension": "sagemaker:variant:DesiredInstanceCount", "serviceNamespace": "sagemaker"}
    target = create(TARGET, "t", dimension | {"resourceId": "endpoint/e/variant/a", "maxCapacity": 100})
    assert not passes(on(target, "resourceId", urn(ENDPOINT, "e")), standing=(endpoint,))
    less, more = (dimension | {"resourceId": "x", "scalableTargetAction": {"maxCapacity": most}} for most in (9, 100))
    assert not passes(update(ACTION, "a", less, more), standing=(endpoint,))
    assert passes(update(ACTION, "a", more, less), standing=(endpoint,))


def test_a_group_stands_beside_what_says_nothing_of_its_nodes() -> None:
    group = on(state_of(GROUP, "g", OUTSIDE), "serviceLinkedRoleArn", urn(ROLE, "r"))
    assert passes(update(ROLE, "r", {"name": "a"}, {"name": "a", "description": "b"}), standing=(group,))


def test_a_limit_is_asked_where_the_template_of_a_standing_group_changes() -> None:
    patch, group = patched({"instanceType": "t3.medium"}, imageId="ami-2"), counted_in_vcpus()
    assert passes(patch, standing=(group,))
    assert not passes(patch, standing=(group,), limit=1)


@pytest.mark.parametrize(
    "changes",
    [{"imageId": "ami-2"}, {"userData": "x"}, {"tags": {"a": "b"}}, {"metadataOptions": {"httpTokens": "x"}}],
)
def test_a_template_of_gpus_may_be_patched(changes: Json) -> None:
    assert passes(patched(GPUS, **changes))


@pytest.mark.parametrize(
    "changes", [{"instanceType": "p6.48xlarge"}, {"updateDefaultVersion": True}, {"imageId": "a", "name": "b"}]
)
def test_a_template_of_gpus_may_not_change_what_it_launches(changes: Json) -> None:
    assert not passes(patched(GPUS, **changes))


@pytest.mark.parametrize("changes", [{"maxSize": 2}, {"minSize": 0, "maxSize": 10}, {"healthCheckGracePeriod": 30}])
def test_a_group_that_nobody_can_count_may_shrink_and_be_patched(changes: Json) -> None:
    assert passes(update(GROUP, "g", OUTSIDE, OUTSIDE | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"maxSize": 11},
        {"maxSize": UNKNOWN},
        {"maxSize": SECRET},
        {"maxSize": -1},
        {"minSize": 1},
        {"maxSize": 2, "mixedInstancesPolicy": {}},
        {"launchTemplate": {"id": "lt-other", "version": "$Latest"}},
        {"desiredCapacity": 1},
    ],
)
def test_a_group_that_nobody_can_count_may_change_in_no_other_way(changes: Json) -> None:
    assert not passes(update(GROUP, "g", OUTSIDE, OUTSIDE | changes))


def test_a_pool_that_nobody_can_count_may_shrink() -> None:
    old = {"scalingConfig": {"minSize": 0, "desiredSize": 2, "maxSize": 3}, "launchTemplate": {"id": "lt-outside"}}
    smaller = {"scalingConfig": {"minSize": 0, "desiredSize": 1, "maxSize": 2}}
    assert passes(update(NODE_GROUP, "g", old, old | smaller))
    assert not passes(update(NODE_GROUP, "g", old, old | {"scalingConfig": {"minSize": 0, "maxSize": 2}}))


def test_a_new_version_is_harmless_for_a_pool_and_not_for_a_chart() -> None:
    old = {"scalingConfig": {"minSize": 0, "desiredSize": 2, "maxSize": 3}, "launchTemplate": {"id": "lt-outside"}}
    assert passes(update(NODE_GROUP, "g", old | {"version": "1.35"}, old | {"version": "1.36"}))
    chart = {"chart": "gpu", "repositoryOpts": {"repo": "https://charts.example"}, "values": {}}
    assert not passes(update(RELEASE, "r", chart | {"version": "1.0"}, chart | {"version": "2.0"}))
    assert not passes(update(RELEASE, "r", chart, chart | {"labels": {"a": "b"}}))


def test_what_is_hidden_may_have_changed() -> None:
    chart = {"chart": "gpu", "repositoryOpts": {"repo": "https://charts.example"}, "values": {"a": [SECRET]}}
    assert not passes(update(RELEASE, "r", chart, chart))
    assert passes(create(ROLE, "r", {"name": "a"}), standing=(state_of(RELEASE, "r", chart),))
