"""Bills that come in pages with `has_more` and `next_page`, as OpenAI and Anthropic both send them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from costcheck.errors import SourcePayloadError
from costcheck.sources.bills.windows import Window
from costcheck.sources.http import ApiClient, Params, follow_pages


class Paged(Protocol):
    """What every page says about the one after it."""

    @property
    def has_more(self) -> bool:
        """Whether this is not the last page."""

    @property
    def next_page(self) -> str | None:
        """The token that asks for the next one."""


class Timed(Paged, Protocol):
    """A page whose rows stand in buckets of time, or alone."""

    def starts(self) -> Iterable[datetime]:
        """Return when its buckets of time begin; none where it has rows alone."""


P = TypeVar("P", bound=Timed)
STILL_COMING = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """One question to an API.

    Attributes:
        kind: Last word of the endpoint's path.
        params: All but the page's token.
        starts: When the buckets of time begin that the answer must have, empty ones included; none where the API
            answers with rows alone.
    """

    kind: str
    path: str
    params: Params
    starts: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedPage(Generic[P]):
    """One answer, the bucket it belongs to, and the kind of the request."""

    bucket: str
    kind: str
    page: P


def gather_pages(
    client: ApiClient,
    windows: Sequence[Window],
    requests: Callable[[Window], Iterable[PageRequest]],
    shape: type[P],
    on_page: Callable[[], None],
) -> list[FetchedPage[P]]:
    """Return every page of all the requests that the windows need; `on_page` is called after each.

    Raises:
        SourceError: An answer is missing, is no page, or lacks buckets; see `ApiClient.get`, `follow_pages`,
            `next_token` and `refuse_holes`.
    """
    fetched = []
    for window in windows:
        for request in requests(window):
            pages = []
            for page in follow_pages(_pager(client, request, shape), next_token):
                pages.append(page)
                on_page()
            refuse_holes(window, request, {start for page in pages for start in page.starts()})
            fetched += [FetchedPage(bucket=window.bucket, kind=request.kind, page=page) for page in pages]
    return fetched


def bucket_starts(window: Window, start: datetime, end: datetime, width: timedelta) -> tuple[datetime, ...]:
    """Return when the buckets begin that an answer about a part of the window must have.

    Of a window that still runs the last day's are left out: they may come later.
    """
    until = end if window.is_whole else min(end, window.end - STILL_COMING)
    return tuple(start + number * width for number in range(max(-((start - until) // width), 0)))


def refuse_holes(window: Window, request: PageRequest, came: set[datetime]) -> None:
    """Do nothing if an answer has every bucket that was asked for, or none at all.

    Raises:
        SourcePayloadError: It has some alone: usage or costs of the others would silently be missing.
    """
    lacking = [start for start in request.starts if start not in came]
    if came and lacking:
        message = (
            f"{request.path} answered for {window.bucket} without {len(lacking)} of {len(request.starts)} buckets of "
            f"time, the first one that of {lacking[0]:%Y-%m-%dT%H:%MZ}"
        )
        raise SourcePayloadError(
            message,
            expected="every bucket that was asked for, also where it is empty",
            action="run it again; if it repeats, check any proxy in between: nothing of this month was kept",
        )


def _pager(client: ApiClient, request: PageRequest, shape: type[P]) -> Callable[[str | None], P]:
    return lambda token: client.get(request.path, [*request.params, *([("page", token)] if token else [])], shape)


def next_token(page: Paged) -> str | None:
    """Return the next page's token, None on the last page.

    Raises:
        SourcePayloadError: The page says that there is more and does not say where.
    """
    if page.has_more and not page.next_page:
        message = "a page has has_more=true and no next_page"
        raise SourcePayloadError(
            message, expected="a token for the next page", action="run it again; the read is not complete"
        )
    return page.next_page if page.has_more else None
