"""CloudWatch still lists Bedrock's metrics and answers in the shape that we read."""

from datetime import UTC, datetime

import boto3
import pytest

from costcheck.records import Provenance
from costcheck.sources.bills import aws_cloudwatch
from costcheck.sources.bills.aws_clients import open_client
from costcheck.sources.bills.aws_metric_rows import normalise_usage
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import month_windows
from tests.live.checks import REGION


def test_this_months_load_is_read_without_a_remainder(provenance: Provenance) -> None:
    if boto3.Session().get_credentials() is None:
        pytest.skip("no AWS credentials: set AWS_PROFILE, or run `aws sso login`")
    now = datetime.now(UTC)
    request = PullRequest(windows=month_windows(now.date(), now.date(), now=now), now=now)
    client = open_client(request, "cloudwatch", REGION, aws_cloudwatch.DATA_ACTION)

    series = aws_cloudwatch.fetch_metrics(client, REGION, request.windows, now=now)
    batch = normalise_usage(series, request.buckets, provenance)

    assert batch.quarantined == (), [row.reason for row in batch.quarantined[:3]]
    assert all(row.input_tokens or row.output_tokens for row in batch.usage)
