"""Observations that Langfuse exported to a bucket: JSONL, JSON or CSV, plain, gzip or zstd.

The fields as on https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields and in Langfuse's
`LEGACY_OBSERVATION_EXPORT_FIELDS` (`packages/shared`), read on 2026-11-26: `observations_v2/` and `observations/`,
times in UTC without an offset, JSON within cells of CSV. Of each row only the fields named here are taken; leave the
groups `io`, `metadata` and `tools` out of the export, for nothing here needs them. The rules are those of `langfuse`.
The export of a table in Langfuse's pages is not established; names in camel case are read where they are the same.
"""

import csv
import io
import sys
from collections.abc import Hashable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

import msgspec

from costcheck.errors import SourcePayloadError
from costcheck.records import BillBatch, Provenance
from costcheck.sources.bills.console_csv import file_bucket
from costcheck.sources.bills.json_lines import documents, first_bytes, unreadable
from costcheck.sources.bills.langfuse import (
    SOURCE,
    UNKNOWN_PROVIDER,
    Observation,
    read_observation,
    row_context,
)
from costcheck.sources.bills.langfuse_uncounted import is_uncounted, may_be_left_out
from costcheck.sources.bills.rows import BatchBuilder, Read

EXPECTED = "an export of Langfuse's observations with id, type, start_time, provided_model_name and usage_details"
ROW_IS_REQUEST = True
"""Several rows stand under one key: a minute of a model."""
# Column: field of the observation.
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "id": "id",
        "type": "type",
        "start_time": "startTime",
        "startTime": "startTime",
        "project_id": "projectId",
        "projectId": "projectId",
        "provided_model_name": "providedModelName",
        "providedModelName": "providedModelName",
        "model": "model",
        "usage_details": "usageDetails",
        "usageDetails": "usageDetails",
        "total_cost": "totalCost",
        "totalCost": "totalCost",
        "level": "level",
    }
)
REQUIRED = frozenset({"id", "type", "startTime", "usageDetails"})
CELLS_OF_JSON = frozenset({"usageDetails", "totalCost"})
Raw = dict[str, msgspec.Raw]
SHIFTED: Raw = {}
"""Stands for a row whose cells may stand under other columns' names."""


def recognises(path: Path) -> bool:
    """Return whether a file begins with the names of an observation, as JSON or as the header of a CSV file."""
    head = first_bytes(path)
    if head.lstrip()[:1] in {b"{", b"["}:
        return b'"usage_details"' in head or b'"usageDetails"' in head
    header = head.partition(b"\n")[0]
    return b"usage_details" in header and b"start_time" in header


def read(path: Path, provenance: Provenance) -> BillBatch:
    """Return the generations of an export, with Langfuse's own estimate of their cost.

    Raises:
        InputFileError: It cannot be read, or a field is missing in all of it.
        SourcePayloadError: There are rows, and none could be read.
    """
    bucket = file_bucket(path)
    builder, uncounted = BatchBuilder(SOURCE), []
    rows = _json_rows(path) if first_bytes(path).lstrip()[:1] in {b"{", b"["} else _csv_rows(path)
    for number, row in enumerate(rows, start=1):
        if row is SHIFTED:
            builder.read(bucket, b"", partial(_refuse_shifted, number), context=row_context(UNKNOWN_PROVIDER))
            continue
        _require_fields(path, number, row)
        raw = msgspec.json.encode(row)
        if is_uncounted(raw):
            uncounted.append(raw)
        else:
            builder.read(bucket, raw, partial(_read, bucket, raw), context=row_context(UNKNOWN_PROVIDER))
    are_few = may_be_left_out(builder, len(uncounted))
    for raw in uncounted:
        reader = partial(_read, bucket, raw, are_few_uncounted=are_few)
        builder.read(bucket, raw, reader, context=row_context(UNKNOWN_PROVIDER))
    return builder.batch((bucket,), provenance)


def _refuse_shifted(number: int) -> tuple[Hashable, Read]:
    message = f"row {number} has not as many cells as the header"
    raise SourcePayloadError(message, expected="a cell for each column", action="export it again")


def _read(bucket: str, raw: bytes, *, are_few_uncounted: bool = False) -> tuple[Hashable, Read]:
    row = msgspec.json.decode(raw, type=Observation)
    return read_observation(bucket, row, provider=UNKNOWN_PROVIDER, are_few_uncounted=are_few_uncounted)


def _require_fields(path: Path, number: int, row: Raw) -> None:
    missing = REQUIRED - row.keys()
    if missing:
        message = f"row {number} has no {', '.join(sorted(missing))}"
        raise unreadable(path, message, EXPECTED, action="export with the field groups core, basic, model and usage")


def _json_rows(path: Path) -> Iterator[Raw]:
    for number, text in enumerate(documents(path, EXPECTED), start=1):
        try:
            content = msgspec.json.decode(text, type=list[Raw] | Raw)
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
            raise unreadable(path, f"document {number}: {exc}", EXPECTED) from exc
        for row in content if isinstance(content, list) else [content]:
            yield {FIELDS[name]: value for name, value in row.items() if name in FIELDS}


def _csv_rows(path: Path) -> Iterator[Raw]:
    """Yield the rows; `SHIFTED` for one with other cells than the header's, of which any may be a prompt."""
    csv.field_size_limit(sys.maxsize)  # a cell may hold a whole conversation, which is skipped
    try:
        reader = csv.reader(io.StringIO(_text(path)), strict=True)
        header = next(reader, [])
        for cells in reader:
            if len(cells) == len(header):
                named = zip(header, cells, strict=True)
                yield {FIELDS[name]: _cell(FIELDS[name], value) for name, value in named if name in FIELDS}
            elif cells:
                yield SHIFTED
    except csv.Error as exc:
        raise unreadable(path, str(exc), EXPECTED) from exc


def _text(path: Path) -> str:
    try:
        return b"".join(documents(path, EXPECTED)).decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise unreadable(path, str(exc), EXPECTED) from exc


def _cell(field: str, text: str) -> msgspec.Raw:
    if not text:
        return msgspec.Raw(b"null")
    return msgspec.Raw(text.encode() if field in CELLS_OF_JSON else msgspec.json.encode(text))
