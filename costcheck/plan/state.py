"""Read `pulumi stack export`, and add to a plan what it leaves as it is."""

from dataclasses import replace
from typing import Any

import msgspec

from costcheck.errors import PlanError
from costcheck.plan.clusters import place_objects
from costcheck.plan.reading import Providers, RawResource, decode, is_default_provider, to_resource
from costcheck.plan.records import Plan

EXPECTED = "the whole output of `pulumi stack export` of the same stack, made before the preview"
AGAIN = "run `pulumi stack export > state.json` and `pulumi preview --json > plan.json` again, in this order"


class RawDeployment(msgspec.Struct):
    """What stands; a stack that was never applied has a manifest and no resources."""

    manifest: dict[str, Any]
    resources: list[RawResource] = []


class RawState(msgspec.Struct):
    """The document."""

    version: int
    deployment: RawDeployment


def with_state(plan: Plan, content: bytes, name: str = "the state") -> Plan:
    """Return the plan with every resource that it leaves unchanged.

    Raises:
        PlanError: It is no state, or not the one that the preview saw.
    """
    raw = decode(content, RawState, name, expected=EXPECTED)
    resources = raw.deployment.resources
    providers = Providers({resource.urn: resource for resource in resources}, plan.default_region_id)
    changed = {change.urn for change in plan.changes}
    stands = {row.urn for row in resources}
    # What an update that failed has left to be deleted still costs, and the summary does not count it.
    kept = [row for row in resources if (row.urn not in changed or row.delete) and not is_default_provider(row)]
    _require_same_stack(plan, kept, name)
    counted = sum(not row.delete for row in kept)
    missing = [change.urn for change in plan.changes if change.before and change.urn not in stands]
    if counted != plan.unchanged_count or missing:
        message = (
            f"{name} is not the state that the preview saw: {counted} of its resources stay by it, "
            f"{plan.unchanged_count} by the preview{f'; it lacks {missing[0]}' if missing else ''}"
        )
        raise PlanError(message, expected=EXPECTED, action=AGAIN)
    unchanged = tuple(to_resource(row, providers) for row in kept)
    return place_objects(replace(plan, unchanged=unchanged, state_given=True))


def _require_same_stack(plan: Plan, kept: list[RawResource], name: str) -> None:
    prefix = f"urn:pulumi:{plan.stack}::{plan.project}::"
    strangers = [row.urn for row in kept if not row.urn.startswith(prefix)]
    if strangers:
        message = f"{name} holds {strangers[0]}, which is not of {plan.project}/{plan.stack}"
        raise PlanError(message, expected=EXPECTED, action=AGAIN)
