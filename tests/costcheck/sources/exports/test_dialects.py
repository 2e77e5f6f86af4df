"""The queries in every engine's SQL: goldens to be read, and compiled without any engine being there."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot

from costcheck.sources.exports import cost_lines, spend_log
from costcheck.sources.exports.columns import RawExport
from costcheck.sources.exports.dialects import DIALECTS, TableName
from costcheck.sources.exports.query import sql_of
from tests.costcheck.sources.exports.compiled import GOLDENS, TYPES, queries

NAMES = sorted(DIALECTS)


@pytest.mark.parametrize("name", NAMES)
def test_the_queries_in_each_engines_sql_are_the_ones_that_were_read(name: str) -> None:
    golden = GOLDENS / f"{name}.sql"
    assert queries(name) == golden.read_text(encoding="utf-8"), "python -m tests.costcheck.sources.exports.compiled"


@pytest.mark.parametrize("name", NAMES)
def test_each_engines_parser_reads_its_sql(name: str) -> None:
    grammar = {"pyspark": "spark"}.get(name, name)
    found = sqlglot.parse(queries(name), read=grammar)
    assert len([statement for statement in found if statement]) == 3


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_is_never_named_in_a_query(name: str) -> None:
    assert not {"messages", "response", "proxy_server_request"} & set(queries(name).replace('"', " ").split())


def test_a_table_is_named_with_its_catalogue() -> None:
    export = RawExport(TableName.of("lake.bills.focus"), TYPES["focus"], DIALECTS["trino"])
    assert '"lake"."bills"."focus"' in sql_of(export.table.select(rows=export.text("ServiceName")), DIALECTS["trino"])


def test_the_text_of_a_query_fits_athena() -> None:
    assert max(len(part) for part in queries("athena").split(";\n")) < 262_144


def test_the_modules_of_queries_name_no_engine() -> None:
    for module in (cost_lines, spend_log):
        text = Path(str(module.__file__)).read_text(encoding="utf-8").lower()
        assert not [name for name in ("duckdb", "spark", "athena", "trino", "bigquery") if name in text]
