"""How many vCPUs of a family an account may run, from Service Quotas."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from costcheck.errors import PriceNotFoundError
from costcheck.quotas import QuotaRule
from costcheck.records import Origin, Provenance, Quota
from costcheck.sources.prices.aws_calls import error_code, translated_errors
from costcheck.units import parse_decimal

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_service_quotas.type_defs import ServiceQuotaTypeDef

EC2_SERVICE = "ec2"


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
