"""JSON documents in a file, one a line or one over many lines, plain, gzip or zstd."""

import gzip
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import duckdb

from costcheck.errors import InputFileError
from costcheck.sources.exports.duckdb_files import as_it_stands

HEAD_BYTES = 1 << 16
LONGEST_LINE = 1 << 28
LINES_AT_ONCE = 100
GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
COLLECTOR_PREFIX_BYTES = 4
OPENING = frozenset({b"{", b"["})


def documents(path: Path, expected: str) -> Iterator[bytes]:
    """Yield each document, as bytes.

    Args:
        path: The file.
        expected: What it should be, for messages.

    Raises:
        InputFileError: It cannot be read or unpacked.
    """
    try:
        lines = (line for line in _lines(path, expected) if line.strip())
        first = next(lines, b"")
        if first.strip() in OPENING:
            first = b"".join([first, *lines])
        if first:
            yield first
        yield from lines
    except (OSError, EOFError, zlib.error, duckdb.Error) as exc:
        raise unreadable(path, str(exc).partition("\n")[0], expected) from exc


def first_bytes(path: Path) -> bytes:
    """Return how a file begins, unpacked; nothing where it cannot be read."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(ZSTD_MAGIC))
        if magic == ZSTD_MAGIC:
            return b"\n".join(islice(_zstd_lines(path), LINES_AT_ONCE))[:HEAD_BYTES]
        with _opened(path, magic) as file:
            return file.read(HEAD_BYTES)
    except (OSError, EOFError, zlib.error, duckdb.Error):
        return b""


def _lines(path: Path, expected: str) -> Iterator[bytes]:
    with path.open("rb") as file:
        magic = file.read(COLLECTOR_PREFIX_BYTES + len(ZSTD_MAGIC))
    if magic[COLLECTOR_PREFIX_BYTES:] == ZSTD_MAGIC:
        # `compression: zstd` of the collector's file exporter puts the length before each message.
        raise unreadable(path, "it is in the collector's own frames of zstd", expected, action="export uncompressed")
    if magic.startswith(ZSTD_MAGIC):
        yield from _zstd_lines(path)
        return
    with _opened(path, magic) as file:
        yield from file


def _opened(path: Path, magic: bytes) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb")) if magic.startswith(GZIP_MAGIC) else path.open("rb")


def _zstd_lines(path: Path) -> Iterator[bytes]:
    name = as_it_stands(path).replace("'", "''")
    with duckdb.connect() as connection:
        lines = connection.execute(
            f"FROM read_csv('{name}', columns = {{line: 'VARCHAR'}}, delim = '', quote = '', escape = '',"
            f" header = false, auto_detect = false, compression = 'zstd', max_line_size = {LONGEST_LINE})"
        )
        while some := lines.fetchmany(LINES_AT_ONCE):
            yield from (line.encode() for (line,) in some if line)


def unreadable(
    path: Path, what: str, expected: str, *, action: str = "export it again; nothing of it was imported"
) -> InputFileError:
    """Return the error of a file that is not what it should be."""
    return InputFileError(f"{path.name} cannot be read: {what}", expected=expected, action=action)
