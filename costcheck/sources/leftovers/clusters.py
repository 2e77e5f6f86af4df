"""EKS clusters and node groups, and Auto Scaling groups."""

import shlex
from typing import TYPE_CHECKING, Any

from costcheck.sources.leftovers.calls import described, normalised, rows, tag_map
from costcheck.sources.leftovers.things import Bills, Thing

if TYPE_CHECKING:
    from costcheck.sources.leftovers.calls import Account

EKS = "Amazon EKS"
AUTO_SCALING = "Amazon EC2 Auto Scaling"
GONE = "ResourceNotFoundException"
"""EKS's code for a cluster or node group that went while we listed."""


def fetch_clusters(account: "Account") -> list[Thing]:
    """Return every EKS cluster of the region."""
    client = account.clients["eks"]
    names = rows(client, "list_clusters", "clusters", "eks:ListClusters")
    found = [
        described(client, "describe_cluster", "cluster", "eks:DescribeCluster", gone=GONE, name=name)
        for name in names
    ]
    return normalised(
        [row for row in found if row is not None],
        lambda row: normalise_cluster(row, account.region_id, account.marks.cluster),
    )


def normalise_cluster(row: Any, region_id: str, cluster: str | None) -> Thing:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeCluster: it bills by the hour until it is gone."""
    return Thing(
        service=EKS,
        id=row["name"],
        what=f"cluster of Kubernetes {row['version']}, {row['status']}",
        since=row.get("createdAt"),
        bills=Bills.YES,
        remove=f"aws eks delete-cluster --name {shlex.quote(row['name'])} --region {region_id}",
        note="after its node groups",
        tags=row.get("tags", {}),
        named="it is the cluster itself" if row["name"] == cluster else "",
    )


def fetch_node_groups(account: "Account") -> list[Thing]:
    """Return every managed node group of every cluster of the region."""
    client = account.clients["eks"]
    found = [
        row
        for cluster in rows(client, "list_clusters", "clusters", "eks:ListClusters")
        for row in _node_groups(account, cluster)
    ]
    return normalised(found, lambda row: normalise_node_group(row, account.region_id, account.marks.cluster))


def _node_groups(account: "Account", cluster: str) -> list[Any]:
    client = account.clients["eks"]
    names = rows(client, "list_nodegroups", "nodegroups", "eks:ListNodegroups", clusterName=cluster)
    found = [
        described(
            client,
            "describe_nodegroup",
            "nodegroup",
            "eks:DescribeNodegroup",
            gone=GONE,
            clusterName=cluster,
            nodegroupName=name,
        )
        for name in names
    ]
    return [row for row in found if row is not None]


def normalise_node_group(row: Any, region_id: str, cluster: str | None) -> Thing:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeNodegroup: it bills where it keeps or would start instances."""
    wanted = row["scalingConfig"]["desiredSize"]
    name, of = row["nodegroupName"], row["clusterName"]
    return Thing(
        service=EKS,
        id=f"{of}/{name}",
        what=f"node group, {row['status']}, keeps {wanted} instances running",
        since=row.get("createdAt"),
        bills=Bills.YES if wanted else Bills.NO,
        remove=f"aws eks delete-nodegroup --cluster-name {shlex.quote(of)} --nodegroup-name {shlex.quote(name)} "
        f"--region {region_id}",
        tags=row.get("tags", {}),
        named=f"it belongs to cluster {cluster}" if of == cluster else "",
    )


def fetch_auto_scaling_groups(account: "Account") -> list[Thing]:
    """Return every Auto Scaling group."""
    found = rows(
        account.clients["autoscaling"],
        "describe_auto_scaling_groups",
        "AutoScalingGroups",
        "autoscaling:DescribeAutoScalingGroups",
    )
    return normalised(found, lambda row: normalise_auto_scaling_group(row, account.region_id))


def normalise_auto_scaling_group(row: Any, region_id: str) -> Thing:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeAutoScalingGroups: it bills where it keeps instances running or would start them."""
    name, wanted = row["AutoScalingGroupName"], row["DesiredCapacity"]
    return Thing(
        service=AUTO_SCALING,
        id=name,
        what=f"group, keeps {wanted} instances running",
        since=row.get("CreatedTime"),
        bills=Bills.YES if wanted else Bills.NO,
        remove="aws autoscaling delete-auto-scaling-group --force-delete "
        f"--auto-scaling-group-name {shlex.quote(name)} --region {region_id}",
        tags=tag_map(row.get("Tags")),
    )
