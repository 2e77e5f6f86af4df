"""The columns of a raw export and how each becomes an exact value, whatever its type: as Ibis expressions.

`product.product_name` names a key of a map, or of a JSON object that a CSV keeps in its place.

A cell that is there and cannot be read becomes NULL beside a text that is not NULL; the queries count such rows as
unreadable. Nothing is rounded up to something readable, and no text is guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from costcheck.sources.exports.dialects import Dialect, TableName

MONEY = "decimal(38, 26)"
"""As the ledger's: 12 digits before the point and 26 after it."""
QUANTITY = "decimal(38, 12)"
DECIMAL_TEXT = r"^ *[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})? *$"
INTEGER_TEXT = r"^[-+]?\d{1,18}$"
INSTANT_TEXT = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|UTC|[-+]\d{2}(:?\d{2})?))?)?$"
"""Microsoft's FOCUS exports leave the seconds out: `2024-01-01T00:00Z`."""
OFFSET_TEXT = r"[0-9 ]([-+])(\d{2}):?(\d{2})?$"
SECOND_CHARACTERS = 19
MINUTE_CHARACTERS = 16
DAY_CHARACTERS = 10
EMPTY_TEXTS = ("", "NULL", "null")
"""What stands for nothing in a CSV: FOCUS's own sample data writes NULL."""


class Kind(StrEnum):
    """What a column's type is good for."""

    TEXT = "string"
    NUMBER = "float64"
    DECIMAL = "decimal"
    INTEGER = "int64"
    INSTANT = "timestamp"
    DAY = "date"
    FLAG = "boolean"
    MAP = "map<string, string>"
    OTHER = "other"


KINDS: tuple[tuple[str, Kind], ...] = (
    (r"map\s*[(<]\s*(varchar|string|text)[^,]*,\s*(varchar|string|text).*", Kind.MAP),
    (r".*[\[<{].*|(struct|row|array|list|record|repeated|map|union|blob|bytes|binary|varbinary)\b.*", Kind.OTHER),
    (r"(varchar|char|string|text|json|enum|uuid)\b.*", Kind.TEXT),
    (r"(timestamp|datetime)\b.*|timestamp_\w+", Kind.INSTANT),
    (r"date", Kind.DAY),
    (r"(double|float|real)\b.*|float\d+", Kind.NUMBER),
    (r"(decimal|numeric|bignumeric)\b.*", Kind.DECIMAL),
    (r"u?(tiny|small|big|huge)?int(eger)?\d*|long|short|byte", Kind.INTEGER),
    (r"bool(ean)?", Kind.FLAG),
)


def kind_of(type_name: str) -> Kind:
    """Return what an engine's type is good for; `OTHER` for what is not read here."""
    name = type_name.strip().lower()
    return next((kind for pattern, kind in KINDS if re.fullmatch(pattern, name)), Kind.OTHER)


class RawExport:
    """One raw export: a table of an engine, its columns found by name whatever their case.

    Args:
        table: Its name.
        columns: Type by name, in the engine's own words.
        dialect: The engine's.
    """

    def __init__(self, table: TableName, columns: Mapping[str, str], dialect: Dialect) -> None:
        self.dialect = dialect
        self._names = {name.lower(): name for name in columns}
        self._kinds = {name.lower(): kind_of(kind) for name, kind in columns.items()}
        schema = {name: self._declared(self._kinds[name.lower()]) for name in columns}
        self.table: ir.Table = ibis.table(
            {name: kind for name, kind in schema.items() if kind},
            name=table.name,
            catalog=table.catalog,
            database=table.database,
        )

    def _declared(self, kind: Kind) -> str | None:
        if kind is Kind.INSTANT:
            return self.dialect.instant
        if kind is Kind.NUMBER and self.dialect.number_is_text:
            return "string"
        return {Kind.DECIMAL: MONEY, Kind.OTHER: None}.get(kind, kind.value)

    def has(self, *names: str) -> bool:
        """Return whether one of the columns is there, with a type that is read here."""
        return self._first(names) is not None

    def _first(self, names: Sequence[str]) -> tuple[Any, Kind] | None:
        for name in names:
            column, _, key = name.lower().partition(".")
            kind = self._kinds.get(column, Kind.OTHER)
            if kind is not Kind.OTHER:
                found = self.table[self._names[column]]
                return (self._member(found, kind, key), Kind.TEXT) if key else (found, kind)
        return None

    def _member(self, column: Any, kind: Kind, key: str) -> ir.StringValue:  # noqa: ANN401 - an Ibis value
        """Return what stands under a key of a map, or of a JSON object in a text."""
        if kind is Kind.MAP:
            return column.get(key, ibis.null("string"))
        return json_texts(column, [f"$.{key}"], self.dialect)[0]

    def text(self, *names: str) -> ir.StringValue:
        """Return the first of the columns that is there as text; NULL where it is empty or none is there."""
        found = self._first(names)
        if found is None:
            return ibis.null("string")
        column, kind = found
        if kind is Kind.MAP:
            return _map_text(column)
        if kind is Kind.NUMBER and self.dialect.number_is_text:
            return column.concat("")  # Ibis takes it for a text already, and would leave out a cast
        if kind is not Kind.TEXT:
            return column.cast("string")
        for empty in EMPTY_TEXTS:
            column = column.nullif(empty)
        return column

    def texts(self, *names: str) -> ir.StringValue:
        """Return the first of the columns that is not empty in this row, as text."""
        there = [self.text(name) for name in names if self.has(name)]
        return ibis.coalesce(*there) if there else ibis.null("string")

    def decimal(self, *names: str, kind: str = MONEY) -> ir.DecimalValue:
        """Return the first of the columns as an exact decimal, a floating-point number as its shortest text says."""
        found = self._first(names)
        if found is None:
            return ibis.null(kind)
        column, stored = found
        if stored is Kind.NUMBER:
            return self._shortest(column, kind)
        if stored is Kind.TEXT:
            return ibis.cases((column.re_search(DECIMAL_TEXT), column.try_cast(kind)), else_=ibis.null(kind))
        if stored is Kind.DECIMAL:  # with the digits that it has
            return column
        return column.try_cast(kind) if stored is Kind.INTEGER else ibis.null(kind)

    def _shortest(self, column: Any, kind: str) -> ir.DecimalValue:  # noqa: ANN401 - text or number, see `_declared`
        if self.dialect.number_is_text:
            return column.try_cast(kind)
        text = column.cast("string")
        if self.dialect.reads_exponents:
            return text.try_cast(kind)
        return ibis.cases((text.contains("E"), column.try_cast(kind)), else_=text.try_cast(kind))

    def integer(self, *names: str) -> ir.IntegerValue:
        """Return the first of the columns as a whole number."""
        found = self._first(names)
        if found is None:
            return ibis.null("int64")
        column, stored = found
        return column.cast("int64") if stored is Kind.INTEGER else integer_of(column.cast("string"))

    def seconds(self, *names: str) -> ir.IntegerValue:
        """Return the first of the columns as whole seconds since 1970, UTC; a time without an offset is UTC."""
        found = self._first(names)
        if found is None:
            return ibis.null("int64")
        column, stored = found
        if stored is Kind.TEXT:
            return self._seconds_of_text(column)
        if stored not in {Kind.INSTANT, Kind.DAY}:
            return ibis.null("int64")
        return self._epoch(column if stored is Kind.INSTANT else column.cast(self.dialect.instant))

    def _epoch(self, instant: Any) -> ir.IntegerValue:  # noqa: ANN401 - an Ibis value
        # Truncated first: a cast of seconds with a fraction to a whole number would round up in some engines.
        return instant.truncate("s").epoch_seconds().cast("int64")

    def _seconds_of_text(self, text: ir.StringValue) -> ir.IntegerValue:
        digits = ibis.cases(
            (text.length() <= DAY_CHARACTERS, text),
            (text.substr(MINUTE_CHARACTERS, 1) == ":", text.left(SECOND_CHARACTERS).replace("T", " ")),
            else_=text.left(MINUTE_CHARACTERS).replace("T", " ") + ":00",
        )
        local = self._epoch(digits.try_cast(self.dialect.instant))
        part = [text.re_extract(OFFSET_TEXT, index).nullif("") for index in (1, 2, 3)]
        minutes = part[1].try_cast("int64") * 60 + part[2].fill_null("0").try_cast("int64")
        sign = ibis.cases((part[0] == "-", -1), else_=1)
        is_offset = text.length() > DAY_CHARACTERS
        offset = ibis.cases((is_offset, (minutes * sign).fill_null(0)), else_=0)
        return ibis.cases((text.re_search(INSTANT_TEXT), local - offset * 60), else_=ibis.null("int64"))


def _map_text(column: Any) -> ir.StringValue:  # noqa: ANN401 - an Ibis map
    """Return a map as one text: keys, a line break, values, each parted by tabs; Python puts it in order."""
    return column.keys().join("\t") + "\n" + column.values().join("\t")


def integer_of(text: ir.StringValue) -> ir.IntegerValue:
    """Return a text of digits as a whole number, NULL for any other."""
    return ibis.cases((text.re_search(INTEGER_TEXT), text.try_cast("int64")), else_=ibis.null("int64"))


def json_texts(text: ir.StringValue, paths: Sequence[str], dialect: Dialect) -> list[ir.StringValue]:
    """Return the values at several paths of a JSON text, NULL where there is none or it is no JSON."""
    if dialect.json_texts:
        found = _builtin(dialect.json_texts, dt.json, dt.Array(dt.string), dt.Array(dt.string))(
            text.try_cast("json"), ibis.array(list(paths))
        )
        return [found[position] for position in range(len(paths))]
    extract = _builtin(dialect.json_text, dt.string, dt.string, dt.string)
    return [extract(text, path) for path in paths]


@cache
def _builtin(name: str, first: Any, second: Any, result: Any) -> Any:  # noqa: ANN401 - Ibis has no types for these
    def function(text, path):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - its types are in the signature below
        """Return what the engine's own function does."""

    return ibis.udf.scalar.builtin(function, name=name, signature=((first, second), result))
