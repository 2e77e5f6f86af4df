"""CSV exports of Anthropic's console: `claude_api_tokens_....csv` (usage) and `claude_api_cost_....csv`.

The columns as in exports that people published, read on 2026-11-26: usage in
https://github.com/search?q=usage_input_tokens_no_cache&type=code (rows by the day, and by the hour where the console
showed one day), costs in https://github.com/axigatelabs/axigate-finops (`internal/importers/anthropic/csv_test.go`).
Token classes are disjoint. `cost_usd` is in dollars, not in cents as in the API. The usage names the model as in
requests, the costs by its title (`Claude Opus 4.5`), which is turned into the name without its date. Neither counts
requests. The console says that its export is of what it displays: choose all workspaces, models and keys.
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType

import msgspec

from costcheck.errors import InputFileError, SourcePayloadError
from costcheck.records import (
    BillBatch,
    Charge,
    ChargeCategory,
    Operation,
    Provenance,
    QuarantinedRow,
    ServiceTier,
    TokenType,
    TokenUsage,
)
from costcheck.sources.bills.anthropic_words import PROVIDER, SOURCE, SURCHARGES, TIERS, service_name, surcharge_tags
from costcheck.sources.bills.console_csv import (
    Row,
    Table,
    amount,
    check_cells,
    file_bucket,
    header_of,
    raw_row,
    read_table,
    whole_number,
)
from costcheck.sources.bills.rows import BatchBuilder, K, Read, SetAside, V, known, replay_rows

ONE_ORGANISATION = True
"""What it holds is all of the bill, as a pull of those months is, see `refuse_the_other_way`."""
DATE = "usage_date_utc"
COUNTS: Mapping[str, str] = MappingProxyType(
    {
        "uncached_input_tokens": "usage_input_tokens_no_cache",
        "cache_read_input_tokens": "usage_input_tokens_cache_read",
        "cache_creation_5m_input_tokens": "usage_input_tokens_cache_write_5m",
        "cache_creation_1h_input_tokens": "usage_input_tokens_cache_write_1h",
        "output_tokens": "usage_output_tokens",
    }
)
USAGE_COLUMNS = (DATE, "model_version", "usage_type", *COUNTS.values())
COST_COLUMNS = (DATE, "model", "usage_type", "token_type", "cost_type", "cost_usd")
EXPECTED = "the CSV of the page Usage or of the page Cost of Anthropic's console"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
DAY_OR_HOUR = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}):00(?::00)?)?")
DAYS_STILL_CHANGING = 1
TOKEN_TYPES: Mapping[str, TokenType | None] = MappingProxyType(
    {
        "": None,
        "input_no_cache": TokenType.UNCACHED_INPUT,
        "input_cache_read": TokenType.CACHE_READ_INPUT,
        "input_cache_write_5m": TokenType.CACHE_CREATION_5M_INPUT,
        "input_cache_write_1h": TokenType.CACHE_CREATION_1H_INPUT,
        "output": TokenType.OUTPUT,
    }
)
COST_OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {"token": Operation.CHAT, "web_search": Operation.TOOL, "code_execution": Operation.TOOL}
)
COST_TIERS: Mapping[str, ServiceTier] = MappingProxyType(
    {"": ServiceTier.STANDARD, "message": ServiceTier.STANDARD, "batch": ServiceTier.BATCH}
)


def recognises(path: Path) -> bool:
    """Return whether a CSV file has the date of such an export, and tokens or dollars."""
    header = header_of(path)
    return DATE in header and bool(header & {"usage_output_tokens", "cost_usd"})


def read(path: Path, provenance: Provenance) -> BillBatch:
    """Return one export as a batch.

    Raises:
        InputFileError: No such export, or one by the minute.
        SourcePayloadError: There are rows, and none could be read.
    """
    table = read_table(path)
    costs = "cost_usd" in table.header
    table.require(COST_COLUMNS if costs else USAGE_COLUMNS, EXPECTED)
    _refuse_minutes(table)
    bucket = file_bucket(path)
    builder = BatchBuilder(SOURCE)
    for line, row in table.rows:
        reader = (
            partial(_read_cost, bucket, line, row, provenance) if costs else partial(_read_usage, bucket, line, row)
        )
        builder.read(bucket, raw_row(row), reader, context=_context(costs=costs))
    return builder.batch((bucket,), provenance)


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined rows say now.

    Raises:
        SourcePayloadError: None could be read.
    """
    return replay_rows(SOURCE, rows, provenance, lambda number, row: _read_again(number, row, provenance))


def _read_again(number: int, row: QuarantinedRow, provenance: Provenance) -> tuple[Hashable, Read]:
    cells = msgspec.json.decode(row.raw, type=dict[str, str])
    if row.context == _context(costs=True):
        return _read_cost(row.x_bucket, number, cells, provenance)
    if row.context == _context(costs=False):
        return _read_usage(row.x_bucket, number, cells)
    message = f"the context is {row.context}"
    raise SourcePayloadError(message, expected="a row of such an export", action="read that bill again")


def _context(*, costs: bool) -> str:
    return msgspec.json.encode({"export": "anthropic cost" if costs else "anthropic usage"}).decode()


def _refuse_minutes(table: Table) -> None:
    # 02:00 may be an hour or a minute; another minute in the file tells.
    for line, row in table.rows:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:(?!00)\d{2}(:\d{2})?", row[DATE]):
            message = f"{table.name}, line {line}: {DATE} is {row[DATE]}, by the minute"
            raise InputFileError(
                message, expected="rows by the day or by the hour", action="show a month or a day, and export that"
            )


def _period(row: Row, *, hours: bool) -> tuple[datetime, datetime]:
    match = DAY_OR_HOUR.fullmatch(row[DATE])
    if match is None or (match[2] and not hours):
        message = f"{DATE} is {row[DATE]!r}"
        raise SourcePayloadError(
            message, expected="2026-03-31, or 2026-03-31 02:00 for usage", action="check that row"
        )
    start = datetime.fromisoformat(match[1]).replace(tzinfo=UTC, hour=int(match[2] or 0))
    return start, start + (HOUR if match[2] else DAY)


def _read_usage(bucket: str, line: int, row: Row) -> tuple[Hashable, Read]:
    check_cells(row)
    counts = {name: whole_number(row, column) for name, column in COUNTS.items()}
    if not row["model_version"] and not any(counts.values()):
        return line, SetAside("tool use without a model and without tokens")
    if not row["model_version"]:
        message = f"{sum(counts.values())} tokens name no model"
        raise SourcePayloadError(
            message, expected="a model_version", action="export all models; the row was not used"
        )
    start, end = _period(row, hours=True)
    return line, TokenUsage(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=end,
        service_provider_name=PROVIDER,
        request_model=row["model_version"],
        service_tier=_known(TIERS, row["usage_type"] or None, what="usage_type"),
        sub_account_id=_workspace(row),
        x_api_key_id=row.get("api_key_id") or row.get("api_key") or None,
        tags=surcharge_tags(**{column: row.get(column) for column in SURCHARGES}),
        uncached_input_tokens=counts["uncached_input_tokens"],
        cache_read_input_tokens=counts["cache_read_input_tokens"],
        cache_creation_5m_input_tokens=counts["cache_creation_5m_input_tokens"],
        cache_creation_1h_input_tokens=counts["cache_creation_1h_input_tokens"],
        output_tokens=counts["output_tokens"],
    )


def _read_cost(bucket: str, line: int, row: Row, provenance: Provenance) -> tuple[Hashable, Read]:
    check_cells(row)
    start, end = _period(row, hours=False)
    billed_cost = amount(row, "cost_usd")
    return line, Charge(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=end,
        charge_category=ChargeCategory.CREDIT if billed_cost < 0 else ChargeCategory.USAGE,
        service_provider_name=PROVIDER,
        service_name=service_name(row["cost_type"] or None),
        sub_account_id=_workspace(row),
        billed_cost=billed_cost,
        list_cost=amount(row, "list_price_usd") if row.get("list_price_usd") else None,
        billing_currency="USD",
        x_gen_ai_request_model=model_name(row["model"]) or None,
        x_token_type=_known(TOKEN_TYPES, row["token_type"], what="token_type"),
        x_operation=_known(COST_OPERATIONS, row["cost_type"], what="cost_type"),
        x_service_tier=_known(COST_TIERS, row["usage_type"], what="usage_type"),
        x_estimated=end.date() > provenance.retrieved_on - timedelta(days=DAYS_STILL_CHANGING),
    )


def _known(names: Mapping[K, V], name: K, *, what: str) -> V:
    """Return what a name of the export stands for; a quarantined row's reason lists the names that are accepted."""
    try:
        return known(names, name, what=what)
    except SourcePayloadError as exc:
        accepted = ", ".join(str(value or "(empty)") for value in names)
        message = f"{exc.seen}, not one of {accepted}"
        raise SourcePayloadError(message, expected=exc.expected, action=exc.action) from exc


def _workspace(row: Row) -> str | None:
    # The API names the default workspace by null.
    name = row.get("workspace", "")
    return None if name in {"", "Default"} else name


def model_name(title: str) -> str:
    """Return the model's name in requests, without a date, from its title (`Claude Opus 4.5`: `claude-opus-4-5`)."""
    return re.sub(r"[\s.]+", "-", title.strip().lower())
