"""What EC2 says about instance types and where they are offered: recorded answers of the real API.

They come with the moto package (Apache-2.0; moto/ec2/resources, recorded 2026-10), so nothing is copied here.
"""

import gzip
import importlib.util
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any


def _recorded(name: str) -> Any:  # noqa: ANN401
    spec = importlib.util.find_spec("moto")  # found, not imported: moto.ec2 takes a second
    assert spec is not None and spec.submodule_search_locations  # noqa: S101, PT018  -- a dependency of ours
    file = Path(spec.submodule_search_locations[0]) / "ec2" / "resources" / name
    return json.loads(gzip.decompress(file.read_bytes())) if file.exists() else []


@cache
def instance_types() -> Mapping[str, Mapping[str, Any]]:
    """Every instance type by name, in the form of DescribeInstanceTypes."""
    found: Mapping[str, Mapping[str, Any]] = _recorded("instance_types.json.gz")
    return found


@cache
def offerings(region: str, location_type: str = "availability-zone") -> tuple[tuple[str, str], ...]:
    """Instance type and location, for everything that the region offers; empty for an unknown region."""
    rows = _recorded(f"instance_type_offerings/{location_type}/{region}.json.gz")
    return tuple((row["InstanceType"], row["Location"]) for row in rows)


def zones(region: str) -> list[str]:
    """The names of the zones of the region."""
    return sorted({location for _, location in offerings(region)})


def zone_ids(region: str) -> dict[str, str]:
    """The zone id of each zone name, as in the account that was recorded: the two offer the same types."""
    by_id = _types_by_location(region, "availability-zone-id")
    found = {}
    for name, types in _types_by_location(region, "availability-zone").items():
        found[name] = max(by_id, key=lambda zone_id: len(by_id[zone_id] & types) - len(by_id[zone_id] ^ types))
    return found


def _types_by_location(region: str, location_type: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, location in sorted(offerings(region, location_type), key=lambda row: row[1]):
        found.setdefault(location, set()).add(name)
    return found


def zones_offering(region: str, types: Iterable[str]) -> list[str]:
    """The zones that offer at least one of the types."""
    wanted = set(types)
    return sorted({location for name, location in offerings(region) if name in wanted})


def gpus(name: str) -> int:
    """Number of NVIDIA GPUs of the type."""
    found = instance_types()[name].get("GpuInfo", {}).get("Gpus", [])
    return sum(int(each["Count"]) for each in found if each["Manufacturer"] == "NVIDIA")


def vcpus(name: str) -> int:
    """Number of vCPUs of the type."""
    return int(instance_types()[name]["VCpuInfo"]["DefaultVCpus"])


def memory_mib(name: str) -> int:
    """Memory of the type in MiB, before anything is reserved."""
    return int(instance_types()[name]["MemoryInfo"]["SizeInMiB"])


def local_disk_gib(name: str) -> int:
    """Instance store of the type in GiB (recorded in GB), 0 when it has none."""
    gigabytes = int(instance_types()[name].get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0))
    return gigabytes * 10**9 // 2**30


def pods_max(name: str) -> int:
    """Most pods on a node of the type, with one address each.

    Rule of the VPC CNI: interfaces x (addresses - 1) + 2, at most 110 up to 30 vCPUs and 250 above
    (https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html, from memory 2026-11-26).
    """
    network = instance_types()[name]["NetworkInfo"]
    addresses = network["MaximumNetworkInterfaces"] * (network["Ipv4AddressesPerInterface"] - 1) + 2
    return int(min(addresses, 110 if vcpus(name) <= 30 else 250))  # noqa: PLR2004


def architecture(name: str) -> str:
    """Kubernetes' word for the processor."""
    return "arm64" if "arm64" in instance_types()[name]["ProcessorInfo"]["SupportedArchitectures"] else "amd64"
