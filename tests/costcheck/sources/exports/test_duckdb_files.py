"""Files that DuckDB reads are those that were named."""

from pathlib import Path

import pytest

from costcheck.sources.exports.duckdb_files import open_files


@pytest.mark.parametrize(
    ("named", "other"), [("bill[1].csv", "bill1.csv"), ("bill*.csv", "bill2.csv"), ("bill?.csv", "bill3.csv")]
)
def test_a_file_whose_name_looks_like_a_pattern_is_read_and_no_other(tmp_path: Path, named: str, other: str) -> None:
    (tmp_path / named).write_text("cost\n1\n")
    (tmp_path / other).write_text("cost\n2\n")
    with open_files(tmp_path / named) as engine:
        assert [tuple(row) for row in engine.rows("FROM raw_export")] == [("1",)]


def test_a_folder_whose_name_looks_like_a_pattern_is_read_and_no_other(tmp_path: Path) -> None:
    for name in ("bills[1]", "bills1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bill.csv").write_text(f"cost\n{name}\n")
    with open_files(tmp_path / "bills[1]") as engine:
        assert [tuple(row) for row in engine.rows("FROM raw_export")] == [("bills[1]",)]


def test_a_pattern_that_names_no_file_still_stands_for_many(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"bill{number}.csv").write_text(f"cost\n{number}\n")
    with open_files(tmp_path / "bill*.csv") as engine:
        assert sorted(tuple(row) for row in engine.rows("FROM raw_export")) == [("1",), ("2",)]
