"""Athena by botocore's stubber; Trino and BigQuery over a loopback server. Every answer is constructed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from costcheck.errors import InputFileError, SourceAuthError, SourceError, SourcePayloadError, UsageError
from costcheck.sources.exports import bigquery_engine, trino_engine
from costcheck.sources.exports.athena_engine import Athena
from costcheck.sources.exports.bigquery_engine import BigQuery
from costcheck.sources.exports.choice import check_options, open_parts
from costcheck.sources.exports.columns import Kind, kind_of
from costcheck.sources.exports.dialects import TableName
from costcheck.sources.exports.trino_engine import Trino
from costcheck.sources.http import RetryPolicy

if TYPE_CHECKING:
    from tests.costcheck.conftest import Answer
    from tests.costcheck.sources.exports.conftest import Posts

QUICK = RetryPolicy(attempts=1, total_seconds=1, wait_initial_seconds=0, wait_max_seconds=0, wait_jitter_seconds=0)
BILLS = TableName.of("bills.focus")


@pytest.fixture
def stubbed() -> Iterator[tuple[Athena, Stubber, list[float]]]:
    client = boto3.client("athena", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106 - no key
    slept: list[float] = []
    with Stubber(client) as stubber:
        yield Athena(client, BILLS, output="s3://results/", sleep=slept.append), stubber, slept
        stubber.assert_no_pending_responses()


def begin(stubber: Stubber, *states: str, reason: str = "") -> None:
    stubber.add_response(
        "start_query_execution",
        {"QueryExecutionId": "q"},
        {
            "QueryString": "SELECT 1",
            "QueryExecutionContext": {"Catalog": "AwsDataCatalog", "Database": "bills"},
            "WorkGroup": "primary",
            "ResultConfiguration": {"OutputLocation": "s3://results/"},
        },
    )
    for state in states:
        status = {"State": state, "StateChangeReason": reason}
        stubber.add_response("get_query_execution", {"QueryExecution": {"QueryExecutionId": "q", "Status": status}})


def cells(*values: str | None) -> dict[str, Any]:
    return {"Data": [{} if value is None else {"VarCharValue": value} for value in values]}


def page(*rows: dict[str, Any], following: str = "") -> dict[str, Any]:
    return {"ResultSet": {"Rows": list(rows)}} | ({"NextToken": following} if following else {})


def test_athena_waits_for_its_query_and_leaves_out_the_row_of_names(
    stubbed: tuple[Athena, Stubber, list[float]],
) -> None:
    engine, stubber, slept = stubbed
    begin(stubber, "QUEUED", "RUNNING", "SUCCEEDED")
    stubber.add_response("get_query_results", page(cells("n", "s"), cells("1", None), following="two"))
    stubber.add_response("get_query_results", page(cells("2", "x")))
    assert list(engine.rows("SELECT 1")) == [["1", None], ["2", "x"]]
    assert len(slept) == 2


def test_athena_says_why_a_query_failed(stubbed: tuple[Athena, Stubber, list[float]]) -> None:
    engine, stubber, _ = stubbed
    begin(stubber, "FAILED", reason="TABLE_NOT_FOUND")
    with pytest.raises(SourceError, match="FAILED: TABLE_NOT_FOUND"):
        list(engine.rows("SELECT 1"))


def test_athena_that_refuses_is_a_source_error(stubbed: tuple[Athena, Stubber, list[float]]) -> None:
    engine, stubber, _ = stubbed
    stubber.add_client_error("get_table_metadata", "MetadataException", "no such table")
    with pytest.raises(SourceError, match="no such table"):
        engine.columns()


def test_athena_knows_the_columns_that_a_table_is_partitioned_by(
    stubbed: tuple[Athena, Stubber, list[float]],
) -> None:
    engine, stubber, _ = stubbed
    found = {
        "Name": "focus",
        "Columns": [{"Name": "billedcost", "Type": "double"}],
        "PartitionKeys": [{"Name": "billing_period", "Type": "string"}],
    }
    stubber.add_response("get_table_metadata", {"TableMetadata": found})
    assert engine.columns() == {"billedcost": "double", "billing_period": "string"}


def told(answer: type[Answer], content: object) -> Answer:
    return answer(json.dumps(content).encode())


def trino(posts: Posts) -> Trino:
    client = trino_engine.open_client(posts.url, user="me", password="secret-pass", retry=QUICK)  # noqa: S106 - no password
    return Trino(client, TableName.of("lake.bills.focus"))


def test_trino_is_followed_until_it_has_no_more(posts: Posts, answer: type[Answer]) -> None:
    following = f"{posts.url}/v1/statement/queued/1"
    posts.say(
        told(answer, {"id": "q", "nextUri": following}),
        told(answer, {"id": "q", "nextUri": f"{following}0", "data": [[1, "a"]]}),
        told(answer, {"id": "q", "data": [[2, None]]}),
    )
    assert list(trino(posts).rows("SELECT 1")) == [[1, "a"], [2, None]]
    assert posts.bodies[0] == b"SELECT 1"
    assert posts.headers[0]["x-trino-user"] == "me"
    assert posts.headers[0]["x-trino-time-zone"] == "UTC"


def test_trino_says_why_a_query_failed(posts: Posts, answer: type[Answer]) -> None:
    posts.say(told(answer, {"id": "q", "error": {"message": "line 1: no", "errorName": "SYNTAX_ERROR"}}))
    with pytest.raises(SourceError, match="SYNTAX_ERROR: line 1: no"):
        list(trino(posts).rows("SELECT 1"))


def test_trino_that_goes_round_in_a_circle_is_an_error(posts: Posts, answer: type[Answer]) -> None:
    posts.say(told(answer, {"id": "q", "nextUri": f"{posts.url}/v1/statement/queued/1"}))
    with pytest.raises(SourcePayloadError, match="came twice"):
        list(trino(posts).rows("SELECT 1"))


@pytest.mark.parametrize("host", ["http://elsewhere:1", "{here}@elsewhere", "{here}.elsewhere"])
def test_trino_that_goes_on_at_another_host_is_not_followed_with_the_password(
    posts: Posts, answer: type[Answer], host: str
) -> None:
    posts.say(told(answer, {"id": "q", "nextUri": f"{host.format(here=posts.url)}/v1/statement/queued/1"}))
    with pytest.raises(SourceError, match=r"Trino goes on at .*elsewhere"):
        list(trino(posts).rows("SELECT 1"))


def test_a_password_that_trino_repeats_is_not_shown(posts: Posts, answer: type[Answer]) -> None:
    posts.say(answer(b"no: secret-pass", status=400))
    with pytest.raises(SourceError, match=r"answered 400: 'no: \[key\]'"):
        list(trino(posts).rows("SELECT 1"))


def bigquery(posts: Posts, project: str | None = None) -> BigQuery:
    client = bigquery_engine.open_client("token-of-a-test", base_url=posts.url, retry=QUICK)
    return BigQuery(client, TableName.of("billing.exports.focus"), project=project)


def test_bigquery_is_asked_again_until_the_job_is_done_and_page_by_page(posts: Posts, answer: type[Answer]) -> None:
    job = {"jobReference": {"jobId": "j", "location": "EU"}}
    posts.say(
        told(answer, job | {"jobComplete": False}),
        told(answer, job | {"jobComplete": True, "rows": [{"f": [{"v": "1"}, {"v": None}]}], "pageToken": "two"}),
        told(answer, job | {"jobComplete": True, "rows": [{"f": [{"v": "2"}, {"v": "x"}]}]}),
    )
    assert list(bigquery(posts, "payer").rows("SELECT 1")) == [["1", None], ["2", "x"]]
    assert posts.asked[0][0] == "/bigquery/v2/projects/payer/queries"
    assert ("pageToken", "two") in posts.asked[2][1]
    assert ("location", "EU") in posts.asked[2][1]


def test_bigquery_whose_pages_loop_is_an_error(posts: Posts, answer: type[Answer]) -> None:
    posts.say(told(answer, {"jobReference": {"jobId": "j"}, "jobComplete": True, "pageToken": "again"}))
    with pytest.raises(SourcePayloadError, match="came twice"):
        list(bigquery(posts).rows("SELECT 1"))


def test_bigquery_that_refuses_names_the_token(posts: Posts, answer: type[Answer]) -> None:
    posts.say(answer(b'{"error": {"message": "login"}}', status=401))
    with pytest.raises(SourceAuthError) as caught:
        list(bigquery(posts).rows("SELECT 1"))
    assert "GOOGLE_ACCESS_TOKEN" in caught.value.expected


def test_a_list_of_bigquery_is_no_column_that_is_read(posts: Posts, answer: type[Answer]) -> None:
    fields = [{"name": "BilledCost", "type": "NUMERIC"}, {"name": "Tags", "type": "RECORD", "mode": "REPEATED"}]
    posts.say(told(answer, {"schema": {"fields": fields}}))
    kinds = {name: kind_of(kind) for name, kind in bigquery(posts).columns().items()}
    assert kinds == {"BilledCost": Kind.DECIMAL, "Tags": Kind.OTHER}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("VARCHAR", Kind.TEXT),
        ("string", Kind.TEXT),
        ("DECIMAL(38,10)", Kind.DECIMAL),
        ("BIGNUMERIC", Kind.DECIMAL),
        ("DOUBLE", Kind.NUMBER),
        ("FLOAT64", Kind.NUMBER),
        ("BIGINT", Kind.INTEGER),
        ("INTEGER", Kind.INTEGER),
        ("INT64", Kind.INTEGER),
        ("timestamp(3) with time zone", Kind.INSTANT),
        ("TIMESTAMP WITH TIME ZONE", Kind.INSTANT),
        ("timestamp_ntz", Kind.INSTANT),
        ("DATE", Kind.DAY),
        ("map<string,string>", Kind.MAP),
        ("map(varchar, varchar)", Kind.MAP),
        ("MAP(VARCHAR, VARCHAR)", Kind.MAP),
        ("map<string,int>", Kind.OTHER),
        ("VARCHAR[]", Kind.OTHER),
        ("array(varchar)", Kind.OTHER),
        ("struct<a:string>", Kind.OTHER),
        ("interval", Kind.OTHER),
    ],
)
def test_every_engines_names_of_types_are_understood(name: str, kind: Kind) -> None:
    assert kind_of(name) is kind


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, "--path"),
        ({"engine": "athena", "region": "eu-west-1"}, "--table"),
        ({"engine": "athena", "table": "a.b"}, "--region"),
        ({"engine": "spark", "table": "a.b", "path": "x"}, "--path or --table"),
        ({"engine": "trino", "table": "a.b.c"}, "TRINO_URL"),
        ({"engine": "bigquery", "table": "a.b.c"}, "GOOGLE_ACCESS_TOKEN"),
        ({"engine": "oracle", "table": "a"}, "oracle"),
    ],
)
def test_what_an_engine_lacks_is_named(options: dict[str, str], wanted: str) -> None:
    with pytest.raises(UsageError, match=wanted):
        check_options(options, {})


def test_files_that_are_not_there_are_an_input_error() -> None:
    with pytest.raises(InputFileError), open_parts({"path": "/nowhere/*.parquet"}, {}):
        pass


def test_s3_without_duckdbs_extensions_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("costcheck.sources.exports.duckdb_files.S3_EXTENSIONS", ("no_such_extension",))
    with pytest.raises(UsageError, match="cannot reach S3"), open_parts({"path": "s3://bucket/x.parquet"}, {}):
        pass


def test_spark_that_is_not_installed_is_named() -> None:
    with pytest.raises(UsageError, match="pyspark"), open_parts({"engine": "spark", "path": "x.parquet"}, {}):
        pass
