"""What Anthropic's reports, old and new, and its console's exports call things, and what that is here."""

from collections.abc import Mapping
from types import MappingProxyType

from costcheck.records import Operation, ServiceTier, TokenType

SOURCE = "anthropic"
PROVIDER = "anthropic"
TIERS: Mapping[str | None, ServiceTier] = MappingProxyType(
    {
        None: ServiceTier.STANDARD,
        "standard": ServiceTier.STANDARD,
        "batch": ServiceTier.BATCH,
        "priority": ServiceTier.PRIORITY,
        "priority_on_demand": ServiceTier.PRIORITY,
        "flex": ServiceTier.FLEX,
        "flex_discount": ServiceTier.FLEX,
    }
)
TOKEN_TYPES: Mapping[str | None, TokenType | None] = MappingProxyType(
    {
        None: None,
        "uncached_input_tokens": TokenType.UNCACHED_INPUT,
        "cache_read_input_tokens": TokenType.CACHE_READ_INPUT,
        "cache_creation.ephemeral_5m_input_tokens": TokenType.CACHE_CREATION_5M_INPUT,
        "cache_creation.ephemeral_1h_input_tokens": TokenType.CACHE_CREATION_1H_INPUT,
        "output_tokens": TokenType.OUTPUT,
    }
)
COST_OPERATIONS: Mapping[str | None, Operation] = MappingProxyType(
    {
        "tokens": Operation.CHAT,
        "web_search": Operation.TOOL,
        "code_execution": Operation.TOOL,
        "session_usage": Operation.OTHER,
        None: Operation.OTHER,
    }
)


# What is usual in the API and in the console's exports. What asks more than the list price of a short prompt is kept
# as a tag, so that a price can be found for it.
SURCHARGES: Mapping[str, frozenset[str | None]] = MappingProxyType(
    {
        "context_window": frozenset({None, "", "0-200k", "≤ 200k"}),
        "inference_geo": frozenset({None, "", "global", "not_available"}),
        "speed": frozenset({None, "", "standard"}),
    }
)


def surcharge_tags(**named: str | None) -> tuple[str, ...]:
    """Return `context_window:200k-1M` and the like of what a row names; nothing for what is usual."""
    return tuple(f"{name}:{value}" for name, value in named.items() if value not in SURCHARGES[name])


def service_name(cost_type: str | None, product: str | None = None) -> str:
    """Return what a charge is for, in words: other things than tokens by their name."""
    service = product or "Claude API"
    return service if cost_type in {None, "token", "tokens"} else f"{service}: {cost_type.replace('_', ' ')}"
