"""The bucket of model weights: private, versioned, encrypted, over TLS only."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import iam

ABANDONED_UPLOAD_DAYS = 7
OLDEST_TLS = "1.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStoreArgs:
    """What the bucket is made from.

    Attributes:
        key_arn: KMS key of the weights.
        old_version_days: Days that an overwritten or deleted file can be brought back.
        force_destroy: Delete the weights together with the bucket; else a bucket with files refuses to go.
        tags: Cost-allocation tags.
    """

    key_arn: pulumi.Input[str]
    old_version_days: int
    force_destroy: bool
    tags: Mapping[str, str]


class ModelStore(pulumi.ComponentResource):
    """The bucket and everything that guards it.

    Encryption is SSE-KMS, not SSE-S3: reading then takes the key's permission as well as the bucket's, so that a
    mistake in one of them gives nothing away. The bucket key keeps KMS's charge to a request now and then.

    Attributes:
        bucket_name: Name of the bucket.
        bucket_arn: ARN of the bucket.
        ready: The guards, for what must come after them.
    """

    bucket_name: pulumi.Output[str]
    bucket_arn: pulumi.Output[str]
    ready: list[pulumi.Resource]

    def __init__(self, name: str, args: ModelStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("worthwhile:infra:ModelStore", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            name,
            force_destroy=args.force_destroy,
            tags={**args.tags, "Name": name},
            opts=self._child,
        )
        self._key_arn = args.key_arn
        self.bucket_name, self.bucket_arn = bucket.bucket, bucket.arn
        versioning, block = self._keep_versions(), self._block_public_access()
        self.ready = [
            versioning,
            block,
            self._encrypt(),
            self._own_everything(),
            self._clean_up(versioning),
            self._require_tls(block),
        ]
        self.register_outputs({"bucket_name": self.bucket_name})

    def read_permissions(self, prefix: str) -> pulumi.Output[str]:
        """Return the policy for a pod that reads the weights under this prefix, and nothing else."""
        return iam.policy(
            iam.Statement(
                actions=["s3:GetObject"], resources=[pulumi.Output.format("{0}/{1}/*", self.bucket_arn, prefix)]
            ),
            iam.Statement(
                actions=["s3:ListBucket"],
                resources=[self.bucket_arn],
                condition={"StringLike": {"s3:prefix": f"{prefix}/*"}},
            ),
            iam.Statement(actions=["kms:Decrypt"], resources=[self._key_arn]),
        )

    def _keep_versions(self) -> aws.s3.BucketVersioning:
        return aws.s3.BucketVersioning(
            self._name,
            bucket=self.bucket_name,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self._child,
        )

    def _encrypt(self) -> pulumi.Resource:
        default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms", kms_master_key_id=self._args.key_arn
        )
        rule = aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
            apply_server_side_encryption_by_default=default, bucket_key_enabled=True
        )
        return aws.s3.BucketServerSideEncryptionConfiguration(
            self._name, bucket=self.bucket_name, rules=[rule], opts=self._child
        )

    def _block_public_access(self) -> pulumi.Resource:
        return aws.s3.BucketPublicAccessBlock(
            self._name,
            bucket=self.bucket_name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child,
        )

    def _own_everything(self) -> pulumi.Resource:
        rule = aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced")
        return aws.s3.BucketOwnershipControls(self._name, bucket=self.bucket_name, rule=rule, opts=self._child)

    def _clean_up(self, versioning: pulumi.Resource) -> pulumi.Resource:
        old_versions = aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="old-versions",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
            noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=self._args.old_version_days
            ),
        )
        abandoned = aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="abandoned-uploads",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
            abort_incomplete_multipart_upload=(
                aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                    days_after_initiation=ABANDONED_UPLOAD_DAYS
                )
            ),
        )
        return aws.s3.BucketLifecycleConfiguration(
            self._name,
            bucket=self.bucket_name,
            rules=[old_versions, abandoned],
            # Rules about old versions are refused while versioning is off.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )

    def _require_tls(self, block: pulumi.Resource) -> pulumi.Resource:
        resources = [self.bucket_arn, pulumi.Output.format("{0}/*", self.bucket_arn)]
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resources}
        statements = [
            deny | {"Sid": "PlainHttp", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            deny | {"Sid": "OldTls", "Condition": {"NumericLessThan": {"s3:TlsVersion": OLDEST_TLS}}},
        ]
        return aws.s3.BucketPolicy(
            self._name,
            bucket=self.bucket_name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements}),
            # S3 answers 409 where both change at once.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )
