"""How much memory a model server needs and has: on each of its GPUs weights and one longest request; on its node.

It refuses what cannot start. How many requests fit beside each other is the decision's business.
"""

import functools
import tomllib

from infra.config_records import ModelServerConfig
from infra.facts import InstanceFacts
from infra.releases import DATA


def needed_gib_per_gpu(server: ModelServerConfig) -> float:
    """Return GiB on each GPU; tensor parallelism splits weights and KV cache evenly."""
    return (server.weights_gib + server.kv_cache_gib_per_sequence) / server.tensor_parallel


def usable_gib_per_gpu(gpu_memory_gib: float) -> float:
    """Return GiB that weights and KV cache may fill: the engine's share, less context, graphs and activations."""
    return gpu_memory_gib * _rule("gpu_memory_utilization") - _rule("overhead_gib_per_gpu")


def main_memory_share_mib(instance: InstanceFacts, tensor_parallel: int) -> int:
    """Return MiB of main memory for one replica, shared memory included: by GPUs, less what the node itself needs."""
    return int(instance.memory_mib * _rule("main_memory_share") * tensor_parallel / instance.gpus)


@functools.cache
def _rule(name: str) -> float:
    return float(tomllib.loads((DATA / "memory_rules.toml").read_text(encoding="utf-8"))[name]["value"])
