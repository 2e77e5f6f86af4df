"""Types without a function of their own that may start machines: where one changes, nobody can count GPUs."""

import functools
import re
from collections.abc import Mapping
from typing import Any

from costcheck.facts import Typed, read_data_toml
from costcheck.gate.accelerators import names_accelerator
from costcheck.plan.records import SECRET, UNKNOWN, Resource

_MACHINE_KEY = re.compile(
    r"instance_?(?:types?|class|size)|machine_?types?|compute_?types?|vm_?size|server_?type|hardware|flavor|plan_?slug",
    re.IGNORECASE,
)
"""Names of properties that say what kind of machine is meant."""
_GPU_WORD = re.compile(r"(?<![a-z])(?:gpus?|graphics|accelerators?)(?![a-z])|[a-z]gpu-|accelerator", re.IGNORECASE)
AWS_PACKAGES = frozenset({"aws", "aws-native"})


class MachineTypes(Typed, frozen=True, kw_only=True):
    """The lists."""

    starts_anything: frozenset[str]
    starts_anything_prefixes: tuple[str, ...]
    starts_what_it_names: frozenset[str]


@functools.cache
def machine_types() -> MachineTypes:
    """Return the lists."""
    return read_data_toml("machine_types.toml", MachineTypes)


def may_start_machines(resource: Resource) -> bool:
    """Return whether an unregistered resource may start machines with GPUs, as far as anyone can tell."""
    listed, token = machine_types(), resource.token
    if token in listed.starts_anything or token.startswith(listed.starts_anything_prefixes):
        return True
    if names_accelerator(resource.inputs) or _speaks_of_gpus(resource.inputs):
        return True
    if resource.depends_on.keys() - resource.inputs.keys():
        return True  # the program sets something that the plan has lost, so it may name a machine
    return _hides_machine(resource.inputs, foreign=token.partition(":")[0] not in AWS_PACKAGES)


def starts_what_it_names(resource: Resource) -> bool:
    """Return whether a registered resource without machines of its own names one with GPUs that it may start."""
    return resource.token in machine_types().starts_what_it_names and names_accelerator(resource.inputs)


def _speaks_of_gpus(value: Any) -> bool:  # noqa: ANN401 - any JSON
    if isinstance(value, Mapping):
        return any(_GPU_WORD.search(key) or _speaks_of_gpus(inner) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return any(map(_speaks_of_gpus, value))
    return isinstance(value, str) and _GPU_WORD.search(value) is not None


def _hides_machine(value: Any, *, foreign: bool) -> bool:  # noqa: ANN401 - any JSON
    """Return whether the kind of a machine is unknown or secret, or of a cloud whose types nobody knows here."""
    if isinstance(value, Mapping):
        return any(
            (_MACHINE_KEY.search(key) and (foreign or _hidden(inner))) or _hides_machine(inner, foreign=foreign)
            for key, inner in value.items()
        )
    if isinstance(value, list | tuple):
        return any(_hides_machine(inner, foreign=foreign) for inner in value)
    return False


def _hidden(value: Any) -> bool:  # noqa: ANN401 - any JSON
    if isinstance(value, list | tuple):
        return any(map(_hidden, value))
    return value in (UNKNOWN, SECRET) or isinstance(value, Mapping)
