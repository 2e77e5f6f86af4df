"""Which engine reads an export: named by options, its keys in the environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from costcheck.errors import UsageError
from costcheck.sources.exports.dialects import TableName
from costcheck.sources.exports.engine import Engine, KindOf, Part, one_kind

ENGINES = ("duckdb", "spark", "athena", "trino", "bigquery")
FILES = ("duckdb", "spark")
CHARGE = {
    "duckdb": "no charge; reading S3 costs what its requests and its transfer cost",
    "spark": "what the cluster costs",
    "athena": "what Athena takes for the bytes that its queries scan",
    "trino": "what the cluster costs",
    "bigquery": "what BigQuery takes for the bytes that its queries scan",
}


def check_options(options: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Raise unless an engine can be opened with these.

    Raises:
        UsageError: An option or a variable is missing, or two exclude each other.
    """
    name = options.get("engine", "duckdb")
    if name not in ENGINES:
        message = f"there is no engine {name!r}"
        raise UsageError(message, expected="one of " + ", ".join(ENGINES), action="give another --engine")
    path, table = options.get("path", ""), options.get("table", "")
    wanted = "--path" if name == "duckdb" else "--table" if name not in FILES else "--path or --table"
    given = bool(path) if name == "duckdb" else bool(table) if name not in FILES else bool(path) != bool(table)
    if not given:
        message = f"--engine {name} needs {wanted}"
        raise UsageError(
            message,
            expected="--path 's3://bucket/export/**/*.parquet' for files, --table catalog.database.table for a table",
            action=f"give {wanted}, then run it again",
        )
    if name == "athena":
        _region(options, environ)
    for variable in {"trino": ("TRINO_URL", "TRINO_USER"), "bigquery": ("GOOGLE_ACCESS_TOKEN",)}.get(name, ()):
        _variable(environ, variable)


@contextmanager
def open_parts(
    options: Mapping[str, str], environ: Mapping[str, str], kind_of: KindOf = one_kind
) -> Iterator[tuple[Part, ...]]:
    """Yield the export, a part for each kind of file, each with its engine; an engine loads what it needs alone.

    Raises:
        UsageError: See `check_options`.
        InputFileError: The files cannot be read, or a month lies there in two deliveries.
    """
    check_options(options, environ)
    table = TableName.of(options["table"]) if options.get("table") else None
    with ExitStack() as stack:
        if options.get("engine", "duckdb") == "duckdb" or table is None:
            yield _over_files(stack, options, kind_of)
        else:
            yield (Part(engine=_over_table(stack, table, options, environ)),)


def _over_files(stack: ExitStack, options: Mapping[str, str], kind_of: KindOf) -> tuple[Part, ...]:
    path = options.get("path", "")
    if options.get("engine") == "spark":
        from costcheck.sources.exports import spark_engine  # noqa: PLC0415 - loads what it needs alone

        return stack.enter_context(spark_engine.open_parts(path, kind_of))
    from costcheck.sources.exports import duckdb_parts  # noqa: PLC0415 - the same

    return stack.enter_context(duckdb_parts.open_parts(path, kind_of))


def _over_table(stack: ExitStack, table: TableName, options: Mapping[str, str], environ: Mapping[str, str]) -> Engine:
    name = options["engine"]
    if name == "spark":
        from costcheck.sources.exports.spark_engine import open_session  # noqa: PLC0415 - the same

        return stack.enter_context(open_session(table=table))
    if name == "athena":
        from costcheck.sources.exports.athena_engine import Athena  # noqa: PLC0415 - the same

        output, workgroup = options.get("output"), options.get("workgroup", "primary")
        client = _boto3("athena", environ, _region(options, environ))
        return Athena(client, table, workgroup=workgroup, output=output)
    if name == "trino":
        from costcheck.sources.exports import trino_engine  # noqa: PLC0415 - the same

        client = trino_engine.open_client(
            environ["TRINO_URL"], user=environ["TRINO_USER"], password=environ.get("TRINO_PASSWORD", "")
        )
        return trino_engine.Trino(stack.enter_context(client), table)
    from costcheck.sources.exports import bigquery_engine  # noqa: PLC0415 - the same

    token = environ["GOOGLE_ACCESS_TOKEN"]
    client = bigquery_engine.open_client(token, base_url=environ.get("BIGQUERY_URL") or bigquery_engine.BASE_URL)
    return bigquery_engine.BigQuery(stack.enter_context(client), table, project=options.get("project"))


def _boto3(service: str, environ: Mapping[str, str], region: str) -> Any:  # noqa: ANN401 - boto3's own
    import boto3  # noqa: PLC0415 - half a second to load

    session: Any = boto3.Session(
        profile_name=environ.get("AWS_PROFILE") or None,
        aws_access_key_id=environ.get("AWS_ACCESS_KEY_ID") or None,
        aws_secret_access_key=environ.get("AWS_SECRET_ACCESS_KEY") or None,
        aws_session_token=environ.get("AWS_SESSION_TOKEN") or None,
        region_name=region,
    )
    return session.client(service)


def _region(options: Mapping[str, str], environ: Mapping[str, str]) -> str:
    region = options.get("region") or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if not region:
        message = "--region is missing"
        raise UsageError(message, expected="the region of the export's bucket", action="give --region eu-central-1")
    return region


def _variable(environ: Mapping[str, str], name: str) -> None:
    if not environ.get(name):
        message = f"{name} is not set"
        raise UsageError(message, expected="see docs/at-any-size.md", action=f"export {name}=..., then run it again")
