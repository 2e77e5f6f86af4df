"""Inputs against the SDK's types, and creates against AWS's own rules."""

from typing import Any

import pytest

from localcloud.account.kinds import kind_of
from localcloud.account.request_checks import request_failures
from localcloud.account.sdk_inputs import input_failures
from localcloud.standins.values import UNKNOWN, Tree, secret

NODE_GROUP, TEMPLATE, ROLE = (
    "aws:eks/nodeGroup:NodeGroup",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:iam/role:Role",
)


def _group(**more: Any) -> Tree:  # noqa: ANN401
    sizes = {"minSize": 0, "maxSize": 1, "desiredSize": 1}
    return {"clusterName": "c", "nodeRoleArn": "r", "subnetIds": ["s"], "scalingConfig": sizes, **more}


def _input_failures(token: str, inputs: Tree) -> list[str]:
    return [f"{each.path}: {each.reason}" for each in input_failures(token, inputs)]


def _request_failures(token: str, inputs: Tree) -> list[str]:
    return [f"{each.path}: {each.reason}" for each in request_failures(kind_of(token), inputs)]


def test_good_inputs_have_no_failures() -> None:
    assert _input_failures(NODE_GROUP, _group()) == []
    assert _request_failures(NODE_GROUP, _group()) == []


def test_an_input_that_the_type_does_not_have_is_a_failure() -> None:
    [failure] = _input_failures(NODE_GROUP, _group(instanceType="g6.xlarge"))
    assert failure.startswith("instanceType: not an input of NodeGroupArgs")


def test_a_wrong_type_is_a_failure_at_its_path() -> None:
    inputs = _group(scalingConfig={"minSize": 0, "maxSize": "3", "desiredSize": 1})
    assert _input_failures(NODE_GROUP, inputs) == ["scalingConfig.maxSize: got str '3', expected int"]


def test_a_boolean_is_no_number() -> None:
    inputs = _group(scalingConfig={"minSize": True, "maxSize": 3, "desiredSize": 1})
    assert _input_failures(NODE_GROUP, inputs) == ["scalingConfig.minSize: got bool 'True', expected int"]


def test_a_missing_required_input_is_a_failure() -> None:
    assert _input_failures(NODE_GROUP, {**_group(), "scalingConfig": {}}) == [
        "scalingConfig.desiredSize: required, missing",
        "scalingConfig.maxSize: required, missing",
        "scalingConfig.minSize: required, missing",
    ]


def test_items_of_lists_are_checked_too() -> None:
    assert _input_failures(NODE_GROUP, _group(taints=[{"key": 1, "effect": "NO_SCHEDULE"}])) == [
        "taints[0].key: got int '1', expected str"
    ]


def test_what_is_not_known_yet_passes_both_checks() -> None:
    inputs = _group(clusterName=UNKNOWN, scalingConfig=UNKNOWN, subnetIds=UNKNOWN, amiType=UNKNOWN)
    assert _input_failures(NODE_GROUP, inputs) == []
    assert _request_failures(NODE_GROUP, inputs) == []


def test_a_secret_is_checked_like_any_value() -> None:
    assert _input_failures(NODE_GROUP, _group(clusterName=secret("c"))) == []
    assert _input_failures(NODE_GROUP, _group(clusterName=secret(5))) == ["clusterName: got int '5', expected str"]


def test_an_init_args_class_is_found_where_a_nested_type_took_the_name() -> None:
    kind = "aws:s3/bucketVersioning:BucketVersioning"
    assert _input_failures(kind, {"bucket": "b", "versioningConfiguration": {"status": "Enabled"}}) == []


def test_a_group_of_at_most_no_nodes_is_refused_as_eks_does() -> None:
    inputs = _group(scalingConfig={"minSize": 0, "maxSize": 0, "desiredSize": 0})
    assert _request_failures(NODE_GROUP, inputs) == ["scalingConfig.maxSize: value must be >= 1, got 0"]


@pytest.mark.parametrize("tokens", ["require", "on", "Required"])
def test_a_word_that_imds_does_not_know_is_refused(tokens: str) -> None:
    inputs = {"name": "t", "metadataOptions": {"httpTokens": tokens}}
    assert _request_failures(TEMPLATE, inputs) == [
        f"metadataOptions.HttpTokens: '{tokens}' is not one of optional, required"
    ]


def test_a_role_name_with_a_space_or_too_many_letters_is_refused() -> None:
    assert _request_failures(ROLE, {"name": "two words", "assumeRolePolicy": "{}"})[0].startswith("name: 'two words'")
    assert _request_failures(ROLE, {"name": "n" * 65, "assumeRolePolicy": "{}"}) == [
        "name: length must be <= 64, got 65"
    ]


def test_of_a_long_list_of_allowed_values_only_the_near_ones_are_shown() -> None:
    [failure] = _request_failures(TEMPLATE, {"name": "t", "instanceType": "p5.48xlage"})
    assert "p5.48xlarge" in failure
    assert len(failure) < 1000


def test_numbers_that_pulumi_writes_as_strings_are_taken_as_such() -> None:
    disk = {"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "volumeSize": 100, "volumeType": "gp3"}}
    assert _request_failures(TEMPLATE, {"name": "t", "blockDeviceMappings": [disk]}) == []


def test_a_pattern_that_only_java_reads_is_passed_over() -> None:
    inputs = {"autoscalingGroupName": "g", "scheduledActionName": "stop", "recurrence": "0 8 * * *"}
    assert _request_failures("aws:autoscaling/schedule:Schedule", inputs) == []
