"""What is asked of AWS, and answers that are none."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.stub import Stubber

from costcheck.errors import SourcePayloadError, UsageError
from costcheck.sources.leftovers.calls import Account, described, open_clients, pages
from costcheck.sources.leftovers.machines import fetch_snapshots
from costcheck.sources.leftovers.stores import fetch_buckets
from costcheck.sources.leftovers.tagged import fetch_tagged
from costcheck.sources.leftovers.things import Thing
from tests.costcheck.sources.leftovers.builders import ACCOUNT_ID, MARKS, REGION, Row, answering, clients, tagged


class NoPages:
    """A client whose listings have no page; botocore's own never has fewer than one."""

    def can_paginate(self, _operation: str) -> bool:
        return True

    def get_paginator(self, _operation: str) -> "NoPages":
        return self

    def paginate(self) -> list[Row]:
        return []


def test_a_listing_without_a_page_is_no_proof() -> None:
    with pytest.raises(SourcePayloadError, match="ec2:DescribeVolumes: no page"):
        pages(NoPages(), "describe_volumes", "ec2:DescribeVolumes")  # type: ignore[arg-type]  # as much as is asked


def test_an_answer_without_what_was_asked_for_is_no_proof() -> None:
    with (
        answering([("eks", "describe_cluster", {})]) as asked,
        pytest.raises(SourcePayloadError, match="eks:DescribeCluster"),
    ):
        described(asked["eks"], "describe_cluster", "cluster", "eks:DescribeCluster", gone="", name="llm-dev")


@pytest.mark.parametrize(
    ("service", "operation", "response", "asked_for", "fetch"),
    [
        ("ec2", "describe_snapshots", {"Snapshots": []}, {"OwnerIds": ["self"]}, fetch_snapshots),
        ("s3", "list_buckets", {"Buckets": []}, {"BucketRegion": REGION}, fetch_buckets),
    ],
)
def test_only_the_accounts_own_snapshots_and_the_regions_buckets_are_asked_for(
    service: str, operation: str, response: Row, asked_for: Row, fetch: Callable[[Account], list[Thing]]
) -> None:
    account = Account(
        clients=clients(), account_id=ACCOUNT_ID, partition="aws", region_id=REGION, marks=MARKS, tagged={}
    )
    with Stubber(clients()[service]) as stub:
        stub.add_response(operation, response, asked_for)

        assert fetch(account) == []
        stub.assert_no_pending_responses()


def test_the_index_is_asked_for_one_tag_at_a_time_and_all_pages_are_read() -> None:
    client: Any = clients()["resourcegroupstaggingapi"]
    with Stubber(client) as stub:
        for number, (key, value) in enumerate(MARKS.tag_filters()):
            wanted = {"TagFilters": [{"Key": key, "Values": [value]}]}
            first = {"ResourceTagMappingList": [tagged(f"arn:aws:s3:::a{number}")], "PaginationToken": "more"}
            stub.add_response("get_resources", first, wanted)
            last = {"ResourceTagMappingList": [tagged(f"arn:aws:s3:::b{number}")], "PaginationToken": ""}
            stub.add_response("get_resources", last, wanted | {"PaginationToken": "more"})

        found = fetch_tagged(client, MARKS)

    assert len(found) == 2 * len(MARKS.tag_filters())


def test_a_region_that_is_none_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="us-eats-1") as caught:
        open_clients("us-eats-1")

    assert "us-east-1" in caught.value.expected
