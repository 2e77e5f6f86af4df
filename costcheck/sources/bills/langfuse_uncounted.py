"""Langfuse's generations of which nothing was counted: failed ones, and streams without usage."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType

import msgspec

from costcheck.records import Operation
from costcheck.rules import read_ledger_rules
from costcheck.sources.bills.rows import BatchBuilder

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {"GENERATION": Operation.CHAT, "EMBEDDING": Operation.EMBEDDINGS}
)
ERROR = "ERROR"


class Named(msgspec.Struct, frozen=True):
    """What tells one observation from another."""

    id: str | None = None


class Counted(msgspec.Struct, frozen=True, rename="camel"):
    """What tells a generation of which nothing was counted."""

    id: str
    type: str = ""
    level: str | None = None
    usage_details: dict[str, object] | None = None


def is_uncounted(raw: bytes, failed: AbstractSet[str] = frozenset()) -> bool:
    """Return whether an observation is a generation without tokens that is not known to have failed."""
    try:
        row = msgspec.json.decode(raw, type=Counted)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    is_counted = any((row.usage_details or {}).values())
    return row.type in OPERATIONS and not is_counted and row.level != ERROR and row.id not in failed


def id_of(raw: bytes) -> str | None:
    """Return the id of an observation, None where it cannot be read: then it is not known to have failed."""
    try:
        return msgspec.json.decode(raw, type=Named).id
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def may_be_left_out(builder: BatchBuilder, count: int) -> bool:
    """Return whether usage is right without so many generations of which nothing was counted."""
    return count <= read_ledger_rules().max_uncounted_share.value * (len(builder.usage) + count)
