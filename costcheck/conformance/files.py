"""What a source that reads a file must stand: cut files, broken bytes, odd cells, texts that nobody may read."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from costcheck.conformance.pulls import changed, count, same, totals
from costcheck.conformance.require import require
from costcheck.errors import CostcheckError
from costcheck.records import BillBatch, Origin, Provenance
from costcheck.sources.bills.contract import FileModule

Row: TypeAlias = dict[str, Any]
CANARY = "my password is hunter2, and this is a prompt"
CUTS = 20
FLIPS = 20
SEED = 20261126
ODD_TEXTS: tuple[object, ...] = ("", "text", "-1", "1e400", "NaN", "inf", "9" * 40, "\x00", "'; DROP TABLE usage; --")
LONG_FIELD_CHARACTERS = 10_000_000
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
        read: The number of records that one good row becomes; None where rows are summed, so that only what was
            quarantined or set aside can be counted.
        doubles: Whether a second row of the same identity counts once (rows with an id); None where rows have none.
    """

    module: FileModule
    name: str
    write: Callable[[Path, Sequence[Row]], None]
    rows: tuple[Row, ...]
    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    read: int | None = 1
    doubles: bool | None = True


def check_file(subject: FileSubject, folder: Path) -> None:
    """Raise unless the source stands everything that this suite knows; files are made in `folder`.

    Raises:
        AssertionError: It does not; the message names the fault.
    """
    for check in (_good, _odd_cells, _columns, _twice, _texts, _cut, _flipped, _no_file):
        check(subject, folder)


def _file(subject: FileSubject, folder: Path, rows: Sequence[Row]) -> Path:
    path = folder / subject.name
    subject.write(path, rows)
    return path


def _batch(subject: FileSubject, folder: Path, rows: Sequence[Row]) -> BillBatch:
    return subject.module.read(_file(subject, folder, rows), PROVENANCE)


def _good(subject: FileSubject, folder: Path) -> None:
    batch = _batch(subject, folder, subject.rows)
    require(subject.module.recognises(folder / subject.name), "its own file is not recognised")
    require(not batch.quarantined, f"good rows were quarantined: {[row.reason for row in batch.quarantined]}")
    if subject.read is not None:
        kept = len(batch.usage) + len(batch.charges)
        require(kept == subject.read * len(subject.rows), "good rows were not all kept")
    turned = _batch(subject, folder, subject.rows[::-1])
    require(same(batch, turned) or totals(batch) == totals(turned), "the order of rows changed the bill")


def _odd_cells(subject: FileSubject, folder: Path) -> None:
    for column in subject.rows[0]:
        values = [*ODD_TEXTS, "x" * LONG_FIELD_CHARACTERS] if column in subject.required else ODD_TEXTS
        for value in values:
            odd = changed(subject.rows[0], (column,), value)
            what = f"{column} = {str(value)[:20]!r}"
            _accounted(subject, folder, [odd, *subject.rows[1:]], what)


def _accounted(subject: FileSubject, folder: Path, rows: Sequence[Row], what: str) -> None:
    batch = _read_or_refused(subject, _file(subject, folder, rows))
    if batch is None:
        return
    money, tokens = totals(batch)
    require(money.is_finite(), f"{what}: an amount that is no number was kept")
    require(tokens >= 0, f"{what}: a negative count was kept")
    if subject.read is not None:
        require(count(batch) >= (len(rows) - 1) * subject.read + 1, f"{what}: rows were lost without a trace")


def _columns(subject: FileSubject, folder: Path) -> None:
    for column in subject.required:
        rows = [changed(row, (column,), ...) for row in subject.rows]
        require(_read_or_refused(subject, _file(subject, folder, rows)) is None, f"a file without {column} was read")
    whole = _batch(subject, folder, subject.rows)
    for column in subject.optional & subject.rows[0].keys():
        rows = [changed(row, (column,), ...) for row in subject.rows]
        batch = _read_or_refused(subject, _file(subject, folder, rows))
        require(batch is not None, f"a file without {column}, which is optional, was refused")
    more = _read_or_refused(subject, _file(subject, folder, [row | {"a_new_column": "x"} for row in subject.rows]))
    require(more is None or totals(more) == totals(whole), "a new column changed the bill")


def _twice(subject: FileSubject, folder: Path) -> None:
    if subject.doubles is None:
        return
    whole = _batch(subject, folder, subject.rows)
    batch = _read_or_refused(subject, _file(subject, folder, [*subject.rows, subject.rows[0]]))
    require(batch is None or totals(batch) == totals(whole), "a row that came twice was counted twice")


def _texts(subject: FileSubject, folder: Path) -> None:
    written = [row | dict.fromkeys(subject.texts, CANARY) for row in subject.rows]
    bad = [changed(written[0], (column,), "-1") for column in subject.required]
    for rows in (written, [*bad, *written[1:]]):
        batch = _read_or_refused(subject, _file(subject, folder, rows))
        require(batch is None or CANARY not in repr(batch), "a prompt reached the ledger")
        require(batch is None or not any(CANARY.encode() in row.raw for row in batch.quarantined), "in quarantine")


def _cut(subject: FileSubject, folder: Path) -> None:
    whole = _batch(subject, folder, subject.rows)
    money, tokens = totals(whole)
    content = _file(subject, folder, subject.rows).read_bytes()
    places = random.Random(SEED)  # noqa: S311 - where to cut is no secret
    for cut in sorted({places.randrange(len(content)) for _ in range(CUTS)}):
        batch = _damaged(subject, folder, content[:cut])
        if batch is not None:
            some_money, some_tokens = totals(batch)
            require(some_money <= money, f"a file cut at byte {cut} costs more than the whole")
            require(some_tokens <= tokens, f"a file cut at byte {cut} holds more than the whole")


def _flipped(subject: FileSubject, folder: Path) -> None:
    content = bytearray(_file(subject, folder, subject.rows).read_bytes())
    places = random.Random(SEED)  # noqa: S311 - the same
    for _ in range(FLIPS):
        damaged = bytearray(content)
        damaged[places.randrange(len(damaged))] = places.randrange(256)
        _damaged(subject, folder, bytes(damaged))


def _damaged(subject: FileSubject, folder: Path, content: bytes) -> BillBatch | None:
    path = folder / subject.name
    path.write_bytes(content)
    return _read_or_refused(subject, path)


def _no_file(subject: FileSubject, folder: Path) -> None:
    for name, content in _strangers():
        path = folder / f"{name}{Path(subject.name).suffix}"
        path.write_bytes(content)
        require(not subject.module.recognises(path), f"{name} was taken for its own")
        require(_read_or_refused(subject, path) is None, f"{name} was read")


def _strangers() -> Iterator[tuple[str, bytes]]:
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
        require(exc.seen, "an error that does not say what was seen")
        require(CANARY not in f"{exc}", "an error quotes a prompt")
        return None
    return None if batch.is_empty and not batch.quarantined and not batch.set_aside else batch
