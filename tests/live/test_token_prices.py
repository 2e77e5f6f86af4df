"""The current genai-prices can still be downloaded and read."""

from datetime import date

from costcheck.catalogue import load_open_weights
from costcheck.sources.prices.token_prices import PROVIDERS, fetch_live_data, normalise_token_prices


def test_every_provider_of_a_snapshot_still_has_prices(today: date) -> None:
    data, provenance = fetch_live_data(retrieved_on=today)

    prices = normalise_token_prices(data, provenance)

    assert {row.service_code for row in prices.unit_prices} == set(PROVIDERS)
    assert all(row.list_unit_price > 0 for row in prices.unit_prices)


def test_whoever_resells_our_open_weights_still_lists_them(today: date) -> None:
    data, _ = fetch_live_data(retrieved_on=today)
    listed = {(provider.id, model.id) for provider in data.providers for model in provider.models}

    sold = {(api.provider_id, api.model_id) for model in load_open_weights().values() for api in model.managed_apis}

    assert sold <= listed
