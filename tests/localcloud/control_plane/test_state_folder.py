"""The state folder: one command at a time, nobody else's files, and nothing of it left."""

import os
import shutil
import socket
import threading
from pathlib import Path

import pytest

from localcloud.down import down
from localcloud.errors import LocalCloudError, ProcessError
from localcloud.lock import exclusive
from localcloud.paths import Home
from localcloud.ports import Ports, require_free
from localcloud.processes import Identity, Processes, Program
from localcloud.starting import Start


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(root=tmp_path / "cloud", tools=tmp_path / "tools")


def running_cloud(home: Home) -> Processes:
    home.root.mkdir()
    Ports.kept_in(home.ports_file)
    processes = Processes(home.run, mark=str(home.root))
    processes.start(sleeper("one"))
    return processes


def sleeper(name: str) -> Program:
    return Program(name=name, command=["sleep", "300"], environment=dict(os.environ), folder=Path("/"))


def test_a_folder_with_somebodys_files_is_never_used_or_removed(home: Home) -> None:
    home.root.mkdir()
    (home.root / "thesis.txt").touch()
    with pytest.raises(LocalCloudError, match="not empty and no local cloud"):
        down(home)
    assert (home.root / "thesis.txt").exists()


def test_a_second_command_waits_for_the_first(home: Home) -> None:
    entered = threading.Event()

    def second() -> None:
        with exclusive(home):
            entered.set()

    waiting = threading.Thread(target=second)
    with exclusive(home):
        waiting.start()
        assert not entered.wait(0.2)
    assert entered.wait(10)
    waiting.join()


def test_who_waited_for_a_removal_gets_a_new_folder(home: Home) -> None:
    found: list[bool] = []

    def second() -> None:
        with exclusive(home):
            found.append(home.root.exists())

    waiting = threading.Thread(target=second)
    with exclusive(home):
        waiting.start()
        waiting.join(0.2)
        shutil.rmtree(home.root)
    waiting.join(10)
    assert found == [True]


def test_down_ends_what_runs_and_leaves_no_file(home: Home) -> None:
    processes = running_cloud(home)
    one = processes.running("one")
    (home.root / "deep" / "er").mkdir(parents=True)
    (home.root / "link").symlink_to(home.root.parent)
    down(home)
    assert one
    assert not one.runs()
    assert list(home.root.parent.iterdir()) == []


def test_down_ends_a_process_that_has_no_record_any_more(home: Home) -> None:
    processes = running_cloud(home)
    one = processes.running("one")
    (home.run / "one.pid").unlink()
    down(home)
    assert one
    assert not one.runs()


def test_down_without_a_cloud_says_so(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    down(home)
    assert capsys.readouterr().out == f"there is no local cloud in {home.root}\n"
    assert not home.root.exists()


def test_down_of_one_cloud_leaves_another_running(home: Home, tmp_path: Path) -> None:
    other = Home(root=tmp_path / "other", tools=tmp_path / "tools")
    running_cloud(home)
    kept = running_cloud(other)
    down(home)
    assert kept.running("one")
    down(other)


def test_ports_are_different_and_kept(home: Home) -> None:
    home.root.mkdir()
    ports = Ports.kept_in(home.ports_file)
    assert len({ports.etcd, ports.etcd_peer, ports.apiserver, ports.aws}) == 4
    assert Ports.kept_in(home.ports_file) == ports


def test_a_port_that_another_program_took_is_told_with_whose_it_was() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ProcessError, match=r"this cloud's etcd"):
            require_free(taken.getsockname()[1], owner="etcd")


def test_a_port_that_was_just_left_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()  # the server ends it, so the port waits on its side
    require_free(port, owner="etcd")


def test_a_program_that_runs_is_not_started_again(home: Home) -> None:
    start = Start(running_cloud(home))
    assert not start.ensure(sleeper("one"))
    assert start.started == []
    down(home)


def test_a_program_that_ends_at_once_is_told_with_its_last_words(home: Home) -> None:
    start = Start(running_cloud(home))
    dying = Program(
        name="dying", command=["/bin/sh", "-c", "echo no such disk; exit 1"], environment={}, folder=Path("/")
    )
    start.ensure(dying)
    with pytest.raises(ProcessError, match=r"dying has ended; the end of its log:\nno such disk"):
        start.wait(dying, lambda: False)
    down(home)


def test_a_program_that_never_gets_ready_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.starting.READY_SECONDS", 0.2)
    start = Start(running_cloud(home))
    start.ensure(sleeper("slow"))
    with pytest.raises(ProcessError, match=r"slow is not ready after 0.2 s"):
        start.wait(sleeper("slow"), lambda: False)
    down(home)


def test_an_interrupted_start_ends_what_it_started_and_nothing_else(home: Home) -> None:
    processes = running_cloud(home)
    start = Start(processes)

    def interrupted() -> None:
        with start.ended_on_failure():
            start.ensure(sleeper("two"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert processes.running("two") is None
    assert processes.running("one")
    down(home)


def test_a_signal_while_a_program_is_being_started_leaves_none_behind(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = running_cloud(home)
    start, before = Start(processes), processes.leftovers()

    def interrupt(_: Processes, __: str) -> Identity:
        raise KeyboardInterrupt

    monkeypatch.setattr(Processes, "_wait_for_record", interrupt)

    def interrupted() -> None:
        with start.ended_on_failure():
            start.ensure(sleeper("two"))

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert processes.leftovers() == before
    monkeypatch.undo()
    down(home)
