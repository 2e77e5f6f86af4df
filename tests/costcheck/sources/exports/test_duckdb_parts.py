"""Files of a folder come as one part for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from costcheck.errors import InputFileError
from costcheck.sources.exports.duckdb_files import MOST_THREADS, settle
from costcheck.sources.exports.duckdb_parts import open_parts
from costcheck.sources.exports.engine import Part


def has_meter(names: Sequence[str]) -> bool:
    return "meter" in names


def write(path: Path, select: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}'")


def names(parts: tuple[Part, ...]) -> list[list[str]]:
    return [[Path(file).name for file in part.files] for part in parts]


def rows(part: Part) -> list[object]:
    return sorted(row[0] for row in part.engine.rows(f"SELECT cost FROM {part.engine.table.name}"))  # noqa: S608 - our own view


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_whose_columns_mean_another_thing_come_as_another_part(tmp_path: Path, suffix: str) -> None:
    # A map and a struct have columns within, which are none of the file's.
    inner = "MAP {'meter': 'x'} AS tags, {'meter': 1} AS price" if suffix == "parquet" else "'x' AS tags, 1 AS price"
    write(tmp_path / f"a.{suffix}", f"SELECT '1' AS cost, {inner}, 'x' AS last")
    write(tmp_path / f"b.{suffix}", f"SELECT '2' AS cost, {inner}, 'x' AS meter")
    write(tmp_path / f"c.{suffix}", f"SELECT '3' AS cost, {inner}, 'x' AS other")
    with open_parts(tmp_path, has_meter) as parts:
        assert names(parts) == [[f"a.{suffix}", f"c.{suffix}"], [f"b.{suffix}"]]
        assert [rows(part) for part in parts] == [["1", "3"], ["2"]]
        assert "last" in parts[0].columns


def test_csv_and_parquet_of_one_folder_are_both_read(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "SELECT 1 AS cost")
    write(tmp_path / "deep" / "b.parquet", "SELECT 2 AS cost")
    with open_parts(str(tmp_path)) as parts:
        assert names(parts) == [["a.csv"], ["b.parquet"]]


def test_where_aws_wrote_a_manifest_only_the_files_that_it_names_are_read(tmp_path: Path) -> None:
    month = "data/BILLING_PERIOD=2026-10"
    for delivery in ("20261103T0Z-a", "20261105T0Z-b"):
        write(tmp_path / month / delivery / "1.parquet", f"SELECT '{delivery}' AS cost")
    manifest = tmp_path / "metadata" / "BILLING_PERIOD=2026-10" / "x-Manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(f'{{"dataFiles": ["p/x/{month}/20261105T0Z-b/1.parquet"]}}', encoding="utf-8")
    with open_parts(tmp_path) as (read,):
        assert rows(read) == ["20261105T0Z-b"]


def test_each_row_tells_its_file_and_that_is_no_column_of_the_export(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "SELECT 1 AS cost")
    with open_parts(str(tmp_path / "*.csv")) as (part,):
        assert list(part.engine.rows("SELECT costcheck_file FROM raw_export")) == [(str(tmp_path / "a.csv"),)]
        assert part.columns == ["cost"]


def test_a_file_whose_name_looks_like_a_pattern_is_read_and_no_other(tmp_path: Path) -> None:
    write(tmp_path / "bill[1].csv", "SELECT 1 AS cost")
    write(tmp_path / "bill1.csv", "SELECT 2 AS cost")
    with open_parts(tmp_path / "bill[1].csv") as (part,):
        assert rows(part) == ["1"]


def test_a_column_that_stands_in_the_path_is_one_of_the_file(tmp_path: Path) -> None:
    write(tmp_path / "meter=x" / "a.parquet", "SELECT 1 AS cost")
    write(tmp_path / "b.parquet", "SELECT 2 AS cost")
    with open_parts(tmp_path, has_meter) as parts:
        assert names(parts) == [["b.parquet"], ["a.parquet"]]


def test_an_empty_folder_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="names no file"), open_parts(tmp_path):
        pass


def test_many_compressed_files_are_read_within_the_memory_that_the_kit_takes(tmp_path: Path) -> None:
    for number in range(40):
        write(tmp_path / f"{number:02}.csv.gz", f"SELECT {number} AS cost")
    with open_parts(tmp_path) as (part,):
        assert rows(part) == sorted(str(number) for number in range(40))


def test_a_machine_of_many_cores_takes_no_more_memory(tmp_path: Path) -> None:
    with duckdb.connect(config={"threads": 64}) as connection:
        settle(connection, str(tmp_path))
        assert connection.execute("SELECT current_setting('threads')").fetchall() == [(MOST_THREADS,)]


def test_files_of_one_kind_with_more_or_fewer_columns_are_read_together(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "SELECT 1 AS cost, 'x' AS tag")
    write(tmp_path / "b.csv", "SELECT 'y' AS other, 2 AS cost")
    with open_parts(tmp_path) as (part,):
        found = part.engine.rows("SELECT cost, tag, other FROM raw_export ORDER BY cost")
        assert [tuple(row) for row in found] == [("1", "x", None), ("2", None, "y")]


def test_want_of_memory_is_called_that_and_is_no_fault_of_the_export(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "SELECT 1 AS cost")
    with pytest.raises(InputFileError, match="more memory") as caught, open_parts(tmp_path) as (part,):
        list(part.engine.rows("SELECT list(r) FROM range(200000000) AS t(r)"))
    assert "export it again" not in caught.value.action


QUOTED = '1,"{""a"": ""x""}",z\n'


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["", QUOTED], ['{"a": "x"}']),
        (["1,2,3\n", QUOTED, ""], ["2", '{"a": "x"}']),
        ([QUOTED, "1;4;3\n", "1,5,3\n"], ["4", "5", '{"a": "x"}']),
        (["1,2,3\n", "1,'4,3\n"], ["'4", "2"]),
    ],
    ids=["a header alone first", "no quotes first", "semicolons", "an apostrophe"],
)
def test_each_csv_is_read_as_it_lies_whatever_the_first_one_looks_like(
    tmp_path: Path, files: list[str], found: list[str], newline: str
) -> None:
    for number, text in enumerate(files):
        header = "a;cost;b\n" if ";" in text else "a,cost,b\n"
        (tmp_path / f"{number}.csv").write_text(header + text, newline=newline)
    with open_parts(tmp_path) as (part,):
        assert rows(part) == sorted(found)


def test_an_empty_file_is_a_part_by_itself_so_that_it_can_be_named(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "SELECT 1 AS cost")
    (tmp_path / "b.csv").touch()
    with open_parts(tmp_path, lambda columns: "cost" in columns) as parts:
        assert names(parts) == [["a.csv"], ["b.csv"]]


def test_a_quote_far_below_the_first_lines_is_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,cost\n" + "1,2\n" * 30_000 + '1,"3, 4"\n')
    with open_parts(tmp_path) as (part,):
        assert set(rows(part)) == {"2", "3, 4"}
