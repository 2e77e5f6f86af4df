"""Pages that name the next one; every payload here is constructed."""

from dataclasses import dataclass

import pytest

from costcheck.errors import SourcePayloadError
from costcheck.sources.bills.pages import next_token


@dataclass(frozen=True)
class Page:
    has_more: bool
    next_page: str | None


@pytest.mark.parametrize(
    ("page", "token"),
    [(Page(has_more=True, next_page="b"), "b"), (Page(has_more=False, next_page=None), None)],
)
def test_a_page_leads_to_the_next_one_until_the_last(page: Page, token: str | None) -> None:
    assert next_token(page) == token


def test_the_last_page_has_no_next_one_whatever_it_names() -> None:
    assert next_token(Page(has_more=False, next_page="b")) is None


@pytest.mark.parametrize("token", [None, ""])
def test_more_pages_without_a_token_are_an_error(token: str | None) -> None:
    with pytest.raises(SourcePayloadError, match="no next_page"):
        next_token(Page(has_more=True, next_page=token))
