"""Make every listing, and say what of it is the stack's; a listing that fails is reported, never skipped."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from costcheck.errors import SourceError
from costcheck.sources.leftovers.budgets import fetch_budgets
from costcheck.sources.leftovers.calls import Account, described
from costcheck.sources.leftovers.clusters import fetch_auto_scaling_groups, fetch_clusters, fetch_node_groups
from costcheck.sources.leftovers.load_balancers import fetch_classic_load_balancers, fetch_load_balancers
from costcheck.sources.leftovers.machines import (
    fetch_capacity_reservations,
    fetch_instances,
    fetch_snapshots,
    fetch_volumes,
)
from costcheck.sources.leftovers.marks import Marks
from costcheck.sources.leftovers.networks import (
    fetch_addresses,
    fetch_endpoints,
    fetch_interfaces,
    fetch_nat_gateways,
    fetch_vpcs,
)
from costcheck.sources.leftovers.stores import BUCKET, KEY, LOG_GROUP, fetch_buckets, fetch_keys, fetch_log_groups
from costcheck.sources.leftovers.tagged import fetch_tagged, normalise_tagged
from costcheck.sources.leftovers.things import Leftover, LeftoverReport, Thing, Unlisted

if TYPE_CHECKING:
    from botocore.client import BaseClient

Progress = Callable[[str, int, int], None]
"""Told before each step: what it is, how many are done, how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One listing of an account.

    Attributes:
        name: What is listed.
        kinds: `service:type` in the ARNs of what it lists.
        iam_actions: Every permission that it needs.
        fetch: Makes it.
    """

    name: str
    kinds: tuple[str, ...]
    iam_actions: tuple[str, ...]
    fetch: Callable[[Account], list[Thing]]


def _ec2(name: str, kinds: tuple[str, ...], action: str, fetch: Callable[[Account], list[Thing]]) -> Listing:
    return Listing(name=name, kinds=kinds, iam_actions=(f"ec2:{action}",), fetch=fetch)


_PARTS_OF_A_CLUSTER = ("eks:access-entry", "eks:addon", "eks:podidentityassociation")
_PARTS_OF_A_LOAD_BALANCER = ("elasticloadbalancing:listener", "elasticloadbalancing:listener-rule")
"""They go with the whole, which is listed."""

_LOAD_BALANCER_ACTIONS = ("elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeTags")

LISTINGS = (
    Listing(
        name="node groups",
        kinds=("eks:nodegroup",),
        iam_actions=("eks:ListClusters", "eks:ListNodegroups", "eks:DescribeNodegroup"),
        fetch=fetch_node_groups,
    ),
    Listing(
        name="EKS clusters",
        kinds=("eks:cluster", *_PARTS_OF_A_CLUSTER),
        iam_actions=("eks:ListClusters", "eks:DescribeCluster"),
        fetch=fetch_clusters,
    ),
    Listing(
        name="Auto Scaling groups",
        kinds=("autoscaling:autoScalingGroup",),
        iam_actions=("autoscaling:DescribeAutoScalingGroups",),
        fetch=fetch_auto_scaling_groups,
    ),
    _ec2("instances", ("ec2:instance",), "DescribeInstances", fetch_instances),
    Listing(
        name="load balancers",
        kinds=("elasticloadbalancing:loadbalancer", *_PARTS_OF_A_LOAD_BALANCER),
        iam_actions=_LOAD_BALANCER_ACTIONS,
        fetch=fetch_load_balancers,
    ),
    Listing(
        name="classic load balancers",
        kinds=("elasticloadbalancing:loadbalancer",),
        iam_actions=_LOAD_BALANCER_ACTIONS,
        fetch=fetch_classic_load_balancers,
    ),
    _ec2("NAT gateways", ("ec2:natgateway",), "DescribeNatGateways", fetch_nat_gateways),
    _ec2("VPC endpoints", ("ec2:vpc-endpoint",), "DescribeVpcEndpoints", fetch_endpoints),
    _ec2("Elastic IPs", ("ec2:elastic-ip",), "DescribeAddresses", fetch_addresses),
    _ec2("network interfaces", ("ec2:network-interface",), "DescribeNetworkInterfaces", fetch_interfaces),
    _ec2("volumes", ("ec2:volume",), "DescribeVolumes", fetch_volumes),
    _ec2("snapshots", ("ec2:snapshot",), "DescribeSnapshots", fetch_snapshots),
    _ec2("VPCs", ("ec2:vpc",), "DescribeVpcs", fetch_vpcs),
    _ec2(
        "capacity reservations",
        ("ec2:capacity-reservation", "ec2:capacity-block"),
        "DescribeCapacityReservations",
        fetch_capacity_reservations,
    ),
    Listing(
        name="log groups",
        kinds=(LOG_GROUP,),
        iam_actions=("logs:DescribeLogGroups",),
        fetch=fetch_log_groups,
    ),
    Listing(
        name="buckets",
        kinds=(BUCKET,),
        iam_actions=("s3:ListAllMyBuckets", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
        fetch=fetch_buckets,
    ),
    Listing(
        name="budgets",
        kinds=("budgets:budget",),
        iam_actions=(
            "budgets:ViewBudget",
            "budgets:DescribeBudgetActionsForAccount",
            "budgets:ListTagsForResource",
        ),
        fetch=fetch_budgets,
    ),
    Listing(name="KMS keys", kinds=(KEY,), iam_actions=("kms:DescribeKey",), fetch=fetch_keys),
)
"""In the order in which things are to be removed."""

IAM_ACTIONS = tuple(
    dict.fromkeys(
        ("sts:GetCallerIdentity", "tag:GetResources", *(action for one in LISTINGS for action in one.iam_actions))
    )
)
"""Everything that `costcheck leftovers` asks of an account; all of it only reads, and is free."""

TAGGED = "everything tagged"


def fetch_leftovers(
    clients: Mapping[str, "BaseClient"], marks: Marks, region_id: str, *, now: datetime, progress: Progress
) -> LeftoverReport:
    """Return everything of one stack that is still in the account, and what could not be listed.

    Raises:
        SourceError: AWS does not say whose credentials these are.
    """
    account_id, partition = _identity(clients["sts"])
    unlisted: list[Unlisted] = []
    progress(TAGGED, 0, len(LISTINGS) + 1)
    tagged: Mapping[str, Mapping[str, str]] = {}
    try:
        tagged = fetch_tagged(clients["resourcegroupstaggingapi"], marks)
    except SourceError as exc:
        unlisted.append(_failed(TAGGED, exc))
    account = Account(
        clients=clients, account_id=account_id, partition=partition, region_id=region_id, marks=marks, tagged=tagged
    )
    things, listed = _all_things(account, unlisted, progress)
    return LeftoverReport(
        stack=marks.stack,
        cluster=marks.cluster,
        account_id=account_id,
        region_id=region_id,
        as_of=now,
        listed={TAGGED: len(tagged), **listed},
        leftovers=tuple(leftovers_of(things, marks)),
        unlisted=tuple(unlisted),
    )


def _identity(client: "BaseClient") -> tuple[str, str]:
    arn = described(client, "get_caller_identity", "Arn", "sts:GetCallerIdentity", gone="")
    _, partition, _, _, account_id, _ = arn.split(":", 5)
    return account_id, partition


def _all_things(account: Account, unlisted: list[Unlisted], progress: Progress) -> tuple[list[Thing], dict[str, int]]:
    """Return what every listing returns and how many each did; one that fails goes to `unlisted`."""
    things: list[Thing] = []
    listed: dict[str, int] = {}
    for done, listing in enumerate(LISTINGS, start=1):
        progress(listing.name, done, len(LISTINGS) + 1)
        try:
            found = listing.fetch(account)
        except SourceError as exc:
            unlisted.append(_failed(listing.name, exc))
        else:
            listed[listing.name] = len(found)
            things.extend(found)
    kinds = {kind for listing in LISTINGS for kind in listing.kinds}
    return things + normalise_tagged(account.tagged, kinds), listed


def leftovers_of(things: Iterable[Thing], marks: Marks) -> list[Leftover]:
    """Return the things that are the stack's, in their order.

    A thing is the stack's by a tag, by its name, or because it stands in, or is attached to, one that is.
    """
    rest = list(things)
    why = {place: reason for place, thing in enumerate(rest) if (reason := marks.reason(thing.tags) or thing.named)}
    while new := _next_of_kin(rest, why):
        why |= new
    return [_leftover(rest[place], why[place]) for place in sorted(why)]


def _next_of_kin(things: Sequence[Thing], why: Mapping[int, str]) -> dict[int, str]:
    known = {things[place].id: things[place].what for place in why}
    return {
        place: f"in or attached to {kin[0]} ({known[kin[0]]}), which is the stack's"
        for place, thing in enumerate(things)
        if place not in why and (kin := [one for one in thing.related if one in known])
    }


def _leftover(thing: Thing, why: str) -> Leftover:
    return Leftover(
        service=thing.service,
        id=thing.id,
        what=thing.what,
        since=thing.since,
        why=why,
        bills=thing.bills,
        remove=thing.remove,
        note=thing.note,
    )


def _failed(listing: str, exc: SourceError) -> Unlisted:
    return Unlisted(listing=listing, seen=exc.seen, expected=exc.expected, action=exc.action)
