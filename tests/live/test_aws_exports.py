"""An export of the company still lies on S3 as AWS's guide says; its address comes from COSTCHECK_AWS_EXPORT."""

from collections.abc import Callable
from datetime import UTC, datetime

import boto3
import pytest

from costcheck.sources.bills import aws_exports
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import Window


def test_last_months_delivery_is_read_without_a_remainder(
    key: Callable[[str], str], last_month: tuple[Window, ...]
) -> None:
    if boto3.Session().get_credentials() is None:
        pytest.skip("no AWS credentials: set AWS_PROFILE, or run `aws sso login`")
    options = {"export": key("COSTCHECK_AWS_EXPORT")}

    batch = aws_exports.pull(PullRequest(windows=last_month, now=datetime.now(UTC), options=options))

    assert batch.quarantined == (), [row.reason for row in batch.quarantined[:3]]
    assert all(row.billing_currency == "USD" for row in batch.charges)
