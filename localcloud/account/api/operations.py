"""The register of operations that the API answers, and what they share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from localcloud.account.errors import ApiError
from localcloud.account.store import Resource, State, Tree

Handler: TypeAlias = Callable[[State, Tree], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: how it is answered, and whether it changes the account."""

    handler: Handler
    changes: bool


OPERATIONS: dict[str, Operation] = {}


def operation(name: str, *, changes: bool = False) -> Callable[[Handler], Handler]:
    """Registers the function as the answer to ``service.Operation``, in botocore's names."""

    def register(handler: Handler) -> Handler:
        OPERATIONS[name] = Operation(handler, changes)
        return handler

    return register


def moment(resource: Resource) -> datetime:
    """When the resource was made."""
    return datetime.fromtimestamp(resource.made_at, UTC)


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as most services list them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def chosen(found: Sequence[Resource], ids: Sequence[str] | None, *, missing: str) -> list[Resource]:
    """The resources that the request names by id, or all.

    Raises:
        ApiError: A named one does not exist, with the code given.
    """
    if not ids:
        return list(found)
    by_id = {each.id: each for each in found}
    gone = [name for name in ids if name not in by_id]
    if gone:
        raise ApiError(missing, f"The ID '{gone[0]}' does not exist")
    return [by_id[name] for name in ids]


def filtered(
    found: Sequence[Resource], filters: Sequence[Mapping[str, Any]] | None, fields: Mapping[str, str]
) -> list[Resource]:
    """The resources that pass EC2's filters; ``fields`` says which input a filter looks at.

    Raises:
        ApiError: A filter that is not answered here: better than an answer that ignores it.
    """
    left = list(found)
    for each in filters or []:
        name, values = each["Name"], each.get("Values") or []
        left = [resource for resource in left if _passes(resource, name, values, fields)]
    return left


def _passes(resource: Resource, name: str, values: Sequence[str], fields: Mapping[str, str]) -> bool:
    if name == "tag-key":
        return any(key in values for key in resource.tags)
    if name.startswith("tag:"):
        return resource.tags.get(name.removeprefix("tag:")) in values
    if name not in fields:
        known = ", ".join(["tag:KEY", "tag-key", *sorted(fields)])
        msg = "InvalidParameterValue"
        raise ApiError(msg, f"localcloud does not know the filter '{name}' here, only {known}")
    return str(resource.id if fields[name] == "id" else resource.inputs.get(fields[name])) in values
