"""Which services of a whole company's bill sell language models, and under whose name the kit knows their seller."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from costcheck.sources.bills.bedrock_names import EDITION
from costcheck.sources.bills.bedrock_usage import unit_tokens

GENERATIVE = "generative ai"
AI_CATEGORY = "ai and machine learning"
OTHER_SERVICE = "a service that is no language model's"
# ServiceCategory and ServiceSubcategory of FOCUS: "Generative AI" stands below "AI and Machine Learning" since 1.1.
_NAMES = re.compile(
    r"bedrock|openai|anthropic|claude|gemini|vertex ai|foundry models|cognitive services|mistral|openrouter|litellm"
    r"|\bcohere\b|\bgroq\b|\bdeepseek\b|together ai|fireworks",
    re.IGNORECASE,
)
# Names of sellers as genai-prices 0.2.3 spells its providers, by what stands in bills.
_PROVIDERS: Mapping[str, str] = MappingProxyType(
    {
        "aws": "aws",
        "amazon": "aws",
        "aws marketplace": "aws",
        "amazon web services": "aws",
        "amazon web services, inc.": "aws",
        "amazon web services emea sarl": "aws",
        "microsoft": "azure",
        "microsoft azure": "azure",
        "azure": "azure",
        "google": "google",
        "google cloud": "google",
        "google cloud platform": "google",
        "gcp": "google",
        "openai": "openai",
        "anthropic": "anthropic",
        "openrouter": "openrouter",
        "mistral": "mistral",
        "mistral ai": "mistral",
        "cohere": "cohere",
        "groq": "groq",
        "deepseek": "deepseek",
        "together ai": "together",
        "fireworks ai": "fireworks",
    }
)
_SPELT: Mapping[str, str] = MappingProxyType(
    {re.sub(r"[^\w]", "", name): provider for name, provider in _PROVIDERS.items()}
)
_COMPANY_FORMS = frozenset({"inc", "llc", "ltd", "limited", "pbc", "corp", "corporation", "gmbh", "sas", "ireland"})
_MODEL_SELLERS = frozenset(_PROVIDERS.values()) - {"aws", "azure", "google"}
"""Whoever sells little else, so that a line of theirs needs no category."""


class Service(NamedTuple):
    """What tells a service, in the order of `cost_lines.SERVICE`."""

    provider: str | None
    category: str | None
    subcategory: str | None
    name: str | None


class ServiceCount(NamedTuple):
    """One row of `cost_lines.by_service`."""

    provider: str | None
    category: str | None
    subcategory: str | None
    name: str | None
    consumed_unit: str | None
    pricing_unit: str | None
    rows: int

    @property
    def service(self) -> Service:
        """Return the service without its units."""
        return Service(self.provider, self.category, self.subcategory, self.name)


def provider_of(name: str | None) -> str:
    """Return the seller's name as token prices know it; a name that is not known in small letters."""
    plain = (name or "unknown").strip().lower()
    return _PROVIDERS.get(plain, plain)


def known_provider(name: str) -> str | None:
    """Return a seller's name as token prices know it, however it is spelt (`Open AI, Inc.`); None if unknown."""
    words = re.sub(r"[^\w\s]", "", name.lower()).split()
    while len(words) > 1 and words[-1] in _COMPANY_FORMS:
        words.pop()
    return _SPELT.get("".join(words))


def language_services(counts: Iterable[ServiceCount]) -> frozenset[Service]:
    """Return the services that sell language models."""
    return frozenset(count.service for count in counts if _sells_models(count))


def _sells_models(count: ServiceCount) -> bool:
    name, category = count.name or "", (count.category or "").lower()
    if (count.subcategory or "").lower() == GENERATIVE or name.endswith(EDITION):
        return True
    if category == AI_CATEGORY:
        return bool(_NAMES.search(name)) or any(unit_tokens(unit or "") for unit in count[4:6])
    # A category that says something else wins over a name: "Gemini" is also the name of a disk.
    is_told = category not in ("", "other")
    return not is_told and (provider_of(count.provider) in _MODEL_SELLERS or bool(_NAMES.search(name)))


def aside_reason(count: ServiceCount) -> str:
    """Return why lines of another service count for nothing: an AI service by name, any other by its category."""
    category = count.category or "no category"
    if category.lower() == AI_CATEGORY:
        return f"{OTHER_SERVICE}: {count.name or 'no name'}"
    return f"{OTHER_SERVICE} ({category})"
