"""The suite of files notices a source that is broken: a good one whose answers are changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from costcheck.conformance import FileSubject, check_file
from costcheck.conformance.judging import CANARY
from costcheck.errors import CostcheckError
from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills.contract import FileModule
from tests.costcheck.conformance.console_subjects import CONSOLE_SUBJECTS

GOOD = CONSOLE_SUBJECTS["langfuse (JSONL)"]
Change = Callable[[BillBatch], BillBatch]


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A source that answers something else than a good one."""

    good: FileModule = GOOD.module
    change: Change = lambda batch: batch
    takes_everything: bool = False
    refuses_nothing: bool = False

    def recognises(self, path: Path) -> bool:
        """Return what a module's `recognises` does."""
        return self.takes_everything or self.good.recognises(path)

    def read(self, path: Path, provenance: Provenance) -> BillBatch:
        """Return what a module's `read` does."""
        try:
            return self.change(self.good.read(path, provenance))
        except CostcheckError:
            if not self.refuses_nothing:
                raise
        lines = path.read_bytes().splitlines(keepends=True)
        whole = path.with_suffix(".whole.jsonl")
        whole.write_bytes(b"".join(GOOD_LINES[: len(lines) or 1]))
        return self.good.read(whole, provenance)


GOOD_LINES: list[bytes] = []


def _doubled(batch: BillBatch) -> BillBatch:
    return replace(batch, usage=batch.usage * 2, set_aside=()) if batch.set_aside else batch


def _not_a_number(batch: BillBatch) -> BillBatch:
    wrong = [replace(row, billed_cost=Decimal("NaN")) for row in batch.charges]
    return replace(batch, charges=tuple(wrong), quarantined=()) if batch.quarantined else batch


def _quoting(batch: BillBatch) -> BillBatch:
    return replace(batch, quarantined=tuple(replace(row, raw=CANARY.encode()) for row in batch.quarantined))


BROKEN: Mapping[str, tuple[str, Broken]] = {
    "drops a charge": ("5 records came of 3 good rows", Broken(change=lambda b: replace(b, charges=b.charges[1:]))),
    "swallows bad rows": ("a row was lost", Broken(change=lambda batch: replace(batch, quarantined=()))),
    "keeps NaN": ("no ledger can hold", Broken(change=_not_a_number)),
    "keeps a prompt in quarantine": ("a prompt came out", Broken(change=_quoting)),
    "counts a row twice": ("came twice was counted twice", Broken(change=_doubled)),
    "takes every file for its own": ("an empty file was taken for its own", Broken(takes_everything=True)),
    "reads whatever it is given": ("no UTF-8 was read", Broken(refuses_nothing=True)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_source_of_files_that_is_broken_is_caught(name: str, tmp_path: Path) -> None:
    seen, module = BROKEN[name]
    GOOD.write(tmp_path / "good.jsonl", GOOD.sent)
    GOOD_LINES[:] = (tmp_path / "good.jsonl").read_bytes().splitlines(keepends=True)
    broken: FileSubject = replace(GOOD, module=module)
    with pytest.raises(AssertionError, match=seen):
        check_file(broken, tmp_path)
