"""The price list's names of the models that a bill names."""

import re
from difflib import SequenceMatcher

from costcheck.errors import PriceNotFoundError
from costcheck.model.api_cost import ModelName
from costcheck.price_book import GLOBAL, PriceBook, token_meter
from costcheck.records import TokenType

RELEASE_DAY = re.compile(r"-\d{4}-\d{2}-\d{2}$")
"""OpenAI bills `gpt-5.4-2026-03-05` for `gpt-5.4`."""


BETWEEN = re.compile(r"[\s_]+")
MAKER = re.compile(r"^(.*/|([a-z]+\.)?[a-z0-9]+\.(?=[a-z]))")
"""The maker's part of a name: `openai/`, `regional.anthropic.`."""
RELEASE = re.compile(r"(-\d{8})?(-v?\d+:\d+k?)?$")
"""Amazon's part of a name: `-20250929-v1:0`."""
SHOWN_NAMES = 3


def name_of(book: PriceBook, provider: str, model: str) -> ModelName | None:
    """Return the price list's name of a billed model, None where nobody prices it.

    A person writes `GPT 5.4`: what no list knows is looked up as its API would be asked for it, and then by its
    letters and digits alone, where they are those of one model.
    """
    for name in (model, BETWEEN.sub("-", model.strip()).lower()):
        try:
            return listed(book, provider, name) or matched(provider, name)
        except PriceNotFoundError:
            continue
    alike = [name for name in _sold(book, provider) if _letters(RELEASE.sub("", name)) == _letters(model)]
    return ModelName(service_code=provider, model_id=alike[0]) if len(alike) == 1 else None


def nearest_names(book: PriceBook, provider: str, model: str) -> tuple[str, ...]:
    """Return the names of the provider's price list that are most like a billed one, the nearest first."""
    words, letters = set(_words(model)), _letters(model)

    def likeness(name: str) -> tuple[int, float, str]:
        bare = RELEASE.sub("", name)
        return len(words & set(_words(bare))), SequenceMatcher(None, letters, _letters(bare)).ratio(), name

    ranked = sorted(map(likeness, _sold(book, provider) or _sold(book)), reverse=True)
    return tuple(name for shared, _, name in ranked[:SHOWN_NAMES] if shared)


def _sold(book: PriceBook, provider: str | None = None) -> list[str]:
    suffix = token_meter("", TokenType.UNCACHED_INPUT)
    rows = (row for row in book.snapshot.unit_prices if provider in {None, row.service_code})
    return sorted({row.sku_meter.removesuffix(suffix) for row in rows if row.sku_meter.endswith(suffix)})


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+|[0-9]+", MAKER.sub("", name.lower()))


def _letters(name: str) -> str:
    return "".join(_words(name))


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
