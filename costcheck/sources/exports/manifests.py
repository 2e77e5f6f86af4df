"""Which files of an export of AWS count: those that the manifest of their month names.

Data Exports put files under `EXPORT/data/BILLING_PERIOD=YYYY-MM/` and a manifest of each month under
`EXPORT/metadata/BILLING_PERIOD=YYYY-MM/`, written last. An export that keeps every delivery has a dated folder for
each below; the manifest in the month's own folder is of the newest.
https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html, read 2026-11-26
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from costcheck.errors import InputFileError, SourcePayloadError

PERIOD = re.compile(r"billing_period=(?P<month>\d{4}-\d{2})$", re.IGNORECASE)
LOCAL = "file://"
PACKED = ".gz"
SHOWN = 3


class _S3Uri(msgspec.Struct, frozen=True, rename="camel"):
    s3_uri: str | None = None
    key: str | None = None


class _Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """The files of a delivery, as addresses or as keys."""

    data_files: list[str | _S3Uri]


def data_files(content: bytes, name: str) -> list[str]:
    """Return the addresses or keys that a manifest names.

    Raises:
        SourcePayloadError: It is no manifest, or names a file twice.
    """
    try:
        files = msgspec.json.decode(content, type=_Manifest).data_files
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        message = f"{name}: {exc}"
        raise SourcePayloadError(
            message, expected="a manifest of Data Exports with `dataFiles`", action="report it"
        ) from exc
    found = [one if isinstance(one, str) else one.s3_uri or one.key or "" for one in files]
    if len(set(found)) != len(found):
        message = f"{name} names a file twice"
        raise SourcePayloadError(message, expected="each file once", action="report it; the ledger is untouched")
    return found


def that_count(files: Sequence[str]) -> list[str]:
    """Return some files without those of older deliveries; files on S3 all count, for nobody read a manifest.

    Raises:
        CostcheckError: See `superseded`.
    """
    here = {file: Path(file.removeprefix(LOCAL)) for file in files if "://" not in file.removeprefix(LOCAL)}
    older = superseded(here.values())
    return [file for file in files if here.get(file) not in older]


def superseded(files: Iterable[Path]) -> set[Path]:
    """Return those of some files that a newer delivery of their month replaces, by the manifests on this machine.

    A month without a manifest has none.

    Raises:
        InputFileError: A file that a manifest names is not among them, or one lies there that is newer than it.
        SourcePayloadError: A manifest cannot be read.
    """
    return {file for folder, there in _months(files) for file in _superseded(folder, there)}


def believed(files: Iterable[Path]) -> set[Path]:
    """Return those of some files whose month has a manifest on this machine, which says which of them count."""
    return {file for folder, there in _months(files) if _newest(folder) for file in there}


def _months(files: Iterable[Path]) -> Sequence[tuple[Path, set[Path]]]:
    months: dict[Path, set[Path]] = defaultdict(set)
    for file in files:
        folder = next((parent for parent in file.parents if _is_month(parent)), None)
        if folder is not None:
            months[folder].add(file)
    return sorted(months.items())


def _is_month(folder: Path) -> bool:
    return PERIOD.match(folder.name) is not None and folder.parent.name == "data"


def _superseded(folder: Path, there: set[Path]) -> Iterator[Path]:
    manifest = _newest(folder)
    if manifest is None:
        return
    named = {_unpacked(path, there) for path in _named(folder, manifest)}
    missing = sorted(named - there)
    if missing:
        raise _missing(manifest, named, missing)
    deliveries = {path.parent for path in named}
    for file in sorted(there - named):
        # Folders of deliveries begin with their time: what is beside a named file, or later, is no older one.
        if not deliveries or any(file.parent.parts >= one.parts for one in deliveries):
            raise _unnamed(manifest, file)
        yield file


def _newest(folder: Path) -> Path | None:
    """Return the manifest in the month's own folder, else the one in the last folder below; None if there is none."""
    metadata = folder.parent.parent / "metadata"
    months = [one for one in _entries(metadata) if one.name.lower() == folder.name.lower()]
    found = [path for month in months for path in month.rglob("*") if path.name.lower().endswith("manifest.json")]
    return max(found, key=lambda path: (-len(path.parts), path.parts), default=None)


def _entries(folder: Path) -> Sequence[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else ()


def _named(folder: Path, manifest: Path) -> set[Path]:
    try:
        content = manifest.read_bytes()
    except OSError as exc:
        message = f"{manifest.name} cannot be read: {exc.strerror}"
        raise InputFileError(message, expected="AWS's manifest", action="mend that, and run it again") from exc
    return {_beside(folder, address, manifest) for address in data_files(content, manifest.name)}


def _beside(folder: Path, address: str, manifest: Path) -> Path:
    """Return where a file that a manifest names should lie here."""
    before, found, below = address.partition(f"/data/{folder.name}/")
    if not found or not before or ".." in below.split("/"):
        message = f"{manifest.name} names {address!r}"
        raise SourcePayloadError(
            message, expected=f"a file of {folder.name}", action="copy the export again, with its metadata"
        )
    return folder / below


def _unpacked(path: Path, there: set[Path]) -> Path:
    """Return where a file that a manifest names packed lies unpacked (`1.csv` for `1.csv.gz`), else the same."""
    plain = path.with_suffix("")
    return plain if path not in there and path.suffix == PACKED and plain in there else path


def _missing(manifest: Path, named: set[Path], missing: Sequence[Path]) -> InputFileError:
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    names = ", ".join(path.name for path in missing[:SHOWN])
    return InputFileError(
        f"{manifest.name} names {len(named)} files of {manifest.parent.name}, and of these lack: {names}{more}",
        expected="every file of the delivery: without one, the bill is too small",
        action="give the whole folder, or copy it again (`aws s3 sync`); nothing was read",
    )


def _unnamed(manifest: Path, file: Path) -> InputFileError:
    return InputFileError(
        f"{manifest.name} does not name {file.name}, which lies beside its files or is of a later delivery",
        expected="one delivery of each month, and its manifest",
        action="copy `data` and `metadata` again (`aws s3 sync --delete`), or take the file out; nothing was read",
    )
