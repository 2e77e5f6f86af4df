import ctypes
import subprocess
from pathlib import Path

import pytest

from localcloud.vllm import stub_libraries


@pytest.mark.e2e  # needs gcc
def test_a_stub_library_loads_in_the_place_of_the_one_that_is_missing(tmp_path: Path) -> None:
    torch = tmp_path / "torch/lib"
    torch.mkdir(parents=True)
    source = tmp_path / "user.c"
    source.write_text("int ncclSend(void);\nint use(void) { return ncclSend(); }\n", encoding="utf-8")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(torch / "user.so"), str(source)], check=True)  # noqa: S603, S607
    stub_libraries.build(tmp_path)
    ctypes.CDLL(str(tmp_path / stub_libraries.FOLDER / "libnccl.so.2"), mode=ctypes.RTLD_GLOBAL)
    assert ctypes.CDLL(str(torch / "user.so")).use() == 1
