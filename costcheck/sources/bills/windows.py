"""Whole UTC months, or days where an API forgets soon: the buckets in which bills are read, and read again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

MONTHS_IN_A_YEAR = 12
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One bucket: a month, cut off at the moment of reading, or a day.

    Attributes:
        bucket: `2026-05`, or `2026-05-01`.
        start: First instant, UTC.
        end: First instant after it, UTC.
    """

    bucket: str
    start: datetime
    end: datetime

    @property
    def is_whole(self) -> bool:
        """Return whether the month, or the day, was over at the moment of reading."""
        by_day = self.bucket == f"{self.start:%Y-%m-%d}"
        return self.end == (self.start + DAY if by_day else month_start(self.start, shift=1))

    def parts(self, width: timedelta) -> Iterator[tuple[datetime, datetime]]:
        """Yield the window in consecutive parts of at most `width`."""
        start = self.start
        while start < self.end:
            end = min(start + width, self.end)
            yield start, end
            start = end


def bucket_window(bucket: str) -> Window:
    """Return the whole window of a bucket's name.

    Raises:
        ValueError: It is neither `2026-05` nor `2026-05-01`.
    """
    by_day = len(bucket) == len("2026-05-01")
    start = datetime.strptime(bucket, "%Y-%m-%d" if by_day else "%Y-%m").replace(tzinfo=UTC)
    return Window(bucket=bucket, start=start, end=start + DAY if by_day else month_start(start, shift=1))


def month_start(day: date, *, shift: int = 0) -> datetime:
    """Return the first instant of the month of `day`, `shift` months later."""
    years, month = divmod(day.month - 1 + shift, MONTHS_IN_A_YEAR)
    return datetime(day.year + years, month + 1, 1, tzinfo=UTC)


def month_windows(first: date, last: date, *, now: datetime) -> tuple[Window, ...]:
    """Return every month from that of `first` to that of `last`, none past the hour of `now`.

    A bucket is replaced as a whole, so that it is always read as a whole.
    """
    until = now.replace(minute=0, second=0, microsecond=0)
    windows = []
    start = month_start(first)
    while start <= month_start(last) and start < until:
        end = month_start(start, shift=1)
        windows.append(Window(bucket=f"{start:%Y-%m}", start=start, end=min(end, until)))
        start = end
    return tuple(windows)


def day_windows(first: date, last: date, *, now: datetime) -> tuple[Window, ...]:
    """Return every completed UTC day from `first` to `last`, a bucket each.

    For an API that reaches back less than a month and a half: a month that is read again when half of it is out of
    reach would lose that half.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    windows = []
    while start.date() <= last and start < midnight:
        windows.append(Window(bucket=f"{start:%Y-%m-%d}", start=start, end=start + DAY))
        start += DAY
    return tuple(windows)
