"""AWS clients that answer from recorded payloads, and builders of the rows that nobody recorded."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

DATA = Path(__file__).parents[3] / "data"


@functools.cache
def _session() -> Any:  # noqa: ANN401 - boto3's overloads know no service by a variable
    """Return a session that reads each service model once."""
    return boto3.Session(aws_access_key_id="none", aws_secret_access_key="none")  # noqa: S106 - no secret


@pytest.fixture
def recorded_skus() -> list[str]:
    """Real SKU rows with the trap rows beside them; see tests/data/aws_price_list/README.md."""
    content = json.loads((DATA / "aws_price_list" / "ec2_skus_2026-09-01.json").read_text())
    return list(content["PriceList"])


@pytest.fixture
def stub() -> Callable[[str], tuple[Any, Stubber]]:
    """Return a client of one service and the stub that answers for it, activated."""

    def make(service: str) -> tuple[Any, Stubber]:
        client = _session().client(service, region_name="us-east-1")
        stubber = Stubber(client)
        stubber.activate()
        return client, stubber

    return make


@pytest.fixture
def item() -> Callable[..., str]:
    """Return a builder of one constructed `PriceList` element: by default the p5.48xlarge row."""

    def build(  # noqa: PLR0913 - each may be wrong in a row of its own
        *,
        sku: str = "SKU1",
        usd: str = "55.0400000000",
        unit: str = "Hrs",
        family: str = "Compute Instance",
        prices: dict[str, str] | None = None,
        tiers: dict[str, dict[str, str]] | None = None,
        **other: str | None,
    ) -> str:
        attributes = {
            "regionCode": "us-east-1",
            "instanceType": "p5.48xlarge",
            "operatingSystem": "Linux",
            "tenancy": "Shared",
            "preInstalledSw": "NA",
            "capacitystatus": "Used",
            "licenseModel": "No License required",
            "marketoption": "OnDemand",
            "usagetype": "BoxUsage:p5.48xlarge",
        }
        charged = {"USD": usd} if prices is None else prices
        attributes |= {field: value for field, value in other.items() if value is not None}
        for field in [field for field, value in other.items() if value is None]:
            attributes.pop(field, None)
        dimensions = {
            f"{sku}.T.{start}": {"unit": unit, "beginRange": start, "endRange": "Inf", "pricePerUnit": price}
            for start, price in (tiers or {"0": charged}).items()
        }
        term = {"priceDimensions": dimensions, "sku": sku, "effectiveDate": "2026-09-01T00:00:00Z"}
        return json.dumps(
            {
                "product": {"sku": sku, "productFamily": family, "attributes": attributes},
                "serviceCode": "AmazonEC2",
                "terms": {"OnDemand": {f"{sku}.T": term}},
            }
        )

    return build
