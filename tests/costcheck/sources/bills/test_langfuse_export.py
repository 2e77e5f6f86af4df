"""Langfuse's exports of observations; every file here is constructed."""

import csv
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costcheck.errors import InputFileError, SourcePayloadError
from costcheck.ingest import recognise
from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills import langfuse, langfuse_export

CANARY = "my secret prompt 7391"
Row = dict[str, Any]


def row(identity: str = "o1", **changes: object) -> Row:
    content: Row = {
        "id": identity,
        "project_id": "project-1",
        "type": "GENERATION",
        "start_time": "2026-11-20 09:15:30.100000",
        "provided_model_name": "gpt-5.4",
        "usage_details": {"input": 600, "input_cached_tokens": 400, "output": 50, "total": 1050},
        "total_cost": 0.002,
        "input": f"{CANARY}\n\n\nand more",
        "output": CANARY,
        "metadata": {"note": CANARY},
    }
    return content | changes


def write(path: Path, rows: list[Row]) -> Path:
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            for content in rows:
                writer.writerow(
                    {name: json.dumps(value) if isinstance(value, dict) else value for name, value in content.items()}
                )
        return path
    text = json.dumps(rows) if path.suffix == ".json" else "\n".join(json.dumps(content) for content in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.fixture(params=["rows.jsonl", "rows.json", "rows.csv", "rows.jsonl.gz"])
def read(request: pytest.FixtureRequest, tmp_path: Path, provenance: Provenance) -> Callable[[list[Row]], BillBatch]:
    def of(rows: list[Row]) -> BillBatch:
        path = write(tmp_path / request.param, rows)
        assert langfuse_export.recognises(path)
        return langfuse_export.read(path, provenance)

    return of


def test_a_constructed_export_is_recognised_and_gives_what_it_says(payloads: Path, provenance: Provenance) -> None:
    path = payloads / "langfuse_export" / "observations.jsonl"
    assert recognise(path).name == "langfuse"
    batch = langfuse_export.read(path, provenance)
    assert [(usage.request_model, usage.input_tokens) for usage in batch.usage] == [("gpt-5.4", 1000)]
    assert [(aside.reason, aside.row_count) for aside in batch.set_aside] == [(langfuse.NO_GENERATION, 1)]


def test_every_form_gives_the_same_rows_and_no_texts(read: Callable[[list[Row]], BillBatch]) -> None:
    batch = read([row(), row("o2", usage_details={"input": 5, "output": 1}), row("o3", usage_details={"input": -1})])
    assert [usage.input_tokens for usage in batch.usage] == [1000, 5]
    assert batch.usage[0].charge_period_start == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    assert [(charge.billed_cost, charge.x_estimated) for charge in batch.charges] == [(Decimal("0.002"), True)] * 2
    assert len(batch.quarantined) == 1
    assert CANARY not in repr(batch)


def test_a_failure_without_tokens_is_set_aside_and_one_with_tokens_counts(
    read: Callable[[list[Row]], BillBatch],
) -> None:
    batch = read(
        [
            row(level="DEFAULT"),
            row("o2", level="ERROR", usage_details={}, total_cost=None),
            row("o3", level="ERROR"),
            row("o4", level="DEFAULT", usage_details={}, total_cost=None),
        ]
    )
    assert [(aside.reason, aside.row_count) for aside in batch.set_aside] == [(langfuse.FAILED, 1)]
    assert len(batch.usage) == 2
    assert [b'"o4"' in bad.raw for bad in batch.quarantined] == [True]


@pytest.mark.parametrize(("counted", "are_aside"), [(19, True), (18, False)])
def test_up_to_a_twentieth_of_the_generations_may_lack_their_tokens(
    read: Callable[[list[Row]], BillBatch], counted: int, *, are_aside: bool
) -> None:
    span = row("s1", type="SPAN", usage_details={}, total_cost=None)
    rows = [*(row(f"o{number}") for number in range(counted)), span]
    batch = read([*rows, row("u1", usage_details={}, total_cost=None)])
    found = {aside.reason: aside.row_count for aside in batch.set_aside}
    assert found == {langfuse.NO_GENERATION: 1} | ({langfuse.UNCOUNTED: 1} if are_aside else {})
    assert len(batch.quarantined) == (0 if are_aside else 1)


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv"])
def test_a_field_that_the_export_left_out_is_named(tmp_path: Path, provenance: Provenance, name: str) -> None:
    content = {field: value for field, value in row().items() if field != "usage_details"}
    with pytest.raises(InputFileError, match="row 1 has no usageDetails"):
        langfuse_export.read(write(tmp_path / name, [content]), provenance)


def test_camel_case_is_read_too(tmp_path: Path, provenance: Provenance) -> None:
    camel = {
        "id": "o1",
        "type": "GENERATION",
        "startTime": "2026-11-20T09:15:30.100Z",
        "model": "gpt-5.4",
        "usageDetails": {"input": 7, "output": 1},
    }
    batch = langfuse_export.read(write(tmp_path / "rows.json", [camel]), provenance)
    assert [usage.input_tokens for usage in batch.usage] == [7]


def test_a_file_that_is_cut_off_is_not_read_in_part(tmp_path: Path, provenance: Provenance) -> None:
    path = write(tmp_path / "rows.jsonl", [row(), row("o2")])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputFileError, match="document 2"):
        langfuse_export.read(path, provenance)


def test_a_file_of_which_nothing_can_be_read_is_refused(tmp_path: Path, provenance: Provenance) -> None:
    with pytest.raises(SourcePayloadError, match="none of 1 rows"):
        langfuse_export.read(write(tmp_path / "rows.jsonl", [row(provided_model_name=None)]), provenance)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"object": "page"}', b"a,b\n1,2\n"])
def test_another_file_is_not_recognised(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    assert not langfuse_export.recognises(path)


def test_a_line_of_which_the_cells_are_shifted_gives_away_no_prompt(tmp_path: Path, provenance: Provenance) -> None:
    path = write(tmp_path / "rows.csv", [row(input=CANARY), row("o2")])
    head, first, *rest = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([head, f"{CANARY},{first}", *rest]), encoding="utf-8")
    batch = langfuse_export.read(path, provenance)
    assert [usage.input_tokens for usage in batch.usage] == [1000]
    (shifted,) = batch.quarantined
    assert (shifted.raw, "row 1 has not as many cells as the header" in shifted.reason) == (b"", True)
    assert CANARY not in repr(batch)
