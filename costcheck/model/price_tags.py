"""What the tags of usage say about its price: a long context, or a region that costs more than the list.

A source tags usage so where its provider tells (`sources/bills/anthropic_words.py`); what is usual has no tag.
"""

from collections.abc import Iterable
from functools import cache

LONG_CONTEXT = "context_window:"
REGION = "inference_geo:"
LONGEST_PROMPT_TOKENS = 10**9
"""More than any prompt has: it takes the last tier of a price."""


@cache
def price_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tags that say something about the price."""
    return tuple(tag for tag in tags if tag.startswith((LONG_CONTEXT, REGION)))


def is_long_context(tags: Iterable[str]) -> bool:
    """Return whether every prompt of the usage pays for a long context."""
    return any(tag.startswith(LONG_CONTEXT) for tag in tags)


def is_regional(tags: Iterable[str]) -> bool:
    """Return whether the usage was bound to a region, which costs more than the list price."""
    return any(tag.startswith(REGION) for tag in tags)
