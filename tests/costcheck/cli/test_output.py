"""Where the output cannot go: a message, an exit code that is not 0, never a traceback. Real processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ARTICLE = ROOT / "costcheck" / "data" / "article.toml"
Done = subprocess.CompletedProcess[str]


def shell(line: str, folder: Path) -> Done:
    """Run a line of bash in which `costcheck` is ours; its exit code is the first command's of a pipe."""
    script = f'costcheck() {{ "{sys.executable}" -m costcheck "$@"; }}; {line}; exit "${{PIPESTATUS[0]}}"'
    return subprocess.run(  # noqa: S603 - our own command
        ["/bin/bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the demo: a configuration and a ledger."""
    folder = tmp_path_factory.mktemp("demo")
    assert shell("costcheck demo --dir .", folder).returncode == 0
    return folder


def refused(done: Done) -> str:
    """Return what was said, having checked that it has three parts and no traceback."""
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.stderr.count("expected:") == 1
    assert done.stderr.count("to do:") == 1
    return done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full on this system")
@pytest.mark.parametrize(
    "command",
    [
        "costcheck decide --draws 100",
        "costcheck decide --draws 100 --format json",
        "costcheck bill show",
        "costcheck bill show --format json",
        f"costcheck break-even {ARTICLE}",
        "costcheck schema",
        "costcheck explain g6.xlarge",
        "costcheck prices show",
        "costcheck --help",
        "costcheck decide --help",
        "costcheck --version",
    ],
)
def test_a_full_disk_is_said_and_exits_with_1(command: str, company: Path) -> None:
    done = shell(f"{command} > /dev/full", company)
    assert done.returncode == 1
    assert "standard output cannot be written: No space left on device" in refused(done)


@pytest.mark.parametrize("command", ["decide --draws 100", "schema", "--help"])
def test_a_closed_output_is_said_and_exits_with_1(command: str, company: Path) -> None:
    done = shell(f"costcheck {command} >&-", company)
    assert done.returncode == 1
    assert "standard output cannot be written: it is closed" in refused(done)


@pytest.mark.parametrize("command", ["bill show", "schema", "prices show", "decide --draws 100 --format full"])
def test_a_reader_that_left_is_no_news(command: str, company: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "costcheck", *command.split()],
        cwd=company,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=120,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_an_error_that_cannot_be_printed_keeps_its_exit_code(tmp_path: Path) -> None:
    assert shell("costcheck decide 2>&-", tmp_path).returncode == 2


@pytest.mark.parametrize("command", ["init --config", "demo --dir"])
@pytest.mark.parametrize("place", ["file/below", "/proc/below"])
def test_a_place_that_cannot_be_written_is_a_usage_error(command: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file, no folder")
    done = shell(f"costcheck {command} {place}", tmp_path)
    assert done.returncode == 2
    assert "cannot be written" in refused(done)
    assert place in done.stderr


def test_a_configuration_in_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    done = shell("costcheck init --config nowhere/costcheck.toml", tmp_path)
    assert done.returncode == 2
    assert "nowhere/costcheck.toml cannot be written" in refused(done)
