"""Files of Go modules are in the cache, all of a group or none."""

from pathlib import Path

import pytest

from localcloud.errors import ToolError
from localcloud.toolchain import module_files


def put(cache_root: Path, name: str) -> list[Path]:
    folder = module_files._folder(name, cache_root)
    folder.mkdir(parents=True)
    files = [folder / Path(path).name for path in module_files._groups()[name]["paths"]]
    for file in files:
        file.touch()
    return files


def test_the_files_are_given_in_the_order_of_the_list(tmp_path: Path) -> None:
    put_files = put(tmp_path, "kwok-stages")
    assert module_files.files("kwok-stages", cache_root=tmp_path) == put_files


def test_a_group_that_lacks_a_file_counts_as_missing(tmp_path: Path) -> None:
    put(tmp_path, "keda-crds")[0].unlink()
    assert module_files.find("keda-crds", cache_root=tmp_path) is None


def test_missing_files_are_told_with_the_command_that_fetches_them(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"localcloud build karpenter-crds"):
        module_files.files("karpenter-crds", cache_root=tmp_path)
