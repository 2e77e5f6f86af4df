"""Read `pulumi preview --json`, and notice what is missing: a preview that failed half-way looks like a small one.

Unchanged resources are absent from `steps`, `changeSummary` alone counts them, and a failed preview says so in
`diagnostics` alone (seen with the engine 3.258.0: a well-formed document, and an exit code that is not in it).
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec

from costcheck.errors import PlanError
from costcheck.plan.identity import identified
from costcheck.plan.reading import AGAIN, RawResource, decode, to_resource
from costcheck.plan.records import PROVIDER_PREFIX, Change, Operation, Plan, Resource
from costcheck.plan.regions import place

EXPECTED = "the whole output of a `pulumi preview --json` that succeeded"
URN_PARTS = 4
_NEEDS_BEFORE = frozenset({Operation.UPDATE, Operation.DELETE, Operation.REPLACE, Operation.DELETE_REPLACED})
_NEEDS_AFTER = frozenset(
    {
        Operation.CREATE,
        Operation.UPDATE,
        Operation.REPLACE,
        Operation.CREATE_REPLACEMENT,
        Operation.READ,
        Operation.READ_REPLACEMENT,
        Operation.IMPORT,
        Operation.IMPORT_REPLACEMENT,
    }
)
_BRACKET = re.compile(r"kubernetes:(?:yaml|kustomize|helm\.sh)(?:/v\d)?:(?:Chart|ConfigFile|ConfigGroup|Directory)$")
"""Components of the Kubernetes provider, which put typed objects under one name."""
_GONE_AFTER = frozenset({Operation.DELETE, Operation.DELETE_REPLACED, Operation.DISCARD_REPLACED})
_REPLACES = frozenset(
    {Operation.REPLACE, Operation.CREATE_REPLACEMENT, Operation.READ_REPLACEMENT, Operation.IMPORT_REPLACEMENT}
)
_READS = frozenset({Operation.READ, Operation.READ_REPLACEMENT})
_LEAVES_AS_IT_WAS = frozenset({Operation.SAME, Operation.REFRESH})


class RawStep(msgspec.Struct, rename="camel"):
    """One step of a preview."""

    op: str
    urn: str
    old_state: RawResource | None = None
    new_state: RawResource | None = None


class RawDiagnostic(msgspec.Struct):
    """Something that the engine or the program said."""

    severity: str = "error"  # what does not say how bad it is counts as bad
    message: str = ""
    urn: str = ""


class RawPreview(msgspec.Struct, rename="camel"):
    """The document; what is optional here is required below, with a better message."""

    steps: list[RawStep] | None = None
    change_summary: dict[str, int] | None = None
    diagnostics: list[RawDiagnostic] = []
    config: dict[str, Any] = {}
    maybe_corrupt: bool = False


def read_preview(content: bytes, name: str = "the plan") -> Plan:
    """Return the plan in a preview.

    One that failed is read as far as it shows anything, and says why it failed.

    Raises:
        PlanError: It is no preview, it is empty, or its steps are not those that it counts.
    """
    raw = decode(content, RawPreview, name, expected=EXPECTED)
    failure = _failure(raw)
    if failure and not raw.steps:
        raise PlanError(failure, expected=EXPECTED, action=AGAIN)
    counted, steps = _counted(raw, name), _known_steps(raw, name)
    if not failure:
        _require_whole(counted, steps, name)
    changes = tuple(change for operation, step in steps for change in _changes(operation, step, name))
    project, stack = _project_and_stack([change.urn for change in changes], name)
    same = [change.after for change in changes if change.operation is Operation.SAME and change.after]
    unchanged_count = counted[Operation.SAME] - sum(_differs(operation, step) for operation, step in steps)
    region_id = raw.config.get("aws:region")
    return place(
        Plan(
            project=project,
            stack=stack,
            changes=tuple(change for change in changes if change.operation is not Operation.SAME),
            unchanged=tuple(same),
            unchanged_count=unchanged_count,
            state_given=len(same) == unchanged_count,
            failure=failure,
            default_region_id=region_id if isinstance(region_id, str) else None,
        )
    )


def _failure(raw: RawPreview) -> str:
    """Return what the first error said, empty where the preview succeeded."""
    errors = [entry.message.strip().removeprefix("error: ") for entry in raw.diagnostics if entry.severity == "error"]
    if errors:
        return f"the preview failed: {errors[0] or 'it does not say why'}"
    return "the preview says that some of it may be corrupt" if raw.maybe_corrupt else ""


def _counted(raw: RawPreview, name: str) -> Counter[Operation]:
    summary = raw.change_summary or {}
    unheard = sorted(summary.keys() - set(Operation))
    if unheard or not sum(summary.values()) or min(summary.values()) < 0:
        message = f"{name} counts {unheard or summary or 'no resource at all'} in changeSummary"
        raise PlanError(message, expected=EXPECTED, action=AGAIN)
    return Counter({Operation(key): count for key, count in summary.items()})


def _known_steps(raw: RawPreview, name: str) -> list[tuple[Operation, RawStep]]:
    if raw.steps is None:
        message = f"{name} has no steps"
        raise PlanError(message, expected=EXPECTED, action=AGAIN)
    unheard = sorted({step.op for step in raw.steps} - set(Operation))
    if unheard:
        message = f"{name} has steps of an unknown kind: {', '.join(unheard)}"
        raise PlanError(message, expected=EXPECTED, action="report it: this version of Pulumi does something new")
    return [(Operation(step.op), step) for step in raw.steps]


def _require_whole(counted: Counter[Operation], steps: list[tuple[Operation, RawStep]], name: str) -> None:
    """Do nothing if the steps are those that the summary counts: unchanged resources need no step, all others do."""
    shown = Counter(operation for operation, _ in steps)
    wrong = [
        f"{shown[operation]} of {counted[operation]} {operation}"
        for operation in sorted(shown | counted)
        if shown[operation] > counted[operation]
        or (shown[operation] < counted[operation] and operation is not Operation.SAME)
    ]
    twice = [urn for urn, count in Counter((step.urn, op) for op, step in steps).items() if count > 1]
    if wrong or twice:
        detail = f"shows {', '.join(wrong)} steps" if wrong else f"has two steps for {twice[0][0]}"
        message = f"{name} is not whole: it {detail}"
        raise PlanError(message, expected=EXPECTED, action=AGAIN)


def _changes(operation: Operation, step: RawStep, name: str) -> Iterator[Change]:
    before = _side(step, step.old_state, name, needed=operation in _NEEDS_BEFORE)
    after = _side(step, step.new_state, name, needed=operation in _NEEDS_AFTER)
    if operation is not Operation.SAME and not (before or after):
        raise _says_too_little(step, name)
    retained = replace(before, is_leftover=True) if before and before.is_retained else None
    if operation in _REPLACES and retained:
        # What is replaced stays, and the new one comes beside it.
        yield Change(operation=operation, urn=step.urn, before=before, after=retained)
        before = None
    yield Change(
        operation=Operation.UPDATE if _differs(operation, step) else operation,
        urn=step.urn,
        before=before,
        after=retained if operation in _GONE_AFTER else identified(operation, before, after or before),
    )


def _differs(operation: Operation, step: RawStep) -> bool:
    """Return whether a resource that is called unchanged gets other inputs, which its provider takes for the same."""
    old, new = step.old_state, step.new_state
    return operation is Operation.SAME and old is not None and new is not None and old.inputs != new.inputs


def _side(step: RawStep, state: RawResource | None, name: str, *, needed: bool) -> Resource | None:
    if state is None:
        if needed:
            raise _says_too_little(step, name)
        return None
    for problem in (*_contradictions(step, state), *_impossible(step, state)):
        message = f"{name} contradicts itself: the step of {step.urn} is about {problem}"
        raise PlanError(message, expected=EXPECTED, action=AGAIN)
    return to_resource(state)


def _says_too_little(step: RawStep, name: str) -> PlanError:
    message = f"{name} does not say what {step.urn} is on one side of its {step.op}"
    return PlanError(message, expected=EXPECTED, action=AGAIN)


def _contradictions(step: RawStep, state: RawResource) -> Iterator[str]:
    aliases = step.new_state.aliases if step.new_state and state is step.old_state else ()
    if state.urn != step.urn and state.urn not in aliases:
        yield state.urn
    parts = state.urn.split("::")
    if len(parts) < URN_PARTS or parts[2].rpartition("$")[2] != state.type:
        yield f"a {state.type}"
    managed = state.type.partition(":")[0] in {"aws", "aws-native", "kubernetes"} or state.type.startswith(
        PROVIDER_PREFIX
    )
    if managed and not state.custom and not _BRACKET.match(state.type):
        yield "a component"


def _impossible(step: RawStep, state: RawResource) -> Iterator[str]:
    """Yield what the engine asserts that it never writes.

    See https://github.com/pulumi/pulumi/blob/v3.258.0/pkg/resource/deploy/step.go.
    """
    if state is step.old_state:
        if step.op in {Operation.CREATE, Operation.IMPORT}:
            yield "something that is new and stands already"
        return
    was_external = step.op in _LEAVES_AS_IT_WAS and step.old_state is not None and step.old_state.external
    if state.external and step.op not in _READS and not was_external:
        yield "something that is only read"
    if state.delete and step.op != Operation.REFRESH:
        yield "something that waits for its deletion"


def _project_and_stack(urns: list[str], name: str) -> tuple[str, str]:
    parts = [urn.removeprefix("urn:pulumi:").split("::") for urn in urns]
    owners = {tuple(some[:2]) for some in parts if len(some) >= URN_PARTS}
    if len(owners) != 1 or any(len(some) < URN_PARTS for some in parts):
        message = f"{name} holds resources of {len(owners)} stacks"
        raise PlanError(message, expected="steps of exactly one stack", action=AGAIN)
    ((stack, project),) = owners
    return project, stack
