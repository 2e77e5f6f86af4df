"""Prices of tokens that the company states itself (`[[token_price]]`), beside those of a price snapshot."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from costcheck.cli.model_names import name_of
from costcheck.errors import ConfigError
from costcheck.model.api_cost import ModelName
from costcheck.price_book import GLOBAL, TOKEN_UNIT, PriceBook, token_meter
from costcheck.records import Origin, Provenance, ServiceTier, TokenType, UnitPrice
from costcheck.settings import Settings, TokenPrice, own_token_prices


def with_own_prices(book: PriceBook, settings: Settings | None) -> PriceBook:
    """Return the prices with those that the settings state.

    Args:
        book: Prices of a snapshot.
        settings: None where there are none.

    Raises:
        ConfigError: The price list has one of them, it is stated twice, or it is of a tier of a model that the list
            prices for its maker alone.
    """
    stated = own_token_prices(settings) if settings else ()
    own = [row for price in stated for row in _rows(price, _name(book, price))]
    if not own:
        return book
    meters = [(row.service_code, row.sku_meter) for row in own]
    for row in own:
        key = (row.service_code, row.sku_meter)
        if book.is_priced(*key, region_id=GLOBAL) or meters.count(key) > 1:
            raise _known(row, is_listed=book.is_priced(*key, region_id=GLOBAL))
    snapshot = replace(book.snapshot, unit_prices=(*book.snapshot.unit_prices, *own))
    whole = PriceBook(snapshot, book.max_ages)
    for price in stated:
        if name_of(whole, price.service_provider_name, price.request_model) != _name(book, price):
            raise _tier_alone(price)
    return whole


def _name(book: PriceBook, price: TokenPrice) -> ModelName:
    """Return the name in the list of whoever is paid; what a maker lists is another price than a reseller's."""
    listed = name_of(book, price.service_provider_name, price.request_model)
    if listed and listed.service_code == price.service_provider_name:
        return listed
    return ModelName(service_code=price.service_provider_name, model_id=price.request_model)


def _rows(price: TokenPrice, name: ModelName) -> Iterator[UnitPrice]:
    amounts: dict[TokenType, Decimal | None] = {
        TokenType.UNCACHED_INPUT: price.input_usd_per_million,
        TokenType.CACHE_READ_INPUT: price.cache_read_input_usd_per_million,
        TokenType.OUTPUT: price.output_usd_per_million,
    }
    for token_type, amount in amounts.items():
        if amount is not None:
            yield UnitPrice(
                service_code=name.service_code,
                sku_meter=token_meter(name.model_id, token_type, ServiceTier(price.service_tier)),
                region_id=GLOBAL,
                list_unit_price=amount,
                pricing_unit=TOKEN_UNIT,
                provenance=Provenance(
                    source="costcheck.toml",
                    source_url=f"token_price of costcheck.toml: {price.source}",
                    retrieved_on=price.seen_on,
                    origin=Origin.ENTERED,
                ),
            )


def _known(row: UnitPrice, *, is_listed: bool) -> ConfigError:
    whose = "in the price list already" if is_listed else "stated twice"
    return ConfigError(
        f"token_price: {row.service_code} {row.sku_meter} is {whose}",
        expected="prices that no price list has, each once",
        action="take it out; if you pay less than the list, state a [[contracted_discount]]",
    )


def _tier_alone(price: TokenPrice) -> ConfigError:
    name = f"{price.service_provider_name}/{price.request_model}"
    return ConfigError(
        f"token_price: {name} has one of its {price.service_tier} tier, and its other tiers that of another seller",
        expected="the standard price of the same seller, too",
        action="state it as a [[token_price]] of its own",
    )
