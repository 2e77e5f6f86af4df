"""What one line of a FOCUS or CUR 2.0 export is about: the model, the class of tokens, and how many.

In this order: the columns that `costcheck bill export` writes, Bedrock's usage types, Azure's meters, then plain
words in the meter's name and in the price's details. A line whose words or units are not understood is a charge
without usage, unless it is evidently about tokens: that one is refused, and nothing is scaled by guess.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import msgspec

from costcheck.errors import SourcePayloadError
from costcheck.records import Operation, ServiceTier, TokenType
from costcheck.sources.bills.azure_meters import Meter, read_meter, tags_of_meter, tokens_of_unit
from costcheck.sources.bills.bedrock_usage import (
    BedrockMeter,
    MeterKind,
    classify_usage_type,
    tokens_of,
    unit_tokens,
)
from costcheck.sources.exports.dialects import WIDE

DIFFERENT_TEXTS = 10_000
"""How many are remembered: millions of lines repeat a few hundred."""
_AZURE = re.compile(r"azure|foundry|cognitive services", re.IGNORECASE)
_CACHED = re.compile(r"cach|cchd")
_WRITE = re.compile(r"writ|creat|\bwr\b")
_LASTS_AN_HOUR = re.compile(r"\b1 ?h(our)?\b|\b12 ?h\b")
_OUTPUT = re.compile(r"\bou?tp?u?t?\b|completion|generated|response")
_INPUT = re.compile(r"\binp?u?t?\b|prompt")
_TOKENS = re.compile(r"\btokens?\b")
_TIERS = {
    ServiceTier.BATCH: re.compile(r"\bbatch"),
    ServiceTier.FLEX: re.compile(r"\bflex\b"),
    ServiceTier.PRIORITY: re.compile(r"\bpriority\b|\bpp\b"),
}
_OPERATIONS = {
    Operation.EMBEDDINGS: re.compile(r"embed"),
    Operation.IMAGE: re.compile(r"\bimage|\bvideo"),
    Operation.AUDIO: re.compile(r"\baudio|\bspeech|realtime|transcri"),
    Operation.TOOL: re.compile(r"web search|code interpreter|file search|guardrail|grounding"),
}
_WORDS_OF_METER = re.compile(
    r"\b(cached?|cchd|cache|read|hit|writes?|written|creation|inputs?|inp|inpt|outputs?|outp|outpt|prompt|completion"
    r"|generated|tokens?|text(?!-embed)|batch|flex|priority|1k|1m|1000|1000000|per|count|usage)\b"
)
_MODEL_ID = re.compile(r"[a-z][a-z0-9]*[-.:/@][a-z0-9.:/@_-]*", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-.*", re.IGNORECASE)
_MODEL_KEYS = ("model", "modelname", "model_name", "modelid", "model_id", "x_model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The texts of a line that tell what it is about, and its quantities."""

    service: str
    meter: str
    usage_type: str = ""
    sku: str = ""
    details: str = ""
    model: str = ""
    token_type: str = ""
    tier: str = ""
    operation: str = ""
    consumed: Decimal | None = None
    consumed_unit: str = ""
    priced: Decimal | None = None
    pricing_unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a line is about.

    Attributes:
        model: None where no text names one.
        tokens: None where it counts none, or they cannot be told.
    """

    model: str | None = None
    token_type: TokenType | None = None
    tokens: int | None = None
    tier: ServiceTier = ServiceTier.STANDARD
    operation: Operation = Operation.OTHER
    tags: tuple[str, ...] = ()

    @property
    def is_usage(self) -> bool:
        """Return whether it tells whose tokens these are, and how many."""
        return bool(self.model) and self.token_type is not None and self.tokens is not None


def meaning_of(words: Words) -> Meaning:
    """Return what a line is about.

    Raises:
        SourcePayloadError: It counts tokens, in a unit or a quantity that is not understood.
    """
    if words.token_type or words.model:
        return _stated(words)
    meter = _classified(words.service, words.usage_type) if words.usage_type else None
    if meter is not None:
        return _bedrock(words, meter)
    azure = _azure_meter(words.meter, words.service) if _AZURE.search(words.service) else None
    return _azure(words, azure) if azure is not None and azure.model and azure.token_type else _plain(words)


def _stated(words: Words) -> Meaning:
    plain = _plain(words)
    token_type = TokenType(words.token_type) if words.token_type else plain.token_type
    return Meaning(
        model=words.model or plain.model,
        token_type=token_type,
        tokens=_tokens(words, is_token_meter=token_type is not None),
        tier=ServiceTier(words.tier) if words.tier else plain.tier,
        operation=Operation(words.operation) if words.operation else _chat_if(plain.operation, token_type),
    )


_classified = lru_cache(DIFFERENT_TEXTS)(classify_usage_type)


def _bedrock(words: Words, meter: BedrockMeter) -> Meaning:
    if meter.kind is not MeterKind.TOKENS:
        return Meaning(model=meter.model, operation=meter.operation, tier=meter.service_tier)
    quantity, unit = _quantity(words)
    return Meaning(
        model=meter.model,
        token_type=meter.token_type,
        tokens=None if quantity is None else _signed(quantity) * tokens_of(meter, abs(quantity), unit),
        tier=meter.service_tier,
        operation=meter.operation,
        tags=meter.tags,
    )


_azure_meter = lru_cache(DIFFERENT_TEXTS)(read_meter)


def _azure(words: Words, meter: Meter) -> Meaning:
    return Meaning(
        model=meter.model,
        token_type=meter.token_type,
        tokens=_tokens(words, is_token_meter=True, per_unit=lambda unit: _azure_unit(unit, words.meter)),
        tier=meter.service_tier,
        operation=meter.operation,
        tags=tags_of_meter(meter),
    )


def _azure_unit(unit: str, meter: str) -> Decimal | int | None:
    """Return the tokens of a unit of measure, of one such as `1M`, too, unless the meter's name says another."""
    return unit_tokens(unit) or tokens_of_unit(unit, meter)


def _signed(quantity: Decimal) -> int:
    """Return 1, or -1 for what a correction takes back."""
    return -1 if quantity < 0 else 1


def _quantity(words: Words) -> tuple[Decimal | None, str]:
    """Return the quantity whose unit counts tokens; where neither does, the one that was priced."""
    if words.consumed is not None and unit_tokens(words.consumed_unit):
        return words.consumed, words.consumed_unit
    if words.priced is not None:
        return words.priced, words.pricing_unit
    return words.consumed, words.consumed_unit


def _plain(words: Words) -> Meaning:
    text = _spaced(f"{words.meter} {' '.join(_details(words.details).values())}")
    token_type = _token_type(_spaced(words.meter)) or _token_type(text)
    is_token_meter = token_type is not None and bool(
        _TOKENS.search(text) or unit_tokens(words.consumed_unit) or unit_tokens(words.pricing_unit)
    )
    model = _model(words, is_token_meter=is_token_meter)
    found = next((operation for operation, pattern in _OPERATIONS.items() if pattern.search(f"{text} {model}")), None)
    return Meaning(
        model=model,
        token_type=token_type if is_token_meter else None,
        tokens=_tokens(words, is_token_meter=is_token_meter),
        tier=next((tier for tier, pattern in _TIERS.items() if pattern.search(text)), ServiceTier.STANDARD),
        operation=found or (Operation.CHAT if model else Operation.OTHER),
    )


def _chat_if(operation: Operation, token_type: TokenType | None) -> Operation:
    return Operation.CHAT if operation is Operation.OTHER and token_type is not None else operation


def _tokens(
    words: Words, *, is_token_meter: bool, per_unit: Callable[[str], Decimal | int | None] = unit_tokens
) -> int | None:
    """Return the tokens: from the consumed quantity if its unit counts tokens, else from the priced one."""
    if not is_token_meter or (words.consumed is None and words.priced is None):
        return None
    for quantity, unit in ((words.consumed, words.consumed_unit), (words.priced, words.pricing_unit)):
        tokens = per_unit(unit)
        if quantity is not None and tokens:
            return _whole(WIDE.multiply(quantity, Decimal(tokens)), f"{quantity} x {unit!r}")
    seen = f"{words.meter!r} counts tokens, consumed in {words.consumed_unit!r}, priced in {words.pricing_unit!r}"
    raise SourcePayloadError(
        seen,
        expected="a unit such as `Tokens`, `1K tokens` or `1000000 Tokens`",
        action="read the bill over its own API instead (`costcheck bill pull`), and report it; it was not used",
    )


def _whole(tokens: Decimal, what: str) -> int:
    # A million tokens in a float of dollars' precision is off by far less than a hundredth of a token.
    if abs(tokens - tokens.to_integral_value()) > Decimal("0.01"):
        message = f"{what} is no whole number of tokens"
        raise SourcePayloadError(message, expected="whole tokens", action="report it; it was not used")
    return int(tokens.to_integral_value())


@lru_cache(DIFFERENT_TEXTS)
def _spaced(text: str) -> str:
    """Return a name in small letters, its words parted by blanks: `CachedInput_Tokens` says `cached input tokens`."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return re.sub(r"[\s_\-/,;()]+", " ", parted).lower().strip()


@lru_cache(DIFFERENT_TEXTS)
def _token_type(text: str) -> TokenType | None:
    if _CACHED.search(text):
        if not _WRITE.search(text):
            return TokenType.CACHE_READ_INPUT
        lasts = _LASTS_AN_HOUR.search(text)
        return TokenType.CACHE_CREATION_1H_INPUT if lasts else TokenType.CACHE_CREATION_5M_INPUT
    output, read = _OUTPUT.search(text), _INPUT.search(text)
    if bool(output) == bool(read):  # neither, or both: `input and output tokens`
        return None
    return TokenType.OUTPUT if output else TokenType.UNCACHED_INPUT


def _model(words: Words, *, is_token_meter: bool) -> str | None:
    """Return the model: from the price's details, from an SKU that is a model's id, or what a meter says besides."""
    details = {key.lower(): value for key, value in _details(words.details).items()}
    stated = next((details[key] for key in _MODEL_KEYS if details.get(key)), None)
    if stated:
        return stated
    if _MODEL_ID.fullmatch(words.sku) and not _GUID.fullmatch(words.sku):
        return _without_words(words.sku) or words.sku
    if is_token_meter:
        return _without_words(words.meter) or None
    # A meter of requests may be named after the model alone, as in LiteLLM's export.
    return words.meter if _MODEL_ID.fullmatch(words.meter) and re.search(r"\d", words.meter) else None


@lru_cache(DIFFERENT_TEXTS)
def _without_words(text: str) -> str:
    rest = _WORDS_OF_METER.sub(" ", re.sub(r"(?<![\d.])[\s_,;()-]+|[\s_,;()-]+(?![\d.])", " ", text.lower()))
    return re.sub(r"\s+", "-", rest.strip()).strip("-")


@lru_cache(DIFFERENT_TEXTS)
def _details(text: str) -> Mapping[str, str]:
    """Return the texts of SkuPriceDetails, a JSON object or a map; none where it is neither."""
    if "\n" in text:  # a map, see `columns._map_text`
        keys, _, values = text.partition("\n")
        pairs = zip(keys.split("\t"), values.split("\t"), strict=False)
        return {key: value for key, value in pairs if key}  # an empty map is one empty key here, and NULL in Spark
    try:
        found = msgspec.json.decode(text or "{}", type=dict[str, object])
    except msgspec.MsgspecError:
        return {}
    return {key: str(value) for key, value in found.items() if isinstance(value, str | int | float)}


@lru_cache(DIFFERENT_TEXTS)
def tags_of(text: str) -> tuple[str, ...]:
    """Return tags as `key:value`, in order; a tag without a value is its key."""
    return tuple(sorted(f"{key}:{value}" if value else key for key, value in _details(text).items()))
