"""Many open streams against one model server."""
# ruff: noqa: ASYNC110  the loop has nothing else to do, and waits for other processes

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

Json = Any


@dataclass(slots=True)
class Stream:
    """One streamed answer.

    Attributes:
        chunks: Tokens' worth of data received so far.
        is_whole: The end mark came.
        problem: Why it broke, "" if it did not.
    """

    chunks: int = 0
    is_whole: bool = False
    problem: str = ""


async def _read(client: httpx2.AsyncClient, url: str, key: str, body: Json, stream: Stream) -> None:
    try:
        async with client.stream("POST", url, json=body, headers={"Authorization": f"Bearer {key}"}) as answer:
            if answer.status_code != httpx2.codes.OK:
                stream.problem = f"{answer.status_code} {(await answer.aread())[:200]!r}"
                return
            async for line in answer.aiter_lines():
                stream.is_whole = stream.is_whole or line == "data: [DONE]"
                stream.chunks += line.startswith("data: {")
    except httpx2.HTTPError as exc:
        stream.problem = repr(exc)


async def _all(count: int, url: str, key: str, body: Json, when_all_run: Callable[[], None]) -> list[Stream]:
    streams = [Stream() for _ in range(count)]
    limits = httpx2.Limits(max_connections=count)
    async with (
        httpx2.AsyncClient(limits=limits, timeout=120, trust_env=False) as client,
        asyncio.TaskGroup() as group,
    ):
        for stream in streams:
            group.create_task(_read(client, url, key, body, stream))
        while not all(stream.chunks or stream.problem for stream in streams):
            await asyncio.sleep(0.05)
        await asyncio.to_thread(when_all_run)
    return streams


def streams(count: int, url: str, key: str, tokens: int, when_all_run: Callable[[], None]) -> list[Stream]:
    """Open so many streams, call the function when each has had its first token, and read all to their end."""
    body = {
        "model": "tiny",
        "messages": [{"role": "user", "content": "hello"}],
        "max_tokens": tokens,
        "ignore_eos": True,
        "stream": True,
    }
    return asyncio.run(_all(count, f"{url}/v1/chat/completions", key, body, when_all_run))
