"""What a file is that is no bill, told by its first and last bytes."""

import zipfile
import zlib
from collections.abc import Set as AbstractSet
from pathlib import Path

from costcheck.errors import InputFileError
from costcheck.sources.bills.invoice_columns import PERIOD, REQUIRED, known_columns
from costcheck.sources.bills.invoice_table import first_line
from costcheck.sources.bills.registry import FILES
from costcheck.sources.exports.spend_log_columns import REQUIRED_COLUMNS

BYTES_AT_ONCE = 1 << 16
BYTES_OF_A_HEADER = 1 << 14
COLUMNS_OF_AN_INVOICE = 2
GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
NO_BILL = ("no bill that is known here", "name what it is with --format, and see which column is missing")
SEMICOLONS = (
    "a table with semicolons that is no bill known here",
    (
        "save an export with commas and decimal points; only a CSV of invoices may keep semicolons, and "
        "`costcheck bill template` prints its columns"
    ),
)
COLUMNS_OF_AZURE = frozenset({"metersubcategory", "metername", "unitofmeasure"})
AZURE_LINES = (
    "a cost and usage file of Azure, which is not read",
    "read the same lines with `costcheck bill pull azure`, or export them as FOCUS (docs/access.md)",
)
MOST_MISSING_OF_A_LOG = 3
BEGINNINGS = (
    (b"%PDF-", "a PDF", "copy its amounts into a CSV: `costcheck bill template` prints one to fill in"),
    (b"\xd0\xcf\x11\xe0", "an old Office file, perhaps an Excel workbook", "save its sheet as CSV (UTF-8)"),
    (b"\xff\xfe", "text in UTF-16", 'save it as UTF-8, which Excel calls "CSV UTF-8"'),
    (b"\xfe\xff", "text in UTF-16", 'save it as UTF-8, which Excel calls "CSV UTF-8"'),
)


def unrecognised(file: Path) -> InputFileError:
    """Return the error that says what the file is, as far as its bytes tell."""
    try:
        what, action = _told(file)
    except (OSError, zipfile.BadZipFile, zlib.error):
        what, action = "no bill that is known here, and it cannot be read to its end", "fetch it again"
    return InputFileError(
        f"{file.name} is {what}",
        expected="one of " + ", ".join(source.name for source in FILES) + "; `costcheck bill import --help` says "
        "what each is",
        action=action,
    )


def _told(file: Path) -> tuple[str, str]:
    with file.open("rb") as opened:
        begin = opened.read(BYTES_OF_A_HEADER)
    if not begin.strip():
        return "empty", "export it again"
    for mark, what, action in BEGINNINGS:
        if begin.startswith(mark):
            return what, action
    if begin.startswith(b"PK\x03\x04"):
        return _zip(file)
    if begin.startswith(GZIP):
        return ("cut short: a gzip file without its end", "fetch it again") if _is_cut_gzip(file) else NO_BILL
    if begin.startswith(PARQUET):
        is_whole = _ends_with(file, PARQUET)
        return NO_BILL if is_whole else ("cut short: a Parquet file without its end", "fetch it again")
    text = begin.decode("utf-8-sig", errors="replace")
    columns = {name.strip().lower() for name in first_line(text)}
    near = _nearly_a_log(columns) or (AZURE_LINES if columns >= COLUMNS_OF_AZURE else None)
    return near or _nearly_invoices(text) or (SEMICOLONS if _has_semicolons(text) else NO_BILL)


def _nearly_a_log(columns: AbstractSet[str]) -> tuple[str, str] | None:
    """Return what a table lacks to be LiteLLM's spend log, None for one that is far from it."""
    missing = [name for name in REQUIRED_COLUMNS if name.lower() not in columns]
    if "request_id" not in columns or len(missing) > MOST_MISSING_OF_A_LOG:
        return None
    if missing:
        return f"nearly LiteLLM's spend log: it has no column {', '.join(missing)}", "export it with these names"
    return (
        "nearly LiteLLM's spend log: a line of it has other cells than the header",
        "export it again, its texts in quotes (`COPY ... TO ... CSV HEADER`), or as Parquet",
    )


def _nearly_invoices(text: str) -> tuple[str, str] | None:
    """Return what a table lacks to be a list of invoices, None for one that is far from it."""
    columns = known_columns(first_line(text))
    if "amount" not in columns or len(columns) < COLUMNS_OF_AN_INVOICE:
        return None
    missing = [column for column in REQUIRED if column not in columns]
    missing += [] if {*PERIOD} & {*columns} else ["month"]
    what = f"nearly a list of invoices: it has {', '.join(columns)}, and no column {' and none '.join(missing)}"
    return what, "add them, if that is what it is; `costcheck bill template` prints a file to fill in"


def _zip(file: Path) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return "cut short: a ZIP file (an Excel workbook is one) without its end", "fetch it again"
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook", "save its sheet as CSV (UTF-8), and import that"
    return "a ZIP file", "unpack it, and import what is in it"


def _is_cut_gzip(file: Path) -> bool:
    """Return whether the last of its members has no end; what was unpacked is let go at once."""
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    with file.open("rb") as opened:
        while piece := opened.read(BYTES_AT_ONCE):
            while piece:
                if member.eof:
                    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                member.decompress(piece)
                piece = member.unused_data
    return not member.eof


def _ends_with(file: Path, mark: bytes) -> bool:
    with file.open("rb") as opened:
        opened.seek(-min(len(mark), file.stat().st_size), 2)
        end = opened.read()
    return end == mark and file.stat().st_size > 2 * len(mark)


def _has_semicolons(text: str) -> bool:
    header = text.partition("\n")[0]
    return ";" in header and "," not in header
