"""What the CSV exports of providers' consoles have in common: a header to know them by, and texts for numbers."""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from costcheck.errors import InputFileError, SourcePayloadError
from costcheck.units import parse_decimal

Row = Mapping[str, str]
TOO_MANY = "(more cells than columns)"
HEADER_BYTES = 1 << 14
LARGEST_COUNT = 2**63 - 1
PERSONAL_COLUMNS = frozenset({"user_email"})
SECOND_DOWNLOAD = re.compile(r" ?\(\d+\)(?=\.\w+$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A CSV file: its columns, and each row with its line."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, Row], ...]

    def require(self, columns: tuple[str, ...], expected: str) -> None:
        """Raise unless the columns are there.

        Raises:
            InputFileError: One is missing; all that are missing are named.
        """
        missing = [column for column in columns if column not in self.header]
        if missing:
            message = f"{self.name} has no column {', '.join(missing)}; it has {', '.join(self.header)}"
            raise InputFileError(
                message, expected=expected, action="export it again with those columns; nothing of it was imported"
            )


def header_of(path: Path) -> frozenset[str]:
    """Return the columns of a CSV file, none where it is no CSV file; never raises."""
    try:
        with path.open("rb") as file:
            line = file.read(HEADER_BYTES).decode("utf-8-sig", errors="ignore").splitlines()[:1]
        return frozenset(cell.strip() for cell in next(csv.reader(line, strict=True), []))
    except (OSError, csv.Error):
        return frozenset()


def read_table(path: Path) -> Table:
    """Return a CSV file, blank lines left out.

    Raises:
        InputFileError: It is no CSV file in UTF-8, or a column stands there twice.
    """
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), restkey=TOO_MANY, strict=True)
        header = tuple(name.strip() for name in reader.fieldnames or ())
        reader.fieldnames = header
        rows = tuple((reader.line_num, _clean(row)) for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        message = f"{path.name} cannot be read: {exc}"
        raise InputFileError(message, expected="a CSV file in UTF-8", action="export it again") from exc
    if len(set(header)) < len(header):
        message = f"{path.name} has a column twice: {', '.join(header)}"
        raise InputFileError(message, expected="each column once", action="export it again")
    return Table(name=path.name, header=header, rows=rows)


def _clean(row: Mapping[str, str | list[str] | None]) -> Row:
    return {
        name: ",".join(value) if isinstance(value, list) else (value or "").strip() for name, value in row.items()
    }


def file_bucket(path: Path) -> str:
    """Return the bucket of a download: a second download of the same file (`costs (1).csv`) replaces the first."""
    return f"file:{SECOND_DOWNLOAD.sub('', path.name)}"


def raw_row(row: Row) -> bytes:
    """Return a row as it came, for the quarantine; nobody's address is kept."""
    kept = {name: value for name, value in row.items() if name not in PERSONAL_COLUMNS}
    return json.dumps(kept, ensure_ascii=False).encode()


def check_cells(row: Row) -> None:
    """Raise unless a row has as many cells as the header.

    Raises:
        SourcePayloadError: It has more: a comma within a name has shifted the cells.
    """
    if TOO_MANY in row:
        message = f"more cells than columns, the last ones {row[TOO_MANY]!r}"
        raise SourcePayloadError(message, expected="as many cells as columns", action="quote the commas in names")


def whole_number(row: Row, column: str) -> int:
    """Return a count, which some exports write as `59200.0`.

    Raises:
        SourcePayloadError: It is missing, negative or no whole number.
    """
    value = parse_decimal(row.get(column) or None, what=column)
    if not 0 <= value <= LARGEST_COUNT or value != value.to_integral_value():
        message = f"{column} is {row[column]!r}"
        raise SourcePayloadError(message, expected="a whole number, zero or more", action="check that row")
    return int(value)


def optional_number(row: Row, column: str) -> int | None:
    """Return a count, None where its cell is empty or there is no such column.

    Raises:
        SourcePayloadError: It is negative or no whole number.
    """
    return whole_number(row, column) if row.get(column) else None


def amount(row: Row, column: str) -> Decimal:
    """Return an amount of money as it stands there.

    Raises:
        SourcePayloadError: It is missing or no number.
    """
    return parse_decimal(row.get(column) or None, what=column)
