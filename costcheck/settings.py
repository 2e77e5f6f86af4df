"""The company's own statements: `costcheck.toml`, typed.

What is measured comes from the bills; this file holds what only people know: which traffic belongs
together, how fast it must be answered, where it may go, what may replace it and who proved that it can.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from costcheck.errors import ConfigError, InputFileError
from costcheck.facts import Typed, parse_toml

LatencyClass = Literal["interactive", "relaxed", "batch"]
PurchaseOption = Literal["on_demand", "spot"]
Schedule = Literal["always_on", "paying_hours"]


class Company(Typed, frozen=True, kw_only=True):
    """Who asks, and in which AWS region the servers would stand."""

    name: str
    region_id: str = "us-east-1"


class Match(Typed, frozen=True, kw_only=True):
    """Traffic that belongs to a workload: a row matches when every list that is given names it.

    Attributes:
        everything: Take all addressable traffic that no workload before this one took.
    """

    sub_account_ids: tuple[str, ...] = ()
    api_key_ids: tuple[str, ...] = ()
    request_models: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    everything: bool = False


class Evaluation(Typed, frozen=True, kw_only=True):
    """What a quality comparison of a replacement against today's model found."""

    model: str
    result: Literal["pass", "fail", "inconclusive"]
    evaluated_on: date
    report: str


class Acceptance(Typed, frozen=True, kw_only=True):
    """The owner's recorded acceptance of a replacement without a passed evaluation."""

    model: str
    owner: str
    accepted_on: date
    reason: str


class Compliance(Typed, frozen=True, kw_only=True):
    """A requirement that takes the public API away from a workload.

    Attributes:
        in_region_managed_api_allowed: A managed API inside the company's AWS region has the needed terms.
    """

    clause: str
    owner: str
    expires_on: date
    in_region_managed_api_allowed: bool


class DeclaredDemand(Typed, frozen=True, kw_only=True):
    """Demand stated by a person, allowed only where compliance forbids measuring it on an API."""

    monthly_requests: int
    input_tokens_per_request: int
    output_tokens_per_request: int


class ManagedQuote(Typed, frozen=True, kw_only=True):
    """An offer to serve one workload with one model at a fixed price a month, whatever it sends."""

    name: str
    model: str
    monthly_cost_usd: Decimal
    quoted_on: date
    source: str


class Workload(Typed, frozen=True, kw_only=True):
    """Traffic that moves or stays together.

    Attributes:
        sensitivity: `restricted` data get N+1 servers of their own and never overflow to an API.
        candidates: Open weights that may replace today's model, by their names in the catalogue (`gpt-oss-20b`).
        weights: `own` for a fine-tuned model: then nobody sells the same weights by the token.
        cacheable_input_share: Share of input tokens that repeats (a system prompt), if you know it.
        cheaper_request_model: A cheaper model of the same provider that may replace today's.
        outage_cost_usd_per_hour: What an hour without answers costs the business.
    """

    name: str
    match: Match = Match()
    latency_class: LatencyClass
    sensitivity: Literal["public", "internal", "restricted"] = "internal"
    candidates: tuple[str, ...] = ()
    weights: Literal["published", "own"] = "published"
    cacheable_input_share: Decimal | None = None
    cheaper_request_model: str | None = None
    evaluations: tuple[Evaluation, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    managed_quotes: tuple[ManagedQuote, ...] = ()
    compliance: Compliance | None = None
    declared_demand: DeclaredDemand | None = None
    outage_cost_usd_per_hour: Decimal = Decimal(0)


class Operator(Typed, frozen=True, kw_only=True):
    """Who would run the servers. There is no default: unanswered stays unanswered."""

    answer: Literal["team", "managed_provider", "nobody"] | None = None
    named: str = ""
    managed_provider_monthly_cost_usd: Decimal | None = None


class SelfHosting(Typed, frozen=True, kw_only=True):
    """Which servers are worth considering; the defaults consider every GPU type on demand."""

    instance_types: tuple[str, ...] = ()
    purchase_options: tuple[PurchaseOption, ...] = ("on_demand",)
    schedules: tuple[Schedule, ...] = ("always_on", "paying_hours")
    overflow_to_api: bool = True
    refused_instance_types: tuple[str, ...] = ()


class ContractedDiscount(Typed, frozen=True, kw_only=True):
    """A negotiated discount off one provider's list prices."""

    service_provider_name: str
    discount_share: Decimal
    source: str


class TokenPrice(Typed, frozen=True, kw_only=True):
    """What tokens cost of a model, or of a tier of one, that no price list knows; USD a million tokens.

    Attributes:
        cache_read_input_usd_per_million: Where it is left out, cached input costs as other input.
        seen_on: Day on which the source was read: it may be as old as a list price of tokens.
    """

    service_provider_name: str
    request_model: str
    service_tier: Literal["standard", "batch", "flex", "priority"] = "standard"
    input_usd_per_million: Decimal
    cache_read_input_usd_per_million: Decimal | None = None
    output_usd_per_million: Decimal
    seen_on: date
    source: str


class Override(Typed, frozen=True, kw_only=True):
    """A threshold or an assumption of the kit, replaced with the company's own figure and its reason.

    Attributes:
        low: 10th percentile; without `low` and `high` the figure counts as certain.
        high: 90th percentile.
    """

    value: Decimal
    low: Decimal | None = None
    high: Decimal | None = None
    reason: str


class Settings(Typed, frozen=True, kw_only=True):
    """Everything in `costcheck.toml`.

    Attributes:
        token_price: Unset, and so not written, where there are none: older decisions recompute as they were.
        set_aside_models: Models that stay on the API whatever matches them.
        separate_sources: Sources of the ledger whose requests no other source counts, though the model is the same
            (the bill of another organisation, say).
    """

    schema_version: Literal[1] = 1
    company: Company
    operator: Operator = Operator()
    workload: tuple[Workload, ...]
    self_hosting: SelfHosting = SelfHosting()
    contracted_discount: tuple[ContractedDiscount, ...] = ()
    token_price: tuple[TokenPrice, ...] | msgspec.UnsetType = msgspec.UNSET
    set_aside_models: tuple[str, ...] = ()
    separate_sources: tuple[str, ...] = ()
    thresholds: dict[str, Override] = msgspec.field(default_factory=dict)
    assumptions: dict[str, Override] = msgspec.field(default_factory=dict)


def own_token_prices(settings: Settings) -> tuple[TokenPrice, ...]:
    """Return the prices that the company states, none where it states none."""
    return () if settings.token_price is msgspec.UNSET else settings.token_price


def parse_settings(text: str, name: str) -> Settings:
    """Return the settings that a TOML text states.

    Raises:
        ConfigError: A key is unknown (the nearest is named), missing, mistyped, or contradicts another.
    """
    settings = parse_toml(text, Settings, name)
    for problem in _contradictions(settings):
        message = f"{name}: {problem}"
        raise ConfigError(message, expected="workloads that say who they are", action=f"mend {name}")
    return settings


def read_settings(path: Path) -> Settings:
    """Return the settings in a file.

    Raises:
        InputFileError: It cannot be read.
        ConfigError: See `parse_settings`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        message = f"{path} cannot be read: {exc}"
        raise InputFileError(
            message,
            expected="a configuration file in UTF-8",
            action="write a commented one with `costcheck init`, or name yours with --config",
        ) from exc
    return parse_settings(text, str(path))


def _contradictions(settings: Settings) -> list[str]:
    names = [workload.name for workload in settings.workload]
    problems = [f"two workloads are called {name!r}" for name in dict.fromkeys(names) if names.count(name) > 1]
    if not settings.workload:
        problems.append("there is no [[workload]]")
    for workload in settings.workload:
        problems += [f"workload {workload.name!r}: {text}" for text in _workload_problems(workload)]
    problems += [
        f"contracted_discount of {discount.service_provider_name}: {discount.discount_share} is not a share"
        for discount in settings.contracted_discount
        if not _is_share(discount.discount_share)
    ]
    problems += [
        f"token_price of {row.request_model}: {amount} is no price"
        for row in own_token_prices(settings)
        for amount in (row.input_usd_per_million, row.cache_read_input_usd_per_million, row.output_usd_per_million)
        if amount is not None and not _is_positive(amount)
    ]
    operator = settings.operator
    fee = operator.managed_provider_monthly_cost_usd
    if operator.answer == "managed_provider" and fee is None:
        problems.append("operator.answer is managed_provider, but managed_provider_monthly_cost_usd is not set")
    if fee is not None and not _is_positive(fee):
        problems.append(f"operator.managed_provider_monthly_cost_usd is {fee}")
    return problems


def _workload_problems(workload: Workload) -> list[str]:
    problems = []
    if workload.declared_demand is not None and workload.compliance is None:
        problems.append("declared_demand is allowed only with a compliance requirement; measure it instead")
    if workload.declared_demand is None and workload.match == Match():
        problems.append("match names nothing; list sub_account_ids, request_models, ... or set everything = true")
    declared = workload.declared_demand
    if (
        declared is not None
        and min(declared.monthly_requests, declared.input_tokens_per_request, declared.output_tokens_per_request) <= 0
    ):
        problems.append("declared_demand holds a figure that is not above zero")
    if not _is_share(workload.cacheable_input_share or Decimal(0)):
        problems.append(f"cacheable_input_share is {workload.cacheable_input_share}, not a share from 0 to 1")
    problems += [
        f"managed_quotes {quote.name!r}: monthly_cost_usd is {quote.monthly_cost_usd}"
        for quote in workload.managed_quotes
        if not _is_positive(quote.monthly_cost_usd)
    ]
    cost = workload.outage_cost_usd_per_hour
    if not (cost.is_finite() and cost >= 0):
        problems.append(f"outage_cost_usd_per_hour is {cost}")
    return problems


def _is_share(value: Decimal) -> bool:
    return value.is_finite() and 0 <= value <= 1


def _is_positive(value: Decimal) -> bool:
    return value.is_finite() and value > 0
