"""Cost Management's query API: one body, its pages, and the host that alone gets the token."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

import msgspec

from costcheck.errors import SourcePayloadError, UsageError
from costcheck.sources.bills.azure_login import MANAGEMENT_URL
from costcheck.sources.bills.windows import Window
from costcheck.sources.http import ApiClient, follow_pages

API_VERSION = "2025-03-01"
QUERY = "/providers/Microsoft.CostManagement/query"
TIME = "%Y-%m-%dT%H:%M:%SZ"
SECOND = timedelta(seconds=1)
RESOURCE_TYPE = "microsoft.cognitiveservices/accounts"
# `/subscriptions/ID`, `/subscriptions/ID/resourceGroups/NAME`, `/providers/Microsoft.Billing/billingAccounts/ID`, ...
SCOPE = re.compile(r"(/[A-Za-z0-9._():-]+)+")
SUBSCRIPTION = re.compile(r"(?i)/subscriptions/[^/]+(/resourceGroups/[^/]+)?")


class Column(msgspec.Struct, frozen=True):
    """One column of an answer."""

    name: str


class Properties(msgspec.Struct, frozen=True, rename="camel"):
    """Columns and rows; the rows stay raw, so that a bad one does not spoil the rest."""

    columns: list[Column]
    rows: list[msgspec.Raw]
    next_link: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """One page."""

    properties: Properties


def read_scopes(text: str) -> tuple[str, ...]:
    """Return the scopes of `--scope`, each with a slash in front.

    Raises:
        UsageError: One is none, or two of them may count the same cost.
    """
    scopes = tuple("/" + part.strip().strip("/") for part in text.split(","))
    wrong = [scope for scope in scopes if not SCOPE.fullmatch(scope)]
    if not wrong and len(scopes) > 1:
        wrong = [scope for scope in scopes if not SUBSCRIPTION.fullmatch(scope) or _is_counted_twice(scope, scopes)]
    if wrong:
        message = f"--scope holds {wrong[0]!r}"
        raise UsageError(
            message,
            expected="one scope (/subscriptions/ID, a billing account, a management group), or several subscriptions "
            "or resource groups, none of them inside another",
            action="give each scope once; a wider one covers those inside it",
        )
    return scopes


def _is_counted_twice(scope: str, scopes: Sequence[str]) -> bool:
    lower = [f"{other.lower()}/" for other in scopes]
    return sum(f"{scope.lower()}/".startswith(other) for other in lower) > 1


def query_pages(
    client: ApiClient, scope: str, body: Mapping[str, object], on_page: Callable[[], None]
) -> tuple[Answer, ...]:
    """Return every page of one query: each is asked for with the same body.

    Raises:
        SourceError: An answer is missing, is no answer, or leads to another host.
    """
    first = f"{scope}{QUERY}?api-version={API_VERSION}"
    pages = []
    for page in follow_pages(partial(_ask, client, first, body), partial(_next_path, client.base_url)):
        pages.append(page)
        on_page()
    return tuple(pages)


def _ask(client: ApiClient, first: str, body: object, path: str | None) -> Answer:
    return client.send("POST", path or first, body, Answer, repeatable=True)


def query_body(window: Window, granularity: str, grouping: Sequence[str]) -> dict[str, object]:
    """Return the body of one query; `to` is inclusive, so that it ends a second before the window does."""
    return {
        "type": "ActualCost",
        "timeframe": "Custom",
        "timePeriod": {"from": f"{window.start:{TIME}}", "to": f"{window.end - SECOND:{TIME}}"},
        "dataset": {
            "granularity": granularity,
            "aggregation": {
                "totalCost": {"name": "Cost", "function": "Sum"},
                "totalQuantity": {"name": "UsageQuantity", "function": "Sum"},
            },
            "grouping": [{"type": "Dimension", "name": name} for name in grouping],
            "filter": {"dimensions": {"name": "ResourceType", "operator": "In", "values": [RESOURCE_TYPE]}},
        },
    }


def _next_path(base_url: str, page: Answer) -> str | None:
    link = page.properties.next_link
    if not link:
        return None
    prefix = next((url for url in (base_url, MANAGEMENT_URL) if link.startswith(f"{url}/")), None)
    path = link.removeprefix(prefix) if prefix else ""
    # The path is asked of `base_url`, whatever the link says: a token never leaves for another host.
    if QUERY.lower() not in urlsplit(path).path.lower():
        message = f"nextLink leads to {urlsplit(link).netloc or link[:80]!r}"
        raise SourcePayloadError(
            message,
            expected=f"a query of {urlsplit(base_url).netloc}",
            action="report it; the token was not sent there, and the ledger is untouched",
        )
    return path
