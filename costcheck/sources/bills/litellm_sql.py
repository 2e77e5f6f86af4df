"""What is asked of a LiteLLM proxy's database: statements of PostgreSQL that only read.

Names are quoted, values are days and times that this kit made itself; nothing that somebody typed stands in them
unquoted. The columns that may hold prompts or answers are not among `COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Sequence
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
LONGEST_VALUE = 80
"""A count, or the name of a tier or a model, is shorter; a longer text stays in the database, and is no zero."""
TOO_LONG = "'too long'"
RIGHTS = 'the tables "LiteLLM_SpendLogs" and "LiteLLM_DailyUserSpend" of LiteLLM, and the right to SELECT from them'


def table(schema: str, name: str) -> str:
    """Return a table's quoted name."""
    return ".".join(f'"{part.replace(chr(34), 2 * chr(34))}"' for part in (schema, name) if part)


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def log_statement(found: Sequence[str], schema: str, start: datetime, end: datetime) -> str:
    """Return what copies the log of a span as CSV; of `metadata` only counts, tier and model, in JSON of that shape.

    Raises:
        UsageError: A column that is needed is missing.
    """
    _require(found, REQUIRED_COLUMNS, LOGS)
    paths = _metadata_paths()
    plain = [f'"{name}"' for name in COLUMNS if name in found and name != "metadata"]
    # Each part of `metadata` is taken out once, and OFFSET keeps it so: a long one is unpacked again at every use.
    parts = [f'"metadata"::jsonb -> {literal(name)} AS "{name}"' for name in dict.fromkeys(path[0] for path in paths)]
    span = " AND ".join(
        f'"startTime" {sign} {literal(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}")}'
        for sign, moment in ((">=", start), ("<", end))
    )
    inner = ", ".join([*plain, *(parts if "metadata" in found else [])])
    rows = f"SELECT {inner} FROM {table(schema, LOGS)} WHERE {span} OFFSET 0"  # noqa: S608 - quoted names
    cells = ", ".join(f'{_cell(name, found, paths)} AS "{name}"' for name in COLUMNS)
    return f"COPY (SELECT {cells} FROM ({rows}) AS log) TO STDOUT (FORMAT csv, HEADER)"  # noqa: S608 - the same


def _require(found: Sequence[str], required: Sequence[str], name: str) -> None:
    missing = [column for column in required if column not in found]
    if missing:
        message = f'"{name}" has no column {", ".join(missing)}' if found else f'there is no table "{name}"'
        raise UsageError(message, expected=RIGHTS, action="check the database, ?schema=, and the role's rights")


def _cell(name: str, found: Sequence[str], paths: Sequence[Sequence[str]]) -> str:
    if name not in found:
        return "NULL::text"
    return f"jsonb_strip_nulls({_json_object(paths)})::text" if name == "metadata" else f'"{name}"::text'


def _metadata_paths() -> list[list[str]]:
    from costcheck.sources.exports import spend_log  # noqa: PLC0415 - Ibis takes a second to load

    return [path.removeprefix("$.").split(".") for path in spend_log.METADATA]


def _json_object(paths: Sequence[Sequence[str]], above: Sequence[str] = ()) -> str:
    """Return what builds an object with the short values at some paths, and nothing else."""
    names = dict.fromkeys(path[0] for path in paths)
    parts = []
    for name in names:
        below = [path[1:] for path in paths if path[0] == name and len(path) > 1]
        here = [*above, name]
        parts.append(f"{literal(name)}, {_json_object(below, here) if below else _short_value(here)}")
    return f"jsonb_build_object({', '.join(parts)})"


def _short_value(path: Sequence[str]) -> str:
    first, *rest = path
    text = f'"{first}" #>> {literal("{" + ",".join(rest) + "}")}'
    return f"CASE WHEN length({text}) > {LONGEST_VALUE} THEN {TOO_LONG} ELSE {text} END"


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
