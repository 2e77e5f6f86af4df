"""A bill from a file, whatever its format."""

from pathlib import Path

from costcheck.errors import SourceError
from costcheck.ingest.charges_alone import charges_alone
from costcheck.ingest.storing import Stored, store
from costcheck.ingest.unrecognised import unrecognised
from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills.installed import installed_files
from costcheck.sources.bills.registry import FILES, FileSource, find


def import_file(
    path: Path, file: Path, source: FileSource, provenance: Provenance, *, without_usage: bool = False
) -> Stored:
    """Read one file into the ledger; without its usage, only what it charges.

    Raises:
        CostcheckError: It cannot be read, nothing or too little in it counts, or it does not fit the ledger.
    """
    module = source.load()
    batch = module.read(file, provenance)
    if batch.is_empty:
        raise _nothing_in(file, batch)
    return store(path, charges_alone(batch) if without_usage else batch, module)


def _nothing_in(file: Path, batch: BillBatch) -> SourceError:
    counts = [f"{row.row_count} rows set aside: {row.reason}" for row in batch.set_aside]
    found = "; ".join(counts) or "it has no rows"
    return SourceError(
        f"{batch.x_source}, {file.name}: no row of it is about language models; {found}",
        expected="at least one row of usage or cost of a language model",
        action="check that it is the export of the account and the months that use models; the ledger is untouched",
    )


def recognise(file: Path) -> FileSource:
    """Return the format of a file, told by what is in it.

    Raises:
        InputFileError: It is none that is known.
    """
    for own in FILES:
        if own.load().recognises(file):
            return own
    for other in installed_files():
        if other.load().recognises(file):
            return other
    raise unrecognised(file)


def file_source(file: Path, name: str) -> FileSource:
    """Return the format of that name, or of the file where the name is `auto`.

    Raises:
        InputFileError: It is none that is known.
    """
    return recognise(file) if name == "auto" else find(FILES, name)
