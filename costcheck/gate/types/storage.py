"""S3, ECR, keys, logs: mostly charged by use."""

from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.view import View
from costcheck.meters import meter


def bucket(_: View) -> Estimate:
    """Return what a bucket keeps, by use."""
    return Estimate(
        components=(Component(name="S3 storage", meter=meter("AmazonS3", "TimedStorage-ByteHrs"), quantity=None),)
    )


def key(_: View) -> Estimate:
    """Return a customer-managed key; each of the first two rotations would add one, a year later."""
    return Estimate(components=(Component(name="KMS key", meter=meter("awskms", "KMS-Keys"), quantity=Decimal(1)),))


def log_group(_: View) -> Estimate:
    """Return what a log group takes in and keeps, by use."""
    return Estimate(
        components=(
            Component(name="logs taken in", meter=meter("AmazonCloudWatch", "DataProcessing-Bytes"), quantity=None),
            Component(name="logs kept", meter=meter("AmazonCloudWatch", "TimedStorage-ByteHrs"), quantity=None),
        )
    )


PRICED = {
    "aws:s3/bucket:Bucket": bucket,
    "aws:kms/key:Key": key,
    "aws:cloudwatch/logGroup:LogGroup": log_group,
}
