"""FOCUS, CUR 2.0 and spend-log files stand what every source of files must stand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from costcheck.conformance import FileSubject, check_file
from costcheck.sources.bills import cur as cur_source
from costcheck.sources.bills import focus as focus_source
from tests.costcheck.sources.bills.focus_rows import Row, cur, focus, write_csv


def subject(module: ModuleType, rows: tuple[Row, ...], required: tuple[str, ...], model: str) -> FileSubject:
    def write(path: Path, lines: Sequence[Row]) -> None:
        write_csv(path, lines)

    def numbered(row: Row, number: int) -> Row:
        return row | {model: f"m-{number}"}

    return FileSubject(
        module=module,
        name="export.csv",
        write=write,
        rows=rows,
        required=frozenset(required),
        read=2,
        doubles=False,
        numbered=numbered if model else None,
    )


SUBJECTS = {
    "focus": subject(
        focus_source, tuple(focus(SkuId=f"gpt-{number}") for number in range(3)), focus_source.RECOGNISED, "SkuId"
    ),
    "cur": subject(
        cur_source,
        tuple(cur(line_item_usage_account_id=str(number)) for number in range(3)),
        cur_source.REQUIRED,
        "line_item_usage_account_id",
    ),
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_an_export_stands_what_every_file_must_stand(name: str, tmp_path: Path) -> None:
    check_file(SUBJECTS[name], tmp_path, rounds=3)
