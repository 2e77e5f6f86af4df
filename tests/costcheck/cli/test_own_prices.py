"""Prices of tokens that a company states itself stand beside the list's, and never instead of them."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from costcheck.cli.model_names import name_of
from costcheck.cli.own_prices import with_own_prices
from costcheck.errors import ConfigError
from costcheck.price_book import PriceBook
from costcheck.records import Origin, ServiceTier, TokenType
from costcheck.settings import Company, Settings, TokenPrice
from costcheck.sources.snapshot import read_price_book
from costcheck.verdict import encode
from tests.costcheck.decision.builders import settings, workload

TUNED = "ft:gpt-4.1-mini-2025-04-14:acme::abc123"


def price(**changes: Any) -> TokenPrice:  # noqa: ANN401 - any field of the record
    default = TokenPrice(
        service_provider_name="openai",
        request_model=TUNED,
        input_usd_per_million=Decimal("0.8"),
        output_usd_per_million=Decimal("3.2"),
        seen_on=date(2026, 7, 30),
        source="OpenAI's price page",
    )
    return msgspec.structs.replace(default, **changes)


def book_with(*prices: TokenPrice) -> PriceBook:
    company = Settings(company=Company(name="Example Shop Ltd"), workload=(workload(),), token_price=prices)
    return with_own_prices(read_price_book(None), company)


def test_a_model_that_no_list_knows_has_the_price_that_is_stated() -> None:
    book = book_with(price(cache_read_input_usd_per_million=Decimal("0.2")))
    name = name_of(book, "openai", TUNED)
    assert name is not None
    found = [book.token_price(name.service_code, name.model_id, kind) for kind in TokenType]
    by_type = {row.sku_meter.rpartition("/")[2]: row.list_unit_price for row in found}
    assert by_type == {
        "uncached_input_tokens": Decimal("0.8"),
        "cache_read_input_tokens": Decimal("0.2"),
        "output_tokens": Decimal("3.2"),
    }
    assert {row.provenance.origin for row in found} == {Origin.ENTERED}
    assert found[0].provenance.source_url == "token_price of costcheck.toml: OpenAI's price page"
    assert book.age_days(found[0], date(2026, 8, 3)) == 4


def test_cached_input_without_a_price_of_its_own_costs_as_other_input() -> None:
    book = book_with(price())
    assert book.token_price("openai", TUNED, TokenType.CACHE_READ_INPUT).list_unit_price == Decimal("0.8")


def test_a_tier_of_a_model_that_the_list_knows_by_another_name_is_found_under_that() -> None:
    bought = {"service_provider_name": "anthropic", "request_model": "claude-sonnet-4-5-20250929"}
    book = book_with(price(**bought, service_tier="priority"))
    name = name_of(book, *bought.values())
    assert name is not None
    assert name.model_id != bought["request_model"]
    found = book.token_price(name.service_code, name.model_id, TokenType.OUTPUT, service_tier=ServiceTier.PRIORITY)
    assert found.list_unit_price == Decimal("3.2")


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        ([price(request_model="gpt-5.4")], "in the price list already"),
        ([price(request_model="gpt-5.4-2026-03-05", service_tier="batch")], "in the price list already"),
        ([price(), price(output_usd_per_million=Decimal(4))], "stated twice"),
    ],
)
def test_a_price_that_another_stands_for_is_an_error(prices: list[TokenPrice], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        book_with(*prices)


def test_a_reseller_may_have_another_price_than_the_maker() -> None:
    azure = {"service_provider_name": "azure", "request_model": "gpt-5.4"}
    book = book_with(price(**azure), price(**azure, service_tier="flex", output_usd_per_million=Decimal(2)))
    name = name_of(book, "azure", "gpt-5.4")
    assert name is not None
    prices = [
        book.token_price(name.service_code, name.model_id, TokenType.OUTPUT, service_tier=tier).list_unit_price
        for tier in (ServiceTier.STANDARD, ServiceTier.FLEX)
    ]
    assert prices == [Decimal("3.2"), Decimal(2)]
    assert book.token_price("openai", "gpt-5.4", TokenType.OUTPUT).list_unit_price == 15


def test_a_resellers_tier_alone_is_an_error() -> None:
    with pytest.raises(ConfigError, match="its other tiers that of another seller"):
        book_with(price(service_provider_name="azure", request_model="gpt-5.4", service_tier="flex"))


def test_without_own_prices_the_book_is_the_snapshots() -> None:
    book = read_price_book(None)
    assert with_own_prices(book, settings()) is book
    assert with_own_prices(book, None) is book


def test_settings_without_own_prices_are_written_as_before() -> None:
    assert b"token_price" not in encode(settings())
