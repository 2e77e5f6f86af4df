"""doctor says what is there, what is missing and what to do, and changes nothing."""

import os
from pathlib import Path

import pytest

from localcloud.__main__ import main
from localcloud.doctor import Finding, _loopback, _memory, doctor, examine
from localcloud.down import down
from localcloud.paths import Home
from localcloud.ports import Ports
from localcloud.processes import Processes, Program

NO_TOOLS = {"PATH": ""}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(root=tmp_path / "cloud", tools=tmp_path / "tools")


def bad(home: Home) -> str:
    return "\n".join(str(finding) for finding in examine(home, NO_TOOLS) if not finding.good)


def test_what_is_missing_is_told_with_what_to_do() -> None:
    assert str(Finding(good=False, text="gcc: not found", action="install it")).endswith("to do: install it")


def test_what_is_good_asks_for_nothing() -> None:
    assert "to do" not in str(Finding(good=True, text="gcc: /usr/bin/gcc", action="install it"))


def test_tools_that_are_not_built_are_named(home: Home) -> None:
    told = bad(home)
    assert "pulumi, helm, etcd, kubernetes, kwok" in told
    assert "karpenter-crds" in told
    assert "python -m localcloud build" in told


def test_a_machine_that_lacks_something_fails(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert not doctor(home, NO_TOOLS)
    assert "MISSING" in capsys.readouterr().out


def test_looking_makes_no_folder(home: Home) -> None:
    list(examine(home, NO_TOOLS))
    assert list(home.root.parent.iterdir()) == []


@pytest.mark.parametrize(("kilobytes", "good"), [(4_000_000, False), (6_000_000, True)])
def test_memory_is_what_the_kernel_calls_available(kilobytes: int, *, good: bool) -> None:
    assert _memory(f"MemTotal: 99999999 kB\nMemFree: 1 kB\nMemAvailable: {kilobytes} kB\n").good is good


def test_an_address_that_is_not_of_this_machine_is_told() -> None:
    assert not _loopback("192.0.2.1").good  # of RFC 5737: nobody's
    assert _loopback("127.77.0.1").good


def test_a_process_that_ended_is_told_with_its_log(home: Home) -> None:
    home.root.mkdir()
    Ports.kept_in(home.ports_file)
    processes = Processes(home.run, mark=str(home.root))
    for name, script in (("alive", "exec sleep 300"), ("dead", "exit 1")):
        command = ["/bin/sh", "-c", script]
        processes.start(Program(name=name, command=command, environment=dict(os.environ), folder=Path("/")))
    while processes.running("dead"):
        pass
    told = "\n".join(str(finding) for finding in examine(home, NO_TOOLS))
    assert f"MISSING dead has ended; its log: {home.run / 'dead.log'}" in told
    assert "ok      alive: pid" in told
    assert "MISSING the API server is not ready" in told
    down(home)


def test_a_command_that_cannot_be_done_exits_with_1_and_says_why(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOCALCLOUD_HOME", str(home.root))
    assert main(["env"]) == 1
    assert "python -m localcloud up" in capsys.readouterr().err


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["start"])
    assert "invalid choice" in capsys.readouterr().err
