"""A pull or an import that is killed and run again gives the same ledger; `tests/long` kills a thousand."""

from __future__ import annotations

import sys

import pytest

from tests.long.kill_ingest import kill

RUNS = 9
SEED = 20261126


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_what_is_killed_in_the_middle_and_run_again_gives_the_same_ledger() -> None:
    met = kill(RUNS, SEED, workers=1)
    assert met["killed"] + met["finished before"] == RUNS
    assert met["killed"]
