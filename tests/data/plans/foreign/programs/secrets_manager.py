"""A secret and its value: https://github.com/pulumi/examples/tree/master/aws-py-secrets-manager."""

import pulumi
import pulumi_aws as aws

secret = aws.secretsmanager.Secret("secret")
aws.secretsmanager.SecretVersion(
    "secret_version", secret_id=secret.id, secret_string=pulumi.Config().require_secret("dbPassword")
)
pulumi.export("secret_id", secret.id)
