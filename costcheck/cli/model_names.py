"""The price list's names of the models that a bill names."""

import re

from costcheck.errors import PriceNotFoundError
from costcheck.model.api_cost import ModelName
from costcheck.price_book import GLOBAL, PriceBook, token_meter
from costcheck.records import TokenType

RELEASE_DAY = re.compile(r"-\d{4}-\d{2}-\d{2}$")
"""OpenAI bills `gpt-5.4-2026-03-05` for `gpt-5.4`."""


def name_of(book: PriceBook, provider: str, model: str) -> ModelName | None:
    """Return the price list's name of a billed model, None where nobody prices it."""
    try:
        return listed(book, provider, model) or matched(provider, model)
    except PriceNotFoundError:
        return None


def listed(book: PriceBook, provider: str, model: str) -> ModelName | None:
    """Return the model of a snapshot that a bill names outright, with or without the day of its release.

    A live snapshot may know models that the installed genai-prices does not; its matching is for other names.
    """
    for model_id in (model, RELEASE_DAY.sub("", model)):
        if book.is_priced(provider, token_meter(model_id, TokenType.UNCACHED_INPUT), region_id=GLOBAL):
            return ModelName(service_code=provider, model_id=model_id)
    return None


def matched(provider: str, model: str) -> ModelName:
    """Return the model that genai-prices takes a billed name for.

    Raises:
        PriceNotFoundError: It knows none.
    """
    from costcheck.sources.prices.token_prices import installed_data, match_model  # noqa: PLC0415 - half a second

    found = match_model(installed_data(), provider, model)
    return ModelName(service_code=found.service_code, model_id=found.model_id)
