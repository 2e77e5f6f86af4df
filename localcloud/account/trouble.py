"""Failures and delays that a test, or a person with an editor, puts into the account file.

A failure is ``{"type": "NodeGroup", "name": "gpu", "operation": "create", "error": "CODE: message", "times": 1}``;
with ``"made": true`` the resource is made all the same and is not ready, as a node group without capacity is.
A delay is ``{"type": "Cluster", "name": "cluster", "operation": "create", "seconds": 20}``.
``type`` is the last part of the token and ``name`` the name in the program, ``*`` any.
"""

from dataclasses import dataclass

from localcloud.account.store import State, Tree
from localcloud.standins.calls import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is to go wrong: the error, and whether the resource is made in spite of it."""

    error: str
    made: bool


def take_failure(state: State, call: Call, operation: str) -> Trouble | None:
    """The failure that is due for this call, counted down; None when there is none."""
    for failure in state.failures:
        if _is_meant(failure, call, operation) and failure.get("times", 1) > 0:
            failure["times"] = failure.get("times", 1) - 1
            return Trouble(error=failure["error"], made=failure.get("made", False))
    return None


def delay_s(state: State, call: Call, operation: str) -> float:
    """How long this call is to take, in seconds."""
    return sum(float(each["seconds"]) for each in state.delays if _is_meant(each, call, operation))


def _is_meant(entry: Tree, call: Call, operation: str) -> bool:
    kind = call.type.rsplit(":", 1)[1]
    same_operation = entry.get("operation", "create") == operation
    return same_operation and entry.get("type", "*") in ("*", kind) and entry.get("name", "*") in ("*", call.name)
