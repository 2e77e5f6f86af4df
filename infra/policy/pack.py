"""Every policy of the pack, in the order in which the engine asks them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from pulumi_policy import EnforcementLevel, Policy, ResourceValidationPolicy, StackValidationPolicy

from infra.policy.assessing import Assessors, Render
from infra.policy.canary import canaries, looking
from infra.policy.capacity import Capacity
from infra.policy.closed import closed
from infra.policy.configuration import CAPACITY_SCHEMA, GATED_SCHEMA
from infra.policy.gated import WhatWasGated
from infra.policy.security import security_policies
from infra.policy.seen import Seen
from infra.policy.standing import Export, Standing, read_standing


class Before:
    """What stood before this run, read once, at the first resource: nothing has been changed then."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._standing: Standing | None = None

    def look(self, urn: str) -> None:
        """Read the state of the stack that a resource belongs to, unless that is done."""
        if self._standing is None:
            self._standing = read_standing(self._export, urn)

    def __call__(self) -> Standing:
        """Return what stood."""
        return self._standing or Standing(resources={}, trouble="nobody looked at what stood before")


def policies(root: Path, *, today: Callable[[], date], export: Export, render: Render) -> list[Policy]:
    """Return the policies for one run of the engine.

    Args:
        root: Of the repository; paths of the configuration count from here.
        today: Returns the UTC day.
        export: Returns the exported state of a stack.
        render: Returns what Helm releases hold.
    """
    seen, before = Seen(), Before(export)
    assessors = Assessors(root=root, seen=seen, standing=before, render=render)
    capacity = Capacity(root=root, today=today, assessors=assessors)
    return [
        looking(seen, before.look),
        ResourceValidationPolicy(
            name="gpu-capacity-is-decided",
            description="More GPU nodes than stand need a decision that covers them, and all costs with them.",
            enforcement_level=EnforcementLevel.MANDATORY,
            config_schema=CAPACITY_SCHEMA,
            validate=closed(capacity),
        ),
        ResourceValidationPolicy(
            name="what-was-gated-is-applied",
            description="Only what `costcheck gate` allowed may be made.",
            enforcement_level=EnforcementLevel.MANDATORY,
            config_schema=GATED_SCHEMA,
            validate=closed(WhatWasGated(root=root, seen=seen)),
        ),
        StackValidationPolicy(
            name="every-gpu-node-is-counted",
            description="Wrong where something may start GPU nodes that nothing in the stack counts.",
            enforcement_level=EnforcementLevel.MANDATORY,
            validate=closed(capacity.at_the_end),
        ),
        *security_policies(seen),
        *canaries(seen),
    ]
