"""Token prices: the history, the context tiers and the batch discounts of genai-prices, as rows."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from genai_prices import Usage
from genai_prices.data_snapshot import DataSnapshot
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from costcheck.errors import PriceNotFoundError, SourceError
from costcheck.price_book import MaxAges, PriceBook
from costcheck.records import Origin, PriceSnapshot, Provenance, ServiceTier, TokenType
from costcheck.sources.bills.focus_services import SELLERS
from costcheck.sources.prices.token_prices import (
    PROVIDERS,
    PricedModel,
    fetch_live_data,
    installed_data,
    installed_provenance,
    match_model,
    normalise_token_prices,
)

SEEN = Provenance(
    source="t", source_url="https://example.org", retrieved_on=date(2026, 11, 10), origin=Origin.CONSTRUCTED
)
AGES = MaxAges(on_demand_days=30, spot_days=1, token_days=14, other_aws_days=60)


def book_of(data: DataSnapshot, *providers: str) -> PriceBook:
    prices = normalise_token_prices(data, SEEN, providers=providers or PROVIDERS).unit_prices
    snapshot = PriceSnapshot(
        as_of=date(2026, 8, 1),
        region_id="us-east-1",
        unit_prices=prices,
        instance_types=(),
        zone_offerings=(),
        quotas=(),
    )
    return PriceBook(snapshot, AGES)


@pytest.fixture(scope="module")
def book() -> PriceBook:
    """Every row of the installed genai-prices."""
    return book_of(installed_data())


def one_model(prices: ModelPrice | list[ConditionalPrice], *variants: PriceVariant) -> DataSnapshot:
    """Return constructed data with one model of one provider."""
    model = ModelInfo(id="m", match=ClauseEquals(equals="m"), prices=prices, price_variants=list(variants) or None)
    return DataSnapshot([Provider(id="openai", name="O", api_pattern="x", models=[model])], from_auto_update=False)


@pytest.mark.parametrize(
    ("provider", "model", "day", "usd"),
    [
        ("google", "gemini-3.8-flash", date(2026, 12, 31), "0.75"),
        ("google", "gemini-3.8-flash", date(2027, 1, 1), "1.5"),
        ("openai", "gpt-5.6-sol", date(2026, 8, 20), "5"),
        ("openai", "gpt-5.6-sol", date(2026, 8, 21), "4"),
    ],
)
def test_a_dated_price_applies_from_its_date_and_not_a_day_before(
    book: PriceBook, provider: str, model: str, day: date, usd: str
) -> None:
    assert book.token_price(provider, model, TokenType.UNCACHED_INPUT, on=day).list_unit_price == Decimal(usd)


@pytest.mark.parametrize(
    ("provider", "model", "tokens", "usd"),
    [
        ("openai", "gpt-5.4", 272_000, "2.5"),
        ("openai", "gpt-5.4", 272_001, "5"),
        ("anthropic", "claude-haiku-5-5", 100_000, "0.1"),
        ("anthropic", "claude-haiku-5-5", 100_001, "0.5"),
    ],
)
def test_a_longer_prompt_pays_the_higher_tier_from_its_first_token_on(
    book: PriceBook, provider: str, model: str, tokens: int, usd: str
) -> None:
    price = book.token_price(provider, model, TokenType.UNCACHED_INPUT, context_tokens=tokens)
    assert price.list_unit_price == Decimal(usd)


def test_a_batch_price_is_none_before_the_day_on_which_it_was_verified(book: PriceBook) -> None:
    def batch(day: date) -> Decimal:
        price = book.token_price("openai", "gpt-5.4", TokenType.OUTPUT, service_tier=ServiceTier.BATCH, on=day)
        return price.list_unit_price

    assert batch(date(2026, 10, 14)) == Decimal("7.5")
    with pytest.raises(PriceNotFoundError, match="begin later"):
        batch(date(2026, 10, 13))


KEYS = {
    TokenType.UNCACHED_INPUT: "input_tokens",
    TokenType.CACHE_READ_INPUT: "cache_read_tokens",
    TokenType.CACHE_CREATION_5M_INPUT: "cache_write_tokens",
    TokenType.OUTPUT: "output_tokens",
}


@settings(max_examples=300, deadline=None)
@given(
    number=st.integers(0, 10_000),
    token_type=st.sampled_from(sorted(KEYS)),
    context=st.sampled_from([1, 99_999, 100_000, 100_001, 128_001, 200_000, 200_001, 272_000, 272_001, 900_000]),
    day=st.dates(date(2026, 1, 1), date(2027, 6, 1)),
)
def test_every_row_says_what_genai_prices_itself_charges(
    book: PriceBook, number: int, token_type: TokenType, context: int, day: date
) -> None:
    providers = [one for one in installed_data().providers if one.id in PROVIDERS]
    models = [(provider, model) for provider in providers for model in provider.models]
    provider, model = models[number % len(models)]
    try:
        price = book.token_price(provider.id, model.id, token_type, context_tokens=context, on=day)
    except PriceNotFoundError:
        prices = model.get_prices(datetime(day.year, day.month, day.day, tzinfo=UTC))
        listed = prices.output_mtok if token_type is TokenType.OUTPUT else prices.input_mtok
        assert listed is None, f"{provider.id} {model.id} {token_type} is priced by genai-prices"
        return
    # genai-prices counts input with all its classes in it, so the prompt is all of this one class.
    counts = {"input_tokens": context, KEYS[token_type]: context}
    charged = model.calc_price(
        Usage(**counts), provider, genai_request_timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC)
    )
    part = charged.output_price if token_type is TokenType.OUTPUT else charged.input_price
    assert price.list_unit_price * context / 1_000_000 == part


@pytest.mark.parametrize(
    ("provider", "billed", "model"),
    [
        ("openai", "gpt-5.4-2026-03-05", PricedModel(service_code="openai", model_id="gpt-5.4")),
        ("OpenAI", "gpt-4o-mini", PricedModel(service_code="openai", model_id="gpt-4o-mini")),
        ("litellm", "openai/gpt-5.4", PricedModel(service_code="openai", model_id="gpt-5.4")),
        (
            "aws",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            PricedModel(service_code="aws", model_id="regional.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ),
    ],
)
def test_a_billed_name_finds_the_model_that_is_priced(provider: str, billed: str, model: PricedModel) -> None:
    assert match_model(installed_data(), provider, billed) == model


@pytest.mark.parametrize(("provider", "billed"), [("openai", "gpt-99-imaginary"), ("nobody", "gpt-5.4")])
def test_a_model_that_nobody_prices_is_named(provider: str, billed: str) -> None:
    with pytest.raises(PriceNotFoundError, match=billed):
        match_model(installed_data(), provider, billed)


@pytest.mark.parametrize("amount", [Decimal(0), Decimal("NaN"), Decimal(-1), Decimal("Infinity")])
def test_a_price_that_is_not_above_zero_is_refused_by_name_and_gives_no_row(amount: Decimal) -> None:
    rows = normalise_token_prices(one_model(ModelPrice(input_mtok=amount)), SEEN, providers=["openai"])
    assert rows.unit_prices == ()
    assert rows.refused == (f"openai m: input_mtok is {amount} from 0 tokens on",)


def test_a_free_tier_behind_a_paid_one_is_refused_too() -> None:
    prices = ModelPrice(input_mtok=TieredPrices(base=Decimal(1), tiers=[Tier(start=10, price=Decimal(0))]))
    rows = normalise_token_prices(one_model(prices), SEEN, providers=["openai"])
    assert rows.refused == ("openai m: input_mtok is 0 from 11 tokens on",)


def test_a_price_by_the_time_of_day_is_refused_by_name() -> None:
    night = TimeOfDateConstraint(
        start_time=datetime(2026, 1, 1, 16, tzinfo=UTC).timetz(),
        end_time=datetime(2026, 1, 1, 20, tzinfo=UTC).timetz(),
    )
    prices = [
        ConditionalPrice(prices=ModelPrice(input_mtok=Decimal(2))),
        ConditionalPrice(night, prices=ModelPrice(input_mtok=Decimal(1))),
    ]
    rows = normalise_token_prices(one_model(prices), SEEN, providers=["openai"])
    assert rows.refused == ("openai m: its price depends on the time of day",)


def test_a_change_that_drops_the_long_tier_ends_it() -> None:
    first = ModelPrice(input_mtok=TieredPrices(base=Decimal(1), tiers=[Tier(start=100, price=Decimal(9))]))
    later = StartDateConstraint(start_date=date(2026, 9, 1))
    prices = [ConditionalPrice(prices=first), ConditionalPrice(later, prices=ModelPrice(input_mtok=Decimal(2)))]
    book = book_of(one_model(prices), "openai")
    long_prompt = [
        book.token_price("openai", "m", TokenType.UNCACHED_INPUT, context_tokens=101, on=day).list_unit_price
        for day in (date(2026, 8, 31), date(2026, 9, 1))
    ]
    assert long_prompt == [9, 2]


def test_a_batch_on_bedrock_costs_the_share_of_the_standard_price_that_aws_states(book: PriceBook) -> None:
    found = [
        book.token_price("aws", "amazon.nova-pro-v1:0", token_type, service_tier=tier)
        for token_type in (TokenType.UNCACHED_INPUT, TokenType.OUTPUT)
        for tier in (ServiceTier.STANDARD, ServiceTier.BATCH)
    ]
    assert [price.list_unit_price for price in found] == [Decimal(text) for text in ("0.8", "0.40", "3.2", "1.60")]
    assert found[1].provenance.source_url.startswith("https://docs.aws.amazon.com/bedrock/")
    assert found[1].provenance.source == "t; batch at 0.50 of standard"
    assert found[1].provenance.retrieved_on == SEEN.retrieved_on


def test_a_tier_that_nobody_states_has_no_price(book: PriceBook) -> None:
    for tier in (ServiceTier.FLEX, ServiceTier.PRIORITY):
        with pytest.raises(PriceNotFoundError, match=f"amazon.nova-pro-v1:0/output_tokens/{tier}"):
            book.token_price("aws", "amazon.nova-pro-v1:0", TokenType.OUTPUT, service_tier=tier)


def test_a_tier_that_genai_prices_lists_keeps_its_price() -> None:
    batch = PriceVariant(
        when={"processing": "batch"}, prices=ModelPrice(input_mtok=Decimal(3), output_mtok=Decimal(9))
    )
    model = one_model(ModelPrice(input_mtok=Decimal(4), output_mtok=Decimal(10)), batch).providers[0].models[0]
    data = DataSnapshot([Provider(id="aws", name="A", api_pattern="x", models=[model])], from_auto_update=False)
    book = book_of(data, "aws")
    assert book.token_price("aws", "m", TokenType.OUTPUT, service_tier=ServiceTier.BATCH).list_unit_price == 9


def test_a_longer_prompt_in_a_batch_pays_its_share_of_the_higher_tier() -> None:
    tiered = TieredPrices(base=Decimal(4), tiers=[Tier(start=1000, price=Decimal(6))])
    model = ModelInfo(
        id="m", match=ClauseEquals(equals="m"), prices=ModelPrice(input_mtok=tiered, output_mtok=Decimal(10))
    )
    data = DataSnapshot([Provider(id="aws", name="A", api_pattern="x", models=[model])], from_auto_update=False)
    book = book_of(data, "aws")
    prices = [
        book.token_price(
            "aws", "m", TokenType.UNCACHED_INPUT, service_tier=ServiceTier.BATCH, context_tokens=context
        ).list_unit_price
        for context in (1000, 1001)
    ]
    assert prices == [2, 3]


def test_an_unchanged_price_gives_no_second_row() -> None:
    change = StartDateConstraint(start_date=date(2026, 9, 1))
    prices = [
        ConditionalPrice(prices=ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(5))),
        ConditionalPrice(change, prices=ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(4))),
    ]
    rows = normalise_token_prices(one_model(prices), SEEN, providers=["openai"]).unit_prices
    assert [(row.sku_meter, row.effective_from) for row in rows] == [
        ("m/uncached_input_tokens", None),
        ("m/output_tokens", None),
        ("m/output_tokens", date(2026, 9, 1)),
    ]


def test_a_cache_class_without_a_price_is_charged_as_uncached_input_and_output_is_not() -> None:
    book = book_of(one_model(ModelPrice(input_mtok=Decimal(3))), "openai")
    assert book.token_price("openai", "m", TokenType.CACHE_READ_INPUT).sku_meter == "m/uncached_input_tokens"
    with pytest.raises(PriceNotFoundError, match="m/output_tokens"):
        book.token_price("openai", "m", TokenType.OUTPUT)


BY_THE_TIME_OF_DAY = {"deepseek"}
"""Sellers of which the kit takes no price."""


def test_every_seller_that_bills_name_is_priced_or_known_not_to_be() -> None:
    assert set(SELLERS.values()) - set(PROVIDERS) == BY_THE_TIME_OF_DAY


def test_a_provider_that_the_data_lacks_is_an_error() -> None:
    with pytest.raises(PriceNotFoundError, match="together"):
        normalise_token_prices(one_model(ModelPrice()), SEEN, providers=["together"])


def test_the_installed_prices_are_as_old_as_their_release() -> None:
    assert installed_provenance("0.2.3").retrieved_on == date(2026, 11, 10)
    assert installed_provenance().origin is Origin.BUNDLED


def test_a_version_without_a_release_date_is_an_error() -> None:
    with pytest.raises(PriceNotFoundError, match=r"9\.9\.9"):
        installed_provenance("9.9.9")


@contextmanager
def server(body: bytes, status: int = 200) -> Iterator[str]:
    """Answer every request on a loopback port with one body."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/data.json"
        listening.shutdown()
        thread.join()


def test_downloaded_prices_are_as_old_as_today_and_name_their_address() -> None:
    body = json.dumps(
        [
            {
                "id": "openai",
                "name": "O",
                "api_pattern": "x",
                "models": [{"id": "m", "match": {"equals": "m"}, "prices": {"input_mtok": "2.5"}}],
            }
        ]
    ).encode()
    with server(body) as url:
        data, provenance = fetch_live_data(retrieved_on=date(2026, 11, 23), url=url)
    (row,) = normalise_token_prices(data, provenance, providers=["openai"]).unit_prices
    assert (row.list_unit_price, row.provenance.retrieved_on) == (Decimal("2.5"), date(2026, 11, 23))
    assert (row.provenance.source_url, row.provenance.origin) == (url, Origin.LIVE)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>blocked</html>", 200),
        (b'[{"id":', 200),
        (b"{}", 200),
        (b"[]", 200),
        (b'[{"id": 1}]', 200),
        (b"no", 403),
        (b"no", 500),
    ],
)
def test_anything_but_the_data_is_a_source_error(body: bytes, status: int) -> None:
    with server(body, status) as url, pytest.raises(SourceError, match=r"data\.json"):
        fetch_live_data(retrieved_on=date(2026, 11, 23), url=url)


def test_a_server_that_is_not_there_is_a_source_error() -> None:
    with server(b"") as url:
        pass
    with pytest.raises(SourceError, match=r"data\.json"):
        fetch_live_data(retrieved_on=date(2026, 11, 23), url=url)
