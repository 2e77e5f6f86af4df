"""Constructed answers of AWS, in the shapes that botocore's stubber checks against the service models."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from botocore.stub import Stubber

from costcheck.records import Origin, Provenance

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
TODAY = NOW.date()
REGION = "us-east-1"
Stub = Callable[[str], tuple[Any, Stubber]]
SEEN = Provenance(source="t", source_url="https://example.org", retrieved_on=TODAY, origin=Origin.CONSTRUCTED)


def spot_row(zone: str, usd: str, *, at: datetime = NOW, name: str = "g6.xlarge", **other: str) -> dict[str, Any]:
    return {
        "AvailabilityZone": f"us-east-1{zone}",
        "AvailabilityZoneId": f"use1-az-{zone}",
        "InstanceType": name,
        "ProductDescription": "Linux/UNIX",
        "SpotPrice": usd,
        "Timestamp": at,
        **other,
    }


def rate_row(  # noqa: PLR0913 - each may be wrong in a row of its own
    rate: str = "0.5",
    *,
    name: str = "g6.xlarge",
    usage: str = "BoxUsage",
    payment: str = "No Upfront",
    seconds: int = 31_536_000,
    plan: str = "Compute",
    currency: str = "USD",
    unit: str = "Hrs",
    **properties: str,
) -> dict[str, Any]:
    told = {"region": REGION, "instanceType": name, "productDescription": "Linux/UNIX", "tenancy": "shared"}
    return {
        "savingsPlanOffering": {
            "offeringId": "00000000-0000-0000-0000-000000000001",
            "paymentOption": payment,
            "planType": plan,
            "durationSeconds": seconds,
            "currency": currency,
        },
        "rate": rate,
        "unit": unit,
        "productType": "EC2",
        "serviceCode": "AmazonEC2",
        "usageType": f"{usage}:{name}",
        "operation": "RunInstances",
        "properties": [{"name": key, "value": value} for key, value in {**told, **properties}.items()],
    }


def block_row(fee: str = "1000.00", **other: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of an offering
    return {
        "CapacityBlockOfferingId": "cb-0",
        "InstanceType": "p5.48xlarge",
        "AvailabilityZone": "us-east-1a",
        "InstanceCount": 1,
        "StartDate": datetime(2026, 12, 1, 11, 30, tzinfo=UTC),
        "EndDate": datetime(2026, 12, 2, 11, 30, tzinfo=UTC),
        "CapacityBlockDurationHours": 24,
        "UpfrontFee": fee,
        "CurrencyCode": "USD",
        "Tenancy": "default",
        **other,
    }


def version_row(version: str, status: str, ends: date | None, **other: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    end = {} if ends is None else {"endOfStandardSupportDate": datetime(ends.year, ends.month, ends.day, tzinfo=UTC)}
    return {"clusterVersion": version, "clusterType": "eks", "versionStatus": status, **end, **other}
