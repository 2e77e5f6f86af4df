"""Every source of files stands what happens to files, and knows its own file when it sees one."""

from pathlib import Path

import pytest
from hypothesis import settings

from costcheck.conformance import FileSubject, check_file
from costcheck.conformance.files import ROUNDS
from costcheck.sources.bills.registry import FILES
from tests.costcheck.conformance.every import FILE_SUBJECTS

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


def test_no_source_of_files_is_left_out() -> None:
    tested = {subject.module for subject in FILE_SUBJECTS.values()}
    assert [source.name for source in FILES if source.load() not in tested] == []
