"""Versions of EKS: which cost extended support, and until when."""

from datetime import date
from typing import Any

import pytest

from costcheck.errors import SourceAuthError, SourcePayloadError
from costcheck.market import VersionStatus
from costcheck.sources.prices.eks_versions import fetch_cluster_versions, normalise_cluster_versions
from tests.costcheck.sources.prices.market_stubs import REGION, SEEN, TODAY, Stub, version_row

METHOD = "describe_cluster_versions"
OLD = version_row("1.9", "UNSUPPORTED", None)
EXTENDED = version_row("1.33", "EXTENDED_SUPPORT", date(2026, 7, 29))
STANDARD = version_row("1.35", "STANDARD_SUPPORT", date(2027, 3, 27), defaultVersion=True)


def test_versions_have_a_status_and_the_day_on_which_standard_support_ends(stub: Stub) -> None:
    client, stubber = stub("eks")
    stubber.add_response(METHOD, {"clusterVersions": [STANDARD, EXTENDED]}, {"includeAll": True})
    first, last = fetch_cluster_versions(client, REGION, retrieved_on=TODAY)
    assert (first.cluster_version, first.status) == ("1.33", VersionStatus.EXTENDED_SUPPORT)
    assert (last.end_of_standard_support, last.end_of_extended_support) == (date(2027, 3, 27), None)
    assert (first.is_default, last.is_default) == (False, True)


def test_every_page_is_read_and_1_9_comes_before_1_33(stub: Stub) -> None:
    client, stubber = stub("eks")
    stubber.add_response(METHOD, {"clusterVersions": [STANDARD, EXTENDED], "nextToken": "1"})
    stubber.add_response(METHOD, {"clusterVersions": [], "nextToken": "2"})
    stubber.add_response(METHOD, {"clusterVersions": [OLD]})
    versions = fetch_cluster_versions(client, REGION, retrieved_on=TODAY)
    assert [row.cluster_version for row in versions] == ["1.9", "1.33", "1.35"]


def test_a_refusal_names_the_action(stub: Stub) -> None:
    client, stubber = stub("eks")
    stubber.add_client_error(METHOD, "AccessDeniedException", "no")
    with pytest.raises(SourceAuthError, match="eks:DescribeClusterVersions"):
        fetch_cluster_versions(client, REGION, retrieved_on=TODAY)


def test_another_kind_of_cluster_has_versions_of_its_own() -> None:
    assert normalise_cluster_versions([version_row("1.33", "UNSUPPORTED", None, clusterType="x")], REGION, SEEN) == ()


@pytest.mark.parametrize(
    "rows",
    [
        [version_row("1.33", "RESTING", None)],
        [{"clusterVersion": "1.33"}],
        [EXTENDED, version_row("1.33", "UNSUPPORTED", None)],
    ],
)
def test_a_status_that_is_unknown_missing_or_contradicted_is_an_error(rows: list[Any]) -> None:
    with pytest.raises(SourcePayloadError):
        normalise_cluster_versions(rows, REGION, SEEN)
