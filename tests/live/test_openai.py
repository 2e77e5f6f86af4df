"""OpenAI still answers in the shape that we read."""

from collections.abc import Callable

from costcheck.records import Provenance
from costcheck.sources.bills import openai
from costcheck.sources.bills.windows import Window
from tests.live.checks import assert_sound


def test_last_months_usage_and_costs_are_read_without_a_remainder(
    key: Callable[[str], str], last_month: tuple[Window, ...], provenance: Provenance
) -> None:
    with openai.open_client(key("OPENAI_ADMIN_KEY")) as client:
        pages = openai.fetch_bill(client, last_month)

    assert {page.kind for page in pages} == {openai.COMPLETIONS, openai.COSTS, *openai.SIDE_OPERATIONS}
    assert_sound(openai.normalise_bill(pages, (last_month[0].bucket,), provenance), last_month[0])
