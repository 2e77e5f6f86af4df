"""Hold the configuration against the account, before anything is created; pure rules over `infra/facts.py`.

What was accepted before and does not grow is only warned about: keeping, shrinking and patching always work, even if
the account has turned against the stack since.
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from infra.addons import check_versions
from infra.admission import gpu_maximums
from infra.config import StackConfig
from infra.config_records import AccessConfig, ApiAccess, GpuPoolConfig
from infra.errors import Problem, ProblemsError
from infra.facts import Facts
from infra.images import missing_digests
from infra.judgement import Judgement, settle
from infra.memory import COMPONENTS, Memory, pool_key
from infra.platform_charts import CONTROLLER_POLICY, choose_releases
from infra.quota_check import judge_quotas
from infra.releases import load_addon_versions, load_platform_releases
from infra.server_check import judge_servers
from infra.support import WARNING_DAYS, support_ends, supported_versions
from infra.zones import Places, Zones


def check(config: StackConfig, facts: Facts, places: Places, memory: Memory, today: date) -> list[Problem]:
    """Return what is wrong with things that stand already.

    Raises:
        ProblemsError: With everything new that cannot be had.
    """
    return settle(
        [
            *_versions(config, memory, today),
            *_access(config, facts, memory),
            *_zones(config, facts, places.network, memory),
            *_system_nodes(config, facts, memory),
            *_pools(config, facts, places.pools, memory),
            *judge_quotas(config, facts, memory),
            *judge_servers(config, facts, memory),
            *_auto_mode(config, memory),
        ]
    )


def support_warning(config: StackConfig, today: date) -> str:
    """Return that the Kubernetes version will leave standard support, empty where that is far or not ours."""
    version = config.cluster.kubernetes_version
    ends = support_ends(version)
    days = (ends - today).days if ends else 0
    if config.cluster.existing_name or not ends or not 0 < days < WARNING_DAYS:
        return ""
    newer = ", ".join(supported_versions(today))
    return f"Kubernetes {version} leaves standard support in {days} days, on {ends}; in support: {newer}"


def _versions(config: StackConfig, memory: Memory, today: date) -> Iterator[Judgement]:
    version = config.cluster.kubernetes_version
    if not config.cluster.existing_name:
        unsupported = list(_kubernetes_version(version, memory, today))
        yield from unsupported
        # Add-ons of a version that is refused anyway would only hide what matters.
        if all(found.stands for found in unsupported):
            yield from _found_by(lambda: check_versions(load_addon_versions(version, config.cluster.addon_versions)))
    enabled = config.platform.enabled
    yield from _found_by(lambda: choose_releases(enabled, load_platform_releases(), CONTROLLER_POLICY))
    if config.model_servers:
        for key, value, right in missing_digests(config.images):
            yield Judgement(key=key, value=value, right=right)


def _kubernetes_version(version: str, memory: Memory, today: date) -> Iterator[Judgement]:
    ends = support_ends(version)
    if ends is None or today >= ends:
        why = f"its standard support ended on {ends}" if ends else "its support dates have not been looked up"
        yield Judgement(
            key="cluster.kubernetesVersion",
            value=version,
            right=f"one of {', '.join(supported_versions(today))}; {why}",
            stands=version == memory.kubernetes_version,
        )


def _found_by(checks: Callable[[], object]) -> Iterator[Judgement]:
    try:
        checks()
    except ProblemsError as error:
        for problem in error.problems:
            yield Judgement(key=problem.key, value=problem.value, right=problem.right)


def _access(config: StackConfig, facts: Facts, memory: Memory) -> Iterator[Judgement]:
    access = config.access
    if access.administrators and facts.caller.arn not in access.administrators:
        right = f"a list with {facts.caller.arn}, which runs Pulumi and Helm here"
        yield Judgement(key="administrators", value=list(access.administrators), right=right)
    if config.cluster.existing_name:
        yield from _existing_cluster(config.cluster.existing_name, facts)
    elif access.choice is ApiAccess.PRIVATE:
        why = facts.reached.get(access.via)
        if why is not None:
            right = f"host:port that this machine reaches ({why}); or another apiAccess"
            yield Judgement(key="apiAccessVia", value=access.via, right=right)
    else:
        yield from _own_address(access, facts.caller_address, memory)


def _existing_cluster(name: str, facts: Facts) -> Iterator[Judgement]:
    key = "cluster.existingName"
    if not facts.cluster_endpoint:
        yield Judgement(key=key, value=name, right="the name of a cluster in this account and region")
        return
    why = facts.reached.get(facts.cluster_endpoint)
    if why is not None:
        right = f"a cluster whose API this machine reaches; {facts.cluster_endpoint} does not answer: {why}"
        yield Judgement(key=key, value=name, right=right)


def _own_address(access: AccessConfig, address: str, memory: Memory) -> Iterator[Judgement]:
    try:
        own = ipaddress.ip_address(address)
    except ValueError:
        right = "an address, or a URL that answers with this machine's public address; this one did not"
        # The networks of a list do not change with it, and Helm finds out whether a cluster that stands is reached.
        stands = access.choice is ApiAccess.CIDRS and bool(memory.region)
        yield Judgement(key="callerAddress", value=access.caller_address, right=right, stands=stands)
        return
    if access.choice is ApiAccess.OWN_IP and not isinstance(own, ipaddress.IPv4Address):
        right = "an IPv4 address: the API of an IPv4 cluster has no other; or apiAccess: cidrs"
        yield Judgement(key="callerAddress", value=address, right=right)
    within = any(own in ipaddress.ip_network(cidr) for cidr in access.cidrs)
    if access.choice is ApiAccess.CIDRS and not within:
        right = f"a list with this machine's address, {address}: Helm must reach the API from here"
        yield Judgement(key="apiAccessCidrs", value=list(access.cidrs), right=right)


def _zones(config: StackConfig, facts: Facts, zones: Zones, memory: Memory) -> Iterator[Judgement]:
    lost = [zone for zone in memory.zones if zone not in zones]
    if lost and not config.network.private_subnets:
        right = f"with {', '.join(lost)}, where the network's subnets are: taking one away would move the others"
        yield Judgement(key="network.zones", value=list(config.network.zones), right=right)
    named = config.network.zones or tuple(config.network.private_subnets)
    key = "network.privateSubnets" if config.network.private_subnets else "network.zones"
    for zone in zones:
        if zone not in facts.zones:
            right = f"zones of {config.region} that are available: {', '.join(facts.zones)}"
            yield Judgement(key=f"{key}.{zone}", value=zone, right=right, stands=zone in memory.zones)
    if not named and not memory.zones and len(zones) < config.network.zone_count:
        right = f"at most {len(facts.zones)}, the zones of {config.region} that are open to this account"
        yield Judgement(key="network.zoneCount", value=config.network.zone_count, right=right)


def _auto_mode(config: StackConfig, memory: Memory) -> Iterator[Judgement]:
    """Yield that Auto Mode must stay on: were it switched off first, nobody would take its pools' nodes away."""
    left = [name for kind, name in memory.standing if kind == COMPONENTS["karpenter"]]
    if left and not config.cluster.existing_name and not config.cluster.auto_mode:
        right = f"true until the karpenter pools are gone: {', '.join(sorted(left))}; remove them in an update first"
        yield Judgement(key="cluster.autoMode", value=False, right=right)


def _system_nodes(config: StackConfig, facts: Facts, memory: Memory) -> Iterator[Judgement]:
    type_ = config.cluster.system_instance_type
    instance = facts.instances.get(type_)
    if not config.cluster.existing_name and (instance is None or not instance.zones):
        yield Judgement(
            key="systemNodes.instanceType",
            value=type_,
            right=f"an instance type that EC2 offers in {config.region}",
            stands=type_ in memory.system_nodes,
        )
    elif not config.cluster.existing_name and instance and instance.gpus:
        # Admission counts the pools alone.
        right = "an instance type without GPUs: nodes with GPUs are gpuPools, which need a decision"
        yield Judgement(key="systemNodes.instanceType", value=type_, right=right)


def _pools(config: StackConfig, facts: Facts, pool_zones: Mapping[str, Zones], memory: Memory) -> Iterator[Judgement]:
    wanted = gpu_maximums(config.gpu_pools)
    for index, pool in enumerate(config.gpu_pools):
        stands = memory.holds(pool, wanted) and pool_key(pool) in memory.pool_zones
        for number, type_ in enumerate(pool.instance_types):
            right = _what_is_wrong(type_, pool, config, facts, pool_zones[pool.name])
            if right:
                key = f"gpuPools[{index}].instanceTypes[{number}]"
                yield Judgement(key=key, value=type_, right=right, stands=stands)


def _what_is_wrong(type_: str, pool: GpuPoolConfig, config: StackConfig, facts: Facts, zones: Zones) -> str:
    """Return what would be right instead of a type; empty where it is."""
    instance = facts.instances.get(type_)
    if instance is None or not instance.zones:
        return f"an instance type that EC2 offers in {config.region}"
    if not instance.gpus:
        return "an instance type with NVIDIA GPUs"
    if instance.zones.isdisjoint(zones):
        there = ", ".join(sorted(instance.zones))
        where = "gpuPools[].zones" if pool.zones else "network.zones"
        return f"a type that is offered in the zones of this pool ({where}); this one is in {there}"
    return ""
