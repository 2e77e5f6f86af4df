"""Pages that name the next one; every payload here is constructed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from costcheck.errors import SourcePayloadError
from costcheck.sources.bills.pages import PageRequest, bucket_starts, next_token, refuse_holes
from costcheck.sources.bills.windows import Window, month_windows

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
DAY = timedelta(days=1)


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


def month(name: int) -> Window:
    (window,) = month_windows(date(2026, name, 1), date(2026, name, 1), now=NOW)
    return window


def days(window: Window) -> tuple[datetime, ...]:
    return bucket_starts(window, window.start, window.end, DAY)


def asked(window: Window) -> PageRequest:
    return PageRequest(kind="costs", path="/organization/costs", params=(), starts=days(window))


def test_a_month_that_is_over_has_a_bucket_for_each_day() -> None:
    assert [start.day for start in days(month(10))] == list(range(1, 32))


def test_of_a_month_that_still_runs_the_last_day_may_come_later() -> None:
    assert [start.day for start in days(month(11))] == list(range(1, 23))


def test_an_answer_with_some_buckets_alone_is_refused_and_the_first_missing_one_named() -> None:
    came = {start for start in days(month(10)) if start.day <= 13}
    with pytest.raises(SourcePayloadError, match=r"2026-10 without 18 of 31 .* 2026-10-14T00:00Z"):
        refuse_holes(month(10), asked(month(10)), came)


def test_an_answer_with_every_bucket_or_with_none_is_taken() -> None:
    refuse_holes(month(10), asked(month(10)), set(days(month(10))))
    refuse_holes(month(10), asked(month(10)), set())
