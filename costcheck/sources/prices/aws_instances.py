"""Facts about EC2 instance types and the zones that offer them.

GPU facts come from `DescribeInstanceTypes`; the price list's `gpu` attributes count Trainium chips as
GPUs and give memory as prose.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from costcheck.errors import PriceNotFoundError, SourcePayloadError
from costcheck.records import InstanceType, Origin, Provenance, ZoneOffering
from costcheck.sources.prices.aws_calls import error_code, translated_errors
from costcheck.units import MIB_PER_GIB

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.literals import InstanceTypeType

DESCRIBE_URL = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html"
OFFERINGS_URL = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html"
_MAX_NAMES_A_CALL = 100
"""DescribeInstanceTypes refuses more names in one request."""


class _Mib(msgspec.Struct):
    size: int = msgspec.field(name="SizeInMiB")


class _Gpu(msgspec.Struct, rename="pascal"):
    name: str
    count: int
    memory_info: _Mib


class _GpuInfo(msgspec.Struct, rename="pascal"):
    gpus: list[_Gpu]


class _VCpuInfo(msgspec.Struct):
    default: int = msgspec.field(name="DefaultVCpus")


class _Storage(msgspec.Struct):
    total_gb: int = msgspec.field(name="TotalSizeInGB")


class _Description(msgspec.Struct, rename="pascal"):
    instance_type: str
    memory_info: _Mib
    vcpu: _VCpuInfo = msgspec.field(name="VCpuInfo")
    gpu_info: _GpuInfo | None = None
    instance_storage_info: _Storage | None = None


def fetch_instance_types(
    client: "EC2Client", instance_types: Sequence[str], *, retrieved_on: date
) -> tuple[InstanceType, ...]:
    """Return EC2's facts about each named type, in the order of the names.

    Raises:
        PriceNotFoundError: EC2 does not know one of the types in this region; it is named.
        SourceError: AWS did not answer usefully.
    """
    provenance = _provenance("ec2_describe_instance_types", DESCRIBE_URL, retrieved_on)
    found = {
        fact.instance_type: fact
        for start in range(0, len(instance_types), _MAX_NAMES_A_CALL)
        for fact in normalise_instance_types(
            _described(client, instance_types[start : start + _MAX_NAMES_A_CALL]), provenance
        )
    }
    missing = sorted(set(instance_types) - set(found))
    if missing:
        raise _unknown_types(", ".join(missing))
    return tuple(found[name] for name in instance_types)


def _described(client: "EC2Client", names: Sequence[str]) -> list[Any]:
    wanted: Sequence[InstanceTypeType] = names  # type: ignore[assignment]  # any name may be asked for
    with translated_errors("ec2:DescribeInstanceTypes"):
        try:
            pages = client.get_paginator("describe_instance_types").paginate(InstanceTypes=wanted)
            return [row for page in pages for row in page.get("InstanceTypes", [])]
        except ClientError as exc:
            if error_code(exc) != "InvalidInstanceType":
                raise
            raise _unknown_types(exc.response["Error"].get("Message", ", ".join(names))) from exc


def normalise_instance_types(descriptions: Iterable[object], provenance: Provenance) -> list[InstanceType]:
    """Return EC2's descriptions as records.

    A fractional GPU (`g6f`) has `Count` 0: it keeps its name and memory, and counts as no whole GPU.

    Raises:
        SourcePayloadError: A description lacks what EC2 always says, or mixes GPU models.
    """
    return [_instance_type(description, provenance) for description in descriptions]


def _instance_type(description: object, provenance: Provenance) -> InstanceType:
    row = _converted(description)
    gpus = row.gpu_info.gpus if row.gpu_info else []
    if len(gpus) > 1:
        message = f"{row.instance_type} has GPUs of {len(gpus)} kinds: {[gpu.name for gpu in gpus]}"
        raise SourcePayloadError(message, expected="one kind of GPU in a type", action="report it; it is not sized")
    gpu = gpus[0] if gpus else None
    return InstanceType(
        instance_type=row.instance_type,
        vcpu_count=row.vcpu.default,
        memory_gib=_gib(row.memory_info),
        gpu_count=gpu.count if gpu else 0,
        gpu_name=gpu.name if gpu else None,
        gpu_memory_gib=_gib(gpu.memory_info) if gpu else None,
        instance_storage_gb=row.instance_storage_info.total_gb if row.instance_storage_info else 0,
        provenance=provenance,
    )


def _converted(description: object) -> _Description:
    try:
        return msgspec.convert(description, _Description)
    except msgspec.ValidationError as exc:
        message = f"an EC2 instance type description reads {str(description)[:80]!r}: {exc}"
        raise SourcePayloadError(
            message, expected="the shape of DescribeInstanceTypes", action="try again later"
        ) from exc


def fetch_zone_offerings(
    client: "EC2Client", region_id: str, instance_types: Sequence[str], *, retrieved_on: date
) -> tuple[ZoneOffering, ...]:
    """Return for each named type the zones of the region that offer it; none is an answer too.

    Zones are named by id (`use1-az4`), since names (`us-east-1a`) differ between accounts.
    """
    with translated_errors("ec2:DescribeInstanceTypeOfferings"):
        pages = client.get_paginator("describe_instance_type_offerings").paginate(
            LocationType="availability-zone-id",
            Filters=[{"Name": "instance-type", "Values": list(instance_types)}],
        )
        rows = [row for page in pages for row in page.get("InstanceTypeOfferings", [])]
    zones: dict[str, set[str]] = {name: set() for name in instance_types}
    for row in rows:
        name, zone = row.get("InstanceType"), row.get("Location")
        if name is None or zone is None or row.get("LocationType") != "availability-zone-id":
            message = f"an EC2 instance type offering reads {row!r}"
            raise SourcePayloadError(message, expected="a type in an availability-zone-id", action="try again later")
        if name in zones:
            zones[name].add(zone)
    return normalise_zone_offerings(
        {name: sorted(ids) for name, ids in zones.items()},
        region_id,
        _provenance("ec2_describe_instance_type_offerings", OFFERINGS_URL, retrieved_on),
    )


def normalise_zone_offerings(
    zones: dict[str, list[str]], region_id: str, provenance: Provenance
) -> tuple[ZoneOffering, ...]:
    """Return one record for each type, its zone ids in order."""
    return tuple(
        ZoneOffering(region_id=region_id, instance_type=name, zone_ids=tuple(sorted(zone_ids)), provenance=provenance)
        for name, zone_ids in sorted(zones.items())
    )


def _gib(memory: _Mib) -> Decimal:
    return Decimal(memory.size) / MIB_PER_GIB


def _provenance(source: str, url: str, retrieved_on: date) -> Provenance:
    return Provenance(source=source, source_url=url, retrieved_on=retrieved_on, origin=Origin.LIVE)


def _unknown_types(names: str) -> PriceNotFoundError:
    return PriceNotFoundError(
        f"EC2 does not know these instance types in this region: {names}",
        expected="types that DescribeInstanceTypes lists",
        action="check the spelling, or that the region has them",
    )
