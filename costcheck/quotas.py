"""Which EC2 quota limits which instance types, and what must be raised before a fleet can start."""

import functools
import re
from datetime import date
from enum import StrEnum

from costcheck.errors import PriceNotFoundError
from costcheck.facts import Typed, read_data_toml
from costcheck.price_book import PriceBook

_FAMILY = re.compile(r"(?P<letters>[a-z]+)(?P<generation>\d+)[a-z0-9-]*\.[a-z0-9-]+")


class PurchaseOption(StrEnum):
    """Ways to buy an instance that have a quota of their own."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"


class QuotaRule(Typed, frozen=True, kw_only=True):
    """Which quota limits which types.

    Attributes:
        families: Letters before the generation.
        generations: Numbers after them; None for all.
        code: AWS's code, None where it has to be found by name.
        name: AWS's name, or the end of it where the code is unknown.
    """

    purchase_option: PurchaseOption
    families: frozenset[str]
    generations: frozenset[int] | None = None
    code: str | None = None
    name: str
    source_url: str
    checked: date


class _Rules(Typed, frozen=True, kw_only=True):
    quota: tuple[QuotaRule, ...]


@functools.cache
def quota_rules() -> tuple[QuotaRule, ...]:
    """Return the table of `costcheck/data/quota_codes.toml`."""
    return read_data_toml("quota_codes.toml", _Rules).quota


def quota_rule_for(instance_type: str, purchase_option: PurchaseOption) -> QuotaRule:
    """Return the rule that limits one type under one purchase option.

    Raises:
        PriceNotFoundError: The table knows no quota for this family.
    """
    match = _FAMILY.fullmatch(instance_type)
    for rule in quota_rules() if match else ():
        if (
            rule.purchase_option is purchase_option
            and match
            and match["letters"] in rule.families
            and (rule.generations is None or int(match["generation"]) in rule.generations)
        ):
            return rule
    message = f"no EC2 quota is known for {instance_type!r} bought {purchase_option}"
    raise PriceNotFoundError(
        message,
        expected="a family of quota_codes.toml",
        action="check the spelling, or add the family to the table",
    )


def quota_precondition(book: PriceBook, instance_type: str, purchase_option: str, count: int) -> str:
    """Return what must be done about the quota before `count` instances can run, empty for nothing.

    A quota that is too small is no reason against a verdict; it is something to ask AWS for.
    """
    option = PurchaseOption.SPOT if purchase_option == "spot" else PurchaseOption.ON_DEMAND
    rule = quota_rule_for(instance_type, option)
    needed = count * book.instance(instance_type).vcpu_count
    name = f"{rule.name} ({rule.code or 'find its code by name'})"
    quota = book.quota(rule.code) if rule.code else None
    if quota is None:
        return f"check that the quota {name} is at least {needed} vCPUs: nobody has asked AWS yet"
    if quota.vcpu_limit < needed:
        return f"raise the quota {name} from {quota.vcpu_limit} to at least {needed} vCPUs"
    return ""
