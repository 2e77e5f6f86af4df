"""The bucket of weights: nobody reads it by mistake, and a pod reads its own model only."""

import json
from typing import Any

import pulumi
import pytest

from infra.model_store import ModelStore
from tests.infra.builders import KEY, store_args
from tests.infra.conftest import PretendCloud


def made(cloud: PretendCloud, kind: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of the record
    cloud.deploy(lambda: ModelStore("models", store_args(**changes)))
    return dict(cloud.one(f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}").inputs)


def permissions(cloud: PretendCloud, prefix: str) -> list[dict[str, Any]]:
    seen: list[str] = []

    def program() -> None:
        ModelStore("models", store_args()).read_permissions(prefix).apply(seen.append)

    cloud.deploy(program)
    return list(json.loads(seen[0])["Statement"])


def test_every_way_to_make_it_public_is_blocked(cloud: PretendCloud) -> None:
    block = made(cloud, "BucketPublicAccessBlock")
    flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert [block[flag] for flag in flags] == [True] * 4


def test_an_overwritten_file_can_be_brought_back(cloud: PretendCloud) -> None:
    assert made(cloud, "BucketVersioning")["versioningConfiguration"] == {"status": "Enabled"}


def test_objects_are_encrypted_with_our_key_and_few_calls_to_it(cloud: PretendCloud) -> None:
    (rule,) = made(cloud, "BucketServerSideEncryptionConfiguration")["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}
    assert rule["bucketKeyEnabled"] is True


def test_access_control_lists_do_not_count(cloud: PretendCloud) -> None:
    assert made(cloud, "BucketOwnershipControls")["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


def test_plain_http_and_old_tls_are_denied_to_everybody(cloud: PretendCloud) -> None:
    policy = json.loads(made(cloud, "BucketPolicy")["policy"])["Statement"]
    assert {statement["Effect"] for statement in policy} == {"Deny"}
    conditions = [statement["Condition"] for statement in policy]
    assert {"Bool": {"aws:SecureTransport": "false"}} in conditions
    assert {"NumericLessThan": {"s3:TlsVersion": "1.2"}} in conditions


def test_old_versions_and_abandoned_uploads_are_not_paid_for_ever(cloud: PretendCloud) -> None:
    rules = made(cloud, "BucketLifecycleConfiguration", old_version_days=14)["rules"]
    assert rules[0]["noncurrentVersionExpiration"] == {"noncurrentDays": 14}
    assert rules[1]["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert all(rule["status"] == "Enabled" and "expiration" not in rule for rule in rules)


@pytest.mark.parametrize("told", [True, False])
def test_weights_are_deleted_with_the_bucket_only_when_told(cloud: PretendCloud, *, told: bool) -> None:
    assert made(cloud, "Bucket", force_destroy=told)["forceDestroy"] is told


def test_a_pod_reads_the_files_of_its_own_model_alone(cloud: PretendCloud) -> None:
    read, find, decrypt = permissions(cloud, "qwen3-8b/abc")
    assert read["Action"] == ["s3:GetObject"]
    assert read["Resource"][0].endswith("models/qwen3-8b/abc/*")
    assert find["Condition"] == {"StringLike": {"s3:prefix": "qwen3-8b/abc/*"}}
    assert (decrypt["Action"], decrypt["Resource"]) == (["kms:Decrypt"], [KEY])


def test_whoever_waits_for_the_store_waits_for_all_its_guards(cloud: PretendCloud) -> None:
    ready: list[pulumi.Resource] = []
    cloud.deploy(lambda: ready.extend(ModelStore("models", store_args()).ready))
    guards = {resource.token for resource in cloud.resources} - {
        "worthwhile:infra:ModelStore",
        "aws:s3/bucket:Bucket",
    }
    assert {guard.pulumi_resource_type for guard in ready} == guards
