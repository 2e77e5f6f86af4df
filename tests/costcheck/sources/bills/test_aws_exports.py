"""Exports on S3: moto's S3 with files of constructed lines, laid out as AWS's guide says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from costcheck.errors import InputFileError, SourceAuthError, SourceError, SourcePayloadError, UsageError
from costcheck.records import BillBatch
from costcheck.sources.bills import aws_exports
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import month_windows
from tests.costcheck.sources.bills.focus_rows import CUR_TYPES, Row, cur, focus, write_csv, write_parquet

NOW = datetime(2026, 12, 26, 10, 30, tzinfo=UTC)
NOVEMBER = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=NOW)
LOGIN = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
BUCKET = "company-exports"
ROOT = "billing/team/llm"
DATA = f"{ROOT}/data/BILLING_PERIOD=2026-11"
METADATA = f"{ROOT}/metadata/BILLING_PERIOD=2026-11"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return S3's client, with the bucket there."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "nowhere")
    with mock_aws():
        session: Any = boto3.Session(aws_access_key_id="none", aws_secret_access_key="none")  # noqa: S106 - no secret
        client = session.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


Deliver = Callable[..., None]


@pytest.fixture
def deliver(bucket: Any, tmp_path: Path) -> Deliver:  # noqa: ANN401 - boto3's
    """Return a writer of one delivery: its files, then its manifest."""

    def write(*files: list[Row], kind: str = "parquet", below: str = "", month: str = "2026-11") -> None:
        folder, suffix = f"{ROOT}/data/BILLING_PERIOD={month}/{below}", "csv" if kind == "csv" else "snappy.parquet"
        keys = []
        for number, rows in enumerate(files, start=1):
            path = tmp_path / f"{len(list(tmp_path.iterdir()))}.{kind}"
            if kind == "csv":
                write_csv(path, rows)
            else:
                write_parquet(path, rows, CUR_TYPES if "product" in rows[0] else None)
            keys.append(f"{folder}llm-{number:05}.{suffix}")
            bucket.upload_file(str(path), BUCKET, keys[-1])
        manifest = {"executionId": "x", "dataFiles": [f"s3://{BUCKET}/{key}" for key in keys], "columns": []}
        key = f"{ROOT}/metadata/BILLING_PERIOD={month}/{below}llm-Manifest.json"
        bucket.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(manifest).encode())

    return write


def request(export: str = f"s3://{BUCKET}/{ROOT}", **options: str) -> PullRequest:
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return PullRequest(windows=NOVEMBER, now=NOW, environ=LOGIN, options={"export": export, **named})


def pull(**options: str) -> BillBatch:
    return aws_exports.pull(request(**options))


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_cur_export_is_read_from_s3(deliver: Deliver, kind: str) -> None:
    deliver([cur()], kind=kind)

    batch = pull()

    (row,) = batch.usage
    assert (row.x_source, row.x_bucket, row.request_model, row.uncached_input_tokens) == (
        "aws-export",
        "2026-11",
        "anthropic.claude-opus-5-5",
        1_000_000,
    )
    assert [row.billed_cost for row in batch.charges] == [Decimal("5.5")]


def test_a_focus_export_is_read_from_s3(deliver: Deliver) -> None:
    deliver([focus()], kind="csv")

    assert [row.billed_cost for row in pull().charges] == [Decimal("2.5")]


def test_every_file_of_a_delivery_counts(deliver: Deliver) -> None:
    deliver([cur()], [cur(line_item_unblended_cost="1", line_item_usage_account_id="444455556666")])

    assert sum(row.billed_cost for row in pull().charges) == Decimal("6.5")


def test_lines_that_are_summed_are_counted_one_by_one(deliver: Deliver) -> None:
    deliver([cur(), cur(), cur()])

    batch = pull()

    assert (batch.rows_in, len(batch.charges)) == (3, 1)


def test_only_the_newest_of_several_deliveries_counts(deliver: Deliver) -> None:
    deliver([cur(line_item_unblended_cost="1")], below="20261120T000000Z-a/")
    deliver([cur(line_item_unblended_cost="7")], below="20261121T000000Z-b/")

    assert [row.billed_cost for row in pull().charges] == [7]


def test_a_file_that_no_manifest_names_is_not_read(deliver: Deliver, bucket: Any) -> None:  # noqa: ANN401 - boto3's
    deliver([cur()])
    bucket.put_object(Bucket=BUCKET, Key=f"{DATA}/llm-00002.snappy.parquet", Body=b"of an older delivery")

    assert len(pull().charges) == 1


def test_focus_exports_spell_the_month_in_small_letters(bucket: Any, tmp_path: Path) -> None:  # noqa: ANN401 - boto3's
    key = f"{ROOT}/data/billing_period=2026-11/llm-00001.csv"
    bucket.upload_file(str(write_csv(tmp_path / "focus.csv", [focus()])), BUCKET, key)
    manifest = f"{ROOT}/metadata/billing_period=2026-11/llm-Manifest.json"
    bucket.put_object(
        Bucket=BUCKET, Key=manifest, Body=json.dumps({"dataFiles": [{"s3Uri": f"s3://{BUCKET}/{key}"}]})
    )

    assert len(pull().charges) == 1


def test_other_months_are_not_fetched(deliver: Deliver, bucket: Any) -> None:  # noqa: ANN401 - boto3's
    deliver([cur()], month="2026-11")
    deliver([cur()], month="2026-10")
    bucket.delete_object(Bucket=BUCKET, Key=f"{ROOT}/data/BILLING_PERIOD=2026-10/llm-00001.snappy.parquet")

    assert len(pull().charges) == 1


def test_a_month_that_was_not_delivered_is_empty(deliver: Deliver) -> None:
    deliver([cur()], month="2026-10")

    assert pull().is_empty
    assert pull().buckets == ("2026-11",)


def test_a_delivery_without_files_is_empty(deliver: Deliver) -> None:
    deliver()

    assert pull().is_empty


def test_a_line_of_another_month_in_the_same_bill_is_kept(deliver: Deliver) -> None:
    late = cur(line_item_usage_start_date="2026-10-31T23:00:00.000Z", line_item_usage_end_date="2026-11-01T00:00:00Z")
    deliver([cur(), late])

    assert sum(row.billed_cost for row in pull().charges) == 11


@pytest.mark.parametrize(
    ("now", "estimated"),
    [
        (datetime(2026, 11, 26, tzinfo=UTC), True),
        (datetime(2026, 12, 14, tzinfo=UTC), True),
        (datetime(2026, 12, 15, tzinfo=UTC), False),
    ],
)
def test_a_month_that_aws_still_refreshes_is_estimated(deliver: Deliver, now: datetime, *, estimated: bool) -> None:
    deliver([cur()])
    windows = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=now)

    batch = aws_exports.pull(PullRequest(windows=windows, now=now, environ=LOGIN, options=request().options))

    assert [row.x_estimated for row in batch.charges] == [estimated]


def test_a_path_without_an_export_says_where_to_look(bucket: Any) -> None:  # noqa: ANN401 - boto3's
    bucket.put_object(Bucket=BUCKET, Key="something/else.txt", Body=b"x")

    with pytest.raises(SourceError, match=f"s3://{BUCKET}/{ROOT} has no manifest"):
        pull()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<html>", "2026-11/llm-Manifest.json: JSON is malformed"),
        (b"{}", "missing required field `dataFiles`"),
        (b'{"dataFiles": "all"}', "Expected `array`"),
        (b'{"dataFiles": [7]}', "dataFiles"),
        (f'{{"dataFiles": ["s3://another/{DATA}/a.parquet"]}}'.encode(), "names 's3://another/"),
        (f'{{"dataFiles": ["{ROOT}/../secret.parquet"]}}'.encode(), "names"),
        (f'{{"dataFiles": ["{DATA}/a.exe"]}}'.encode(), "names"),
        (f'{{"dataFiles": ["{DATA}/a.parquet", "{DATA}/a.parquet"]}}'.encode(), "names a file twice"),
    ],
)
def test_a_manifest_that_is_none_is_refused(bucket: Any, content: bytes, problem: str) -> None:  # noqa: ANN401 - boto3's
    bucket.put_object(Bucket=BUCKET, Key=f"{METADATA}/llm-Manifest.json", Body=content)

    with pytest.raises(SourcePayloadError, match=problem):
        pull()


def test_a_file_that_is_gone_is_an_error_and_no_smaller_bill(deliver: Deliver, bucket: Any) -> None:  # noqa: ANN401 - boto3's
    deliver([cur()], [cur()])
    bucket.delete_object(Bucket=BUCKET, Key=f"{DATA}/llm-00002.snappy.parquet")

    with pytest.raises(SourceError, match=r"llm-00002\.snappy\.parquet is not there"):
        pull()


def test_a_delivery_in_between_is_noticed(
    deliver: Deliver,
    bucket: Any,  # noqa: ANN401 - boto3's
    tmp_path: Path,
) -> None:
    deliver([cur()])
    where = aws_exports.Location(bucket=BUCKET, root=ROOT)
    manifest = aws_exports.list_manifests(bucket, where)["2026-11"]
    deliver([cur(line_item_unblended_cost="7")], [cur()])
    folder = tmp_path / "into"
    folder.mkdir()

    with pytest.raises(SourceError, match="was written anew"):
        aws_exports.fetch_month(bucket, where, manifest, folder, most_bytes=10**9)


def test_a_cut_file_is_refused(deliver: Deliver, bucket: Any) -> None:  # noqa: ANN401 - boto3's
    deliver([cur()], [cur(line_item_usage_account_id="2")])
    key = f"{DATA}/llm-00002.snappy.parquet"
    content = bucket.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    bucket.put_object(Bucket=BUCKET, Key=key, Body=content[: len(content) // 2])

    with pytest.raises(InputFileError, match="cannot be read") as caught:
        pull()
    assert f"s3://{BUCKET}/{key}" in caught.value.seen
    assert "/tmp" not in caught.value.seen  # noqa: S108 - where nothing is any more


def test_a_key_that_leads_out_of_the_folder_is_refused(deliver: Deliver, bucket: Any) -> None:  # noqa: ANN401 - boto3's
    deliver([cur()])
    manifest = {"dataFiles": [f"s3://{BUCKET}/{ROOT}/data/../../x.csv"]}
    bucket.put_object(Bucket=BUCKET, Key=f"{METADATA}/llm-Manifest.json", Body=json.dumps(manifest).encode())
    with pytest.raises(SourcePayloadError, match="names"):
        pull()


def test_an_export_that_is_neither_says_which_columns_are_missing(deliver: Deliver) -> None:
    row = cur()
    del row["line_item_usage_type"]
    deliver([row], kind="csv")

    with pytest.raises(InputFileError, match=r"for CUR 2\.0 it lacks line_item_usage_type"):
        pull()


def test_a_month_that_is_too_large_is_not_fetched(deliver: Deliver, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver([cur()])
    monkeypatch.setattr(aws_exports, "GIB", 10)

    with pytest.raises(UsageError, match="GiB in 1 files"):
        pull(max_gib="1")


@pytest.mark.parametrize("given", ["company-exports", "s3://", "s3://bucket", "s3://bucket/", "https://bucket/x"])
def test_an_address_that_is_no_folder_on_s3_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="--export is"):
        aws_exports.plan(request(given))


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "much"])
def test_a_bound_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="--max-gib is"):
        aws_exports.plan(request(max_gib=given))


def test_the_plan_says_what_is_asked_for(bucket: Any) -> None:  # noqa: ANN401 - boto3's
    assert bucket
    plan = aws_exports.plan(request())

    assert (plan.requests, plan.charge) == (4, "what S3 takes for its requests and its transfer")


def test_a_bucket_that_is_not_there_is_an_error(bucket: Any) -> None:  # noqa: ANN401 - boto3's
    assert bucket
    with pytest.raises(SourceError, match="s3:ListBucket: AWS answered NoSuchBucket"):
        pull(export="s3://another/x/y")


def test_without_the_permission_it_is_named(bucket: Any) -> None:  # noqa: ANN401 - boto3's
    from botocore.stub import Stubber  # noqa: PLC0415 - for this test alone

    with Stubber(bucket) as stubber:
        stubber.add_client_error("list_objects_v2", "AccessDenied", http_status_code=403)
        with pytest.raises(SourceAuthError, match="s3:ListBucket"):
            aws_exports.list_manifests(bucket, aws_exports.Location(bucket=BUCKET, root=ROOT))
