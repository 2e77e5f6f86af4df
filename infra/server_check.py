"""Hold the model servers against the GPUs of their pools: memory, GPUs of a replica, and room for all of them."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from infra.config import StackConfig
from infra.config_records import GpuPoolConfig, ModelServerConfig
from infra.facts import Facts, InstanceFacts
from infra.judgement import Judgement
from infra.memory import Memory
from infra.model_memory import main_memory_share_mib, needed_gib_per_gpu, usable_gib_per_gpu
from infra.placement import first_without_room


def server_digest(server: ModelServerConfig) -> str:
    """Return what decides whether a server fits, without how many replicas there are, as one text."""
    return hashlib.sha256(repr(replace(server, minimum_replicas=0, maximum_replicas=0)).encode()).hexdigest()


def judge_servers(config: StackConfig, facts: Facts, memory: Memory) -> Iterator[Judgement]:
    """Yield every server that does not fit on its pool; one that was accepted as it is may stay."""
    for pool in config.gpu_pools:
        members = {
            f"modelServers[{index}]": server
            for index, server in enumerate(config.model_servers)
            if server.pool == pool.name
        }
        types = {type_: facts.instances[type_] for type_ in pool.instance_types if type_ in facts.instances}
        with_gpus = {type_: instance for type_, instance in types.items() if instance.gpus}
        for key, server in members.items():
            for type_, instance in with_gpus.items():
                stands = memory.servers.get(server.name) == server_digest(server)
                yield from (replace(each, stands=stands) for each in _fits(key, server, type_, instance))
        if with_gpus:
            gpus = min(instance.gpus for instance in with_gpus.values())
            yield from _room(pool, gpus, members, scaled=config.platform.keda)


def _fits(key: str, server: ModelServerConfig, type_: str, instance: InstanceFacts) -> Iterator[Judgement]:
    if server.tensor_parallel > instance.gpus:
        right = f"at most {instance.gpus}, the GPUs of one {type_}"
        yield Judgement(key=f"{key}.tensorParallel", value=server.tensor_parallel, right=right)
        return
    share = main_memory_share_mib(instance, server.tensor_parallel)
    if server.memory_mib + server.shared_memory_mib > share:
        right = (
            f"at most {share - server.shared_memory_mib}, a replica's share of one {type_}, or left out to take it"
        )
        yield Judgement(key=f"{key}.memoryMib", value=server.memory_mib, right=right)
    needed, usable = needed_gib_per_gpu(server), usable_gib_per_gpu(instance.gpu_memory_gib)
    if needed > usable:
        right = (
            f"a model that fits: it needs {needed:.1f} GiB on each of {server.tensor_parallel} GPUs, and {type_} has "
            f"{usable:.1f} of {instance.gpu_memory_gib:.1f} GiB for it; raise tensorParallel, or take another type"
        )
        yield Judgement(key=f"{key}.weightsGib", value=server.weights_gib, right=right)


def _room(
    pool: GpuPoolConfig, gpus: int, members: Mapping[str, ModelServerConfig], *, scaled: bool
) -> Iterator[Judgement]:
    most = {key: (server.maximum_replicas, server.tensor_parallel) for key, server in members.items()}
    late = first_without_room(most, nodes=pool.maximum, gpus=gpus)
    if late:
        right = f"what fits into {pool.name} with the others: {pool.maximum} nodes (nodes.max) of {gpus} GPUs"
        yield Judgement(key=f"{late}.replicas.max", value=most[late][0], right=right)
    # Nothing adds nodes to a managed group by itself, so what always runs must find its nodes there from the start.
    least = {key: (server.minimum_replicas, server.tensor_parallel) for key, server in members.items()}
    late = first_without_room(least, nodes=pool.desired, gpus=gpus) if pool.kind == "managed" else None
    if late:
        right = f"what fits into {pool.name} with the others: {pool.desired} nodes (nodes.desired) of {gpus} GPUs"
        yield Judgement(key=f"{late}.replicas.min", value=least[late][0], right=right)
    late = first_without_room(most, nodes=pool.desired, gpus=gpus) if pool.kind == "managed" and scaled else None
    if late:
        right = f"what {pool.desired} nodes (nodes.desired) hold: KEDA adds replicas, and nothing adds nodes for them"
        yield Judgement(key=f"{late}.replicas.max", value=most[late][0], right=right)
