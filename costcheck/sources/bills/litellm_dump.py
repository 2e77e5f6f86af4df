"""An export of LiteLLM's table `LiteLLM_SpendLogs` (CSV or Parquet), summed to the hour inside DuckDB."""

from collections.abc import Sequence
from pathlib import Path

from costcheck.errors import InputFileError
from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills.engine_read import EngineRead, missing, refuse_missing
from costcheck.sources.bills.files import files_digest, names_of
from costcheck.sources.bills.rows import refuse_unreadable
from costcheck.sources.exports.duckdb_files import column_names, open_files
from costcheck.sources.exports.spend_log_columns import REQUIRED_COLUMNS

SOURCE = "litellm"


def recognises(path: Path) -> bool:
    """Return whether a CSV or Parquet file has the columns of a spend log."""
    try:
        return not missing(column_names(path), REQUIRED_COLUMNS)
    except InputFileError:
        return False


def read(path: Path, provenance: Provenance) -> BillBatch:
    """Return the usage by the hour and the gateway's own cost by the day of one export.

    Raises:
        CostcheckError: See `read_delivery`.
    """
    return read_delivery((path,), provenance)


def read_delivery(paths: Sequence[Path], provenance: Provenance) -> BillBatch:
    """Return the usage and the cost of an export that came in one file or in several.

    Raises:
        InputFileError: Not readable CSV or Parquet files, or a column is missing.
        SourcePayloadError: There are rows, and none could be read.
    """
    # Ibis takes a second to load, and who only asks what a file is should not wait for it.
    from costcheck.sources.bills.litellm_hours import read_hours  # noqa: PLC0415

    with open_files(paths) as engine:
        refuse_missing(
            names_of(paths), engine.columns(), REQUIRED_COLUMNS, 'an export of LiteLLM\'s table "LiteLLM_SpendLogs"'
        )
        what = EngineRead(source=SOURCE, bucket=f"sha256:{files_digest(paths)}", provenance=provenance)
        batch = read_hours(engine, what)
    refuse_unreadable(SOURCE, batch.buckets, kept=len(batch.usage), quarantined=batch.quarantined)
    return batch
