"""Files taken out of pinned Go modules: kwok's stages, and the CRDs of charts that a local stack switches off."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

from localcloud.errors import ToolError
from localcloud.toolchain import go
from localcloud.toolchain.cache import finished_folder
from localcloud.toolchain.catalogue import MODULES

_LIST = Path(__file__).with_name("module_files.toml")


def names() -> list[str]:
    """Return the names of all groups of files."""
    return list(_groups())


def find(name: str, *, cache_root: Path) -> list[Path] | None:
    """Return the files of a group, or None if they are not in the cache."""
    folder = _folder(name, cache_root)
    listed = [folder / Path(path).name for path in _groups()[name]["paths"]]
    return listed if all(file.exists() for file in listed) else None


def files(name: str, *, cache_root: Path) -> list[Path]:
    """Return the files of a group.

    Raises:
        ToolError: They are not in the cache.
    """
    found = find(name, cache_root=cache_root)
    if found is None:
        raise ToolError(
            seen=f"{name} are not in {cache_root}",
            expected="the files that module_files.toml lists",
            action=f"python -m localcloud build {name}",
        )
    return found


def fetch(name: str, *, cache_root: Path) -> None:
    """Put the files of a group into the cache.

    Raises:
        ToolError: Its module cannot be downloaded.
    """
    group = _groups()[name]
    source = go.module_folder(group["module"], inside=MODULES / group["folder"])
    with finished_folder(_folder(name, cache_root)) as folder:
        for path in group["paths"]:
            shutil.copyfile(source / path, folder / Path(path).name)


def _folder(name: str, cache_root: Path) -> Path:
    group = _groups()[name]
    return cache_root / name / _pinned_version(group["module"], MODULES / group["folder"] / "go.mod")


def _pinned_version(module: str, go_mod: Path) -> str:
    for line in go_mod.read_text(encoding="utf-8").splitlines():
        words = line.removeprefix("require").split()
        if words[:1] == [module]:
            return words[1]
    raise ToolError(
        seen=f"{go_mod} does not name {module}", expected="its version", action="go get it in that folder"
    )


def _groups() -> dict[str, Any]:
    with _LIST.open("rb") as file:
        return tomllib.load(file)
