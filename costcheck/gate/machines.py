"""Types without a function of their own that may start machines: where one changes, nobody can count GPUs."""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from costcheck.facts import Typed, read_data_toml
from costcheck.gate.accelerators import names_accelerator
from costcheck.gate.gpu_words import SHOWN, gpu_word
from costcheck.gate.no_machines import has_plain_counterpart, rents_no_machines
from costcheck.gate.shown_kinds import shows_plain_machines
from costcheck.plan.records import SECRET, UNKNOWN, Resource

_MACHINE_KEY = re.compile(
    r"instance_?(?:types?|class|size)|machine_?types?|compute_?types?|vm_?size|server_?type|hardware|flavor|plan_?slug",
    re.IGNORECASE,
)
"""Names of properties that say what kind of machine is meant."""
OTHER_CLOUD = "it is or starts machines of another cloud, whose types are not known here"
AWS_PACKAGES = frozenset({"aws", "aws-native"})


class Sizing(Typed, frozen=True, kw_only=True):
    """Calls that only set a size, as long as nothing else is said.

    Attributes:
        named_by: The argument that names what they size, in lower case.
        types: What that is.
        arguments: All that they may say, in lower case.
    """

    calls: frozenset[str]
    named_by: str
    types: frozenset[str]
    arguments: frozenset[str]


class MachineTypes(Typed, frozen=True, kw_only=True):
    """The lists."""

    starts_anything: frozenset[str]
    starts_anything_prefixes: tuple[str, ...]
    starts_what_it_names: frozenset[str]
    other_clouds: frozenset[str]
    other_clouds_that_start_anything: frozenset[str]
    other_machines: frozenset[str]
    other_machine_types: frozenset[str]
    other_machines_except_modules: frozenset[str]
    sizing_calls: frozenset[str]
    starting_documents: frozenset[str]
    sizes: tuple[Sizing, ...]

    def sizing_of(self, call: str) -> Sizing | None:
        """Return what a call sizes, None where it may do more than that."""
        return next((sizing for sizing in self.sizes if call.lower() in sizing.calls), None)


@functools.cache
def machine_types() -> MachineTypes:
    """Return the lists."""
    return read_data_toml("machine_types.toml", MachineTypes)


def why_machines(resource: Resource) -> str:
    """Return why an unregistered resource may start machines with GPUs, as far as anyone can tell; empty if not."""
    return "" if rents_no_machines(resource.token) else next(_reasons(resource), "")


def _reasons(resource: Resource) -> Iterator[str]:
    token = resource.token
    if starts_anything(token) and not shows_plain_machines(resource):
        yield "it may start machines of any kind"
    if names_accelerator(resource.inputs):
        yield "it names an instance type with GPUs"
    if word := gpu_word(resource):
        yield str(word)
    if is_other_machine(token):
        yield OTHER_CLOUD
    if lost := resource.depends_on.keys() - resource.inputs.keys():
        yield f"the program sets {min(lost)[:SHOWN]}, which the plan does not show, so it may name a machine"
    foreign = token.partition(":")[0] not in AWS_PACKAGES and not _is_no_place_for_gpus(token)
    if _hides_machine(resource.inputs, foreign=foreign):
        yield "it names a kind of machine that the plan does not tell, or that is not known here"


def starts_anything(token: str) -> bool:
    """Return whether a type of AWS may start machines of whatever kind, unless one of AWS Classic says otherwise."""
    listed = machine_types()
    if token in listed.starts_anything:
        return True
    return token.startswith(listed.starts_anything_prefixes) and not has_plain_counterpart(token)


def is_other_machine(token: str) -> bool:
    """Return whether a type is, or starts, machines of another cloud, by its own name."""
    package, name = token.partition(":")[0], token.rpartition(":")[2].lower()
    listed = machine_types()
    if package in listed.other_clouds_that_start_anything or token.lower() in listed.other_machine_types:
        return True
    is_machine = name in listed.other_machines and not _is_no_place_for_gpus(token)
    return package in listed.other_clouds and is_machine


def _is_no_place_for_gpus(token: str) -> bool:
    """Return whether a type of another cloud is a database or the like."""
    listed = machine_types()
    package, module = token.partition(":")[0], token.partition(":")[2].rpartition(":")[0]
    is_listed = module.partition("/")[0].lower() in listed.other_machines_except_modules
    return package in listed.other_clouds and is_listed


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
