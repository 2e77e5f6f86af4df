"""What the line items of OpenAI's costs name: a model, a class of tokens, a tier."""

from dataclasses import dataclass

from costcheck.records import ServiceTier, TokenType


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """What a line item such as `gpt-5.4-2026-03-05, cached input` names."""

    model: str
    token_type: TokenType | None
    service_tier: ServiceTier


def split_line_item(text: str) -> LineItem:
    """Return the parts of a line item; words that are not understood leave `token_type` None."""
    model, _, rest = text.partition(", ")
    words = set(rest.lower().replace("_", " ").replace(",", " ").split())
    tier = next((tier for tier in ServiceTier if tier.value in words), ServiceTier.STANDARD)
    token_type = None if words & {"audio", "image", "images"} else _token_type(words)
    return LineItem(model=model, token_type=token_type, service_tier=tier)


def _token_type(words: set[str]) -> TokenType | None:
    if "output" in words:
        return TokenType.OUTPUT
    if "input" not in words and "cache" not in words:
        return None
    if words & {"write", "writes"}:
        return TokenType.CACHE_CREATION_5M_INPUT
    return TokenType.CACHE_READ_INPUT if words & {"cached", "cache"} else TokenType.UNCACHED_INPUT
