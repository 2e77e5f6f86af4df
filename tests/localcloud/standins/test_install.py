import subprocess
import sys
from pathlib import Path

from localcloud.standins.install import wrapper, write_executable


def test_a_wrapper_becomes_the_module_with_the_engines_arguments_after_its_own(tmp_path: Path) -> None:
    (tmp_path / "shown.py").write_text("import os, sys; print(os.getpid(), sys.argv[1:])")
    file = tmp_path / "a folder" / "plugin"
    file.parent.mkdir()
    write_executable(file, wrapper(Path(sys.executable), "shown", "own"))
    environment = {"PYTHONPATH": str(tmp_path)}
    with subprocess.Popen([file, "127.0.0.1:1", "a b"], env=environment, stdout=subprocess.PIPE, text=True) as run:  # noqa: S603
        assert run.communicate()[0] == f"{run.pid} ['own', '127.0.0.1:1', 'a b']\n"


def test_a_wrapper_does_not_import_from_the_folder_that_it_runs_in(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    file = tmp_path / "plugin"
    write_executable(file, wrapper(Path(sys.executable), "json.tool", "--help"))
    assert "usage" in subprocess.run([file], cwd=tmp_path, capture_output=True, text=True, check=True).stdout  # noqa: S603


def test_an_executable_that_is_right_already_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "plugin"
    write_executable(file, "one")
    first = file.stat().st_ino
    write_executable(file, "one")
    assert file.stat().st_ino == first
    write_executable(file, "two")
    assert (file.stat().st_ino != first, file.read_text(), file.stat().st_mode & 0o777) == (True, "two", 0o755)
    assert list(tmp_path.iterdir()) == [file]
