"""What the tags of usage say about its price: a long context, or a region that costs more than the list.

Anthropic's reports tag usage so (`sources/bills/anthropic_words.py`); what is usual has no tag. Tags of other sources
are words of the company's own.
"""

from collections.abc import Iterable
from functools import cache

TELLING = "anthropic"
"""Begins the names of the sources that tell."""
LONG_CONTEXT = "context_window:"
REGION = "inference_geo:"
LONGEST_PROMPT_TOKENS = 10**9
"""More than any prompt has: it takes the last tier of a price."""


@cache
def price_tags(source: str, tags: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tags of a source's usage that say something about the price."""
    told = tags if source.startswith(TELLING) else ()
    return tuple(tag for tag in told if tag.startswith((LONG_CONTEXT, REGION)))


def is_long_context(tags: Iterable[str]) -> bool:
    """Return whether every prompt of the usage pays for a long context."""
    return any(tag.startswith(LONG_CONTEXT) for tag in tags)


def is_regional(tags: Iterable[str]) -> bool:
    """Return whether the usage was bound to a region, which costs more than the list price."""
    return any(tag.startswith(REGION) for tag in tags)
