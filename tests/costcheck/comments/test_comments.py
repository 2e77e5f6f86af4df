"""One comment a stack, changed in place, whatever else stands there and whoever wrote it."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from costcheck.comments import post_to_github, post_to_gitlab
from costcheck.comments.calls import is_marked, marker_of
from costcheck.errors import SourceAuthError, SourceError, SourcePayloadError, UsageError
from costcheck.sources.http import RetryPolicy
from tests.costcheck.comments.services import TOKEN, Comment, GitHub, GitLab, Service, running

AT_ONCE = RetryPolicy(attempts=3, wait_initial_seconds=0, wait_max_seconds=0, wait_jitter_seconds=0)
MARKER = "<!-- worthwhile-gate:shop/dev -->"
Environ = dict[str, str]


def github_environ(service: Service) -> Environ:
    return {
        "GITHUB_API_URL": f"{service.url}/api/v3",
        "GITHUB_REPOSITORY": "shop/infra",
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_REF": "refs/pull/7/merge",
    }


def gitlab_environ(service: Service) -> Environ:
    return {
        "CI_API_V4_URL": f"{service.url}/api/v4",
        "CI_PROJECT_ID": "51",
        "CI_MERGE_REQUEST_IID": "7",
        "WORTHWHILE_GITLAB_TOKEN": TOKEN,
    }


def post(
    service: Service, text: str = "first", *, timeout_seconds: float = 5.0, environ: Environ | None = None
) -> None:
    body, changes = f"{MARKER}\n{text}", environ or {}
    if isinstance(service, GitHub):
        post_to_github(body, github_environ(service) | changes, retry=AT_ONCE, timeout_seconds=timeout_seconds)
    else:
        post_to_gitlab(body, gitlab_environ(service) | changes, retry=AT_ONCE, timeout_seconds=timeout_seconds)


@pytest.fixture(params=[GitHub, GitLab])
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    kind: Callable[[], Service] = request.param
    with running(kind()) as started:
        yield started


@pytest.fixture
def github() -> Iterator[GitHub]:
    fresh = GitHub()
    with running(fresh):
        yield fresh


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    fresh = GitLab()
    with running(fresh):
        yield fresh


def mine(service: Service, body: str) -> Comment:
    return Comment(body, service.viewer if isinstance(service, GitLab) else "github-actions")


def test_two_runs_leave_one_comment_with_what_the_second_said(service: Service) -> None:
    post(service, "first")
    post(service, "second")
    assert service.bodies() == [f"{MARKER}\nsecond"]
    assert service.methods() == ["POST", "PATCH" if isinstance(service, GitHub) else "PUT"]


def test_a_comment_is_found_on_the_third_page(service: Service) -> None:
    service.say(*(Comment(f"talk {number}", "ana", is_bot=False) for number in range(250)))
    service.say(mine(service, f"{MARKER}\r\nold"))
    post(service)
    assert service.bodies()[250:] == [f"{MARKER}\nfirst"]


@pytest.mark.parametrize("stranger", [Comment(f"{MARKER}\nx", "mallory", is_bot=False), Comment(MARKER, "other-app")])
def test_a_comment_of_somebody_else_is_left_alone_whatever_marker_it_has(service: Service, stranger: Comment) -> None:
    service.say(stranger)
    post(service)
    assert service.bodies() == [stranger.body, f"{MARKER}\nfirst"]


def test_a_person_who_is_called_as_the_app_is_is_somebody_else(github: GitHub) -> None:
    github.say(Comment(MARKER, "github-actions", is_bot=False))
    post(github)
    assert len(github.comments) == 2


def test_a_person_with_a_token_of_their_own_finds_their_comment_again(github: GitHub) -> None:
    github.viewer = "ana"
    github.say(Comment(f"{MARKER}\nold", "ana", is_bot=True), Comment(f"{MARKER}\nold", "ana", is_bot=False))
    post(github)
    assert github.bodies() == [f"{MARKER}\nold", f"{MARKER}\nfirst"]


def test_a_comment_whose_account_is_gone_is_nobodys(github: GitHub) -> None:
    github.say(Comment(MARKER, author=""))
    post(github)
    assert len(github.comments) == 2


@pytest.mark.parametrize("body", ["<!-- worthwhile-gate:shop/prod -->\nx", f"> {MARKER}", f"see\n{MARKER}", ""])
def test_only_a_comment_that_begins_with_the_marker_is_replaced(service: Service, body: str) -> None:
    service.say(mine(service, body))
    post(service)
    assert service.bodies() == [body, f"{MARKER}\nfirst"]


def test_an_empty_comment_is_not_a_marker_for_empty_comments() -> None:
    assert not is_marked("", marker_of(""))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_an_error_that_says_which_token(service: Service, status: int) -> None:
    service.refusals["GRAPHQL" if isinstance(service, GitHub) else "GET"] = [(status, b'{"message": "no"}')]
    with pytest.raises(SourceAuthError, match=f"{status}: no") as caught:
        post(service)
    assert "_TOKEN" in caught.value.expected


@pytest.mark.parametrize("status", [404, 410, 422])
def test_what_may_not_be_written_is_an_error(service: Service, status: int) -> None:
    service.refusals["POST"] = [(status, b'{"message": "Validation Failed"}')]
    with pytest.raises(SourceError, match=str(status)):
        post(service)
    assert not service.comments


@pytest.mark.parametrize("status", [429, 500, 502])
def test_a_comment_is_never_written_twice_after_a_failure(service: Service, status: int) -> None:
    service.refusals["POST"] = [(status, b"")]
    with pytest.raises(SourceError):
        post(service)
    assert service.methods() == ["POST"]


def test_looking_and_changing_are_tried_again(service: Service) -> None:
    service.say(mine(service, MARKER))
    for kind in ("GRAPHQL", "GET", "PATCH", "PUT"):
        service.refusals[kind] = [(502, b""), (503, b"")]
    post(service)
    assert service.bodies() == [f"{MARKER}\nfirst"]


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"data": 1}', b"", b"\xff"])
def test_an_answer_of_another_shape_is_an_error(service: Service, content: bytes) -> None:
    service.refusals["GRAPHQL" if isinstance(service, GitHub) else "GET"] = [(200, content)]
    with pytest.raises(SourceError):
        post(service)
    assert not service.methods()


def test_a_service_that_does_not_answer_is_an_error() -> None:
    over = threading.Event()
    with running(GitLab(), over) as service:
        with pytest.raises(SourceError, match="gave no answer"):
            post(service, timeout_seconds=0.05)
        over.set()


def test_a_service_that_is_not_there_is_an_error() -> None:
    nowhere = GitHub(url="http://127.0.0.1:1")
    with pytest.raises(SourceError, match="gave no answer"):
        post(nowhere)


def test_a_redirect_is_not_followed_with_the_token(service: Service) -> None:
    service.refusals["GRAPHQL" if isinstance(service, GitHub) else "GET"] = [(302, b"")]
    with pytest.raises(SourceError, match="302"):
        post(service)


def test_an_error_of_graphql_is_an_error_though_its_status_is_200(github: GitHub) -> None:
    github.refusals["GRAPHQL"] = [(200, json.dumps({"data": None, "errors": [{"message": "no scope"}]}).encode())]
    with pytest.raises(SourceError, match="no scope"):
        post(github)


def test_a_pull_request_that_the_token_does_not_see_is_an_error(github: GitHub) -> None:
    with pytest.raises(SourceError, match="may not see it"):
        post(github, environ={"GITHUB_REF": "refs/pull/8/merge"})


def test_github_com_has_graphql_beside_rest() -> None:
    with running(GitHub()) as service:
        with pytest.raises(SourceError):
            post(service, environ={"GITHUB_API_URL": service.url})
        assert service.asked == [("POST", "/graphql")]


@pytest.mark.parametrize("event", [{"pull_request": {"number": 7}}, {"pull_request": {"number": 7}, "action": "x"}])
def test_the_number_is_taken_from_the_event_where_the_ref_is_a_branch(
    github: GitHub, tmp_path: Path, event: dict[str, object]
) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    post(github, environ={"GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_PATH": str(path)})
    assert github.bodies() == [f"{MARKER}\nfirst"]


@pytest.mark.parametrize("content", [b"{}", b"", b"<", b'{"pull_request": {}}', b"\xff", None])
@pytest.mark.parametrize("ref", ["", "refs/heads/main", "refs/pull", "refs/pull/x/merge", "refs/tags/7"])
def test_where_there_is_no_pull_request_nothing_is_asked(
    github: GitHub, tmp_path: Path, ref: str, content: bytes | None
) -> None:
    path = tmp_path / "event.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError):
        post(github, environ={"GITHUB_REF": ref, "GITHUB_EVENT_PATH": str(path)})
    assert not github.asked


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN") for value in ("", "a b")),
        ("GITHUB_API_URL", "a/b"),
        ("GITHUB_REPOSITORY", "a/../../b"),
    ],
)
def test_a_setting_of_github_that_is_missing_or_misshapen_is_named_and_not_repeated(
    github: GitHub, name: str, value: str
) -> None:
    with pytest.raises(UsageError, match=name) as caught:
        post(github, environ={name: value})
    assert "a b" not in str(caught.value)
    assert not github.asked


@pytest.mark.parametrize(
    "name", ["CI_API_V4_URL", "CI_PROJECT_ID", "CI_MERGE_REQUEST_IID", "WORTHWHILE_GITLAB_TOKEN"]
)
@pytest.mark.parametrize("value", ["", "7 7"])
def test_a_setting_of_gitlab_that_is_missing_or_misshapen_is_named(gitlab: GitLab, name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name):
        post(gitlab, environ={name: value})
    assert not gitlab.asked


def test_a_pipeline_of_a_fork_writes_to_the_project_of_the_merge_request(gitlab: GitLab) -> None:
    post(gitlab, environ={"CI_PROJECT_ID": "99", "CI_MERGE_REQUEST_PROJECT_ID": "51"})
    assert gitlab.bodies() == [f"{MARKER}\nfirst"]


def test_notes_without_an_end_are_an_error(gitlab: GitLab) -> None:
    gitlab.refusals["GET"] = [(200, b'{"id": 1}'), *[(200, b'[{"id": 1, "body": "", "author": {"id": 2}}]')] * 200]
    with pytest.raises(SourcePayloadError, match="more than 100 pages"):
        post(gitlab)
    assert not gitlab.methods()
