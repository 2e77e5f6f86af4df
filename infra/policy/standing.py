"""What stood before this run: the stack's state, as the `pulumi` command exports it."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from costcheck.errors import CostcheckError
from costcheck.plan.reading import RawResource, decode, to_resource
from costcheck.plan.records import Resource
from costcheck.plan.regions import Regions

Export = Callable[[str], bytes]
"""Returns the exported state of a stack, by its name."""
SECONDS = 60
EXPECTED = "the output of `pulumi stack export`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stood before.

    Attributes:
        resources: By URN.
        trouble: Why nobody knows; then nothing counts as standing, and every GPU node is a new one.
    """

    resources: dict[str, Resource]
    trouble: str = ""


class _Deployment(msgspec.Struct):
    resources: list[RawResource] | None = None


class _State(msgspec.Struct):
    deployment: _Deployment


def export_stack(stack: str) -> bytes:
    """Return the state of a stack, asked of the command that runs this pack; secrets stay encrypted.

    Raises:
        OSError: There is no such command.
        subprocess.SubprocessError: It failed, or took too long.
    """
    command = ["pulumi", "stack", "export", "--stack", stack, "--non-interactive"]
    return subprocess.run(command, capture_output=True, check=True, timeout=SECONDS).stdout  # noqa: S603


def read_standing(export: Export, urn: str) -> Standing:
    """Return what stands in the stack that a URN belongs to; to be asked before the first step of an update."""
    stack = urn.removeprefix("urn:pulumi:").partition("::")[0]
    try:
        state = decode(export(stack), _State, f"the state of {stack}", expected=EXPECTED)
    except (OSError, subprocess.SubprocessError, CostcheckError) as error:
        return Standing(resources={}, trouble=f"what stood before cannot be read: {error}")
    rows = [to_resource(row) for row in state.deployment.resources or []]
    regions = Regions(rows, None)
    # A leftover has the URN of what has replaced it, and never stands for that.
    ordered = sorted(rows, key=lambda row: not row.is_leftover)
    return Standing(resources={row.urn: regions.placed(row) for row in ordered})
