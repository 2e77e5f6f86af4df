"""Files from AWS's public price host, without credentials: streamed to disk, continued where they were cut.

Whole means as long as the host said. A versioned file never changes, so a download that broke off goes on where it
stopped, if the host still has the same one (`If-Range`), else from the start.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx2
import msgspec
import stamina

from costcheck.errors import InputFileError, SourceError, SourcePayloadError, SourceRateLimitError
from costcheck.sources.http import RetryPolicy, retry_after_or_backoff

T = TypeVar("T")
AWS_HOST = "https://pricing.us-east-1.amazonaws.com"
PATIENT = RetryPolicy(total_seconds=3600)
"""A file of 300 MB takes minutes, so later breaks must find the policy still willing."""
NETWORK = "check the network and any proxy, then run it again"


class PublicHost(AbstractContextManager["PublicHost"]):
    """The host of the price files.

    Args:
        base_url: AWS's, or a company's copy of it.
        retry: The retry policy.
        timeout_seconds: For connecting and for each read.
    """

    def __init__(
        self, base_url: str = AWS_HOST, *, retry: RetryPolicy = PATIENT, timeout_seconds: float = 60
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._retry = retry
        self._http = httpx2.Client(timeout=timeout_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return f"{self.base_url}{path}"

    def read(self, path: str, target: Path, shape: type[T]) -> T:
        """Return a small JSON file as the typed payload `shape`, saved in `target` on its way.

        Raises:
            SourceError: As for `save`.
            SourcePayloadError: It is HTML, or not of that shape.
        """
        self.save(path, target)
        content = target.read_bytes()
        try:
            return msgspec.json.decode(content, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
            message = f"{self.url(path)} answered {content[:80]!r}: {exc}"
            raise SourcePayloadError(
                message, expected="AWS's index of price files, in JSON", action="check any proxy in between"
            ) from exc

    def save(
        self, path: str, target: Path, progress: Callable[[int, int], None] = lambda _done, _total: None
    ) -> None:
        """Write a file to disk, whole.

        Args:
            path: Below the base URL.
            target: Where to write it; what lies there is replaced.
            progress: Told the bytes on disk, and the bytes of the whole file or 0 where the host does not say.

        Raises:
            SourceError: It is not there, or did not arrive whole in the allowed attempts.
            InputFileError: The disk refused it.
        """
        download = _Download(self._http, self.url(path), target, progress)
        try:
            for attempt in stamina.retry_context(
                on=self._wait,
                attempts=self._retry.attempts,
                timeout=self._retry.total_seconds,
                wait_initial=self._retry.wait_initial_seconds,
                wait_max=self._retry.wait_max_seconds,
                wait_jitter=self._retry.wait_jitter_seconds,
            ):
                with attempt:
                    download.go_on()
        except httpx2.HTTPStatusError as exc:
            raise self._refusal(exc.response) from exc
        except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
            message = f"{self.url(path)} did not arrive whole: {type(exc).__name__} {exc}".rstrip()
            raise SourceError(message, expected="the whole file", action=NETWORK) from exc
        except OSError as exc:
            message = f"{target}: {exc.strerror or exc}"
            raise InputFileError(
                message, expected="room for a price file (up to 1 GB)", action="set TMPDIR to a larger disk"
            ) from exc

    def _wait(self, exc: Exception) -> bool | float:
        if isinstance(exc, httpx2.HTTPStatusError):
            if exc.response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return True
            return retry_after_or_backoff(exc.response, cap_seconds=self._retry.retry_after_max_seconds)
        return isinstance(exc, httpx2.TimeoutException | httpx2.NetworkError | httpx2.RemoteProtocolError)

    def _refusal(self, response: httpx2.Response) -> SourceError:
        seen = f"{response.request.url} answered {response.status_code}"
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return SourceRateLimitError(
                seen, expected=f"an answer within {self._retry.attempts} attempts", action="try again in some minutes"
            )
        if response.status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            action = "check the region and any proxy; no key is needed, so a refusal means that there is no such file"
            return SourceError(seen, expected="a public price file", action=action)
        return SourceError(seen, expected="status 200", action=NETWORK)


class _Download:
    """One file on its way, over as many answers as it takes."""

    def __init__(self, http: httpx2.Client, url: str, target: Path, progress: Callable[[int, int], None]) -> None:
        self._http, self._url, self._target, self._progress = http, url, target, progress
        self._etag = ""

    def go_on(self) -> None:
        """Fetch what is missing.

        Raises:
            httpx2.HTTPError: It broke off again, or the host refused.
        """
        start = self._target.stat().st_size if self._etag else 0
        headers = {"accept-encoding": "identity"}
        if start:
            headers |= {"range": f"bytes={start}-", "if-range": self._etag}
        with self._http.stream("GET", self._url, headers=headers) as response:
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                self._etag = ""  # the next attempt begins anew
            response.raise_for_status()
            self._receive(response, start if self._continues(response, start) else 0)

    def _continues(self, response: httpx2.Response, start: int) -> bool:
        """Return whether an answer goes on at `start`.

        Raises:
            RemoteProtocolError: It goes on somewhere else; the next attempt begins anew.
        """
        if response.status_code != HTTPStatus.PARTIAL_CONTENT:
            return False
        where = response.headers.get("content-range", "")
        if where.startswith(f"bytes {start}-"):
            return True
        self._etag = ""
        message = f"asked for the bytes from {start} on, and was sent {where!r}"
        raise httpx2.RemoteProtocolError(message, request=response.request)

    def _receive(self, response: httpx2.Response, start: int) -> None:
        coded = "content-encoding" in response.headers
        # Offsets count what is sent; of a compressed answer, that is not what is on the disk.
        etag = response.headers.get("etag", "")
        self._etag = "" if coded or etag.startswith("W/") else etag
        announced = int(response.headers.get("content-length", 0))
        total = start + announced if announced and not coded else 0
        with self._target.open("ab" if start else "wb") as file:
            # As it comes: what waits to fill a larger piece would be lost with the connection.
            for piece in response.iter_bytes():
                file.write(piece)
                self._progress(file.tell(), total)
