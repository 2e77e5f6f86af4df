"""What a rule is, and how it looks into inputs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Inputs = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource as the program asks for it.

    Attributes:
        token: Pulumi's type token, such as `aws:eks/cluster:Cluster`.
        name: Its logical name.
        inputs: Its inputs, in the provider's names.
    """

    token: str
    name: str
    inputs: Inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that must hold for every resource of these types.

    Attributes:
        name: Short name, in the negative nowhere: it says what is right.
        tokens: Types that it looks at.
        message: What is wrong where it does not hold.
        holds: The rule itself.
    """

    name: str
    tokens: frozenset[str]
    message: str
    holds: Callable[[Inputs], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule that does not hold for a resource."""

    rule: str
    resource: str
    message: str


def rule(name: str, *tokens: str) -> Callable[[Callable[[Inputs], bool]], Rule]:
    """Return a decorator that makes a rule of a predicate, with the predicate's docstring as its message."""
    return lambda holds: Rule(name=name, tokens=frozenset(tokens), message=str(holds.__doc__), holds=holds)


def at(inputs: object, *path: str | int) -> object:
    """Return what stands at this path, or None where the path ends early."""
    for step in path:
        if isinstance(step, str) and isinstance(inputs, Mapping):
            inputs = inputs.get(step)
        elif isinstance(step, int) and isinstance(inputs, list | tuple) and len(inputs) > step:
            inputs = inputs[step]
        else:
            return None
    return inputs


def as_list(value: object) -> list[Any]:
    """Return the value as a list; nothing is an empty one, and IAM allows one value where a list is meant."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def is_true(value: object) -> bool:
    """Return whether the provider takes this value, which may be written as text, for true."""
    return value is True or value == "true"


def is_positive(value: object) -> bool:
    """Return whether this is a number above zero."""
    return isinstance(value, int | float) and value > 0


def statements(document: object) -> list[Mapping[str, Any]]:
    """Return the statements of a policy document."""
    parsed = json.loads(document) if isinstance(document, str) else document
    return as_list(at(parsed, "Statement"))
