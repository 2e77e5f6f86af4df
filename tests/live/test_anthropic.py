"""Anthropic still answers in the shape that we read; the endpoints are a beta."""

from collections.abc import Callable

from costcheck.records import Provenance
from costcheck.sources.bills import anthropic
from costcheck.sources.bills.windows import Window
from tests.live.checks import assert_sound


def test_last_months_usage_and_cost_are_read_without_a_remainder(
    key: Callable[[str], str], last_month: tuple[Window, ...], provenance: Provenance
) -> None:
    with anthropic.open_client(key("ANTHROPIC_ADMIN_KEY")) as client:
        pages = anthropic.fetch_bill(client, last_month)

    assert {page.kind for page in pages} == {anthropic.US_USAGE, anthropic.USAGE, anthropic.COST}
    assert_sound(anthropic.normalise_bill(pages, (last_month[0].bucket,), provenance), last_month[0])
