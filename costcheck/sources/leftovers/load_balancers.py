"""Elastic Load Balancing: application, network and gateway load balancers, and classic ones."""

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from costcheck.sources.leftovers.calls import normalised, rows, tag_map
from costcheck.sources.leftovers.things import Bills, Thing

if TYPE_CHECKING:
    from costcheck.sources.leftovers.calls import Account

ELB = "Elastic Load Balancing"
_MAX_A_CALL = 20
"""DescribeTags refuses more load balancers in one request, of either API version."""


def fetch_load_balancers(account: "Account") -> list[Thing]:
    """Return every application, network and gateway load balancer with its tags."""
    client = account.clients["elbv2"]
    found = rows(client, "describe_load_balancers", "LoadBalancers", "elasticloadbalancing:DescribeLoadBalancers")
    tags = {
        row["ResourceArn"]: tag_map(row.get("Tags"))
        for part in _parts([row["LoadBalancerArn"] for row in found])
        for row in rows(
            client, "describe_tags", "TagDescriptions", "elasticloadbalancing:DescribeTags", ResourceArns=part
        )
    }
    return normalised(
        found, lambda row: normalise_load_balancer(row, account.region_id, tags[row["LoadBalancerArn"]])
    )


def normalise_load_balancer(row: Any, region_id: str, tags: dict[str, str]) -> Thing:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeLoadBalancers (2015-12-01): it bills by the hour."""
    return Thing(
        service=ELB,
        id=row["LoadBalancerName"],
        what=f"{row['Type']} load balancer, {row.get('State', {}).get('Code', 'state unknown')}",
        since=row.get("CreatedTime"),
        bills=Bills.YES,
        remove=f"aws elbv2 delete-load-balancer --load-balancer-arn {shlex.quote(row['LoadBalancerArn'])} "
        f"--region {region_id}",
        tags=tags,
        related=(row["VpcId"],) if row.get("VpcId") else (),
    )


def fetch_classic_load_balancers(account: "Account") -> list[Thing]:
    """Return every classic load balancer with its tags."""
    client = account.clients["elb"]
    found = rows(
        client, "describe_load_balancers", "LoadBalancerDescriptions", "elasticloadbalancing:DescribeLoadBalancers"
    )
    tags = {
        row["LoadBalancerName"]: tag_map(row.get("Tags"))
        for part in _parts([row["LoadBalancerName"] for row in found])
        for row in rows(
            client, "describe_tags", "TagDescriptions", "elasticloadbalancing:DescribeTags", LoadBalancerNames=part
        )
    }
    return normalised(
        found, lambda row: normalise_classic_load_balancer(row, account.region_id, tags[row["LoadBalancerName"]])
    )


def normalise_classic_load_balancer(row: Any, region_id: str, tags: dict[str, str]) -> Thing:  # noqa: ANN401 - AWS's
    """Return one of DescribeLoadBalancers (2012-06-01): it bills by the hour."""
    return Thing(
        service=ELB,
        id=row["LoadBalancerName"],
        what="classic load balancer",
        since=row.get("CreatedTime"),
        bills=Bills.YES,
        remove=f"aws elb delete-load-balancer --load-balancer-name {shlex.quote(row['LoadBalancerName'])} "
        f"--region {region_id}",
        tags=tags,
        related=(row["VPCId"],) if row.get("VPCId") else (),
    )


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _MAX_A_CALL):
        yield names[start : start + _MAX_A_CALL]
