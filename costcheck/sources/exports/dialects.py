"""The few things in which the engines differ; everything else Ibis translates."""

from dataclasses import dataclass
from decimal import Context

WIDE = Context(prec=100)
"""Wider than any engine's decimals, so that sums in Python round nothing either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One engine's SQL, as Ibis calls it, and how it turns raw cells into exact values.

    Attributes:
        name: Ibis's (and sqlglot's) name.
        instant: Ibis type of a point in time.
        json_text: Function that takes a JSON text and a path and gives the value as text, NULL where there is none.
        json_texts: The same for a list of paths at once, so that a text is parsed once; None where there is none.
        number_is_text: A floating-point column may stand wherever a text may, and becomes the shortest decimal.
        reads_exponents: A text such as `1.0E-5` can become a decimal.
        has_wide_hash: There is a 64-bit hash function, so that texts can be counted in little memory.
    """

    name: str
    instant: str = "timestamp"
    json_text: str
    json_texts: str | None = None
    number_is_text: bool = False
    reads_exponents: bool = True
    has_wide_hash: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableName:
    """Where an engine knows the export: catalog and database may be left out."""

    name: str
    database: str | None = None
    catalog: str | None = None

    @classmethod
    def of(cls, text: str) -> "TableName":
        """Return the table that `catalog.database.name` names, or a part of it."""
        *before, name = text.split(".")
        database = before[-1] if before else None
        return cls(name=name, database=database, catalog=".".join(before[:-1]) or None)


DUCKDB = Dialect(name="duckdb", json_text="json_extract_string", json_texts="json_extract_string", has_wide_hash=True)
SPARK = Dialect(name="pyspark", json_text="get_json_object", number_is_text=True)
TRINO = Dialect(name="trino", json_text="json_extract_scalar", reads_exponents=False)
ATHENA = Dialect(name="athena", json_text="json_extract_scalar", reads_exponents=False)
BIGQUERY = Dialect(name="bigquery", instant="timestamp('UTC')", json_text="json_value")
DIALECTS = {dialect.name: dialect for dialect in (DUCKDB, SPARK, TRINO, ATHENA, BIGQUERY)}
