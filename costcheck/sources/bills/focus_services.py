"""Which services of a whole company's bill sell language models, and under whose name the kit knows their seller."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
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
SELLERS: Mapping[str, str] = MappingProxyType(
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
    {re.sub(r"[^\w]", "", name): provider for name, provider in SELLERS.items()}
)
_COMPANY_FORMS = frozenset({"inc", "llc", "ltd", "limited", "pbc", "corp", "corporation", "gmbh", "sas", "ireland"})
_MODEL_SELLERS = frozenset(SELLERS.values()) - {"aws", "azure", "google"}
"""Whoever sells little else, so that a line of theirs needs no category."""


class Service(NamedTuple):
    """What tells a service, in the order of `cost_lines.SERVICE`."""

    provider: str | None
    category: str | None
    subcategory: str | None
    name: str | None


class ServiceCount(NamedTuple):
    """One row of `cost_lines.by_service`.

    Attributes:
        charge: The charge category as it stands there.
        file: None of a table.
        first: Begin of its first line, end of its last, in seconds since 1970.
    """

    provider: str | None
    category: str | None
    subcategory: str | None
    name: str | None
    consumed_unit: str | None
    pricing_unit: str | None
    charge: str | None
    currency: str | None
    file: str | None
    rows: int
    billed: Decimal | None
    consumed: Decimal | None
    first: int | None
    last: int | None
    first_account: str | None
    last_account: str | None
    first_meter: str | None
    last_meter: str | None

    @property
    def service(self) -> Service:
        """Return the service without its units."""
        return Service(self.provider, self.category, self.subcategory, self.name)


def provider_of(name: str | None) -> str:
    """Return the seller's name as token prices know it; a name that is not known in small letters."""
    plain = (name or "unknown").strip().lower()
    return SELLERS.get(plain, plain)


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
        units = (count.consumed_unit, count.pricing_unit)
        return bool(_NAMES.search(name)) or any(unit_tokens(unit or "") for unit in units)
    # A category that says something else wins over a name: "Gemini" is also the name of a disk.
    return _untold(category) and (provider_of(count.provider) in _MODEL_SELLERS or bool(_NAMES.search(name)))


def aside_reasons(counts: Iterable[ServiceCount], corrections: Collection[str]) -> Counter[str]:
    """Return why lines of other services count for nothing, with the number of lines.

    Args:
        counts: Of services that sell no language models.
        corrections: Charge categories of which a line may concern the models all the same (a credit, a tax): where no
            category says whose service it is, its amount is told, too.
    """
    rows: Counter[tuple[str, str, str]] = Counter()
    amounts: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for count in counts:
        is_loose = count.charge in corrections and _untold(count.category)
        key = (_plain_reason(count), *((count.charge or "", count.currency or "") if is_loose else ("", "")))
        rows[key] += count.rows
        amounts[key] += count.billed or 0
    found: Counter[str] = Counter()
    for (reason, charge, currency), number in rows.items():
        amount = amounts[reason, charge, currency] if charge else 0
        found[f"{reason}, {charge} of {amount:,f} {currency}" if amount else reason] += number
    return found


def _plain_reason(count: ServiceCount) -> str:
    """Return the reason with the service's name: of an AI service without quotes, so that each is shown by itself."""
    if (count.category or "").lower() == AI_CATEGORY:
        return f"{OTHER_SERVICE}: {count.name or 'no name'}"
    name = f"'{count.name}'" if count.name else "no name"
    return f"{OTHER_SERVICE}: {name} ({count.category})" if count.category else f"{OTHER_SERVICE}: {name}"


def _untold(category: str | None) -> bool:
    return (category or "").lower() in ("", "other")
