"""Which files of a command are one delivery; every file here is constructed."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import msgspec
import pytest

from costcheck.errors import InputFileError
from costcheck.ingest.deliveries import Given, find_deliveries
from costcheck.records import Origin, Provenance
from costcheck.sources.bills import focus
from tests.costcheck.conformance.table_subjects import CALL
from tests.costcheck.sources.bills import focus_rows

READ = Provenance(source="focus", source_url="", retrieved_on=date(2026, 11, 23), origin=Origin.CONSTRUCTED)
MANIFEST = '{"executionId": "1", "dataFiles": ["a.csv"]}'


def part(path: Path, **changes: object) -> Path:
    """Write a part of an export."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return focus_rows.write_csv(path, [focus_rows.focus(**changes)])


def log(path: Path, tokens: int = 1) -> Path:
    """Write a log of one call."""
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {name: value for name, value in CALL.items() if not name.endswith("Count")} | {
        "requestId": f"r-{tokens}"
    }
    record |= {"input": {"inputTokenCount": tokens}, "output": {"outputTokenCount": 2}}
    path.write_bytes(msgspec.json.encode(record))
    return path


def shape(given: Given) -> list[tuple[str, list[str]]]:
    return [(one.source.name, [file.path.name for file in one.files]) for one in given.deliveries]


def test_the_parts_of_an_export_are_one_delivery_and_logs_are_one_each(tmp_path: Path) -> None:
    files = [part(tmp_path / "a.csv"), log(tmp_path / "l1.json"), part(tmp_path / "b.csv", SkuMeter="Output Tokens")]
    given = find_deliveries([*files, log(tmp_path / "l2.json", 2)])
    assert shape(given) == [
        ("focus", ["a.csv", "b.csv"]),
        ("bedrock-logs", ["l1.json"]),
        ("bedrock-logs", ["l2.json"]),
    ]


def test_a_folder_is_read_to_its_depths_without_what_is_hidden(tmp_path: Path) -> None:
    part(tmp_path / "data" / "BILLING_PERIOD=2026-10" / "a.csv")
    part(tmp_path / "data" / "BILLING_PERIOD=2026-11" / "b.csv", BilledCost="3")
    part(tmp_path / ".trash" / "c.csv", BilledCost="4")
    (tmp_path / "data" / ".b.csv").write_text("", encoding="utf-8")
    given = find_deliveries([tmp_path])
    assert shape(given) == [("focus", ["a.csv", "b.csv"])]
    assert given.left_out == ()


def test_manifests_of_a_folder_are_named_and_left_out(tmp_path: Path) -> None:
    part(tmp_path / "data" / "a.csv")
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "Manifest.json").write_text(MANIFEST, encoding="utf-8")
    given = find_deliveries([tmp_path])
    assert shape(given) == [("focus", ["a.csv"])]
    assert given.left_out == (f"{tmp_path.name}/metadata/Manifest.json",)


def believed(root: Path, *names: str) -> None:
    """Write AWS's manifest of October, which names files."""
    folder = root / "metadata" / "BILLING_PERIOD=2026-10"
    folder.mkdir(parents=True)
    files = [f"s3://b/p/x/data/BILLING_PERIOD=2026-10/{name}" for name in names]
    (folder / "x-Manifest.json").write_bytes(msgspec.json.encode({"dataFiles": files}))


def test_of_two_deliveries_the_one_that_the_manifest_names_is_read_and_the_other_told(tmp_path: Path) -> None:
    month = tmp_path / "data" / "BILLING_PERIOD=2026-10"
    part(month / "20261103T0Z-a" / "1.csv")
    part(month / "20261105T0Z-b" / "1.csv")
    believed(tmp_path, "20261105T0Z-b/1.csv")
    given = find_deliveries([tmp_path])
    assert [file.path.parent.name for one in given.deliveries for file in one.files] == ["20261105T0Z-b"]
    assert given.older == (f"{tmp_path.name}/data/BILLING_PERIOD=2026-10/20261103T0Z-a/1.csv",)
    assert given.copies == ()


def test_parts_that_a_manifest_names_are_all_read_be_they_alike(tmp_path: Path) -> None:
    month = tmp_path / "data" / "BILLING_PERIOD=2026-10"
    full = part(month / "1.csv")
    header = full.read_text(encoding="utf-8").splitlines()[0]
    for name in ("2.csv", "3.csv"):
        (month / name).write_text(f"{header}\n", encoding="utf-8")
    believed(tmp_path, "1.csv", "2.csv", "3.csv")
    given = find_deliveries([tmp_path])
    assert (shape(given), given.copies) == ([("focus", ["1.csv", "2.csv", "3.csv"])], ())
    assert len(focus.read_delivery(given.deliveries[0].paths, READ).charges) == 1


def test_a_copy_elsewhere_of_a_part_that_a_manifest_names_is_the_one_left_out(tmp_path: Path) -> None:
    first = part(tmp_path / "data" / "BILLING_PERIOD=2026-10" / "1.csv")
    believed(tmp_path, "1.csv")
    shutil.copy(first, tmp_path / "a.csv")
    given = find_deliveries([tmp_path])
    assert (shape(given), given.copies) == ([("focus", ["1.csv"])], (f"{tmp_path.name}/a.csv",))
    assert len(focus.read_delivery(given.deliveries[0].paths, READ).charges) == 1


def test_one_part_of_two_is_no_delivery_where_the_manifest_names_both(tmp_path: Path) -> None:
    month = tmp_path / "data" / "BILLING_PERIOD=2026-10"
    first = part(month / "1.csv")
    part(month / "2.csv", BilledCost="3")
    believed(tmp_path, "1.csv", "2.csv")
    with pytest.raises(InputFileError, match=r"lack: 2\.csv"):
        find_deliveries([first])
    assert shape(find_deliveries([month])) == [("focus", ["1.csv", "2.csv"])]


def test_a_part_that_cannot_be_read_is_never_left_out_wherever_it_lies(tmp_path: Path) -> None:
    part(tmp_path / "2026-09" / "a.csv")
    cut = part(tmp_path / "2026-10" / "b.csv")
    cut.write_bytes(cut.read_bytes()[:-40])
    with pytest.raises(InputFileError, match=r"2026-10/b\.csv: b\.csv is cut short") as caught:
        find_deliveries([tmp_path])
    assert "take it out of the folder" in caught.value.action


def test_a_log_that_cannot_be_read_is_not_left_out_but_what_lies_below_it_is(tmp_path: Path) -> None:
    log(tmp_path / "00" / "calls.json")
    bodies = tmp_path / "00" / "data" / "body.json"
    bodies.parent.mkdir()
    bodies.write_text('{"prompt": "secret"}', encoding="utf-8")
    given = find_deliveries([tmp_path])
    assert given.left_out == (f"{tmp_path.name}/00/data/body.json",)
    shutil.copy(bodies, tmp_path / "00" / "other.json")
    with pytest.raises(InputFileError, match=r"00/other\.json"):
        find_deliveries([tmp_path])


def test_a_file_that_was_named_itself_must_be_a_bill(tmp_path: Path) -> None:
    (tmp_path / "Manifest.json").write_text(MANIFEST, encoding="utf-8")
    with pytest.raises(InputFileError, match="Manifest"):
        find_deliveries([part(tmp_path / "a.csv"), tmp_path / "Manifest.json"])


def test_a_folder_without_a_bill_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="holds no bill that is known here: it is empty"):
        find_deliveries([tmp_path])
    (tmp_path / "Manifest.json").write_text(MANIFEST, encoding="utf-8")
    with pytest.raises(InputFileError, match=r"among 1 files; the first: Manifest\.json is no bill"):
        find_deliveries([tmp_path])


def test_a_copy_of_a_part_is_read_once(tmp_path: Path) -> None:
    first = part(tmp_path / "a.csv")
    shutil.copy(first, tmp_path / "a (1).csv")
    part(tmp_path / "b.csv", BilledCost="7.50")
    given = find_deliveries([tmp_path])
    assert shape(given) == [("focus", ["a (1).csv", "b.csv"])]
    assert given.copies == (f"{tmp_path.name}/a.csv",)


def test_a_file_that_is_named_and_lies_in_a_folder_that_is_named_is_read_once(tmp_path: Path) -> None:
    path = log(tmp_path / "calls.json")
    assert shape(find_deliveries([path, path, tmp_path])) == [("bedrock-logs", ["calls.json"])]


def test_of_a_folder_only_the_format_that_was_named_is_read(tmp_path: Path) -> None:
    part(tmp_path / "a.csv")
    log(tmp_path / "calls.json")
    given = find_deliveries([tmp_path], "focus")
    assert shape(given) == [("focus", ["a.csv"])]
    assert given.left_out == (f"{tmp_path.name}/calls.json",)


def test_a_delivery_is_called_by_its_files_or_by_the_folder_that_was_given(tmp_path: Path) -> None:
    files = [part(tmp_path / "acme" / f"{number}" / "part.csv", BilledCost=f"{number}") for number in range(1, 5)]
    others = [part(tmp_path / f"{name}.csv", BilledCost=name) for name in ("8", "9")]
    names = [find_deliveries(given).deliveries[0].name for given in ([tmp_path / "acme"], files, others, files[:1])]
    assert names == ["4 files of acme", "4 files of acme", "8.csv, 9.csv", "part.csv"]
