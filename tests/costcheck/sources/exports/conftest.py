"""A loopback server that takes statements, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.loopback import serving

if TYPE_CHECKING:
    from tests.costcheck.conftest import Answer, Params


@dataclass
class Posts:
    """Answers in turn, the last one for ever; notes what was asked and sent."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, Params]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def say(self, *answers: Answer) -> None:
        self.answers = list(answers)

    def next(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def posts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Posts]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    state = Posts()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            state.asked.append((url.path, parse_qsl(url.query)))
            state.headers.append({name.lower(): value for name, value in self.headers.items()})
            answer = state.next()
            self.send_response(answer.status)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def do_POST(self) -> None:
            state.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.do_GET()

    with serving(Handler) as port:
        state.url = f"http://127.0.0.1:{port}"
        yield state
