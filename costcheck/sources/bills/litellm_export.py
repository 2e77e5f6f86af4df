"""A LiteLLM spend log in a lake or a warehouse, read there by the engine that the options name."""

from __future__ import annotations

from costcheck.records import BillBatch
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.engine_pull import plan_months, pull_months
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
    from costcheck.sources.bills.litellm_hours import read_hours  # noqa: PLC0415 - Ibis takes a second to load

    return pull_months(request, SOURCE, REQUIRED_COLUMNS, read_hours)
