"""Fuzz one source of bills, a file's or an API's: run by `make long`, with coverage to guide it.

`fuzz_bills.py --source="litellm" ...`, a name of tests/costcheck/conformance/every.py. An input is rows as JSON,
which are sent by the suite's provider or written as the suite's file, a prompt wherever one may stand; or it is no
JSON, and then it is the file, or the answer, itself.

Whatever comes: a batch or a CostcheckError, every row accounted for, no number that is none, no prompt anywhere.
"""

import json
import logging
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["costcheck"]):
    from costcheck.conformance import judging, pulls
    from costcheck.conformance.files import PROVENANCE, FileSubject
    from costcheck.conformance.pulls import PullSubject
    from costcheck.conformance.server import Answer, Asked
    from costcheck.errors import CostcheckError
    from costcheck.records import BillBatch
    from tests.costcheck.conformance.every import FILE_SUBJECTS, PULL_SUBJECTS
    from tests.fuzz.mutate import mutate

Rows = list[dict[str, Any]]
UNWRITABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError)
"""What the suite's own writers say of rows that they cannot write."""
CELLS = (
    "",
    "-1",
    "NaN",
    "inf",
    "1e400",
    "9" * 40,
    "0.5",
    "2026-13-40",
    "\x00",
    '"',
    "a,b",
    "\n",
    "USD",
    "EUR",
    "true",
)


def rows_of(content: bytes) -> Rows | None:
    """Return the rows of an input, None where it is to be taken as it is."""
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def accounted(batch: BillBatch, sent: int) -> bool:
    """Return whether at least as many came out as went in."""
    if batch.rows_in is not None:
        return batch.rows_in == sent
    aside = len(batch.quarantined) + sum(row.row_count for row in batch.set_aside)
    return max(judging.count(batch), sum(row.requests or 1 for row in batch.usage) + aside) >= sent


def countable(subject: FileSubject | PullSubject, rows: Rows | None) -> int | None:
    """Return how many rows must come out; None where one lacks what it may lack, or is a series of no points."""
    if rows is None or any([] in row.values() for row in rows):
        return None
    names = subject.optional & subject.rows[0].keys()
    return len(rows) if all(row.get(name) for row in rows for name in names) else None


def judged(read: Callable[[], BillBatch], sent: int | None) -> None:
    """Read once.

    Raises:
        AssertionError: What came out is nothing that a ledger should hold.
    """
    try:
        batch = read()
    except CostcheckError as exc:
        judging.require_own_words(exc)
        return
    problem = judging.unsound(batch)
    assert not problem, problem
    assert sent is None or accounted(batch, sent), f"{sent} rows went in, {judging.count(batch)} came out"


def of_file(subject: FileSubject, folder: Path, content: bytes) -> None:
    """Read a file of these rows, or these bytes as a file."""
    path, rows = folder / subject.name, rows_of(content)
    if rows is None:
        path.write_bytes(content)
    else:
        try:
            subject.write(path, planted(subject, rows))
        except UNWRITABLE:
            return
    assert subject.module.recognises(path) in {True, False}
    judged(partial(subject.module.read, path, PROVENANCE), countable(subject, rows))


def of_pull(subject: PullSubject, content: bytes) -> None:
    """Read an API that gives these rows, or these bytes as its answer."""
    rows = rows_of(content)
    if rows is None:
        judged(partial(pulls.pull, subject, lambda _: Answer(body=content)), None)
    else:
        judged(partial(pulls.pull, subject, _provider(subject, planted(subject, rows))), countable(subject, rows))


def _provider(subject: PullSubject, rows: Sequence[dict[str, Any]]) -> Callable[[Asked], Answer]:
    healthy = subject.provider([rows])

    def serve(asked: Asked) -> Answer:
        try:
            return healthy(asked)
        except UNWRITABLE:
            return Answer(status=404)

    return serve


def planted(subject: FileSubject | PullSubject, rows: Rows) -> Rows:
    """Return the rows with a prompt wherever one may stand."""
    return [row | dict.fromkeys(sorted(subject.texts), judging.CANARY) for row in rows]


def change(content: bytes, most: int, seed: int) -> bytes:
    """Return another input: mostly other rows, sometimes other bytes."""
    if rows_of(content) is None or seed % 16 == 0:
        return bytes(atheris.Mutate(content, min(most, len(content) + 64)))
    if seed % 3 == 0:
        return _other_cell(content, seed)[:most]
    return mutate(content, seed)[:most]


def _other_cell(content: bytes, seed: int) -> bytes:
    """Return the rows with one cell replaced by what spreadsheets and databases write."""
    rows = rows_of(content) or []
    filled = [row for row in rows if row]
    if filled:
        row = filled[seed % len(filled)]
        row[list(row)[seed // 7 % len(row)]] = CELLS[seed // 11 % len(CELLS)]
    return json.dumps(rows).encode()


def seeds(subject: FileSubject | PullSubject, folder: Path) -> list[bytes]:
    """Return the inputs to begin with: good rows, and a good file."""
    found = [json.dumps(list(subject.rows)).encode()]
    if isinstance(subject, FileSubject):
        subject.write(folder / subject.name, subject.rows)
        found.append((folder / subject.name).read_bytes())
    return found


def main() -> None:
    """Fuzz the source of `--source`; a folder without inputs is given some."""
    name = next(argument for argument in sys.argv if argument.startswith("--source=")).partition("=")[2]
    sys.argv = [argument for argument in sys.argv if not argument.startswith("--source=")]
    logging.disable(logging.CRITICAL)
    subject: FileSubject | PullSubject = FILE_SUBJECTS.get(name) or PULL_SUBJECTS[name]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for corpus in (Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")):
            for number, content in enumerate(seeds(subject, folder) if corpus.is_dir() else []):
                (corpus / f"seed-{number}").write_bytes(content)
        run = partial(of_file, subject, folder) if isinstance(subject, FileSubject) else partial(of_pull, subject)
        atheris.Setup(sys.argv, run, custom_mutator=change)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
