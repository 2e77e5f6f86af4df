"""A model folder of 300 KB that the real vLLM serves: made once, by vLLM's own environment."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from localcloud.vllm import install
from localcloud.vllm.errors import VllmInstallError

SERVED_NAME = "tiny"
_MAKER = Path(__file__).with_name("model_maker.py")


def folder(tools: Path) -> Path:
    """Return the model's folder below the folder of tools.

    Raises:
        VllmInstallError: It has not been made.
    """
    model = tools / "tiny-model" / _version()
    if not (model / "SHA256SUMS").exists():
        raise VllmInstallError(
            seen=f"no tiny model in {model}",
            expected="a folder with SHA256SUMS",
            action="python -m localcloud build tiny-model",
        )
    return model


def make(tools: Path) -> Path:
    """Return the model's folder, made first (ten seconds) where it is missing.

    Raises:
        VllmInstallError: vLLM is not installed, or the maker failed.
    """
    python = install.command(tools).with_name("python")
    model = tools / "tiny-model" / _version()
    if not model.exists():
        unfinished = model.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        _run_maker(python, unfinished)
        unfinished.rename(model)
    return model


def _version() -> str:
    """Return the beginning of the maker's digest: another maker, another model."""
    return hashlib.sha256(_MAKER.read_bytes()).hexdigest()[:12]


def _run_maker(python: Path, target: Path) -> None:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    result = subprocess.run([python, _MAKER, target], env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise VllmInstallError(
            seen=f"{_MAKER.name} failed: {result.stderr.strip()[-500:]}",
            expected=f"a model folder in {target}",
            action="read the message above; if packages are missing, delete the vllm folder and build it again",
        )
