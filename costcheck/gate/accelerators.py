"""Which instance types carry GPUs or other accelerators, by the facts of EC2 or, without any, by their family."""

import re
from collections.abc import Mapping
from typing import Any

from costcheck.records import InstanceType

PLAIN_FAMILIES = frozenset({"a", "c", "d", "h", "hpc", "i", "im", "is", "m", "mac", "r", "t", "u", "x", "z"})
"""Families without an accelerator; a family that is not among them is taken for one that has
(https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html, read 2026-11-26)."""
_FAMILY = re.compile(r"(?:(?:ml|db|cache)\.)?([a-z]+)-?\d")
_ACCELERATED = re.compile(
    r"(?<![a-z0-9])(?:p|g|gr|inf|trn|dl|vt)\d[a-z0-9-]*\.(?:\d*x?large|medium|small|metal)(?![a-z0-9])", re.IGNORECASE
)


def is_accelerated(instance_type: str, facts: Mapping[str, InstanceType]) -> bool:
    """Return whether a type carries an accelerator; one that nobody knows does until its family says otherwise."""
    known = facts.get(instance_type)
    if known is not None and (known.gpu_count > 0 or known.gpu_name is not None):
        return True
    family = _FAMILY.match(instance_type)
    return family is None or family[1] not in PLAIN_FAMILIES


def names_accelerator(value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Return whether any text inside names an instance type with an accelerator."""
    if isinstance(value, Mapping):
        return any(map(names_accelerator, (*value, *value.values())))
    if isinstance(value, list | tuple):
        return any(map(names_accelerator, value))
    return isinstance(value, str) and _ACCELERATED.search(value) is not None
