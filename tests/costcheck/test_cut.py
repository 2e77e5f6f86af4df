"""A CSV that breaks off in a line; every file here is constructed."""

from __future__ import annotations

from pathlib import Path

import pytest

from costcheck.errors import InputFileError
from costcheck.ingest import recognise
from costcheck.ingest.cut import cut_csv
from tests.costcheck.sources.bills import focus_rows


def export(folder: Path, *, without: str = "", rows: int = 3) -> Path:
    """Write an export that ends just before a text of its last line."""
    path = focus_rows.write_csv(folder / "export.csv", [focus_rows.focus() for _ in range(rows)])
    if without:
        content = path.read_text(encoding="utf-8")
        path.write_text(content[: content.rindex(without)], encoding="utf-8")
    return path


def test_an_export_that_ends_within_a_line_is_a_cut_one_of_its_format(tmp_path: Path) -> None:
    with pytest.raises(InputFileError) as caught:
        recognise(export(tmp_path, without="OpenAI API"))
    assert caught.value.seen.startswith("export.csv is cut short, though its header is that of a FOCUS export")
    assert caught.value.seen.endswith("the last line (4) has 16 of 21 columns")
    assert caught.value.action.startswith("export it again")


def test_a_file_that_ends_within_quotes_is_cut(tmp_path: Path) -> None:
    found = cut_csv(export(tmp_path, without="search"))
    assert found is not None
    assert found.seen.endswith("the last line (4) has 21 of 21 columns, and ends within quotes")


def test_a_whole_file_is_not_cut_whether_or_not_its_last_line_is_ended(tmp_path: Path) -> None:
    path = export(tmp_path)
    assert cut_csv(path) is None
    path.write_text(path.read_text(encoding="utf-8").rstrip(), encoding="utf-8")
    assert cut_csv(path) is None


def test_a_table_of_an_unknown_header_is_no_cut_bill(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("name,town,street\nAda,London\n", encoding="utf-8")
    assert cut_csv(path) is None
