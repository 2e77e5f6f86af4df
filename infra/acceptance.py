"""What a run that passed configuration, preflight and admission leaves behind: its memory and its warnings."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from infra.admission import gpu_maximums
from infra.config import StackConfig
from infra.errors import Problem
from infra.facts import Facts
from infra.gpu_until import until_passed
from infra.memory import Memory, pool_key
from infra.preflight import support_warning
from infra.server_check import server_digest
from infra.zones import Places


def accept(config: StackConfig, facts: Facts, places: Places, monthly_ceiling_usd: str) -> Memory:
    """Return what the stack remembers of this run."""
    cluster = config.cluster
    types = {type_ for pool in config.gpu_pools for type_ in pool.instance_types}
    return Memory(
        region=config.region,
        gpu_maximums=gpu_maximums(config.gpu_pools),
        zones=places.network,
        pool_zones={pool_key(pool): places.pools[pool.name] for pool in config.gpu_pools},
        instances={
            type_: facts.instances[type_]
            for type_ in sorted(types | {cluster.system_instance_type})
            if type_ in facts.instances
        },
        kubernetes_version="" if cluster.existing_name else cluster.kubernetes_version,
        system_nodes={} if cluster.existing_name else {cluster.system_instance_type: cluster.system_node_count},
        servers={server.name: server_digest(server) for server in config.model_servers},
        monthly_ceiling_usd=monthly_ceiling_usd,
    )


def warnings(config: StackConfig, now: datetime, standing: Sequence[Problem]) -> Iterator[str]:
    """Yield what a person should know though nothing is refused."""
    if standing:
        yield "\n".join(("this stands and may be kept or lowered, but could not be had anew:", *map(str, standing)))
    support = support_warning(config, now.date())
    if support:
        yield support
    if until_passed(config, now):
        yield f"gpuUntil {config.gpu_until} has passed: GPU pools and their servers stay at zero"
