"""A counter: table, function with provisioned concurrency, REST API.

https://github.com/pulumi/examples/tree/master/aws-py-serverless-raw
"""

import json

import pulumi
import pulumi_aws as aws

table = aws.dynamodb.Table(
    "counterTable", attributes=[{"name": "Id", "type": "S"}], hash_key="Id", read_capacity=1, write_capacity=1
)
statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
role = aws.iam.Role(
    "mylambda-role", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
)
access = {"Effect": "Allow", "Action": ["dynamodb:UpdateItem", "dynamodb:GetItem"], "Resource": table.arn}
policy = aws.iam.RolePolicy(
    "mylambda-policy",
    role=role.id,
    policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [access]}),
)
function = aws.lambda_.Function(
    "mylambda",
    runtime="dotnet8",
    code=pulumi.AssetArchive({"app.txt": pulumi.StringAsset("the built application\n")}),
    timeout=300,
    handler="app::app.Functions::GetAsync",
    role=role.arn,
    publish=True,
    environment={"variables": {"COUNTER_TABLE": table.name}},
    opts=pulumi.ResourceOptions(depends_on=[policy]),
)
aws.lambda_.ProvisionedConcurrencyConfig(
    "concurrency",
    function_name=function.name,
    qualifier=function.version,
    provisioned_concurrent_executions=1,
)
rest = aws.apigateway.RestApi(
    "api",
    body=function.invoke_arn.apply(
        lambda arn: json.dumps({"swagger": "2.0", "info": {"title": "api", "version": arn}, "paths": {}})
    ),
)
deployment = aws.apigateway.Deployment("api-deployment", rest_api=rest.id)
stage = aws.apigateway.Stage("api-stage", rest_api=rest.id, deployment=deployment.id, stage_name="api")
aws.lambda_.Permission(
    "api-lambda-permission",
    action="lambda:InvokeFunction",
    function=function.name,
    principal="apigateway.amazonaws.com",
    source_arn=pulumi.Output.concat(rest.execution_arn, "*/*"),
)
pulumi.export("endpoint", stage.invoke_url)
