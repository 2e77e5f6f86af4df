"""What is asked of a LiteLLM proxy's database: statements of PostgreSQL that only read.

Names are quoted, values are days and times that this kit made itself; nothing that somebody typed stands in them
unquoted. The columns that may hold prompts or answers are not among `COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from costcheck.errors import UsageError
from costcheck.sources.exports.spend_log_columns import COLUMNS, REQUIRED_COLUMNS

LOGS, DAYS = "LiteLLM_SpendLogs", "LiteLLM_DailyUserSpend"
DAY_COLUMNS = (
    "id",
    "date",
    "api_key",
    "model",
    "custom_llm_provider",
    "endpoint",
    "prompt_tokens",
    "completion_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "spend",
    "successful_requests",
)
LONGEST_COUNT = 40
"""A count, or the name of a tier, is shorter; a longer text in its place stays in the database, and is no zero."""
TOO_LONG = "'too long'"
RIGHTS = 'the tables "LiteLLM_SpendLogs" and "LiteLLM_DailyUserSpend" of LiteLLM, and the right to SELECT from them'


def table(schema: str, name: str) -> str:
    """Return a table's quoted name."""
    return ".".join(f'"{part.replace(chr(34), 2 * chr(34))}"' for part in (schema, name) if part)


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def log_statement(found: Sequence[str], schema: str, start: datetime, end: datetime) -> str:
    """Return what copies the log of a span as CSV; of `metadata` only counts and the tier, as JSON of the same shape.

    Raises:
        UsageError: A column that is needed is missing.
    """
    _require(found, REQUIRED_COLUMNS, LOGS)
    cells = ", ".join(f'{_cell(name, found)} AS "{name}"' for name in COLUMNS)
    span = " AND ".join(
        f'"startTime" {sign} {literal(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}")}'
        for sign, moment in ((">=", start), ("<", end))
    )
    return f"COPY (SELECT {cells} FROM {table(schema, LOGS)} WHERE {span}) TO STDOUT (FORMAT csv, HEADER)"  # noqa: S608 - the same


def _require(found: Sequence[str], required: Sequence[str], name: str) -> None:
    missing = [column for column in required if column not in found]
    if missing:
        message = f'"{name}" has no column {", ".join(missing)}' if found else f'there is no table "{name}"'
        raise UsageError(message, expected=RIGHTS, action="check the database, ?schema=, and the role's rights")


def _cell(name: str, found: Sequence[str]) -> str:
    if name not in found:
        return "NULL::text"
    return _metadata() if name == "metadata" else f'"{name}"::text'


def _metadata() -> str:
    from costcheck.sources.exports import spend_log  # noqa: PLC0415 - Ibis takes a second to load

    tree: dict[str, object] = {}
    paths = (*spend_log.CACHE_READ, *spend_log.CACHE_WRITTEN, *spend_log.CACHE_WRITTEN_1H, *spend_log.SERVICE_TIER)
    for path in paths:
        names = path.removeprefix("$.").split(".")
        place: dict[str, object] = tree
        for name in names[:-1]:
            place = place.setdefault(name, {})  # type: ignore[assignment]
        place[names[-1]] = ",".join(names)
    return f"jsonb_strip_nulls({_json_object(tree)})::text"


def _json_object(tree: Mapping[str, object]) -> str:
    parts = (
        f"{literal(name)}, {_json_object(value) if isinstance(value, dict) else _short_value(str(value))}"
        for name, value in tree.items()
    )
    return f"jsonb_build_object({', '.join(parts)})"


def _short_value(path: str) -> str:
    text = f'"metadata"::jsonb #>> {literal("{" + path + "}")}'
    return f"CASE WHEN length({text}) > {LONGEST_COUNT} THEN {TOO_LONG} ELSE {text} END"


def day_statement(found: Sequence[str], schema: str, first: date, until: date) -> str:
    """Return what copies the daily sums of some days as CSV, `until` excluded.

    Raises:
        UsageError: A column that is needed is missing.
    """
    _require(found, tuple(name for name in DAY_COLUMNS if name != "endpoint"), DAYS)
    cells = ", ".join(f'"{name}"::text' if name in found else f'NULL::text AS "{name}"' for name in DAY_COLUMNS)
    where = within(first, until)
    return (
        f'COPY (SELECT {cells} FROM {table(schema, DAYS)} WHERE {where} ORDER BY "id") TO STDOUT (FORMAT csv, HEADER)'  # noqa: S608 - the same
    )


def within(first: date, until: date) -> str:
    """Return the condition of a day in some days, `until` excluded."""
    # Texts such as 2026-09-05 stand in the order of their days.
    return f'"date" >= {literal(first.isoformat())} AND "date" < {literal(until.isoformat())}'


def columns_statement(schema: str, name: str) -> str:
    """Return what asks for the columns of a table that the role may see."""
    where = f"table_schema = {literal(schema)}" if schema else "table_schema = ANY (current_schemas(false))"
    return f"SELECT column_name FROM information_schema.columns WHERE table_name = {literal(name)} AND {where}"  # noqa: S608 - the same


def oldest_statement(schema: str) -> str:
    """Return what asks when the log begins."""
    return f'SELECT min("startTime") FROM {table(schema, LOGS)}'  # noqa: S608 - the same


def count_statement(schema: str, first: date, until: date) -> str:
    """Return what asks how many daily sums there are of some days, `until` excluded."""
    return f"SELECT count(*) FROM {table(schema, DAYS)} WHERE {within(first, until)}"  # noqa: S608 - the same
