"""Rules of a whole stack: what must stand beside what, and on everything."""

from collections.abc import Iterator, Mapping, Sequence

from infra.rules.base import Resource, Violation, at
from infra.tags import PART_TAG, PROJECT_TAG, STACK_TAG

BUCKET_GUARDS = {
    "aws:s3/bucketVersioning:BucketVersioning": "versions-are-kept",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "weights-are-encrypted",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "nothing-is-public",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "the-bucket-owns-its-objects",
    "aws:s3/bucketPolicy:BucketPolicy": "plain-http-is-denied",
}

UNTAGGED = {
    "aws:autoscaling/schedule:Schedule",
    "aws:costexplorer/costAllocationTag:CostAllocationTag",
    "aws:ec2/route:Route",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:kms/alias:Alias",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    *BUCKET_GUARDS,
}
"""Types of AWS resources that cannot carry tags; every other one must."""


def check(resources: Sequence[Resource]) -> list[Violation]:
    """Return what is missing in this stack."""
    return [*_unguarded_buckets(resources), *_unlogged(resources), *_untagged(resources)]


def _by_token(resources: Sequence[Resource], token: str) -> list[Resource]:
    return [resource for resource in resources if resource.token == token]


def _unguarded_buckets(resources: Sequence[Resource]) -> Iterator[Violation]:
    for bucket in _by_token(resources, "aws:s3/bucket:Bucket"):
        for token, name in BUCKET_GUARDS.items():
            if not any(guard.name == bucket.name for guard in _by_token(resources, token)):
                yield Violation(rule=name, resource=bucket.name, message=f"the bucket has no {token.split(':')[-1]}")


def _unlogged(resources: Sequence[Resource]) -> Iterator[Violation]:
    flow_logs = _by_token(resources, "aws:ec2/flowLog:FlowLog")
    for vpc in _by_token(resources, "aws:ec2/vpc:Vpc"):
        if not flow_logs:
            yield Violation(rule="all-flows-are-logged", resource=vpc.name, message="the VPC has no flow log")
    groups = {at(group.inputs, "name") for group in _by_token(resources, "aws:cloudwatch/logGroup:LogGroup")}
    for cluster in _by_token(resources, "aws:eks/cluster:Cluster"):
        if f"/aws/eks/{at(cluster.inputs, 'name')}/cluster" not in groups:
            message = "EKS would make the log group by itself, unencrypted and for ever"
            yield Violation(rule="control-plane-is-logged", resource=cluster.name, message=message)


def _untagged(resources: Sequence[Resource]) -> Iterator[Violation]:
    for resource in resources:
        if not resource.token.startswith("aws:") or resource.token in UNTAGGED:
            continue
        tags = at(resource.inputs, "tags")
        if not isinstance(tags, Mapping) or not {PROJECT_TAG, STACK_TAG, PART_TAG} <= set(tags):
            yield Violation(rule="cost-tags-are-there", resource=resource.name, message="missing on the split bill")
