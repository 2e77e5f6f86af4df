"""What the company has bought ahead: Savings Plans, reserved instances, capacity reservations, and its discounts.

An account without any answers with nothing, which is *none owned*; an account that may not be asked is an error, and
never the same.
https://docs.aws.amazon.com/savingsplans/latest/APIReference/API_DescribeSavingsPlans.html
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

import msgspec

from costcheck.errors import SourcePayloadError
from costcheck.market import Commitment, CommitmentKind, Discount
from costcheck.records import Origin, Provenance
from costcheck.settings import Settings
from costcheck.sources.prices.aws_calls import follow_tokens, translated_errors
from costcheck.sources.prices.savings_plans import SavingsPlansClient
from costcheck.units import parse_decimal

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

T = TypeVar("T")
PLANS_URL = "https://docs.aws.amazon.com/savingsplans/latest/APIReference/API_DescribeSavingsPlans.html"
RESERVED_URL = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeReservedInstances.html"
RESERVATIONS_URL = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeCapacityReservations.html"
HOURLY = "Hourly"
LARGEST_PAGE = 1000


class _Plan(msgspec.Struct, rename="camel"):
    savings_plan_id: str
    savings_plan_type: str
    state: str
    start: str
    end: str
    currency: str
    commitment: str
    payment_option: str | None = None
    upfront_payment_amount: str | None = None
    region: str | None = None
    ec2_instance_family: str | None = msgspec.field(name="ec2InstanceFamily", default=None)


class _Charge(msgspec.Struct, rename="pascal"):
    amount: float
    frequency: str


class _Reserved(msgspec.Struct, rename="pascal"):
    reserved_instances_id: str
    instance_type: str
    instance_count: int
    state: str
    product_description: str
    offering_class: str
    currency_code: str = "USD"
    offering_type: str | None = None
    fixed_price: float | None = None
    start: datetime | None = None
    end: datetime | None = None
    scope: str | None = None
    availability_zone: str | None = None
    availability_zone_id: str | None = None
    recurring_charges: list[_Charge] = []  # msgspec copies it


class _Reservation(msgspec.Struct, rename="pascal"):
    capacity_reservation_id: str
    instance_type: str
    instance_platform: str
    total_instance_count: int
    state: str
    reservation_type: str = "default"
    start_date: datetime | None = None
    end_date: datetime | None = None
    availability_zone: str | None = None
    availability_zone_id: str | None = None


def fetch_savings_plans(client: SavingsPlansClient, *, retrieved_on: date) -> tuple[Commitment, ...]:
    """Return the active Savings Plans of the account, by id.

    Raises:
        SourceError: AWS did not answer usefully.
    """
    rows = follow_tokens(
        client.describe_savings_plans,
        "savingsPlans",
        "savingsplans:DescribeSavingsPlans",
        states=["active"],
        maxResults=LARGEST_PAGE,
    )
    provenance = _provenance("aws_describe_savings_plans", PLANS_URL, retrieved_on)
    return normalise_savings_plans(rows, provenance)


def fetch_reserved_instances(client: "EC2Client", region_id: str, *, retrieved_on: date) -> tuple[Commitment, ...]:
    """Return the active reserved instances of a region, by id.

    Raises:
        SourceError: AWS did not answer usefully.
    """
    with translated_errors("ec2:DescribeReservedInstances"):
        answer = client.describe_reserved_instances(Filters=[{"Name": "state", "Values": ["active"]}])
    provenance = _provenance("ec2_describe_reserved_instances", RESERVED_URL, retrieved_on)
    return normalise_reserved_instances(answer.get("ReservedInstances", []), region_id, provenance)


def fetch_capacity_reservations(client: "EC2Client", region_id: str, *, retrieved_on: date) -> tuple[Commitment, ...]:
    """Return the capacity reservations of a region that are active or scheduled, Capacity Blocks too, by id.

    Raises:
        SourceError: AWS did not answer usefully.
    """
    with translated_errors("ec2:DescribeCapacityReservations"):
        pages = client.get_paginator("describe_capacity_reservations").paginate(
            Filters=[{"Name": "state", "Values": ["active", "scheduled"]}]
        )
        rows = [row for page in pages for row in page.get("CapacityReservations", [])]
    provenance = _provenance("ec2_describe_capacity_reservations", RESERVATIONS_URL, retrieved_on)
    return normalise_capacity_reservations(rows, region_id, provenance)


def normalise_savings_plans(rows: Iterable[object], provenance: Provenance) -> tuple[Commitment, ...]:
    """Return active plans as records; `commitment` is the money due every hour, used or not.

    Raises:
        SourcePayloadError: A plan lacks what AWS always says.
    """
    plans = [_converted(row, _Plan, "DescribeSavingsPlans") for row in rows]
    return _by_id(_plan(plan, provenance) for plan in plans if plan.state == "active")


def _plan(plan: _Plan, provenance: Provenance) -> Commitment:
    what = f"Savings Plan {plan.savings_plan_id}"
    upfront = plan.upfront_payment_amount
    return Commitment(
        kind=CommitmentKind.SAVINGS_PLAN,
        commitment_id=plan.savings_plan_id,
        scope=" ".join(filter(None, (plan.savings_plan_type, plan.ec2_instance_family))),
        instance_type=None,
        instance_count=None,
        payment_option=plan.payment_option,
        hourly_amount=parse_decimal(plan.commitment, what=f"commitment of {what}"),
        upfront_amount=parse_decimal(upfront, what=f"upfront payment of {what}") if upfront is not None else None,
        pricing_currency=plan.currency,
        region_id=plan.region or None,
        zone_id=None,
        starts_at=_moment(plan.start, what),
        ends_at=_moment(plan.end, what),
        provenance=provenance,
    )


def normalise_reserved_instances(
    rows: Iterable[object], region_id: str, provenance: Provenance
) -> tuple[Commitment, ...]:
    """Return active reserved instances as records.

    Raises:
        SourcePayloadError: A row lacks what AWS always says.
    """
    found = [_converted(row, _Reserved, "DescribeReservedInstances") for row in rows]
    return _by_id(_reserved(row, region_id, provenance) for row in found if row.state == "active")


def _reserved(row: _Reserved, region_id: str, provenance: Provenance) -> Commitment:
    charges = [charge for charge in row.recurring_charges if charge.frequency == HOURLY]
    hourly = sum((Decimal(str(charge.amount)) for charge in charges), Decimal(0)) * row.instance_count
    return Commitment(
        kind=CommitmentKind.RESERVED_INSTANCES,
        commitment_id=row.reserved_instances_id,
        scope=f"{row.product_description}, {row.offering_class}",
        instance_type=row.instance_type,
        instance_count=row.instance_count,
        payment_option=row.offering_type,
        hourly_amount=hourly if charges else None,
        upfront_amount=None if row.fixed_price is None else Decimal(str(row.fixed_price)) * row.instance_count,
        pricing_currency=row.currency_code,
        region_id=region_id,
        zone_id=row.availability_zone_id or row.availability_zone,
        starts_at=row.start,
        ends_at=row.end,
        provenance=provenance,
    )


def normalise_capacity_reservations(
    rows: Iterable[object], region_id: str, provenance: Provenance
) -> tuple[Commitment, ...]:
    """Return reservations as records; they cost the price on demand, used or not, and a Capacity Block is paid.

    Raises:
        SourcePayloadError: A row lacks what AWS always says.
    """
    found = [_converted(row, _Reservation, "DescribeCapacityReservations") for row in rows]
    return _by_id(_reservation(row, region_id, provenance) for row in found if row.state in {"active", "scheduled"})


def _reservation(row: _Reservation, region_id: str, provenance: Provenance) -> Commitment:
    return Commitment(
        kind=CommitmentKind.CAPACITY_RESERVATION,
        commitment_id=row.capacity_reservation_id,
        scope=f"{row.instance_platform}, {row.reservation_type}, {row.state}",
        instance_type=row.instance_type,
        instance_count=row.total_instance_count,
        payment_option=None,
        hourly_amount=None,
        upfront_amount=None,
        region_id=region_id,
        zone_id=row.availability_zone_id or row.availability_zone,
        starts_at=row.start_date,
        ends_at=row.end_date,
        provenance=provenance,
    )


def entered_discounts(settings: Settings, name: str, *, today: date) -> tuple[Discount, ...]:
    """Return the contracted discounts that `costcheck.toml` states, in its order.

    Args:
        settings: The file.
        name: Its name, for the provenance.
        today: UTC day on which it was read.
    """
    provenance = Provenance(source="costcheck.toml", source_url=name, retrieved_on=today, origin=Origin.ENTERED)
    return tuple(
        Discount(
            service_provider_name=row.service_provider_name,
            discount_share=row.discount_share,
            contract=row.source,
            provenance=provenance,
        )
        for row in settings.contracted_discount
    )


def _by_id(rows: Iterable[Commitment]) -> tuple[Commitment, ...]:
    found = {row.commitment_id: row for row in rows}
    return tuple(found[key] for key in sorted(found))


def _moment(text: str, what: str) -> datetime:
    try:
        return msgspec.convert(text, datetime)
    except msgspec.ValidationError as exc:
        message = f"{what} has the time {text[:40]!r}"
        raise SourcePayloadError(message, expected="an ISO 8601 time", action="try again later") from exc


def _converted(row: object, shape: type[T], operation: str) -> T:
    try:
        return msgspec.convert(row, shape)
    except msgspec.ValidationError as exc:
        message = f"a row of {operation} does not read: {exc}"
        raise SourcePayloadError(message, expected=f"the shape of {operation}", action="try again later") from exc


def _provenance(source: str, url: str, retrieved_on: date) -> Provenance:
    return Provenance(source=source, source_url=url, retrieved_on=retrieved_on, origin=Origin.LIVE)
