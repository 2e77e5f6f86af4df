"""A GraphQL API over a table: https://github.com/pulumi/examples/tree/master/aws-py-appsync."""

import json

import pulumi
import pulumi_aws as aws

table = aws.dynamodb.Table(
    "tenants", hash_key="id", attributes=[{"name": "id", "type": "S"}], read_capacity=1, write_capacity=1
)
statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "appsync.amazonaws.com"}}
role = aws.iam.Role("iam-role", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
access = {"Effect": "Allow", "Action": ["dynamodb:PutItem", "dynamodb:GetItem"], "Resource": [table.arn]}
policy = aws.iam.Policy(
    "iam-policy", policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [access]})
)
aws.iam.RolePolicyAttachment("iam-policy-attachment", role=role.name, policy_arn=policy.arn)
api = aws.appsync.GraphQLApi(
    "key",
    authentication_type="API_KEY",
    schema="""
    type Query { getTenantById(id: ID!): Tenant }
    type Mutation { addTenant(id: ID!, name: String!): Tenant! }
    type Tenant { id: ID! name: String }
    schema { query: Query mutation: Mutation }
    """,
)
key = aws.appsync.ApiKey("key", api_id=api.id)
source = aws.appsync.DataSource(
    "tenants-ds",
    name="tenantsdatasource",
    api_id=api.id,
    type="AMAZON_DYNAMODB",
    dynamodb_config={"table_name": table.name},
    service_role_arn=role.arn,
)
for name, kind, field in (("get-resolver", "Query", "getTenantById"), ("add-resolver", "Mutation", "addTenant")):
    aws.appsync.Resolver(
        name,
        api_id=api.id,
        data_source=source.name,
        type=kind,
        field=field,
        request_template='{"version": "2017-02-28", "operation": "GetItem"}',
        response_template="$util.toJson($ctx.result)",
    )
pulumi.export("key", key.key)
