"""What one AWS usage type of Bedrock counts: the model, the class of tokens, the tier, and how many tokens a unit is.

Three ways of billing, told apart by the usage type, never by the service alone (sources.md, trap 3):

- through AWS Marketplace, service `Claude Opus 5.5 (Amazon Bedrock Edition)`, one unit a million tokens:
  `USW2-MP:USW2_input_tokens_long_ctx_global_standard-Units`, older `USW2-MP:USW2_InputTokenCount_Global_Batch-Units`;
- by AWS, service `Amazon Bedrock`, one unit a thousand tokens: `USE1-Nova2.0Lite-input-tokens-cross-region-global`,
  `USE1-xai.grok-4.6-mantle-cache-read-tokens-standard`;
- by AWS, service `Amazon Bedrock Service`, one unit a thousand tokens:
  `USE1-Claude4Sonnet-cache-read-input-token-count-cross-region-global`.

Documented: https://docs.aws.amazon.com/bedrock/latest/userguide/cost-mgmt-understanding-cur-data.html (token types).
Seen in bills and price files, read 2026-11-26 in public code:
https://github.com/grafana/cloudcost-exporter/blob/main/pkg/aws/bedrock/bedrock_test.go (Marketplace, cache lifetimes,
latency-optimized, speech), and repositories that name no address in the index: price files of 2026-07 to 2026-10 with
`mantle`, `long-ctx`, `30m`, `custom-model`, `MillionBatchInputTokens`, `reserved-1-month-...-tokens-per-minute`; Cost
Explorer of 2026-08 with `UsageQuantity` 0.000858 for 858 tokens (Marketplace) and 10,666.36 at 0.025 USD (AWS).
GovCloud's price file sells the OpenAI models of `mantle` by the million, so that nothing is said of its unit here.

A cache that lives 30 minutes or 12 hours counts as it does for OpenAI: the shorter as `5m`, the longer as `1h`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from costcheck.errors import SourcePayloadError
from costcheck.records import Operation, ServiceTier, TokenType
from costcheck.sources.bills.bedrock_names import EDITION, model_of_name

MARKETPLACE_UNIT = 1_000_000
AWS_UNIT = 1_000
BEDROCK_SERVICES = ("Amazon Bedrock", "AmazonBedrock")
"""How the names and codes of Bedrock's own services begin."""


class MeterKind(StrEnum):
    """What a meter counts."""

    TOKENS = "tokens"
    CAPACITY = "reserved capacity"
    GUARDRAIL = "guardrail"
    SEARCH = "search units"
    IMAGE = "images"
    AUDIO = "audio"
    VIDEO = "video"
    CUSTOMIZATION = "training or storage of a model"
    TOOL = "a tool beside the model"
    UNKNOWN = "unknown"


class Scope(StrEnum):
    """Where a request may have been answered; only the global profile has a price of its own."""

    REGIONAL = "regional"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True, kw_only=True)
class BedrockMeter:
    """What one usage type counts.

    Attributes:
        region_code: `USE1`, None where the usage type does not begin with one.
        model: Its id with `global.` where the global profile was billed; None where the usage type names none.
        token_type: None where it counts no tokens.
        modality: `text`, or what the tokens stand for: `image`, `audio`, `video`, `speech`.
        is_latency_optimized: A dearer way of serving, beside the service tier.
        is_long_context: The prompt was longer than the limit of the model's lower price.
        is_custom_model: A model that the customer trained.
        tokens_per_unit: Tokens in one unit of usage; None where it counts none, or where AWS sells by both units.
    """

    kind: MeterKind
    operation: Operation
    region_code: str | None = None
    model: str | None = None
    token_type: TokenType | None = None
    modality: str = "text"
    service_tier: ServiceTier = ServiceTier.STANDARD
    scope: Scope = Scope.REGIONAL
    is_latency_optimized: bool = False
    is_long_context: bool = False
    is_custom_model: bool = False
    tokens_per_unit: int | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """Return what makes the price another one and has no column of its own."""
        marks = {
            f"scope:{self.scope}": True,
            "latency:optimized": self.is_latency_optimized,
            "context:long": self.is_long_context,
            "model:custom": self.is_custom_model,
            f"modality:{self.modality}": self.modality != "text",
        }
        region = (f"region:{self.region_code}",) if self.region_code else ()
        return (*region, *(name for name, is_set in marks.items() if is_set))


@dataclass(slots=True)
class _Marks:
    """The words behind the token class."""

    tier: ServiceTier = ServiceTier.STANDARD
    scope: Scope = Scope.REGIONAL
    lifetime: str = ""
    latency_optimized: bool = False
    long_context: bool = False
    custom_model: bool = False
    tokens_per_unit: int | None = None


_PREFIX = re.compile(r"^(?:(?P<region>EU|[A-Z]{2,4}\d)-)?(?P<body>.+)$")
_MARKETPLACE = re.compile(r"^MP:(?:(?P<region>EU|[A-Z]{2,4}\d)_)?(?P<body>.+?)(?:-Units)?$")
_MARKETPLACE_TOKENS = re.compile(
    r"^(?:(?P<cache>cache_reads?|cached_input|cache_writes?)_tokens|(?P<side>input|output)_tokens)(?P<tail>(?:_\w+)?)$"
)
_MARKETPLACE_CAMEL = re.compile(
    r"^(?:Million)?(?P<batch>Batch)?(?P<cache>CacheRead|CacheWrite(?P<lifetime>\d+[mh])?)?"
    r"(?P<side>Input|Output)Token(?:Count|s)(?P<tail>(?:_\w+)?)$"
)
_AWS_TOKENS = re.compile(
    r"^(?P<model>.+?)(?P<mantle>-mantle)?-(?:(?P<before>text|speech|audio|image|video)-)?"
    r"(?:(?P<cache>cache-?(?:read|write))(?:-(?P<lifetime>\d+[mh]))?(?:-input)?|(?P<side>input|output))"
    r"(?:-(?P<after>text|speech|audio|image|video))?-token(?:s|-count)(?P<tail>(?:-.+)?)$"
)
_LIFETIMES: Mapping[str, TokenType] = MappingProxyType(
    {
        "": TokenType.CACHE_CREATION_5M_INPUT,
        "5m": TokenType.CACHE_CREATION_5M_INPUT,
        "30m": TokenType.CACHE_CREATION_5M_INPUT,
        "1h": TokenType.CACHE_CREATION_1H_INPUT,
        "12h": TokenType.CACHE_CREATION_1H_INPUT,
    }
)
_TIERS: Mapping[str, ServiceTier] = MappingProxyType({tier.value: tier for tier in ServiceTier})
_WORDS_OF_TAIL = re.compile(
    r"cross-region-(?:global|geo)|global|geo|standard|batch|flex|priority|latency-?optimized|long-?context|long-ctx|lctx"
    r"|custom-model|1-hour|\d+[mh]"
)
# In this order: `...-Guardrail-...`, then what is bought by the hour, so that `reserved-...-input-tokens-per-minute`
# is no token.
_OTHER_KINDS: tuple[tuple[str, MeterKind, Operation], ...] = (
    ("guardrail", MeterKind.GUARDRAIL, Operation.TOOL),
    (
        "provisionedthroughput|provisioned-throughput|model-?units|reserved[-_]|tpm",
        MeterKind.CAPACITY,
        Operation.CHAT,
    ),
    ("custommodelimport|custom-model-import", MeterKind.CAPACITY, Operation.CHAT),
    ("customization|optimizeprompt|training", MeterKind.CUSTOMIZATION, Operation.OTHER),
    ("search[-_]?units|rerank", MeterKind.SEARCH, Operation.TOOL),
)
_LAST_KINDS: tuple[tuple[str, MeterKind, Operation], ...] = (
    ("knowledge-?base|data-?automation|flow|evaluation|agentcore|cache-?storage", MeterKind.TOOL, Operation.TOOL),
    ("video", MeterKind.VIDEO, Operation.OTHER),
    ("audio|speech", MeterKind.AUDIO, Operation.AUDIO),
    ("image|t2i|i2i", MeterKind.IMAGE, Operation.IMAGE),
)


def classify_usage_type(service_name: str, usage_type: str) -> BedrockMeter | None:
    """Return what a usage type counts; None where it is evidently none of Bedrock's.

    A row that is evidently Bedrock's in words that are not known comes back as `UNKNOWN`: its quantity must not be
    scaled.

    Args:
        service_name: Cost Explorer's SERVICE, CUR's product name or code, FOCUS' ServiceName.
        usage_type: `USW2-MP:USW2_input_tokens_standard-Units`.
    """
    match = _PREFIX.match(usage_type)
    region, body = (match["region"], match["body"]) if match else (None, usage_type)
    is_bedrock = service_name.endswith(EDITION) or service_name.startswith(BEDROCK_SERVICES)
    of_marketplace = _MARKETPLACE.match(body)
    other = _kind(_OTHER_KINDS, service_name, body, region) if is_bedrock else None
    if other is not None:
        return other
    meter = (
        _marketplace(service_name, of_marketplace["body"], region or of_marketplace["region"])
        if of_marketplace
        else _aws(body, region, is_bedrock=is_bedrock)
    )
    if meter is not None or not is_bedrock:
        return meter
    return _kind(_LAST_KINDS, service_name, body, region) or BedrockMeter(
        kind=MeterKind.UNKNOWN, operation=Operation.OTHER, region_code=region
    )


def _kind(
    kinds: tuple[tuple[str, MeterKind, Operation], ...], service_name: str, body: str, region: str | None
) -> BedrockMeter | None:
    for pattern, kind, operation in kinds:
        if re.search(pattern, body, re.IGNORECASE):
            is_global = re.search(r"global", body, re.IGNORECASE) is not None
            named = service_name.endswith(EDITION)
            return BedrockMeter(
                kind=kind,
                operation=operation,
                region_code=region,
                model=model_of_name(service_name, is_global=is_global) if named else None,
                scope=Scope.GLOBAL if is_global else Scope.REGIONAL,
            )
    return None


def _marketplace(service_name: str, body: str, region: str | None) -> BedrockMeter | None:
    match = _MARKETPLACE_TOKENS.match(body) or _MARKETPLACE_CAMEL.match(body)
    if match is None:
        return None
    parts: dict[str, str | None] = match.groupdict()
    marks = _marks((parts["tail"] or "").replace("_", "-").lower())
    if marks is None:
        return None
    marks.lifetime = marks.lifetime or parts.get("lifetime") or ""
    marks.tier = ServiceTier.BATCH if parts.get("batch") else marks.tier
    marks.tokens_per_unit = MARKETPLACE_UNIT
    return _tokens(service_name if service_name.endswith(EDITION) else "", parts, marks, region)


def _aws(body: str, region: str | None, *, is_bedrock: bool) -> BedrockMeter | None:
    match = _AWS_TOKENS.match(body)
    if match is None or not (is_bedrock or match["mantle"]):
        return None
    marks = _marks(match["tail"].lower())
    if marks is None:
        return None
    marks.lifetime = marks.lifetime or match["lifetime"] or ""
    of_govcloud = match["mantle"] and (region or "").startswith("UG")
    marks.tokens_per_unit = None if of_govcloud else AWS_UNIT
    return _tokens(match["model"], match.groupdict(), marks, region)


def _marks(tail: str) -> _Marks | None:
    """Return what the words behind the token class say, None where one is not known."""
    marks = _Marks()
    rest = tail.strip("-")
    while rest:
        match = _WORDS_OF_TAIL.match(rest)
        behind = rest[match.end() :] if match else ""
        if match is None or (behind and not behind.startswith("-")):
            return None
        _mark(marks, match[0])
        rest = behind.removeprefix("-")
    return marks


def _mark(marks: _Marks, word: str) -> None:
    if word in _TIERS:
        marks.tier = _TIERS[word]
    elif word.endswith("global"):
        marks.scope = Scope.GLOBAL
    elif word.startswith("l") and "latency" not in word:
        marks.long_context = True
    elif "latency" in word:
        marks.latency_optimized = True
    elif word == "custom-model":
        marks.custom_model = True
    elif not word.endswith("geo"):
        marks.lifetime = "1h" if word == "1-hour" else word


def _tokens(name: str, parts: Mapping[str, str | None], marks: _Marks, region: str | None) -> BedrockMeter | None:
    token_type = _token_type(parts["cache"], parts["side"], marks.lifetime)
    if token_type is None:
        return None
    model = model_of_name(name, is_global=marks.scope is Scope.GLOBAL) if name else None
    modality = parts.get("before") or parts.get("after") or "text"
    return BedrockMeter(
        kind=MeterKind.TOKENS,
        operation=_operation(name, modality, token_type),
        region_code=region,
        model=f"{model}-custom-model" if marks.custom_model else model,
        token_type=token_type,
        modality=modality,
        service_tier=marks.tier,
        scope=marks.scope,
        is_latency_optimized=marks.latency_optimized,
        is_long_context=marks.long_context,
        is_custom_model=marks.custom_model,
        tokens_per_unit=marks.tokens_per_unit,
    )


def _token_type(cache: str | None, side: str | None, lifetime: str) -> TokenType | None:
    words = (cache or "").lower()
    if "write" in words:
        return _LIFETIMES.get(lifetime)
    if words:
        return TokenType.CACHE_READ_INPUT
    if lifetime:
        return None
    return TokenType.OUTPUT if (side or "").lower() == "output" else TokenType.UNCACHED_INPUT


def _operation(name: str, modality: str, token_type: TokenType) -> Operation:
    if "embed" in name.lower():
        return Operation.EMBEDDINGS
    if modality in ("audio", "speech"):
        return Operation.AUDIO
    # A picture that a chat model looks at is part of the chat; one that it draws is not.
    drawn = modality in ("image", "video") and token_type is TokenType.OUTPUT
    return Operation.IMAGE if drawn else Operation.CHAT


_UNIT = re.compile(r"^(?P<count>[\d,]+)?\s*(?P<scale>k|m|thousand|million)?\s*tokens?$", re.IGNORECASE)
_SCALES: Mapping[str, int] = MappingProxyType({"": 1, "k": 1_000, "thousand": 1_000, "m": 10**6, "million": 10**6})
# Far less than a token, far more than what a float or ten decimals of a million round away.
_ROUNDING = Decimal("0.01")


def unit_tokens(unit: str) -> int | None:
    """Return how many tokens a unit of measure is (`1K tokens`); None for one that says nothing (`N/A`, `Units`)."""
    match = _UNIT.match(unit.strip())
    if match is None:
        return None
    return int((match["count"] or "1").replace(",", "")) * _SCALES[(match["scale"] or "").lower()]


def tokens_of(meter: BedrockMeter, quantity: Decimal, unit: str = "") -> int:
    """Return the tokens behind a billed quantity, exactly.

    Args:
        meter: What the row's usage type counts.
        quantity: Units of usage.
        unit: The row's own unit of measure; empty, `N/A` and `Units` leave it to the usage type.

    Raises:
        SourcePayloadError: The row and its usage type disagree on the unit, neither tells it, or the quantity is no
            whole number of tokens in it, as a thousand taken for a million would be.
    """
    stated = unit_tokens(unit)
    if stated is not None and meter.tokens_per_unit not in (None, stated):
        message = f"a unit is {unit!r}, and {meter.tokens_per_unit} tokens by its usage type"
        raise _refused(message)
    per_unit = stated or meter.tokens_per_unit
    if per_unit is None:
        message = f"the unit is {unit!r}, and its usage type does not tell it"
        raise _refused(message)
    exact = quantity * per_unit
    whole = exact.to_integral_value()
    if not exact.is_finite() or exact < 0 or abs(exact - whole) > _ROUNDING:
        message = f"{quantity} units of {per_unit} tokens are {exact} tokens, which is no whole number of them"
        raise _refused(message)
    return int(whole)


def _refused(message: str) -> SourcePayloadError:
    return SourcePayloadError(
        message,
        expected="a whole number of tokens, in thousands or millions",
        action="report it: the unit is not known here, and the row was not used",
    )
