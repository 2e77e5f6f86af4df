"""Token prices from genai-prices, at the dates on which they apply.

genai-prices (https://github.com/pydantic/genai-prices, MIT) keeps a history: a price may start on a
later date, a request of a longer prompt may cost more, and batch or flex requests less. Every such
case becomes rows of its own, so that a snapshot can be replayed without the package. A tier that it
does not list and a provider states as a share of the standard price (`costcheck/data/token_tiers.toml`)
becomes rows, too.

The package's data has no date. `retrieved_on` is the day of the package's release on PyPI
(`costcheck/data/genai_prices_releases.toml`), or today when the data was just downloaded. A row is
valid on any day from its start up to then; the history before a first dated change is taken as
genai-prices gives it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING

from costcheck.errors import PriceNotFoundError, SourceError
from costcheck.facts import Fact, Typed, read_data_toml
from costcheck.price_book import GLOBAL, TOKEN_UNIT, token_meter
from costcheck.records import Origin, Provenance, ServiceTier, TokenType, UnitPrice

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice, Provider

PROVIDERS = (
    "anthropic",
    "aws",
    "azure",
    "cerebras",
    "cohere",
    "fireworks",
    "google",
    "groq",
    "mistral",
    "moonshotai",
    "novita",
    "openai",
    "openrouter",
    "perplexity",
    "together",
    "x-ai",
    "zai",
)
"""Providers whose prices a snapshot carries: the common bills, and the hosts of open weights."""

_PRICE_KEYS = {
    TokenType.UNCACHED_INPUT: "input_mtok",
    TokenType.CACHE_READ_INPUT: "cache_read_mtok",
    TokenType.CACHE_CREATION_5M_INPUT: "cache_write_mtok",
    TokenType.CACHE_CREATION_1H_INPUT: "cache_write_1h_mtok",
    TokenType.OUTPUT: "output_mtok",
}
# The context words of genai-prices' price variants. OpenAI's `fast` is its priority tier under another
# name, and Anthropic's `speed: fast` has no tier in a bill, so neither becomes a row.
_CONTEXTS: dict[ServiceTier, dict[str, str]] = {
    ServiceTier.STANDARD: {},
    ServiceTier.BATCH: {"processing": "batch"},
    ServiceTier.FLEX: {"service_tier": "flex"},
    ServiceTier.PRIORITY: {"service_tier": "priority"},
}


class _Release(Typed, frozen=True, kw_only=True):
    version: str
    uploaded: date
    source_url: str
    checked: date


class _Releases(Typed, frozen=True, kw_only=True):
    release: tuple[_Release, ...]


_TierShares = dict[str, dict[ServiceTier, Fact]]
"""Provider and tier to the share of the standard price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedModel:
    """A model in genai-prices' words, as `UnitPrice` keys use them."""

    service_code: str
    model_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPrices:
    """The rows of a set of providers.

    Attributes:
        unit_prices: Every row, future ones included.
        refused: What genai-prices lists and the kit does not take for a price, with the reason.
    """

    unit_prices: tuple[UnitPrice, ...]
    refused: tuple[str, ...]


def installed_provenance(package_version: str | None = None) -> Provenance:
    """Return where and when the prices inside the installed genai-prices were read.

    Raises:
        PriceNotFoundError: The release date of this version is not on record.
    """
    wanted = package_version or version("genai-prices")
    for release in read_data_toml("genai_prices_releases.toml", _Releases).release:
        if release.version == wanted:
            return Provenance(
                source=f"genai-prices {wanted}",
                source_url=release.source_url,
                retrieved_on=release.uploaded,
                origin=Origin.BUNDLED,
            )
    message = f"genai-prices {wanted} is installed, and its release date is not on record"
    raise PriceNotFoundError(
        message,
        expected="a version of costcheck/data/genai_prices_releases.toml",
        action="enter its version and release day (https://pypi.org/project/genai-prices/#history) there, or leave "
        "--token-prices installed out",
    )


def installed_data() -> "DataSnapshot":
    """Return the prices inside the installed genai-prices, untouched by any download."""
    from genai_prices.data import providers  # noqa: PLC0415 - 1.5 MB of data that only pricing needs
    from genai_prices.data_snapshot import DataSnapshot  # noqa: PLC0415 - the same

    return DataSnapshot(providers=providers, from_auto_update=False)


def fetch_live_data(
    *, retrieved_on: date, url: str | None = None, timeout_seconds: float = 30
) -> tuple["DataSnapshot", Provenance]:
    """Return genai-prices' current data, downloaded now from its repository, and its provenance.

    Raises:
        SourceError: It cannot be reached, or is not genai-prices' data.
    """
    import httpx2  # noqa: PLC0415 - only a download needs it
    from genai_prices.update_prices import DEFAULT_UPDATE_URL, UpdatePrices  # noqa: PLC0415 - the same

    source_url = url or DEFAULT_UPDATE_URL
    try:
        data = UpdatePrices(url=source_url, request_timeout=httpx2.Timeout(timeout_seconds)).fetch()
    except (httpx2.HTTPError, ValueError) as exc:
        raise _unreadable(source_url, f"{type(exc).__name__}: {exc}") from exc
    if data is None or not data.providers:
        raise _unreadable(source_url, "no provider in it")
    provenance = Provenance(
        source="genai-prices", source_url=source_url, retrieved_on=retrieved_on, origin=Origin.LIVE
    )
    return data, provenance


def normalise_token_prices(
    data: "DataSnapshot", provenance: Provenance, *, providers: Iterable[str] = PROVIDERS
) -> TokenPrices:
    """Return every row of the named providers.

    A row's `source_url` is the provider's own price page, where genai-prices names one: that is where
    a reader checks it.

    Raises:
        PriceNotFoundError: A named provider is not in the data.
    """
    known = {provider.id: provider for provider in data.providers}
    shares = read_data_toml("token_tiers.toml", _TierShares)
    prices: list[UnitPrice] = []
    refused: list[str] = []
    for provider_id in providers:
        if provider_id not in known:
            raise _unmatched(provider_id, None)
        provider = known[provider_id]
        page = replace(provenance, source_url=(provider.pricing_urls or [provenance.source_url])[0])
        for model in provider.models:
            try:
                rows = _model_rows(provider, model, page)
                prices += [*rows, *_stated_tiers(model, rows, shares.get(provider_id, {}))]
            except PriceNotFoundError as exc:
                refused.append(exc.seen)
    return TokenPrices(unit_prices=tuple(prices), refused=tuple(refused))


def match_model(data: "DataSnapshot", provider_name: str, billed_model: str) -> PricedModel:
    """Return the model that a bill means, by genai-prices' own matching.

    `gpt-5.4-2026-03-05` of openai is its `gpt-5.4`. Where a provider resells a model without listing
    a price for it, genai-prices takes the maker's, and so does the service code.

    Raises:
        PriceNotFoundError: Nobody prices this model; it is named.
    """
    try:
        provider, model = data.find_provider_model(billed_model, None, provider_name, None)
    except LookupError as exc:
        raise _unmatched(provider_name, billed_model) from exc
    owners = [provider, *data.providers]
    owner = next(one for one in owners if any(model is listed for listed in one.models))
    return PricedModel(service_code=owner.id, model_id=model.id)


def _model_rows(provider: "Provider", model: "ModelInfo", provenance: Provenance) -> list[UnitPrice]:
    """Return the rows of one model: every change of every price of every tier it has."""
    days = _days_of_change(provider, model)
    rows: list[UnitPrice] = []
    for tier in _CONTEXTS:
        before: dict[TokenType, tuple[UnitPrice, ...]] = {}
        for day in days:
            now = _rows_on(provider, model, tier, day, provenance)
            if missing := before.keys() - now.keys():
                raise _refused(provider, model, f"{', '.join(sorted(missing))} has no price from {day} on")
            for token_type, current in now.items():
                if _undated(current) != _undated(before.get(token_type, ())):
                    rows.extend(current)
            before = now
    return rows


def _stated_tiers(
    model: "ModelInfo", rows: Sequence[UnitPrice], shares: Mapping[ServiceTier, Fact]
) -> Iterator[UnitPrice]:
    """Yield the prices of tiers that the provider states as a share of the standard one, and the rows lack."""
    meters = {row.sku_meter for row in rows}
    for tier, share in shares.items():
        if token_meter(model.id, TokenType.UNCACHED_INPUT, tier) in meters:
            continue
        for token_type in _PRICE_KEYS:
            for row in rows:
                if row.sku_meter == token_meter(model.id, token_type):
                    yield replace(
                        row,
                        sku_meter=token_meter(model.id, token_type, tier),
                        list_unit_price=row.list_unit_price * share.value,
                        provenance=replace(
                            row.provenance,
                            source=f"{row.provenance.source}; {tier} at {share.value} of standard",
                            source_url=share.source_url,
                        ),
                    )


def _rows_on(
    provider: "Provider",
    model: "ModelInfo",
    tier: ServiceTier,
    day: date | None,
    provenance: Provenance,
) -> dict[TokenType, tuple[UnitPrice, ...]]:
    moment, context = datetime.combine(day or date.min, time(), UTC), _CONTEXTS[tier]
    if context and not _has_variant(model, context, moment):
        return {}
    prices = model.get_prices(moment, context)
    return {
        token_type: tuple(
            UnitPrice(
                service_code=provider.id,
                sku_meter=token_meter(model.id, token_type, tier),
                region_id=GLOBAL,
                tier_start=Decimal(start),
                list_unit_price=amount,
                pricing_unit=TOKEN_UNIT,
                effective_from=day,
                provenance=provenance,
            )
            for start, amount in _tiers(provider, model, prices, price_key)
        )
        for token_type, price_key in _PRICE_KEYS.items()
        if getattr(prices, price_key) is not None
    }


def _tiers(
    provider: "Provider", model: "ModelInfo", prices: "ModelPrice", price_key: str
) -> Iterator[tuple[int, Decimal]]:
    """Yield the first prompt length and the price of each context tier.

    genai-prices' `start` is the last length of the tier below: it compares with `>`
    (genai_prices.types.calc_unit_price), so the tier begins one token later.
    """
    price = getattr(prices, price_key)
    tiers = [(0, price)] if isinstance(price, Decimal) else [(0, price.base)]
    tiers += [] if isinstance(price, Decimal) else [(tier.start + 1, tier.price) for tier in price.tiers]
    for start, amount in tiers:
        if not (isinstance(amount, Decimal) and amount.is_finite() and amount > 0):
            raise _refused(provider, model, f"{price_key} is {amount} from {start} tokens on")
        yield start, amount


def _has_variant(model: "ModelInfo", context: dict[str, str], moment: datetime) -> bool:
    return any(
        variant.when == context and (variant.constraint is None or variant.constraint.active(moment))
        for variant in model.price_variants or ()
    )


def _days_of_change(provider: "Provider", model: "ModelInfo") -> list[date | None]:
    """Return the days on which a price of the model may change, the beginning (None) first."""
    from genai_prices.types import ModelPrice, StartDateConstraint  # noqa: PLC0415 - 1.5 MB of data behind it

    conditions = [] if isinstance(model.prices, ModelPrice) else [price.constraint for price in model.prices]
    conditions += [variant.constraint for variant in model.price_variants or ()]
    days: set[date] = set()
    for constraint in conditions:
        if isinstance(constraint, StartDateConstraint):
            days.add(constraint.start_date)
        elif constraint is not None:
            raise _refused(provider, model, "its price depends on the time of day")
    return [None, *sorted(days)]


def _undated(rows: Sequence[UnitPrice]) -> tuple[UnitPrice, ...]:
    return tuple(replace(row, effective_from=None) for row in rows)


def _refused(provider: "Provider", model: "ModelInfo", reason: str) -> PriceNotFoundError:
    return PriceNotFoundError(
        f"{provider.id} {model.id}: {reason}",
        expected="a price above zero",
        action="price this model by hand",
    )


def _unmatched(provider_name: str, billed_model: str | None) -> PriceNotFoundError:
    what = f"model {billed_model!r} of provider {provider_name!r}" if billed_model else f"provider {provider_name!r}"
    return PriceNotFoundError(
        f"genai-prices does not price {what}",
        expected="a provider and model that genai-prices lists",
        action="check the names, or update the package (`pip install -U genai-prices`)",
    )


def _unreadable(url: str, problem: str) -> SourceError:
    return SourceError(
        f"{url}: {problem}",
        expected="genai-prices' data as JSON",
        action="check the network, or use the prices of the installed package (--token-prices installed)",
    )
