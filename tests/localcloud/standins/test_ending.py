"""Processes as the engine starts them: real ones, killed in every way that happens."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.standins.serving import engine_address

# A plugin with one long child, which writes its id to the file that it is given.
PLUGIN = """
import os, pathlib, sys, time
from localcloud.standins.children import Children
from localcloud.standins.provider import Provider
from localcloud.standins.serving import serve_provider
class Sleeper(Provider):
    package, version = "sleeper", "1.0.0"
sleep = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(600)"
Children().start([sys.executable, "-c", sleep, sys.argv[1]], environment=os.environ)
while not os.path.exists(sys.argv[1]) or not os.path.getsize(sys.argv[1]):
    time.sleep(0.01)
serve_provider(Sleeper())
"""
# An engine that starts the plugin with arguments that no one here knows, and passes its port on.
ENGINE = """
import subprocess, sys, time
plugin = subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2], "--tracing", "x"], stdout=subprocess.PIPE)
print(plugin.stdout.readline().decode().strip(), plugin.pid, flush=True)
time.sleep(600)
"""


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def ends(process: int) -> bool:
    deadline = time.monotonic() + 20
    while is_running(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(process)


def started(file: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PLUGIN, str(file)]
    plugin = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    assert plugin.stdout
    assert plugin.stdout.readline().strip().isdigit()
    return plugin


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_plugin_ends_without_a_word_and_takes_its_child_with_it(tmp_path: Path, ending: signal.Signals) -> None:
    plugin = started(tmp_path / "child")
    child = int((tmp_path / "child").read_text())
    plugin.send_signal(ending)
    out, err = plugin.communicate(timeout=20)
    assert (plugin.returncode, out, err) == (0, "", "")
    assert ends(child)


def killed_engine(tmp_path: Path) -> tuple[int, int]:
    """The ids of a plugin and of its child, whose engine was killed."""
    command = [sys.executable, "-c", ENGINE, PLUGIN, str(tmp_path / "child")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as engine:  # noqa: S603
        assert engine.stdout
        _, plugin = engine.stdout.readline().split()
        engine.kill()
    return int(plugin), int((tmp_path / "child").read_text())


def killed_plugin(tmp_path: Path) -> tuple[int, int]:
    with started(tmp_path / "child") as plugin:
        plugin.kill()
    return plugin.pid, int((tmp_path / "child").read_text())


@pytest.mark.parametrize("kill", [killed_engine, killed_plugin])
def test_nothing_outlives_a_killed_parent(tmp_path: Path, kill: Callable[[Path], tuple[int, int]]) -> None:
    plugin, child = kill(tmp_path)
    assert ends(plugin)
    assert ends(child)


@pytest.mark.parametrize(
    ("arguments", "last", "address"),
    [
        (["127.0.0.1:1"], False, "127.0.0.1:1"),
        (["127.0.0.1:1", "--flag=a:b", "x:2"], False, "127.0.0.1:1"),
        (["-root=/a:b", "dir", "127.0.0.1:1"], True, "127.0.0.1:1"),
        (["--tracing", "x"], True, ""),
    ],
)
def test_the_engine_is_found_among_unknown_arguments(arguments: list[str], *, last: bool, address: str) -> None:
    assert engine_address(arguments, last=last) == address
