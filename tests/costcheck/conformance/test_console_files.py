"""Exports of consoles, spans and observations stand what happens to files."""

from pathlib import Path

import pytest

from costcheck.conformance import FileSubject, check_file
from tests.costcheck.conformance.console_subjects import CONSOLE_SUBJECTS


@pytest.mark.parametrize("subject", CONSOLE_SUBJECTS.values(), ids=CONSOLE_SUBJECTS)
def test_a_source_of_files_stands_a_broken_one(subject: FileSubject, tmp_path: Path) -> None:
    check_file(subject, tmp_path)
