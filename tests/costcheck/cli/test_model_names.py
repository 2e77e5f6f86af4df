"""A model as a person writes it in a list of invoices is the price list's, where only one can be meant."""

from datetime import date
from decimal import Decimal

import pytest

from costcheck.cli.model_names import name_of, nearest_names
from costcheck.price_book import TOKEN_UNIT, MaxAges, PriceBook, token_meter
from costcheck.records import Origin, PriceSnapshot, Provenance, TokenType, UnitPrice
from costcheck.sources.snapshot import read_max_ages

NAMES = {
    "openai": ("gpt-5.4", "gpt-5.4-mini", "gpt-4.5"),
    "novita": ("deepseek/deepseek-v3",),
    "aws": (
        "openai.gpt-oss-20b-1:0",
        "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "regional.anthropic.claude-3-5-sonnet-20240620-v1:0",
    ),
}


def book(ages: MaxAges | None = None) -> PriceBook:
    provenance = Provenance(
        source="test", source_url="test", retrieved_on=date(2026, 8, 1), origin=Origin.CONSTRUCTED
    )
    rows = (
        UnitPrice(
            service_code=provider,
            sku_meter=token_meter(model, TokenType.UNCACHED_INPUT),
            region_id="global",
            list_unit_price=Decimal(1),
            pricing_unit=TOKEN_UNIT,
            provenance=provenance,
        )
        for provider, models in NAMES.items()
        for model in models
    )
    snapshot = PriceSnapshot(
        as_of=date(2026, 8, 1),
        region_id="us-east-1",
        unit_prices=tuple(rows),
        instance_types=(),
        zone_offerings=(),
        quotas=(),
    )
    return PriceBook(snapshot, ages or read_max_ages())


@pytest.mark.parametrize(
    ("provider", "written", "name"),
    [
        ("openai", "GPT 5.4", "gpt-5.4"),
        ("openai", " gpt-5.4 Mini", "gpt-5.4-mini"),
        ("openai", "gpt5.4", "gpt-5.4"),
        ("anthropic", "Claude Sonnet 4.5", "claude-sonnet-4-5"),
        ("aws", "gpt-oss-20b", "openai.gpt-oss-20b-1:0"),
    ],
)
def test_a_model_may_be_written_as_people_write_it(provider: str, written: str, name: str) -> None:
    found = name_of(book(), provider, written)
    assert found is not None
    assert found.model_id == name


@pytest.mark.parametrize(
    ("provider", "written"),
    [
        ("aws", "claude-sonnet-4-5"),
        ("openai", "gpt-5.4-ultra"),
        ("openai", "GPT"),
        ("novita", "deepseek-v9"),
        ("aws", "claude-3-5-sonnet-20990101"),
    ],
)
def test_what_may_be_several_models_or_none_is_not_guessed(provider: str, written: str) -> None:
    assert name_of(book(), provider, written) is None


@pytest.mark.parametrize(
    ("provider", "written", "nearest"),
    [
        ("aws", "Claude 4.5 Sonnet", {NAMES["aws"][1], NAMES["aws"][2]}),
        ("openai", "gpt-5.4-ultra", {"gpt-5.4"}),
        ("somebody", "gpt-oss-20b", {NAMES["aws"][0]}),
    ],
    ids=["any order of words", "another variant", "a provider of no list"],
)
def test_the_nearest_names_come_first(provider: str, written: str, nearest: set[str]) -> None:
    assert set(nearest_names(book(), provider, written)[: len(nearest)]) == nearest


def test_what_is_like_nothing_has_no_nearest_name() -> None:
    assert nearest_names(book(), "openai", "?") == ()
