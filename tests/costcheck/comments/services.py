"""GitHub and GitLab on loopback, as far as comments go: they keep what is written, page, and refuse on demand.

Constructed after the services' documentation: https://docs.github.com/en/rest/issues/comments,
https://docs.github.com/en/graphql/reference/objects#issuecomment, https://docs.gitlab.com/api/notes/.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.loopback import serving

TOKEN = "ghs_0123456789abcdef"  # noqa: S105 - of a server that ends with the test
Json = Any
Reply = tuple[int, bytes]


@dataclass(frozen=True)
class Comment:
    """One comment with its author, and whether that is an app."""

    body: str
    author: str = "github-actions"
    is_bot: bool = True


@dataclass
class Service:
    """What was written, what was asked, and what is refused.

    Attributes:
        viewer: Login of the token's account.
        comments: By their number, oldest first.
        refusals: Method to the answers that it gets first.
        asked: Every call: method, path.
    """

    viewer: str = "github-actions[bot]"
    comments: dict[int, Comment] = field(default_factory=dict)
    refusals: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def say(self, *comments: Comment) -> None:
        """Add comments."""
        for comment in comments:
            self.comments[len(self.comments) + 1] = comment

    def bodies(self) -> list[str]:
        """Return what stands there now."""
        return [comment.body for comment in self.comments.values()]

    def methods(self) -> list[str]:
        """Return the methods of the calls that wrote, in their order."""
        return [method for method, path in self.asked if method != "GET" and not path.endswith("/graphql")]

    def is_authorized(self, headers: dict[str, str]) -> bool:
        """Return whether the token is right."""
        raise NotImplementedError

    def answer(self, method: str, path: str, params: dict[str, str], body: Json) -> Reply:
        """Return what the service answers."""
        raise NotImplementedError

    def write(self, number: int | None, body: str, author: str, *, is_bot: bool) -> Reply:
        """Keep a comment under its number, or under a new one."""
        key = number or len(self.comments) + 1
        self.comments[key] = Comment(body, author, is_bot)
        return 200 if number else 201, json.dumps({"id": key, "body": body}).encode()


class GitHub(Service):
    """Of one pull request, 7 of shop/infra."""

    def is_authorized(self, headers: dict[str, str]) -> bool:
        return headers.get("authorization") == f"Bearer {TOKEN}"

    def answer(self, method: str, path: str, params: dict[str, str], body: Json) -> Reply:  # noqa: ARG002
        author, is_bot = self.viewer.removesuffix("[bot]"), self.viewer.endswith("[bot]")
        if (method, path) == ("POST", "/api/graphql"):
            return self._page(body["variables"])
        if (method, path) == ("POST", "/api/v3/repos/shop/infra/issues/7/comments"):
            return self.write(None, body["body"], author, is_bot=is_bot)
        prefix = "/api/v3/repos/shop/infra/issues/comments/"
        if method == "PATCH" and path.startswith(prefix):
            return self.write(int(path.removeprefix(prefix)), body["body"], author, is_bot=is_bot)
        return 404, b'{"message": "Not Found"}'

    def _page(self, asked: Json) -> Reply:
        if (asked["owner"], asked["name"], asked["number"]) != ("shop", "infra", 7):
            data: Json = {"viewer": {"login": self.viewer}, "repository": {"pullRequest": None}}
            return 200, json.dumps({"data": data}).encode()
        start = int(asked["after"] or 0)
        end = start + min(asked["first"], 100)
        nodes = [
            {
                "databaseId": number,
                "body": comment.body,
                "author": {"__typename": "Bot" if comment.is_bot else "User", "login": comment.author}
                if comment.author
                else None,
            }
            for number, comment in list(self.comments.items())[start:end]
        ]
        page = {"endCursor": str(end), "hasNextPage": end < len(self.comments)}
        comments = {"comments": {"nodes": nodes, "pageInfo": page}}
        data = {"viewer": {"login": self.viewer}, "repository": {"pullRequest": comments}}
        return 200, json.dumps({"data": data}).encode()


class GitLab(Service):
    """Of one merge request, 7 of the project 51."""

    notes = "/api/v4/projects/51/merge_requests/7/notes"

    def is_authorized(self, headers: dict[str, str]) -> bool:
        return headers.get("private-token") == TOKEN

    def answer(self, method: str, path: str, params: dict[str, str], body: Json) -> Reply:
        if (method, path) == ("GET", "/api/v4/user"):
            return 200, json.dumps({"id": self._id(self.viewer), "username": self.viewer}).encode()
        if (method, path) == ("GET", self.notes):
            return self._page(int(params["page"]), min(int(params["per_page"]), 100))
        if (method, path) == ("POST", self.notes):
            return self.write(None, body["body"], self.viewer, is_bot=True)
        if method == "PUT" and path.startswith(f"{self.notes}/"):
            return self.write(int(path.rpartition("/")[2]), body["body"], self.viewer, is_bot=True)
        return 404, b'{"message": "404 Not found"}'

    def _page(self, number: int, size: int) -> Reply:
        rows = [
            {"id": key, "body": comment.body, "system": False, "author": {"id": self._id(comment.author)}}
            for key, comment in self.comments.items()
        ]
        return 200, json.dumps(rows[(number - 1) * size : number * size]).encode()

    def _id(self, name: str) -> int:
        return int.from_bytes(name.encode()[:6], "big")


@contextmanager
def running(service: Service, over: threading.Event | None = None) -> Iterator[Service]:
    """Serve until the block ends; with an event, no answer is given before it is set."""

    class Handler(BaseHTTPRequestHandler):
        def handle_call(self) -> None:
            url = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            service.asked.append((self.command, url.path))
            if over is not None:
                over.wait(5)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, reply = self._reply(url.path, dict(parse_qsl(url.query)), headers, content)
            self.send_response(status)
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def _reply(self, path: str, params: dict[str, str], headers: dict[str, str], content: bytes) -> Reply:
            if not service.is_authorized(headers):
                return 401, b'{"message": "Bad credentials"}'
            kind = "GRAPHQL" if path.endswith("/graphql") else self.command
            if service.refusals.get(kind):
                return service.refusals[kind].pop(0)
            return service.answer(self.command, path, params, json.loads(content) if content else None)

        do_GET = do_POST = do_PATCH = do_PUT = handle_call  # noqa: N815 - http.server's names

    with serving(Handler) as port:
        service.url = f"http://127.0.0.1:{port}"
        yield service
