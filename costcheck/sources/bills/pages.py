"""Bills that come in pages with `has_more` and `next_page`, as OpenAI and Anthropic both send them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
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


P = TypeVar("P", bound=Paged)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """One question to an API; `kind` is the last word of the endpoint's path, `params` all but the page's token."""

    kind: str
    path: str
    params: Params


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
        SourceError: An answer is missing, or is no page; see `ApiClient.get`, `follow_pages` and `next_token`.
    """
    fetched = []
    for window in windows:
        for request in requests(window):
            for page in follow_pages(_pager(client, request, shape), next_token):
                fetched.append(FetchedPage(bucket=window.bucket, kind=request.kind, page=page))
                on_page()
    return fetched


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
