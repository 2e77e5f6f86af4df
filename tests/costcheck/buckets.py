"""Answers of the APIs that have a bucket for every piece of time, as they come: the empty ones, too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

SECONDS = {"1m": 60, "1h": 3600, "1d": 86400}


def whole(body: bytes, params: list[tuple[str, str]]) -> bytes:
    """Return a page with the empty buckets that were asked for and that it lacks; one of rows alone as it is."""
    content: dict[str, Any] = msgspec.json.decode(body)
    asked = dict(params)
    data = content["data"]
    if data and "start_time" in data[0]:
        first, last = int(asked["start_time"]), int(asked["end_time"])
        came = {bucket["start_time"] for bucket in data}
    elif data and "results" in data[0]:
        first, last = (_seconds(asked[name]) for name in ("starting_at", "ending_at"))
        came = {_seconds(bucket["starting_at"]) for bucket in data}
    else:
        return body
    width = SECONDS[asked["bucket_width"]]
    names = ("start_time", "end_time") if "start_time" in data[0] else ("starting_at", "ending_at")
    for start in range(first, last, width):
        if start not in came:
            times = (start, start + width) if names[0] == "start_time" else (_text(start), _text(start + width))
            data.append(dict(zip(names, times, strict=True)) | {"results": []})
    return msgspec.json.encode(content)


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _text(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
