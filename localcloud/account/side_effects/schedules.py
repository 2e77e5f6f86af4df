"""Scheduled actions with a start time change their group once that time has come. Recurring ones are only kept."""

from dataclasses import replace
from datetime import UTC, datetime

from localcloud.account.api.eks import NODE_GROUP
from localcloud.account.effects.eks_nodes import GROUP, SCHEDULE, scale
from localcloud.account.store import Account, Resource, State

_SIZES = {"minSize": "minSize", "maxSize": "maxSize", "desiredCapacity": "desiredSize"}


def follow_schedules(account: Account, now: datetime) -> None:
    """Does what is due and has not been done."""
    if any(_is_due(each, now) for each in account.read().of_type(SCHEDULE)):
        with account.change() as state:
            for each in state.of_type(SCHEDULE):
                if _is_due(each, now):
                    _do(state, each)


def _is_due(action: Resource, now: datetime) -> bool:
    start = action.inputs.get("startTime")
    if not start or action.inputs.get("recurrence") or action.outputs.get("done"):
        return False
    return datetime.strptime(start, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) <= now


def _do(state: State, action: Resource) -> None:
    state.set_outputs(action, done=True)
    group = state.get(GROUP, action.inputs["autoscalingGroupName"])
    node_group = state.get(NODE_GROUP, group.made_by) if group else None
    if node_group is None:
        return
    sizes = {ours: action.inputs[name] for name, ours in _SIZES.items() if action.inputs.get(name, -1) != -1}
    scaling = {**node_group.inputs["scalingConfig"], **sizes}
    changed = replace(
        node_group,
        inputs={**node_group.inputs, "scalingConfig": scaling},
        outputs={**node_group.outputs, "scalingConfig": scaling},
    )
    scale(state, state.put(changed))
