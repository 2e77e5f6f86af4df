"""A tool is the user's own if it is the right version, or else what was built."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.errors import ToolError
from localcloud.toolchain.catalogue import Tool, tool_of, tools
from localcloud.toolchain.locate import _says, find, tool

KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")


def program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


def built(cache_root: Path, name: str) -> Path:
    for file in tools()[name].built_files():
        program(tools()[name].folder(cache_root), file, "the built one")
    return tools()[name].folder(cache_root)


def test_the_users_own_tool_comes_before_the_one_that_was_built(tmp_path: Path) -> None:
    built(tmp_path / "cache", "helm")
    own = program(tmp_path / "own", "helm", tools()["helm"].version)
    assert tool("helm", cache_root=tmp_path / "cache", environ={"PATH": str(own.parent)}) == own


def test_another_version_on_the_path_is_passed_over(tmp_path: Path) -> None:
    folder = built(tmp_path / "cache", "helm")
    own = program(tmp_path / "own", "helm", "v3.1.0")
    assert tool("helm", cache_root=tmp_path / "cache", environ={"PATH": str(own.parent)}) == folder / "helm"


def test_a_program_on_the_path_that_cannot_be_run_is_passed_over(tmp_path: Path) -> None:
    own = program(tmp_path / "own", "helm", "")
    own.write_bytes(b"\x7fELF for another machine")
    assert find(tools()["helm"], cache_root=tmp_path / "cache", environ={"PATH": str(own.parent)}) is None


@pytest.mark.parametrize(
    "says", ["v1.36.3", "Kubernetes v1.36.3", "etcd Version: 1.36.3\nGit SHA: 1", '{"v":"1.36.3"}']
)
def test_a_version_is_found_in_what_the_program_says(tmp_path: Path, says: str) -> None:
    assert _says(tools()["kubernetes"], str(program(tmp_path, "kube-apiserver", says)))


@pytest.mark.parametrize("says", ["v1.36.30", "v1.36.3-rc.1", "v11.36.3", "v1.36.3+k3s1", "1.36.3.4", "", "v1.36"])
def test_another_version_that_looks_alike_is_not_taken_for_it(tmp_path: Path, says: str) -> None:
    assert not _says(tools()["kubernetes"], str(program(tmp_path, "kube-apiserver", says)))


def test_three_programs_of_one_tool_are_taken_from_one_place_or_not_at_all(tmp_path: Path) -> None:
    version = tools()["kubernetes"].version
    for name in KUBERNETES[:2]:
        program(tmp_path / "own", name, version)
    path = {"PATH": f"{tmp_path / 'own'}:{tmp_path / 'other'}"}
    assert find(tools()["kubernetes"], cache_root=tmp_path, environ=path) is None
    program(tmp_path / "other", KUBERNETES[2], version)
    assert find(tools()["kubernetes"], cache_root=tmp_path, environ=path) is None
    program(tmp_path / "own", KUBERNETES[2], version)
    assert find(tools()["kubernetes"], cache_root=tmp_path, environ=path) == tmp_path / "own"


def test_a_link_on_the_path_leads_to_the_tools_own_folder(tmp_path: Path) -> None:
    own = program(tmp_path / "own", "helm", tools()["helm"].version)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "helm").symlink_to(own)
    environ = {"PATH": str(tmp_path / "bin")}
    assert find(tools()["helm"], cache_root=tmp_path / "cache", environ=environ) == tmp_path / "own"


def test_a_folder_in_the_cache_that_lacks_a_program_does_not_count(tmp_path: Path) -> None:
    (built(tmp_path, "kubernetes") / "kube-scheduler").unlink()
    assert find(tools()["kubernetes"], cache_root=tmp_path, environ={"PATH": ""}) is None


def test_a_missing_tool_is_told_with_the_command_that_builds_it(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"python -m localcloud build kubernetes"):
        tool("kube-scheduler", cache_root=tmp_path, environ={"PATH": ""})


def test_an_unknown_tool_is_told_with_the_known_ones() -> None:
    with pytest.raises(ToolError, match=r"helm.*kubernetes"):
        tool_of("docker")


@given(st.sampled_from(sorted(tools())))
def test_every_program_and_every_tool_name_leads_to_its_tool(name: str) -> None:
    found: Tool = tools()[name]
    assert {tool_of(each).name for each in (name, *found.programs)} == {name}
