"""Quotas from AWS's own examples, by code, by default and by name."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from costcheck.errors import PriceNotFoundError, SourceAuthError, SourcePayloadError, SourceRateLimitError
from costcheck.quotas import PurchaseOption, quota_rule_for, quota_rules
from costcheck.sources.prices.aws_quotas import fetch_quota, normalise_quota

TODAY = date(2026, 9, 25)
RECORDED = json.loads((Path(__file__).parents[3] / "data" / "service_quotas" / "standard_vcpus.json").read_text())
STANDARD = quota_rule_for("m5.xlarge", PurchaseOption.ON_DEMAND)
P6_SPOT = quota_rule_for("p6-b200.48xlarge", PurchaseOption.SPOT)

StubMaker = Callable[[str], tuple[Any, Stubber]]


@pytest.mark.parametrize(
    ("instance_type", "on_demand", "spot"),
    [
        ("g6e.12xlarge", "L-DB2E81BA", "L-3819A6DF"),
        ("gr6.4xlarge", "L-DB2E81BA", "L-3819A6DF"),
        ("p4d.24xlarge", "L-417A185B", "L-7212CCBC"),
        ("p5en.48xlarge", "L-417A185B", "L-C4BD4855"),
        ("p6-b200.48xlarge", "L-417A185B", None),
        ("m7i.large", "L-1216C47A", "L-34B43A08"),
        ("trn1.32xlarge", "L-2C3B7624", "L-6B0D517C"),
        ("inf2.xlarge", "L-1945791B", "L-B5D1601B"),
    ],
)
def test_each_family_has_the_quota_that_limits_it(instance_type: str, on_demand: str, spot: str | None) -> None:
    assert quota_rule_for(instance_type, PurchaseOption.ON_DEMAND).code == on_demand
    assert quota_rule_for(instance_type, PurchaseOption.SPOT).code == spot


@pytest.mark.parametrize("name", ["u-6tb1.metal", "nonsense", "", "p7.48xlarge"])
def test_a_family_without_a_known_quota_is_an_error(name: str) -> None:
    with pytest.raises(PriceNotFoundError, match="no EC2 quota"):
        quota_rule_for(name, PurchaseOption.SPOT)


def test_every_code_stands_once() -> None:
    codes = [rule.code for rule in quota_rules() if rule.code]
    assert len(codes) == len(set(codes))


def test_the_account_s_own_quota_is_in_vcpus(stub: StubMaker) -> None:
    client, stubber = stub("service-quotas")
    stubber.add_response("get_service_quota", RECORDED["GetServiceQuota"])
    quota = fetch_quota(client, "us-east-2", STANDARD, retrieved_on=TODAY)
    assert (quota.quota_code, quota.vcpu_limit) == ("L-1216C47A", Decimal(1920))
    assert str(quota.vcpu_limit) == "1920"


def test_a_quota_that_was_never_changed_is_aws_s_default(stub: StubMaker) -> None:
    client, stubber = stub("service-quotas")
    stubber.add_client_error("get_service_quota", "NoSuchResourceException", "none")
    stubber.add_response("get_aws_default_service_quota", RECORDED["GetAWSDefaultServiceQuota"])
    assert fetch_quota(client, "us-east-2", STANDARD, retrieved_on=TODAY).vcpu_limit == 5


def test_a_quota_that_nobody_knows_is_an_error_and_not_zero(stub: StubMaker) -> None:
    client, stubber = stub("service-quotas")
    stubber.add_client_error("get_service_quota", "NoSuchResourceException", "none")
    stubber.add_client_error("get_aws_default_service_quota", "NoSuchResourceException", "none")
    with pytest.raises(PriceNotFoundError, match="L-1216C47A"):
        fetch_quota(client, "us-east-2", STANDARD, retrieved_on=TODAY)


def named(name: str, value: object = 192.0) -> dict[str, Any]:
    return {"ServiceCode": "ec2", "QuotaCode": "L-00000000", "QuotaName": name, "Value": value}


def test_a_quota_without_a_code_is_found_by_its_name_on_any_page(stub: StubMaker) -> None:
    client, stubber = stub("service-quotas")
    stubber.add_response(
        "list_service_quotas", {"Quotas": [named("All P5 Spot Instance Requests")], "NextToken": "2"}
    )
    stubber.add_response("list_service_quotas", {"Quotas": [named("All P6 Spot Instance Requests")]})
    assert fetch_quota(client, "us-east-1", P6_SPOT, retrieved_on=TODAY).vcpu_limit == 192


def test_a_name_that_the_account_lacks_is_looked_up_among_the_defaults(stub: StubMaker) -> None:
    client, stubber = stub("service-quotas")
    stubber.add_response("list_service_quotas", {"Quotas": []})
    stubber.add_response("list_aws_default_service_quotas", {"Quotas": [named("All P6 Spot Instance Requests", 0.0)]})
    assert fetch_quota(client, "us-east-1", P6_SPOT, retrieved_on=TODAY).vcpu_limit == 0


def test_two_quotas_of_that_name_are_an_error(stub: StubMaker) -> None:
    client, stubber = stub("service-quotas")
    twice = [named("All P6 Spot Instance Requests"), named("Other P6 Spot Instance Requests")]
    stubber.add_response("list_service_quotas", {"Quotas": twice})
    with pytest.raises(PriceNotFoundError, match="P6"):
        fetch_quota(client, "us-east-1", P6_SPOT, retrieved_on=TODAY)


@pytest.mark.parametrize("value", [None, "NaN", "many"])
def test_a_quota_without_a_number_is_a_payload_error(value: object) -> None:
    with pytest.raises(SourcePayloadError, match="L-00000000"):
        normalise_quota(named("x", value), "us-east-1", retrieved_on=TODAY)


@pytest.mark.parametrize(
    ("code", "error"),
    [("AccessDeniedException", SourceAuthError), ("TooManyRequestsException", SourceRateLimitError)],
)
def test_an_error_answer_names_the_action(stub: StubMaker, code: str, error: type[Exception]) -> None:
    client, stubber = stub("service-quotas")
    stubber.add_client_error("get_service_quota", code, "no")
    with pytest.raises(error, match="servicequotas:GetServiceQuota"):
        fetch_quota(client, "us-east-2", STANDARD, retrieved_on=TODAY)
