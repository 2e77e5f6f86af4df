"""RDS: instances with their storage, proxies, snapshots. Aurora has a file of its own."""

from dataclasses import dataclass
from decimal import Decimal

from costcheck.gate.estimate import Component, Estimate
from costcheck.gate.types.lines import all_month, by_use, listed, monthly
from costcheck.gate.types.rds_engines import Engine, engine_of
from costcheck.gate.view import UnpriceableError, View
from costcheck.meters import Meter

INSTANCE, CLUSTER = "aws:rds/instance:Instance", "aws:rds/cluster:Cluster"
SINGLE, MULTI = "Single-AZ", "Multi-AZ"
USAGE = {SINGLE: "InstanceUsage", MULTI: "Multi-AZUsage"}
GP3_INCLUDED_IOPS, GP3_INCLUDED_MIBPS = 3000, 125
GP3_STRIPED_FROM_GIB = {"Oracle": 200, "PostgreSQL": 400, "MySQL": 400, "MariaDB": 400}
GP3_STRIPED_IOPS, GP3_STRIPED_MIBPS = 12000, 500
"""What gp3 storage includes; from this size on, RDS stripes it over four volumes, and only then may IOPS be set; SQL
Server is not striped (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html, read 2026-11-26 in
https://github.com/infracost/infracost/blob/02a71da50424afee08b97dd3b6b6dd81d1ab913b/internal/resources/aws/db_instance.go)."""
PI_FREE_DAYS = 7
CHARGED_EXTRA = ("customIamInstanceProfile", "additionalStorageVolumes")


def short_class(instance_class: str) -> str:
    """Return an instance class as usage types write it: `db.m6g.2xl`."""
    return instance_class.replace("xlarge", "xl")


def class_meter(service: str, usage: str, instance_class: str, label: str, **fields: str) -> Meter:
    """Return the meter of one hour of a class: usage types write it in full or short."""
    return listed(
        service,
        f"{usage}:{instance_class}{label and '/'}{label}",
        "Hours",
        spellings=(f"{usage}:{short_class(instance_class)}",),
        instanceType=instance_class,
        **fields,
    )


def instance(view: View) -> Estimate:
    """Return an instance, its storage up to what it may grow to, and what backups and bursts cost by use."""
    origin = _origin(view)
    engine = engine_of(origin)
    _require_priced(view, engine)
    zones = MULTI if view.flag("multiAz", default=False) else SINGLE
    of_class = class_meter(
        "AmazonRDS",
        USAGE[zones],
        view.text("instanceClass"),
        engine.label,
        deploymentOption=zones,
        **engine.fields,
    )
    return Estimate(
        components=(
            all_month(f"{engine.name} instance, {zones}", of_class),
            *_stored(_storage(view, origin), engine, zones),
            by_use("backups beyond the size of the database", backup_meter(engine)),
            *bursts(view, "AmazonRDS", engine.name),
        )
    )


def _origin(view: View) -> View:
    """Return where engine and storage are said: a read replica takes both from its source."""
    seen = set[str]()
    while view.has("replicateSourceDb"):
        source = view.referred("replicateSourceDb", INSTANCE)
        if source is None or source.resource.urn in seen:
            message = "the instance that it replicates is not in the plan, so its engine and storage are not known"
            raise UnpriceableError(message)
        seen.add(source.resource.urn)
        view = source
    return view


def _require_priced(view: View, engine: Engine) -> None:
    """Do nothing if nothing is switched on that is charged by a meter which is not built in."""
    require_free_insights(view)
    extra = [name for name in CHARGED_EXTRA if view.has(name)]
    if view.flag("dedicatedLogVolume", default=False):
        extra.append("dedicatedLogVolume")
    if extra:
        message = f"{extra[0]} adds a price that is not built in"
        raise UnpriceableError(message)
    if engine.name.startswith("Aurora"):
        message = "an instance of Aurora belongs to a cluster and has a type of its own"
        raise UnpriceableError(message)


def require_free_insights(view: View) -> None:
    """Do nothing if an instance or cluster keeps only the insights that cost nothing."""
    kept = view.number("performanceInsightsRetentionPeriod", default=PI_FREE_DAYS)
    mode = view.text("databaseInsightsMode", default="standard")
    if kept > PI_FREE_DAYS or mode != "standard":
        message = "insights beyond the free ones add a price for each vCPU that is not built in"
        raise UnpriceableError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The storage of one instance.

    Attributes:
        kind: `gp2`, `gp3` or `io1`.
        gib: At first.
        most_gib: Up to which it may grow by itself.
        iops: Asked for; 0 where the type sets them.
        throughput_mibps: Asked for; 0 where the type sets it.
    """

    kind: str
    gib: Decimal
    most_gib: Decimal
    iops: Decimal
    throughput_mibps: Decimal


def _storage(view: View, origin: View) -> Storage:
    gib = _either(view, origin, "allocatedStorage").number("allocatedStorage")
    iops = _either(view, origin, "iops").number("iops", default=0)
    kind = _either(view, origin, "storageType").text("storageType", default="io1" if iops else "gp2")
    if kind not in STORAGE or (kind == "io1" and not iops):
        message = f"no price of RDS storage of type {kind[:60]!r} with {iops} IOPS is built in"
        raise UnpriceableError(message)
    return Storage(
        kind=kind,
        gib=gib,
        most_gib=max(gib, view.number("maxAllocatedStorage", default=0)),
        iops=iops,
        throughput_mibps=view.number("storageThroughput", default=0),
    )


def _either(view: View, origin: View, name: str) -> View:
    return view if view.has(name) else origin


STORAGE = {"gp2": "GP2-Storage", "gp3": "GP3-Storage", "io1": "PIOPS-Storage"}


def _stored(storage: Storage, engine: Engine, zones: str) -> tuple[Component, ...]:
    """Return size and speed; the price list has gp3 storage apart for each engine, and the rest for any."""
    owner = engine.name if storage.kind == "gp3" else "Any"
    size = _storage_meter(STORAGE[storage.kind], "GB-Months", "Database Storage", owner, zones)
    extra = storage.iops if storage.kind == "io1" else _beyond_gp3(storage, engine)
    usage = "PIOPS" if storage.kind == "io1" else "GP3-PIOPS"
    speed = _storage_meter(usage, "IOPS-Months", "Provisioned IOPS", owner, zones)
    return (
        monthly(f"{storage.kind} storage", size, storage.gib, storage.most_gib),
        *((monthly("IOPS beyond what is included", speed, extra),) if extra else ()),
    )


def _beyond_gp3(storage: Storage, engine: Engine) -> Decimal:
    if storage.kind != "gp3":
        return Decimal(0)
    striped_from = GP3_STRIPED_FROM_GIB.get(engine.name)
    striped = striped_from is not None and storage.gib >= striped_from
    if storage.throughput_mibps > (GP3_STRIPED_MIBPS if striped else GP3_INCLUDED_MIBPS):
        message = "storageThroughput is beyond what gp3 includes, and no price of it is built in"
        raise UnpriceableError(message)
    extra = max(storage.iops - (GP3_STRIPED_IOPS if striped else GP3_INCLUDED_IOPS), Decimal(0))
    if extra and striped_from is not None and not striped:
        message = f"RDS sets no iops on gp3 storage of {engine.name} below {striped_from} GiB"
        raise UnpriceableError(message)
    return extra


def _storage_meter(usage: str, unit: str, family: str, engine: str, zones: str) -> Meter:
    zoned = f"RDS:{usage}" if zones == SINGLE else f"RDS:Multi-AZ-{usage}"
    return listed(
        "AmazonRDS",
        f"{zoned}/{engine}",
        unit,
        "IOPS-Mo",
        productFamily=family,
        databaseEngine=engine,
        deploymentOption=zones,
    )


def backup_meter(engine: Engine) -> Meter:
    """Return the meter of backups and snapshots beyond the free ones."""
    usage = "Aurora:BackupUsage" if engine.name.startswith("Aurora") else "RDS:ChargedBackupUsage"
    return listed(
        "AmazonRDS",
        f"{usage}/{engine.name}",
        "GB-Months",
        productFamily="Storage Snapshot",
        databaseEngine=engine.name,
    )


def bursts(view: View, service: str, engine: str) -> tuple[Component, ...]:
    """Return the credits that a burstable class buys beyond those that it earns: it always runs unlimited."""
    family = view.text("instanceClass").rpartition(".")[0]
    if family not in ("db.t3", "db.t4g"):
        return ()
    usage, units = f"CPUCredits:{family}", ("vCPU-Hours", "vCPU-hour")
    meter = listed(service, usage, *units)
    if engine:
        meter = listed(service, f"{usage}/{engine}", *units, databaseEngine=engine)
    return (by_use("CPU credits beyond those earned", meter),)


PRICED = {INSTANCE: instance}
