"""Versions of EKS still have a status and the day on which standard support ends."""

from datetime import date

from costcheck.cli.prices_market import market_clients
from costcheck.market import VersionStatus
from costcheck.sources.prices.eks_versions import fetch_cluster_versions
from costcheck.sources.prices.pull import PriceClients
from tests.live.checks import REGION


def test_a_supported_version_says_until_when(aws: PriceClients, today: date) -> None:
    versions = fetch_cluster_versions(market_clients(aws, REGION).eks, REGION, retrieved_on=today)
    supported = [row for row in versions if row.status is VersionStatus.STANDARD_SUPPORT]
    assert supported
    assert all(row.end_of_standard_support for row in supported)
