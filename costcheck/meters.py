"""The meters by which AWS charges, each with the attributes that leave exactly one SKU of the price list."""

import re
from dataclasses import dataclass

from costcheck.units import MIB_PER_GIB

_PREFIX = re.compile(r"(?:EU|[A-Z]{3,4}\d{1,2})-")
"""Region prefix of a usage type: `USE1-`, `APN1-`, the old `EU-`; us-east-1 often has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """How to find one AWS price.

    Attributes:
        service_code: Offer code of the price list.
        sku_meter: Usage type without its region prefix; after a slash, what tells SKUs apart that share one
            (`LoadBalancerUsage/Network`). Nothing stands before the slash where the attributes alone tell.
        fields: Attributes that together leave exactly one SKU in a region.
        divisors: Units in which the price list may state it, and how many pricing units each holds.
        pricing_unit: The unit of the row, in FOCUS' words.
        region_field: Attribute that holds the region.
        region_id: `global` where one price holds for the whole world; None where each region has its own.
        spellings: Further usage types of the same SKU, where regions or sizes spell it differently
            (`InstanceUsage:db.m6g.2xl`).
    """

    service_code: str
    sku_meter: str
    fields: tuple[tuple[str, str], ...]
    divisors: tuple[tuple[str, int], ...]
    pricing_unit: str
    region_field: str = "regionCode"
    region_id: str | None = None
    spellings: tuple[str, ...] = ()

    @property
    def usage_type(self) -> str:
        """Return the usage type alone, without its region prefix."""
        return self.sku_meter.partition("/")[0]

    def required(self, region_id: str) -> dict[str, str]:
        """Return every attribute that a row of this region must carry.

        A price of the whole world has the location `Any` and an empty region, for which GetProducts takes no filter;
        its usage type, which never has a prefix, serves instead.
        """
        where = {self.region_field: region_id} if self.region_id is None else {"usagetype": self.usage_type}
        return where | dict(self.fields)

    def matches_usage_type(self, usage_type: str, region_id: str) -> bool:
        """Return whether a usage type is this meter's, with or without its region prefix."""
        if not self.usage_type:
            return True
        bare = _PREFIX.sub("", usage_type, count=1) if _PREFIX.match(usage_type) else usage_type
        return not {bare, usage_type.removeprefix(f"{region_id}-")}.isdisjoint({self.usage_type, *self.spellings})


def on_demand_meter(instance_type: str) -> Meter:
    """Return the meter of one on-demand, shared-tenancy Linux instance hour.

    With the region these are eight attributes; each one really separates SKUs (Windows, SQL Server,
    Dedicated, unused reservations, licences, Capacity Blocks at $0).
    """
    fields = (
        ("instanceType", instance_type),
        ("operatingSystem", "Linux"),
        ("tenancy", "Shared"),
        ("preInstalledSw", "NA"),
        ("capacitystatus", "Used"),
        ("licenseModel", "No License required"),
        ("marketoption", "OnDemand"),
    )
    return Meter(
        service_code="AmazonEC2",
        sku_meter=f"BoxUsage:{instance_type}",
        fields=fields,
        divisors=(("Hrs", 1),),
        pricing_unit="Hours",
    )


def define(
    service: str, usage: str, unit: str, pricing_unit: str, /, *, region_id: str | None = None, **fields: str
) -> Meter:
    """Return a meter that the price list states in one unit; `fields` leave exactly one SKU in a region."""
    return Meter(
        service_code=service,
        sku_meter=usage,
        fields=tuple(fields.items()),
        divisors=((unit, 1),),
        pricing_unit=pricing_unit,
        region_id=region_id,
    )


_HOURS = ("Hrs", "Hours")
_GB_MONTHS = ("GB-Mo", "GB-Months")
_GB = ("GB", "GB")
METERS: tuple[Meter, ...] = (
    define("AmazonEKS", "AmazonEKS-Hours:perCluster", *_HOURS, operation="CreateOperation"),
    # Added to the row above while a version is out of standard support: 0.10 + 0.50, not 0.50.
    define("AmazonEKS", "AmazonEKS-Hours:extendedSupport", *_HOURS, operation="ExtendedSupport"),
    define("AmazonEC2", "EBS:VolumeUsage.gp3", *_GB_MONTHS, productFamily="Storage"),
    define("AmazonEC2", "EBS:VolumeP-IOPS.gp3", "IOPS-Mo", "IOPS-Months", productFamily="System Operation"),
    Meter(
        service_code="AmazonEC2",
        sku_meter="EBS:VolumeP-Throughput.gp3",
        fields=(("productFamily", "Provisioned Throughput"),),
        divisors=(("GiBps-mo", MIB_PER_GIB), ("MiBps-Mo", 1)),
        pricing_unit="MiBps-Months",
    ),
    define("AmazonEC2", "NatGateway-Hours", *_HOURS, productFamily="NAT Gateway"),
    define("AmazonEC2", "NatGateway-Bytes", *_GB, productFamily="NAT Gateway"),
    define("AWSELB", "LoadBalancerUsage", *_HOURS, productFamily="Load Balancer-Application"),
    define("AWSELB", "LCUUsage", "LCU-Hrs", "LCU-Hours", productFamily="Load Balancer-Application"),
    define("AmazonVPC", "PublicIPv4:InUseAddress", *_HOURS),
    define("AmazonVPC", "VpcEndpoint-Hours", *_HOURS, productFamily="VpcEndpoint"),
    define("AmazonVPC", "VpcEndpoint-Bytes", *_GB, productFamily="VpcEndpoint"),
    Meter(
        service_code="AWSDataTransfer",
        sku_meter="DataTransfer-Regional-Bytes",
        fields=(("transferType", "IntraRegion"),),
        divisors=(("GB", 1),),
        pricing_unit="GB",
        region_field="fromRegionCode",
    ),
    Meter(
        service_code="AWSDataTransfer",
        sku_meter="DataTransfer-Out-Bytes",
        fields=(("transferType", "AWS Outbound"),),
        divisors=(("GB", 1),),
        pricing_unit="GB",
        region_field="fromRegionCode",
    ),
    define("AmazonCloudWatch", "DataProcessing-Bytes", *_GB, productFamily="Data Payload"),
    define("AmazonCloudWatch", "TimedStorage-ByteHrs", *_GB_MONTHS, productFamily="Storage Snapshot"),
    define("AmazonS3", "TimedStorage-ByteHrs", *_GB_MONTHS, productFamily="Storage", volumeType="Standard"),
    define("AmazonECR", "TimedStorage-ByteHrs", *_GB_MONTHS, productFamily="EC2 Container Registry"),
    define("awskms", "KMS-Keys", "Keys", "Key-Months", productFamily="Encryption Key"),
)
"""Every AWS price of the design's list beside instance hours; a new one is a new line."""

_HOURLY = (("Hrs", 1), ("hours", 1), ("Hours", 1))


def auto_mode_meter(instance_type: str) -> Meter:
    """Return the meter of the fee of EKS Auto Mode on one hour of an instance, whichever way that is bought.

    As quoted from AWS's price list of 2026-09-28 in public repositories (read 2026-11-26).
    """
    return Meter(
        service_code="AmazonEKS",
        sku_meter=f"EKS-Auto:{instance_type}-management-hours",
        fields=(("operation", "EKSAutoUsage"),),
        divisors=_HOURLY,
        pricing_unit="Hours",
    )


def gateway_meters(database_class: str, cache_node: str) -> tuple[Meter, ...]:
    """Return the meters of a managed PostgreSQL, in one zone and in two, with its gp3 storage, and of a Valkey node.

    Attributes as the gate's registry has them (`costcheck.gate.types.rds`, `caches`).
    """
    node = (("instanceType", cache_node), ("cacheEngine", "Valkey"))
    return (
        *(_database(zones, database_class) for zones in _DATABASE_USAGE),
        *(_database_storage(zones) for zones in _DATABASE_USAGE),
        Meter(
            service_code="AmazonElastiCache",
            sku_meter=f"NodeUsage:{cache_node}/Valkey",
            fields=node,
            divisors=_HOURLY,
            pricing_unit="Hours",
        ),
    )


_DATABASE_USAGE = {
    "Single-AZ": ("InstanceUsage", "RDS:GP3-Storage"),
    "Multi-AZ": ("Multi-AZUsage", "RDS:Multi-AZ-GP3-Storage"),
}


def _database(zones: str, database_class: str) -> Meter:
    usage = _DATABASE_USAGE[zones][0]
    return Meter(
        service_code="AmazonRDS",
        sku_meter=f"{usage}:{database_class}/PostgreSQL",
        fields=(
            ("instanceType", database_class),
            ("deploymentOption", zones),
            ("databaseEngine", "PostgreSQL"),
        ),
        divisors=_HOURLY,
        pricing_unit="Hours",
        spellings=(f"{usage}:{database_class.replace('xlarge', 'xl')}",),
    )


def _database_storage(zones: str) -> Meter:
    return Meter(
        service_code="AmazonRDS",
        sku_meter=f"{_DATABASE_USAGE[zones][1]}/PostgreSQL",
        fields=(
            ("productFamily", "Database Storage"),
            ("databaseEngine", "PostgreSQL"),
            ("deploymentOption", zones),
        ),
        divisors=(("GB-Mo", 1), ("GB-month", 1), ("GB-months", 1), ("GB-Month", 1)),
        pricing_unit="GB-Months",
    )


_BY_NAME = {(one.service_code, one.sku_meter): one for one in METERS}


def meter(service_code: str, sku_meter: str) -> Meter:
    """Return the meter of this name; KeyError if none is listed."""
    return _BY_NAME[service_code, sku_meter]
