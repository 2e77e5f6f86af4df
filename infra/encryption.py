"""One KMS key for the stack: Kubernetes secrets, log groups and model weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

DELETION_WINDOW_DAYS = 7
"""Shortest that AWS allows; a key that waits for its deletion is not billed.

https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
"""

LOG_ACTIONS = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey",
)
"""What encrypted log groups need, with the wildcards of the page spelt out.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionKeyArgs:
    """What the key needs to know.

    Attributes:
        account_id: The account that administers the key.
        partition: `aws`, `aws-cn` or `aws-us-gov`.
        region: Region of the log groups that the key encrypts.
        tags: Cost-allocation tags.
    """

    account_id: pulumi.Input[str]
    partition: pulumi.Input[str]
    region: str
    tags: Mapping[str, str]


def _key_policy(args: EncryptionKeyArgs) -> pulumi.Output[str]:
    # The account statement is AWS's default: without it no IAM policy can grant the key, and it can never be deleted.
    administer: dict[str, Any] = {
        "Sid": "AccountAdministersTheKey",
        "Effect": "Allow",
        "Principal": {"AWS": pulumi.Output.format("arn:{0}:iam::{1}:root", args.partition, args.account_id)},
        "Action": "kms:*",
        "Resource": "*",
    }
    log_groups = pulumi.Output.format(
        "arn:{0}:logs:{1}:{2}:log-group:*", args.partition, args.region, args.account_id
    )
    encrypt_logs: dict[str, Any] = {
        "Sid": "CloudWatchLogsOfThisAccount",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{args.region}.amazonaws.com"},
        "Action": list(LOG_ACTIONS),
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
    }
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [administer, encrypt_logs]})


class EncryptionKey(pulumi.ComponentResource):
    """A customer-managed key with yearly rotation.

    Attributes:
        arn: The key's ARN.
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: EncryptionKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("worthwhile:infra:EncryptionKey", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        key = aws.kms.Key(
            name,
            description=f"{name}: Kubernetes secrets, logs and model weights",
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_WINDOW_DAYS,
            policy=_key_policy(args),
            tags={**args.tags, "Name": name},
            opts=child,
        )
        aws.kms.Alias(name, name=f"alias/{name}", target_key_id=key.key_id, opts=child)
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})
