"""docs/fail-open.md is what the real command answers: a process for every row, and its exit code."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.costcheck.gate.broken import PASSED, PLAN, PRICES, STOPPED, Row, prepare
from tests.costcheck.gate.fail_open import PAGE, page_text, rows
from tests.infra.policy.engine import Engine, Told, shown

ENTRY = """
import datetime, signal, costcheck.__main__ as entry
signal.signal(signal.SIGINT, signal.default_int_handler)
class Then(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls({day}, 9, tzinfo=tz)
entry.datetime = Then
entry.main()
"""
"""The command as it is, on another day: the entry point is the only reader of the clock.

An interruption counts again, which a test run in the background has inherited as ignored."""
ABOUT_THIS = {"gpu-capacity-is-decided", "something-is-checked"}
ROWS = {f"{chapter}: {row.what}": row for chapter, row in rows()}
OF_THE_PACK = {name: row for name, row in ROWS.items() if row.pack in {STOPPED, PASSED}}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which nothing is broken."""
    folder = tmp_path_factory.mktemp("whole")
    prepare(folder)
    return folder


def command(row: Row) -> list[str]:
    """Return the command line of a row, with its shell around it."""
    day = f"{row.today.year}, {row.today.month}, {row.today.day}"
    given = ["gate", "--plan", "-" if row.ending.startswith("SIG") else str(PLAN), "--prices", str(PRICES)]
    python = [sys.executable, "-c", ENTRY.format(day=day), *given, *row.options]
    return ["/bin/sh", "-c", row.within, "sh", *python]


def answer(row: Row, folder: Path) -> int:
    """Return the exit code of a row, run in a folder."""
    if row.ending:
        return _ended(row, folder)
    done = subprocess.run(command(row), cwd=folder, capture_output=True, check=False)  # noqa: S603 - our own command
    return done.returncode


def _ended(row: Row, folder: Path) -> int:
    """Return the exit code of a process that is ended while it waits for the plan, or whose reader is gone."""
    read_end, write_end = os.pipe()
    with subprocess.Popen(  # noqa: S603 - our own command
        command(row),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=write_end,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(write_end)
        os.close(read_end)
        if row.ending.startswith("SIG"):
            _wait_until_it_reads(process.pid)
            process.send_signal(signal.Signals[row.ending])
        return process.wait(timeout=60)
    raise AssertionError(row)


def _wait_until_it_reads(pid: int) -> None:
    """Return once the process sleeps in a read of its standard input, which nobody writes."""
    waiting = Path(f"/proc/{pid}/wchan")
    while "pipe" not in waiting.read_text():
        os.sched_yield()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_of_the_page_is_what_the_command_answers(row: Row, whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "there"
    shutil.copytree(whole, folder)
    row.arrange(folder)
    code = answer(row, folder)

    assert code != 0 if row.code is None else code == row.code


def test_the_page_is_written_from_the_rows() -> None:
    assert PAGE.read_text(encoding="utf-8") == page_text()


def test_zero_stands_only_where_nothing_is_broken_or_everything_is_named() -> None:
    allowed = [row.what for chapter, row in rows() if row.code == 0 and chapter != "Nothing is broken"]
    assert allowed == ["nothing but the stack itself", "the same, with neither: it is named"]


@pytest.mark.parametrize("row", OF_THE_PACK.values(), ids=OF_THE_PACK)
def test_the_policy_pack_answers_what_the_page_says(row: Row, whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "there"
    shutil.copytree(whole, folder)
    row.arrange(folder)
    stopped = [told for told in _told_by_the_pack(row, folder) if told.mandatory and told.policy in ABOUT_THIS]

    assert (STOPPED if stopped else PASSED) == row.pack, stopped


def _told_by_the_pack(row: Row, folder: Path) -> list[Told]:
    """Return what the pack says of the resources in the plan, at the same prices and with the same decision."""
    document = json.loads((folder / PLAN).read_text())
    engine = Engine(root=folder, today=row.today, config={"gpu-capacity-is-decided": {"prices": str(PRICES)}})
    states = [step["newState"] for step in document["steps"]]
    region = document["config"].get("aws:region")
    seen = [
        shown(state["type"], state["urn"].rpartition("::")[2], state["inputs"], region=region) for state in states
    ]
    return [*engine.show(*seen), *engine.end()]
