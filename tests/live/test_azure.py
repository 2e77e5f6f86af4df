"""Azure's Cost Management still answers in the shape that we read."""

from collections.abc import Callable
from datetime import UTC, datetime

from costcheck.records import Provenance
from costcheck.sources.bills import azure
from costcheck.sources.bills.azure_login import open_management
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import Window
from tests.live.checks import assert_sound


def test_last_months_costs_are_read_without_a_remainder(
    key: Callable[[str], str], last_month: tuple[Window, ...], provenance: Provenance
) -> None:
    environ = {"AZURE_ACCESS_TOKEN": key("AZURE_ACCESS_TOKEN")}
    request = PullRequest(windows=last_month, now=datetime.now(UTC), environ=environ)
    with open_management(request, azure.ROLE) as client:
        fetched = azure.fetch_costs(client, last_month, [key("AZURE_COST_SCOPE")])

    assert_sound(azure.normalise_costs(fetched, (last_month[0].bucket,), provenance), last_month[0])
