"""Every source that pulls stands what providers do."""

from collections.abc import Mapping

import pytest

from costcheck.conformance import PullSubject, check_pull
from costcheck.sources.bills.registry import PULLS
from tests.costcheck.conformance.every import FILE_SUBJECTS, PULL_SUBJECTS

READ_BY_AN_ENGINE: Mapping[str, str] = {
    "focus": "focus (Parquet)",
    "cur": "cur (Parquet)",
    "litellm-export": "litellm (Parquet)",
}
"""Sources that ask no server of a provider: what reads their rows stands the suite of files under that name."""
WITHOUT_THE_SUITE: Mapping[str, str] = {
    "litellm-postgres": "it speaks PostgreSQL; its rows are read by what stands the suite as litellm (CSV)",
}


@pytest.mark.parametrize("subject", PULL_SUBJECTS.values(), ids=PULL_SUBJECTS)
def test_a_source_that_pulls_stands_a_provider_that_misbehaves(subject: PullSubject) -> None:
    check_pull(subject)


def test_no_source_that_pulls_is_left_out() -> None:
    tested = {subject.module for subject in PULL_SUBJECTS.values()}
    elsewhere = {*READ_BY_AN_ENGINE, *WITHOUT_THE_SUITE}
    left_out = {source.name for source in PULLS if source.load() not in tested}
    assert left_out == elsewhere
    assert set(READ_BY_AN_ENGINE.values()) <= FILE_SUBJECTS.keys()
