"""A whole snapshot can still be pulled, written and read again."""

from datetime import date
from pathlib import Path

from costcheck.sources.prices.pull import PriceClients, fetch_snapshot
from costcheck.sources.prices.token_prices import installed_data, installed_provenance, normalise_token_prices
from costcheck.sources.snapshot import read_snapshot, write_snapshot
from tests.live.checks import REGION


def test_a_snapshot_of_one_type_is_whole_and_survives_its_file(
    aws: PriceClients, today: date, tmp_path: Path
) -> None:
    snapshot = fetch_snapshot(
        aws,
        REGION,
        ["g6.xlarge", "m6i.large"],
        only_offered=False,
        token_prices=normalise_token_prices(installed_data(), installed_provenance()),
        today=today,
        progress=lambda _what, _done, _total: None,
    )
    write_snapshot(snapshot, tmp_path / "prices.json")

    assert read_snapshot(tmp_path / "prices.json") == snapshot
