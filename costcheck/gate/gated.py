"""What was gated, written down so that whatever applies it can check that it applies the same.

The record holds digests of the values that the preview knew, no values. What a preview cannot know (ids, ARNs, the
random end of a name that Pulumi makes up anew in each run) and secrets are left out: the gate lets none of
them decide a size or a price.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from costcheck.errors import InputFileError
from costcheck.plan.digest import plan_sha256
from costcheck.plan.records import SECRET, SIGNATURE, UNKNOWN, Plan
from costcheck.verdict import encode

GATED_VERSION = 2
EXPECTED = "a file written by `costcheck gate --gated`"
AGAIN = "run `pulumi preview --json` and `costcheck gate --gated` again"
REGIONAL = "aws:"
"""Begins the types whose region a policy pack is told, too."""
_RANDOM_END = re.compile(r"-[0-9a-f]{7}\b")
"""How Pulumi ends the names that it makes up (https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatedResource:
    """One resource of a plan that was allowed.

    Attributes:
        token: Its type.
        region_id: AWS region that it stands in, which its own inputs do not tell where its provider does. None where
            nothing said so: then nothing was priced by it.
        leaves: Path of each input that was known (`scalingConfig.maxSize`) to the digest of its value.
        hidden: Paths of inputs that were unknown or secret.
    """

    token: str
    region_id: str | None
    leaves: dict[str, str]
    hidden: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """A plan that was allowed.

    Attributes:
        resources: By URN; what is deleted is not among them.
    """

    version: int = GATED_VERSION
    project: str
    stack: str
    as_of: date
    plan_sha256: str
    resources: dict[str, GatedResource]


def gated_plan(plan: Plan, today: date) -> Gated:
    """Return the record of a plan; it must know every resource, or what stays could be something else."""
    resources = {}
    for resource in plan.after:
        if resource.is_leftover:
            continue  # its URN names what has replaced it
        leaves = dict(_leaves(resource.inputs))
        resources[resource.urn] = GatedResource(
            token=resource.token,
            region_id=resource.region_id if resource.token.startswith(REGIONAL) else None,
            leaves={path: digest for path, digest in leaves.items() if digest},
            hidden=tuple(sorted(path for path, digest in leaves.items() if not digest)),
        )
    return Gated(
        project=plan.project, stack=plan.stack, as_of=today, plan_sha256=plan_sha256(plan), resources=resources
    )


def differences(record: Gated, urn: str, token: str, inputs: Mapping[str, Any], region_id: str | None) -> list[str]:
    """Return what a resource has that was not gated, one sentence each; none where it is what was gated.

    Args:
        record: What was gated.
        urn: The resource that is about to be applied.
        token: Its type.
        inputs: Its inputs, with the sentinel where a value is still unknown.
        region_id: AWS region that it is about to be made in, None where nobody says.
    """
    gated = record.resources.get(urn)
    if gated is None or gated.token != token:
        return [f"{urn} was not in the plan that was gated"]
    moved = [f"its region is {region_id or 'not told'}, and not {gated.region_id} as it was gated"]
    now = dict(_leaves(inputs))
    known = {path: digest for path, digest in now.items() if digest and not _hides(gated.hidden, path)}
    changed = [
        f"{path} is not what was gated" for path in known if gated.leaves.get(path, known[path]) != known[path]
    ]
    added = [f"{path} was not set in the plan that was gated" for path in known if path not in gated.leaves]
    gone = [f"{path} was set in the plan that was gated" for path in gated.leaves if path not in now]
    is_moved = gated.region_id is not None and region_id != gated.region_id
    return sorted([*(moved if is_moved else []), *changed, *added, *gone])


def read_gated(path: Path) -> Gated:
    """Return the record in a file.

    Raises:
        InputFileError: It cannot be read, or is no such record.
    """
    try:
        record = msgspec.json.decode(path.read_bytes(), type=Gated)
    except (OSError, msgspec.DecodeError, UnicodeError) as exc:
        message = f"{path} cannot be read: {exc}"
        raise InputFileError(message, expected=EXPECTED, action=AGAIN) from exc
    if record.version != GATED_VERSION:
        message = f"{path} has version {record.version}"
        raise InputFileError(message, expected=f"version {GATED_VERSION}", action=AGAIN)
    return record


def encode_gated(record: Gated) -> bytes:
    """Return the record as canonical JSON."""
    return encode(record)


def _hides(hidden: tuple[str, ...], path: str) -> bool:
    return any(path == one or path.startswith(f"{one}.") for one in hidden)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Yield each leaf with its digest, empty for one that is unknown or secret."""
    if value in (UNKNOWN, SECRET) or (isinstance(value, Mapping) and SIGNATURE in value):
        yield path, ""
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key != "__defaults":
                yield from _leaves(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        yield f"{path}.length", _digest(len(value))
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{index}")
    elif value is not None:
        yield path, _digest(value)


def _digest(value: object) -> str:
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, int | float | Decimal):
        text = f"{Decimal(str(value)).normalize():f}"
    else:
        text = str(value)
        text = _RANDOM_END.sub("-*", text) if UNKNOWN not in text else ""
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text or value == "" else ""
