"""Makes a resource's record: its id, ARN and outputs, from its type's templates."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from localcloud.account.errors import ApiError
from localcloud.account.kinds import Kind, kind_of
from localcloud.account.store import Resource, State, Tree
from localcloud.account.templates import filled


def outputs_of(state: State, kind: Kind, inputs: Tree, resource_id: str, default_tags: Mapping[str, str]) -> Tree:
    """The outputs of a new resource: defaults, inputs, and what AWS computes."""
    values = {**kind.defaults, **inputs, "id": resource_id}
    computed = filled(dict(kind.outputs), settings=state.settings, seed=resource_id, values=values)
    arn = filled(kind.arn, settings=state.settings, seed=resource_id, values=values)
    outputs = {**kind.defaults, **computed, **inputs, "region": inputs.get("region", state.settings.region)}
    tags = {"tagsAll": {**default_tags, **(inputs.get("tags") or {})}}
    return {**outputs, **tags, **({"arn": arn} if arn and "arn" not in inputs else {})}


def make(  # noqa: PLR0913  -- one record
    state: State,
    token: str,
    inputs: Tree,
    *,
    made_by: str = "",
    resource_id: str = "",
    default_tags: Mapping[str, str] | None = None,
) -> Resource:
    """A new resource, put into the account; it gets an id of its type's form unless it is given one.

    Raises:
        ApiError: The type is unknown, or there is one of this name already.
    """
    kind = kind_of(token)
    seed = secrets.token_hex(16)
    values = {**kind.defaults, **inputs}
    resource_id = resource_id or str(filled(kind.id, settings=state.settings, seed=seed, values=values))
    if state.get(token, resource_id):
        msg = "AlreadyExists"
        raise ApiError(msg, f"a {kind.label} '{resource_id}' already exists")
    outputs = outputs_of(state, kind, inputs, resource_id, default_tags or {})
    found = Resource(
        type=token, id=resource_id, inputs=inputs, outputs=outputs, made_by=made_by, made_at=round(time.time(), 3)
    )
    return state.put(found)


def changed(state: State, resource: Resource, inputs: Tree, default_tags: Mapping[str, str]) -> Resource:
    """The resource with new inputs; what AWS computed when it was made stays."""
    kind = kind_of(resource.type)
    gone = {name: None for name in resource.inputs if name not in inputs}
    kept = {name: value for name, value in resource.outputs.items() if name not in gone}
    tags = {"tagsAll": {**default_tags, **(inputs.get("tags") or {})}}
    outputs: dict[str, Any] = {**kept, **_reset(kind, gone), **inputs, **tags}
    return state.put(replace(resource, inputs=inputs, outputs=outputs))


def _reset(kind: Kind, gone: Mapping[str, None]) -> Tree:
    """The defaults of the inputs that are no longer given."""
    return {name: value for name, value in kind.defaults.items() if name in gone}
