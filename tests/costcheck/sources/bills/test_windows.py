"""The buckets in which bills are read: whole months, or completed days."""

from datetime import UTC, date, datetime

from costcheck.sources.bills.windows import bucket_window, day_windows, month_windows

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


def test_a_month_is_whole_once_it_is_over() -> None:
    windows = month_windows(date(2026, 10, 5), date(2026, 11, 1), now=NOW)
    assert [(window.bucket, window.is_whole) for window in windows] == [("2026-10", True), ("2026-11", False)]


def test_days_are_buckets_of_their_own_across_months() -> None:
    windows = day_windows(date(2026, 10, 31), date(2026, 11, 1), now=NOW)
    assert [window.bucket for window in windows] == ["2026-10-31", "2026-11-01"]
    assert [window.end for window in windows] == [datetime(2026, 11, day, tzinfo=UTC) for day in (1, 2)]


def test_the_day_that_is_still_running_is_not_read() -> None:
    windows = day_windows(date(2026, 11, 22), date(2026, 11, 30), now=NOW)
    assert [(window.bucket, window.is_whole) for window in windows] == [("2026-11-22", True)]


def test_a_day_in_the_future_is_no_window() -> None:
    assert day_windows(date(2026, 11, 23), date(2026, 11, 30), now=NOW) == ()


def test_a_buckets_name_tells_its_window() -> None:
    day, month = bucket_window("2026-12-31"), bucket_window("2026-12")
    assert (day.start.day, day.end, month.start.day, month.end) == (
        31,
        month.end,
        1,
        datetime(2027, 1, 1, tzinfo=UTC),
    )
    assert day.is_whole
    assert month.is_whole
