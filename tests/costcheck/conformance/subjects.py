"""Every registered source as the conformance suite needs it: a healthy provider, or a way to write its file."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from costcheck.conformance import Answer, Asked
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import Window

Row = dict[str, Any]
NOW = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)
DAY = Window(bucket="2026-10", start=datetime(2026, 10, 1, tzinfo=UTC), end=datetime(2026, 10, 2, tzinfo=UTC))
"""As if read on the first evening of the month: whole months would take a hundred times as many requests."""
BEGIN = int(DAY.start.timestamp())
HOUR = 3600


def request(url: str, *, environ: dict[str, str], **options: str) -> PullRequest:
    """Return the request of one day, of the server at `url`."""
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return PullRequest(windows=(DAY,), now=NOW, environ=environ, options={"base-url": url} | named)


def as_json(content: object) -> Answer:
    """Return an answer of JSON, as Python's own encoder writes it: NaN and 1e400 included."""
    return Answer(body=json.dumps(content).encode(), headers={"content-type": "application/json"})


def token_pages(pages: Sequence[Sequence[Row]], asked: Asked, envelope: dict[str, object]) -> Answer:
    """Return the page that `page` asks for, in an envelope with `data`, `has_more` and `next_page`."""
    number = int((asked.param("page") or "t0").removeprefix("t"))
    more = number + 1 < len(pages)
    return as_json(
        {"data": list(pages[number])} | envelope | {"has_more": more, "next_page": f"t{number + 1}" if more else None}
    )


def copies(row: Row, *changes: Row) -> tuple[Row, ...]:
    """Return one row a change, each a deep copy."""
    return tuple(msgspec.json.decode(msgspec.json.encode(row)) | change for change in changes)
