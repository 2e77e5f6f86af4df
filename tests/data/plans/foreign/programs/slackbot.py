"""A webhook with a table that is paid by the request.

https://github.com/pulumi/examples/tree/master/aws-py-slackbot
"""

import json

import pulumi
import pulumi_aws as aws

table = aws.dynamodb.Table(
    "subscriptions",
    attributes=[{"name": "id", "type": "S"}],
    billing_mode="PAY_PER_REQUEST",
    hash_key="id",
)
trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
role = aws.iam.Role("lambdaRole", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
access = {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": "*"}
aws.iam.RolePolicy(
    "mentionbotDynamoAccessPolicy",
    role=role.id,
    policy=json.dumps({"Version": "2012-10-17", "Statement": [access]}),
)
function = aws.lambda_.Function(
    "mention-processing-lambda",
    role=role.arn,
    runtime="python3.12",
    handler="mention_processing_lambda.webhook_handler",
    code=pulumi.AssetArchive({"mention_processing_lambda.py": pulumi.StringAsset("webhook_handler = print\n")}),
    environment={
        "variables": {
            "SLACK_TOKEN": pulumi.Config().require_secret("dbPassword"),
            "SUBSCRIPTIONS_TABLE_NAME": table.name,
        }
    },
)
rest = aws.apigateway.RestApi("mentionbot", body=json.dumps({"swagger": "2.0", "paths": {}}))
deployment = aws.apigateway.Deployment("api-deployment", rest_api=rest.id)
aws.apigateway.Stage("api-stage", rest_api=rest.id, deployment=deployment.id, stage_name="slackbot-example")
aws.lambda_.Permission(
    "api-lambda-permission",
    action="lambda:InvokeFunction",
    function=function.name,
    principal="apigateway.amazonaws.com",
    source_arn=pulumi.Output.concat(rest.execution_arn, "*/*"),
)
