"""Writing the comment: whatever happens, one line on standard error at most and no exception."""

import sys
from collections.abc import Iterator
from typing import Literal

import pytest

import costcheck.comments
from costcheck.cli.comment import post_comment
from tests.costcheck.comments.services import TOKEN, GitHub, GitLab, Service, running
from tests.costcheck.comments.test_comments import MARKER, github_environ, gitlab_environ

BODY = f"{MARKER}\nfirst"
Where = Literal["github", "gitlab"]


@pytest.fixture
def github() -> Iterator[GitHub]:
    fresh = GitHub()
    with running(fresh):
        yield fresh


def test_a_written_comment_says_nothing(github: GitHub, capsys: pytest.CaptureFixture[str]) -> None:
    post_comment(lambda: BODY, github_environ(github), "github")
    assert github.bodies() == [BODY]
    assert capsys.readouterr() == ("", "")


def test_the_note_goes_to_gitlab_where_it_is_asked_for() -> None:
    with running(GitLab()) as service:
        post_comment(lambda: BODY, gitlab_environ(service), "gitlab")
        assert service.bodies() == [BODY]


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_refusal_is_one_line_on_standard_error(
    github: GitHub, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    github.refusals["POST"] = [(status, f'{{"message": "no\\n\\u001b[31m {TOKEN}"}}'.encode())]
    post_comment(lambda: BODY, github_environ(github), "github")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("The comment was not written to github: ")
    assert str(status) in err
    assert err.count("\n") == 1
    assert "\x1b" not in err
    assert TOKEN not in err


@pytest.mark.parametrize("where", ["github", "gitlab"])
def test_a_bare_environment_is_one_line_too(capsys: pytest.CaptureFixture[str], where: Where) -> None:
    post_comment(lambda: BODY, {}, where)
    assert "is not set (expected: " in capsys.readouterr().err


def broken(*_: object, **__: object) -> None:
    message = "a mistake of ours"
    raise ZeroDivisionError(message)


def test_a_mistake_of_ours_is_no_crash(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(costcheck.comments, "post_to_github", broken)
    post_comment(lambda: BODY, {}, "github")
    assert "a mistake of ours" in capsys.readouterr().err


class Closed:
    """A standard error that takes nothing."""

    encoding = "utf-8"

    def write(self, _: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def test_a_closed_standard_error_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Closed())
    post_comment(lambda: BODY, {}, "github")


def test_a_service_is_asked_only_once_it_is_known_which(github: Service) -> None:
    post_comment(lambda: BODY, gitlab_environ(github), "github")
    assert not github.asked


def test_an_answer_that_cannot_be_rendered_is_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> str:
        message = "a mistake of ours"
        raise RuntimeError(message)

    post_comment(broken, {}, "github")

    assert "a mistake of ours" in capsys.readouterr().err
