"""A CSV that breaks off in the middle of a line: what is there of it may look like no bill, or like a smaller one."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from costcheck.errors import InputFileError
from costcheck.sources.bills.registry import FILES, FileSource

LONGEST_HEADER = 1 << 16
FIRST_LINE = 2
"""The header is the first."""
OPEN = "unexpected end of data"
"""What Python's reader says of a quote that is never closed."""


def cut_csv(file: Path) -> InputFileError | None:
    """Return the error of a CSV of a known format whose last line is cut, None for any other file.

    A line that is cut in its last cell looks whole, and is not found.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            header = next(csv.reader([opened.readline(LONGEST_HEADER)]), [])
            source = _format_of(header)
            found = _last_line(opened) if source else None
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    if source is None or found is None:
        return None
    number, cells, is_open = found
    if len(cells) >= len(header) and not is_open:
        return None
    within = ", and ends within quotes" if is_open else ""
    return InputFileError(
        f"{file.name} is cut short, though its header is that of {source.holds}: the last line ({number}) has "
        f"{len(cells)} of {len(header)} columns{within}",
        expected="a file whose last line is whole",
        action="export it again, or fetch it again; the ledger is as it was",
    )


def _format_of(header: list[str]) -> FileSource | None:
    """Return the format that a file with this header and an empty line has."""
    if len(header) <= 1:
        return None
    with TemporaryDirectory() as folder:
        path = Path(folder) / "header.csv"
        with path.open("w", newline="", encoding="utf-8") as opened:
            csv.writer(opened).writerows([header, [""] * len(header)])
        return next((source for source in FILES if source.load().recognises(path)), None)


def _last_line(lines: Iterable[str]) -> tuple[int, list[str], bool] | None:
    """Return the number of the last line, its cells, and whether a quote in it is still open; None without lines."""
    since: list[str] = []
    reader = csv.reader(_kept(lines, since))
    last = None
    number = FIRST_LINE
    for cells in reader:
        if cells:
            last = (number, cells, tuple(since))
        number = reader.line_num + FIRST_LINE
        since.clear()
    return (*last[:2], _is_open(last[2])) if last else None


def _kept(lines: Iterable[str], kept: list[str]) -> Iterator[str]:
    for line in lines:
        kept.append(line)
        yield line


def _is_open(lines: Sequence[str]) -> bool:
    try:
        list(csv.reader(lines, strict=True))
    except csv.Error as exc:
        return str(exc) == OPEN
    return False
