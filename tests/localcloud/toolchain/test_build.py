"""What is missing is built once, whole or not at all. A script plays Go here; the e2e tests have the real one."""

import threading
from pathlib import Path

import pytest

from localcloud.errors import ToolError
from localcloud.toolchain import go
from localcloud.toolchain.build import build, require_disk
from localcloud.toolchain.cache import build_lock, finished_folder
from localcloud.toolchain.catalogue import tools

GO = """#!/bin/sh
if [ "$1" = env ]; then echo {version}; exit; fi
echo "$PWD CGO=$CGO_ENABLED $*" >>{log}
while [ "$1" != -o ]; do shift; done
{build}
"""


@pytest.fixture
def fake_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    put_go(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'go'}:/usr/bin:/bin")
    monkeypatch.setattr("localcloud.toolchain.build.NEEDED_GB", 0)
    return tmp_path / "log"


def put_go(folder: Path, *, version: str = "go1.26.8", build: str = 'echo built >"$2"') -> None:
    (folder / "go").mkdir(exist_ok=True)
    file = folder / "go" / "go"
    file.write_text(GO.format(version=version, log=folder / "log", build=build))
    file.chmod(0o755)


def run(cache_root: Path, *names: str) -> None:
    build(names, cache_root=cache_root, environ={"PATH": ""})


@pytest.mark.usefixtures("fake_go")
def test_a_tool_lies_under_its_name_and_version_with_a_link_for_each_program(tmp_path: Path) -> None:
    run(tmp_path / "cache", "kubernetes")
    folder = tmp_path / "cache" / "kubernetes" / tools()["kubernetes"].version
    assert {file.name for file in folder.iterdir()} == set(tools()["kubernetes"].built_files())
    assert (folder / "kube-scheduler").read_text() == "built\n"


def test_it_is_built_in_its_own_module_from_pinned_sources_and_knows_its_version(
    tmp_path: Path, fake_go: Path
) -> None:
    run(tmp_path / "cache", "helm")
    told = fake_go.read_text()
    assert "toolchain/modules/helm CGO=0 build" in told
    assert "-mod=readonly" in told
    assert f"-X helm.sh/helm/v3/internal/version.version={tools()['helm'].version}" in told


def test_what_is_there_is_not_built_again(tmp_path: Path, fake_go: Path) -> None:
    run(tmp_path / "cache", "helm")
    run(tmp_path / "cache", "helm")
    assert len(fake_go.read_text().splitlines()) == 1


@pytest.mark.usefixtures("fake_go")
def test_a_failed_build_leaves_nothing_and_quotes_the_compiler(tmp_path: Path) -> None:
    put_go(tmp_path, build='echo half >"$2"; echo "main.go:1: no such thing" >&2; exit 1')
    with pytest.raises(ToolError, match=r"main.go:1: no such thing"):
        run(tmp_path / "cache", "etcd")
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == [tmp_path / "cache" / ".lock"]


@pytest.mark.usefixtures("fake_go")
def test_what_a_killed_build_left_is_cleared_and_built_anew(tmp_path: Path) -> None:
    left = tmp_path / "cache" / "etcd" / f".unfinished-{tools()['etcd'].version}-1"
    left.mkdir(parents=True)
    run(tmp_path / "cache", "etcd")
    assert [path.name for path in (tmp_path / "cache" / "etcd").iterdir()] == [tools()["etcd"].version]


@pytest.mark.usefixtures("fake_go")
def test_a_go_that_is_too_old_is_refused_before_it_builds(tmp_path: Path) -> None:
    put_go(tmp_path, version="go1.25.9")
    with pytest.raises(ToolError, match=r"go1.25.9\n  expected: Go 1.26"):
        run(tmp_path / "cache", "etcd")


def test_a_missing_go_is_told_with_where_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"go.dev/dl"):
        go.require()


@pytest.mark.parametrize(
    ("text", "parsed"), [("go1.26.8", (1, 26)), ("go1.27rc1", (1, 27)), ("devel +abc", (0, 0)), ("", (0, 0))]
)
def test_versions_of_go_are_read(text: str, parsed: tuple[int, int]) -> None:
    assert go.parse_version(text) == parsed


def test_too_little_disk_is_refused_with_what_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.toolchain.build.NEEDED_GB", 10**9)
    with pytest.raises(ToolError, match=r"GB of disk are free"):
        require_disk(tmp_path)


@pytest.mark.usefixtures("fake_go")
def test_a_build_is_refused_where_the_disk_is_too_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.toolchain.build.NEEDED_GB", 10**9)
    with pytest.raises(ToolError, match=r"GB of disk are free"):
        run(tmp_path / "cache", "etcd")


def test_an_unknown_name_is_refused_before_anything_is_built(tmp_path: Path, fake_go: Path) -> None:
    with pytest.raises(ToolError, match=r"cannot build heml"):
        run(tmp_path / "cache", "etcd", "heml")
    assert not fake_go.exists()


def test_a_second_builder_waits_for_the_first_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entered = threading.Event()

    def second() -> None:
        with build_lock(tmp_path):
            entered.set()

    waiting = threading.Thread(target=second)
    with build_lock(tmp_path):
        waiting.start()
        assert not entered.wait(0.2)
    assert entered.wait(10)
    waiting.join()
    assert "waiting" in capsys.readouterr().out


def test_a_folder_takes_its_place_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "tool" / "v1"
    with finished_folder(target) as making:
        (making / "file").touch()
        assert not target.exists()
    assert (target / "file").exists()


def test_a_folder_whose_making_failed_leaves_the_one_before_it(tmp_path: Path) -> None:
    target = tmp_path / "tool" / "v1"
    target.mkdir(parents=True)
    (target / "before").touch()

    def fail() -> None:
        with finished_folder(target):
            raise ToolError(seen="", expected="", action="")

    with pytest.raises(ToolError):
        fail()
    assert [path.name for path in target.parent.iterdir()] == ["v1"]
    assert (target / "before").exists()
