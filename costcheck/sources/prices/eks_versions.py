"""Which versions of Kubernetes EKS offers, and which of them cost extended support on top of the control plane.

https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeClusterVersions.html
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec

from costcheck.errors import SourcePayloadError
from costcheck.market import ClusterVersion, VersionStatus
from costcheck.records import Origin, Provenance
from costcheck.sources.prices.aws_calls import translated_errors

if TYPE_CHECKING:
    from mypy_boto3_eks import EKSClient

VERSIONS_URL = "https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeClusterVersions.html"
EKS_CLUSTERS = "eks"
"""Cluster type of EKS in the cloud; any other kind has versions of its own."""


class _Row(msgspec.Struct, rename="camel"):
    cluster_version: str
    version_status: VersionStatus
    cluster_type: str = EKS_CLUSTERS
    default_version: bool = False
    end_of_standard_support_date: datetime | None = None
    end_of_extended_support_date: datetime | None = None


def fetch_cluster_versions(client: "EKSClient", region_id: str, *, retrieved_on: date) -> tuple[ClusterVersion, ...]:
    """Return every version, the oldest first, those that are no longer supported too.

    Raises:
        SourceError: AWS did not answer usefully.
    """
    with translated_errors("eks:DescribeClusterVersions"):
        pages = client.get_paginator("describe_cluster_versions").paginate(includeAll=True)
        rows = [row for page in pages for row in page.get("clusterVersions", [])]
    provenance = Provenance(
        source="eks_describe_cluster_versions",
        source_url=VERSIONS_URL,
        retrieved_on=retrieved_on,
        origin=Origin.LIVE,
    )
    return normalise_cluster_versions(rows, region_id, provenance)


def normalise_cluster_versions(
    rows: Iterable[object], region_id: str, provenance: Provenance
) -> tuple[ClusterVersion, ...]:
    """Return EKS's versions as records, each once.

    Raises:
        SourcePayloadError: A row lacks what EKS always says, has a status that is not known here, or comes twice.
    """
    versions: dict[str, ClusterVersion] = {}
    for row in map(_converted, rows):
        if row.cluster_type == EKS_CLUSTERS:
            version = _version(row, region_id, provenance)
            if versions.setdefault(row.cluster_version, version) != version:
                message = f"EKS describes version {row.cluster_version} in two ways"
                raise SourcePayloadError(message, expected="each version once", action="try again later")
    return tuple(sorted(versions.values(), key=lambda version: _order(version.cluster_version)))


def _version(row: _Row, region_id: str, provenance: Provenance) -> ClusterVersion:
    return ClusterVersion(
        region_id=region_id,
        cluster_version=row.cluster_version,
        status=row.version_status,
        end_of_standard_support=_day(row.end_of_standard_support_date),
        end_of_extended_support=_day(row.end_of_extended_support_date),
        is_default=row.default_version,
        provenance=provenance,
    )


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _order(version: str) -> tuple[tuple[int, str], ...]:
    """Return what sorts 1.9 before 1.10."""
    return tuple((int(part) if part.isdecimal() else 0, part) for part in version.split("."))


def _converted(row: object) -> _Row:
    try:
        return msgspec.convert(row, _Row)
    except msgspec.ValidationError as exc:
        message = f"an EKS version reads {str(row)[:80]!r}: {exc}"
        raise SourcePayloadError(
            message, expected="the shape of DescribeClusterVersions", action="report it if it stays"
        ) from exc
