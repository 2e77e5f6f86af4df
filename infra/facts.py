"""What the account, the region and the network say, before anything is created. The only file that asks.

Each `fetch_` asks and reports; `infra/preflight.py` judges. What cannot be found out is None, never zero.
"""

import ipaddress
import socket
import urllib.request
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import pulumi_aws as aws

from infra.quotas import QuotaRule

T = TypeVar("T")

TIMEOUT_SECONDS = 10
NVIDIA = "NVIDIA"
"""As EC2 writes it (GpuInfo.Gpus[].Manufacturer); the node images have no other maker's driver."""
LARGEST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFacts:
    """One instance type in the region.

    Attributes:
        zones: Names of the zones that offer it.
        gpus: NVIDIA GPUs of one instance, 0 without any.
        gpu_memory_gib: Memory of one GPU.
    """

    zones: frozenset[str]
    vcpus: int
    memory_mib: int
    gpus: int
    gpu_memory_gib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who runs Pulumi: account, partition, and the ARN of the role or user (not of the session)."""

    account_id: str
    partition: str
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that was found out.

    Attributes:
        zones: Zones of the region that are open to the account, in order.
        instances: By type; a type that EC2 does not know here is missing.
        quotas: vCPUs by name of the quota; None where AWS did not say.
        caller_address: Public address of this machine; empty where it could not be found out.
        reached: `host:port` to None where it answered, or why it did not.
        cluster_endpoint: `host:port` of the cluster that exists; empty where there is none of that name.
    """

    caller: Caller
    zones: tuple[str, ...]
    instances: Mapping[str, InstanceFacts]
    quotas: Mapping[str, int | None] = field(default_factory=dict)
    caller_address: str = ""
    reached: Mapping[str, str | None] = field(default_factory=dict)
    cluster_endpoint: str = ""


def fetch_caller() -> Caller:
    """Return who runs Pulumi."""
    identity = aws.get_caller_identity()
    session = aws.iam.get_session_context(arn=identity.arn)
    return Caller(
        account_id=identity.account_id,
        partition=aws.get_partition().partition,
        arn=session.issuer_arn or identity.arn,
    )


def fetch_zones() -> tuple[str, ...]:
    """Return the zones of the region, Local and Wavelength Zones left out: EKS control planes want none of those."""
    own = aws.GetAvailabilityZonesFilterArgs(name="opt-in-status", values=["opt-in-not-required"])
    return tuple(sorted(aws.get_availability_zones(state="available", filters=[own]).names))


def fetch_instances(types: Collection[str]) -> dict[str, InstanceFacts]:
    """Return the facts of those types that EC2 offers in the region."""
    if not types:
        return {}
    wanted = aws.ec2.GetInstanceTypeOfferingsFilterArgs(name="instance-type", values=sorted(types))
    offered = aws.ec2.get_instance_type_offerings(location_type="availability-zone", filters=[wanted])
    pairs = list(zip(offered.instance_types, offered.locations, strict=True))
    return {
        instance_type: _fetch_instance(
            instance_type, frozenset(zone for other, zone in pairs if other == instance_type)
        )
        for instance_type in sorted(set(offered.instance_types))
    }


def _fetch_instance(instance_type: str, zones: frozenset[str]) -> InstanceFacts:
    found = aws.ec2.get_instance_type(instance_type=instance_type)
    gpus = [gpu for gpu in found.gpuses or [] if gpu.manufacturer == NVIDIA]
    return InstanceFacts(
        zones=zones,
        vcpus=found.default_vcpus,
        memory_mib=found.memory_size,
        gpus=sum(gpu.count for gpu in gpus),
        gpu_memory_gib=min((gpu.memory_size for gpu in gpus), default=0) / 1024,
    )


def fetch_quota(rule: QuotaRule) -> int | None:
    """Return the vCPUs that a quota allows; None where AWS does not say."""

    def ask() -> int:
        code, name = (rule.code, None) if rule.code else (None, rule.name)
        return int(aws.servicequotas.get_service_quota(service_code="ec2", quota_code=code, quota_name=name).value)

    return _or_none(ask)


def fetch_cluster_endpoint(name: str) -> str:
    """Return `host:port` of a cluster's API; empty where there is no cluster of this name."""
    endpoint = _or_none(lambda: aws.eks.get_cluster(name=name).endpoint) or ""
    host = endpoint.removeprefix("https://").rstrip("/")
    return host if not host or ":" in host else f"{host}:443"


def fetch_caller_address(address: str) -> str:
    """Return this machine's public address, asked for where a service is named; empty where it does not answer."""
    if not address.startswith("https://"):
        return address
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - https, as checked
            return str(ipaddress.ip_address(answer.read(64).decode().strip()))
    except (OSError, ValueError):
        return ""


def reach(host_and_port: str) -> str | None:
    """Return None if a TCP connection opens, else why it does not."""
    host, _, port = host_and_port.rpartition(":")
    # The resolver takes larger ports modulo 65,536, and another door may be open there.
    if not port.isdecimal() or not 0 < int(port) <= LARGEST_PORT:
        return f"{port!r} is no port"
    try:
        socket.create_connection((host, int(port)), timeout=TIMEOUT_SECONDS).close()
    except OSError as error:
        return str(error) or type(error).__name__
    return None


def _or_none(ask: Callable[[], T]) -> T | None:
    # Pulumi raises a bare Exception for whatever a provider answers; what it says is in the engine's log.
    try:
        return ask()
    except Exception:  # noqa: BLE001 - see above
        return None
