"""Ask for every fact that the preflight needs, and for none that it does not."""

from infra import facts
from infra.config import StackConfig
from infra.config_records import ApiAccess
from infra.errors import ConfigError
from infra.memory import Memory
from infra.quota_check import quota_rules


def gather_facts(config: StackConfig, memory: Memory) -> facts.Facts:
    """Return what account, region and network say; of a type that EC2 knows no longer, what it said before.

    Raises:
        ConfigError: AWS refused a question, or did not answer it.
    """
    try:
        return _gather(config, memory)
    except Exception as error:  # Pulumi's invokes raise nothing more precise
        message = f"AWS does not answer what has to be known before anything is made: {error}"
        raise ConfigError(
            message,
            expected=f"credentials that may ask it in {config.region}",
            action="check credentials and region, and the permission that the message names",
        ) from error


def _gather(config: StackConfig, memory: Memory) -> facts.Facts:
    types = {type_ for pool in config.gpu_pools for type_ in pool.instance_types}
    endpoint = ""
    if config.cluster.existing_name:
        endpoint = facts.fetch_cluster_endpoint(config.cluster.existing_name)
    else:
        types.add(config.cluster.system_instance_type)
    known = {type_: instance for type_, instance in memory.instances.items() if type_ in types}
    doors = [door for door in (endpoint, config.access.via) if door]
    asks_address = not config.cluster.existing_name and config.access.choice is not ApiAccess.PRIVATE
    return facts.Facts(
        caller=facts.fetch_caller(),
        zones=facts.fetch_zones(),
        instances={**known, **facts.fetch_instances(types)},
        quotas={rule.name: facts.fetch_quota(rule) for rule in quota_rules(config)},
        caller_address=facts.fetch_caller_address(config.access.caller_address) if asks_address else "",
        reached={door: facts.reach(door) for door in doors},
        cluster_endpoint=endpoint,
    )
