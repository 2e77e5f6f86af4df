"""What starts machines by a call of AWS later on: schedules, targets of events, state machines, documents."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from costcheck.gate.accelerators import is_accelerated, names_accelerator
from costcheck.gate.machines import Sizing, machine_types
from costcheck.gate.types import find_pricer
from costcheck.gate.view import Side, UnpriceableError, View
from costcheck.plan.records import Resource

SCHEDULE = "aws:scheduler/schedule:Schedule"
MAY_SIZE = "may start machines or set how many there are"
EVENT_TARGET, ASSOCIATION = "aws:cloudwatch/eventTarget:EventTarget", "aws:ssm/association:Association"
TARGETS = {SCHEDULE: ("target", "arn"), EVENT_TARGET: ("arn",)}
"""Where a type says what it calls; without it, nobody can tell what that is."""
_CALL = re.compile(
    r"(?:aws-sdk:|:states:[^:]*:[^:]*:(?!aws-sdk:))(?P<service>[A-Za-z0-9-]+):(?P<call>[A-Za-z0-9]+)"
    r"|[\"']?\bapi[\"']?\s*:\s*[\"']?(?P<api>[A-Za-z]+)|\baws:(?P<action>runInstances|createStack)\b"
    r"|(?<![A-Za-z0-9-])(?P<document>AWS-[A-Za-z0-9]+)(?![A-Za-z0-9-])",
    re.IGNORECASE,
)
"""How calls are named by EventBridge Scheduler (`aws-sdk:ec2:runInstances`), Step Functions (the same, and
`states:::sagemaker:createTrainingJob.sync`) and documents of Systems Manager (`Api` of `aws:executeAwsApi`,
`aws:runInstances`), and the documents of AWS themselves (`AWS-StartEC2Instance`): https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html,
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html,
https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-actions.html."""


def why_starts(resource: Resource, side: Side) -> str:
    """Return why a registered resource may start machines with GPUs later on, empty where it does not."""
    if resource.token not in machine_types().starts_what_it_names:
        return ""
    if names_accelerator(resource.inputs):
        return "it names an instance type with GPUs, which it may start"
    if lost := _lost(resource):
        return f"{lost} is not in the plan, so nobody can tell what it starts"
    calls = [call for text in _texts(resource.inputs) for call in _calls(text)]
    if calls and not (len(calls) == 1 and _sizes_plain(calls[0], resource, side)):
        return f"it calls {calls[0][:100]}, which {MAY_SIZE}"
    return ""


def _lost(resource: Resource) -> str:
    """Return what the program sets and the plan does not show, empty where there is nothing."""
    path = TARGETS.get(resource.token, ())
    value: Any = resource.inputs
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else value
    if path and not isinstance(value, str):
        return ".".join(path)
    return min(resource.depends_on.keys() - resource.inputs.keys(), default="")


def _calls(text: str) -> Iterator[str]:
    """Yield the calls in a text that may start machines or set how many there are."""
    listed, listed_documents = machine_types().sizing_calls, machine_types().starting_documents
    for found in _CALL.finditer(text):
        if document := found["document"]:
            yield from (document,) if document.lower() in listed_documents else ()
            continue
        named = found["action"] or found["api"] or f"{found['service']}:{found['call']}"
        is_api = found["api"] and any(call.endswith(f":{named.lower()}") for call in listed)
        if found["action"] or is_api or named.lower() in listed:
            yield named


def _sizes_plain(call: str, resource: Resource, side: Side) -> bool:
    """Return whether a resource does nothing but set the size of what is in the plan and has no GPUs."""
    sizing = machine_types().sizing_of(call)
    told = _arguments(resource)
    if sizing is None or told is None or told.keys() - sizing.arguments:
        return False
    names = told.get(sizing.named_by)
    asked = [names] if isinstance(names, str) else names if isinstance(names, list) else []
    return bool(asked) and all(_is_plain(name, sizing, side) for name in asked)


def _arguments(resource: Resource) -> dict[str, Any] | None:
    """Return the arguments of a call by their names in lower case, None where nobody can read them."""
    inputs = resource.inputs
    told: Any = None
    if resource.token == SCHEDULE:
        target = inputs.get("target")
        told = _json(target.get("input")) if isinstance(target, Mapping) else None
    elif resource.token == EVENT_TARGET:
        told = _json(inputs.get("input"))
    elif resource.token == ASSOCIATION and "targets" not in inputs:
        told = inputs.get("parameters")
    return {key.lower(): value for key, value in told.items()} if isinstance(told, Mapping) else None


def _json(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _is_plain(name: object, sizing: Sizing, side: Side) -> bool:
    meant = [View(one, side) for one in side.by_urn.values() if one.token in sizing.types]
    found = [one for one in meant if one.may_be_called(name)]
    return bool(found) and all(map(_has_no_gpu, found))


def _has_no_gpu(view: View) -> bool:
    pricer = find_pricer(view.resource.token)
    try:
        nodes = pricer(view).nodes if pricer else None
    except UnpriceableError:
        return False
    return nodes is not None and not any(
        is_accelerated(name, view.side.instances) for group in nodes for name in group.instance_types
    )


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield f"{key}: {inner}" if isinstance(inner, str) else str(key)
            yield from () if isinstance(inner, str) else _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
