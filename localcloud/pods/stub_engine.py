"""An engine that starts in a moment and can be broken: `python stub_engine.py serve MODEL --host H --port P ...`.

It has vLLM 0.32's paths, key check, metrics and way of draining: after SIGTERM what runs may finish within
--shutdown-timeout, new work gets 500, /health stays 200. It answers "token" again and again, whatever else is asked.
POST /stub {"seconds_per_token": 0.02, "is_wedged": false} changes how it behaves.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass, field
from typing import Any

Json = Any
DRAINING = "cannot schedule new futures after shutdown"
_LAST_BYTES_SECONDS = 0.2  # from the last count to the closed connection
_CHAT = "/v1/chat/completions"


@dataclass(slots=True, kw_only=True)
class Engine:
    """What the stub does and has done."""

    model: str
    key: str
    seconds_per_token: float = 0.02
    is_draining: bool = False
    running: int = 0
    tokens: int = 0
    finished: int = 0
    started: float
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.goes_on.set()
        self.idle.set()

    def count(self, change: int) -> None:
        """Count a request that begins or ends."""
        self.running += change
        (self.idle.clear if self.running else self.idle.set)()

    async def token(self) -> None:
        """Wait for the next token; a wedged engine has none, however long one waits."""
        await asyncio.sleep(self.seconds_per_token)
        await self.goes_on.wait()
        self.tokens += 1

    def metrics(self) -> str:
        """Return vLLM's series that the progress probe and the autoscaler read."""
        labels = f'{{engine="0",model_name="{self.model}"}}'
        values = {
            f"vllm:num_requests_running{labels}": self.running,
            f"vllm:num_requests_waiting{labels}": 0,
            f"vllm:generation_tokens_total{labels}": self.tokens,
            f"vllm:prompt_tokens_total{labels}": self.finished,
            f"vllm:request_success_total{labels}": self.finished,
            "process_start_time_seconds": self.started,
        }
        return "".join(f"{name} {value}\n" for name, value in values.items())


class Connection:
    """One request and its answer; every connection is closed after it."""

    def __init__(self, engine: Engine, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._engine, self._reader, self._writer = engine, reader, writer

    async def answer(self) -> None:
        """Read the request and answer it."""
        try:
            method, path, headers, body = await self._request()
            await self._route(method, path, headers, body)
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            return
        finally:
            self._writer.close()

    async def _request(self) -> tuple[str, str, dict[str, str], Json]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        content = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return method, path, headers, json.loads(content) if content else {}

    async def _route(self, method: str, path: str, headers: dict[str, str], body: Json) -> None:
        engine = self._engine
        if path.startswith("/v1/") and engine.key and headers.get("authorization") != f"Bearer {engine.key}":
            await self._send(401, {"error": "Unauthorized"})
        elif method == "POST" and path in {_CHAT, "/v1/completions"}:
            await self._generate(body, is_chat=path == _CHAT)
        elif method == "POST" and path == "/stub":
            engine.seconds_per_token = body.get("seconds_per_token", engine.seconds_per_token)
            (engine.goes_on.clear if body.get("is_wedged") else engine.goes_on.set)()
            await self._send(200, {})
        elif path == "/v1/models":
            await self._send(200, {"object": "list", "data": [{"id": engine.model, "object": "model"}]})
        elif path in {"/metrics", "/health"}:
            await self._send(200, engine.metrics() if path == "/metrics" else "")
        else:
            await self._send(404, {"detail": "Not Found"})

    async def _generate(self, body: Json, *, is_chat: bool) -> None:
        engine = self._engine
        if engine.is_draining:
            await self._send(500, {"error": {"message": DRAINING}})
            return
        engine.count(1)
        try:
            await (self._stream(body) if body.get("stream") else self._whole(body, is_chat=is_chat))
            engine.finished += 1
        finally:
            engine.count(-1)

    async def _whole(self, body: Json, *, is_chat: bool) -> None:
        count = body.get("max_tokens", 16)
        for _ in range(count):
            await self._engine.token()
        text = "token " * count
        choice = {"message": {"role": "assistant", "content": text}} if is_chat else {"text": text}
        usage = {"prompt_tokens": 1, "completion_tokens": count, "total_tokens": count + 1}
        choices = [{**choice, "finish_reason": "length"}]
        await self._send(200, {"model": self._engine.model, "choices": choices, "usage": usage})

    async def _stream(self, body: Json) -> None:
        self._writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for _ in range(body.get("max_tokens", 16)):
            await self._engine.token()
            chunk = {"model": self._engine.model, "choices": [{"delta": {"content": "token "}}]}
            self._writer.write(f"data: {json.dumps(chunk)}\n\n".encode())
            await self._writer.drain()
        self._writer.write(b"data: [DONE]\n\n")
        await self._writer.drain()

    async def _send(self, status: int, body: Json) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        kind = "text/plain" if isinstance(body, str) else "application/json"
        headers = (
            f"HTTP/1.1 {status} X",
            f"Content-Type: {kind}",
            f"Content-Length: {len(content)}",
            "Connection: close",
        )
        head = "\r\n".join([*headers, "", ""])
        self._writer.write(head.encode() + content)
        await self._writer.drain()


def parse() -> argparse.Namespace:
    """Return those of vLLM's arguments that mean something here; the others are taken and ignored."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("model")
    parser.add_argument("--served-model-name")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--shutdown-timeout", type=float, default=0)
    return parser.parse_known_args()[0]


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until SIGTERM, then drain: at the end of --shutdown-timeout what still runs is lost, as in vLLM."""
    engine = Engine(
        model=arguments.served_model_name or arguments.model,
        key=os.environ.get("VLLM_API_KEY", ""),
        started=time.time(),
    )
    terminated = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    server = await asyncio.start_server(
        lambda reader, writer: Connection(engine, reader, writer).answer(),
        arguments.host,
        arguments.port,
        backlog=1024,
    )
    async with server:
        await terminated.wait()
        engine.is_draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(arguments.shutdown_timeout):
                await engine.idle.wait()
        await asyncio.sleep(_LAST_BYTES_SECONDS)


if __name__ == "__main__":
    asyncio.run(serve(parse()))
