"""S3, EFS, FSx, backups: mostly charged by use.

Usage types and attributes as in https://github.com/infracost/infracost/tree/master/internal/resources/aws
(read 2026-11-26).
"""

from collections.abc import Container, Iterator

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.lines import by_use, listed, monthly, only_by_use
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter, meter

S3_STORAGE = meter("AmazonS3", "TimedStorage-ByteHrs")
EFS_STORAGE = listed("AmazonEFS", "TimedStorage-ByteHrs", "GB-Months", storageClass="General Purpose")
EFS_ONE_ZONE = listed("AmazonEFS", "TimedStorage-Z-ByteHrs", "GB-Months", storageClass="One Zone-General Purpose")
EFS_THROUGHPUT = listed(
    "AmazonEFS", "ProvisionedTP-MiBpsHrs", "MiBps-Months", "MiBps-Mo", productFamily="Provisioned Throughput"
)
EFS_ACCESS = tuple(
    listed("AmazonEFS", f"ETDataAccess-Bytes/{access}", "GB", accessType=access) for access in ("Read", "Write")
)
SNAPSHOTS = listed("AmazonEC2", "EBS:SnapshotUsage", "GB-Months", productFamily="Storage Snapshot")
EFS_BACKUPS = listed("AWSBackup", "WarmStorage-ByteHrs-EFS", "GB-Months", productFamily="AWS Backup Storage")
SINGLE, MULTI = "Single-AZ", "Multi-AZ"
WINDOWS_DEPLOYMENTS = {"SINGLE_AZ_1": SINGLE, "SINGLE_AZ_2": SINGLE, "MULTI_AZ_1": MULTI}
SCRATCH = frozenset({"SCRATCH_1", "SCRATCH_2"})
PERSISTENT = frozenset({"PERSISTENT_1", "PERSISTENT_2"})
LUSTRE_MBPS = 50, 100, 125, 200, 250, 500, 1000
"""MB/s for each TiB of Lustre on SSD that can be bought; each is a price."""


def efs(view: View) -> Estimate:
    """Return a file system: what it keeps, and elastic throughput, by use; provisioned throughput, all of it.

    What is kept includes some throughput, but nobody can tell how much will be kept. Without a mode the rates of
    elastic throughput are said too, the dearest of the modes that are charged by use.
    """
    zonal = view.has("availabilityZoneName")
    kept = by_use("EFS storage", EFS_ONE_ZONE if zonal else EFS_STORAGE)
    mode = view.text("throughputMode", default="elastic")
    if mode not in {"bursting", "elastic", "provisioned"}:
        message = f"throughputMode is {mode!r}, which is none of bursting, elastic and provisioned"
        raise UnpriceableError(message)
    elastic = [by_use("EFS reads and writes", by) for by in EFS_ACCESS] if mode == "elastic" else []
    provisioned: list[Component] = []
    if mode == "provisioned" or view.has("provisionedThroughputInMibps"):
        mibps = view.number("provisionedThroughputInMibps")
        provisioned = [monthly("EFS provisioned throughput", EFS_THROUGHPUT, mibps)]
    return Estimate(components=(kept, *elastic, *provisioned))


def fsx_meter(system: str, family: str, unit: str, *units: str, **fields: str) -> Meter:
    """Return a meter of FSx, whose usage types vary, so that the attributes alone tell its SKU."""
    name = " ".join((system, family, *fields.values()))
    return listed(
        "AmazonFSx", f"/{name}", unit, *units, spellings=(), productFamily=family, fileSystemType=system, **fields
    )


def fsx_windows(view: View) -> Estimate:
    """Return a file system for Windows: size and throughput, both bought."""
    deployment = _known(view, "deploymentType", WINDOWS_DEPLOYMENTS)
    return Estimate(components=tuple(_bought(view, "Windows", WINDOWS_DEPLOYMENTS[deployment], ("SSD", "HDD"))))


def fsx_openzfs(view: View) -> Estimate:
    """Return a file system of OpenZFS in one zone: size and throughput, both bought."""
    _known(view, "deploymentType", ("SINGLE_AZ_1",))
    return Estimate(components=tuple(_bought(view, "OpenZFS", SINGLE, ("SSD",))))


def fsx_lustre(view: View) -> Estimate:
    """Return a file system of Lustre on SSD: its size, at the price of its throughput class."""
    deployment = _known(view, "deploymentType", SCRATCH | PERSISTENT)
    _known(view, "storageType", ("SSD",), default="SSD")
    _refuse_iops(view, "metadataConfiguration")
    scratch = deployment in SCRATCH
    throughput = "N/A" if scratch else _throughput_class(view)
    by = fsx_meter("Lustre", "Storage", "GB-Months", storageType="SSD", throughputCapacity=throughput)
    return Estimate(components=(monthly("Lustre storage", by, view.number("storageCapacity")),))


def _throughput_class(view: View) -> str:
    """Return the MB/s that each TiB of Lustre brings, as the price list writes them."""
    throughput = view.number("perUnitStorageThroughput")
    if throughput not in LUSTRE_MBPS:
        message = f"perUnitStorageThroughput is {throughput}, which is none of {', '.join(map(str, LUSTRE_MBPS))}"
        raise UnpriceableError(message)
    return str(int(throughput))


def _bought(view: View, system: str, deployment: str, media: tuple[str, ...]) -> Iterator[Component]:
    storage = _known(view, "storageType", media, default="SSD")
    _refuse_iops(view, "diskIopsConfiguration")
    kept = fsx_meter(system, "Storage", "GB-Months", deploymentOption=deployment, storageType=storage)
    passed = fsx_meter(
        system, "Provisioned Throughput", "MBps-Months", "MBps-Mo", "MiBps-Mo", deploymentOption=deployment
    )
    yield monthly(f"{system} storage", kept, view.number("storageCapacity"))
    yield monthly(f"{system} throughput", passed, view.number("throughputCapacity"))


def _known(view: View, name: str, known: Container[str], default: str | None = None) -> str:
    value = view.text(name, default=default)
    if value in known:
        return value
    message = f"{name} is {value!r}, and no price of that is built in"
    raise UnpriceableError(message)


def _refuse_iops(view: View, name: str) -> None:
    """Do nothing where the file system gets the operations that come with its size."""
    if view.has(name) and view.text(name, "mode") != "AUTOMATIC":
        message = f"{name} buys operations, and no price of those is built in"
        raise UnpriceableError(message)


def backup_vault(_: View) -> Estimate:
    """Return what a vault may keep, by use; backups of databases are charged by their own services."""
    return Estimate(components=(by_use("backups of EFS", EFS_BACKUPS), by_use("snapshots of volumes", SNAPSHOTS)))


BUCKET = only_by_use(by_use("S3 storage", S3_STORAGE))
PRICED = {
    "aws:s3/bucket:Bucket": BUCKET,
    "aws:s3/bucketV2:BucketV2": BUCKET,
    "aws:efs/fileSystem:FileSystem": efs,
    "aws:fsx/windowsFileSystem:WindowsFileSystem": fsx_windows,
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": fsx_openzfs,
    "aws:fsx/lustreFileSystem:LustreFileSystem": fsx_lustre,
    "aws:backup/vault:Vault": backup_vault,
}
