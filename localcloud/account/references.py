"""Keeps references honest: what a resource names must exist, and what is named cannot be deleted."""

from collections.abc import Iterator
from typing import Any

from localcloud.account.errors import ApiError
from localcloud.account.kinds import Kind, kinds
from localcloud.account.store import Resource, State, Tree

_OWNED_BY_AWS = ("arn:aws:iam::aws:", "alias/aws/")


def named(inputs: Tree, path: str) -> Iterator[str]:
    """Every string at the path (``subnetIds.*``, ``vpcConfig.subnetIds.*``) of the inputs."""
    parts: list[Any] = [inputs]
    for step in path.split("."):
        parts = [child for part in parts for child in _children(part, step)]
    yield from (part for part in parts if isinstance(part, str) and part)


def _children(part: object, step: str) -> list[Any]:
    if step == "*":
        return part if isinstance(part, list) else []
    return [part[step]] if isinstance(part, dict) and step in part else []


def answers_to(resource: Resource, name: str) -> bool:
    """True when the name is the resource's id, ARN, or the name that its API calls it by."""
    outputs = resource.outputs
    return name in (resource.id, resource.arn, outputs.get("keyId"), outputs.get("name"), f"{resource.arn}:*")


def find(state: State, token: str, name: str) -> Resource | None:
    """The resource of the type that answers to the name."""
    living = (each for each in state.of_type(token) if each.outputs.get("keyState") != "PendingDeletion")
    return next((each for each in living if answers_to(each, name)), None)


def check_references(state: State, kind: Kind, inputs: Tree) -> None:
    """Returns when everything that the inputs name exists.

    Raises:
        ApiError: With the code that AWS gives for the thing that is missing.
    """
    for path, token in kind.references.items():
        for name in named(inputs, path):
            if not name.startswith(_OWNED_BY_AWS) and find(state, token, name) is None:
                target = kinds()[token]
                raise ApiError(
                    target.missing, f"{path.removesuffix('.*')}: the {target.label} '{name}' does not exist"
                )


def holders(state: State, resource: Resource) -> list[Resource]:
    """The resources that keep this one from being deleted."""
    return [each for each in state if each != resource and _holds(each, resource)]


def _holds(holder: Resource, target: Resource) -> bool:
    kind = kinds().get(holder.type)
    if kind is None or holder.made_by == target.id:  # a side effect goes with what it is the side effect of
        return False
    paths = [path for path in kind.holds if kind.references[path] == target.type]
    return any(answers_to(target, name) for path in paths for name in named(holder.inputs, path))


def check_unheld(state: State, kind: Kind, resource: Resource) -> None:
    """Returns when nothing keeps the resource from being deleted.

    Raises:
        ApiError: With AWS's code and the first few holders.
    """
    found = holders(state, resource)
    if found:
        some = ", ".join(f"{each.type.rsplit(':', 1)[1]} {each.id}" for each in found[:3])
        raise ApiError(kind.in_use, f"{kind.label} '{resource.id}' has dependencies and cannot be deleted: {some}")
