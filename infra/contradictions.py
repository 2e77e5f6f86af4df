"""What the keys of one configuration say against each other; nothing here asks anybody."""

import ipaddress
import zoneinfo
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from infra.config_records import AccessConfig, ApiAccess, GpuPoolConfig, ModelServerConfig, NetworkConfig
from infra.network import SMALLEST_VPC_PREFIX
from infra.reading import Finding, Problems

if TYPE_CHECKING:
    from infra.config import StackConfig

SPOT_LONGEST_REQUEST_SECONDS = 60
"""What fits into two minutes with 20 s of leaving the endpoints and 30 s of margin (charts/model-server/README.md).

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-interruptions.html
"""

WIDEST_CALLERS = 8
"""No company calls from more; 0.0.0.0/1 and 128.0.0.0/1 together would be everyone."""
IPV4 = 4

RESERVED_OPTIONS = ("capacity_block", "reservation")


def find_contradictions(config: "StackConfig", problems: Problems, *, key_given: bool) -> None:
    """Report everything in which the configuration contradicts itself."""
    problems.add_all(_contradictions(config, key_given=key_given))


def _contradictions(config: "StackConfig", *, key_given: bool) -> Iterator[Finding]:
    yield from _access(config.access, exists=bool(config.cluster.existing_name))
    yield from _network(config.network)
    yield from _repeated("gpuPools", [pool.name for pool in config.gpu_pools])
    yield from _repeated("modelServers", [server.name for server in config.model_servers])
    for index, pool in enumerate(config.gpu_pools):
        yield from _pool(f"gpuPools[{index}]", pool)
        yield from _pool_in_network(f"gpuPools[{index}]", pool, config)
    for index, server in enumerate(config.model_servers):
        yield from _server(f"modelServers[{index}]", server, config)
    if config.model_servers and not key_given:
        yield "modelApiKey", "", "what clients must send: `pulumi config set --secret modelApiKey`"
    if config.cluster.existing_name and not config.network.vpc_id:
        yield "network.vpcId", "", "the VPC of the cluster in cluster.existingName, with its privateSubnets"
    if config.platform.keda and not config.platform.prometheus:
        yield "platform.prometheus", False, "true: KEDA scales on its metrics; or platform.keda: false"
    if (config.budget.monthly_usd or config.gpu_pools) and not config.budget.emails:
        yield "budget.emails", [], "who is told when the money runs out: needed with GPU pools or budget.monthlyUsd"
    if not config.platform.device_plugin and any(pool.operating_system == "al2023" for pool in config.gpu_pools):
        yield "platform.devicePlugin", False, "true: AL2023 brings no device plugin along, Bottlerocket does"


def _access(access: AccessConfig, *, exists: bool) -> Iterator[Finding]:
    chosen = access.choice is ApiAccess.CIDRS
    if chosen != bool(access.cidrs):
        right = "networks that call the API" if chosen else "empty, or apiAccess: cidrs"
        yield "apiAccessCidrs", list(access.cidrs), right
    for index, cidr in enumerate(access.cidrs):
        yield from _cidr(f"apiAccessCidrs[{index}]", cidr)
    needs_way = access.choice is ApiAccess.PRIVATE and not exists
    if needs_way and not access.via:
        yield (
            "apiAccessVia",
            "",
            "host:port inside the network that this machine reaches, because apiAccess is private",
        )
    if access.via and access.choice is not ApiAccess.PRIVATE:
        yield "apiAccessVia", access.via, "empty, or apiAccess: private"


def _cidr(key: str, cidr: str) -> Iterator[Finding]:
    try:
        network = ipaddress.ip_network(cidr)
    except ValueError:
        yield key, cidr, "a network without host bits, such as 203.0.113.0/24"
        return
    if network.version != IPV4:
        yield key, cidr, "an IPv4 network: the API of an IPv4 cluster has no other address"
    elif network.prefixlen < WIDEST_CALLERS:
        yield key, cidr, f"the networks that call the API, /{WIDEST_CALLERS} or narrower, never everyone"


def _network(network: NetworkConfig) -> Iterator[Finding]:
    if bool(network.vpc_id) != bool(network.private_subnets):
        yield "network.privateSubnets", dict(network.private_subnets), "zone: subnet, together with network.vpcId"
    if network.vpc_id and network.zones:
        yield "network.zones", list(network.zones), "empty: the zones of an existing VPC are those of its subnets"
    if network.vpc_id and len(network.private_subnets) == 1:
        yield "network.privateSubnets", dict(network.private_subnets), "subnets in at least two zones, as EKS wants"
    if network.zones and not 2 <= len(network.zones) <= 3:  # noqa: PLR2004 - as the message says
        yield "network.zones", list(network.zones), "two or three zones, or none to let them be chosen"
    try:
        small = ipaddress.IPv4Network(network.cidr).prefixlen > SMALLEST_VPC_PREFIX
    except ValueError:
        small = True
    if small:
        yield "network.cidr", network.cidr, f"an IPv4 range of /{SMALLEST_VPC_PREFIX} or larger, such as 10.40.0.0/16"


def _repeated(key: str, names: Sequence[str]) -> Iterator[Finding]:
    for index, name in enumerate(names):
        if name and name in names[:index]:
            yield f"{key}[{index}].name", name, "a name that no other has"


def _pool(key: str, pool: GpuPoolConfig) -> Iterator[Finding]:
    reserved = pool.purchase_option in RESERVED_OPTIONS
    if not pool.instance_types:
        yield f"{key}.instanceTypes", [], "at least one"
    if reserved and len(pool.instance_types) > 1:
        yield f"{key}.instanceTypes", list(pool.instance_types), f"one type: {pool.purchase_option} is of one"
    if reserved != bool(pool.capacity_reservation_id):
        right = f"the id of the {pool.purchase_option}, cr-..." if reserved else "empty: nothing is reserved"
        yield f"{key}.capacityReservationId", pool.capacity_reservation_id, right
    if not pool.minimum <= pool.desired <= pool.maximum:
        nodes = {"min": pool.minimum, "desired": pool.desired, "max": pool.maximum}
        yield f"{key}.nodes", nodes, "min at most desired, desired at most max"
    if pool.kind == "karpenter":
        yield from _karpenter(key, pool)
    if pool.schedule and pool.schedule.time_zone not in zoneinfo.available_timezones():
        yield f"{key}.schedule.timeZone", pool.schedule.time_zone, "an IANA time zone, such as Europe/Berlin"


def _karpenter(key: str, pool: GpuPoolConfig) -> Iterator[Finding]:
    if pool.desired or pool.minimum:
        yield f"{key}.nodes", {"min": pool.minimum, "desired": pool.desired}, "max alone: pods start the nodes"
    if pool.purchase_option in RESERVED_OPTIONS:
        yield f"{key}.purchaseOption", pool.purchase_option, "on_demand | spot, or kind: managed"
    if pool.schedule:
        yield f"{key}.schedule", pool.schedule.start, "none: a karpenter pool is at zero whenever no pod wants it"
    if pool.operating_system != "bottlerocket":
        yield f"{key}.operatingSystem", pool.operating_system, "bottlerocket: EKS Auto Mode chooses its own image"


def _pool_in_network(key: str, pool: GpuPoolConfig, config: "StackConfig") -> Iterator[Finding]:
    known = tuple(config.network.private_subnets) or config.network.zones
    for index, zone in enumerate(pool.zones):
        if known and zone not in known:
            yield f"{key}.zones[{index}]", zone, f"a zone of the network: {', '.join(known)}"
    # A key of its own: were it switched off with the last pool, nobody would be left to take that pool's nodes away.
    if pool.kind == "karpenter" and not config.cluster.existing_name and not config.cluster.auto_mode:
        yield "cluster.autoMode", False, f"true, for {key}: EKS Auto Mode starts the nodes of karpenter pools"
    if pool.kind == "karpenter" and config.cluster.existing_name and not config.cluster.auto_node_role:
        yield "cluster.autoNodeRole", "", f"role of Auto Mode's nodes in {config.cluster.existing_name}, for {key}"


def _server(key: str, server: ModelServerConfig, config: "StackConfig") -> Iterator[Finding]:
    pool = config.pool(server.pool)
    names = ", ".join(pool.name for pool in config.gpu_pools) or "(none is configured)"
    if server.pool and not pool:
        yield f"{key}.pool", server.pool, f"the name of a GPU pool: {names}"
    if not server.pool and config.stack != "local":
        yield f"{key}.pool", "", f"the name of a GPU pool: {names}; only the local stack serves on a CPU"
    if not server.pool and server.tensor_parallel > 1:
        yield f"{key}.tensorParallel", server.tensor_parallel, "1 without a GPU pool"
    if server.minimum_replicas > server.maximum_replicas:
        replicas = {"min": server.minimum_replicas, "max": server.maximum_replicas}
        yield f"{key}.replicas", replicas, "min at most max"
    if pool and pool.purchase_option == "spot" and server.longest_request_seconds > SPOT_LONGEST_REQUEST_SECONDS:
        right = f"at most {SPOT_LONGEST_REQUEST_SECONDS}: a spot node gives two minutes in all"
        yield f"{key}.longestRequestSeconds", server.longest_request_seconds, right
