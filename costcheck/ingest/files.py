"""A bill from a file, whatever its format."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import cast

from costcheck.errors import InputFileError, SourceError, UsageError
from costcheck.ingest.cut import cut_csv
from costcheck.ingest.in_part import Part, refuse_nothing_left, whole
from costcheck.ingest.storing import Stored, opened_late, store_in
from costcheck.ingest.unrecognised import unrecognised
from costcheck.ledger import Ledger
from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills.contract import DeliveryModule, FileModule
from costcheck.sources.bills.files import names_of
from costcheck.sources.bills.installed import installed_files
from costcheck.sources.bills.registry import FILES, FileSource, find


def import_file(path: Path, file: Path, source: FileSource, provenance: Provenance) -> Stored:
    """Read one file into the ledger.

    Raises:
        CostcheckError: It cannot be read, nothing or too little in it counts, or it does not fit the ledger.
    """
    with opened_late(path) as opened:
        return import_files(opened, (file,), source, provenance)


def import_files(  # noqa: PLR0913 - what, where to, and how
    opened: Callable[[], Ledger],
    files: Sequence[Path],
    source: FileSource,
    provenance: Provenance,
    *,
    part: Part = whole,
    taken: Collection[str] = (),
) -> Stored:
    """Read one file, or the parts of one export, into one bucket of the ledger that `opened` opens.

    Raises:
        CostcheckError: See `import_file`; or the bucket is one of those that are `taken` by other files of the same
            command, whose place it would take.
    """
    module = source.load()
    batch = _read(module, files, provenance)
    if batch.is_empty:
        raise _nothing_in(names_of(files), batch)
    refuse_nothing_left(batch, part)
    _refuse_taken(batch, taken)
    return store_in(opened, batch, module, part)


def _read(module: FileModule, files: Sequence[Path], provenance: Provenance) -> BillBatch:
    (first, *others) = files
    try:
        if not others:
            return module.read(first, provenance)
        return cast("DeliveryModule", module).read_delivery(files, provenance)
    except InputFileError as exc:
        cut = next((found for file in files if (found := cut_csv(file))), None)
        if cut is None:
            raise
        raise cut from exc


def is_in_parts(source: FileSource) -> bool:
    """Return whether several files of the format may be one export."""
    return hasattr(source.load(), "read_delivery")


def _refuse_taken(batch: BillBatch, taken: Collection[str]) -> None:
    for bucket in batch.buckets:
        if bucket in taken:
            message = f"{batch.x_source} {bucket} came twice, from two files of the same name"
            raise UsageError(
                message,
                expected="files of this format with names of their own: a second one of the same name takes the "
                "place of the first",
                action="rename them, say by their month, and import them again",
            )


def _nothing_in(name: str, batch: BillBatch) -> SourceError:
    counts = [f"{row.row_count} rows set aside: {row.reason}" for row in batch.set_aside]
    found = "; ".join(counts) or "it has no rows"
    return SourceError(
        f"{batch.x_source}, {name}: no row of it is about language models; {found}",
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
    raise cut_csv(file) or unrecognised(file)


def file_source(file: Path, name: str) -> FileSource:
    """Return the format of that name, or of the file where the name is `auto`.

    Raises:
        InputFileError: It is none that is known.
    """
    return recognise(file) if name == "auto" else find(FILES, name)
