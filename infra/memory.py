"""What the stack remembers of its last accepted run, in its own state.

A `Stash`, not an output: outputs are written last, so an update that failed or was killed half-way, with GPU nodes
running, may have left none. The stash is written first and deleted last.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pulumi

from infra.config_records import GpuPoolConfig
from infra.facts import InstanceFacts

NAME = "memory"
TYPE = "pulumi:index:Stash"

HALF_WRITTEN = "failed to load checkpoint"
WAITS_SECONDS = (0.1, 0.3, 1.0)

COMPONENTS = {"managed": "worthwhile:infra:GpuNodePool", "karpenter": "worthwhile:infra:KarpenterNodePool"}
"""Type of the component of each kind of pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One accepted run; what it holds may be kept or lowered whatever has become of the account since.

    Attributes:
        region: Where it was accepted; capacity elsewhere is new capacity.
        gpu_maximums: Instance type and purchase option (`g6e.xlarge/on_demand`) to the nodes that were admitted.
        zones: Zones of the network; another choice would replace every subnet.
        pool_zones: Zones of each pool, by `pool_key`; another choice would replace its nodes.
        instances: Facts of the instance types in use, for when EC2 stops offering one.
        kubernetes_version: Of the cluster.
        system_nodes: System nodes by instance type.
        servers: Digest of each accepted model server, by its name.
        monthly_ceiling_usd: Ceiling of the decision that was read last, empty where there was none.
        standing: Nodes that each pool in the state may have, by the type of its component and its name; read, not
            written: a killed or partial update leaves pools that the configuration no longer names.
    """

    region: str = ""
    gpu_maximums: Mapping[str, int] = field(default_factory=dict)
    zones: tuple[str, ...] = ()
    pool_zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    instances: Mapping[str, InstanceFacts] = field(default_factory=dict)
    kubernetes_version: str = ""
    system_nodes: Mapping[str, int] = field(default_factory=dict)
    servers: Mapping[str, str] = field(default_factory=dict)
    monthly_ceiling_usd: str = ""
    standing: Mapping[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)

    def within(self, region: str) -> "Memory":
        """Return what is remembered of a region."""
        return (
            self
            if region == self.region
            else replace(Memory(), monthly_ceiling_usd=self.monthly_ceiling_usd, standing=self.standing)
        )

    def holds(self, pool: GpuPoolConfig, wanted: Mapping[str, int]) -> bool:
        """Return whether all pools of this one's types are together not above what was admitted."""
        keys = [f"{type_}/{pool.purchase_option}" for type_ in pool.instance_types]
        return all(wanted[key] <= self.gpu_maximums.get(key, 0) for key in keys)


def pool_key(pool: GpuPoolConfig) -> str:
    """Return what decides where a pool's nodes may start, as one text."""
    return f"{pool.name}: {', '.join(pool.instance_types)} in {', '.join(pool.zones) or 'any zone'}"


def recall(stack: str, *, wait: Callable[[float], object]) -> Memory:
    """Return the memory of this stack; an empty one before its first accepted run.

    Args:
        stack: Its name.
        wait: Called with seconds, between two looks at a state that is being written.
    """
    answer = _read(stack, wait)
    memory, standing = Memory(), {}
    for urn, resource in answer["outputs"].items():
        name, outputs = urn.rpartition("::")[2], resource.get("outputs") or {}
        if resource["type"] == TYPE and name == NAME:
            memory = from_state(outputs["input"])
        elif resource["type"] in COMPONENTS.values():
            maximums = outputs.get("maximum_nodes") or {}
            standing[resource["type"], name] = {key: int(nodes) for key, nodes in maximums.items()}
    return replace(memory, standing=standing)


def _read(stack: str, wait: Callable[[float], object]) -> Mapping[str, Any]:
    """Return what the state holds; asked again where the engine was just writing it.

    A backend in a folder truncates the file before it writes it, so that whoever reads then finds its end at once.
    """
    for seconds in WAITS_SECONDS:
        try:
            return _asked(stack)
        except Exception as exc:
            if HALF_WRITTEN not in str(exc):
                raise
            wait(seconds)
    return _asked(stack)


def _asked(stack: str) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = pulumi.runtime.invoke(
        "pulumi:pulumi:readStackResourceOutputs", {"stackName": stack}
    ).value
    return answer


def remember(memory: Memory) -> pulumi.Stash:
    """Write the memory; whatever it admits must depend on it, so that destroying takes that away first."""
    return pulumi.Stash(NAME, input=to_state(memory))


def to_state(memory: Memory) -> dict[str, Any]:
    """Return the memory in types that a state can hold."""
    state = asdict(memory)
    del state["standing"]
    for facts in state["instances"].values():
        del facts["zones"]
    return state


def from_state(state: Mapping[str, Any]) -> Memory:
    """Return the memory that a state holds, whose whole numbers come back as 2.0; an older one may lack keys."""
    return Memory(
        region=state.get("region", ""),
        gpu_maximums={key: int(nodes) for key, nodes in state.get("gpu_maximums", {}).items()},
        zones=tuple(state.get("zones", ())),
        pool_zones={key: tuple(zones) for key, zones in state.get("pool_zones", {}).items()},
        instances={name: _instance(row) for name, row in state.get("instances", {}).items()},
        kubernetes_version=state.get("kubernetes_version", ""),
        system_nodes={type_: int(count) for type_, count in state.get("system_nodes", {}).items()},
        servers=dict(state.get("servers", {})),
        monthly_ceiling_usd=state.get("monthly_ceiling_usd", ""),
    )


def _instance(row: Mapping[str, Any]) -> InstanceFacts:
    # Where it was offered then says nothing about now.
    return InstanceFacts(
        zones=frozenset(),
        vcpus=int(row["vcpus"]),
        memory_mib=int(row["memory_mib"]),
        gpus=int(row["gpus"]),
        gpu_memory_gib=float(row["gpu_memory_gib"]),
    )
