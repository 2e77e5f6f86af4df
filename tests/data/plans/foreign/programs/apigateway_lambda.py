"""A function behind a REST and an HTTP API.

https://github.com/pulumi/examples/tree/master/aws-py-apigateway-lambda-serverless
"""

import json

import pulumi
import pulumi_aws as aws

statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
role = aws.iam.Role("lambdaRole", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
logs = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "arn:aws:logs:*:*:*"}
aws.iam.RolePolicy(
    "lambdaRolePolicy", role=role.id, policy=json.dumps({"Version": "2012-10-17", "Statement": [logs]})
)
function = aws.lambda_.Function(
    "mylambda",
    role=role.arn,
    runtime="python3.12",
    handler="hello.handler",
    code=pulumi.AssetArchive({"hello.py": pulumi.StringAsset("def handler(event, context): return {}\n")}),
)


def swagger(arn: str) -> str:
    """Return an API that passes every request on to the function."""
    integration = {"uri": arn, "httpMethod": "POST", "type": "aws_proxy", "passthroughBehavior": "when_no_match"}
    route = {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": integration}}
    return json.dumps({"swagger": "2.0", "info": {"title": "api", "version": "1.0"}, "paths": {"/{proxy+}": route}})


rest = aws.apigateway.RestApi("api", body=function.invoke_arn.apply(swagger))
deployment = aws.apigateway.Deployment("api-deployment", rest_api=rest.id)
aws.apigateway.Stage("api-stage", rest_api=rest.id, deployment=deployment.id, stage_name="example")
http = aws.apigatewayv2.Api("http-api-pulumi-example", protocol_type="HTTP")
integration = aws.apigatewayv2.Integration(
    "example",
    api_id=http.id,
    integration_type="AWS_PROXY",
    connection_type="INTERNET",
    integration_method="POST",
    integration_uri=function.arn,
    passthrough_behavior="WHEN_NO_MATCH",
)
route = aws.apigatewayv2.Route(
    "example-route",
    api_id=http.id,
    route_key="ANY /{proxy+}",
    target=pulumi.Output.concat("integrations/", integration.id),
)
aws.apigatewayv2.Stage(
    "example-stage",
    api_id=http.id,
    route_settings=[{"route_key": route.route_key, "throttling_burst_limit": 1, "throttling_rate_limit": 0.5}],
    auto_deploy=True,
)
for name, arn in (("rest", rest.execution_arn), ("http", http.execution_arn)):
    aws.lambda_.Permission(
        f"api-{name}-lambda-permission",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="apigateway.amazonaws.com",
        source_arn=pulumi.Output.concat(arn, "*/*"),
    )
pulumi.export("endpoint", http.api_endpoint)
