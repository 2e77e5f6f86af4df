"""What the descriptions of Google's SKUs mean: model, class of tokens, tier.

Two families: Vertex AI's (`Gemini 2.5 Flash GA Text Input - Predictions`, ` Gemini 2.5 Flash GA Input Text Caching`)
and the Gemini API's (`Generate content output token count gemini 2.5 flash short input text`, where the input is
short and the tokens are output). Spelling and casing vary, and some begin with a blank. The descriptions are those
that bills and Google's SKU groups (https://cloud.google.com/skus/sku-groups) show, read 2026-11-26. Thinking tokens
have SKUs of their own and are output. What holds a word that is not known is money without tokens.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from costcheck.records import Operation, ServiceTier, TokenType

VERTEX_AI = "C7E2-9256-1C43"
GEMINI_API = "AEFD-7695-64FA"
SERVICES: Mapping[str, str] = MappingProxyType({VERTEX_AI: "Vertex AI", GEMINI_API: "Gemini API"})
TOKEN_UNITS = frozenset({"requests", "count", "tokens"})
"""`usage.unit` of a SKU that counts tokens; `requests` is what Vertex AI calls them."""
MODALITIES = frozenset({"text", "image", "audio", "video"})
DIRECTIONS = frozenset({"input", "output"})
TIERS: Mapping[str, ServiceTier] = MappingProxyType(
    {"batch": ServiceTier.BATCH, "flex": ServiceTier.FLEX, "priority": ServiceTier.PRIORITY}
)
# Words beside the model's name on Vertex AI, before and after `Text Input`.
BEFORE = frozenset({"ga", "global", "regional", "thinking", *TIERS})
AFTER = frozenset({"predictions", "prediction", "caching", "storage", "long", "thinking", "on", "off", "-", *TIERS})
# Words after the model's name in the Gemini API; `short` and `long` tell the length of the prompt.
TAIL = frozenset({"text", "short", "long", "input", "output", "thinking", "non-thinking", "audio", "video", *TIERS})
COUNTED = re.compile(
    r"(?:generate|batch generate|stream generate) content (?:(?P<modality>text|image|audio|video) )?"
    r"(?P<cached>cached )?(?P<direction>input|output) token count (?P<named>for )?(?P<rest>gemini .+)"
)
PER_CHARACTER = re.compile(r"gemini-1\.")
"""Models that Vertex AI counted in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """What a SKU counts.

    Attributes:
        model: None where the description is not understood or names none.
        token_type: None where it does not count tokens.
        modality: Of the tokens: `text`, `image`, `audio`, `video`.
        is_long_context: Priced for prompts above the model's long-context threshold.
        is_provisioned: Throughput bought by the month, whatever runs on it.
    """

    model: str | None = None
    token_type: TokenType | None = None
    operation: Operation = Operation.OTHER
    service_tier: ServiceTier = ServiceTier.STANDARD
    modality: str = "text"
    is_long_context: bool = False
    is_provisioned: bool = False


def read_sku(description: str) -> Sku:
    """Return what a SKU counts; one that is not understood has neither model nor class."""
    text = " ".join(description.lower().replace("_", " ").split())
    if "provisioned throughput" in text:
        return Sku(is_provisioned=True)
    counted = COUNTED.fullmatch(text)
    return _gemini_api(counted) if counted else _vertex_ai(re.sub(r"[()]", " ", text).split())


def _gemini_api(match: re.Match[str]) -> Sku:
    words = match["rest"].split()
    tail = next(
        (at for at, word in enumerate(words) if word in TAIL or (word == "image" and not match["named"])), None
    )
    name, rest = words[:tail], words[tail:] if tail is not None else []
    modality = match["modality"] or next((word for word in rest if word in MODALITIES - {"text"}), "text")
    if any(word not in TAIL and word != modality for word in rest):
        return Sku()
    kind = _kind(match["direction"], is_cached=match["cached"] is not None)
    return _sku(name, kind, modality, rest)


def _vertex_ai(words: Sequence[str]) -> Sku:
    at = next((at for at in range(1, len(words)) if _is_pair(words[at], words[at + 1 : at + 2])), None)
    if at is None:
        return Sku()
    before, pair, after = words[:at], words[at : at + 2], words[at + 2 :]
    if before[0] != "gemini" or any(word not in AFTER for word in after) or "storage" in after:
        return Sku()
    modality, direction = pair if pair[0] in MODALITIES else pair[::-1]
    kind = _kind(direction, is_cached="caching" in after)
    name = [word for word in before if word not in BEFORE]
    return _sku(name, kind, modality, [*before, *after])


def _is_pair(word: str, following: Sequence[str]) -> bool:
    return any({word, other} & MODALITIES and {word, other} & DIRECTIONS for other in following)


def _kind(direction: str, *, is_cached: bool) -> TokenType:
    if direction == "output":
        return TokenType.OUTPUT
    return TokenType.CACHE_READ_INPUT if is_cached else TokenType.UNCACHED_INPUT


def _sku(name: Sequence[str], kind: TokenType, modality: str, words: Sequence[str]) -> Sku:
    model = "-".join(name)
    if len(name) < 2 or PER_CHARACTER.match(model):  # noqa: PLR2004 - `gemini` and what it is called
        return Sku()
    return Sku(
        model=model,
        token_type=kind,
        operation=_operation(name, kind, modality),
        service_tier=next((TIERS[word] for word in words if word in TIERS), ServiceTier.STANDARD),
        modality=modality,
        is_long_context="long" in words,
    )


def _operation(name: Sequence[str], kind: TokenType, modality: str) -> Operation:
    if modality == "audio" or {"live", "tts", "audio"} & set(name):
        return Operation.AUDIO
    if "embedding" in name:
        return Operation.EMBEDDINGS
    made = "image" in name or (kind is TokenType.OUTPUT and modality in {"image", "video"})
    return Operation.IMAGE if made else Operation.CHAT
