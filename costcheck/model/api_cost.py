"""What the same demand costs on an API: as it is paid today, made cheaper, or with the same open weights managed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import msgspec

from costcheck.catalogue import OpenWeights
from costcheck.errors import PriceNotFoundError
from costcheck.model.demand import ModelUsage, WorkloadDemand
from costcheck.model.price_tags import LONGEST_PROMPT_TOKENS
from costcheck.price_book import PriceBook
from costcheck.records import ServiceTier, TokenType, UnitPrice
from costcheck.settings import ManagedQuote, Workload
from costcheck.units import TOKENS_PER_PRICING_UNIT
from costcheck.verdict import CostLine, OptionKind

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """A billed model in the price list's words."""

    service_code: str
    model_id: str
    region_id: str = "global"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMarket:
    """Token prices as this company pays them.

    Attributes:
        names: `provider/request_model` as billed to the price list's name.
        contracted_factor: Provider to contracted over list price.
        on: Day whose prices count.
    """

    book: PriceBook
    names: Mapping[str, ModelName]
    contracted_factor: Callable[[str], Decimal]
    on: date

    def name(self, provider: str, request_model: str) -> ModelName:
        """Return the price list's name of a billed model.

        Raises:
            PriceNotFoundError: No price list knows the model.
        """
        billed = f"{provider}/{request_model}"
        if billed not in self.names:
            message = f"no price list knows the model {billed}"
            raise PriceNotFoundError(
                message,
                expected="a model of genai-prices",
                action="check its name on the bill, or set it aside with set_aside_models in costcheck.toml",
            )
        return self.names[billed]

    def price(
        self,
        name: ModelName,
        token_type: TokenType,
        tier: ServiceTier,
        context_tokens: int = 0,
        *,
        or_first: bool = False,
    ) -> UnitPrice:
        """Return the list price of one class of tokens, or the first one where the list begins later."""
        return self.book.token_price(
            name.service_code,
            name.model_id,
            token_type,
            region_id=name.region_id,
            service_tier=tier,
            context_tokens=context_tokens,
            on=self.on,
            or_first=or_first,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiVariant:
    """One way to buy a workload's tokens.

    Attributes:
        monthly_cost_usd: At today's demand and contracted prices.
        replaces_model: Another model answers: token factors apply and quality must be shown.
        model: The model that answers; evidence is looked up under this name.
        in_region: The data stay inside the company's AWS region.
        needs: What must be done or shown first, empty for nothing.
    """

    kind: OptionKind
    label: str
    model: str
    monthly_cost_usd: Decimal
    lines: tuple[CostLine, ...]
    replaces_model: bool = False
    in_region: bool = False
    needs: str = ""


def list_cost(
    market: TokenMarket, usage: ModelUsage, name: ModelName | None = None, *, or_first: bool = False
) -> Decimal:
    """Return usage x list unit price in USD.

    Raises:
        PriceNotFoundError: A class of tokens has no price.
    """
    lines = token_lines(market, usage, name, factor=Decimal(1), or_first=or_first)
    return sum((line.monthly_cost_usd for line in lines), ZERO)


def token_lines(
    market: TokenMarket,
    usage: ModelUsage,
    name: ModelName | None = None,
    *,
    factor: Decimal | None = None,
    or_first: bool = False,
) -> tuple[CostLine, ...]:
    """Return one cost line for each class of tokens that was used.

    Args:
        market: Prices.
        usage: Tokens of one model in one month.
        name: Model whose prices to use instead of the usage's own.
        factor: Contracted over list price; the provider's own where None.
        or_first: The tokens were bought at this tier, so that a list that begins later lends its first price.
    """
    priced_as = name or market.name(usage.service_provider_name, usage.request_model)
    # The bill says who is paid; the price list may file the same model under its maker.
    provider = usage.service_provider_name or priced_as.service_code
    share = market.contracted_factor(provider) if factor is None else factor
    share *= 1 if usage.price_factor is msgspec.UNSET else usage.price_factor
    context = _context_tokens(usage)
    return tuple(
        _line(market.price(priced_as, token_type, usage.service_tier, context, or_first=or_first), tokens, share)
        for token_type, tokens in _classes(usage)
        if tokens > 0
    )


def api_variants(
    workload: Workload,
    demand: WorkloadDemand,
    market: TokenMarket,
    candidates: Mapping[str, OpenWeights],
    quotes: Iterable[ManagedQuote],
) -> tuple[ApiVariant, ...]:
    """Return every way to buy the workload's tokens, today's first.

    Raises:
        PriceNotFoundError: Today's models have no price. A variant that nobody prices is no variant.
    """
    variants = [_today(demand, market)] if demand.models else []
    if demand.models:
        variants += _attempt(lambda: _batch(workload, demand, market))
        variants += _attempt(lambda: _cached(workload, demand, market))
        variants += _attempt(lambda: _cheaper_model(workload, demand, market))
    if workload.weights == "published":
        variants += [
            variant
            for name in workload.candidates
            for variant in _managed(_as_one_model(workload, demand), market, name, candidates[name])
        ]
    variants += [_quoted(quote) for quote in quotes if quote.model in workload.candidates]
    return tuple(variants)


def _attempt(build: Callable[[], ApiVariant | None]) -> list[ApiVariant]:
    try:
        variant = build()
    except PriceNotFoundError:
        return []
    return [variant] if variant else []


def _today(demand: WorkloadDemand, market: TokenMarket) -> ApiVariant:
    names = ", ".join(sorted({usage.request_model for usage in demand.models}))
    lines = tuple(line for usage in demand.models for line in token_lines(market, usage, or_first=True))
    return _variant(OptionKind.API_TODAY, f"{names} as today", names, lines, replaces_model=False)


def _batch(workload: Workload, demand: WorkloadDemand, market: TokenMarket) -> ApiVariant | None:
    if workload.latency_class != "batch" or all(row.service_tier is ServiceTier.BATCH for row in demand.models):
        return None
    batched = tuple(replace(usage, service_tier=ServiceTier.BATCH) for usage in demand.models)
    names = ", ".join(sorted({usage.request_model for usage in demand.models}))
    return _variant(
        OptionKind.API_CHEAPER,
        f"{names} through the batch API",
        names,
        _all_lines(market, batched),
        needs="answers within 24 hours, and the provider's batch limit",
    )


def _cached(workload: Workload, demand: WorkloadDemand, market: TokenMarket) -> ApiVariant | None:
    share = workload.cacheable_input_share
    if share is None or float(share) <= demand.cached_input_share:
        return None
    names = ", ".join(sorted({usage.request_model for usage in demand.models}))
    cached = tuple(_with_cached_share(usage, share) for usage in demand.models)
    return _variant(
        OptionKind.API_CHEAPER,
        f"{names} with prompt caching of {share:.0%} of the input",
        names,
        _all_lines(market, cached),
        needs="prompts that begin with the part that repeats",
    )


def _cheaper_model(workload: Workload, demand: WorkloadDemand, market: TokenMarket) -> ApiVariant | None:
    cheaper = workload.cheaper_request_model
    if cheaper is None:
        return None
    name = market.name(demand.models[0].service_provider_name, cheaper)
    lines = tuple(line for usage in demand.models for line in token_lines(market, usage, name))
    return _variant(
        OptionKind.API_CHEAPER, f"{cheaper} instead", cheaper, lines, replaces_model=True, needs=_evidence(cheaper)
    )


def _managed(usage: ModelUsage, market: TokenMarket, candidate: str, weights: OpenWeights) -> Iterable[ApiVariant]:
    for api in weights.managed_apis:
        name = ModelName(service_code=api.provider_id, model_id=api.model_id)
        try:
            lines = token_lines(market, usage, name)
        except PriceNotFoundError:
            continue  # a reseller that did not sell these weights on that day
        yield _variant(
            OptionKind.MANAGED_OPEN_WEIGHTS,
            f"{candidate} on {api.provider_id}",
            candidate,
            lines,
            replaces_model=True,
            in_region=api.in_region_aws,
            needs=_evidence(candidate),
        )


def _quoted(quote: ManagedQuote) -> ApiVariant:
    line = CostLine(
        name=f"Managed service ({quote.name})",
        quantity=Decimal(1),
        unit="Months",
        unit_price_usd=quote.monthly_cost_usd,
        monthly_cost_usd=quote.monthly_cost_usd,
        sku_id=None,
        sku_meter="quote",
        price_source=quote.source,
        price_date=quote.quoted_on,
    )
    return _variant(
        OptionKind.MANAGED_QUOTE,
        f"{quote.model} by {quote.name}",
        quote.model,
        (line,),
        replaces_model=True,
        needs=_evidence(quote.model),
    )


def _variant(  # noqa: PLR0913 - one field each
    kind: OptionKind,
    label: str,
    model: str,
    lines: tuple[CostLine, ...],
    *,
    replaces_model: bool = False,
    in_region: bool = False,
    needs: str = "",
) -> ApiVariant:
    return ApiVariant(
        kind=kind,
        label=label,
        model=model,
        monthly_cost_usd=sum((line.monthly_cost_usd for line in lines), ZERO),
        lines=lines,
        replaces_model=replaces_model,
        in_region=in_region,
        needs=needs,
    )


def _evidence(model: str) -> str:
    return f"a passed evaluation of {model}, or its owner's acceptance"


def _all_lines(market: TokenMarket, models: Iterable[ModelUsage]) -> tuple[CostLine, ...]:
    return tuple(line for usage in models for line in token_lines(market, usage))


def _classes(usage: ModelUsage) -> tuple[tuple[TokenType, Decimal], ...]:
    return (
        (TokenType.UNCACHED_INPUT, usage.uncached_input_tokens),
        (TokenType.CACHE_READ_INPUT, usage.cache_read_input_tokens),
        (TokenType.CACHE_CREATION_5M_INPUT, usage.cache_creation_5m_input_tokens),
        (TokenType.CACHE_CREATION_1H_INPUT, usage.cache_creation_1h_input_tokens),
        (TokenType.OUTPUT, usage.output_tokens),
    )


def _context_tokens(usage: ModelUsage) -> int:
    """Return the length of the prompt whose price stands for all: the mean, or where all are long the longest."""
    if usage.long_context is not msgspec.UNSET and usage.long_context:
        return LONGEST_PROMPT_TOKENS
    return int(_input_tokens(usage) / usage.requests) if usage.requests else 0


def _input_tokens(usage: ModelUsage) -> Decimal:
    return sum((tokens for token_type, tokens in _classes(usage) if token_type is not TokenType.OUTPUT), ZERO)


def _with_cached_share(usage: ModelUsage, share: Decimal) -> ModelUsage:
    total = _input_tokens(usage)
    moved = min(max(total * share - usage.cache_read_input_tokens, ZERO), usage.uncached_input_tokens)
    return replace(
        usage,
        uncached_input_tokens=usage.uncached_input_tokens - moved,
        cache_read_input_tokens=usage.cache_read_input_tokens + moved,
    )


def cached_input_share(workload: Workload, demand: WorkloadDemand) -> float:
    """Return the share of the input that a cache can hold: what was measured, or what the company knows to repeat.

    One figure for whoever replaces today's model, so that caching favours neither an API nor servers.
    """
    return max(demand.cached_input_share, float(workload.cacheable_input_share or 0))


def _as_one_model(workload: Workload, demand: WorkloadDemand) -> ModelUsage:
    """Return the demand's tokens as if one model answered all of it, on the standard tier."""
    requests = demand.monthly_requests
    inputs = requests * Decimal(str(demand.input_tokens_per_request))
    cached = inputs * Decimal(str(cached_input_share(workload, demand)))
    return ModelUsage(
        service_provider_name="",
        request_model="",
        service_tier=ServiceTier.STANDARD,
        uncached_input_tokens=inputs - cached,
        cache_read_input_tokens=cached,
        cache_creation_5m_input_tokens=ZERO,
        cache_creation_1h_input_tokens=ZERO,
        output_tokens=requests * Decimal(str(demand.output_tokens_per_request)),
        requests=requests,
    )


def _line(price: UnitPrice, tokens: Decimal, contracted_factor: Decimal) -> CostLine:
    quantity = tokens / TOKENS_PER_PRICING_UNIT
    unit_price = price.list_unit_price * contracted_factor
    return CostLine(
        name=f"{price.service_code} {price.sku_meter}",
        quantity=quantity,
        unit=price.pricing_unit,
        unit_price_usd=unit_price,
        monthly_cost_usd=quantity * unit_price,
        sku_id=price.sku_id,
        sku_meter=price.sku_meter,
        price_source=price.provenance.source_url,
        price_date=price.provenance.retrieved_on,
    )
