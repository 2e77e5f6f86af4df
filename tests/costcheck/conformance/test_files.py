"""Every source of files stands what happens to files, and knows its own file when it sees one."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from hypothesis import settings

from costcheck.conformance import FileSubject, check_file
from costcheck.conformance.files import ROUNDS
from costcheck.records import BillBatch, Origin, Provenance
from costcheck.sources.bills.contract import DeliveryModule
from costcheck.sources.bills.registry import FILES
from tests.costcheck.conformance.every import FILE_SUBJECTS

IN_PARTS = [name for name, subject in FILE_SUBJECTS.items() if hasattr(subject.module, "read_delivery")]
WHERE = Provenance(source="test", source_url="", retrieved_on=date(2026, 11, 23), origin=Origin.CONSTRUCTED)
SEARCHING = settings.get_current_profile_name() == "searching"


@pytest.mark.parametrize("subject", FILE_SUBJECTS.values(), ids=FILE_SUBJECTS)
def test_a_source_of_files_stands_a_broken_one(subject: FileSubject, tmp_path: Path) -> None:
    check_file(subject, tmp_path, rounds=500 if SEARCHING else ROUNDS)


@pytest.mark.parametrize("subject", FILE_SUBJECTS.values(), ids=FILE_SUBJECTS)
def test_a_file_is_recognised_by_its_own_source_and_by_no_other(subject: FileSubject, tmp_path: Path) -> None:
    path = tmp_path / subject.name
    subject.write(path, subject.sent)
    assert [source.name for source in FILES if source.load().recognises(path)] == [
        source.name for source in FILES if source.load() is subject.module
    ]


@pytest.mark.parametrize("name", IN_PARTS)
def test_an_export_says_the_same_in_two_files_as_in_one_whatever_their_order(name: str, tmp_path: Path) -> None:
    subject = FILE_SUBJECTS[name]
    rows = tuple(dict(row) for row in subject.sent)
    whole, first, second = (tmp_path / f"{part}-{subject.name}" for part in ("whole", "first", "second"))
    for path, some in ((whole, rows), (first, rows[:1]), (second, rows[1:])):
        subject.write(path, some)
    module = cast("DeliveryModule", subject.module)
    once = module.read(whole, WHERE)
    parts, turned = (module.read_delivery(paths, WHERE) for paths in ((first, second), (second, first)))
    assert once.usage
    assert parts == turned
    assert _unplaced(parts) == _unplaced(once)
    assert (parts.rows_in, parts.buckets == once.buckets) == (once.rows_in, False)


def _unplaced(batch: BillBatch) -> list[object]:
    usage = [replace(row, x_bucket="") for row in batch.usage]
    return [*usage, *(replace(row, x_bucket="") for row in batch.charges)]


def test_no_source_of_files_is_left_out() -> None:
    tested = {subject.module for subject in FILE_SUBJECTS.values()}
    assert [source.name for source in FILES if source.load() not in tested] == []
