"""Sources of bills that other packages bring: entry points of the group `costcheck.bills`, see docs/own-source.md.

They are looked up only where a name or a file is none of our own, so that nobody else waits for it.
"""

from __future__ import annotations

from functools import cache

from costcheck.errors import UsageError
from costcheck.sources.bills.registry import FILES, PULLS, FileSource, PullSource

GROUP = "costcheck.bills"


def installed_pulls() -> tuple[PullSource, ...]:
    """Return the sources that pull, of every installed package.

    Raises:
        UsageError: An entry point is no source, or has a name that is taken.
    """
    return tuple(source for source in _installed() if isinstance(source, PullSource))


def installed_files() -> tuple[FileSource, ...]:
    """Return the sources of files, of every installed package; raises like `installed_pulls`."""
    return tuple(source for source in _installed() if isinstance(source, FileSource))


@cache
def _installed() -> tuple[PullSource | FileSource, ...]:
    from importlib.metadata import entry_points  # noqa: PLC0415 - a fifth of the time that `--help` takes

    taken = {_key(source) for source in PULLS} | {_key(source) for source in FILES}
    found: list[PullSource | FileSource] = []
    for entry in entry_points(group=GROUP):
        source = entry.load()
        if not isinstance(source, PullSource | FileSource) or _key(source) in taken:
            message = f"the entry point {entry.name} = {entry.value} is no source, or one whose name is taken"
            raise UsageError(
                message, expected="a PullSource or a FileSource with a name of its own", action="uninstall or mend it"
            )
        taken.add(_key(source))
        found.append(source)
    return tuple(found)


def _key(source: PullSource | FileSource) -> tuple[str, str]:
    return type(source).__name__, source.name
