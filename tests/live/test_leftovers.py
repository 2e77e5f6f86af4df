"""Every listing of `costcheck leftovers` can still be made on a real account."""

from datetime import UTC, datetime

import boto3
import pytest

from costcheck.sources.leftovers.calls import open_clients
from costcheck.sources.leftovers.marks import Marks
from costcheck.sources.leftovers.survey import fetch_leftovers
from tests.live.checks import REGION


def test_a_stack_that_never_was_has_nothing_left_and_every_listing_answers() -> None:
    if boto3.Session().get_credentials() is None:
        pytest.skip("no AWS credentials: set AWS_PROFILE, or run `aws sso login`")
    nobody = Marks(stack="nobody-ever-made-this", cluster="nobody-ever-made-this")

    report = fetch_leftovers(
        open_clients(REGION), nobody, REGION, now=datetime.now(UTC), progress=lambda _what, _done, _total: None
    )

    assert report.unlisted == ()
    assert all("no tag says of which cluster" in leftover.why for leftover in report.leftovers)
