"""Keys, certificates, web firewalls, alarms, and what is free by its value: what sets a price, what has none here."""

import pytest

from costcheck.gate.estimate import Estimate
from costcheck.gate.types import may_run_nodes
from costcheck.gate.view import UnpriceableError
from costcheck.plan.records import UNKNOWN, Resource
from tests.costcheck.gate.types.registry import Json, estimate, pair, quantities, resource
from tests.costcheck.gate.types.security_cases import (
    ACL,
    ADDON,
    ALARM,
    APPLICATION_POLICY,
    AUTHORITY,
    CERTIFICATE,
    COUNT_RULE,
    GROUP,
    MODULE,
    PARAMETER,
    POLICY,
    RECORDER,
    RULE,
    acl,
    alarm,
    managed,
)

OVER_THE_LIMIT = {"maxCapacityBreachBehavior": "IncreaseMaxCapacity"}
SELECT: Json = {"id": "q", "expression": 'SELECT MAX(CPUUtilization) FROM SCHEMA("AWS/EC2", InstanceId)'}


@pytest.mark.parametrize(
    "refused",
    [
        resource(MODULE, clusterId="elsewhere"),
        resource(AUTHORITY, usageMode="LONG_LIVED"),
        resource(CERTIFICATE),
        resource(CERTIFICATE, validationMethod="DNS", certificateAuthorityArn="a"),
        resource(CERTIFICATE, validationMethod="DNS", options={"export": "ENABLED"}),
        resource(ACL, rules=[COUNT_RULE]),
        resource(ACL, scope="REGIONAL"),
        resource(ACL, scope="GLOBAL", rules=[COUNT_RULE]),
        resource(ACL, scope="REGIONAL", rules=[COUNT_RULE], ruleJson="[]"),
        acl(rules=[{"name": "unsaid"}]),
        acl(rules=[managed("AWSManagedRulesBotControlRuleSet")]),
        acl(rules=[managed("Everything", vendor="Somebody")]),
        acl(rules=[managed(UNKNOWN)]),
        resource(RULE, webAclArn="elsewhere", statement=COUNT_RULE["statement"]),
        resource(GROUP, scope="REGIONAL"),
        resource(GROUP, scope="REGIONAL", rules=[COUNT_RULE], rulesJson="[]"),
    ],
)
def test_what_the_plan_does_not_tell_of_security_is_unknown(refused: Resource) -> None:
    with pytest.raises(UnpriceableError):
        estimate(refused)


@pytest.mark.parametrize(
    "refused",
    [
        resource(ALARM, comparisonOperator="GreaterThanThreshold"),
        resource(ALARM, comparisonOperator="GreaterThanThreshold", metricName="m"),
        resource(ALARM, metricName="m", period=60),
        resource(ALARM, comparisonOperator="GreaterThanThreshold", metricQueries=[SELECT]),
        resource(ALARM, comparisonOperator="GreaterThanThreshold", metricQueries=[{"id": "unsaid"}]),
        alarm(evaluationCriteria={}),
        resource(RECORDER, recordingMode={"recordingFrequency": "HOURLY"}),
    ],
)
def test_what_the_plan_does_not_tell_of_monitoring_is_unknown(refused: Resource) -> None:
    with pytest.raises(UnpriceableError):
        estimate(refused)


@pytest.mark.parametrize(
    "refused",
    [
        resource(ADDON),
        resource(ADDON, addonName="amazon-cloudwatch-observability"),
        resource(ADDON, addonName="seller_product"),
        resource(PARAMETER),
        resource(PARAMETER, tier="Advanced"),
        resource(PARAMETER, tier="Intelligent-Tiering"),
        resource(POLICY, predictiveScalingConfiguration=OVER_THE_LIMIT),
        resource(POLICY, predictiveScalingConfiguration=UNKNOWN),
        resource(APPLICATION_POLICY, predictiveScalingPolicyConfiguration=OVER_THE_LIMIT),
    ],
)
def test_what_is_free_only_by_its_value_is_unknown_without_that_value(refused: Resource) -> None:
    with pytest.raises(UnpriceableError):
        estimate(refused)


def test_a_policy_that_nobody_can_tell_may_run_nodes() -> None:
    assert may_run_nodes(resource(POLICY, predictiveScalingConfiguration=OVER_THE_LIMIT))


def test_a_certificate_that_stays_in_aws_is_free() -> None:
    kept = resource(CERTIFICATE, validationMethod="DNS", options={"export": "DISABLED"})
    assert estimate(kept) == Estimate() == estimate(resource(CERTIFICATE, certificateBody="pem"))


def test_an_authority_of_unsaid_mode_is_a_general_one() -> None:
    assert estimate(resource(AUTHORITY)) == estimate(resource(AUTHORITY, usageMode="GENERAL_PURPOSE"))


def test_rules_of_a_group_count_in_each_firewall_that_uses_it() -> None:
    group = resource(GROUP, "shared", scope="REGIONAL", rules=[COUNT_RULE, COUNT_RULE])
    users = [resource(ACL, name, uses={"rules": group}, scope="REGIONAL") for name in ("a", "b")]
    assert quantities(estimate(group, *users))["RuleV2"] == pair(4, 4)
