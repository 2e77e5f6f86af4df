"""What the names of Azure OpenAI's and Foundry's meters mean: model, class of tokens, tier, deployment.

The names are abbreviated, and every product line abbreviates differently (`gpt 4o 1120 cached Inp glbl Tokens`,
`GPT 5 Mini cchd Inpt Glbl 1M Tokens`, `5.4 pp opt Dz 1M Tokens`, `6-sol ShortCo Cd Wr Std Gl`). The words below are
those of the retail price list (https://prices.azure.com/api/retail/prices), as its users quote them, read 2026-11-26.
A word that is not among them belongs to the model's name; a name without a class is not understood, and nothing is
guessed. How many tokens a unit holds stands in the unit of measure; a name that says something else makes it unknown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from costcheck.records import Operation, ServiceTier, TokenType

INPUT = frozenset({"inp", "inpt", "input"})
OUTPUT = frozenset({"outp", "outpt", "opt", "out", "output"})
CACHED = frozenset({"cached", "cachd", "cchd", "ccchd", "cd"})
WRITTEN = frozenset({"wr", "write", "writes"})
DEPLOYMENTS: Mapping[str, str] = MappingProxyType(
    {
        "gl": "global",
        "glbl": "global",
        "global": "global",
        "dz": "data-zone",
        "dzone": "data-zone",
        "datazone": "data-zone",
        "regnl": "regional",
        "regional": "regional",
    }
)
TIERS: Mapping[str, ServiceTier] = MappingProxyType(
    {
        "batch": ServiceTier.BATCH,
        "pp": ServiceTier.PRIORITY,
        "priority": ServiceTier.PRIORITY,
        "flex": ServiceTier.FLEX,
        "std": ServiceTier.STANDARD,
    }
)
CONTEXTS: Mapping[str, str] = MappingProxyType({"shortco": "short", "longco": "long", "l": "long"})
TOKENS = frozenset({"tokens", "token", "tkn"})
NOISE = TOKENS | {"1m", "1k", "unit"}
# What Azure's other services count, and sell by the `1K` and the `1M` as tokens are.
OTHER_COUNTS = frozenset(
    f"{one}{many}"
    for one in ("character", "char", "page", "record", "minute", "second", "transaction", "request", "call")
    for many in ("", "s")
) | {"query", "queries"}
# Tokens of these are none that a chat model replaces; a meter that holds one of the words is money alone.
OTHER_USES: Mapping[str, Operation] = MappingProxyType(
    dict.fromkeys(
        ("aud", "audio", "rt", "realtime", "realtimeprvw", "speech", "transcribe", "tts", "whisper"), Operation.AUDIO
    )
    | dict.fromkeys(("img", "image", "images", "sora", "dall"), Operation.IMAGE)
    | dict.fromkeys(("ft", "trng", "training", "hstng", "hosting", "grdr", "grader", "finetuned"), Operation.OTHER)
)
PROVISIONED = frozenset({"provisioned", "ptu"})
EMBEDDING = frozenset({"embedding", "embeddings"})
# A meter that begins with a bare version (`5.4 inp Gl`, `4.3 Cached Inp Glbl`) names its maker in the subcategory.
MAKERS: Mapping[str, str] = MappingProxyType({"openai": "gpt", "grok": "grok", "deepseek": "deepseek"})
BARE_VERSION = re.compile(r"\d+(\.\d+)?|[rv]\d+(\.\d+)?")
VERSION = re.compile(r"(0[1-9]|1[0-2])([0-2]\d|3[01])(20\d\d)?")
"""Month and day of a model's release (`1120`), of which some meters tell the year (`08062026`) and some nothing."""
TOKENS_OF_UNIT = re.compile(r"([1-9]\d*)\s*([KM]?)(?:\s*tokens?)?", re.IGNORECASE)
MULTIPLES: Mapping[str, int] = MappingProxyType({"": 1, "K": 1_000, "M": 1_000_000})
HOURS = re.compile(r"\d*\s*/?\s*hours?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What a meter counts.

    Attributes:
        model: Without its version, since most names tell none; None where the name is not understood or names none.
        version: Month and day of its release, None where the name does not say.
        token_type: None where it does not count a chat's or an embedding's tokens, or is not understood.
        deployment: `global`, `data-zone`, `regional`; None where the name does not say.
        is_long_context: Priced for requests above the model's long-context threshold.
        is_provisioned: Throughput bought by the hour, whatever runs on it.
    """

    model: str | None = None
    version: str | None = None
    token_type: TokenType | None = None
    operation: Operation = Operation.OTHER
    service_tier: ServiceTier = ServiceTier.STANDARD
    deployment: str | None = None
    is_long_context: bool = False
    is_provisioned: bool = False


def read_meter(name: str, subcategory: str) -> Meter:
    """Return what a meter counts; a meter that is not understood has neither model nor class.

    Args:
        name: `gpt 4o 1120 Inp glbl Tokens`.
        subcategory: Its product line (`Azure OpenAI GPT5`), which alone says whose `4.3` it is.
    """
    words = _words(name)
    if PROVISIONED & set(words):
        return Meter(is_provisioned=True)
    tier = next((TIERS[word] for word in words if word in TIERS), ServiceTier.STANDARD)
    other = next((OTHER_USES[word] for word in words if word in OTHER_USES), None)
    if other is not None:
        return Meter(operation=other, service_tier=tier)
    model, token_type = _model(words, subcategory), _token_type(set(words))
    counts_others = OTHER_COUNTS & set(words) and not TOKENS & set(words)
    if model is None or token_type is None or counts_others:
        return Meter(service_tier=tier)
    return Meter(
        model=model,
        version=next((word for word in words[1:] if VERSION.fullmatch(word)), None),
        token_type=token_type,
        operation=Operation.EMBEDDINGS if EMBEDDING & set(words) else Operation.CHAT,
        service_tier=tier,
        deployment=next((DEPLOYMENTS[word] for word in words if word in DEPLOYMENTS), None),
        is_long_context=any(CONTEXTS.get(word) == "long" for word in words),
    )


def tags_of_meter(meter: Meter) -> tuple[str, ...]:
    """Return what a price may depend on, and is no part of a model's name."""
    deployment = (f"deployment:{meter.deployment}",) if meter.deployment else ()
    version = (f"version:{meter.version}",) if meter.version else ()
    return (*(("context:long",) if meter.is_long_context else ()), *deployment, *version)


def _words(name: str) -> list[str]:
    text = re.sub(r"(?i)data zone", "datazone", name)
    text = re.sub(r"(?i)(short|long) context", r"\1co", text)
    return [word.lower() for word in re.split(r"[\s_-]+", text) if word]


def _token_type(words: set[str]) -> TokenType | None:
    if words & OUTPUT:
        return None if words & (INPUT | CACHED) else TokenType.OUTPUT
    if words & WRITTEN:
        return TokenType.CACHE_CREATION_5M_INPUT
    if words & CACHED:
        return TokenType.CACHE_READ_INPUT
    return TokenType.UNCACHED_INPUT if words & (INPUT | EMBEDDING) else None


def _model(words: list[str], subcategory: str) -> str | None:
    known = INPUT | OUTPUT | CACHED | WRITTEN | NOISE | DEPLOYMENTS.keys() | TIERS.keys() | CONTEXTS.keys()
    rest = [word for word in words if word not in known and word not in {"cache", "caching"}]
    parts = [word for at, word in enumerate(rest) if at == 0 or not VERSION.fullmatch(word)]
    if not parts:
        return None
    if not BARE_VERSION.fullmatch(parts[0]):
        return "-".join(parts)
    maker = next((short for word, short in MAKERS.items() if word in subcategory.lower()), None)
    return "-".join((maker, *parts)) if maker else None


def tokens_of_unit(unit: str, name: str = "") -> Decimal | None:
    """Return the number of tokens in one unit of measure (`1K`, `1M`, `1M Tokens`).

    None for any other unit, and where the meter's name says another (`... 1M Tokens`).
    """
    match = TOKENS_OF_UNIT.fullmatch(unit.strip())
    if match is None:
        return None
    tokens = Decimal(match[1]) * MULTIPLES[match[2].upper()]
    stated = {Decimal(MULTIPLES[word[1].upper()]) for word in _words(name) if word in {"1k", "1m"}}
    return tokens if stated <= {tokens} else None


def is_hours(unit: str) -> bool:
    """Return whether a unit of measure is hours (`1 Hour`, `1/Hour`)."""
    return HOURS.fullmatch(unit.strip()) is not None
