"""What a source that reads a file must stand: cut files, broken bytes, odd cells, texts that nobody may read."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from costcheck.conformance.judging import (
    CANARY,
    Case,
    Row,
    changed,
    check_cases,
    require_own_words,
    totals,
    unsound,
)
from costcheck.conformance.require import require
from costcheck.errors import CostcheckError
from costcheck.records import BillBatch, Origin, Provenance
from costcheck.sources.bills.contract import FileModule

ROUNDS = 6
SEED = 20261126
ODD_TEXTS: tuple[object, ...] = ("", "text", "-1", "1e400", "NaN", "inf", "9" * 40, "\x00", "'; DROP TABLE usage; --")
LONG_FIELD_CHARACTERS = 2_500_000
PROVENANCE = Provenance(
    source="conformance", source_url="a file", retrieved_on=date(2026, 11, 26), origin=Origin.CONSTRUCTED
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSubject:
    """A source of files, and a way to write one.

    Attributes:
        module: The source.
        name: Of the file, with its suffix.
        write: Writes rows into a file.
        rows: Good rows, no two alike, at least three.
        required: Columns without which nothing can be read.
        optional: Columns that may hold anything, or be missing.
        texts: Columns of the export that may hold prompts or answers, and must never be read.
        read: The number of records that one good row becomes; None where rows are summed.
        doubles: Whether a row that comes twice must count once; False where two equal rows may both be right.
        numbered: Gives a row another identity, so that many odd rows are tried in one file; None tries one by one.
    """

    module: FileModule
    name: str
    write: Callable[[Path, Sequence[Row]], None]
    rows: tuple[Row, ...]
    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    read: int | None = 1
    doubles: bool = True
    numbered: Callable[[Row, int], Row] | None = None

    @property
    def sent(self) -> tuple[Row, ...]:
        """Return the rows as they are written, a prompt wherever there may be one."""
        return tuple(dict.fromkeys(sorted(self.texts), CANARY) | row for row in self.rows)


def check_file(subject: FileSubject, folder: Path, *, rounds: int = ROUNDS) -> None:
    """Raise unless the source stands everything that this suite knows.

    Args:
        subject: The source.
        folder: An empty one, in which files are made.
        rounds: How many times a file is cut, and as many times a byte of it is changed.

    Raises:
        AssertionError: It does not; the message names the fault.
    """
    whole = _good(subject, folder)
    for check in (_odd_cells, _a_long_cell, _no_file):
        check(subject, folder)
    for compare in (_columns, _twice):
        compare(subject, folder, whole)
    for damage in (_cut, _flipped):
        damage(subject, folder, whole, rounds)


def _file(subject: FileSubject, folder: Path, rows: Sequence[Row]) -> Path:
    path = folder / subject.name
    subject.write(path, rows)
    return path


def _batch(subject: FileSubject, folder: Path, rows: Sequence[Row]) -> BillBatch:
    return subject.module.read(_file(subject, folder, rows), PROVENANCE)


def _good(subject: FileSubject, folder: Path) -> BillBatch:
    batch = _batch(subject, folder, subject.sent)
    require(subject.module.recognises(folder / subject.name), "its own file is not recognised")
    require(not batch.quarantined, f"a good row was quarantined: {[row.reason for row in batch.quarantined]}")
    require(not unsound(batch), unsound(batch))
    if subject.read is not None:
        kept = len(batch.usage) + len(batch.charges)
        require(kept == subject.read * len(subject.rows), f"{kept} records came of {len(subject.rows)} good rows")
    turned = _batch(subject, folder, subject.sent[::-1])
    require(totals(batch) == totals(turned), "the order of rows changed the bill")
    return batch


def _odd_cells(subject: FileSubject, folder: Path) -> None:
    cases = list(_cases(subject))
    read = partial(_read_rows, subject, folder)
    for some in [cases] if subject.numbered else [[case] for case in cases]:
        check_cases(some, subject.sent[1:], read, subject.read)


def _cases(subject: FileSubject) -> Iterator[Case]:
    number = subject.numbered or (lambda row, _: row)
    odd = [(column, value) for column in subject.rows[0] for value in ODD_TEXTS]
    for order, (column, value) in enumerate(odd):
        row = changed(number(subject.sent[0], order), (column,), value)
        yield Case(what=f"{column} = {str(value)[:20]!r}", row=row)


def _a_long_cell(subject: FileSubject, folder: Path) -> None:
    column = min(subject.required & subject.rows[0].keys())
    row = changed(subject.sent[0], (column,), "x" * LONG_FIELD_CHARACTERS)
    read = partial(_read_rows, subject, folder)
    check_cases([Case(what=f"a long {column}", row=row)], subject.sent[1:], read, subject.read)


def _read_rows(subject: FileSubject, folder: Path, rows: Sequence[Row]) -> BillBatch | None:
    return _read_or_refused(subject, _file(subject, folder, rows))


def _columns(subject: FileSubject, folder: Path, whole: BillBatch) -> None:
    for column in sorted(subject.required):
        rows = [changed(row, (column,), ...) for row in subject.sent]
        require(_read_rows(subject, folder, rows) is None, f"a file without {column} was read")
    for column in sorted(subject.optional & subject.rows[0].keys()):
        rows = [changed(row, (column,), ...) for row in subject.sent]
        batch = _read_rows(subject, folder, rows)
        require(batch is not None, f"a file without {column}, which is optional, was refused")
    more = _read_rows(subject, folder, [row | {"a_new_column": "x"} for row in subject.sent])
    require(more is None or _says(more) == _says(whole), "a new column changed the bill")


def _says(batch: BillBatch) -> tuple[object, ...]:
    # The bucket may be the file's digest.
    return (*totals(batch), len(batch.usage), len(batch.charges))


def _twice(subject: FileSubject, folder: Path, whole: BillBatch) -> None:
    if subject.doubles:
        batch = _read_rows(subject, folder, [*subject.sent, subject.sent[0]])
        require(batch is None or totals(batch) == totals(whole), "a row that came twice was counted twice")


def _cut(subject: FileSubject, folder: Path, whole: BillBatch, rounds: int) -> None:
    money, tokens = totals(whole)
    content = _file(subject, folder, subject.sent).read_bytes()
    places = random.Random(SEED)  # noqa: S311 - where to cut is no secret
    for cut in sorted({places.randrange(len(content)) for _ in range(rounds)} | {len(content) - 1}):
        batch = _damaged(subject, folder, content[:cut])
        if batch is not None:
            some_money, some_tokens = totals(batch)
            require(some_money <= money, f"a file cut at byte {cut} costs more than the whole")
            require(some_tokens <= tokens, f"a file cut at byte {cut} holds more than the whole")


def _flipped(subject: FileSubject, folder: Path, _whole: BillBatch, rounds: int) -> None:
    content = bytearray(_file(subject, folder, subject.sent).read_bytes())
    places = random.Random(SEED)  # noqa: S311 - the same
    for _ in range(rounds):
        damaged = bytearray(content)
        place, byte = places.randrange(len(damaged)), places.randrange(256)
        damaged[place] = byte
        batch = _damaged(subject, folder, bytes(damaged))
        require(batch is None or not unsound(batch), f"byte {place} = {byte}: {unsound(batch) if batch else ''}")


def _damaged(subject: FileSubject, folder: Path, content: bytes) -> BillBatch | None:
    path = folder / subject.name
    path.write_bytes(content)
    return _read_or_refused(subject, path)


def _no_file(subject: FileSubject, folder: Path) -> None:
    for name, content in strangers():
        path = folder / f"{name}{Path(subject.name).suffix}"
        path.write_bytes(content)
        require(not subject.module.recognises(path), f"{name} was taken for its own")
        require(_read_or_refused(subject, path) is None, f"{name} was read")


def strangers() -> Iterator[tuple[str, bytes]]:
    """Yield files that are no bill at all, each with a name that says what it is."""
    yield "an empty file", b""
    yield "zeros", bytes(1000)
    yield "HTML", b"<!doctype html><html><body>Sign in</body></html>"
    yield "bytes that are no UTF-8", b"\xff\xfe\x00\x01" * 50
    yield "a gzip cut short", b"\x1f\x8b\x08\x00\x00"
    yield "a Parquet cut short", b"PAR1" + bytes(20)
    yield "another table", b"name,age\nAda,36\n"
    yield "other JSON", b'{"name": "Ada"}\n'


def _read_or_refused(subject: FileSubject, path: Path) -> BillBatch | None:
    """Return the batch, or None where it was refused in our own words or is empty."""
    try:
        batch = subject.module.read(path, PROVENANCE)
    except CostcheckError as exc:
        require_own_words(exc)
        return None
    return None if batch.is_empty and not batch.quarantined and not batch.set_aside else batch
