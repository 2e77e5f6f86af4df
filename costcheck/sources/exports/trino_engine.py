"""Trino and what speaks like it (Starburst, Athena's engine on EMR): queries over its REST interface.

https://trino.io/docs/current/develop/client-protocol.html, read 2026-11-26: a statement is posted as plain text, and
`nextUri` is followed until there is none; `data` and `columns` may come on any page, `error` on the last.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from costcheck.errors import SourceError, UsageError
from costcheck.sources.exports.dialects import TRINO, Dialect, TableName
from costcheck.sources.http import ApiClient, RetryPolicy, follow_pages

STATEMENT = "/v1/statement"
KEY_HELP = "TRINO_USER, and TRINO_PASSWORD where the server asks for one"


class _Column(msgspec.Struct, frozen=True):
    name: str
    type: str


class _Error(msgspec.Struct, frozen=True, rename="camel"):
    message: str = ""
    error_name: str = ""


class _Page(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    next_uri: str | None = None
    data: list[list[Any]] | None = None
    error: _Error | None = None


def open_client(base_url: str, *, user: str, password: str = "", retry: RetryPolicy | None = None) -> ApiClient:
    """Return a client for a coordinator."""
    headers = {"x-trino-user": user, "x-trino-source": "costcheck", "x-trino-time-zone": "UTC"}
    if password:
        headers["authorization"] = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
    return ApiClient(base_url, headers, key_help=KEY_HELP, retry=retry)


class Trino:
    """One table of a catalogue.

    Args:
        client: See `open_client`.
        table: With catalogue and database.
    """

    dialect: Dialect = TRINO

    def __init__(self, client: ApiClient, table: TableName) -> None:
        if table.catalog is None:
            message = f"--table {table.name} names no catalogue"
            raise UsageError(message, expected="catalog.schema.table", action="see them with SHOW CATALOGS")
        self._client = client
        self.table = table

    def columns(self) -> Mapping[str, str]:
        """Return the type of each column."""
        parts = (self.table.catalog, self.table.database, self.table.name)
        name = ".".join('"' + str(part).replace('"', '""') + '"' for part in parts)
        return {str(row[0]): str(row[1]) for row in self.rows(f"DESCRIBE {name}")}

    def rows(self, sql: str) -> Iterator[Sequence[Any]]:
        """Yield the rows of a query."""
        for page in follow_pages(lambda uri: self._page(sql, uri), lambda page: page.next_uri):
            if page.error:
                message = f"Trino {page.error.error_name}: {page.error.message}"
                raise SourceError(
                    message,
                    expected="a query that Trino runs to its end",
                    action="check --table and the user's rights on it; nothing was written",
                )
            yield from page.data or ()

    def _page(self, sql: str, uri: str | None) -> _Page:
        if uri is None:
            # Plain text as the protocol wants it: `Raw` is sent as it is. A statement sent twice would run twice.
            return self._client.send("POST", STATEMENT, msgspec.Raw(sql.encode()), _Page, repeatable=False)
        if not uri.startswith(f"{self._client.base_url}/"):
            message = f"Trino goes on at {uri.partition('/v1/')[0]}, not at {self._client.base_url}"
            raise SourceError(
                message,
                expected="the coordinator's own address",
                action="give --base-url as the coordinator names itself (http-server.process-forwarded)",
            )
        return self._client.get(uri.removeprefix(self._client.base_url), (), _Page)
