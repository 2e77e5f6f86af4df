"""One digest of everything that a plan would do."""

import hashlib
from typing import Any

import msgspec

from costcheck.plan.records import Plan, Resource


def plan_sha256(plan: Plan) -> str:
    """Return the sha256, in hexadecimal, of all that makes a plan cost what it does.

    That is its stack, and of each resource that it shows: operation, type, region, inputs, and what they come from.
    """
    content = [
        plan.project,
        plan.stack,
        plan.unchanged_count,
        [(change.urn, change.operation, *map(_content, (change.before, change.after))) for change in plan.changes],
        [(resource.urn, *_content(resource)) for resource in plan.unchanged],
    ]
    encoded = msgspec.json.Encoder(order="deterministic", decimal_format="string").encode(content)
    return hashlib.sha256(encoded).hexdigest()


def _content(resource: Resource | None) -> tuple[Any, ...]:
    if resource is None:
        return ()
    return resource.token, resource.region_id, resource.inputs, resource.depends_on
