"""Months of a raw export, read where it lies by the engine that the options name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from costcheck.errors import UsageError
from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.engine_read import LATE_BY, EngineRead, missing, refuse_missing
from costcheck.sources.bills.joined import joined
from costcheck.sources.bills.refreshed import REFRESHED_FOR, marked
from costcheck.sources.bills.windows import Window
from costcheck.sources.exports.choice import CHARGE, check_options, open_parts
from costcheck.sources.exports.engine import KindOf, Part, one_kind

QUERIES = 5
"""Columns, services or doubles, days, sums, and what cannot be read."""
MISSING_DAYS = ("refuse", "accept")


def plan_months(request: PullRequest) -> PullPlan:
    """Return what a read asks an engine for.

    Raises:
        UsageError: An option or a variable is missing, or says what it cannot.
    """
    check_options(request.options, request.environ)
    if _missing_days(request) not in MISSING_DAYS:
        message = f"--missing-days is {_missing_days(request)!r}"
        raise UsageError(message, expected="one of " + ", ".join(MISSING_DAYS), action="mend --missing-days")
    return PullPlan(
        requests=QUERIES * len(request.windows),
        charge=CHARGE[request.options.get("engine", "duckdb")],
        source_url=_source_url(request),
    )


def _missing_days(request: PullRequest) -> str:
    return request.options.get("missing-days", MISSING_DAYS[0])


def _where(request: PullRequest) -> str:
    return request.options.get("path") or request.options.get("table", "")


def _source_url(request: PullRequest) -> str:
    return f"{request.options.get('engine', 'duckdb')}:{_where(request)}"


def pull_months(
    request: PullRequest,
    source: str,
    required: Iterable[str],
    read_month: Callable[[Sequence[Part], EngineRead], BillBatch],
    kind_of: KindOf = one_kind,
) -> BillBatch:
    """Return the windows as one batch.

    Args:
        request: What to read.
        source: The rows' `x_source`.
        required: Columns that every file must have.
        read_month: Reads one window from the parts of the export.
        kind_of: See `open_parts`.

    Raises:
        UsageError: An option or a variable is missing.
        InputFileError: The export cannot be read, a column is missing, or a month lies there in two deliveries.
        SourceError: The engine did not run a query to its end.
    """
    provenance = request.provenance(source, _source_url(request))
    batches = []
    with open_parts(
        request.options, request.environ, lambda names: (*missing(names, required), kind_of(names))
    ) as parts:
        for part in parts:
            name = part.files[0] if part.files else _where(request)
            refuse_missing(name, part.columns, required, f"an export that holds a bill of {source}")
        for window in request.windows:
            batch = read_month(parts, _read(request, source, window, provenance))
            is_open = not window.is_whole or request.now < window.end + REFRESHED_FOR
            batches.append(marked(batch, is_open=True) if is_open else batch)
            request.on_page()
    return joined(source, request.buckets, batches, provenance)


def _read(request: PullRequest, source: str, window: Window, provenance: Provenance) -> EngineRead:
    span = (int(window.start.timestamp()), int(window.end.timestamp()))
    # Of a month that is not over nothing can be said of its end, and of one just over little.
    until = min(span[1], int((request.now - LATE_BY).timestamp())) if window.is_whole else span[0]
    is_asked = _missing_days(request) == "refuse"
    return EngineRead(
        source=source,
        bucket=window.bucket,
        provenance=provenance,
        span=span,
        whole_until=until if is_asked else None,
    )
