"""What a file is that is no bill, told by its first and last bytes."""

import zipfile
import zlib
from pathlib import Path

from costcheck.errors import InputFileError
from costcheck.sources.bills.registry import FILES

BYTES_AT_ONCE = 1 << 16
BYTES_OF_A_HEADER = 1 << 14
GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
NO_BILL = ("no bill that is known here", "name what it is with --format, and see which column is missing")
SEMICOLONS = (
    "a table with semicolons that is no bill known here",
    (
        "save it with commas and decimal points; only a CSV of invoices may keep semicolons, and "
        "costcheck/data/invoice_template.csv shows its columns"
    ),
)
BEGINNINGS = (
    (b"%PDF-", "a PDF", "copy its amounts into a CSV: costcheck/data/invoice_template.csv shows the columns"),
    (b"\xd0\xcf\x11\xe0", "an old Office file, perhaps an Excel workbook", "save its sheet as CSV (UTF-8)"),
    (b"\xff\xfe", "text in UTF-16", "save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "save it as UTF-8"),
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
    return SEMICOLONS if _has_semicolons(begin) else NO_BILL


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


def _has_semicolons(begin: bytes) -> bool:
    header = begin.decode("utf-8-sig", errors="replace").partition("\n")[0]
    return ";" in header and "," not in header
