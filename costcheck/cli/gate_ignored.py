"""Files beside the gate's own that look as if they were meant for it, and that nobody reads."""

import re
from collections.abc import Iterator
from pathlib import Path

from costcheck.gate.result import Notice

IGNORED = "ignored"
MOST_NAMED = 5
_LIKE_LIMITS = re.compile(
    r"\.?gates?(?:\.(?:[\w-]+\.)?toml|\.toml\.\w+|\.(?:tml|tom|tolm|ya?ml|json|txt|ini|cfg|conf)|)", re.IGNORECASE
)
"""What `gate.toml` is easily called by mistake; `gated.json` is what the gate itself writes."""
_NO_WAIVER = re.compile(r"readme(?:\.\w+)?|\.git\w+|\.ds_store", re.IGNORECASE)


def ignored_waivers(folder: Path) -> tuple[Notice, ...]:
    """Return that some of what lies in the folder of waivers is none, or that it is no folder."""
    if not folder.exists():
        return ()
    if not folder.is_dir():
        seen = f"`{folder}` is no folder, so it is ignored: waivers are read from files in a folder"
        return (_notice(folder, seen, "put it into a folder of waivers, under a name that ends in `.toml`"),)
    names = [path.name for path in sorted(folder.iterdir()) if not _is_read_or_known(path)]
    if not names:
        return ()
    seen = f"{_named(names)} in `{folder}`: ignored, since only its own files with names in `.toml` are waivers"
    return (_notice(folder, seen, "rename what is meant as a waiver, and remove the rest"),)


def ignored_limits(file: Path) -> tuple[Notice, ...]:
    """Return which files beside the one of the limits look like it, and are not read."""
    names = [path.name for path in sorted(file.parent.iterdir()) if _looks_like(path, file)]
    if not names:
        return ()
    seen = f"{_named(names)}: ignored, since limits are read from `{file}` alone"
    return (_notice(Path(names[0]), seen, f"rename it to `{file}`, name it with `--config`, or remove it"),)


def _is_read_or_known(path: Path) -> bool:
    return path.suffix == ".toml" or _NO_WAIVER.fullmatch(path.name) is not None


def _looks_like(path: Path, file: Path) -> bool:
    return path.name != file.name and path.is_file() and _LIKE_LIMITS.fullmatch(path.name) is not None


def _named(names: list[str]) -> str:
    return ", ".join(_shown(names))


def _shown(names: list[str]) -> Iterator[str]:
    yield from (f"`{name}`" for name in names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        yield f"{len(names) - MOST_NAMED} more"


def _notice(subject: Path, seen: str, to_do: str) -> Notice:
    return Notice(name=IGNORED, subject=str(subject), seen=seen, to_do=to_do)
