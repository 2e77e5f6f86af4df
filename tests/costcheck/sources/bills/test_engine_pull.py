"""Months of an export that an engine reads; the lines are constructed."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from costcheck.sources.bills import focus as source
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import month_windows
from tests.costcheck.sources.bills.focus_rows import focus, write_csv


@pytest.mark.parametrize(
    ("now", "estimated"),
    [
        (datetime(2026, 11, 20, 10, tzinfo=UTC), True),
        (datetime(2026, 12, 14, 23, tzinfo=UTC), True),
        (datetime(2026, 12, 15, 0, tzinfo=UTC), False),
    ],
)
def test_a_month_that_may_still_be_written_again_is_an_estimate(
    tmp_path: Path, now: datetime, *, estimated: bool
) -> None:
    path = write_csv(tmp_path / "focus.csv", [focus()])
    windows = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=now)
    batch = source.pull(PullRequest(windows=windows, now=now, options={"engine": "duckdb", "path": str(path)}))
    assert [row.x_estimated for row in batch.charges] == [estimated]
