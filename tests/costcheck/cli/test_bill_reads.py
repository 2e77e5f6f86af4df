"""What `bill show` says was read; constructed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from costcheck.cli.bill_reads import LINES_SHOWN, read_lines
from costcheck.ledger.read import Ingest
from costcheck.records import Origin

READ_ON = date(2026, 11, 23)


def ingest(number: int, **changes: Any) -> Ingest:  # noqa: ANN401 - any field of the record
    default: dict[str, Any] = {
        "x_source": "bedrock-logs",
        "x_bucket": f"sha256:{number:02}",
        "row_count": 5,
        "digest": "",
        "retrieved_on": READ_ON,
        "origin": Origin.ENTERED,
        "source_url": f"logs/2026/10/{number:02}/calls.json.gz",
    }
    return Ingest(**default | changes)


def periods(rows: list[Ingest]) -> dict[tuple[str, str], tuple[datetime, datetime]]:
    return {
        (row.x_source, row.x_bucket): (
            datetime(2026, 10, 1 + number, tzinfo=UTC),
            datetime(2026, 10, 2 + number, tzinfo=UTC),
        )
        for number, row in enumerate(rows)
    }


def test_a_few_files_are_named_each_by_its_folder() -> None:
    rows = [ingest(number) for number in range(LINES_SHOWN)]
    lines = list(read_lines(rows, periods(rows)))
    assert len(lines) == LINES_SHOWN
    assert "sha256:03 (logs/2026/10/03/calls.json.gz) on 2026-11-23 (5 rows, entered)" in lines[3]


def test_many_files_are_told_together_with_their_days_and_rows() -> None:
    rows = [ingest(number) for number in range(LINES_SHOWN + 1)]
    (line,) = read_lines(rows, periods(rows))
    assert line.startswith("read: bedrock-logs 11 files of logs on 2026-11-23 (55 rows, of 2026-10-01 to 2026-10-11,")
    assert line.endswith("--format json names each")


def test_another_folder_a_pulled_month_and_another_source_keep_lines_of_their_own() -> None:
    rows = [ingest(number) for number in range(LINES_SHOWN + 1)]
    rows += [
        ingest(50, source_url="more/calls.json.gz"),
        ingest(51, x_bucket="2026-09", source_url="https://example.com"),
        ingest(52, x_source="focus", source_url="export.csv"),
    ]
    lines = list(read_lines(rows, periods(rows)))
    assert [line.partition(" on ")[0] for line in lines] == [
        "read: bedrock-logs 2026-09",
        "read: bedrock-logs 11 files of logs",
        "read: bedrock-logs sha256:50 (more/calls.json.gz)",
        "read: focus sha256:52 (export.csv)",
    ]


def test_files_read_on_several_days_say_the_first_and_the_last() -> None:
    rows = [ingest(number, retrieved_on=date(2026, 11, 1 + number)) for number in range(LINES_SHOWN + 1)]
    (line,) = read_lines(rows, {})
    assert " on 2026-11-01 to 2026-11-11 (55 rows, entered)" in line
