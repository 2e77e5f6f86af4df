"""A real HTTP server on the loopback address, for sources and commands alike."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.loopback import serving

Params = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What the server says once."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Loopback:
    """Answers by the function that a test sets; notes what was asked."""

    url: str = ""
    answer: Callable[[str, Params], Answer] = lambda _path, _params: Answer()
    asked: list[tuple[str, Params]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def say(self, *answers: Answer) -> None:
        """Give these answers in turn, the last one for ever."""
        rest = list(answers)
        self.answer = lambda _path, _params: rest.pop(0) if len(rest) > 1 else rest[0]


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    state = Loopback()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            params = parse_qsl(url.query)
            state.asked.append((url.path, params))
            state.headers.append({name.lower(): value for name, value in self.headers.items()})
            answer = state.answer(url.path, params)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

    with serving(Handler) as port:
        state.url = f"http://127.0.0.1:{port}"
        yield state


@pytest.fixture
def answer() -> type[Answer]:
    return Answer


@pytest.fixture
def hanging() -> Iterator[Callable[[str, Params], Answer]]:
    """Keep the client waiting until the test is over."""
    over = threading.Event()

    def wait(_path: str, _params: Params) -> Answer:
        over.wait(5)
        return Answer()

    yield wait
    over.set()
