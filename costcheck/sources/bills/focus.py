"""FOCUS 1.0 to 1.4 exports, CSV or Parquet, of one provider or of a whole company: read where they lie."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from costcheck.errors import InputFileError
from costcheck.records import BillBatch, ChargeCategory, Provenance
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.engine_pull import plan_months, pull_months
from costcheck.sources.bills.engine_read import EngineRead, missing, refuse_missing
from costcheck.sources.bills.files import files_digest
from costcheck.sources.bills.refreshed import marked_by_month
from costcheck.sources.exports.duckdb_files import column_names
from costcheck.sources.exports.duckdb_parts import open_parts

SOURCE = "focus"
EMPTY_IS_UNTOLD = True
"""A company's month without a line of any service is one that the export does not reach."""
RECOGNISED = ("ChargePeriodStart", "ChargePeriodEnd", "BilledCost", "ChargeCategory", "BillingCurrency")
"""What no other kind of file has together; mandatory in every version."""
REQUIRED = (*RECOGNISED, "ServiceName")
"""Without the service no line of the Marketplace names its model, and nothing tells a disk from a model."""
CATEGORIES = {str(category): category for category in ChargeCategory}


def recognises(path: Path) -> bool:
    """Return whether a CSV or Parquet file has the columns of a FOCUS export."""
    try:
        return not missing(column_names(path), RECOGNISED)
    except InputFileError:
        return False


def read(path: Path, provenance: Provenance) -> BillBatch:
    """Return the language models' part of one export: charges by the day, tokens by the hour.

    Raises:
        CostcheckError: See `read_delivery`.
    """
    return read_delivery((path,), provenance)


def read_delivery(paths: Sequence[Path], provenance: Provenance) -> BillBatch:
    """Return the language models' part of an export that came in one file or in several.

    Raises:
        InputFileError: Not readable CSV or Parquet files, or a column is missing.
        CurrencyError: Language models are billed in another currency than US dollars.
        SourcePayloadError: There are lines, and none could be read.
    """
    # Ibis takes a second to load, and who only asks what a file is should not wait for it.
    from costcheck.sources.bills.cost_parts import read_parts  # noqa: PLC0415
    from costcheck.sources.bills.focus_columns import FOCUS  # noqa: PLC0415

    with open_parts(paths, lambda names: (*missing(names, REQUIRED), FOCUS.chosen(names))) as parts:
        for part in parts:
            name = Path(part.files[0]).name
            refuse_missing(name, part.columns, REQUIRED, "a FOCUS export of version 1.0 to 1.4")
        what = EngineRead(source=SOURCE, bucket=f"sha256:{files_digest(paths)}", provenance=provenance)
        batch = read_parts(parts, what, columns=FOCUS, categories=CATEGORIES)
    return marked_by_month(batch, read_on=provenance.retrieved_on)


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
        CurrencyError: Language models are billed in another currency than US dollars.
        SourceError: The engine did not run a query to its end.
    """
    from costcheck.sources.bills.cost_parts import read_parts  # noqa: PLC0415 - see `read_delivery`
    from costcheck.sources.bills.focus_columns import FOCUS  # noqa: PLC0415 - see `read_delivery`

    read_month = partial(read_parts, columns=FOCUS, categories=CATEGORIES)
    return pull_months(request, SOURCE, REQUIRED, read_month, FOCUS.chosen)
