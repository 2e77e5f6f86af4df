"""EC2: instances, volumes, snapshots and reservations of capacity."""

from typing import TYPE_CHECKING, Any

from costcheck.sources.leftovers.calls import given, normalised, rows, tag_map
from costcheck.sources.leftovers.things import Bills, Thing

if TYPE_CHECKING:
    from costcheck.sources.leftovers.calls import Account

EC2 = "Amazon EC2"
GROUP_TAG = "aws:autoscaling:groupName"
"""Put on every instance of an Auto Scaling group, with the group's name."""

_GONE_INSTANCE = {"terminated"}
_IDLE_INSTANCE = {"stopping", "stopped", "shutting-down"}
"""Not billed: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html, read 2026-11-26."""
_GONE_VOLUME = {"deleting", "deleted"}
_GONE_RESERVATION = {"expired", "cancelled", "failed", "payment-failed", "unsupported"}


def fetch_instances(account: "Account") -> list[Thing]:
    """Return every instance that is not terminated."""
    found = rows(account.clients["ec2"], "describe_instances", "Reservations", "ec2:DescribeInstances")
    instances = [instance for reservation in found for instance in reservation.get("Instances", ())]
    return normalised(instances, lambda row: normalise_instance(row, account.region_id))


def normalise_instance(row: Any, region_id: str) -> Thing | None:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeInstances; None where it is terminated."""
    state, tags = row["State"]["Name"], tag_map(row.get("Tags"))
    if state in _GONE_INSTANCE:
        return None
    bills = Bills.PREPAID if row.get("InstanceLifecycle") == "capacity-block" else Bills.YES
    managed = row.get("Operator", {}).get("Managed", False)
    return Thing(
        service=EC2,
        id=row["InstanceId"],
        what=f"instance {row['InstanceType']}, {state}",
        since=row.get("LaunchTime"),
        bills=Bills.NO if state in _IDLE_INSTANCE else bills,
        remove=f"aws ec2 terminate-instances --instance-ids {row['InstanceId']} --region {region_id}",
        note="EKS Auto Mode made it and refuses this while the cluster is there" if managed else "",
        tags=tags,
        related=given(row.get("VpcId"), tags.get(GROUP_TAG)),
    )


def fetch_volumes(account: "Account") -> list[Thing]:
    """Return every volume."""
    found = rows(account.clients["ec2"], "describe_volumes", "Volumes", "ec2:DescribeVolumes")
    return normalised(found, lambda row: normalise_volume(row, account.region_id))


def normalise_volume(row: Any, region_id: str) -> Thing | None:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeVolumes; None where it is being deleted."""
    if row["State"] in _GONE_VOLUME:
        return None
    return Thing(
        service=EC2,
        id=row["VolumeId"],
        what=f"volume {row['VolumeType']} of {row['Size']} GiB, {row['State']}",
        since=row.get("CreateTime"),
        bills=Bills.YES,
        remove=f"aws ec2 delete-volume --volume-id {row['VolumeId']} --region {region_id}",
        tags=tag_map(row.get("Tags")),
        related=given(*(attached.get("InstanceId") for attached in row.get("Attachments", ()))),
    )


def fetch_snapshots(account: "Account") -> list[Thing]:
    """Return every snapshot that the account owns."""
    found = rows(
        account.clients["ec2"], "describe_snapshots", "Snapshots", "ec2:DescribeSnapshots", OwnerIds=["self"]
    )
    return normalised(found, lambda row: normalise_snapshot(row, account.region_id))


def normalise_snapshot(row: Any, region_id: str) -> Thing:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeSnapshots."""
    return Thing(
        service=EC2,
        id=row["SnapshotId"],
        what=f"snapshot of a volume of {row['VolumeSize']} GiB, {row['State']}",
        since=row.get("StartTime"),
        bills=Bills.YES,
        remove=f"aws ec2 delete-snapshot --snapshot-id {row['SnapshotId']} --region {region_id}",
        tags=tag_map(row.get("Tags")),
        related=given(row.get("VolumeId")),
    )


def fetch_capacity_reservations(account: "Account") -> list[Thing]:
    """Return every reservation of capacity that has not ended, Capacity Blocks among them."""
    found = rows(
        account.clients["ec2"],
        "describe_capacity_reservations",
        "CapacityReservations",
        "ec2:DescribeCapacityReservations",
    )
    return normalised(found, lambda row: normalise_capacity_reservation(row, account.region_id))


def normalise_capacity_reservation(row: Any, region_id: str) -> Thing | None:  # noqa: ANN401 - AWS's own shape
    """Return one of DescribeCapacityReservations; None where it has ended.

    A Capacity Block is paid in advance and cannot be cancelled; any other reservation bills, used or not.
    """
    if row["State"] in _GONE_RESERVATION:
        return None
    block = row.get("ReservationType") == "capacity-block"
    name = "Capacity Block" if block else "capacity reservation"
    end = row.get("EndDate")
    return Thing(
        service=EC2,
        id=row["CapacityReservationId"],
        what=f"{name} of {row['TotalInstanceCount']} x {row['InstanceType']}, {row['State']}",
        since=row.get("StartDate") or row.get("CreateDate"),
        bills=Bills.PREPAID if block else Bills.YES,
        remove="" if block else _cancel(row["CapacityReservationId"], region_id),
        note=" ".join(
            part
            for part in (
                "paid in advance, cannot be cancelled;" if block else "",
                f"ends on {end:%Y-%m-%d}" if end else "",
            )
            if part
        ),
        tags=tag_map(row.get("Tags")),
    )


def _cancel(reservation_id: str, region_id: str) -> str:
    return f"aws ec2 cancel-capacity-reservation --capacity-reservation-id {reservation_id} --region {region_id}"
