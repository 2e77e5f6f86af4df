"""One HTTP client with one retry policy and one timeout, for every source that is not AWS."""

import logging
import re
import ssl
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
import msgspec
import stamina
import stamina.instrumentation

from costcheck.errors import SourceAuthError, SourceError, SourcePayloadError, SourceRateLimitError, UsageError

# Without a handler, logging prints stamina's bare "stamina.retry_scheduled" on standard error.
logging.getLogger("stamina").addHandler(logging.NullHandler())

T = TypeVar("T")
Params = Sequence[tuple[str, str | int]]
EXCERPT_CHARACTERS = 80
REASON_CHARACTERS = 200
SHORTEST_SECRET = 8
LIKE_A_KEY = re.compile(r"\bsk-\S+|\S*\*{3,}\S*")
"""A key as providers write them, or one that a server has partly covered with asterisks."""
AZURE_RETRY_AFTER = re.compile(r"x-ms-ratelimit-microsoft\.(?:costmanagement|consumption)(?:-[a-z]+)?-retry-after")
"""Azure Cost Management throttles by client, tenant and query units, and names a wait for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how long a call is tried again; tests pass zeros, so that they do not sleep.

    Attributes:
        attempts: Tries in all, the first one included.
        total_seconds: A failure later than this is the last one.
        wait_initial_seconds: First wait of the exponential back-off.
        wait_max_seconds: Its cap.
        wait_jitter_seconds: Upper end of the random part of each wait.
        retry_after_max_seconds: A Retry-After header that asks for more is not waited for: it is the end.
        timeout_seconds: For connecting and for each read of one try, where the client names no other.
    """

    attempts: int = 6
    total_seconds: float = 900.0
    wait_initial_seconds: float = 1.0
    wait_max_seconds: float = 30.0
    wait_jitter_seconds: float = 1.0
    retry_after_max_seconds: float = 600.0
    timeout_seconds: float = 60.0


@cache
def _trusted() -> ssl.SSLContext:
    """Return the certificates that are trusted; reading them takes longer than most answers."""
    return httpx2.create_ssl_context()


class ApiClient:
    """A JSON API: checked status, typed payload.

    Args:
        base_url: Scheme, host and path prefix; a company's proxy or a test's loopback server fits too.
        headers: Sent with every request; they hold the key and are never printed.
        key_help: Which kind of key the source needs and where it is made, for the message on 401 and 403.
        retry: The retry policy.
        timeout_seconds: For connecting and for each read; the policy's own by default.
        default_url: Where it is without --base-url, for the message on 404; empty where there is no such place.
        instead: Another way to the same for whom the API is not open, for that message.

    Raises:
        UsageError: A key that no header can carry, or a URL that holds a password.
    """

    def __init__(  # noqa: PLR0913 - what a client is made of, all named
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        key_help: str,
        retry: RetryPolicy | None = None,
        timeout_seconds: float | None = None,
        default_url: str = "",
        instead: str = "",
    ) -> None:
        _refuse_unsendable(headers.values(), key_help)
        _refuse_password(base_url)
        self.base_url = base_url.rstrip("/")
        self._default_url = default_url
        self._instead = f"{instead}; else " if instead else ""
        self._key_help = key_help
        self._secrets = [secret for value in headers.values() for secret in _secrets_of(value)]
        self._retry = retry or RetryPolicy()
        self._http = httpx2.Client(
            headers=dict(headers), timeout=timeout_seconds or self._retry.timeout_seconds, verify=_trusted()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, params: Params, shape: type[T]) -> T:
        """Return one answer as the typed payload `shape`; keys that the shape does not name are not read.

        Raises:
            SourceAuthError: 401 or 403.
            SourceRateLimitError: Still 429 after the last attempt.
            SourceError: Another status, a timeout or no connection.
            SourcePayloadError: HTML, cut JSON, or a missing or mistyped key.
        """
        return self._ask("GET", path, shape, repeatable=True, params=list(params))

    def send(self, method: str, path: str, body: object, shape: type[T], *, repeatable: bool) -> T:
        """Return the answer to a body of JSON as the typed payload `shape`.

        Args:
            method: POST, PATCH or PUT.
            path: Below `base_url`.
            body: What msgspec can encode.
            shape: Keys that it does not name are not read.
            repeatable: Whether it may be tried again: what creates something might create it twice.

        Raises:
            SourceError: As for `get`.
        """
        headers = {"content-type": "application/json"}
        content = msgspec.json.encode(body)
        return self._ask(method, path, shape, repeatable=repeatable, content=content, headers=headers)

    def submit(self, path: str, fields: Mapping[str, str], shape: type[T]) -> T:
        """Return the answer to a form as the typed payload `shape`; for asking only, as it may be tried again.

        Raises:
            SourceError: As for `get`.
        """
        self._secrets += [value for name, value in fields.items() if "secret" in name]
        return self._ask("POST", path, shape, repeatable=True, data=dict(fields))

    def _ask(self, method: str, path: str, shape: type[T], *, repeatable: bool, **request: Any) -> T:  # noqa: ANN401 - httpx2's own arguments
        response = self._send(method, path, attempts=self._retry.attempts if repeatable else 1, **request)
        try:
            return msgspec.json.decode(response.content, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            message = f"{path} answered {_what_came(response.content)}: {exc}"
            raise SourcePayloadError(
                message,
                expected="the documented JSON payload",
                action="check --base-url and any proxy in between; nothing was read from this answer",
            ) from exc

    def _send(self, method: str, path: str, *, attempts: int, **request: Any) -> httpx2.Response:  # noqa: ANN401 - the same
        try:
            for attempt in stamina.retry_context(
                on=self._wait,
                attempts=attempts,
                timeout=self._retry.total_seconds,
                wait_initial=self._retry.wait_initial_seconds,
                wait_max=self._retry.wait_max_seconds,
                wait_jitter=self._retry.wait_jitter_seconds,
            ):
                with attempt:
                    response = self._http.request(method, f"{self.base_url}{path}", **request)
                    response.raise_for_status()
        except httpx2.HTTPStatusError as exc:
            raise self._refusal(path, exc.response) from exc
        except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
            message = f"{self.base_url}{path} gave no answer: {type(exc).__name__} {exc}".rstrip()
            raise SourceError(
                message,
                expected="an HTTP answer",
                action="check the network and --base-url, then run it again",
            ) from exc
        return response

    def _wait(self, exc: Exception) -> bool | float:
        if isinstance(exc, httpx2.HTTPStatusError):
            return retry_after_or_backoff(exc.response, cap_seconds=self._retry.retry_after_max_seconds)
        return isinstance(exc, httpx2.TimeoutException | httpx2.NetworkError | httpx2.RemoteProtocolError)

    def _refusal(self, path: str, response: httpx2.Response) -> SourceError:
        status = response.status_code
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            reason = server_reason(response.content, self._secrets)
            return SourceAuthError(
                f"{path} answered {status}" + (f": {reason}" if reason else ""),
                expected=self._key_help,
                action="set that key, with the rights that the answer asks for, then run it again",
            )
        # Shortened twice: half a key is not recognised any more, and all of a long answer takes long.
        text = response.content[: 20 * EXCERPT_CHARACTERS].decode("utf-8", errors="replace")
        seen = f"{path} answered {status}: {_without_keys(text, self._secrets)[:EXCERPT_CHARACTERS]!r}"
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = asked_wait(response)
            is_long = wait is not None and wait > self._retry.retry_after_max_seconds
            return SourceRateLimitError(
                f"{seen}, and asks to wait {wait:,.0f} seconds" if is_long else seen,
                expected=f"an answer within {self._retry.attempts} attempts and waits of at most "
                f"{self._retry.retry_after_max_seconds:,.0f} seconds",
                action=f"wait {f'{wait:,.0f} seconds' if is_long else 'a few minutes'} and run it again; what was "
                "already in the ledger is untouched",
            )
        return SourceError(
            seen,
            expected="status 200",
            action=f"{self._instead}{self._way_to(path)}"
            if status == HTTPStatus.NOT_FOUND
            else "check the source's status page and --base-url, then run it again",
        )

    def _way_to(self, path: str) -> str:
        asked = f"{self.base_url}{path} was asked"
        if self._default_url in {"", self.base_url}:
            return f"{asked}: check that address, then run it again"
        return f"{asked}: --base-url stands in place of {self._default_url}, its path included"


SHORTEST_WAIT_TOLD = 5.0
"""In seconds; a shorter wait before another try is nothing to tell anybody, but that no answer came is."""


@contextmanager
def telling_waits(tell: Callable[[str], None]) -> Iterator[None]:
    """Have every wait before another try told in words, while the block runs."""

    def scheduled(details: stamina.instrumentation.RetryDetails) -> None:
        cause = details.caused_by
        status = cause.response.status_code if isinstance(cause, httpx2.HTTPStatusError) else 0
        # Whoever waited for an answer in vain has waited long enough to be told.
        if details.wait_for >= SHORTEST_WAIT_TOLD or not status:
            reason = f"the answer was {status}" if status else f"no answer came ({type(cause).__name__})"
            tell(f"{reason}; waiting {details.wait_for:.0f} seconds before retry {details.retry_num}")

    before = stamina.instrumentation.get_on_retry_hooks()
    stamina.instrumentation.set_on_retry_hooks((*before, scheduled))
    try:
        yield
    finally:
        stamina.instrumentation.set_on_retry_hooks(before)


def _refuse_unsendable(values: Iterable[str], key_help: str) -> None:
    # The HTTP library would refuse them too, and quote the whole key in its message.
    if any(not value.isascii() or not value.isprintable() or value != value.strip() for value in values):
        message = "the key has a line break, a space at its end or a letter that no HTTP header can carry"
        raise UsageError(message, expected=key_help, action="set it again without blanks or quotes around it")


def _refuse_password(base_url: str) -> None:
    # It would replace the key in the header, and stand in messages and in the ledger's source_url.
    if "@" in base_url.partition("://")[2].partition("/")[0]:
        message = "the base URL holds a user name or a password"
        raise UsageError(
            message, expected="https://host/path, with the key in its own variable", action="leave it out"
        )


def retry_after_or_backoff(response: httpx2.Response, *, cap_seconds: float) -> bool | float:
    """Return the seconds that an answer asks to wait, True for the usual back-off, False for no retry.

    No retry also where it asks for more than the cap: to ask again early is what it forbids.
    """
    if response.status_code != HTTPStatus.TOO_MANY_REQUESTS and not response.is_server_error:
        return False
    asked = asked_wait(response)
    if asked is None:
        return True
    return asked if asked <= cap_seconds else False


def asked_wait(response: httpx2.Response) -> float | None:
    """Return the seconds that an answer asks to wait, the longest of several; None where it asks for none.

    Retry-After as an HTTP date is counted from the answer's own Date header (RFC 9110, section 10.2.3), so that no
    clock of ours is needed and a wrong one does no harm.
    """
    date = response.headers.get("date", "")
    waits = [value for name, value in response.headers.items() if AZURE_RETRY_AFTER.fullmatch(name)]
    seconds = [_asked_seconds(wait, date) for wait in (response.headers.get("retry-after", ""), *waits)]
    return max((max(wait, 0.0) for wait in seconds if wait is not None), default=None)


def _asked_seconds(retry_after: str, date: str) -> float | None:
    if retry_after.strip().isdecimal():
        return float(retry_after)
    until, since = _http_date(retry_after), _http_date(date)
    return (until - since).total_seconds() if until and since else None


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else None


def follow_pages(fetch: Callable[[str | None], T], next_token: Callable[[T], str | None]) -> Iterator[T]:
    """Yield every page once, from the first to the one without a next token.

    Raises:
        SourcePayloadError: A token came a second time, so the pages would never end.
    """
    seen: set[str] = set()
    page = fetch(None)
    yield page
    while (token := next_token(page)) is not None:
        if token in seen:
            message = f"the page token {token[:EXCERPT_CHARACTERS]!r} came twice"
            raise SourcePayloadError(
                message,
                expected="a new token on each page",
                action="run it again; if it repeats, report it to the source: its pages loop",
            )
        seen.add(token)
        page = fetch(token)
        yield page


def server_reason(content: bytes, secrets: Iterable[str]) -> str:
    """Return a refusal's own words on one line, without anything like a key; empty where there are none.

    Args:
        content: The body of the answer: JSON with `error`, `detail` or `message`, as text or one level down.
        secrets: What must never be printed, wherever a server repeats it.
    """
    try:
        text = _message(msgspec.json.decode(content))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    # Before shortening: half a key is not recognised any more. What cannot be printed could steer a terminal.
    text = " ".join(_without_keys(text, secrets).split())
    text = "".join(character for character in text if character.isprintable())
    return text if len(text) <= REASON_CHARACTERS else f"{text[:REASON_CHARACTERS]}..."


def _secrets_of(header: str) -> tuple[str, ...]:
    """Return what of a header must never be printed: the key, or of `Basic` the password that it encodes, too."""
    kind, _, value = header.rpartition(" ")
    if kind.lower() != "basic":
        return (value,)
    try:
        return value, b64decode(value).decode().partition(":")[2]
    except ValueError:
        return (value,)


def _without_keys(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "[key]")
    return LIKE_A_KEY.sub("[key]", text)


def _message(body: object) -> str:
    if isinstance(body, dict):
        return next((_message(body[key]) for key in ("error", "detail", "message") if key in body), "")
    return body if isinstance(body, str) else ""


def _what_came(content: bytes) -> str:
    """Return how an answer begins; of one that begins like data its length alone, for it may quote prompts."""
    is_data = content.lstrip()[:1] in {b"{", b"["}
    return f"{len(content)} bytes of JSON" if is_data and len(content) > len(b"{}") else repr(_excerpt(content))


def _excerpt(content: bytes) -> str:
    return content[:EXCERPT_CHARACTERS].decode("utf-8", errors="replace")
