"""AWS Cost and Usage Reports 2.0, CSV or Parquet: the models' lines, told by their usage types.

Table and columns: https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html, read 2026-11-26.
`billed_cost` is the net unblended cost where the export tells it. Discounts (EDP, private rates) stand either in that
column alone or, with "manual discount compatibility", in lines of their own beside it: these then count for nothing;
without the column, and in months whose net costs are empty or 0 altogether, they lower the cost of the usage that
they name. So the bill is what a FOCUS export of it says.
https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2-discount.html, read 2026-11-26.
"""

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

SOURCE = "cur"
EMPTY_IS_UNTOLD = True
"""A company's month without a line of any service is one that the export does not reach."""
RECOGNISED = (
    "line_item_usage_start_date",
    "line_item_usage_end_date",
    "line_item_line_item_type",
    "line_item_usage_type",
    "line_item_unblended_cost",
    "line_item_currency_code",
)
REQUIRED = (*RECOGNISED, "line_item_usage_amount", "product")
DISCOUNTS = frozenset(
    f"{name}Discount" for name in ("", "Bundled", "Distributor", "Edp", "PrivateRate", "RiVolume", "Spp")
)
"""`Discount` and `BundledDiscount` are documented, the others are what public queries over CUR sum."""
CATEGORIES = {
    "Usage": ChargeCategory.USAGE,
    "DiscountedUsage": ChargeCategory.USAGE,
    "SavingsPlanCoveredUsage": ChargeCategory.USAGE,
    "Fee": ChargeCategory.PURCHASE,
    "RIFee": ChargeCategory.PURCHASE,
    "SavingsPlanUpfrontFee": ChargeCategory.PURCHASE,
    "SavingsPlanRecurringFee": ChargeCategory.PURCHASE,
    "Tax": ChargeCategory.TAX,
    "Credit": ChargeCategory.CREDIT,
    "Refund": ChargeCategory.CREDIT,
    "SavingsPlanNegation": ChargeCategory.CREDIT,
} | dict.fromkeys(DISCOUNTS, ChargeCategory.CREDIT)
"""Line item types: https://docs.aws.amazon.com/cur/latest/userguide/Lineitem-columns.html, read 2026-11-26."""


def recognises(path: Path) -> bool:
    """Return whether a CSV or Parquet file has the columns of a CUR 2.0 export."""
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
    from costcheck.sources.bills.focus_columns import CUR  # noqa: PLC0415

    with open_parts(paths, lambda names: (*missing(names, REQUIRED), CUR.chosen(names))) as parts:
        for part in parts:
            name = Path(part.files[0]).name
            refuse_missing(name, part.columns, REQUIRED, "a CUR 2.0 export with the column `product`")
        what = EngineRead(source=SOURCE, bucket=f"sha256:{files_digest(paths)}", provenance=provenance)
        batch = read_parts(parts, what, columns=CUR, categories=CATEGORIES)
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
    from costcheck.sources.bills.focus_columns import CUR  # noqa: PLC0415 - see `read_delivery`

    read_month = partial(read_parts, columns=CUR, categories=CATEGORIES)
    return pull_months(request, SOURCE, REQUIRED, read_month, CUR.chosen)
