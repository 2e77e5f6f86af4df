"""Read `pulumi stack export`, and add to a plan what it leaves as it is."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from costcheck.errors import PlanError
from costcheck.plan.reading import RawResource, decode, to_resource
from costcheck.plan.records import SECRET, SIGNATURE, Plan, Resource
from costcheck.plan.regions import is_default_provider, place

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
    _require_each_once(raw.deployment.resources, name)
    stands = {_key(row): row for row in map(to_resource, raw.deployment.resources)}
    changing = [change.before for change in plan.changes if change.before]
    changed = {_key(row) for row in changing} | {(change.urn, "") for change in plan.changes if not change.before}
    # What an update that failed has left to be deleted still costs, and the summary does not count it.
    kept = [row for key, row in stands.items() if key not in changed and not is_default_provider(row.urn)]
    _require_same_stack(plan, kept, name)
    counted = sum(not row.is_leftover for row in kept)
    other = [row.urn for row in changing if not _is_same(row, stands.get(_key(row)))]
    if counted != plan.unchanged_count or other:
        message = (
            f"{name} is not the state that the preview saw: {counted} of its resources stay by it, "
            f"{plan.unchanged_count} by the preview{f'; {other[0]} is not the same in both' if other else ''}"
        )
        raise PlanError(message, expected=EXPECTED, action=AGAIN)
    return place(replace(plan, unchanged=tuple(kept), state_given=True))


def _key(resource: Resource) -> tuple[str, str]:
    """Return what tells a resource from its leftovers, which have its URN too."""
    return resource.urn, f"leftover {resource.resource_id}" if resource.is_leftover else ""


def _require_each_once(rows: Iterable[RawResource], name: str) -> None:
    counted = Counter((row.urn, row.delete, row.delete and row.id) for row in rows)
    twice = [urn for (urn, *_), count in counted.items() if count > 1]
    if twice:
        message = f"{name} contradicts itself: {twice[0]} stands twice"
        raise PlanError(message, expected=EXPECTED, action=AGAIN)


def _is_same(shown: Resource, stands: Resource | None) -> bool:
    """Return whether the preview shows a resource as it stands."""
    return (
        stands is not None
        and (shown.external, shown.is_retained) == (stands.external, stands.is_retained)
        and _agrees(shown.inputs, stands.inputs)
    )


def _agrees(shown: Any, stands: Any) -> bool:  # noqa: ANN401 - any JSON
    """Return whether a value of a preview can be the one of a state, which holds secrets encrypted."""
    if isinstance(stands, Mapping) and SIGNATURE in stands:
        return shown == SECRET or (isinstance(shown, Mapping) and SIGNATURE in shown)
    if isinstance(shown, Mapping) and isinstance(stands, Mapping):
        return shown.keys() == stands.keys() and all(_agrees(value, stands[key]) for key, value in shown.items())
    if isinstance(shown, list) and isinstance(stands, list):
        return len(shown) == len(stands) and all(map(_agrees, shown, stands))
    return bool(shown == stands)


def _require_same_stack(plan: Plan, kept: list[Resource], name: str) -> None:
    prefix = f"urn:pulumi:{plan.stack}::{plan.project}::"
    strangers = [row.urn for row in kept if not row.urn.startswith(prefix)]
    if strangers:
        message = f"{name} holds {strangers[0]}, which is not of {plan.project}/{plan.stack}"
        raise PlanError(message, expected=EXPECTED, action=AGAIN)
