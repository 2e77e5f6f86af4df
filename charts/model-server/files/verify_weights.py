"""Lets a pod start only with the very weights that were pinned: python3 verify_weights.py FOLDER sha256:DIGEST.

FOLDER/SHA256SUMS, as `sha256sum` writes it, must have the digest given and list every other file of the folder with
its digest. Exits 0 when all of that holds, 1 with one line for each thing that does not. Standard library only: it
runs on the python3 of the server's image.
"""

import hashlib
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

LISTING = "SHA256SUMS"
LINE = re.compile(r"(?P<digest>[0-9a-f]{64}) [ *](?P<name>.+)")


def wrong_weights(folder: Path, expected: str) -> Iterator[str]:
    """Yields one sentence for each way in which the folder is not what was pinned; nothing when it is.

    Args:
        folder: Where the weights lie.
        expected: `sha256:` and the digest of the listing.
    """
    listing = folder / LISTING
    if not listing.is_file():
        yield f"{listing} is missing; expected: the list of every file, made by sha256sum, beside the weights"
        return
    if (found := digest(listing)) != expected:
        yield f"{LISTING} has {found}; expected: {expected}, the value of model.checksums"
        return
    # What lies behind a link is not in the listing, or can change after it was read.
    links = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink())
    yield from (f"{name} is a symbolic link; expected: plain files and folders" for name in links)
    listed = read_listing(listing.read_text(encoding="utf-8"))
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()} - {LISTING}
    yield from (f"{name} is missing" for name in sorted(listed.keys() - present))
    yield from (f"{name} is not in {LISTING}" for name in sorted(present - listed.keys()))
    yield from _wrong_files(folder, {name: listed[name] for name in sorted(listed.keys() & present)})


def digest(path: Path) -> str:
    """Returns `sha256:` and the digest of a file.

    Args:
        path: The file.
    """
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def read_listing(text: str) -> dict[str, str]:
    """Returns name -> `sha256:` digest.

    Args:
        text: Lines of `sha256sum`.

    Raises:
        ValueError: A line is of another form, or there is none.
    """
    lines = [LINE.fullmatch(line) for line in text.splitlines()]
    if not lines or None in lines:
        message = f"{LISTING} has a line that sha256sum would not write, or none at all"
        raise ValueError(message)
    return {line["name"].removeprefix("./"): f"sha256:{line['digest']}" for line in lines if line}


def _wrong_files(folder: Path, listed: dict[str, str]) -> Iterator[str]:
    """Hashing releases the interpreter's lock, so that several files are read at once."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        found = pool.map(lambda name: digest(folder / name), listed)
        for (name, expected), actual in zip(listed.items(), found, strict=True):
            if actual != expected:
                yield f"{name} has {actual}; expected: {expected}"


def main(arguments: list[str]) -> int:
    """Prints what is wrong, if anything.

    Args:
        arguments: The folder and the digest.
    """
    folder, expected = arguments
    try:
        wrong = list(wrong_weights(Path(folder), expected))
    except (OSError, ValueError) as error:
        wrong = [str(error)]
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    if wrong:
        print("to do: compare the source with its list; delete the pod to download anew", file=sys.stderr)
        return 1
    print(f"every file in {folder} is as pinned")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
