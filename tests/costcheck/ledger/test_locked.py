"""A ledger that another process holds: who has it, and what to do."""

import subprocess
import sys
from pathlib import Path

import pytest

from costcheck.errors import LedgerError
from costcheck.ledger import open_ledger

HOLD = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"


@pytest.mark.parametrize("read_only", [True, False])
def test_a_ledger_in_use_names_the_process_to_close_and_no_other_file(tmp_path: Path, *, read_only: bool) -> None:
    path = tmp_path / "costcheck.duckdb"
    open_ledger(path).close()
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:  # noqa: S603 - this Python
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(LedgerError, match="is in use by another process") as caught:
            open_ledger(path, read_only=read_only)
        other.communicate()
    assert f"PID {other.pid}" in caught.value.seen
    assert "close that process" in caught.value.action
    assert "--ledger" not in caught.value.action


def test_a_file_that_is_no_ledger_is_not_called_in_use(tmp_path: Path) -> None:
    path = tmp_path / "costcheck.duckdb"
    path.write_text("no ledger", encoding="utf-8")
    with pytest.raises(LedgerError, match="cannot be opened") as caught:
        open_ledger(path)
    assert "--ledger" in caught.value.action
