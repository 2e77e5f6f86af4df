"""How many vCPUs of a family an account may run, from Service Quotas."""

import functools
import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from costcheck.errors import PriceNotFoundError
from costcheck.facts import Typed, read_data_toml
from costcheck.records import Origin, Provenance, Quota
from costcheck.sources.prices.aws_calls import error_code, translated_errors
from costcheck.units import parse_decimal

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_service_quotas.type_defs import ServiceQuotaTypeDef

EC2_SERVICE = "ec2"
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


def quota_code_for(instance_type: str, purchase_option: PurchaseOption) -> str | None:
    """Return AWS's code of the quota that limits a type; None where only its name is known."""
    return quota_rule_for(instance_type, purchase_option).code


def fetch_quota(client: "ServiceQuotasClient", region_id: str, rule: QuotaRule, *, retrieved_on: date) -> Quota:
    """Return one quota of the account in vCPUs; where it was never changed, AWS's default.

    Raises:
        PriceNotFoundError: Service Quotas knows no such quota in this region.
        SourceError: AWS did not answer usefully.
    """
    row = _by_name(client, rule) if rule.code is None else _by_code(client, rule.code)
    return normalise_quota(row, region_id, retrieved_on=retrieved_on)


def normalise_quota(row: Any, region_id: str, *, retrieved_on: date) -> Quota:  # noqa: ANN401 - AWS's own shape
    """Return one quota of Service Quotas as a record.

    Raises:
        SourcePayloadError: Its value is not a number.
    """
    code = str(row.get("QuotaCode"))
    return Quota(
        region_id=region_id,
        quota_code=code,
        quota_name=str(row.get("QuotaName")),
        vcpu_limit=_plain(parse_decimal(row.get("Value"), what=f"quota {code} in {region_id}")),
        provenance=Provenance(
            source="service_quotas",
            source_url=f"https://console.aws.amazon.com/servicequotas/home/services/ec2/quotas/{code}",
            retrieved_on=retrieved_on,
            origin=Origin.LIVE,
        ),
    )


def _by_code(client: "ServiceQuotasClient", code: str) -> object:
    with translated_errors("servicequotas:GetServiceQuota"):
        try:
            return client.get_service_quota(ServiceCode=EC2_SERVICE, QuotaCode=code)["Quota"]
        except ClientError as exc:
            # An account that never changed a quota may have none of its own.
            if error_code(exc) != "NoSuchResourceException":
                raise
    return _default(client, code)


def _default(client: "ServiceQuotasClient", code: str) -> object:
    with translated_errors("servicequotas:GetAWSDefaultServiceQuota"):
        try:
            return client.get_aws_default_service_quota(ServiceCode=EC2_SERVICE, QuotaCode=code)["Quota"]
        except ClientError as exc:
            if error_code(exc) != "NoSuchResourceException":
                raise
            wanted = f"the code {code}"
            raise _unknown(wanted) from exc


def _by_name(client: "ServiceQuotasClient", rule: QuotaRule) -> object:
    named = _named(_own_quotas(client), rule.name) or _named(_default_quotas(client), rule.name)
    if len(named) != 1:
        wanted = f"a name ending in {rule.name!r}"
        raise _unknown(wanted)
    return named[0]


def _own_quotas(client: "ServiceQuotasClient") -> "list[ServiceQuotaTypeDef]":
    with translated_errors("servicequotas:ListServiceQuotas"):
        pages = client.get_paginator("list_service_quotas").paginate(ServiceCode=EC2_SERVICE)
        return [row for page in pages for row in page.get("Quotas", [])]


def _default_quotas(client: "ServiceQuotasClient") -> "list[ServiceQuotaTypeDef]":
    with translated_errors("servicequotas:ListAWSDefaultServiceQuotas"):
        pages = client.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode=EC2_SERVICE)
        return [row for page in pages for row in page.get("Quotas", [])]


def _named(rows: "list[ServiceQuotaTypeDef]", ending: str) -> "list[ServiceQuotaTypeDef]":
    return [row for row in rows if row.get("QuotaName", "").endswith(ending)]


def _plain(value: Decimal) -> Decimal:
    return Decimal(f"{value.normalize():f}")


def _unknown(wanted: str) -> PriceNotFoundError:
    return PriceNotFoundError(
        f"Service Quotas has no single EC2 quota with {wanted}",
        expected="exactly one quota",
        action="look it up in the Service Quotas console; until then the quota is unknown, not zero",
    )
