"""A whole snapshot or none: every call of a pull, against stubbed AWS clients."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from botocore.stub import Stubber

from costcheck.errors import PriceNotFoundError, SourceAuthError
from costcheck.meters import METERS
from costcheck.records import PriceSnapshot
from costcheck.rules import load_assumptions
from costcheck.sources.prices.pull import PriceClients, decision_types, default_instance_types, fetch_snapshot
from costcheck.sources.prices.token_prices import TokenPrices
from costcheck.sources.snapshot import read_price_book

TODAY = date(2026, 11, 23)
NO_TOKENS = TokenPrices(unit_prices=(), refused=())
G6E = {
    "InstanceType": "g6e.xlarge",
    "MemoryInfo": {"SizeInMiB": 32768},
    "VCpuInfo": {"DefaultVCpus": 4},
    "GpuInfo": {"Gpus": [{"Name": "L40S", "Count": 1, "MemoryInfo": {"SizeInMiB": 45776}}]},
}


M6I = {"InstanceType": "m6i.large", "MemoryInfo": {"SizeInMiB": 8192}, "VCpuInfo": {"DefaultVCpus": 2}}


class StubbedAws:
    """Three clients that answer as AWS would for a region that offers only g6e.xlarge."""

    def __init__(self, stub: Callable[[str], tuple[Any, Stubber]], item: Callable[..., str]) -> None:
        self.pricing, self._pricing = stub("pricing")
        self.ec2, self._ec2 = stub("ec2")
        self.quotas, self._quotas = stub("service-quotas")
        self._item = item

    def offer(self, *names: str) -> None:
        rows = [
            {"InstanceType": name, "LocationType": "availability-zone-id", "Location": "use1-az4"}
            for name in names or ("g6e.xlarge",)
        ]
        self._ec2.add_response("describe_instance_type_offerings", {"InstanceTypeOfferings": rows})

    def price(self, *price_list: str) -> None:
        self._pricing.add_response("get_products", {"PriceList": list(price_list)})

    def price_instance(self, name: str = "g6e.xlarge") -> None:
        self.price(self._item(usd="1.861", instanceType=name, usagetype=f"BoxUsage:{name}"))

    def price_meters(self, *, without: str = "") -> None:
        for meter in METERS:
            fields = dict(meter.fields) | {meter.region_field: "us-east-1"}
            family = fields.pop("productFamily", "")
            unit = meter.divisors[0][0]
            usage = f"USE1-{meter.sku_meter}"
            row = self._item(usd="0.5", unit=unit, family=family, usagetype=usage, **fields)
            self.price(*[] if meter.sku_meter == without else [row])

    def describe(self, *types: dict[str, Any]) -> None:
        self._ec2.add_response("describe_instance_types", {"InstanceTypes": list(types or (G6E,))})

    def limit(self, code: str = "L-DB2E81BA") -> None:
        quota = {"QuotaCode": code, "QuotaName": "Running On-Demand instances", "Value": 8.0}
        self._quotas.add_response("get_service_quota", {"Quota": quota})

    def refuse_prices(self) -> None:
        self._pricing.add_client_error("get_products", "AccessDeniedException", "no")

    def pull(
        self, *names: str, only_offered: bool = False, told: list[str] | None = None, needed: tuple[str, ...] = ()
    ) -> PriceSnapshot:
        return fetch_snapshot(
            PriceClients(pricing=self.pricing, ec2=self.ec2, quotas=self.quotas),
            "us-east-1",
            names or ("g6e.xlarge",),
            only_offered=only_offered,
            token_prices=NO_TOKENS,
            today=TODAY,
            progress=lambda what, _done, _total: (told if told is not None else []).append(what),
            needed_types=needed,
        )


@pytest.fixture
def aws(stub: Callable[[str], tuple[Any, Stubber]], item: Callable[..., str]) -> StubbedAws:
    return StubbedAws(stub, item)


def test_a_pull_holds_prices_facts_zones_and_the_quota_of_each_family(aws: StubbedAws) -> None:
    aws.offer()
    aws.price_instance()
    aws.price_meters()
    aws.describe()
    aws.limit()
    told: list[str] = []
    snapshot = aws.pull(told=told)
    assert len(snapshot.unit_prices) == 1 + len(METERS)
    assert snapshot.unit_prices[0].list_unit_price == Decimal("1.861")
    assert [fact.instance_type for fact in snapshot.instance_types] == ["g6e.xlarge"]
    assert [row.zone_ids for row in snapshot.zone_offerings] == [("use1-az4",)]
    assert [quota.vcpu_limit for quota in snapshot.quotas] == [8]
    assert (told[0], told[1], told[-1]) == ("zones", "g6e.xlarge", "prices")


def test_a_type_that_no_zone_offers_is_left_out_where_nobody_named_it(aws: StubbedAws) -> None:
    aws.offer()
    aws.price_instance()
    aws.price_meters()
    aws.describe()
    aws.limit()
    snapshot = aws.pull("g6e.xlarge", "g7.2xlarge", only_offered=True)
    assert {row.instance_type: row.zone_ids for row in snapshot.zone_offerings}["g7.2xlarge"] == ()
    assert [fact.instance_type for fact in snapshot.instance_types] == ["g6e.xlarge"]


def test_a_type_that_every_decision_needs_is_priced_beside_the_named_one(aws: StubbedAws) -> None:
    aws.offer("g6e.xlarge", "m6i.large")
    aws.price_instance()
    aws.price_instance("m6i.large")
    aws.price_meters()
    aws.describe(G6E, M6I)
    aws.limit()
    aws.limit("L-1216C47A")
    snapshot = aws.pull("g6e.xlarge", needed=("m6i.large",))
    assert [row.sku_meter for row in snapshot.unit_prices[:2]] == ["BoxUsage:g6e.xlarge", "BoxUsage:m6i.large"]
    assert [fact.instance_type for fact in snapshot.instance_types] == ["g6e.xlarge", "m6i.large"]


def test_a_type_that_every_decision_needs_stops_nothing_where_no_zone_offers_it(aws: StubbedAws) -> None:
    aws.offer()
    aws.price_instance()
    aws.price_meters()
    aws.describe()
    aws.limit()
    snapshot = aws.pull("g6e.xlarge", needed=("m6i.large",))
    assert [fact.instance_type for fact in snapshot.instance_types] == ["g6e.xlarge"]


def test_every_decision_needs_the_type_of_the_system_nodes() -> None:
    assert decision_types() == (load_assumptions({}).system_node.instance_type,)


def test_every_price_that_is_missing_is_listed_and_nothing_is_returned(aws: StubbedAws) -> None:
    aws.offer()
    aws.price()
    aws.price_meters(without="NatGateway-Hours")
    with pytest.raises(PriceNotFoundError) as caught:
        aws.pull()
    assert "2 of" in caught.value.seen
    assert "instanceType=g6e.xlarge" in caught.value.seen
    assert "NatGateway-Hours" in caught.value.seen


def test_a_refusal_stops_the_pull_at_once(aws: StubbedAws) -> None:
    aws.offer()
    aws.refuse_prices()
    with pytest.raises(SourceAuthError, match="pricing:GetProducts"):
        aws.pull()


def test_a_region_that_offers_none_of_the_types_is_an_error(aws: StubbedAws) -> None:
    aws.offer()
    with pytest.raises(PriceNotFoundError, match="us-east-1 offers any of the 1"):
        aws.pull("g7.2xlarge", only_offered=True)


def test_the_default_types_are_priced_and_described() -> None:
    names = default_instance_types(read_price_book())
    assert {"g6e.xlarge", "p5.48xlarge", "m7i.large"} <= set(names)
    assert "p5e.48xlarge" not in names
