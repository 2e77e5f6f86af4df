"""EBS: volumes of every type, by themselves and with instances; snapshots and images.

Usage types as in https://github.com/infracost/infracost/blob/master/internal/resources/aws/ebs_volume.go and
https://github.com/infracost/infracost/blob/master/internal/resources/aws/ebs_snapshot.go (read 2026-11-26).
"""

from collections.abc import Iterator
from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.lines import ONE, by_use, listed, monthly, only_by_use
from costcheck.gate.types.storage import SNAPSHOTS
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter, meter

Path = tuple[str | int, ...]
GP3 = meter("AmazonEC2", "EBS:VolumeUsage.gp3")
GP3_IOPS = meter("AmazonEC2", "EBS:VolumeP-IOPS.gp3")
GP3_THROUGHPUT = meter("AmazonEC2", "EBS:VolumeP-Throughput.gp3")
INCLUDED_IOPS, INCLUDED_MIBPS = 3000, 125
"""What a gp3 volume includes (https://aws.amazon.com/ebs/pricing/, read 2026-09-25)."""
USAGE_OF = {"gp2": ".gp2", "io1": ".piops", "io2": ".io2", "st1": ".st1", "sc1": ".sc1", "standard": ""}
SIZE = {kind: listed("AmazonEC2", f"EBS:VolumeUsage{end}", "GB-Months", productFamily="Storage")
        for kind, end in USAGE_OF.items()} | {"gp3": GP3}  # fmt: skip


def _iops(usage: str) -> Meter:
    return listed(
        "AmazonEC2", f"EBS:VolumeP-IOPS.{usage}", "IOPS-Months", "IOPS-Mo", productFamily="System Operation"
    )


IO1_IOPS = _iops("piops")
IO2_TIERS = (
    (0, Decimal(32_000), _iops("io2")),
    (32_000, Decimal(64_000), _iops("io2.tier2")),
    (64_000, Decimal("Infinity"), _iops("io2.tier3")),
)
"""From which to which of the IOPS of one io2 volume a meter charges (https://aws.amazon.com/ebs/pricing/)."""
MAGNETIC_REQUESTS = listed("AmazonEC2", "EBS:VolumeIOUsage", "IOs", productFamily="System Operation")
ARCHIVE = listed("AmazonEC2", "EBS:SnapshotArchiveStorage", "GB-Months", productFamily="Storage Snapshot")
SNAPSHOT = only_by_use(by_use("snapshots of volumes", SNAPSHOTS))


def volume_components(
    view: View, path: Path, *, count: Decimal, maximum: Decimal | None, size: str = "size"
) -> tuple[Component, ...]:
    """Return what `count` volumes of one description cost: size, and the performance that is bought beside it.

    Raises:
        UnpriceableError: Its type or size is left to somebody else, or it buys something without a meter here.
    """
    for name in ("volumeInitializationRate", "outpostArn"):
        if view.has(*path, name):
            message = f"{'.'.join(map(str, (*path, name)))} adds a price that is not built in"
            raise UnpriceableError(message)
    kind = view.text(*path, "volumeType" if size == "volumeSize" else "type")
    if kind not in SIZE:
        message = f"no price of volumes of type {kind[:60]!r} is built in"
        raise UnpriceableError(message)
    most = None if maximum is None else max(count, maximum)
    each = ((f"{kind} volume", SIZE[kind], view.number(*path, size)), *_performance(view, path, kind))
    requests = (by_use("requests to magnetic volumes", MAGNETIC_REQUESTS),) if kind == "standard" else ()
    return (
        *(
            monthly(name, by, count * quantity, None if most is None else most * quantity)
            for name, by, quantity in each
            if quantity
        ),
        *requests,
    )


def _performance(view: View, path: Path, kind: str) -> Iterator[tuple[str, Meter, Decimal]]:
    """Yield what is bought beside the size; st1, sc1, gp2 and standard come as fast as they are large."""
    if kind == "gp3":
        iops = view.number(*path, "iops", default=INCLUDED_IOPS)
        throughput = view.number(*path, "throughput", default=INCLUDED_MIBPS)
        yield "gp3 IOPS beyond 3,000", GP3_IOPS, max(iops - INCLUDED_IOPS, Decimal(0))
        yield "gp3 throughput beyond 125 MiB/s", GP3_THROUGHPUT, max(throughput - INCLUDED_MIBPS, Decimal(0))
    elif kind == "io1":
        yield "io1 IOPS", IO1_IOPS, view.number(*path, "iops")
    elif kind == "io2":
        iops = view.number(*path, "iops")
        for start, end, by in IO2_TIERS:
            yield f"io2 IOPS beyond {start:,}", by, max(min(iops, end) - start, Decimal(0))


def listed_volumes(view: View, path: Path, *, count: Decimal, maximum: Decimal | None) -> tuple[Component, ...]:
    """Return every volume of a list, such as `ebsBlockDevices`, `count` times."""
    return tuple(
        part
        for index in range(view.items(*path))
        for part in volume_components(view, (*path, index), count=count, maximum=maximum, size="volumeSize")
    )


def template_volumes(template: View, *, count: Decimal, maximum: Decimal | None) -> tuple[Component, ...]:
    """Return the volumes that each instance of a launch template brings along.

    Raises:
        UnpriceableError: The template leaves a size to the image, or a type without a meter here.
    """
    mappings = template.items("blockDeviceMappings")
    if not mappings:
        message = "blockDeviceMappings is not in the plan, so the size of the disks is the image's choice"
        raise UnpriceableError(message)
    return tuple(
        part
        for index in range(mappings)
        if not _is_no_volume(template, index)
        for part in volume_components(
            template, ("blockDeviceMappings", index, "ebs"), count=count, maximum=maximum, size="volumeSize"
        )
    )


def _is_no_volume(template: View, index: int) -> bool:
    """Return whether a mapping only hides a device of the image, or names a disk of the instance itself."""
    path = "blockDeviceMappings", index
    return not template.has(*path, "ebs") and (template.has(*path, "noDevice") or template.has(*path, "virtualName"))


def volume(view: View) -> Estimate:
    """Return an EBS volume."""
    return Estimate(components=volume_components(view, (), count=ONE, maximum=None))


def snapshot(view: View) -> Estimate:
    """Return what a snapshot keeps, by use, in its tier."""
    archived = view.text("storageTier", default="standard") == "archive"
    return Estimate(components=(by_use("snapshots of volumes", ARCHIVE if archived else SNAPSHOTS),))


PRICED = {
    "aws:ebs/volume:Volume": volume,
    "aws:ebs/snapshot:Snapshot": snapshot,
    "aws:ebs/snapshotCopy:SnapshotCopy": snapshot,
    "aws:ebs/snapshotImport:SnapshotImport": snapshot,
    "aws:ec2/ami:Ami": SNAPSHOT,
    "aws:ec2/amiCopy:AmiCopy": SNAPSHOT,
    "aws:ec2/amiFromInstance:AmiFromInstance": SNAPSHOT,
}
