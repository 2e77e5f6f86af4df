"""Amazon Athena: queries over exports on S3, through boto3.

https://docs.aws.amazon.com/athena/latest/APIReference/Welcome.html, checked in botocore 1.44.5. Every value comes
back as text, the first row of the first page holds the names, and a query's text has at most 262,144 bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from threading import Event
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from costcheck.errors import SourceError, UsageError
from costcheck.sources.exports.dialects import ATHENA, Dialect, TableName
from costcheck.sources.http import follow_pages

CATALOG = "AwsDataCatalog"
POLL_SECONDS = 1
MOST_POLLS = 1800
ROWS_PER_PAGE = 1000
DONE = "SUCCEEDED"
UNDER_WAY = ("QUEUED", "RUNNING")


class Athena:
    """One table of a catalogue.

    Args:
        client: boto3's `athena`.
        table: With its database; without a catalogue it is AWS's own.
        workgroup: Whose settings and limits apply.
        output: `s3://bucket/prefix/` for results; None where the workgroup has one.
        sleep: Waits between two looks at a running query, otherwise than by waiting.
    """

    dialect: Dialect = ATHENA

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - boto3-stubs are no part of the kit
        table: TableName,
        *,
        workgroup: str = "primary",
        output: str | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        if table.database is None:
            message = f"--table {table.name} names no database"
            raise UsageError(message, expected="database.table", action="see the databases in Athena's console")
        self._client = client
        self._context = {"Catalog": table.catalog or CATALOG, "Database": table.database}
        self._workgroup = workgroup
        self._output = {"ResultConfiguration": {"OutputLocation": output}} if output else {}
        self._sleep = sleep or Event().wait
        self.table = table

    def columns(self) -> Mapping[str, str]:
        """Return the type of each column, those that the table is partitioned by included."""
        found = self._call(
            "get_table_metadata",
            CatalogName=self._context["Catalog"],
            DatabaseName=self._context["Database"],
            TableName=self.table.name,
        )["TableMetadata"]
        return {
            column["Name"]: column.get("Type", "")
            for column in (*found.get("Columns", ()), *found.get("PartitionKeys", ()))
        }

    def rows(self, sql: str) -> Iterator[Sequence[Any]]:
        """Yield the rows of a query, all values as texts."""
        begun = self._call(
            "start_query_execution",
            QueryString=sql,
            QueryExecutionContext=self._context,
            WorkGroup=self._workgroup,
            **self._output,
        )
        query = begun["QueryExecutionId"]
        self._wait(query)
        rows = (row for page in self._pages(query) for row in page["ResultSet"]["Rows"])
        for row in islice(rows, 1, None):  # the first one holds the names
            yield [cell.get("VarCharValue") for cell in row["Data"]]

    def _pages(self, query: str) -> Iterator[Any]:
        def page(token: str | None) -> Any:  # noqa: ANN401 - botocore's own
            more = {"NextToken": token} if token else {}
            return self._call("get_query_results", QueryExecutionId=query, MaxResults=ROWS_PER_PAGE, **more)

        yield from follow_pages(page, lambda answer: answer.get("NextToken"))

    def _wait(self, query: str) -> None:
        for _ in range(MOST_POLLS):
            status = self._call("get_query_execution", QueryExecutionId=query)["QueryExecution"]["Status"]
            if status["State"] == DONE:
                return
            if status["State"] not in UNDER_WAY:
                reason = status.get("StateChangeReason", "no reason given")
                message = f"Athena's query {query} is {status['State']}: {reason}"
                raise _failed(message)
            self._sleep(POLL_SECONDS)
        message = f"Athena's query {query} did not end"
        raise _failed(message)

    def _call(self, name: str, **arguments: Any) -> Any:  # noqa: ANN401 - botocore's own
        try:
            return getattr(self._client, name)(**arguments)
        except (ClientError, BotoCoreError) as exc:
            message = f"Athena {name}: {exc}"
            raise _failed(message) from exc


def _failed(message: str) -> SourceError:
    return SourceError(
        message,
        expected="a query that Athena runs to its end",
        action="check --table, --workgroup and --output, and the rights on the export's bucket; nothing was written",
    )
