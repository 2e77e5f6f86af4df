"""Ask for every fact that the preflight needs, and for none that it does not."""

from infra import facts
from infra.config import StackConfig
from infra.config_records import ApiAccess
from infra.preflight import quota_rules


def gather_facts(config: StackConfig) -> facts.Facts:
    """Return what account, region and network say about this configuration."""
    types = {type_ for pool in config.gpu_pools for type_ in pool.instance_types}
    endpoint = ""
    if config.cluster.existing_name:
        endpoint = facts.fetch_cluster_endpoint(config.cluster.existing_name)
    else:
        types.add(config.cluster.system_instance_type)
    doors = [door for door in (endpoint, config.access.via) if door]
    asks_address = not config.cluster.existing_name and config.access.choice is not ApiAccess.PRIVATE
    return facts.Facts(
        caller=facts.fetch_caller(),
        zones=facts.fetch_zones(),
        instances=facts.fetch_instances(types),
        quotas={rule.name: facts.fetch_quota(rule) for rule in quota_rules(config)},
        caller_address=facts.fetch_caller_address(config.access.caller_address) if asks_address else "",
        reached={door: facts.reach(door) for door in doors},
        cluster_endpoint=endpoint,
    )
