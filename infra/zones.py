"""Which zones the network and each pool stand in: chosen once, then kept."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.config import StackConfig
from infra.config_records import GpuPoolConfig
from infra.facts import Facts
from infra.memory import Memory, pool_key

Zones = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the stack stands.

    Attributes:
        network: Zones of the network.
        pools: Zones of the network in which each pool's nodes start, by its name.
    """

    network: Zones
    pools: Mapping[str, Zones]


def choose_places(config: StackConfig, facts: Facts, memory: Memory) -> Places:
    """Return the zones of network and pools: those configured, else those they already have, else the best."""
    network = _network_zones(config, facts, memory)
    pools = {pool.name: _pool_zones(pool, facts, network, memory) for pool in config.gpu_pools}
    return Places(network=network, pools=pools)


def _network_zones(config: StackConfig, facts: Facts, memory: Memory) -> Zones:
    # Zones that offer a type of most pools come first; equals are taken in order, so that the choice is the same on
    # every run until it is remembered.
    if config.network.private_subnets:
        return tuple(sorted(config.network.private_subnets))
    # Address ranges go by position: zones that stand keep theirs, and new ones come after them.
    if config.network.zones:
        kept = tuple(zone for zone in memory.zones if zone in config.network.zones)
        return (*kept, *sorted(set(config.network.zones) - set(kept)))
    missing = max(config.network.zone_count - len(memory.zones), 0)

    def pools_offered(zone: str) -> int:
        return sum(zone in _offering(pool, facts) for pool in config.gpu_pools)

    others = [zone for zone in facts.zones if zone not in memory.zones]
    best = sorted(others, key=lambda zone: (-pools_offered(zone), zone))
    return (*memory.zones, *sorted(best[:missing]))


def _pool_zones(pool: GpuPoolConfig, facts: Facts, zones: Zones, memory: Memory) -> Zones:
    kept = memory.pool_zones.get(pool_key(pool), ())
    if kept and set(kept) <= set(zones):
        return kept
    return tuple(zone for zone in zones if zone in (pool.zones or zones) and zone in _offering(pool, facts))


def _offering(pool: GpuPoolConfig, facts: Facts) -> frozenset[str]:
    offered = [facts.instances[type_].zones for type_ in pool.instance_types if type_ in facts.instances]
    return frozenset[str]().union(*offered)
