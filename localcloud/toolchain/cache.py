"""The cache of tools: one builder at a time, and folders that are either whole or not there."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def build_lock(cache_root: Path) -> Iterator[None]:
    """Wait until no other process builds, and keep others waiting; a killed builder's half-made folders go."""
    cache_root.mkdir(parents=True, exist_ok=True)
    with (cache_root / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another build is running; waiting for it", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        for left in cache_root.glob("*/.unfinished-*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


@contextmanager
def finished_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `target`, at once, when the block ends well."""
    making = target.parent / f".unfinished-{target.name}-{os.getpid()}"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    try:
        yield making
        shutil.rmtree(target, ignore_errors=True)
        making.rename(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)
