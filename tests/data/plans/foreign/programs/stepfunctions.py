"""A function in a state machine: https://github.com/pulumi/examples/tree/master/aws-py-stepfunctions."""

import json

import pulumi
import pulumi_aws as aws


def role(name: str, service: str, *actions: str) -> aws.iam.Role:
    """Return a role that a service takes on."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    made = aws.iam.Role(name, assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    aws.iam.RolePolicy(
        f"{name}Policy", role=made.id, policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    )
    return made


function = aws.lambda_.Function(
    "helloWorldFunction",
    role=role("lambdaRole", "lambda.amazonaws.com", "logs:PutLogEvents").arn,
    runtime="python3.12",
    handler="hello.handler",
    code=pulumi.AssetArchive({"hello.py": pulumi.StringAsset("def handler(event, context): return {}\n")}),
)
state = {"Type": "Task", "Resource": function.arn, "End": True}
machine = aws.sfn.StateMachine(
    "stateMachine",
    role_arn=role("sfnRole", "states.us-east-1.amazonaws.com", "lambda:InvokeFunction").arn,
    definition=pulumi.Output.json_dumps({"StartAt": "HelloWorld", "States": {"HelloWorld": state}}),
)
pulumi.export("state_machine_arn", machine.id)
