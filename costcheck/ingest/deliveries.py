"""What was given to import, as deliveries: the parts of an export together, any other file by itself."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from costcheck.errors import InputFileError
from costcheck.ingest.files import is_in_parts, recognise
from costcheck.sources.bills.files import file_digest
from costcheck.sources.bills.registry import FILES, FileSource, find
from costcheck.sources.exports.duckdb_files import is_parquet
from costcheck.sources.exports.manifests import believed, superseded

NAMES_SHOWN = 3
ANY = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One file; `folder` is the folder that was given and holds it, None where the file itself was given."""

    path: Path
    folder: Path | None = None

    @property
    def name(self) -> str:
        """Return its name, from the folder on that was given."""
        if self.folder is None:
            return self.path.name
        return (Path(self.folder.resolve().name) / self.path.relative_to(self.folder)).as_posix()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is read at one go, into one bucket."""

    source: FileSource
    files: tuple[Found, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return where its files are."""
        return tuple(file.path for file in self.files)

    @property
    def name(self) -> str:
        """Return the file's name, or those of a few, or the folder that holds them all."""
        names = [file.name for file in self.files]
        is_given = all(file.folder is None for file in self.files)
        if len(names) == 1 or (is_given and len(set(names)) == len(names) <= NAMES_SHOWN):
            return ", ".join(names)
        given = {file.folder for file in self.files}
        folder = given.pop() if len(given) == 1 else None
        common = folder.resolve() if folder else _common([file.path.resolve() for file in self.files])
        return f"{len(names)} files" + (f" of {common.name}" if common.name else "")


def _common(paths: Sequence[Path]) -> Path:
    """Return the folder that all of them lie in or below."""
    return next(parent for parent in paths[0].parents if all(path.is_relative_to(parent) for path in paths))


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """All that was given.

    Attributes:
        left_out: Names of files of a folder that are no bills.
        older: Names of files that a newer delivery of their month replaces, as AWS's manifest beside them says.
        copies: Names of files that are byte for byte another one that is read.
    """

    deliveries: tuple[Delivery, ...]
    left_out: tuple[str, ...]
    older: tuple[str, ...]
    copies: tuple[str, ...]


def find_deliveries(paths: Sequence[Path], kind: str = ANY, on_file: Callable[[], None] = lambda: None) -> Given:
    """Return what files and folders hold, every format by itself.

    Args:
        paths: Files, which must be bills, and folders, in which other files may lie, too.
        kind: The only format that is wanted, or `auto`.
        on_file: Called after each file.

    Raises:
        InputFileError: A file is no bill, damaged, or missing by its manifest; nothing was read yet.
    """
    found = list({file.path.resolve(): file for path in paths for file in _found(path)}.values())
    known: dict[Found, FileSource] = {}
    unknown: dict[Found, InputFileError] = {}
    for file in found:
        try:
            known[file] = _source(file, kind)
        except InputFileError as exc:
            if file.folder is None:
                raise
            unknown[file] = exc
        on_file()
    _refuse_damaged(known, unknown)
    if not known:
        raise _nothing(paths, unknown)
    older = superseded(file.path for file in known)
    groups: dict[Hashable, list[Found]] = {}
    for file, source in ((file, source) for file, source in known.items() if file.path not in older):
        groups.setdefault(_group(file, source), []).append(file)
    named = believed(file.path for file in known)
    copies = {copy for group in groups.values() for copy in _copies(group, named)}
    return Given(
        deliveries=tuple(
            Delivery(source=known[group[0]], files=tuple(file for file in group if file not in copies))
            for group in groups.values()
        ),
        left_out=tuple(file.name for file in unknown),
        older=tuple(file.name for file in known if file.path in older),
        copies=tuple(file.name for file in found if file in copies),
    )


def _found(path: Path) -> Iterator[Found]:
    if path.is_dir():
        yield from (Found(path=file, folder=path) for file in _below(path))
    else:
        yield Found(path=path)


def _below(folder: Path) -> Iterator[Path]:
    """Yield all files in a folder and below it, hidden ones left out; a link to a folder is not followed."""
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as exc:
        message = f"a folder cannot be read: {exc}"
        raise InputFileError(
            message, expected="folders that may be read", action="mend that, or name the files"
        ) from exc
    for entry in entries:
        if entry.is_file():
            yield entry
        elif entry.is_dir() and not entry.is_symlink():
            yield from _below(entry)


def _source(file: Found, kind: str) -> FileSource:
    if kind == ANY:
        return recognise(file.path)
    source = find(FILES, kind)
    if file.folder is not None and not source.load().recognises(file.path):
        message = f"{file.name} is not {source.holds}"
        raise InputFileError(message, expected=f"files of the format {kind}", action="leave --format out")
    return source


def _group(file: Found, source: FileSource) -> Hashable:
    return (source.name, is_parquet(file.path)) if is_in_parts(source) else file


def _copies(group: Sequence[Found], named: AbstractSet[Path]) -> Iterator[Found]:
    """Yield the files whose content another one of the group before them has; none that a manifest names."""
    sizes = {file: file.path.stat().st_size for file in sorted(group, key=lambda file: file.path not in named)}
    seen: set[str] = set()
    for size, count in Counter(sizes.values()).items():
        for file in (file for file in sizes if count > 1 and sizes[file] == size):
            digest = file_digest(file.path)
            if digest in seen and file.path not in named:
                yield file
            seen.add(digest)


def _refuse_damaged(known: Mapping[Found, FileSource], unknown: Mapping[Found, InputFileError]) -> None:
    """Do nothing unless a file of a folder is no bill, and those of its kind are: beside it, or parts of an export.

    Raises:
        InputFileError: One is: it may be a part that was cut, and a bill without it is too small.
    """
    beside = {(file.path.parent, file.path.suffix) for file in known}
    parts = {(file.folder, file.path.suffix) for file, source in known.items() if is_in_parts(source)}
    for file, exc in unknown.items():
        if (file.path.parent, file.path.suffix) in beside or (file.folder, file.path.suffix) in parts:
            message = f"{file.name}: {exc.seen}"
            raise InputFileError(
                message,
                expected=exc.expected,
                action=f"{exc.action}; or take it out of the folder, if it is no part of a bill; nothing was read",
            ) from exc


def _nothing(paths: Sequence[Path], unknown: Mapping[Found, InputFileError]) -> InputFileError:
    first = next(iter(unknown.values()), None)
    names = ", ".join(path.resolve().name for path in paths[:NAMES_SHOWN])
    message = f"{names} holds no bill that is known here"
    message += f" among {len(unknown)} files; the first: {first.seen}" if first else ": it is empty"
    return InputFileError(
        message,
        expected="files of bills; `costcheck bill import --help` says what they may be",
        action=first.action if first else "name the folder that the export lies in",
    )
