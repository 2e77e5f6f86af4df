"""One command at a time changes a local cloud."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localcloud.errors import LocalCloudError
from localcloud.paths import Home


@contextmanager
def exclusive(home: Home) -> Iterator[None]:
    """Wait for, and hold, the lock on a state folder, which is made if missing and may be gone at the end.

    The lock is on the folder itself, so nothing is left beside it. `down` removes the folder: who waited then holds
    the lock of a folder that is no more, and asks again for the new one.

    Raises:
        LocalCloudError: The folder holds something else.
    """
    while True:
        home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(home.root, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if _is(handle, home.root):
            break
        os.close(handle)
    try:
        _require_ours(home)
        yield
    finally:
        os.close(handle)


def _is(handle: int, folder: Path) -> bool:
    try:
        return os.fstat(handle).st_ino == folder.stat().st_ino
    except FileNotFoundError:
        return False


def _require_ours(home: Home) -> None:
    """Keep `down` from removing somebody's files."""
    if any(home.root.iterdir()) and not home.ports_file.exists():
        raise LocalCloudError(
            seen=f"{home.root} is not empty and no local cloud",
            expected=f"an empty or new folder, or one with {home.ports_file.name} in it",
            action="set LOCALCLOUD_HOME to another folder",
        )
