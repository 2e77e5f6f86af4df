"""Google BigQuery: queries over exports in its tables and views, over its REST interface.

https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query and `tables/get`, read 2026-11-26: every value
comes back as text in `f` and `v`; a query that takes longer than `timeoutMs` is asked for again by its job.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from costcheck.errors import SourcePayloadError, UsageError
from costcheck.sources.exports.dialects import BIGQUERY, Dialect, TableName
from costcheck.sources.http import ApiClient, RetryPolicy

BASE_URL = "https://bigquery.googleapis.com"
KEY_HELP = "an access token in GOOGLE_ACCESS_TOKEN (`gcloud auth print-access-token`) of who may run jobs and read it"
TIMEOUT_MILLISECONDS = 50_000
ROWS_PER_PAGE = 10_000
MOST_ASKS = 200


class _Field(msgspec.Struct, frozen=True):
    name: str
    type: str
    mode: str = "NULLABLE"


class _Schema(msgspec.Struct, frozen=True):
    fields: list[_Field]


class _Table(msgspec.Struct, frozen=True):
    schema: _Schema


class _Job(msgspec.Struct, frozen=True, rename="camel"):
    job_id: str
    location: str | None = None


class _Cell(msgspec.Struct, frozen=True):
    v: Any = None


class _Row(msgspec.Struct, frozen=True):
    f: list[_Cell]


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    job_reference: _Job
    job_complete: bool
    rows: list[_Row] = []
    page_token: str | None = None


def open_client(token: str, *, base_url: str = BASE_URL, retry: RetryPolicy | None = None) -> ApiClient:
    """Return a client for BigQuery."""
    return ApiClient(base_url, {"authorization": f"Bearer {token}"}, key_help=KEY_HELP, retry=retry)


class BigQuery:
    """One table or view.

    Args:
        client: See `open_client`.
        table: With project and data set.
        project: Who pays for the query; the table's own project where it is None.
    """

    dialect: Dialect = BIGQUERY

    def __init__(self, client: ApiClient, table: TableName, *, project: str | None = None) -> None:
        if table.catalog is None:
            message = f"--table {table.name} names no project"
            raise UsageError(message, expected="project.dataset.table", action="see them with `bq ls`")
        self._client = client
        self._jobs = f"/bigquery/v2/projects/{project or table.catalog}/queries"
        self.table = table

    def columns(self) -> Mapping[str, str]:
        """Return the type of each column; `repeated` for lists."""
        path = f"/bigquery/v2/projects/{self.table.catalog}/datasets/{self.table.database}/tables/{self.table.name}"
        fields = self._client.get(path, (), _Table).schema.fields
        return {field.name: "repeated" if field.mode == "REPEATED" else field.type for field in fields}

    def rows(self, sql: str) -> Iterator[Sequence[Any]]:
        """Yield the rows of a query, all values as texts."""
        body = {
            "query": sql,
            "useLegacySql": False,
            "maxResults": ROWS_PER_PAGE,
            "timeoutMs": TIMEOUT_MILLISECONDS,
        }
        page = self._client.send("POST", self._jobs, body, _Page, repeatable=False)
        asked: set[str | None] = set()
        for _ in range(MOST_ASKS):
            if page.job_complete:
                yield from ([cell.v for cell in row.f] for row in page.rows)
                if page.page_token is None:
                    return
                _refuse_loop(page.page_token, asked)
            page = self._more(page)
        message = f"BigQuery's job {page.job_reference.job_id} did not end"
        raise _unusable(message)

    def _more(self, page: _Page) -> _Page:
        job = page.job_reference
        params: list[tuple[str, str | int]] = [
            ("maxResults", ROWS_PER_PAGE),
            ("timeoutMs", TIMEOUT_MILLISECONDS),
            *((("location", job.location),) if job.location else ()),
            *((("pageToken", page.page_token),) if page.page_token else ()),
        ]
        return self._client.get(f"{self._jobs}/{job.job_id}", params, _Page)


def _refuse_loop(token: str, asked: set[str | None]) -> None:
    if token in asked:
        message = "BigQuery's page token came twice"
        raise _unusable(message)
    asked.add(token)


def _unusable(message: str) -> SourcePayloadError:
    return SourcePayloadError(
        message, expected="a query that ends, page after page", action="run it again; nothing was written"
    )
