"""What the catalogue says and what the Go modules pin are the same."""

import tomllib
from pathlib import Path

import pytest

from localcloud.paths import REPOSITORY
from localcloud.toolchain import module_files
from localcloud.toolchain.catalogue import MODULES, tools


def required(folder: Path) -> dict[str, str]:
    """Every module of a go.mod with its version."""
    lines = [line.split("//")[0].split() for line in (folder / "go.mod").read_text().splitlines()]
    return {
        words[-2]: words[-1] for words in lines if len(words) >= 2 and words[-1].startswith("v") and "=>" not in words
    }


@pytest.mark.parametrize("name", sorted(tools()))
def test_a_tools_version_is_the_one_that_its_module_pins(name: str) -> None:
    tool = tools()[name]
    package = "k8s.io/kubernetes" if tool.package == "." else tool.package
    versions = [
        version for module, version in required(MODULES / name).items() if f"{package}/".startswith(f"{module}/")
    ]
    assert tool.version in versions


@pytest.mark.parametrize("name", sorted(tools()))
def test_every_module_has_its_checksums(name: str) -> None:
    assert (MODULES / name / "go.sum").stat().st_size > 0


@pytest.mark.parametrize("name", sorted(tools()))
def test_what_the_linker_sets_names_the_version_of_the_tool(name: str) -> None:
    stamped = [value for key, value in tools()[name].variables.items() if key.lower().endswith("version")]
    assert set(stamped) <= {tools()[name].version}


def test_kubernetes_parts_are_all_of_one_release() -> None:
    lines = [
        line.split() for line in (MODULES / "kubernetes" / "go.mod").read_text().splitlines() if "=> k8s.io/" in line
    ]
    assert {words[-1] for words in lines} == {tools()["kubernetes"].version.replace("v1.", "v0.")}


def test_pulumi_is_the_version_of_its_python_package() -> None:
    groups = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["dependency-groups"]
    assert f"pulumi=={tools()['pulumi'].version.removeprefix('v')}" in groups["infra"]


@pytest.mark.parametrize("name", module_files.names())
def test_files_of_a_module_come_with_its_pinned_version_and_checksum(name: str) -> None:
    group = module_files._groups()[name]
    folder = MODULES / group["folder"]
    version = module_files._pinned_version(group["module"], folder / "go.mod")
    assert f"{group['module']} {version} h1:" in (folder / "go.sum").read_text()
