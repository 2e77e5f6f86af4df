"""Programs of the distribution are found, or the person is told what to install."""

from pathlib import Path

import pytest

from localcloud.errors import ToolError
from localcloud.toolchain import debian


def test_a_server_that_lies_in_sbin_is_found_without_it_on_the_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "nginx").touch(mode=0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(debian, "SYSTEM_PATH", str(tmp_path))
    assert debian.find("nginx") == tmp_path / "nginx"


def test_what_may_not_be_installed_from_here_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(debian, "_SYSTEMD", Path("/nowhere"))
    monkeypatch.setattr("shutil.which", lambda name, **_: f"/usr/bin/{name}" if name == "apt-get" else None)
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("apt-get was run"))
    with pytest.raises(ToolError, match=r"apt-get install no-such-package"):
        debian.install("no-such-program", package="no-such-package")


def test_nothing_is_installed_where_a_package_would_start_its_service(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(debian, "_SYSTEMD", tmp_path)
    monkeypatch.setattr("shutil.which", lambda name, **_: f"/usr/bin/{name}" if name == "apt-get" else None)
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("apt-get was run"))
    with pytest.raises(ToolError):
        debian.install("no-such-program", package="no-such-package")


def test_a_server_in_a_folder_of_its_version_is_found_and_the_newest_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for version in ("14", "15"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "initdb").touch(mode=0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(debian, "SYSTEM_PATH", "/nowhere")
    monkeypatch.setattr(debian, "_POSTGRESQL", tmp_path)
    assert debian.find("initdb") == tmp_path / "15" / "bin" / "initdb"
