"""Azure Monitor still answers in the shape that we read."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from costcheck.records import Provenance
from costcheck.sources.bills import azure_monitor
from costcheck.sources.bills.azure_login import open_management
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import day_windows
from tests.live.checks import assert_sound


def test_yesterdays_minutes_are_read_without_a_remainder(
    key: Callable[[str], str], today: date, provenance: Provenance
) -> None:
    windows = day_windows(today - timedelta(days=1), today, now=datetime.now(UTC))
    environ = {"AZURE_ACCESS_TOKEN": key("AZURE_ACCESS_TOKEN")}
    request = PullRequest(windows=windows, now=datetime.now(UTC), environ=environ)
    with open_management(request, azure_monitor.ROLE) as client:
        days = azure_monitor.fetch_metrics(client, windows, [key("AZURE_OPENAI_RESOURCE")])

    assert_sound(azure_monitor.normalise_metrics(days, (windows[0].bucket,), provenance), windows[0])
