"""Rules of buckets and their guards."""

from infra.rules.base import Inputs, as_list, at, is_true, rule, statements

BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@rule("versions-are-kept", "aws:s3/bucketVersioning:BucketVersioning")
def versions_are_kept(inputs: Inputs) -> bool:
    """Wrong where an overwritten file is gone."""
    return at(inputs, "versioningConfiguration", "status") == "Enabled"


@rule(
    "weights-are-encrypted", "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
def weights_are_encrypted(inputs: Inputs) -> bool:
    """Wrong where objects are not encrypted with a key of ours."""
    defaults = [at(part, "applyServerSideEncryptionByDefault") for part in as_list(at(inputs, "rules"))]
    return bool(defaults) and all(
        at(default, "sseAlgorithm") == "aws:kms" and at(default, "kmsMasterKeyId") for default in defaults
    )


@rule("nothing-is-public", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
def nothing_is_public(inputs: Inputs) -> bool:
    """Wrong where one of the four blocks of public access is off."""
    return all(is_true(at(inputs, block)) for block in BLOCKS)


@rule("the-bucket-owns-its-objects", "aws:s3/bucketOwnershipControls:BucketOwnershipControls")
def the_bucket_owns_its_objects(inputs: Inputs) -> bool:
    """Wrong where access control lists still count."""
    return at(inputs, "rule", "objectOwnership") == "BucketOwnerEnforced"


@rule("plain-http-is-denied", "aws:s3/bucketPolicy:BucketPolicy")
def plain_http_is_denied(inputs: Inputs) -> bool:
    """Wrong where the bucket answers without TLS."""
    return any(
        statement.get("Effect") == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and at(statement, "Condition", "Bool", "aws:SecureTransport") == "false"
        for statement in statements(inputs["policy"])
    )


@rule("the-bucket-grants-nobody", "aws:s3/bucketPolicy:BucketPolicy")
def the_bucket_grants_nobody(inputs: Inputs) -> bool:
    """Wrong where the bucket policy lets somebody in."""
    return all(statement.get("Effect") == "Deny" for statement in statements(inputs["policy"]))


RULES = (
    versions_are_kept,
    weights_are_encrypted,
    nothing_is_public,
    the_bucket_owns_its_objects,
    plain_http_is_denied,
    the_bucket_grants_nobody,
)
