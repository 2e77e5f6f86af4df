"""Months of a raw export, read where it lies by the engine that the options name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.engine_read import EngineRead, refuse_missing
from costcheck.sources.bills.windows import Window
from costcheck.sources.exports.choice import CHARGE, check_options, open_engine
from costcheck.sources.exports.engine import Engine

REFRESHED_FOR = timedelta(days=14)
"""AWS writes a month's export again until two weeks after its end, and others for less."""
QUERIES = 4
"""Columns, services or doubles, sums, and what cannot be read."""


def plan_months(request: PullRequest) -> PullPlan:
    """Return what a read asks an engine for.

    Raises:
        UsageError: An option or a variable is missing.
    """
    check_options(request.options, request.environ)
    return PullPlan(requests=QUERIES * len(request.windows), charge=CHARGE[request.options.get("engine", "duckdb")])


def pull_months(
    request: PullRequest,
    source: str,
    required: Iterable[str],
    read_month: Callable[[Engine, EngineRead], BillBatch],
) -> BillBatch:
    """Return the windows as one batch.

    Raises:
        UsageError: An option or a variable is missing.
        InputFileError: The export cannot be read, or a column is missing.
        SourceError: The engine did not run a query to its end.
    """
    where = request.options.get("path") or request.options.get("table", "")
    provenance = request.provenance(source, f"{request.options.get('engine', 'duckdb')}:{where}")
    batches = []
    with open_engine(request.options, request.environ) as engine:
        refuse_missing(where, engine.columns(), required, f"an export that holds a bill of {source}")
        for window in request.windows:
            batch = read_month(engine, _read(source, window, provenance))
            is_open = not window.is_whole or request.now < window.end + REFRESHED_FOR
            batches.append(_estimated(batch) if is_open else batch)
            request.on_page()
    return _joined(source, request.buckets, batches, provenance)


def _estimated(batch: BillBatch) -> BillBatch:
    return replace(batch, charges=tuple(replace(row, x_estimated=True) for row in batch.charges))


def _read(source: str, window: Window, provenance: Provenance) -> EngineRead:
    span = (int(window.start.timestamp()), int(window.end.timestamp()))
    return EngineRead(source=source, bucket=window.bucket, provenance=provenance, span=span)


def _joined(source: str, buckets: tuple[str, ...], batches: Sequence[BillBatch], provenance: Provenance) -> BillBatch:
    return BillBatch(
        x_source=source,
        buckets=buckets,
        usage=tuple(row for batch in batches for row in batch.usage),
        charges=tuple(row for batch in batches for row in batch.charges),
        quarantined=tuple(row for batch in batches for row in batch.quarantined),
        set_aside=tuple(row for batch in batches for row in batch.set_aside),
        provenance=provenance,
        rows_in=sum(batch.rows_in or 0 for batch in batches),
    )
