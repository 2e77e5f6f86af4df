"""Anthropic's older reports still answer in the shape that we read."""

from collections.abc import Callable

from costcheck.records import Provenance
from costcheck.sources.bills import anthropic_legacy
from costcheck.sources.bills.windows import Window
from tests.live.checks import assert_sound


def test_last_months_usage_and_cost_are_read_without_a_remainder(
    key: Callable[[str], str], last_month: tuple[Window, ...], provenance: Provenance
) -> None:
    with anthropic_legacy.open_client(key("ANTHROPIC_ADMIN_KEY")) as client:
        pages = anthropic_legacy.fetch_bill(client, last_month)

    assert {page.kind for page in pages} == {anthropic_legacy.USAGE, anthropic_legacy.COST}
    assert_sound(anthropic_legacy.normalise_bill(pages, (last_month[0].bucket,), provenance), last_month[0])
