"""A comment on a GitHub pull request: the one that this token wrote is changed in place, or a first one is written.

Who the token is, and which comments it wrote, only GraphQL tells: `GET /user` refuses the tokens of GitHub Apps, and
so Actions' own (https://github.com/actions/create-github-app-token/issues/258). GraphQL names the author of an app's
comment without the `[bot]` that the app's own login has (src/comment.ts of
https://github.com/marocchino/sticky-pull-request-comment relies on it; read 2026-11-26).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from costcheck.comments.calls import PAGE_SIZE, PATIENCE, TIMEOUT_SECONDS, is_marked, marker_of, setting
from costcheck.errors import SourceError, UsageError
from costcheck.sources.http import ApiClient, RetryPolicy, follow_pages

BOT = "[bot]"
TOKEN_HELP = "a token that may write pull requests (`pull-requests: write`) in GITHUB_TOKEN"  # noqa: S105 - a hint
PULL_REQUEST_REF = re.compile(r"refs/pull/([0-9]+)/.+")
QUERY = """
query($owner: String!, $name: String!, $number: Int!, $first: Int!, $after: String) {
  viewer { login }
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      comments(first: $first, after: $after) {
        nodes { databaseId body author { __typename login } }
        pageInfo { endCursor hasNextPage }
      }
    }
  }
}
"""


class Actor(msgspec.Struct, rename={"typename": "__typename"}):
    """Who wrote a comment."""

    typename: str
    login: str


class Comment(msgspec.Struct, rename="camel"):
    """A comment; the author is missing once the account is deleted."""

    database_id: int
    body: str
    author: Actor | None


class PageInfo(msgspec.Struct, rename="camel"):
    """Where the next page begins."""

    end_cursor: str | None
    has_next_page: bool


class Comments(msgspec.Struct, rename="camel"):
    """One page of them."""

    nodes: list[Comment]
    page_info: PageInfo


class PullRequest(msgspec.Struct):
    """A pull request."""

    comments: Comments


class Repository(msgspec.Struct, rename="camel"):
    """A repository; it has no such pull request where the number is an issue's."""

    pull_request: PullRequest | None


class Viewer(msgspec.Struct):
    """Who the token is."""

    login: str


class Data(msgspec.Struct):
    """The answer to QUERY."""

    viewer: Viewer
    repository: Repository | None


class Problem(msgspec.Struct):
    """Why GraphQL answered 200 without an answer."""

    message: str


class Answer(msgspec.Struct):
    """Of GraphQL: data, errors, or both."""

    data: Data | None = None
    errors: list[Problem] = []


class Written(msgspec.Struct):
    """The answer to a written comment."""

    id: int


class EventPullRequest(msgspec.Struct):
    """What an event says of its pull request."""

    number: int


class Event(msgspec.Struct):
    """The file behind GITHUB_EVENT_PATH."""

    pull_request: EventPullRequest | None = None


def post_to_github(
    body: str,
    environ: Mapping[str, str],
    *,
    retry: RetryPolicy = PATIENCE,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> None:
    """Write the comment, in place of the one with the same first line that the same account wrote.

    Args:
        body: Markdown, the marker in its first line.
        environ: GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN, and GITHUB_REF or GITHUB_EVENT_PATH.
        retry: The retry policy; what creates a comment is never tried again.
        timeout_seconds: For each call.

    Raises:
        UsageError: The environment is not that of a pull request.
        SourceError: GitHub refused, or did not answer.
    """
    url = setting(environ, "GITHUB_API_URL", r"https?://\S+", help_text="the address of the API, as Actions sets it")
    name = setting(environ, "GITHUB_REPOSITORY", r"[\w.-]+/[\w.-]+", help_text="OWNER/NAME, as Actions sets it")
    token, number = setting(environ, "GITHUB_TOKEN", r"\S+", help_text=TOKEN_HELP), _number(environ)
    headers = {
        "authorization": f"Bearer {token}",
        "accept": "application/vnd.github+json",
        "x-github-api-version": "2022-11-28",
    }
    with ApiClient(url, headers, key_help=TOKEN_HELP, retry=retry, timeout_seconds=timeout_seconds) as api:
        # A GitHub Enterprise Server has REST below /api/v3, GraphQL below /api.
        graphql_url = url.rstrip("/").removesuffix("/v3")
        with ApiClient(
            graphql_url, headers, key_help=TOKEN_HELP, retry=retry, timeout_seconds=timeout_seconds
        ) as graphql:
            mine = next((row for row in _mine(graphql, name, number) if is_marked(row.body, marker_of(body))), None)
        if mine is None:
            api.send("POST", f"/repos/{name}/issues/{number}/comments", {"body": body}, Written, repeatable=False)
        else:
            path = f"/repos/{name}/issues/comments/{mine.database_id}"
            api.send("PATCH", path, {"body": body}, Written, repeatable=True)


def _mine(graphql: ApiClient, repository: str, number: int) -> Iterator[Comment]:
    """Yield the comments that the token's account wrote, oldest first."""
    owner, _, name = repository.partition("/")

    def fetch(after: str | None) -> Data:
        variables = {"owner": owner, "name": name, "number": number, "first": PAGE_SIZE, "after": after}
        question = {"query": QUERY, "variables": variables}
        return _data(graphql.send("POST", "/graphql", question, Answer, repeatable=True))

    for page in follow_pages(fetch, lambda data: _next_page(_comments(data))):
        yield from (row for row in _comments(page).nodes if row.author and _is_viewer(row.author, page.viewer))


def _data(answer: Answer) -> Data:
    if answer.data is None or answer.errors:
        reason = answer.errors[0].message if answer.errors else "no data"
        message = f"/graphql answered: {reason}"
        raise SourceError(message, expected="the comments of the pull request", action="check GITHUB_TOKEN")
    return answer.data


def _comments(data: Data) -> Comments:
    if data.repository is None or data.repository.pull_request is None:
        message = "the pull request is not there, or the token may not see it"
        raise SourceError(message, expected="a pull request", action="check GITHUB_REPOSITORY and GITHUB_TOKEN")
    return data.repository.pull_request.comments


def _next_page(comments: Comments) -> str | None:
    return comments.page_info.end_cursor if comments.page_info.has_next_page else None


def _is_viewer(author: Actor, viewer: Viewer) -> bool:
    """Return whether it is the same account; a person may be called as an app is, so the kind counts too."""
    is_bot = viewer.login.endswith(BOT)
    return author.login == viewer.login.removesuffix(BOT) and (author.typename == "Bot") == is_bot


def _number(environ: Mapping[str, str]) -> int:
    """Return the number of the pull request, from the ref or else from the event."""
    if match := PULL_REQUEST_REF.fullmatch(environ.get("GITHUB_REF", "")):
        return int(match[1])
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    if event.pull_request is None:
        message = "neither GITHUB_REF nor the event names a pull request"
        raise UsageError(message, expected="a workflow on pull_request", action="leave --comment out elsewhere")
    return event.pull_request.number


def _event(path: str) -> Event:
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=Event) if path else Event()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as exc:
        message = f"the event in GITHUB_EVENT_PATH cannot be read: {exc}"
        raise UsageError(message, expected="the JSON of an event", action="leave it as Actions sets it") from exc
