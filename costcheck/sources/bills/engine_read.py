"""What every bill that an engine sums has in common: what one read replaces, and how much of it may be unreadable."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches

from costcheck.errors import InputFileError, SourcePayloadError
from costcheck.records import Provenance

LATE_BY = timedelta(days=3)
"""Lines of the last days may not be there yet: providers write them within a day, and some within two."""
MOST_UNREADABLE_ROWS = 100_000
"""More than these are no slips of an export, and a ledger is no place for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRead:
    """What one read replaces, and where it stands.

    Attributes:
        source: The rows' `x_source`.
        span: First second that counts and first after it, since 1970; None for all.
        whole_until: Up to this second each day of `span` must have a line of some service, where a whole company's
            bill is read; None where days may be missing.
    """

    source: str
    bucket: str
    provenance: Provenance
    span: tuple[int, int] | None = None
    whole_until: int | None = None


def refuse_too_many(read: EngineRead, count: int) -> None:
    """Raise if more rows cannot be read than slips of an export explain."""
    if count > MOST_UNREADABLE_ROWS:
        message = f"{read.source} {read.bucket}: {count} rows or more cannot be read"
        raise SourcePayloadError(
            message,
            expected=f"an export with a few such rows, at most {MOST_UNREADABLE_ROWS}",
            action="check the export; the ledger is untouched",
        )


def missing(found: Iterable[str], required: Iterable[str]) -> list[str]:
    """Return the columns that are needed and not there, whatever their case: Athena knows small letters alone."""
    names = {name.lower() for name in found}
    return [name for name in required if name.lower() not in names]


def refuse_missing(name: str, found: Iterable[str], required: Iterable[str], expected: str) -> None:
    """Raise if columns are missing, and name them, each with one that is nearly called so.

    Raises:
        InputFileError: They are. Of a log that has lost its header the names may be prompts: others are only counted.
    """
    found = list(found)
    lacking = missing(found, required)
    if lacking:
        told = ", ".join(_with_nearest(one, found) for one in lacking)
        message = f"{name} has no column {told}; it has {len(found)}"
        raise InputFileError(
            message,
            expected=expected,
            action="export it again with those columns, or name another format with --format",
        )


def _with_nearest(name: str, found: Iterable[str]) -> str:
    near = get_close_matches(name.lower(), [one.lower() for one in found], n=1)
    return f"{name} (the nearest is {near[0]})" if near else name
