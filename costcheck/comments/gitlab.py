"""A note on a GitLab merge request: the one that this token's account wrote is changed in place, or one is written.

The job's own token may not write notes, so a project access token or a person's is needed, with the scope `api`.
The project is the merge request's, which in a pipeline of a fork is not the one of the pipeline
(https://gitlab.com/gitlab-org/gitlab-vscode-extension/-/merge_requests/92).
"""

from collections.abc import Iterator, Mapping
from itertools import count

import msgspec

from costcheck.comments.calls import PAGE_SIZE, PATIENCE, TIMEOUT_SECONDS, is_marked, marker_of, setting
from costcheck.errors import SourcePayloadError
from costcheck.sources.http import ApiClient, RetryPolicy

TOKEN_HELP = "a token with the scope `api` in WORTHWHILE_GITLAB_TOKEN"  # noqa: S105 - a hint
MOST_PAGES = 100


class User(msgspec.Struct):
    """An account."""

    id: int


class Note(msgspec.Struct):
    """A comment, or what GitLab itself noted."""

    id: int
    body: str
    author: User


class Written(msgspec.Struct):
    """The answer to a written note."""

    id: int


def post_to_gitlab(
    body: str,
    environ: Mapping[str, str],
    *,
    retry: RetryPolicy = PATIENCE,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> None:
    """Write the note, in place of the one with the same first line that the same account wrote.

    Args:
        body: Markdown, the marker in its first line.
        environ: CI_API_V4_URL, CI_MERGE_REQUEST_IID, CI_MERGE_REQUEST_PROJECT_ID or CI_PROJECT_ID,
            WORTHWHILE_GITLAB_TOKEN.
        retry: The retry policy; what creates a note is never tried again.
        timeout_seconds: For each call.

    Raises:
        UsageError: The environment is not that of a merge request.
        SourceError: GitLab refused, or did not answer.
    """
    url = setting(environ, "CI_API_V4_URL", r"https?://\S+", help_text="the address of the API, as GitLab sets it")
    help_text = "a pipeline of a merge request, where GitLab sets it"
    project = "CI_MERGE_REQUEST_PROJECT_ID" if "CI_MERGE_REQUEST_PROJECT_ID" in environ else "CI_PROJECT_ID"
    project_id = setting(environ, project, r"[0-9]+", help_text=help_text)
    number = setting(environ, "CI_MERGE_REQUEST_IID", r"[0-9]+", help_text=help_text)
    token = setting(environ, "WORTHWHILE_GITLAB_TOKEN", r"\S+", help_text=TOKEN_HELP)
    notes = f"/projects/{project_id}/merge_requests/{number}/notes"
    with ApiClient(
        url, {"private-token": token}, key_help=TOKEN_HELP, retry=retry, timeout_seconds=timeout_seconds
    ) as api:
        mine = next((note for note in _mine(api, notes) if is_marked(note.body, marker_of(body))), None)
        if mine is None:
            api.send("POST", notes, {"body": body}, Written, repeatable=False)
        else:
            api.send("PUT", f"{notes}/{mine.id}", {"body": body}, Written, repeatable=True)


def _mine(api: ApiClient, notes: str) -> Iterator[Note]:
    """Yield the notes that the token's account wrote, oldest first."""
    me = api.get("/user", (), User).id
    for page in _pages(api, notes):
        yield from (note for note in page if note.author.id == me)


def _pages(api: ApiClient, notes: str) -> Iterator[list[Note]]:
    order = (("sort", "asc"), ("order_by", "created_at"), ("per_page", PAGE_SIZE))
    for number in count(1):
        page = api.get(notes, (*order, ("page", number)), list[Note])
        if not page:
            return
        if number > MOST_PAGES:
            message = f"{notes} has more than {MOST_PAGES} pages"
            raise SourcePayloadError(
                message, expected="an end to them", action="delete notes, or leave --comment out"
            )
        yield page
