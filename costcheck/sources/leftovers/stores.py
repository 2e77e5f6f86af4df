"""What keeps data: log groups, buckets and keys. Their tags come from the account-wide index of tags."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from costcheck.sources.leftovers.calls import described, normalised, pages, resource, rows
from costcheck.sources.leftovers.things import Bills, Thing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from costcheck.sources.leftovers.calls import Account
    from costcheck.sources.leftovers.marks import Marks

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOG_GROUP, BUCKET, KEY = "logs:log-group", "s3", "kms:key"
_ENDING_KEY = {"PendingDeletion", "PendingReplicaDeletion"}
"""Not billed: https://trendmicro.com/cloudoneconformity/knowledge-base/aws/KMS/disabled-kms-keys.html, 2026-11-26."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a bucket holds.

    Attributes:
        versions: Object versions, the current ones among them.
        size_bytes: Of all versions.
        delete_markers: Deleted objects whose older versions may be there.
        uploads: Multipart uploads that were begun and neither finished nor aborted.
    """

    versions: int
    size_bytes: int
    delete_markers: int
    uploads: int


def fetch_log_groups(account: "Account") -> list[Thing]:
    """Return every log group."""
    found = rows(account.clients["logs"], "describe_log_groups", "logGroups", "logs:DescribeLogGroups")
    return normalised(found, lambda row: normalise_log_group(row, account.region_id, account.marks, account.tagged))


def normalise_log_group(
    row: Any,  # noqa: ANN401 - AWS's own shape
    region_id: str,
    marks: "Marks",
    tagged: "Mapping[str, Mapping[str, str]]",
) -> Thing:
    """Return one of DescribeLogGroups: it bills for what is stored.

    AWS leaves the size out until it has counted (https://github.com/awslabs/mcp/pull/2872, read 2026-11-26); not
    counted is not empty, so it bills.
    """
    name, stored = row["logGroupName"], row.get("storedBytes")
    named = marks.log_group_reason(name)
    return Thing(
        service="Amazon CloudWatch Logs",
        id=name,
        what="log group, " + ("not yet counted by AWS" if stored is None else f"{stored} bytes stored"),
        since=EPOCH + timedelta(milliseconds=row["creationTime"]),
        bills=Bills.NO if stored == 0 else Bills.YES,
        remove=f"aws logs delete-log-group --log-group-name {shlex.quote(name)} --region {region_id}",
        note="it comes back for as long as the cluster or its agents write: remove those first" if named else "",
        tags=tagged.get(row["arn"].removesuffix(":*"), {}),
        named=named,
    )


def fetch_buckets(account: "Account") -> list[Thing]:
    """Return every bucket of the region that carries a tag of the stack, with what it holds."""
    client = account.clients["s3"]
    there = rows(client, "list_buckets", "Buckets", "s3:ListAllMyBuckets", BucketRegion=account.region_id)
    tagged = {resource(arn)[1]: tags for arn, tags in account.tagged.items() if resource(arn)[0] == BUCKET}
    found = [(row, tagged[row["Name"]]) for row in there if row["Name"] in tagged]
    return normalised(
        found,
        lambda pair: normalise_bucket(pair[0], account.region_id, pair[1], _contents(account, pair[0]["Name"])),
    )


def normalise_bucket(
    row: Any,  # noqa: ANN401 - AWS's own shape
    region_id: str,
    tags: "Mapping[str, str]",
    contents: Contents,
) -> Thing:
    """Return one of ListBuckets: it bills for every version, delete marker and unfinished upload."""
    full = contents.versions or contents.delete_markers or contents.uploads
    return Thing(
        service="Amazon S3",
        id=row["Name"],
        what=f"bucket, {contents.versions} object versions of {contents.size_bytes} bytes, "
        f"{contents.delete_markers} delete markers, {contents.uploads} unfinished uploads",
        since=row.get("CreationDate"),
        bills=Bills.YES if full else Bills.NO,
        remove=_remove_bucket(row["Name"], region_id),
        tags=tags,
    )


def _remove_bucket(name: str, region_id: str) -> str:
    code = (
        f"import boto3; bucket = boto3.resource('s3', region_name={region_id!r}).Bucket({name!r}); "
        "bucket.object_versions.delete(); [upload.abort() for upload in bucket.multipart_uploads.all()]; "
        "bucket.delete()"
    )
    return f'python -c "{code}"'


def _contents(account: "Account", bucket: str) -> Contents:
    client = account.clients["s3"]
    listed = pages(client, "list_object_versions", "s3:ListBucketVersions", Bucket=bucket)
    uploads = pages(client, "list_multipart_uploads", "s3:ListBucketMultipartUploads", Bucket=bucket)
    versions = _members(listed, "Versions")
    return Contents(
        versions=len(versions),
        size_bytes=sum(version["Size"] for version in versions),
        delete_markers=len(_members(listed, "DeleteMarkers")),
        uploads=len(_members(uploads, "Uploads")),
    )


def _members(found: Sequence[Any], key: str) -> list[Any]:
    # S3 leaves an empty list out of its answer altogether.
    return [row for page in found for row in page.get(key, ())]


def fetch_keys(account: "Account") -> list[Thing]:
    """Return every KMS key that carries a tag of the stack."""
    found = [
        (
            described(
                account.clients["kms"],
                "describe_key",
                "KeyMetadata",
                "kms:DescribeKey",
                gone="NotFoundException",
                KeyId=arn,
            ),
            tags,
        )
        for arn, tags in account.tagged.items()
        if resource(arn)[0] == KEY
    ]
    return normalised(
        [pair for pair in found if pair[0] is not None],
        lambda pair: normalise_key(pair[0], account.region_id, pair[1]),
    )


def normalise_key(row: Any, region_id: str, tags: "Mapping[str, str]") -> Thing:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeKey: it bills by the month until its deletion is scheduled."""
    ending, end = row["KeyState"] in _ENDING_KEY, row.get("DeletionDate")
    return Thing(
        service="AWS KMS",
        id=row["KeyId"],
        what=f"key, {row['KeyState']}",
        since=row.get("CreationDate"),
        bills=Bills.NO if ending else Bills.YES,
        remove=""
        if ending
        else f"aws kms schedule-key-deletion --key-id {row['KeyId']} --pending-window-in-days 7 --region {region_id}",
        note=_end_of_key(end) if ending else "last of all: what it encrypts cannot be read without it",
        tags=tags,
    )


def _end_of_key(end: datetime | None) -> str:
    return f"ends on {end:%Y-%m-%d}" if end else "ends after its replicas"
