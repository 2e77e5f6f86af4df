"""A dump of Google's billing export (standard or detailed): JSON lines, Parquet or CSV, summed by the hour in DuckDB.

What of the columns is nested in BigQuery may be nested, be JSON in a cell, or have a name with a dot or an underscore
(`service.id`, `service_id`). Rows have no id: two that are equal in every column, `export_time` included, are one
that was dumped twice. Labels are compared and never kept.
"""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from costcheck.errors import InputFileError, SourcePayloadError
from costcheck.records import BillBatch, Charge, Provenance, QuarantinedRow, SetAsideRows, TokenUsage
from costcheck.sources.bills.files import files_digest, names_of
from costcheck.sources.bills.google_lines import CATEGORIES, DISCOUNTS, Line, records_of, refuse_currency
from costcheck.sources.bills.google_skus import SERVICES
from costcheck.sources.bills.rows import DUPLICATE, refuse_unreadable
from costcheck.sources.exports.duckdb_files import (
    Layout,
    as_it_stands,
    layout_of_csv,
    out_of_memory,
    settle,
    union_of_csv,
)

SOURCE = "google"
EXPECTED = "a dump of the Cloud Billing export to BigQuery, as JSON lines, Parquet or CSV"
OTHER_SERVICE = "another service than " + " and ".join(SERVICES.values())
# What each column may be called, nested first.
NAMES = {
    "service_id": ("service.id", "service_id"),
    "sku": ("sku.description", "sku_description"),
    "started": ("usage_start_time",),
    "ended": ("usage_end_time",),
    "project": ("project.id", "project_id"),
    "cost": ("cost",),
    "currency": ("currency",),
    "amount": ("usage.amount", "usage_amount"),
    "unit": ("usage.unit", "usage_unit"),
    "cost_type": ("cost_type",),
    "credits": ("credits",),
    "export_time": ("export_time",),
}
REQUIRED = ("service_id", "sku", "started", "cost", "currency", "amount", "unit", "credits")
ROWS_AT_ONCE = 10_000
SHORT = "CREATE OR REPLACE TEMP MACRO short(text) AS CASE WHEN length(text) <= 120 THEN text END"
# One look into each row's JSON for all of its values; rows of other services go no further.
FOUND = """
CREATE OR REPLACE TEMP TABLE found AS
SELECT md5(row::VARCHAR) AS fingerprint, {service_id} AS service_id, v
FROM (SELECT row, json_extract_string(row, {paths}) AS v FROM ({rows}))
WHERE service_id IN ({services}) OR coalesce(service_id, '') = ''
"""
TYPED = "CREATE OR REPLACE TEMP VIEW typed AS SELECT {fields}, fingerprint FROM found"
READ = """
CREATE OR REPLACE TEMP TABLE billed AS
SELECT nullif(service_id, '') AS service_id, sku, nullif(project, '') AS project, coalesce(unit, '') AS unit,
    nullif(upper(currency), '') AS currency, coalesce(cost_type, '') AS cost_type,
    amount,
    to_json({{service_id: short(service_id), sku: short(sku), usage_start_time: short(started), cost: short(cost),
        amount: short(amount), unit: short(unit), currency: short(currency)}})::VARCHAR AS raw,
    make_timestamp(epoch_us(TRY_CAST({started} AS TIMESTAMPTZ))) AS begun,
    make_timestamp(epoch_us(TRY_CAST({ended} AS TIMESTAMPTZ))) AS over,
    TRY_CAST(cost AS DECIMAL(38, 20)) AS money, TRY_CAST(amount AS DECIMAL(38, 6)) AS quantity,
    list_transform(from_json(TRY_CAST(coalesce(nullif(credits, ''), '[]') AS JSON), '["JSON"]'),
        lambda one: {{kind: coalesce(one->>'$.type', 'other'), amount: TRY_CAST(one->>'$.amount' AS DECIMAL(38, 20))}}
    ) AS given,
    export_time IS NOT NULL AND row_number() OVER (PARTITION BY fingerprint) > 1 AS again
FROM typed
"""
CLASSIFIED = """
CREATE OR REPLACE TEMP VIEW classified AS
SELECT *,
    CASE WHEN again THEN '{duplicate}' END AS aside,
    CASE WHEN cost_type NOT IN ({cost_types}) THEN 'cost_type is not known'
        WHEN service_id IS NULL THEN 'service.id is missing'
        WHEN coalesce(trim(sku), '') = '' THEN 'sku.description is missing'
        WHEN begun IS NULL THEN 'usage_start_time is no time'
        WHEN over IS NOT NULL AND over <= begun THEN 'usage_end_time is not after usage_start_time'
        WHEN money IS NULL THEN 'cost is no number'
        WHEN quantity IS NULL AND (amount <> '' OR cost_type IN ('', 'regular')) THEN 'usage.amount is no number'
        WHEN currency IS NULL THEN 'currency is missing'
        WHEN given IS NULL OR list_contains(list_transform(given, lambda one: one.amount IS NULL), true)
            THEN 'credits are no list of amounts' END AS reason
FROM billed
"""
KEPT = "FROM classified WHERE aside IS NULL AND reason IS NULL"
SAME = "begun, coalesce(over, begun + INTERVAL 1 HOUR) AS ends, service_id, sku, project, unit, currency, cost_type"
IS_DISCOUNT = f"one.kind IN ({', '.join(repr(name) for name in DISCOUNTS)})"
DISCOUNTED = f"money + coalesce(list_sum([one.amount for one in given if {IS_DISCOUNT}]), 0)"
COSTS = f"SELECT {SAME}, sum({DISCOUNTED}), sum(quantity), NULL, min(raw) {KEPT} GROUP BY ALL ORDER BY ALL"
CREDITS = (
    "SELECT begun, ends, service_id, sku, project, unit, currency, cost_type, sum(one.amount), NULL, one.kind, '' "  # noqa: S608 - constant text
    f"FROM (SELECT {SAME}, unnest(given) AS one {KEPT}) WHERE NOT {IS_DISCOUNT} GROUP BY ALL ORDER BY ALL"
)
COUNT, COUNT_FOUND = "SELECT count FROM whole", "SELECT count(*) FROM billed"
SET_ASIDE = "SELECT aside, count(*) FROM classified WHERE aside IS NOT NULL GROUP BY ALL ORDER BY ALL"
QUARANTINED = "SELECT reason, raw FROM classified WHERE aside IS NULL AND reason IS NOT NULL ORDER BY ALL"


def recognises(path: Path) -> bool:
    """Return whether a file has the columns of a billing export."""
    try:
        with duckdb.connect() as connection:
            found = _row_names(connection, path)
            return not _missing(found)
    except InputFileError:
        return False


def read(path: Path, provenance: Provenance) -> BillBatch:
    """Return usage and charges of Vertex AI and the Gemini API by the hour.

    Raises:
        CostcheckError: See `read_delivery`.
    """
    return read_delivery((path,), provenance)


def read_delivery(paths: Sequence[Path], provenance: Provenance) -> BillBatch:
    """Return usage and charges of a dump that came in one file or in several.

    Raises:
        InputFileError: Not readable files, or a column is missing.
        SourcePayloadError: There are rows, and none could be read.
        CurrencyError: An amount is not in US dollars.
    """
    bucket = f"sha256:{files_digest(paths)}"
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as connection:
        settle(connection, spill)
        _open(connection, paths)
        batch = _sum(connection, bucket, provenance)
    kept = len(batch.usage) + len(batch.charges)
    refuse_unreadable(SOURCE, batch.buckets, kept=kept, quarantined=batch.quarantined)
    return batch


def _open(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> None:
    for path in paths:
        missing = _missing(_row_names(connection, path))
        if missing:
            message = f"{path.name} has no column {', '.join(missing)}"
            raise InputFileError(message, expected=EXPECTED, action="dump the table again with those columns")
    rows, fields = (
        " UNION ALL ".join(_all_rows(connection, paths)),
        {column: _field(names) for column, names in NAMES.items()},
    )
    names = {"paths": PATHS, "services": _quoted(SERVICES), "cost_types": _quoted(CATEGORIES), "duplicate": DUPLICATE}
    time = "replace({}, ' UTC', '+00')"
    try:
        connection.execute(SHORT)
        connection.execute(FOUND.format(rows=rows, service_id=fields["service_id"], **names))
        connection.execute(TYPED.format(fields=", ".join(f"{field} AS {column}" for column, field in fields.items())))
        connection.execute(READ.format(started=time.format("started"), ended=time.format("ended")))
        connection.execute(f"CREATE TEMP TABLE whole AS SELECT count(*) AS count FROM ({rows})")  # noqa: S608 - as above
    except duckdb.Error as exc:
        raise _unreadable(names_of(paths), exc) from exc
    connection.execute(CLASSIFIED.format(**names))


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _paths(name: str) -> tuple[str, ...]:
    """Return where in a row's JSON a value may stand: by its whole name, nested, or in the column that nests it."""
    top, _, below = name.partition(".")
    return (f'$."{name}"', f"$.{name}", f'$."{top}"') if below else (f'$."{name}"',)


PLACES = list(dict.fromkeys(place for names in NAMES.values() for name in names for place in _paths(name)))
PATHS = "[" + ", ".join(f"'{place}'" for place in PLACES) + "]"


def _field(names: tuple[str, ...]) -> str:
    """Return the SQL of a column's value; what nests it may also be JSON in a text."""
    values = []
    for name in names:
        found = [f"v[{PLACES.index(place) + 1}]" for place in _paths(name)]
        values += found[:2]
        values += [f"json_extract_string(TRY_CAST({top} AS JSON), '$.{name.partition('.')[2]}')" for top in found[2:]]
    return f"coalesce({', '.join(values)})"


def _missing(found: set[str]) -> list[str]:
    """Return the required columns that no name in the file stands for."""
    wanted = {column: {*NAMES[column], *(name.partition(".")[0] for name in NAMES[column])} for column in REQUIRED}
    return [column for column, names in wanted.items() if not names & found]


def _row_names(connection: duckdb.DuckDBPyConnection, path: Path) -> set[str]:
    query = f"SELECT DISTINCT unnest(json_keys(row)) FROM (FROM ({_rows(path)}) LIMIT 100)"  # noqa: S608 - the path is quoted
    try:
        return {name for (name,) in connection.execute(query).fetchall()}
    except duckdb.Error as exc:
        raise _unreadable(path.name, exc) from exc


def _all_rows(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> Iterator[str]:
    """Yield the query of each file's rows; CSV files that lie alike share one, which opens them one by one."""
    alike: dict[Layout, dict[str, Layout]] = defaultdict(dict)
    for path in paths:
        if _kind(path) == "csv":
            layout = layout_of_csv(connection, str(path))
            alike[layout][str(path)] = layout
        else:
            yield _rows(path)
    for layouts in alike.values():
        yield f"SELECT to_json(t) AS row FROM ({union_of_csv(layouts)}) AS t"  # noqa: S608 - the paths are quoted


def _rows(path: Path) -> str:
    name, kind = as_it_stands(path).replace("'", "''"), _kind(path)
    if kind == "parquet":
        return f"SELECT to_json(t) AS row FROM read_parquet('{name}') AS t"  # noqa: S608 - the path is quoted
    if kind == "json":
        return f"SELECT json AS row FROM read_json_objects('{name}')"  # noqa: S608 - the same
    return f"SELECT to_json(t) AS row FROM ({union_of_csv({str(path): Layout()})}) AS t"  # noqa: S608 - the same


def _kind(path: Path) -> str:
    head = _head(path)
    if head.startswith(b"PAR1"):
        return "parquet"
    return "json" if head.lstrip()[:1] in {b"{", b"["} else "csv"


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(1024)
    except OSError as exc:
        raise InputFileError(f"{path.name}: {exc}", expected=EXPECTED, action="name another file") from exc  # noqa: EM102, TRY003


def _unreadable(name: str, exc: duckdb.Error) -> InputFileError:
    if isinstance(exc, duckdb.OutOfMemoryException):
        return out_of_memory(name, exc)
    first_line = str(exc).partition("\n")[0]
    return InputFileError(
        f"{name} cannot be read: {first_line}", expected=EXPECTED, action="dump it again; nothing was imported"
    )


def _sum(connection: duckdb.DuckDBPyConnection, bucket: str, provenance: Provenance) -> BillBatch:
    records: list[TokenUsage | Charge] = []
    quarantined = [(reason, raw) for reason, raw in _fetch(connection, QUARANTINED)]
    for row in (*_fetch(connection, COSTS), *_fetch(connection, CREDITS)):
        line, raw = _line(bucket, row), row[11]
        refuse_currency(line.currency, line.sku)
        try:
            records.extend(records_of(line, provenance))
        except SourcePayloadError as exc:
            quarantined.append((exc.seen, raw))
    (rows_in,), (rows_found,) = (next(_fetch(connection, query)) for query in (COUNT, COUNT_FOUND))
    aside = Counter(dict(_fetch(connection, SET_ASIDE))) + Counter({OTHER_SERVICE: rows_in - rows_found})
    return BillBatch(
        x_source=SOURCE,
        buckets=(bucket,),
        usage=tuple(row for row in records if isinstance(row, TokenUsage)),
        charges=tuple(row for row in records if isinstance(row, Charge)),
        quarantined=tuple(
            QuarantinedRow(x_source=SOURCE, x_bucket=bucket, reason=reason, raw=raw.encode())
            for reason, raw in quarantined
        ),
        set_aside=tuple(
            SetAsideRows(x_source=SOURCE, x_bucket=bucket, reason=reason, row_count=count)
            for reason, count in sorted(aside.items())
        ),
        provenance=provenance,
        rows_in=rows_in,
    )


def _fetch(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    answer = connection.execute(query)
    while some := answer.fetchmany(ROWS_AT_ONCE):
        yield from some


def _line(bucket: str, row: tuple[Any, ...]) -> Line:
    start, end, service_id, sku, project, unit, currency, cost_type, cost, amount, credit = row[:11]
    return Line(
        source=SOURCE,
        bucket=bucket,
        start=start.replace(tzinfo=UTC),
        end=end.replace(tzinfo=UTC),
        service_id=service_id,
        sku=sku,
        project=project,
        unit=unit,
        currency=currency,
        cost_type=cost_type,
        cost=Decimal(cost),
        amount=None if amount is None else Decimal(amount),
        credit=credit,
    )
