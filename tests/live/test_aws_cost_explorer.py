"""Cost Explorer still answers in the shape that we read; a question costs 0.01 USD."""

from datetime import UTC, datetime

import boto3
import pytest

from costcheck.records import Provenance
from costcheck.sources.bills import aws_cost_explorer
from costcheck.sources.bills.aws_clients import open_client
from costcheck.sources.bills.aws_cost_rows import SERVICES, normalise_bill
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import Window


def test_last_months_models_are_read_without_a_remainder(
    last_month: tuple[Window, ...], provenance: Provenance
) -> None:
    if boto3.Session().get_credentials() is None:
        pytest.skip("no AWS credentials: set AWS_PROFILE, or run `aws sso login`")
    request = PullRequest(windows=last_month, now=datetime.now(UTC))
    client = open_client(request, "ce", aws_cost_explorer.REGION, aws_cost_explorer.ACTION)

    answers = aws_cost_explorer.fetch_bill(client, last_month, max_requests=20)
    batch = normalise_bill(answers, request.buckets, provenance)

    assert answers[0].kind == SERVICES
    assert batch.quarantined == (), [row.reason for row in batch.quarantined[:3]]
    assert all(row.billing_currency == "USD" for row in batch.charges)
