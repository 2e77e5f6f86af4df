"""What every bill in files needs: the digest that names its bucket, and the names of the files."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

BYTES_AT_ONCE = 1 << 20
NAMES_SHOWN = 3


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(BYTES_AT_ONCE):
            digest.update(piece)
    return digest.hexdigest()


def files_digest(paths: Sequence[Path]) -> str:
    """Return the SHA-256 of one file, or of the digests of several, whatever their names and order."""
    digests = sorted(file_digest(path) for path in paths)
    return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def names_of(paths: Sequence[Path]) -> str:
    """Return the names of files for a message, of many the first ones."""
    names = [path.name for path in paths[:NAMES_SHOWN]]
    more = len(paths) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
