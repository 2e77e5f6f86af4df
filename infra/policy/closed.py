"""No policy lets anything pass because it could not tell: whatever stops a rule is a violation of it."""

from collections.abc import Callable
from typing import TypeVar

from pulumi_policy import ReportViolation
from pulumi_policy.proxy import UnknownValueError

from costcheck.errors import CostcheckError
from infra.policy.inputs import UnknownReadError

T = TypeVar("T")
Rule = Callable[[T], list[str]]
"""Returns what is wrong with a resource or a stack, one message each."""


def closed(rule: Rule[T]) -> Callable[[T, ReportViolation], None]:
    """Return a validation that reports what a rule finds, and also what kept it from finding anything.

    The SDK would turn a mandatory policy that reads an unknown value into advice, and any other exception into an
    error that names no resource.
    """

    def validate(args: T, report: ReportViolation) -> None:
        for message in _found(rule, args):
            report(message, None)

    return validate


def _found(rule: Rule[T], args: T) -> list[str]:
    try:
        return rule(args)
    except UnknownReadError as unknown:
        return [f"cannot decide: {unknown}"]
    except UnknownValueError as unknown:
        return [f"cannot decide: {'.'.join(unknown.props)} is only known after the update"]
    except CostcheckError as error:
        return [f"cannot decide: {error}"]
    except Exception as error:  # noqa: BLE001 - a policy that cannot answer does not let pass
        return [f"cannot decide: the rule itself failed with {type(error).__name__}: {error}"]
