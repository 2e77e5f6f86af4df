"""A provider on loopback that misbehaves on demand."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

POLL_SECONDS = 0.01
HANG_SECONDS = 5.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends a reset instead of an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: bytes

    def param(self, name: str) -> str | None:
        """Return the value of a parameter, None without it."""
        return dict(self.params).get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server says once."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Misdeed(Enum):
    """What a server does in place of an answer."""

    RESET = "the connection is reset"
    HANG = "nothing comes"
    CUT = "the answer ends in the middle, before its stated length"


Provider = Callable[[Asked], Answer]
Fault = Callable[[Answer], Answer | Misdeed]


@dataclass(slots=True)
class Serving:
    """A running provider: its address, what it was asked, and how it misbehaves.

    Attributes:
        at: The request that meets the fault, counted from 0; None for every one.
    """

    provider: Provider
    fault: Fault | None = None
    at: int | None = None
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def respond(self, asked: Asked) -> Answer | Misdeed:
        """Return what the provider says, or what the fault makes of it."""
        with self.lock:
            number = len(self.asked)
            self.asked.append(asked)
            answer = self.provider(asked)
        return answer if self.fault is None or self.at not in {None, number} else self.fault(answer)


@contextmanager
def serving(provider: Provider, *, fault: Fault | None = None, at: int | None = None) -> Iterator[Serving]:
    """Serve on a free port of loopback until the block ends."""
    state = Serving(provider, fault, at)
    handler = type("Handler", (_Handler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield state
        finally:
            state.over.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: Serving
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Else each answer waits 40 ms for the acknowledgement of its own head."""

    def do_GET(self) -> None:
        """Answer, or misbehave."""
        url = urlsplit(self.path)
        asked = Asked(
            method=self.command,
            path=url.path,
            params=tuple(parse_qsl(url.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("content-length", 0))),
        )
        answer = self.state.respond(asked)
        if isinstance(answer, Answer):
            self._say(answer, answer.body)
        elif answer is Misdeed.CUT:
            self._say(Answer(body=b"x" * 1000), b'{"data": [')
            self._end()
        elif answer is Misdeed.HANG:
            self.state.over.wait(HANG_SECONDS)
            self._end()
        else:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self._end()

    do_POST = do_HEAD = do_GET  # noqa: N815 - the base class looks for these names

    def _say(self, answer: Answer, sent: bytes) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else sent)

    def _end(self) -> None:
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
        """Say nothing on standard error."""
