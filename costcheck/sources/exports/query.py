"""A query's rows as exact Python values, whichever engine ran it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.types as ir

from costcheck.sources.exports.columns import RawExport
from costcheck.sources.exports.dialects import WIDE, Dialect
from costcheck.sources.exports.engine import Engine


def open_export(engine: Engine) -> RawExport:
    """Return the engine's export, its columns known."""
    return RawExport(engine.table, engine.columns(), engine.dialect)


def sql_of(expression: ir.Table, dialect: Dialect) -> str:
    """Return the query in an engine's SQL."""
    return _sql_of(expression.op(), dialect.name)


@lru_cache
def _sql_of(operation: Any, dialect: str) -> str:  # noqa: ANN401 - Ibis has no public type for these
    # Every month and file asks the same; what builds the SQL takes longer than DuckDB takes for a small file.
    return str(ibis.to_sql(operation.to_expr(), dialect=dialect, pretty=False))


def fetch(engine: Engine, expression: ir.Table) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query as whole numbers, exact decimals and texts."""
    readers = [_reader(kind) for kind in expression.schema().types]
    for row in engine.rows(sql_of(expression, engine.dialect)):
        yield tuple(None if value is None else read(value) for read, value in zip(readers, row, strict=True))


def _reader(kind: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - Ibis has no types for these
    if kind.is_integer():
        return _whole
    return _exact if kind.is_decimal() else str


def _whole(value: object) -> int:
    return value if isinstance(value, int) else int(Decimal(str(value)))


def _exact(value: object) -> Decimal:
    """Return the number without the zeros of its column's scale."""
    found = value if isinstance(value, Decimal) else Decimal(str(value))
    return found.normalize(WIDE) if found else Decimal(0)
