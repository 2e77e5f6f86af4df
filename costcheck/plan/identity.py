"""What a step leaves known of a resource: an update shows new inputs only, and keeps the id that it had."""

from dataclasses import replace
from typing import Any

from costcheck.plan.records import Operation, Resource

_MAKES_ANEW = frozenset({Operation.CREATE, Operation.REPLACE, Operation.CREATE_REPLACEMENT})
_TAGS = frozenset({"tags", "tagsAll"})


def identified(operation: Operation, before: Resource | None, after: Resource | None) -> Resource | None:
    """Return the resource after a step, with its id and outputs, or marked as made anew."""
    if after is None or operation in _MAKES_ANEW:
        return after and replace(after, is_created=True)
    if before is None:
        return after
    return replace(
        after,
        resource_id=after.resource_id or before.resource_id,
        outputs={**_kept_outputs(before, after), **after.outputs},
    )


def _kept_outputs(before: Resource, after: Resource) -> dict[str, Any]:
    """Return the outputs that stay: a change of anything but tags may count a version on."""
    same = _without_tags(before) == _without_tags(after)
    return {key: value for key, value in before.outputs.items() if same or not key.endswith("Version")}


def _without_tags(resource: Resource) -> dict[str, Any]:
    return {key: value for key, value in resource.inputs.items() if key not in _TAGS}
