"""Stand-ins for the CUDA libraries that PyPI's torch is linked against and never calls on a machine without a GPU.

Empty libraries do not load (`undefined symbol: nvshmemx_mc_ptr`), so each defines, at its version, every name that
torch leaves open for it; each returns 1, an error to any CUDA library. The real ones would take 2.4 GB more.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

LIBRARIES = {  # file name: what its symbols begin with
    "libcublas.so.13": r"cublas(?!Lt)",
    "libcublasLt.so.13": r"cublasLt",
    "libcudnn.so.9": r"cudnn",
    "libcufft.so.12": r"cufft",
    "libcurand.so.10": r"curand",
    "libcusparse.so.12": r"cusparse(?!Lt)",
    "libcusparseLt.so.0": r"cusparseLt",
    "libnccl.so.2": r"p?nccl",
    "libnvrtc.so.13": r"nvrtc",
    "libnvshmem_host.so.3": r"nvshmem",
}
FOLDER = Path("nvidia/cu13/lib")  # where torch's own search path looks, below site-packages
_FIELDS = 8  # of a line of `readelf --dyn-syms`: number, value, size, type, binding, visibility, section, name


def build(site_packages: Path) -> None:
    """Write every library of LIBRARIES that is not there yet below `site_packages`."""
    open_symbols = dict(
        symbol
        for library in sorted(site_packages.glob("torch/lib/*.so"))
        for symbol in _undefined(_symbol_table(library))
    )
    folder = site_packages / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, prefix in LIBRARIES.items():
        _link(
            folder / name,
            {symbol: of for symbol, of in open_symbols.items() if re.match(prefix, symbol, re.IGNORECASE)},
        )


def _symbol_table(library: Path) -> str:
    command = ["readelf", "--wide", "--dyn-syms", str(library)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _undefined(table: str) -> Iterator[tuple[str, str]]:
    """Yield name and version ("" for none) of each symbol that the library expects from another one."""
    for line in table.splitlines():
        fields = line.split()
        if len(fields) >= _FIELDS and fields[6] == "UND":
            name, _, version = fields[7].partition("@")
            yield name, version.lstrip("@")


def _link(target: Path, symbols: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        source, versions = Path(temporary, "stub.c"), Path(temporary, "stub.map")
        source.write_text(_source(symbols), encoding="utf-8")
        versions.write_text(_version_script(symbols), encoding="utf-8")
        script = [f"-Wl,--version-script={versions}"] if any(symbols.values()) else []
        shared = ["gcc", "-shared", "-fPIC", "-w", f"-Wl,-soname,{target.name}", *script]
        subprocess.run([*shared, "-o", str(target), str(source)], check=True)


def _source(symbols: Mapping[str, str]) -> str:
    return "".join(f"int {name}(void) {{ return 1; }}\n" for name in symbols)


def _version_script(symbols: Mapping[str, str]) -> str:
    versions = sorted({version for version in symbols.values() if version})
    of_version = {
        version: "".join(f" {name};" for name in symbols if symbols[name] == version) for version in versions
    }
    return "".join(f"{version} {{ global:{names} }};\n" for version, names in of_version.items())
