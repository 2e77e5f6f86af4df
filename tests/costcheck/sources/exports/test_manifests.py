"""AWS's manifests say which files of an export count; every file here is constructed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from costcheck.errors import InputFileError, SourcePayloadError
from costcheck.sources.exports.manifests import believed, superseded, that_count

MONTH = "BILLING_PERIOD=2026-10"
OLD, NEW, NEWEST = "20261103T020000Z-a", "20261105T020000Z-b", "20261107T020000Z-c"


def data(root: Path, *names: str, month: str = MONTH) -> list[Path]:
    """Write empty files of a month; a name may begin with the folder of its delivery."""
    paths = [root / "data" / month / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return paths


def manifest(root: Path, *names: str, month: str = MONTH, below: str = "", address: str = "s3://b/p/export") -> None:
    folder = root / "metadata" / month / below
    folder.mkdir(parents=True, exist_ok=True)
    files = [f"{address}/data/{month}/{name}" for name in names]
    (folder / "export-Manifest.json").write_text(json.dumps({"dataFiles": files}), encoding="utf-8")


def shown(files: Sequence[Path], root: Path) -> list[str]:
    return sorted(path.relative_to(root / "data" / MONTH).as_posix() for path in files)


def test_files_of_older_deliveries_do_not_count(tmp_path: Path) -> None:
    files = data(tmp_path, f"{OLD}/1.parquet", f"{OLD}/2.parquet", f"{NEW}/1.parquet")
    manifest(tmp_path, f"{NEW}/1.parquet")
    assert shown([*superseded(files)], tmp_path) == [f"{OLD}/1.parquet", f"{OLD}/2.parquet"]
    assert that_count([str(file) for file in files]) == [str(files[2])]
    assert that_count([f"file://{file}" for file in files]) == [f"file://{files[2]}"]


def test_the_manifest_in_the_months_own_folder_is_the_newest_and_else_the_last_below(tmp_path: Path) -> None:
    files = data(tmp_path, f"{OLD}/1.csv", f"{NEW}/1.csv")
    manifest(tmp_path, f"{OLD}/1.csv", below=OLD)
    manifest(tmp_path, f"{NEW}/1.csv", below=NEW)
    assert shown([*superseded(files)], tmp_path) == [f"{OLD}/1.csv"]
    data(tmp_path, f"{NEWEST}/1.csv")
    manifest(tmp_path, f"{NEWEST}/1.csv")
    more = [*files, *data(tmp_path, f"{NEWEST}/1.csv")]
    assert shown([*superseded(more)], tmp_path) == [f"{OLD}/1.csv", f"{NEW}/1.csv"]


@pytest.mark.parametrize("months", [("BILLING_PERIOD=2026-10", "billing_period=2026-10")])
def test_the_metadata_folder_may_be_written_in_other_letters(tmp_path: Path, months: tuple[str, str]) -> None:
    files = data(tmp_path, "1.csv", month=months[0])
    manifest(tmp_path, "1.csv", "2.csv", month=months[0])
    (tmp_path / "metadata" / months[0]).rename(tmp_path / "metadata" / months[1])
    with pytest.raises(InputFileError, match=r"2\.csv"):
        superseded(files)


@pytest.mark.parametrize("form", [{"s3Uri": "s3://b/p/export/data/{}/1.csv"}, {"key": "p/export/data/{}/1.csv"}])
def test_a_manifest_may_name_files_as_addresses_or_keys(tmp_path: Path, form: dict[str, str]) -> None:
    files = data(tmp_path, f"{NEW}/1.csv", f"{OLD}/1.csv")
    manifest(tmp_path)
    named = {name: text.format(f"{MONTH}/{NEW}") for name, text in form.items()}
    path = tmp_path / "metadata" / MONTH / "export-Manifest.json"
    path.write_text(json.dumps({"dataFiles": [named]}), encoding="utf-8")
    assert superseded(files) == {files[1]}


def test_a_file_that_the_manifest_names_and_nobody_gave_is_an_error(tmp_path: Path) -> None:
    files = data(tmp_path, "1.parquet", "2.parquet")
    manifest(tmp_path, "1.parquet", "2.parquet", "3.parquet")
    with pytest.raises(InputFileError, match=r"names 3 files of BILLING_PERIOD=2026-10.*lack: 3\.parquet") as caught:
        superseded(files)
    assert "aws s3 sync" in caught.value.action
    with pytest.raises(InputFileError, match=r"lack: 2\.parquet, 3\.parquet"):
        superseded(files[:1])


def test_a_file_that_lies_unpacked_where_the_manifest_names_it_packed_is_that_file(tmp_path: Path) -> None:
    files = data(tmp_path, "1.csv", "2.csv.gz")
    manifest(tmp_path, "1.csv.gz", "2.csv.gz")
    assert superseded(files) == set()
    with pytest.raises(InputFileError, match=r"lack: 1\.csv\.gz"):
        superseded(files[1:])
    both = [*files, *data(tmp_path, "2.csv")]
    with pytest.raises(InputFileError, match=r"does not name 2\.csv"):
        superseded(both)


def test_files_of_a_month_with_a_manifest_are_believed(tmp_path: Path) -> None:
    files = data(tmp_path, "1.csv")
    others = data(tmp_path, "1.csv", month="BILLING_PERIOD=2026-09")
    manifest(tmp_path, "1.csv")
    assert believed([*files, *others, tmp_path / "1.csv"]) == set(files)


@pytest.mark.parametrize("name", ["3.parquet", f"{NEWEST}/1.parquet"])
def test_a_file_beside_those_named_or_of_a_later_delivery_is_an_error(tmp_path: Path, name: str) -> None:
    where = "" if "/" not in name else f"{NEW}/"
    files = data(tmp_path, f"{where}1.parquet", f"{where}2.parquet", name)
    manifest(tmp_path, f"{where}1.parquet", f"{where}2.parquet")
    with pytest.raises(InputFileError, match=f"does not name {Path(name).name}"):
        superseded(files)


def test_a_manifest_of_no_files_beside_files_is_an_error(tmp_path: Path) -> None:
    files = data(tmp_path, "1.parquet")
    manifest(tmp_path)
    with pytest.raises(InputFileError, match=r"does not name 1\.parquet"):
        superseded(files)


@pytest.mark.parametrize("text", ["", "{", "<html>", '{"dataFiles": "x"}', "[]", '{"other": 1}', "\udcff"])
def test_a_manifest_that_is_none_is_an_error(tmp_path: Path, text: str) -> None:
    files = data(tmp_path, "1.csv")
    manifest(tmp_path, "1.csv")
    path = tmp_path / "metadata" / MONTH / "export-Manifest.json"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(SourcePayloadError, match=r"export-Manifest\.json"):
        superseded(files)


@pytest.mark.parametrize(
    "name", [f"s3://b/p/export/data/{MONTH}/../x.csv", "s3://b/p/export/data/BILLING_PERIOD=2026-09/1.csv", "1.csv"]
)
def test_a_manifest_that_names_files_elsewhere_is_an_error(tmp_path: Path, name: str) -> None:
    files = data(tmp_path, "1.csv")
    manifest(tmp_path)
    path = tmp_path / "metadata" / MONTH / "export-Manifest.json"
    path.write_text(json.dumps({"dataFiles": [name]}), encoding="utf-8")
    with pytest.raises(SourcePayloadError, match="names"):
        superseded(files)


def test_months_without_a_manifest_and_other_folders_all_count(tmp_path: Path) -> None:
    files = data(tmp_path, "1.csv", f"{OLD}/1.csv")
    files += data(tmp_path, "1.csv", month="BILLING_PERIOD=2026-10 (copy)")
    loose = tmp_path / MONTH / "1.csv"
    manifest(tmp_path, "1.csv", month="BILLING_PERIOD=2026-09")
    assert superseded([*files, loose]) == set()
    assert that_count(["s3://b/data/BILLING_PERIOD=2026-10/1.csv"]) == ["s3://b/data/BILLING_PERIOD=2026-10/1.csv"]
