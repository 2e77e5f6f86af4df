"""Types of resources that cost nothing by themselves, each with its reason; the list is data."""

import functools
from collections.abc import Mapping

import msgspec

from costcheck.facts import read_data_toml
from costcheck.plan.records import PROVIDER_PREFIX

PROVIDER = "a provider: what it makes is priced by itself"


class FreeGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Types that are free for one reason."""

    reason: str
    source_url: str
    checked: str
    tokens: tuple[str, ...]


class FreeTypes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole list."""

    free: tuple[FreeGroup, ...]


@functools.cache
def free_types() -> Mapping[str, str]:
    """Return the reason for each free type token."""
    listed = read_data_toml("free_types.toml", FreeTypes)
    return {token: group.reason for group in listed.free for token in group.tokens}


def why_free(token: str) -> str:
    """Return why a type is free, empty where it may cost something; every provider is."""
    return PROVIDER if token.startswith(PROVIDER_PREFIX) else free_types().get(token, "")
