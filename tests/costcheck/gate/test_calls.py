"""Schedules and other things that start machines later on, by a call of AWS."""

import json
from typing import Any

import pytest

from costcheck.plan.records import UNKNOWN
from tests.costcheck.gate.plans import NODE_GROUP, Json, create, gate, outcomes, pool, preview, read, update

SCHEDULE, TARGET = "aws:scheduler/schedule:Schedule", "aws:cloudwatch/eventTarget:EventTarget"
MACHINE, DOCUMENT = "aws:sfn/stateMachine:StateMachine", "aws:ssm/document:Document"
RESIZE = "arn:aws:scheduler:::aws-sdk:autoscaling:updateAutoScalingGroup"


def asked(*steps: Json) -> str:
    return outcomes(gate(read(preview(*steps))))["gpu"]


def calling(arn: str, **arguments: Any) -> Json:  # noqa: ANN401 - JSON
    """Return a new schedule."""
    return create(SCHEDULE, "morning", {"target": {"arn": arn, "input": json.dumps(arguments)}})


def nodes(instance_type: str = "m6i.large") -> Json:
    return create(NODE_GROUP, "workers", pool(2, instance_type, nodeGroupName="workers"))


NODES = "arn:aws:scheduler:::aws-sdk:eks:updateNodegroupConfig"
NAMED = {"ClusterName": "main", "NodegroupName": "workers"}
TO_64 = NAMED | {"ScalingConfig": {"MaxSize": 64}}


@pytest.mark.parametrize(
    "arn",
    [
        RESIZE,
        "arn:aws:scheduler:::aws-sdk:ec2:runInstances",
        "arn:aws-cn:scheduler:::aws-sdk:EC2:RunInstances",
        NODES,
        "arn:aws:scheduler:::aws-sdk:sagemaker:createEndpoint",
        "arn:aws:scheduler:::aws-sdk:ecs:updateService",
        "arn:aws:scheduler:::aws-sdk:applicationautoscaling:registerScalableTarget",
    ],
)
def test_a_schedule_that_sets_the_size_of_what_the_plan_does_not_show_is_not_decided(arn: str) -> None:
    assert asked(calling(arn, AutoScalingGroupName="elsewhere", MaxSize=400)) == "cannot_decide"


@pytest.mark.parametrize(
    "arn", ["arn:aws:lambda:us-east-1:1:function:f", UNKNOWN, "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"]
)
def test_a_schedule_that_calls_something_else_starts_no_gpu(arn: str) -> None:
    assert asked(calling(arn, MaxSize=400)) == "allowed"


def test_a_schedule_may_size_a_group_of_the_plan_that_has_no_gpu() -> None:
    assert asked(nodes(), calling(NODES, **TO_64)) == "allowed"


def test_a_schedule_may_not_size_one_with_gpus() -> None:
    gpus = pool(2, nodeGroupName="workers")
    decided = gate(read(preview(update(NODE_GROUP, "workers", gpus, gpus), calling(NODES, **TO_64))))

    assert outcomes(decided)["gpu"] == "cannot_decide"


@pytest.mark.parametrize(
    "arguments",
    [
        TO_64 | {"NodegroupName": "others"},
        TO_64 | {"NodegroupName": ""},
        TO_64 | {"NodegroupName": 1},
        TO_64 | {"LaunchTemplate": {"id": "lt-1"}},
        {"ScalingConfig": {"MaxSize": 64}},
    ],
)
def test_a_schedule_that_names_another_group_or_does_more_is_not_decided(arguments: Json) -> None:
    assert asked(nodes(), calling(NODES, **arguments)) == "cannot_decide"


@pytest.mark.parametrize("told", [UNKNOWN, "{", "[]", None, '{"NodegroupName": "workers"'])
def test_a_schedule_whose_arguments_cannot_be_read_is_not_decided(told: str | None) -> None:
    step = create(SCHEDULE, "morning", {"target": {"arn": NODES} | ({} if told is None else {"input": told})})

    assert asked(nodes(), step) == "cannot_decide"


@pytest.mark.parametrize("inputs", [{"target": {"input": "{}"}}, {"target": {"arn": 1}}, {"target": UNKNOWN}, {}])
def test_a_schedule_that_does_not_say_what_it_calls_is_not_decided(inputs: Json) -> None:
    is_known = inputs.get("target") == UNKNOWN
    assert asked(create(SCHEDULE, "morning", inputs)) == ("allowed" if is_known else "cannot_decide")


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (MACHINE, {"definition": '{"Resource": "arn:aws:states:::aws-sdk:ec2:runInstances"}'}),
        (MACHINE, {"definition": '{"Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync"}'}),
        (MACHINE, {"definition": '{"Resource": "arn:aws:states:::elasticmapreduce:createCluster.sync"}'}),
        (
            DOCUMENT,
            {"content": '{"action": "aws:executeAwsApi", "inputs": {"Service": "ec2", "Api": "RunInstances"}}'},
        ),
        (DOCUMENT, {"content": "action: aws:executeAwsApi\ninputs:\n  Service: ec2\n  Api: RunInstances\n"}),
        (DOCUMENT, {"content": "action: aws:runInstances"}),
        (TARGET, {"rule": "r", "arn": "arn:aws:scheduler:::aws-sdk:ec2:startInstances"}),
        (TARGET, {"rule": "r"}),
    ],
)
def test_what_else_calls_for_machines_is_not_decided(token: str, inputs: Json) -> None:
    assert asked(create(token, "it", inputs)) == "cannot_decide"


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (MACHINE, {"definition": '{"Resource": "arn:aws:states:::ecs:runTask.sync"}'}),
        (MACHINE, {"definition": '{"Resource": "arn:aws:states:::aws-sdk:s3:getObject"}'}),
        (DOCUMENT, {"content": "action: aws:executeAwsApi\ninputs:\n  Service: ec2\n  Api: DescribeInstances\n"}),
        (TARGET, {"rule": "r", "arn": "arn:aws:sqs:us-east-1:1:queue"}),
        ("aws:iam/policy:Policy", {"policy": "aws-sdk:ec2:runInstances"}),
    ],
)
def test_what_calls_for_none_is_allowed(token: str, inputs: Json) -> None:
    assert asked(create(token, "it", inputs)) == "allowed"


def test_the_answer_names_the_call() -> None:
    checks = gate(read(preview(calling(RESIZE, AutoScalingGroupName="elsewhere")))).checks
    found = next(check for check in checks if check.name == "gpu")

    assert "it calls autoscaling:updateAutoScalingGroup, which may start machines or set how many" in found.seen
    assert found.to_do.startswith("let a schedule of Auto Scaling")


def test_a_target_that_has_lost_what_the_program_sets_is_not_decided() -> None:
    step = create(TARGET, "it", {"rule": "r", "arn": "arn:aws:sqs:us-east-1:1:queue", "input": "x"})
    del step["newState"]["inputs"]["input"]

    assert asked(step) == "cannot_decide"


START = "AWS-StartEC2Instance"
AUTOMATION = f"arn:aws:ssm:us-east-1::automation-definition/{START}:$DEFAULT"
ASSOCIATION = "aws:ssm/association:Association"


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (ASSOCIATION, {"name": START, "automationTargetParameterName": "InstanceId", "targets": [{"key": "tag:a"}]}),
        (ASSOCIATION, {"name": START, "parameters": {"InstanceId": "i-elsewhere"}}),
        (ASSOCIATION, {"name": "AWS-ResizeInstance", "parameters": {"InstanceId": "i-1"}}),
        (TARGET, {"rule": "r", "arn": AUTOMATION, "input": '{"InstanceId": ["i-elsewhere"]}'}),
        ("aws:ssm/maintenanceWindowTask:MaintenanceWindowTask", {"taskType": "AUTOMATION", "taskArn": START}),
        ("aws:cfg/remediationConfiguration:RemediationConfiguration", {"targetId": START, "automatic": True}),
    ],
)
def test_a_document_of_aws_that_starts_instances_is_not_decided(token: str, inputs: Json) -> None:
    assert asked(create(token, "it", inputs)) == "cannot_decide"


@pytest.mark.parametrize("name", ["AWS-RunPatchBaseline", "AWS-StopEC2Instance", "my-AWS-StartEC2Instance"])
def test_a_document_that_starts_none_is_allowed(name: str) -> None:
    assert asked(create(ASSOCIATION, "it", {"name": name, "parameters": {"InstanceId": "i-1"}})) == "allowed"


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (ASSOCIATION, {"name": START, "parameters": {"InstanceId": "batch"}}),
        (TARGET, {"rule": "r", "arn": AUTOMATION, "input": '{"InstanceId": ["batch"]}'}),
    ],
)
def test_a_document_may_start_an_instance_of_the_plan_that_has_no_gpu(token: str, inputs: Json) -> None:
    def instance(kind: str) -> Json:
        disk = {"volumeSize": 8, "volumeType": "gp3"}
        return create("aws:ec2/instance:Instance", "batch", {
            "instanceType": kind, "ami": "ami-1", "id": "batch", "rootBlockDevice": disk,
        })  # fmt: skip

    assert asked(instance("m6i.large"), create(token, "it", inputs)) == "allowed"
    assert asked(instance("g6.xlarge"), create(token, "it", inputs)) != "allowed"


def test_a_document_whose_instances_are_chosen_by_a_tag_is_not_decided() -> None:
    disk = {"volumeSize": 8, "volumeType": "gp3"}
    inputs = {"instanceType": "m6i.large", "ami": "ami-1", "id": "batch", "rootBlockDevice": disk}
    chosen = {"name": START, "parameters": {"InstanceId": "batch"}, "targets": [{"key": "tag:a", "values": ["b"]}]}

    steps = create("aws:ec2/instance:Instance", "batch", inputs), create(ASSOCIATION, "it", chosen)
    assert asked(*steps) == "cannot_decide"
