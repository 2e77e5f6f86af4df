"""OpenRouter still answers in the shape that we read."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from costcheck.records import Provenance
from costcheck.sources.bills import openrouter
from costcheck.sources.bills.windows import day_windows
from tests.live.checks import assert_sound


def test_a_week_of_activity_is_read_without_a_remainder(
    key: Callable[[str], str], today: date, provenance: Provenance
) -> None:
    windows = day_windows(today - timedelta(days=7), today, now=datetime.now(UTC))
    with openrouter.open_client(key("OPENROUTER_MANAGEMENT_KEY")) as client:
        days = openrouter.fetch_activity(client, windows)

    assert len(days) == len(windows) == 7
    for day in days:
        batch = openrouter.normalise_activity([day], (day.window.bucket,), provenance)
        if day.activity.data:
            assert_sound(batch, day.window)
