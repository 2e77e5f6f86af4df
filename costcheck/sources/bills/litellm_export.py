"""A LiteLLM spend log in a lake or a warehouse, read there by the engine that the options name."""

from __future__ import annotations

from collections.abc import Sequence

from costcheck.errors import InputFileError
from costcheck.records import BillBatch
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.engine_pull import plan_months, pull_months
from costcheck.sources.bills.engine_read import EngineRead
from costcheck.sources.exports.engine import Part
from costcheck.sources.exports.spend_log_columns import REQUIRED_COLUMNS

SOURCE = "litellm"


def plan(request: PullRequest) -> PullPlan:
    """Return what a read asks the engine for.

    Raises:
        UsageError: An option or a variable is missing.
    """
    return plan_months(request)


def pull(request: PullRequest) -> BillBatch:
    """Return the months as one batch; an empty month is an empty batch.

    Raises:
        InputFileError: The export cannot be read, or a column is missing.
        SourceError: The engine did not run a query to its end.
    """
    return pull_months(request, SOURCE, REQUIRED_COLUMNS, _read_month)


def _read_month(parts: Sequence[Part], read: EngineRead) -> BillBatch:
    from costcheck.sources.bills.litellm_hours import read_hours  # noqa: PLC0415 - Ibis takes a second to load

    if len(parts) > 1:
        # A request that is in both would count twice.
        message = f"{parts[0].files[0]} and {parts[1].files[0]} are of different kinds"
        raise InputFileError(
            message,
            expected="Parquet files or CSV files, Spark's of the same columns",
            action="name one kind with --path: 'folder/**/*.parquet'",
        )
    return read_hours(parts[0].engine, read)
