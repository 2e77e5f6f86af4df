"""CSV exports of OpenAI's console, for who may not have an admin key: one of usage, one of costs.

The columns as in exports that people published, read on 2026-11-26:
https://github.com/xavierjflanagan/Guardian (`.../pass1-hypothesis-tests/openai-usage-and-cost-report-2025-10-12.md`,
both files) and https://github.com/wanlonghenry/aiecon (`examples/openai_dashboard_cost_to_aiecon.py`, costs of 2026).
They are the fields of the API, so that its rules apply: cached tokens are part of `input_tokens`, amounts are in
dollars, days are UTC. What differs: counts are written as `59200.0`, a period without usage is a row of times alone
(and a whole export without usage has only those columns), and several rows may carry the same group.
Exports of embeddings, images and audio are not established and are refused, naming what they lack.
"""

from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

import msgspec

from costcheck.errors import InputFileError, SourcePayloadError
from costcheck.records import BillBatch, Operation, Provenance, QuarantinedRow
from costcheck.sources.bills.console_csv import (
    Row,
    Table,
    amount,
    check_cells,
    file_bucket,
    header_of,
    optional_number,
    raw_row,
    read_table,
    whole_number,
)
from costcheck.sources.bills.openai import (
    COMPLETIONS,
    COSTS,
    SOURCE,
    Bucket,
    Page,
    read_cost,
    read_usage,
)
from costcheck.sources.bills.openai_line_items import split_line_item
from costcheck.sources.bills.pages import FetchedPage
from costcheck.sources.bills.rows import BatchBuilder, Read, SetAside, known, replay_rows

ONE_ORGANISATION = True
"""What it holds is all of the bill, as a pull of those months is, see `refuse_the_other_way`."""
TIMES = ("start_time", "end_time", "start_time_iso", "end_time_iso")
USAGE_COLUMNS = (*TIMES, "model", "num_model_requests", "input_tokens", "output_tokens", "input_cached_tokens")
COST_COLUMNS = (*TIMES, "amount_value", "amount_currency", "line_item")
CACHE_COLUMNS = ("input_cached_tokens", "input_cache_write_tokens", "input_cache_write_12h_tokens")
AUDIO_COLUMNS = ("input_audio_tokens", "output_audio_tokens")
NAMES = ("model", "project_id", "api_key_id", "service_tier")
EXPECTED = "the CSV of Usage (chat completions, grouped by model) or of Costs from OpenAI's console"
EMPTY = "a period without usage"
BATCH: Mapping[str, bool | None] = MappingProxyType({"": None, "false": False, "true": True})
# What a model is for, by words of its name: the export of costs does not say.
SIDE_WORDS: Mapping[str, Operation] = MappingProxyType(
    {
        "embedding": Operation.EMBEDDINGS,
        "image": Operation.IMAGE,
        "dall-e": Operation.IMAGE,
        "sora": Operation.IMAGE,
        "whisper": Operation.AUDIO,
        "tts": Operation.AUDIO,
        "audio": Operation.AUDIO,
        "realtime": Operation.AUDIO,
        "transcribe": Operation.AUDIO,
        "moderation": Operation.OTHER,
    }
)


def recognises(path: Path) -> bool:
    """Return whether a CSV file begins with the four columns of time."""
    return set(TIMES) <= header_of(path)


def read(path: Path, provenance: Provenance) -> BillBatch:
    """Return one export as a batch.

    Raises:
        InputFileError: No such export, or one without usage.
        SourcePayloadError: There are rows, and none could be read.
        CurrencyError: An amount is not in US dollars.
    """
    table = read_table(path)
    kind = _kind(table)
    bucket = file_bucket(path)
    builder = BatchBuilder(SOURCE)
    for line, row in table.rows:
        builder.read(
            bucket, raw_row(row), partial(_read, kind, bucket, line, row, provenance), context=_context(kind)
        )
    return builder.batch((bucket,), provenance)


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined rows say now.

    Raises:
        SourcePayloadError: None could be read.
    """
    return replay_rows(SOURCE, rows, provenance, lambda number, row: _read_again(number, row, provenance))


def _read_again(number: int, row: QuarantinedRow, provenance: Provenance) -> tuple[Hashable, Read]:
    kind = known({_context(kind): kind for kind in (COMPLETIONS, COSTS)}, row.context, what="context")
    return _read(kind, row.x_bucket, number, msgspec.json.decode(row.raw, type=dict[str, str]), provenance)


def _context(kind: str) -> str:
    return msgspec.json.encode({"export": kind}).decode()


def _kind(table: Table) -> str:
    if set(table.header) == set(TIMES):
        message = f"{table.name} has only the columns {', '.join(table.header)}, as an export without usage has"
        raise InputFileError(message, expected=EXPECTED, action="choose a period with usage, and its organisation")
    kind = COSTS if "amount_value" in table.header else COMPLETIONS
    table.require(COST_COLUMNS if kind == COSTS else USAGE_COLUMNS, EXPECTED)
    return kind


def _read(kind: str, bucket: str, line: int, row: Row, provenance: Provenance) -> tuple[Hashable, Read]:
    check_cells(row)
    if not any(value for name, value in row.items() if name not in TIMES):
        return line, SetAside(EMPTY)
    time = Bucket(start_time=_seconds(row, "start_time"), end_time=_seconds(row, "end_time"), results=[])
    page = FetchedPage(bucket=bucket, kind=kind, page=Page(data=[], has_more=False))
    # By line: several rows may carry the same group, and each counts.
    if kind == COSTS:
        item = split_line_item(row["line_item"])
        operations = {item.model: _operation(item.model)} if item.token_type else {}
        _, record = read_cost(page, time, msgspec.json.encode(_cost(row)), operations, provenance)
    else:
        _, record = read_usage(page, time, msgspec.json.encode(_usage(row)))
    return line, record


def _seconds(row: Row, column: str) -> int:
    seconds = whole_number(row, column)
    stated = row.get(f"{column}_iso", "")
    moment = datetime.fromisoformat(stated) if stated else None
    # Without an offset it is UTC: both ways of writing stand in one file.
    if moment and moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() != seconds:
        message = f"{column} is {seconds} and {column}_iso is {stated}"
        raise SourcePayloadError(message, expected="the same moment", action="export it again; do not edit the times")
    return seconds


def _usage(row: Row) -> dict[str, object]:
    counts = {name: whole_number(row, name) for name in ("num_model_requests", "input_tokens", "output_tokens")}
    parts = {name: optional_number(row, name) for name in (*CACHE_COLUMNS, *AUDIO_COLUMNS)}
    names = {name: row.get(name) or None for name in NAMES}
    if not names["model"]:
        message = f"{counts['input_tokens']} input tokens name no model"
        raise SourcePayloadError(message, expected="a model", action="export it again, grouped by model")
    batch = known(BATCH, row.get("batch", "").lower(), what="batch")
    return {**counts, **parts, **names, "batch": batch}


def _cost(row: Row) -> dict[str, object]:
    quantity = amount(row, "quantity") if row.get("quantity") else None
    return {
        "amount": {"value": amount(row, "amount_value"), "currency": row["amount_currency"]},
        "line_item": row["line_item"] or None,
        "project_id": row.get("project_id") or None,
        "quantity": quantity,
        "quantity_unit": row.get("quantity_unit") or None,
    }


def _operation(model: str) -> Operation:
    return next((operation for word, operation in SIDE_WORDS.items() if word in model.lower()), Operation.CHAT)
