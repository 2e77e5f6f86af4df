"""A CSV that somebody typed as lines of cells by their columns, with everything that is wrong with it as a file."""

import csv
import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from costcheck.errors import InputFileError
from costcheck.sources.bills.invoice_columns import PERIOD, REQUIRED, Header, known_columns, plain, read_header
from costcheck.sources.bills.invoice_faults import Fault, Placed

DELIMITERS = (",", ";", "\t")
LINES_ABOVE = 20
"""That many may stand above the header: a title, empty ones, Excel's `sep=;`."""
LINES_OF_A_HEADER = 20
"""A cell of it may go over several lines."""
COLUMNS_OF_A_HEADER = 2
NO_REMARK = ("provider", "amount", "model", "input_tokens", "output_tokens", "requests")
TOO_MANY = "(more cells than columns)"
TEMPLATE = "`costcheck bill template` prints a file to fill in"
SAVE_AS_UTF8 = 'so save the file as "CSV UTF-8", for instance in Excel'
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line below the header.

    Attributes:
        number: Of the last line of the file that it takes.
        row: Its cells by column; the number of cells under `TOO_MANY` if there are more than columns.
        others: Its cells in columns that are not read, which tell it from other lines and are kept nowhere.
        is_empty: None of its cells holds anything.
        is_header: It is the header once more.
        is_remark: It has words and charges and counts nothing, of nobody: who signed the list. One that has fewer
            cells than the header may be cut, and is none.
    """

    number: int
    row: Row
    others: tuple[str, ...]
    is_empty: bool
    is_header: bool
    is_remark: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The file.

    Attributes:
        header: Its first line that is one.
        header_line: The number of that line.
        lines: All below, but for empty ones.
        decimal_commas: Whether its amounts may have them: not between commas.
        faults: What is wrong with the header and with the bytes.
    """

    header: Header
    header_line: int
    lines: tuple[Line, ...]
    decimal_commas: bool
    faults: tuple[Placed, ...]


def decoded(content: bytes) -> str:
    """Return the beginning of a file as text, whatever of it is none left out."""
    return content.decode(_encoding(content), errors="ignore")


def _encoding(content: bytes) -> str:
    """Return UTF-16 for what says so at once, as Excel's "Unicode Text" does, else UTF-8."""
    return "utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"


def first_line(text: str) -> list[str]:
    """Return the cells of the header, between the sign that makes most known columns of it."""
    header = _header_of(text)[1]
    return _cells(header, _delimiter_of(header))


def _header_of(text: str) -> tuple[int, str]:
    """Return where the first line stands that holds most of the required columns, else the first, and what does."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n", LINES_ABOVE + LINES_OF_A_HEADER)
    found = ["\n".join(lines[above : above + LINES_OF_A_HEADER]) for above in range(min(len(lines), LINES_ABOVE))]
    for number, header in enumerate(found, 1):
        columns = known_columns(_cells(header, _delimiter_of(header)))
        if len({*REQUIRED} & {*columns}) >= COLUMNS_OF_A_HEADER:
            return number, header
    return 1, found[0]


def _delimiter_of(text: str) -> str:
    """Return the sign that stands between the cells."""
    header = text.partition("\n")[0]
    return max(DELIMITERS, key=lambda sign: (len(known_columns(_cells(header, sign))), header.count(sign)))


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text), delimiter=delimiter), [])
    except csv.Error:
        return []


def read_table(path: Path) -> Table:
    """Return what stands in the file.

    Raises:
        InputFileError: It is no CSV at all.
    """
    text, faults = _text(path)
    number, begin = _header_of(text)
    delimiter = _delimiter_of(begin)
    header = read_header(_cells(begin, delimiter))
    return Table(
        header=header,
        header_line=number,
        lines=tuple(_lines(path.name, text, delimiter, header, number)),
        decimal_commas=delimiter != ",",
        faults=(*((number, fault) for fault in header.faults), *faults),
    )


def _text(path: Path) -> tuple[str, tuple[Placed, ...]]:
    try:
        content = path.read_bytes()
    except OSError as exc:
        message = f"{path.name} cannot be read: {exc}"
        raise InputFileError(message, expected="a CSV file in UTF-8", action=TEMPLATE) from exc
    faults: tuple[Placed, ...] = ()
    try:
        text = content.decode(_encoding(content))
    except UnicodeDecodeError as exc:
        # What an older Excel writes, so that the file's other faults can be told, too; nothing of it is kept.
        text = content.removeprefix(BOM_UTF8).decode("cp1252", errors="replace")
        faults = (_not_utf8(content, exc.start),)
    return text.replace("\r\n", "\n").replace("\r", "\n"), faults


def _not_utf8(content: bytes, place: int) -> Placed:
    line = content.count(b"\n", 0, place) + 1
    return line, Fault("a character that is not UTF-8", f"(byte {content[place]:#04x})", SAVE_AS_UTF8)


def _lines(name: str, text: str, delimiter: str, header: Header, header_line: int) -> Iterator[Line]:
    above = header_line - 1
    reader = csv.reader(io.StringIO(text.split("\n", above)[-1]), delimiter=delimiter, strict=True)
    try:
        next(reader, None)
        for cells in reader:
            if cells:
                yield _line(above + reader.line_num, [cell.strip() for cell in cells], header)
    except csv.Error as exc:
        message = f"{name}, line {above + reader.line_num}: {exc}"
        raise InputFileError(message, expected="a CSV file with closed quotes", action="mend that line") from exc


def _line(number: int, cells: Sequence[str], header: Header) -> Line:
    row: dict[str, str] = {}
    others = []
    padded = [*cells, *[""] * len(header.columns)]
    for column, cell in zip(header.columns, padded, strict=False):
        if column:
            row.setdefault(column, cell)
        else:
            others.append(cell)
    if any(cells[len(header.columns) :]):
        row[TOO_MANY] = str(len(cells))
    if header.currency:
        row["currency"] = _currency(row.get("currency", ""), header.currency)
    is_header = [plain(cell) for cell in padded[: len(header.names)]] == [plain(name) for name in header.names]
    return Line(
        number=number,
        row=row,
        others=tuple(others),
        is_empty=not any(cells),
        is_header=is_header,
        is_remark=not is_header and len(cells) >= len(header.columns) and _is_remark(row),
    )


def _is_remark(row: Row) -> bool:
    text = " ".join(row.get(column, "") for column in (*PERIOD, "description"))
    return not any(row.get(column) for column in NO_REMARK) and len(re.findall(r"[^\W\d]+", text)) > 1


def _currency(cell: str, of_column: str) -> str:
    if not cell or cell.upper() == of_column:
        return of_column
    return f"{cell} in a column of {of_column}"
