"""A file that takes its name only when it is whole."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Yield a name beside `path` that nobody else uses; whatever is left under it at the end is removed.

    Only a process that is killed meanwhile leaves it there; it may be deleted.
    """
    name = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield name
    finally:
        name.unlink(missing_ok=True)
