"""Processes are known by pid and start time; nothing of another cloud, or of nobody, is ever hit."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.errors import ProcessError
from localcloud.processes import MARK, Identity, Processes, Program, end_all, parse_record

SHELL = "/bin/sh"


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    kept = Processes(tmp_path / "run", mark=str(tmp_path))
    yield kept
    end_all(kept.leftovers(), grace_seconds=0)


def sleeper(name: str = "sleeper") -> Program:
    return shell(name, "exec sleep 300")


def shell(name: str, script: str) -> Program:
    return Program(name=name, command=[SHELL, "-c", script], environment=dict(os.environ), folder=Path("/"))


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def record_of(processes: Processes, name: str) -> Path:
    return processes.log(name).with_suffix(".pid")


def test_what_was_started_runs_and_is_known_to_another_command(processes: Processes, tmp_path: Path) -> None:
    started = processes.start(sleeper())
    another = Processes(tmp_path / "run", mark=str(tmp_path))
    assert another.running("sleeper") == started


def test_the_recorded_process_is_the_program_itself_and_not_a_shell_around_it(processes: Processes) -> None:
    started = processes.start(
        Program(name="s", command=["sleep", "300"], environment=dict(os.environ), folder=Path("/"))
    )
    wait_until(lambda: Path(f"/proc/{started.pid}/comm").read_text() == "sleep\n")


def test_a_key_press_in_the_starters_terminal_does_not_reach_it(processes: Processes) -> None:
    started = processes.start(sleeper())
    assert os.getsid(started.pid) == started.pid


def test_its_output_goes_to_its_log(processes: Processes) -> None:
    processes.start(shell("talker", "echo out; echo err >&2"))
    wait_until(lambda: processes.last_words("talker") == "out\nerr")


def test_a_process_that_ended_is_not_running(processes: Processes) -> None:
    processes.start(shell("short", "exit 0"))
    wait_until(lambda: processes.running("short") is None)


def test_a_program_that_is_not_there_is_told_in_the_log(processes: Processes) -> None:
    program = Program(name="none", command=["/nowhere/none"], environment={}, folder=Path("/"))
    processes.start(program)
    wait_until(lambda: processes.running("none") is None)
    assert "/nowhere/none" in processes.last_words("none")


def test_a_run_folder_that_cannot_be_written_is_an_error_and_not_an_unknown_process(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcloud.processes._RECORD_SECONDS", 0.2)
    processes.start(sleeper())
    processes.end(["sleeper"], grace_seconds=1)
    record_of(processes, "sleeper").with_name("blocked.pid").mkdir()
    with pytest.raises((ProcessError, IsADirectoryError, PermissionError)):
        processes.start(sleeper("blocked"))
    assert processes.leftovers() == []


def test_ending_returns_only_when_the_process_is_gone(processes: Processes) -> None:
    started = processes.start(sleeper())
    processes.end(["sleeper"], grace_seconds=5)
    assert not started.runs()
    assert processes.recorded() == []


def test_a_process_that_ignores_the_request_is_killed_after_the_grace(processes: Processes) -> None:
    started = processes.start(shell("deaf", "trap '' TERM; echo deaf; while :; do sleep 1; done"))
    wait_until(lambda: processes.last_words("deaf") == "deaf")
    processes.end(["deaf"], grace_seconds=0.2)
    assert not started.runs()


def test_a_process_is_asked_before_it_is_killed(processes: Processes) -> None:
    processes.start(shell("polite", "trap 'echo goodbye; exit 0' TERM; echo here; while :; do sleep 0.05; done"))
    wait_until(lambda: processes.last_words("polite") == "here")
    processes.end(["polite"], grace_seconds=5)
    assert processes.last_words("polite") == "here\ngoodbye"


@pytest.mark.parametrize("field", ["ticks", "boot"])
def test_a_process_that_was_given_the_pid_of_one_that_ended_is_left_alone(processes: Processes, field: str) -> None:
    stranger = processes.start(sleeper())
    stat, boot = record_of(processes, "sleeper").read_text().splitlines()
    if field == "ticks":
        stat = stat.replace(f" {stranger.ticks} ", f" {stranger.ticks - 1} ")
    else:
        boot = "another-boot"
    record_of(processes, "earlier").write_text(f"{stat}\n{boot}\n")
    assert processes.running("earlier") is None
    processes.end(["earlier"], grace_seconds=0)
    assert stranger.runs()


def test_a_starter_that_is_killed_leaves_a_record_of_what_it_started(processes: Processes, tmp_path: Path) -> None:
    code = (
        "import os, signal; from pathlib import Path; from localcloud import processes as p;"
        f"p.Processes(Path({str(tmp_path / 'run')!r}), mark={str(tmp_path)!r}).start("
        "p.Program(name='child', command=['sleep', '300'], environment=dict(os.environ), folder=Path('/')));"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code], check=False)  # noqa: S603
    assert killed.returncode == -signal.SIGKILL
    assert processes.running("child")


def test_children_that_lost_their_parent_are_left_over_until_ended(processes: Processes) -> None:
    processes.start(shell("parent", "sleep 300 & exit 0"))
    wait_until(lambda: processes.running("parent") is None)
    (child,) = processes.leftovers()
    end_all([child], grace_seconds=1)
    assert processes.leftovers() == []


def test_processes_of_another_cloud_are_not_left_over_here(processes: Processes, tmp_path: Path) -> None:
    other = Processes(tmp_path / "other", mark=f"{tmp_path}/other")
    theirs = other.start(sleeper())
    assert processes.leftovers() == []
    end_all([theirs], grace_seconds=0)


def test_a_program_finds_the_mark_in_its_environment(processes: Processes, tmp_path: Path) -> None:
    processes.start(shell("marked", f'echo "${MARK}"'))
    wait_until(lambda: processes.last_words("marked") == str(tmp_path))


@pytest.mark.parametrize("text", ["", "1 (sh) S 1", "1 (sh) S 1\n"])
def test_half_a_record_names_nobody(text: str) -> None:
    assert parse_record(text) is None


@given(name=st.text(st.characters(blacklist_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=15))
def test_no_name_of_a_program_hides_its_start_time(name: str) -> None:
    fields = " ".join(str(number) for number in range(4, 53))
    assert parse_record(f"7 ({name}) S {fields}\nboot\n") == Identity(pid=7, ticks=22, boot="boot")


def test_only_the_very_process_counts_as_running(processes: Processes) -> None:
    started = processes.start(sleeper())
    assert started.runs()
    assert not replace(started, ticks=started.ticks + 1).runs()
