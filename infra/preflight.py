"""Hold the configuration against the account, before anything is created; pure rules over `infra/facts.py`.

Every rule yields what is wrong as (key, value, what would be right); all of it is reported in one message.
"""

import ipaddress
from collections.abc import Callable, Iterator
from datetime import date

from infra.addons import check_versions
from infra.config import StackConfig
from infra.config_records import AccessConfig, ApiAccess, GpuPoolConfig, ModelServerConfig
from infra.errors import ProblemsError, refuse
from infra.facts import Facts, InstanceFacts
from infra.images import missing_digests
from infra.model_memory import needed_gib_per_gpu, usable_gib_per_gpu
from infra.placement import first_without_room
from infra.platform_charts import CONTROLLER_POLICY, choose_releases
from infra.quotas import QUOTA_OPTION, QuotaRule, quota_for
from infra.reading import Finding, Problems
from infra.releases import load_addon_versions, load_platform_releases
from infra.support import WARNING_DAYS, support_ends, supported_versions

Zones = tuple[str, ...]


def check(config: StackConfig, facts: Facts, zones: Zones, today: date) -> None:
    """Do nothing where everything that the configuration asks for can be had.

    Raises:
        ProblemsError: With everything that cannot.
    """
    problems = Problems()
    for rule in (_versions(config, today), _access(config, facts), _zones(config, facts, zones)):
        problems.add_all(rule)
    for rule in (_pools(config, facts, zones), _quotas(config, facts), _servers(config, facts)):
        problems.add_all(rule)
    refuse(problems.found)


def choose_zones(config: StackConfig, facts: Facts, remembered: Zones) -> Zones:
    """Return the network's zones: those configured, else those it already has, else where the GPU types are offered.

    Zones that offer a type of most pools come first; equals are taken in order, so that the choice is the same
    on every run until it is remembered.
    """
    if config.network.private_subnets:
        return tuple(sorted(config.network.private_subnets))
    if config.network.zones or remembered:
        return tuple(sorted(config.network.zones)) or remembered

    def pools_offered(zone: str) -> int:
        return sum(zone in _offering(pool, facts, facts.zones) for pool in config.gpu_pools)

    best = sorted(facts.zones, key=lambda zone: (-pools_offered(zone), zone))
    return tuple(sorted(best[: config.network.zone_count]))


def pool_zones(pool: GpuPoolConfig, facts: Facts, zones: Zones) -> Zones:
    """Return the zones of the network in which a pool's nodes can start."""
    return tuple(zone for zone in zones if zone in _offering(pool, facts, pool.zones or zones))


def warnings(config: StackConfig, today: date) -> list[str]:
    """Return what is still right, and will not be for long."""
    ends = support_ends(config.cluster.kubernetes_version)
    days = (ends - today).days if ends else 0
    if config.cluster.existing_name or not 0 < days < WARNING_DAYS:
        return []
    newer = ", ".join(supported_versions(today))
    version = config.cluster.kubernetes_version
    return [f"Kubernetes {version} leaves standard support in {days} days, on {ends}; in support: {newer}"]


def quota_rules(config: StackConfig) -> list[QuotaRule]:
    """Return every quota that the configuration counts against."""
    pairs = [(type_, pool.purchase_option) for pool in config.gpu_pools for type_ in pool.instance_types]
    pairs += [] if config.cluster.existing_name else [(config.cluster.system_instance_type, "on_demand")]
    rules = [quota_for(type_, option) for type_, option in pairs if option in QUOTA_OPTION]
    return list(dict.fromkeys(rule for rule in rules if rule))


def _versions(config: StackConfig, today: date) -> Iterator[Finding]:
    version = config.cluster.kubernetes_version
    ends = support_ends(version)
    if not config.cluster.existing_name and (ends is None or today >= ends):
        why = f"its standard support ended on {ends}" if ends else "its support dates have not been looked up"
        yield "cluster.kubernetesVersion", version, f"one of {', '.join(supported_versions(today))}; {why}"
    elif not config.cluster.existing_name:
        given = config.cluster.addon_versions
        yield from _found_by(lambda: check_versions(load_addon_versions(version, given)))
    yield from _found_by(
        lambda: choose_releases(config.platform.enabled, load_platform_releases(), CONTROLLER_POLICY)
    )
    if config.model_servers:
        yield from missing_digests(config.images)


def _found_by(check: Callable[[], object]) -> Iterator[Finding]:
    try:
        check()
    except ProblemsError as error:
        yield from ((problem.key, problem.value, problem.right) for problem in error.problems)


def _access(config: StackConfig, facts: Facts) -> Iterator[Finding]:
    access = config.access
    if access.administrators and facts.caller.arn not in access.administrators:
        right = f"a list with {facts.caller.arn}, which runs Pulumi and Helm here"
        yield "administrators", list(access.administrators), right
    if config.cluster.existing_name:
        yield from _existing_cluster(config.cluster.existing_name, facts)
    elif access.choice is ApiAccess.PRIVATE:
        why = facts.reached.get(access.via)
        if why is not None:
            yield "apiAccessVia", access.via, f"host:port that this machine reaches ({why}); or another apiAccess"
    else:
        yield from _own_address(access, facts.caller_address)


def _existing_cluster(name: str, facts: Facts) -> Iterator[Finding]:
    if not facts.cluster_endpoint:
        yield "cluster.existingName", name, "the name of a cluster in this account and region"
        return
    why = facts.reached.get(facts.cluster_endpoint)
    if why is not None:
        right = f"a cluster whose API this machine reaches; {facts.cluster_endpoint} does not answer: {why}"
        yield "cluster.existingName", name, right


def _own_address(access: AccessConfig, address: str) -> Iterator[Finding]:
    if not address:
        right = "an address, or a URL that answers with this machine's public address; this one did not"
        yield "callerAddress", access.caller_address, right
    elif access.choice is ApiAccess.OWN_IP and ipaddress.ip_address(address).version != 4:  # noqa: PLR2004 - IPv4
        yield (
            "callerAddress",
            address,
            "an IPv4 address: the API of an IPv4 cluster has no other; or apiAccess: cidrs",
        )
    elif access.choice is ApiAccess.CIDRS:
        own = ipaddress.ip_address(address)
        if not any(own in ipaddress.ip_network(cidr) for cidr in access.cidrs):
            right = f"a list with this machine's address, {address}: Helm must reach the API from here"
            yield "apiAccessCidrs", list(access.cidrs), right


def _zones(config: StackConfig, facts: Facts, zones: Zones) -> Iterator[Finding]:
    wanted = config.network.zones or tuple(config.network.private_subnets)
    key = "network.zones" if config.network.zones else "network.privateSubnets"
    for zone in wanted:
        if zone not in facts.zones:
            yield key, zone, f"zones of {config.region}: {', '.join(facts.zones)}"
    if not wanted and len(zones) < config.network.zone_count:
        right = f"at most {len(facts.zones)}, the zones of {config.region} that are open to this account"
        yield "network.zoneCount", config.network.zone_count, right


def _pools(config: StackConfig, facts: Facts, zones: Zones) -> Iterator[Finding]:
    if not config.cluster.existing_name and config.cluster.system_instance_type not in facts.instances:
        right = f"an instance type that EC2 offers in {config.region}"
        yield "systemNodes.instanceType", config.cluster.system_instance_type, right
    for index, pool in enumerate(config.gpu_pools):
        key = f"gpuPools[{index}]"
        for number, type_ in enumerate(pool.instance_types):
            instance = facts.instances.get(type_)
            type_key = f"{key}.instanceTypes[{number}]"
            if instance is None:
                yield type_key, type_, f"an instance type that EC2 offers in {config.region}"
            elif not instance.gpus:
                yield type_key, type_, "an instance type with NVIDIA GPUs"
            else:
                yield from _offered(type_key, type_, instance, pool.zones or zones)


def _offered(key: str, type_: str, instance: InstanceFacts, zones: Zones) -> Iterator[Finding]:
    if instance.zones.isdisjoint(zones):
        there = ", ".join(sorted(instance.zones))
        yield key, type_, f"a type that is offered in {', '.join(zones)}; this one is in {there} (network.zones)"


def _quotas(config: StackConfig, facts: Facts) -> Iterator[Finding]:
    needs: dict[QuotaRule, int] = {}
    keys: dict[QuotaRule, str] = {}
    for key, types, option, nodes in _fleet(config):
        for rule, vcpus in _vcpus(types, option, facts).items():
            needs[rule] = needs.get(rule, 0) + nodes * vcpus
            keys[rule] = key
    for rule, needed in needs.items():
        allowed = facts.quotas.get(rule.name)
        name = f"{rule.name} ({rule.code or 'find its code by name'}) in {config.region}"
        if allowed is None:
            yield keys[rule], f"{needed} vCPUs", f"within a known quota; AWS does not say what {name} is"
        elif needed > allowed:
            yield keys[rule], f"{needed} vCPUs", f"at most {allowed} vCPUs, the quota {name}; or have it raised"


def _fleet(config: StackConfig) -> Iterator[tuple[str, tuple[str, ...], str, int]]:
    """Yield key, types, purchase option and most nodes of everything that starts instances."""
    for index, pool in enumerate(config.gpu_pools):
        yield f"gpuPools[{index}].nodes.max", pool.instance_types, pool.purchase_option, pool.maximum
    if not config.cluster.existing_name:
        system = config.cluster
        yield "systemNodes.count", (system.system_instance_type,), "on_demand", system.system_node_count


def _vcpus(types: tuple[str, ...], option: str, facts: Facts) -> dict[QuotaRule, int]:
    """Return the vCPUs of one node by quota; of several types under one quota, the largest."""
    vcpus: dict[QuotaRule, int] = {}
    for type_ in types:
        rule = quota_for(type_, option) if option in QUOTA_OPTION else None
        if rule and type_ in facts.instances:
            vcpus[rule] = max(vcpus.get(rule, 0), facts.instances[type_].vcpus)
    return vcpus


def _servers(config: StackConfig, facts: Facts) -> Iterator[Finding]:
    for pool in config.gpu_pools:
        members = [
            (f"modelServers[{index}]", server)
            for index, server in enumerate(config.model_servers)
            if server.pool == pool.name
        ]
        gpus = {
            type_: facts.instances[type_]
            for type_ in pool.instance_types
            if type_ in facts.instances and facts.instances[type_].gpus
        }
        for key, server in members:
            for type_, instance in gpus.items():
                yield from _fits(key, server, type_, instance)
        if gpus:
            yield from _room(pool, min(instance.gpus for instance in gpus.values()), members)


def _room(pool: GpuPoolConfig, gpus: int, members: list[tuple[str, ModelServerConfig]]) -> Iterator[Finding]:
    largest = {key: (server.maximum_replicas, server.tensor_parallel) for key, server in members}
    late = first_without_room(largest, nodes=pool.maximum, gpus=gpus)
    if late:
        right = f"what fits into {pool.name} with the others: {pool.maximum} nodes (nodes.max) of {gpus} GPUs"
        yield f"{late}.replicas.max", largest[late][0], right
    # Nothing adds nodes to a managed group by itself, so what always runs must find its nodes there from the start.
    always = {key: (server.minimum_replicas, server.tensor_parallel) for key, server in members}
    late = first_without_room(always, nodes=pool.desired, gpus=gpus) if pool.kind == "managed" else None
    if late:
        right = f"what fits into {pool.name} with the others: {pool.desired} nodes (nodes.desired) of {gpus} GPUs"
        yield f"{late}.replicas.min", always[late][0], right


def _fits(key: str, server: ModelServerConfig, type_: str, instance: InstanceFacts) -> Iterator[Finding]:
    if server.tensor_parallel > instance.gpus:
        yield f"{key}.tensorParallel", server.tensor_parallel, f"at most {instance.gpus}, the GPUs of one {type_}"
        return
    needed, usable = needed_gib_per_gpu(server), usable_gib_per_gpu(instance.gpu_memory_gib)
    if needed > usable:
        right = (
            f"a model that fits: it needs {needed:.1f} GiB on each of {server.tensor_parallel} GPUs, and {type_} has "
            f"{usable:.1f} of {instance.gpu_memory_gib:.1f} GiB for it; raise tensorParallel, or take another type"
        )
        yield f"{key}.weightsGib", server.weights_gib, right


def _offering(pool: GpuPoolConfig, facts: Facts, zones: Zones) -> frozenset[str]:
    offered = [facts.instances[type_].zones for type_ in pool.instance_types if type_ in facts.instances]
    return frozenset(zones).intersection(frozenset().union(*offered))
