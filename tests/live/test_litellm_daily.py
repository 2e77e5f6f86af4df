"""A LiteLLM proxy still answers with daily sums in the shape that we read."""

from collections.abc import Callable

from costcheck.records import Provenance
from costcheck.sources.bills import litellm_daily
from costcheck.sources.bills.litellm import open_client
from costcheck.sources.bills.windows import Window
from tests.live.checks import assert_sound


def test_last_months_daily_sums_are_read_without_a_remainder(
    key: Callable[[str], str], last_month: tuple[Window, ...], provenance: Provenance
) -> None:
    with open_client(key("LITELLM_MASTER_KEY"), base_url=key("LITELLM_BASE_URL")) as client:
        pages = list(litellm_daily.fetch_days(client, last_month))

    assert_sound(litellm_daily.normalise_days(pages, (last_month[0].bucket,), provenance), last_month[0])
