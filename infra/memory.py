"""What the stack remembers of its last accepted run, in its own state.

A `Stash`, not an output: Pulumi empties the outputs of a stack whose program was refused, and does not write them
when an update is killed. The stash is written first and deleted last, so that it holds whatever else happens.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pulumi

NAME = "memory"
TYPE = "pulumi:index:Stash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One accepted run.

    Attributes:
        region: Where it was accepted; capacity elsewhere is new capacity.
        gpu_maximums: Instance type and purchase option (`g6e.xlarge/on_demand`) to the nodes that were admitted.
        zones: Zones of the network; another choice would replace every subnet.
        monthly_ceiling_usd: Ceiling of the decision that was read last, empty where there was none.
    """

    region: str = ""
    gpu_maximums: Mapping[str, int] = field(default_factory=dict)
    zones: tuple[str, ...] = ()
    monthly_ceiling_usd: str = ""

    def admitted(self, region: str) -> Mapping[str, int]:
        """Return what was admitted in a region."""
        return self.gpu_maximums if region == self.region else {}


def recall(stack: str) -> Memory:
    """Return the memory of this stack; an empty one before its first accepted run."""
    answer = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": stack}).value
    for urn, resource in answer["outputs"].items():
        if resource["type"] == TYPE and urn.endswith(f"::{NAME}"):
            return _memory(resource["outputs"]["input"])
    return Memory()


def remember(memory: Memory) -> pulumi.Stash:
    """Write the memory; whatever it admits must depend on it, so that destroying takes that away first."""
    return pulumi.Stash(NAME, input=asdict(memory))


def _memory(stored: Mapping[str, Any]) -> Memory:
    return Memory(
        region=stored["region"],
        gpu_maximums={key: int(nodes) for key, nodes in stored["gpu_maximums"].items()},
        zones=tuple(stored["zones"]),
        monthly_ceiling_usd=stored["monthly_ceiling_usd"],
    )
