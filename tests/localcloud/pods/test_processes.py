# ruff: noqa: ASYNC110, ASYNC220, ASYNC240  the loop has nothing else to do, and waits for other processes
import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.pods.processes import Process, Setting

pytestmark = pytest.mark.allow_hosts(["127.0.0.0/8"])


def setting(folder: Path) -> Setting:
    return Setting(environment={"PATH": "/usr/bin:/bin"}, folder=folder, log=folder / "log")


def is_running(process: int) -> bool:
    """Return whether the process runs; a dead one that nobody has collected does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def number_in(path: Path) -> int:
    """Return the number that a program writes to the file, as soon as it is there."""
    while not path.exists() or not path.read_text(encoding="utf-8").endswith("\n"):
        await asyncio.sleep(0.01)
    return int(path.read_text(encoding="utf-8"))


async def until_gone(process: int) -> None:
    while is_running(process):
        await asyncio.sleep(0.01)


def test_the_exit_code_is_the_commands_own(tmp_path: Path) -> None:
    async def scene() -> int:
        return await (await Process.start(("sh", "-c", "exit 7"), setting(tmp_path))).wait()

    assert asyncio.run(scene()) == 7


def test_a_command_that_does_not_exist_ends_with_128_and_says_so(tmp_path: Path) -> None:
    async def scene() -> int:
        return await (await Process.start(("no-such-program",), setting(tmp_path))).wait()

    assert asyncio.run(scene()) == 128
    assert "cannot start no-such-program" in (tmp_path / "log").read_text(encoding="utf-8")


def test_what_a_command_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    async def scene() -> int:
        command = ("sh", "-c", "setsid sh -c 'echo $$ > child; exec sleep 600' & while [ ! -s child ]; do :; done")
        process = await Process.start(command, setting(tmp_path))
        await process.wait()
        return await number_in(tmp_path / "child")

    assert not is_running(asyncio.run(scene()))


def test_killing_takes_the_whole_tree_and_reads_137(tmp_path: Path) -> None:
    async def scene() -> tuple[int, int]:
        process = await Process.start(("sh", "-c", "setsid sleep 600 & echo $! > child; wait"), setting(tmp_path))
        child = await number_in(tmp_path / "child")
        process.kill()
        return await process.wait(), child

    code, child = asyncio.run(scene())
    assert code == 137
    assert not is_running(child)


def test_a_signal_without_a_handler_does_nothing_as_in_a_container(tmp_path: Path) -> None:
    async def scene() -> int:
        process = await Process.start(("sh", "-c", "echo $$ > child; while :; do sleep 1; done"), setting(tmp_path))
        await number_in(tmp_path / "child")
        process.signal("SIGTERM")
        assert not await process.ends_within(0.3)
        process.kill()
        return await process.wait()

    assert asyncio.run(scene()) == 137


def test_a_signal_with_a_handler_reaches_it(tmp_path: Path) -> None:
    async def scene() -> int:
        script = "trap 'exit 5' QUIT; echo $$ > child; while :; do sleep 0.05; done"
        process = await Process.start(("sh", "-c", script), setting(tmp_path))
        await number_in(tmp_path / "child")
        process.signal("SIGQUIT")
        return await process.wait()

    assert asyncio.run(scene()) == 5


RUNNER = """
import asyncio, sys
from pathlib import Path
from localcloud.pods.processes import Process, Setting
async def main():
    folder = Path(sys.argv[1])
    setting = Setting(environment={"PATH": "/usr/bin:/bin"}, folder=folder, log=folder / "log")
    await Process.start(("sh", "-c", "setsid sleep 600 & echo $! > child; wait"), setting)
    await asyncio.sleep(600)
asyncio.run(main())
"""


def test_nothing_survives_a_killed_runner(tmp_path: Path) -> None:
    async def scene() -> int:
        runner = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-c", RUNNER, str(tmp_path)], cwd=Path(__file__).parents[3]
        )
        child = await number_in(tmp_path / "child")
        os.kill(runner.pid, signal.SIGKILL)
        runner.wait()
        async with asyncio.timeout(10):
            await until_gone(child)
        return child

    assert not is_running(asyncio.run(scene()))
