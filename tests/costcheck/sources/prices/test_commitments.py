"""What is owned: each kind with what it binds to, and no answer is never none."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from costcheck.errors import SourceAuthError, SourcePayloadError
from costcheck.settings import parse_settings
from costcheck.sources.prices.commitments import (
    entered_discounts,
    fetch_capacity_reservations,
    fetch_reserved_instances,
    fetch_savings_plans,
    normalise_reserved_instances,
    normalise_savings_plans,
)
from tests.costcheck.sources.prices.market_stubs import REGION, SEEN, TODAY, Stub

PLAN = {
    "savingsPlanId": "sp-1",
    "savingsPlanType": "EC2Instance",
    "ec2InstanceFamily": "g6",
    "region": "us-east-1",
    "state": "active",
    "start": "2026-01-01T00:00:00.000Z",
    "end": "2027-01-01T00:00:00.000Z",
    "currency": "USD",
    "commitment": "1.50",
    "paymentOption": "Partial Upfront",
    "upfrontPaymentAmount": "6570.0",
}
RESERVED = {
    "ReservedInstancesId": "ri-1",
    "InstanceType": "g5.xlarge",
    "InstanceCount": 2,
    "State": "active",
    "ProductDescription": "Linux/UNIX",
    "OfferingClass": "standard",
    "OfferingType": "Partial Upfront",
    "CurrencyCode": "USD",
    "FixedPrice": 0.1,
    "RecurringCharges": [{"Amount": 0.2, "Frequency": "Hourly"}],
    "Scope": "Region",
    "Start": datetime(2026, 1, 1, tzinfo=UTC),
    "End": datetime(2027, 1, 1, tzinfo=UTC),
}
RESERVATION = {
    "CapacityReservationId": "cr-1",
    "InstanceType": "p5.48xlarge",
    "InstancePlatform": "Linux/UNIX",
    "TotalInstanceCount": 3,
    "State": "active",
    "AvailabilityZoneId": "use1-az4",
}


def test_a_savings_plan_is_due_every_hour_until_it_ends(stub: Stub) -> None:
    client, stubber = stub("savingsplans")
    asked = {"states": ["active"], "maxResults": 1000}
    stubber.add_response("describe_savings_plans", {"savingsPlans": [], "nextToken": "1"}, asked)
    stubber.add_response("describe_savings_plans", {"savingsPlans": [PLAN]}, asked | {"nextToken": "1"})
    (owned,) = fetch_savings_plans(client, retrieved_on=TODAY)
    assert (owned.hourly_amount, owned.upfront_amount) == (Decimal("1.50"), Decimal("6570.0"))
    assert (owned.scope, owned.ends_at) == ("EC2Instance g6", datetime(2027, 1, 1, tzinfo=UTC))


def test_reserved_instances_are_due_for_all_of_them_and_cents_stay_exact(stub: Stub) -> None:
    client, stubber = stub("ec2")
    asked = {"Filters": [{"Name": "state", "Values": ["active"]}]}
    stubber.add_response("describe_reserved_instances", {"ReservedInstances": [RESERVED]}, asked)
    (owned,) = fetch_reserved_instances(client, REGION, retrieved_on=TODAY)
    assert (owned.hourly_amount, owned.upfront_amount) == (Decimal("0.4"), Decimal("0.2"))
    assert (owned.instance_type, owned.instance_count) == ("g5.xlarge", 2)


def test_what_aws_does_not_charge_by_the_hour_is_not_known_to_be_free() -> None:
    bare = {key: value for key, value in RESERVED.items() if key not in {"RecurringCharges", "FixedPrice"}}
    (owned,) = normalise_reserved_instances([bare], REGION, SEEN)
    assert (owned.hourly_amount, owned.upfront_amount) == (None, None)


def test_a_capacity_reservation_has_a_zone_and_may_have_no_end(stub: Stub) -> None:
    client, stubber = stub("ec2")
    stubber.add_response("describe_capacity_reservations", {"CapacityReservations": [RESERVATION], "NextToken": "1"})
    stubber.add_response("describe_capacity_reservations", {"CapacityReservations": []})
    (owned,) = fetch_capacity_reservations(client, REGION, retrieved_on=TODAY)
    assert (owned.zone_id, owned.ends_at, owned.hourly_amount) == ("use1-az4", None, None)
    assert owned.scope == "Linux/UNIX, default, active"


def test_an_account_that_owns_nothing_answers_so(stub: Stub) -> None:
    client, stubber = stub("savingsplans")
    stubber.add_response("describe_savings_plans", {"savingsPlans": []})
    assert fetch_savings_plans(client, retrieved_on=TODAY) == ()


@pytest.mark.parametrize(
    ("method", "action", "fetch"),
    [
        ("describe_reserved_instances", "ec2:DescribeReservedInstances", fetch_reserved_instances),
        ("describe_capacity_reservations", "ec2:DescribeCapacityReservations", fetch_capacity_reservations),
    ],
)
def test_a_refusal_is_an_error_and_not_nothing(stub: Stub, method: str, action: str, fetch: Any) -> None:  # noqa: ANN401
    client, stubber = stub("ec2")
    stubber.add_client_error(method, "UnauthorizedOperation", "no")
    with pytest.raises(SourceAuthError, match=action):
        fetch(client, REGION, retrieved_on=TODAY)


@pytest.mark.parametrize("change", [{"commitment": "much"}, {"end": "next year"}, {"savingsPlanType": 1}])
def test_a_plan_that_does_not_read_is_an_error_that_shows_no_more_than_the_key(change: dict[str, Any]) -> None:
    with pytest.raises(SourcePayloadError):
        normalise_savings_plans([PLAN | change], SEEN)


def test_a_retired_plan_is_not_owned() -> None:
    assert normalise_savings_plans([PLAN | {"state": "retired"}], SEEN) == ()


def test_discounts_are_those_of_the_configuration() -> None:
    text = """
    [company]
    name = "c"
    [[workload]]
    name = "w"
    latency_class = "batch"
    match = { everything = true }
    [[contracted_discount]]
    service_provider_name = "openai"
    discount_share = 0.10
    source = "contract 12"
    """
    (discount,) = entered_discounts(parse_settings(text, "costcheck.toml"), "costcheck.toml", today=TODAY)
    assert (discount.service_provider_name, discount.discount_share) == ("openai", Decimal("0.10"))
    assert (discount.contract, discount.provenance.origin) == ("contract 12", "entered")
