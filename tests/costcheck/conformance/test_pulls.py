"""Every source that pulls stands what providers do; and the suite would notice one that does not."""

import pytest

from costcheck.conformance import PullSubject, check_pull
from costcheck.sources.bills.registry import PULLS
from tests.costcheck.conformance.pull_subjects import PULL_SUBJECTS


@pytest.mark.parametrize("subject", PULL_SUBJECTS.values(), ids=PULL_SUBJECTS)
def test_a_source_that_pulls_stands_a_provider_that_misbehaves(subject: PullSubject) -> None:
    check_pull(subject)


def test_no_source_that_pulls_is_left_out() -> None:
    tested = {subject.module for subject in PULL_SUBJECTS.values()}
    assert [source.name for source in PULLS if source.load() not in tested] == []
