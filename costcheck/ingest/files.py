"""A bill from a file, whatever its format."""

from pathlib import Path

from costcheck.errors import InputFileError
from costcheck.ingest.storing import Stored, empty_bill, store
from costcheck.records import Provenance
from costcheck.sources.bills.registry import FILES, FileSource, find


def import_file(path: Path, file: Path, source: FileSource, provenance: Provenance) -> Stored:
    """Read one file into the ledger.

    Raises:
        CostcheckError: It cannot be read, nothing or too little in it counts, or it does not fit the ledger.
    """
    module = source.load()
    batch = module.read(file, provenance)
    if batch.is_empty:
        raise empty_bill(batch.x_source, (file.name,))
    return store(path, batch, module)


def recognise(file: Path) -> FileSource:
    """Return the format of a file, told by what is in it.

    Raises:
        InputFileError: It is none that is known.
    """
    for source in FILES:
        if source.load().recognises(file):
            return source
    message = f"{file.name} is no bill that is known here"
    raise InputFileError(
        message,
        expected="; ".join(f"{source.name}: {source.holds}" for source in FILES),
        action="name what it is with --format, and see which column is missing",
    )


def file_source(file: Path, name: str) -> FileSource:
    """Return the format of that name, or of the file where the name is `auto`.

    Raises:
        InputFileError: It is none that is known.
    """
    return recognise(file) if name == "auto" else find(FILES, name)
