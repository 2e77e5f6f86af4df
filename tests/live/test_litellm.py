"""A LiteLLM proxy still answers in the shape that we read."""

from collections.abc import Callable

from costcheck.records import Provenance
from costcheck.sources.bills import litellm
from costcheck.sources.bills.windows import Window
from tests.live.checks import assert_sound


def test_last_months_spend_log_is_read_without_a_remainder(
    key: Callable[[str], str], last_month: tuple[Window, ...], provenance: Provenance
) -> None:
    with litellm.open_client(key("LITELLM_MASTER_KEY"), base_url=key("LITELLM_BASE_URL")) as client:
        rows = litellm.fetch_logs(client, last_month)
        batch = litellm.normalise_logs(rows, (last_month[0].bucket,), provenance)

    assert_sound(batch, last_month[0])
