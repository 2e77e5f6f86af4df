"""Google's billing export still has the columns that we ask for."""

from collections.abc import Callable
from datetime import UTC, datetime

from costcheck.records import Provenance
from costcheck.sources.bills import google_bigquery
from costcheck.sources.bills.windows import Window
from tests.live.checks import assert_sound

MOST_BYTES = 10 * google_bigquery.GIB


def test_last_months_export_is_read_without_a_remainder(
    key: Callable[[str], str], last_month: tuple[Window, ...], provenance: Provenance
) -> None:
    table = key("GOOGLE_BILLING_TABLE")
    export = google_bigquery.Export(table=table, project=table.partition(".")[0], max_bytes=MOST_BYTES)
    with google_bigquery.open_client(key("GOOGLE_ACCESS_TOKEN")) as client:
        assert google_bigquery.dry_run(client, export, last_month[0]) <= MOST_BYTES
        months = google_bigquery.fetch_days(client, export, last_month, now=datetime.now(UTC))

    assert_sound(google_bigquery.normalise_days(months, (last_month[0].bucket,), provenance), last_month[0])
