"""A Langfuse project still answers in the shape that we read."""

from collections.abc import Callable

from costcheck.records import Provenance
from costcheck.sources.bills import langfuse
from costcheck.sources.bills.windows import Window
from tests.live.checks import assert_sound


def test_last_months_generations_are_read_without_a_remainder(
    key: Callable[[str], str], last_month: tuple[Window, ...], provenance: Provenance
) -> None:
    keys = key("LANGFUSE_PUBLIC_KEY"), key("LANGFUSE_SECRET_KEY")
    with langfuse.open_client(*keys, base_url=key("LANGFUSE_HOST")) as client:
        rows = list(langfuse.fetch_rows(client, last_month))

    assert_sound(langfuse.normalise_rows(rows, (last_month[0].bucket,), provenance), last_month[0])
