"""The one client: what is tried again, what is refused, and what is never printed."""

from __future__ import annotations

import http.server
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx2
import msgspec
import pytest
import stamina.instrumentation

from costcheck.errors import SourceAuthError, SourceError, SourcePayloadError, SourceRateLimitError, UsageError
from costcheck.sources import http as http_module
from costcheck.sources.http import ApiClient, RetryPolicy, follow_pages, retry_after_or_backoff, telling_waits

if TYPE_CHECKING:
    from tests.costcheck.conftest import Answer, Loopback

AT_ONCE = RetryPolicy(
    attempts=3, wait_initial_seconds=0, wait_max_seconds=0, wait_jitter_seconds=0, retry_after_max_seconds=0
)
KEY = "sk-admin-secret"
OTHER_KEY = "master-key-of-the-proxy"


class Shape(msgspec.Struct):
    number: int


def client(url: str, timeout_seconds: float = 5.0) -> ApiClient:
    return ApiClient(
        url,
        {"authorization": f"Bearer {KEY}"},
        key_help="an admin key",
        retry=AT_ONCE,
        timeout_seconds=timeout_seconds,
    )


def get(url: str, timeout_seconds: float = 5.0) -> Shape:
    with client(url, timeout_seconds) as api:
        return api.get("/v1/page", [("a[]", "x"), ("a[]", "y")], Shape)


def response(status: int, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_list_of_values_is_repeated_in_the_query(loopback: Loopback, answer: type[Answer]) -> None:
    loopback.say(answer(b'{"number": 1, "unknown": 2}'))
    assert get(loopback.url).number == 1
    assert loopback.asked == [("/v1/page", [("a[]", "x"), ("a[]", "y")])]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_failure_that_passes_is_tried_again(loopback: Loopback, answer: type[Answer], status: int) -> None:
    loopback.say(answer(status=status), answer(status=status), answer(b'{"number": 1}'))
    assert get(loopback.url).number == 1
    assert len(loopback.asked) == 3


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_name_the_key_that_is_needed_and_never_the_key(
    loopback: Loopback, answer: type[Answer], status: int
) -> None:
    loopback.say(answer(f"wrong key {KEY}".encode(), status=status))
    with pytest.raises(SourceAuthError, match="an admin key") as caught:
        get(loopback.url)
    assert KEY not in str(caught.value)
    assert len(loopback.asked) == 1


@pytest.mark.parametrize("status", [400, 429, 500])
@pytest.mark.parametrize("secret", [KEY, OTHER_KEY, "a-long-password", b64encode(b"me:a-long-password").decode()])
def test_no_answer_repeats_a_key_whatever_its_status(
    loopback: Loopback, answer: type[Answer], status: int, secret: str
) -> None:
    # The key begins within what is shown and ends behind it.
    loopback.say(answer(f"{'x' * 70} {secret}".encode(), status=status))
    basic = b64encode(b"me:a-long-password").decode()
    headers = {"x-api-key": OTHER_KEY, "authorization": f"Basic {basic}"}
    with ApiClient(loopback.url, headers, key_help="", retry=AT_ONCE) as api, pytest.raises(SourceError) as caught:
        api.get("/v1/page", [], Shape)
    assert caught.value.seen.endswith(f"{'x' * 70} [key]'")


def test_429_until_the_attempts_run_out_is_a_rate_limit(loopback: Loopback, answer: type[Answer]) -> None:
    loopback.say(answer(status=429, headers={"retry-after": "0"}))
    with pytest.raises(SourceRateLimitError, match="429") as caught:
        get(loopback.url)
    assert len(loopback.asked) == 3
    assert "wait a few minutes" in caught.value.action


def test_an_answer_that_asks_for_too_long_a_wait_is_not_asked_again_early(
    loopback: Loopback, answer: type[Answer]
) -> None:
    loopback.say(answer(status=429, headers={"retry-after": "3600"}))
    with pytest.raises(SourceRateLimitError, match="asks to wait 3,600 seconds") as caught:
        get(loopback.url)
    assert len(loopback.asked) == 1
    assert "waits of at most 0 seconds" in caught.value.expected
    assert "wait 3,600 seconds and run it again" in caught.value.action


def test_a_server_that_keeps_failing_is_a_source_error(loopback: Loopback, answer: type[Answer]) -> None:
    loopback.say(answer(b"oops", status=500))
    with pytest.raises(SourceError, match="/v1/page answered 500: 'oops'"):
        get(loopback.url)


def test_a_bad_request_is_not_tried_again(loopback: Loopback, answer: type[Answer]) -> None:
    loopback.say(answer(b'{"error":"no such group_by"}', status=400))
    with pytest.raises(SourceError, match="no such group_by"):
        get(loopback.url)
    assert len(loopback.asked) == 1


def test_of_several_waits_that_azure_asks_for_the_longest_counts() -> None:
    headers = {
        "retry-after": "3",
        "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after": "17",
        "x-ms-ratelimit-microsoft.costmanagement-tenant-retry-after": "5",
    }
    assert retry_after_or_backoff(httpx2.Response(429, headers=headers), cap_seconds=60) == 17


def test_what_azure_says_of_its_remaining_budget_is_no_wait() -> None:
    headers = {"x-ms-ratelimit-microsoft.costmanagement-qpu-remaining": "17"}
    assert retry_after_or_backoff(httpx2.Response(429, headers=headers), cap_seconds=60) is True


def test_a_date_that_is_none_asks_for_no_wait_of_its_own() -> None:
    date = "Wed, 25 Nov 2026 12:00:00 GMT"
    headers = {"retry-after": date, "date": f"Thu, 26 Nov 2026 12:28:08 GMT, {date}"}
    assert retry_after_or_backoff(httpx2.Response(503, headers=headers), cap_seconds=60) is True


def test_a_redirect_is_not_followed_with_the_key(loopback: Loopback, answer: type[Answer]) -> None:
    loopback.say(answer(status=302, headers={"location": f"{loopback.url}/elsewhere"}))
    with pytest.raises(SourceError, match="302"):
        get(loopback.url)
    assert [path for path, _ in loopback.asked] == ["/v1/page"]


@pytest.mark.parametrize(
    "body", [b"<html><title>Sign in</title></html>", b'{"number": 1', b"{}", b'{"number": "1"}', b"", b"\xff\xfe"]
)
def test_what_is_not_the_payload_is_shown_with_its_path(
    loopback: Loopback, answer: type[Answer], body: bytes
) -> None:
    loopback.say(answer(body))
    with pytest.raises(SourcePayloadError, match="/v1/page answered"):
        get(loopback.url)


def test_only_the_start_of_a_wrong_answer_is_shown(loopback: Loopback, answer: type[Answer]) -> None:
    loopback.say(answer(b"<html>" + b"x" * 500))
    with pytest.raises(SourcePayloadError) as caught:
        get(loopback.url)
    assert "x" * 74 in caught.value.seen
    assert "x" * 75 not in caught.value.seen


def test_nothing_of_broken_json_is_shown_for_it_may_be_a_prompt(loopback: Loopback, answer: type[Answer]) -> None:
    loopback.say(answer(b'{"data": [{"messages": "a prompt", "number": 1'))
    with pytest.raises(SourcePayloadError, match="answered 46 bytes of JSON") as caught:
        get(loopback.url)
    assert "prompt" not in str(caught.value)


def test_a_server_that_does_not_answer_in_time_is_a_source_error(
    loopback: Loopback, hanging: Callable[[str, list[tuple[str, str]]], Answer]
) -> None:
    loopback.answer = hanging
    with pytest.raises(SourceError, match="gave no answer: ReadTimeout"):
        get(loopback.url, timeout_seconds=0.05)
    assert len(loopback.asked) == 3


def test_nobody_listening_is_a_source_error() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        port = server.server_port
    with pytest.raises(SourceError, match="ConnectError"):
        get(f"http://127.0.0.1:{port}")


def test_retry_after_in_seconds_is_honoured_up_to_the_cap() -> None:
    assert retry_after_or_backoff(response(429, retry_after="60"), cap_seconds=60) == 60
    assert retry_after_or_backoff(response(503, retry_after="61"), cap_seconds=60) is False


def test_five_minutes_are_waited_for() -> None:
    assert (
        retry_after_or_backoff(response(429, retry_after="300"), cap_seconds=RetryPolicy().retry_after_max_seconds)
        == 300
    )
    assert RetryPolicy().total_seconds > 2 * 300


def test_retry_after_as_a_date_counts_from_the_answers_own_date() -> None:
    dated = response(429, retry_after="Mon, 23 Nov 2026 10:00:30 GMT", date="Mon, 23 Nov 2026 10:00:00 GMT")
    assert retry_after_or_backoff(dated, cap_seconds=60) == 30


def test_a_retry_after_in_the_past_waits_no_negative_time() -> None:
    dated = response(429, retry_after="Mon, 23 Nov 2026 09:00:00 GMT", date="Mon, 23 Nov 2026 10:00:00 GMT")
    assert retry_after_or_backoff(dated, cap_seconds=60) == 0


@pytest.mark.parametrize("text", ["soon", "-1", "", "Mon, 99 Nov 2026 10:00:30 GMT"])
def test_a_retry_after_that_cannot_be_read_leaves_the_usual_wait(text: str) -> None:
    assert retry_after_or_backoff(response(429, retry_after=text), cap_seconds=60) is True


def test_pages_end_at_the_page_without_a_token_and_an_empty_one_is_passed() -> None:
    pages = {None: (["a"], "1"), "1": ([], "2"), "2": (["b"], None)}
    came = [rows for rows, _ in follow_pages(lambda token: pages[token], lambda page: page[1])]
    assert came == [["a"], [], ["b"]]


def test_a_page_token_that_comes_twice_is_an_error_and_not_an_endless_loop() -> None:
    pages = {None: "1", "1": "2", "2": "1"}
    with pytest.raises(SourcePayloadError, match="'1' came twice"):
        list(follow_pages(lambda token: pages[token], lambda page: page))


def test_a_retry_prints_nothing_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    code = "import costcheck.sources.http, logging; logging.getLogger('stamina').warning('stamina.retry_scheduled')"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own code
    assert "stamina" not in capfd.readouterr().err


def test_a_path_that_is_not_there_says_which_address_the_base_url_stands_in_place_of(
    loopback: Loopback, answer: type[Answer]
) -> None:
    loopback.say(answer(status=404), answer(status=404), answer(status=503), answer(status=503), answer(status=503))
    default = "https://api.openai.com/v1"
    with ApiClient(loopback.url, {}, key_help="", retry=AT_ONCE, default_url=default) as api:
        with pytest.raises(SourceError) as caught:
            api.get("/organization/costs", [], Shape)
        assert f"{loopback.url}/organization/costs was asked" in caught.value.action
        assert f"in place of {default}, its path included" in caught.value.action
    with client(loopback.url) as api, pytest.raises(SourceError) as caught:
        api.get("/v1/page", [], Shape)
    assert caught.value.action == f"{loopback.url}/v1/page was asked: check that address, then run it again"
    with client(loopback.url) as api, pytest.raises(SourceError, match="503") as caught:
        api.get("/v1/page", [], Shape)
    assert "was asked" not in caught.value.action


def test_every_timeout_is_told(loopback: Loopback, hanging: Callable[[str, list[tuple[str, str]]], Answer]) -> None:
    loopback.answer = hanging
    told: list[str] = []
    with telling_waits(told.append), pytest.raises(SourceError, match="ReadTimeout"):
        get(loopback.url, timeout_seconds=0.05)
    assert told == [f"no answer came (ReadTimeout); waiting 0 seconds before retry {number}" for number in (1, 2)]


def test_a_path_that_is_not_there_names_another_way_where_there_is_one(
    loopback: Loopback, answer: type[Answer]
) -> None:
    loopback.say(answer(status=404))
    with (
        ApiClient(loopback.url, {}, key_help="", retry=AT_ONCE, instead="use the older one") as api,
        pytest.raises(SourceError) as caught,
    ):
        api.get("/new", [], Shape)
    assert (
        caught.value.action
        == f"use the older one; else {loopback.url}/new was asked: check that address, then run it again"
    )


def test_a_long_wait_is_told_and_a_short_one_is_not(
    loopback: Loopback, answer: type[Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stamina.instrumentation.get_on_retry_hooks()
    told: list[str] = []
    for shortest in (0.0, 0.1):
        monkeypatch.setattr(http_module, "SHORTEST_WAIT_TOLD", shortest)
        loopback.say(answer(status=429), answer(b'{"number": 1}'))
        with telling_waits(told.append):
            get(loopback.url)
    assert told == ["the answer was 429; waiting 0 seconds before retry 1"]
    assert stamina.instrumentation.get_on_retry_hooks() == before


@pytest.mark.parametrize("spoilt", [f"{KEY}\n", f"{KEY} ", f"{KEY}\u2019", f"{KEY}\x00"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_quoted(spoilt: str) -> None:
    with pytest.raises(UsageError) as caught:
        ApiClient("https://api.example", {"authorization": f"Bearer {spoilt}"}, key_help="an admin key")
    assert KEY not in str(caught.value)
    assert caught.value.expected == "an admin key"


@pytest.mark.parametrize("url", ["http://user:hidden@proxy", "https://hidden@[::1]:4000/v1"])
def test_a_base_url_with_a_password_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(UsageError, match="base URL holds a user name") as caught:
        client(url)
    assert "hidden" not in str(caught.value)


SCOPES = "You have insufficient permissions for this operation. Missing scopes: api.usage.read."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": SCOPES, "type": "invalid_request_error"}}, SCOPES),
        ({"error": SCOPES}, SCOPES),
        ({"type": "error", "error": {"type": "permission_error", "message": "no access"}}, "no access"),
        ({"detail": "not an admin"}, "not an admin"),
        ({"error": {"message": f"Incorrect key: {KEY}."}}, "Incorrect key: [key]."),
        ({"error": {"message": f"Got Bearer {OTHER_KEY}, which is unknown"}}, "Got Bearer [key], which is unknown"),
        ({"error": {"message": "wrong: abc****wxyz"}}, "wrong: [key]"),
        ({"error": {"message": "a\x1b[31m\nb"}}, "a[31m b"),
        ({"error": {"message": "x" * 190 + " " + KEY}}, "x" * 190 + " [key]"),
        ({"error": {"message": "long " * 100}}, ("long " * 100)[:200] + "..."),
        ({"error": 3}, ""),
        (["error"], ""),
    ],
)
def test_a_refusal_passes_on_the_servers_reason_and_never_a_key(
    loopback: Loopback, answer: type[Answer], body: object, said: str
) -> None:
    loopback.say(answer(msgspec.json.encode(body), status=403))
    with (
        ApiClient(
            loopback.url,
            {"authorization": f"Bearer {KEY}", "x-api-key": OTHER_KEY},
            key_help="an admin key",
            retry=AT_ONCE,
        ) as api,
        pytest.raises(SourceAuthError) as caught,
    ):
        api.get("/v1/page", [], Shape)
    assert caught.value.seen == "/v1/page answered 403" + (f": {said}" if said else "")
    assert KEY not in str(caught.value)
    assert OTHER_KEY not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b'{"error'])
def test_a_refusal_without_json_is_only_its_status(loopback: Loopback, answer: type[Answer], body: bytes) -> None:
    loopback.say(answer(body, status=401))
    with pytest.raises(SourceAuthError) as caught:
        get(loopback.url)
    assert caught.value.seen == "/v1/page answered 401"
