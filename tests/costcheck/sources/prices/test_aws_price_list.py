"""The price list client on recorded SKU rows, and on every row that must never be taken for the price."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, NoCredentialsError
from botocore.stub import Stubber
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costcheck.errors import (
    AmbiguousPriceError,
    CostcheckError,
    CurrencyError,
    PriceNotFoundError,
    SourceAuthError,
    SourceError,
    SourcePayloadError,
    SourceRateLimitError,
)
from costcheck.meters import METERS, Meter, define, on_demand_meter
from costcheck.records import Origin, Provenance, UnitPrice
from costcheck.sources.prices.aws_price_list import (
    PRICING_REGIONS,
    fetch_meter_prices,
    fetch_on_demand_price,
    normalise_prices,
    pricing_region,
)

TODAY = date(2026, 9, 25)
SEEN = Provenance(source="t", source_url="https://example.org", retrieved_on=TODAY, origin=Origin.CONSTRUCTED)
P5 = on_demand_meter("p5.48xlarge")
EIGHT = P5.required("us-east-1")

StubMaker = Callable[[str], tuple[Any, Stubber]]


def meter(sku_meter: str, service_code: str) -> Meter:
    (found,) = [one for one in METERS if one.sku_meter == sku_meter and one.service_code == service_code]
    return found


def price_of(price_list: list[str], instance_type: str, region_id: str = "us-east-1") -> UnitPrice:
    (price,) = normalise_prices(price_list, region_id, on_demand_meter(instance_type), SEEN)
    return price


def fetched(stub: StubMaker, *pages: list[str], instance_type: str = "p5.48xlarge") -> UnitPrice:
    client, stubber = stub("pricing")
    for number, page in enumerate(pages, start=1):
        token = {"NextToken": f"page{number}"} if number < len(pages) else {}
        stubber.add_response("get_products", {"FormatVersion": "aws_v1", "PriceList": page, **token})
    return fetch_on_demand_price(client, "us-east-1", instance_type, retrieved_on=TODAY)


@pytest.mark.parametrize(
    ("instance_type", "region_id", "usd", "sku"),
    [
        ("p5.48xlarge", "us-east-1", "55.04", "3D4V8UAYEMB38GU2"),
        ("g6.xlarge", "us-west-2", "0.8048", "PCX39NHAEPRR9GUY"),
        ("g5.2xlarge", "eu-west-1", "1.35296", "P2KE3JYU9KQ2RD7B"),
        ("m5.xlarge", "us-east-1", "0.192", "5G4TA8Z4MUKE6MJB"),
    ],
)
def test_the_recorded_rows_give_one_price_with_its_sku(
    recorded_skus: list[str], instance_type: str, region_id: str, usd: str, sku: str
) -> None:
    price = price_of(recorded_skus, instance_type, region_id)
    assert (price.list_unit_price, price.sku_id) == (Decimal(usd), sku)
    assert (price.sku_meter, price.pricing_unit) == (f"BoxUsage:{instance_type}", "Hours")
    assert price.effective_from == date(2026, 9, 1)


def test_the_request_carries_all_eight_filters(stub: StubMaker, recorded_skus: list[str]) -> None:
    client, stubber = stub("pricing")
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in EIGHT.items()]
    assert len(filters) == 8
    stubber.add_response(
        "get_products",
        {"FormatVersion": "aws_v1", "PriceList": recorded_skus},
        {"ServiceCode": "AmazonEC2", "Filters": filters, "FormatVersion": "aws_v1"},
    )
    price = fetch_on_demand_price(client, "us-east-1", "p5.48xlarge", retrieved_on=TODAY)
    assert price.provenance.retrieved_on == TODAY
    assert price.provenance.origin is Origin.LIVE
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("sku", "instance_type"),
    [
        pytest.param("5Q7AP3RH7KTVUNCJ", "p5.48xlarge", id="capacity block at $0"),
        pytest.param("E9RWRGDUV5X76FUB", "m5.xlarge", id="unused reservation"),
        pytest.param("HXGQ45BFM9J2FJ3F", "m5.xlarge", id="Windows"),
        pytest.param("AWJMJ73C9RDQFD5N", "m5.xlarge", id="Windows, licence included"),
        pytest.param("EHFDZFP2EH9BD4DX", "m5.xlarge", id="SQL Server"),
        pytest.param("AN9HBCS6XCP64Z83", "m5.xlarge", id="dedicated"),
        pytest.param("R3WPVNCD34N9W7UV", "m5.xlarge", id="free tier"),
    ],
)
def test_a_trap_row_alone_is_never_a_price(recorded_skus: list[str], sku: str, instance_type: str) -> None:
    (trap,) = [text for text in recorded_skus if json.loads(text)["product"]["sku"] == sku]
    with pytest.raises(PriceNotFoundError, match=instance_type):
        price_of([trap], instance_type)


def test_a_row_of_2021_without_the_newer_attributes_is_no_price() -> None:
    old = (Path(__file__).parents[3] / "data" / "aws_price_list" / "m5_large_item.json").read_text()
    with pytest.raises(PriceNotFoundError, match=r"m5\.large"):
        price_of([old], "m5.large")


def test_no_row_is_an_error_with_the_whole_key(stub: StubMaker) -> None:
    with pytest.raises(PriceNotFoundError) as caught:
        fetched(stub, [])
    assert all(f"{field}={value}" in caught.value.seen for field, value in EIGHT.items())


def test_two_skus_are_an_error_that_names_both(item: Callable[..., str]) -> None:
    with pytest.raises(AmbiguousPriceError, match="SKU1, SKU2"):
        price_of([item(), item(sku="SKU2", usd="1.00")], "p5.48xlarge")


@pytest.mark.parametrize("usd", ["0.0000000000", "-1", "1e-400"])
def test_a_price_that_is_not_above_zero_is_refused(item: Callable[..., str], usd: str) -> None:
    if Decimal(usd) > 0:
        assert price_of([item(usd=usd)], "p5.48xlarge").list_unit_price > 0
        return
    with pytest.raises(PriceNotFoundError, match="SKU1"):
        price_of([item(usd=usd)], "p5.48xlarge")


@pytest.mark.parametrize("usd", ["NaN", "Infinity", "", "free", "1,000"])
def test_a_price_that_is_no_number_is_a_payload_error(item: Callable[..., str], usd: str) -> None:
    with pytest.raises(SourcePayloadError, match="SKU1 pricePerUnit"):
        price_of([item(usd=usd)], "p5.48xlarge")


@pytest.mark.parametrize("prices", [{"CNY": "380.00"}, {"USD": "55", "CNY": "380"}, {}])
def test_another_currency_is_refused(item: Callable[..., str], prices: dict[str, str]) -> None:
    with pytest.raises(CurrencyError, match="USD"):
        price_of([item(prices=prices)], "p5.48xlarge")


def test_another_unit_is_refused(item: Callable[..., str]) -> None:
    with pytest.raises(SourcePayloadError, match="Quantity"):
        price_of([item(unit="Quantity")], "p5.48xlarge")


def test_an_instance_hour_with_tiers_is_refused(stub: StubMaker, item: Callable[..., str]) -> None:
    with pytest.raises(AmbiguousPriceError, match="2 tiers"):
        fetched(stub, [item(tiers={"0": {"USD": "55"}, "750": {"USD": "50"}})])


def test_the_row_may_stand_on_the_second_page(stub: StubMaker, item: Callable[..., str]) -> None:
    price = fetched(stub, [item(sku="OTHER", operatingSystem="Windows")], [item(sku="RIGHT")])
    assert price.sku_id == "RIGHT"


def test_a_second_sku_on_the_second_page_is_seen(stub: StubMaker, item: Callable[..., str]) -> None:
    with pytest.raises(AmbiguousPriceError):
        fetched(stub, [item(sku="A")], [item(sku="B")])


def test_pages_that_never_end_are_a_payload_error(stub: StubMaker) -> None:
    client, stubber = stub("pricing")
    for _ in range(2):
        stubber.add_response("get_products", {"PriceList": [], "NextToken": "same"})
    with pytest.raises(SourcePayloadError, match="next token"):
        fetch_on_demand_price(client, "us-east-1", "p5.48xlarge", retrieved_on=TODAY)


@pytest.mark.parametrize(
    "text", ["<html>504</html>", '{"product":', "{}", '{"product":{"sku":"A"},"terms":{}}', "[]"]
)
def test_html_or_cut_json_is_a_payload_error(stub: StubMaker, text: str) -> None:
    with pytest.raises(SourcePayloadError):
        fetched(stub, [text])


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("AccessDeniedException", SourceAuthError),
        ("UnrecognizedClientException", SourceAuthError),
        ("ExpiredTokenException", SourceAuthError),
        ("ThrottlingException", SourceRateLimitError),
        ("InternalErrorException", SourceError),
    ],
)
def test_an_error_answer_becomes_ours_and_names_the_action(
    stub: StubMaker, code: str, error: type[CostcheckError]
) -> None:
    client, stubber = stub("pricing")
    stubber.add_client_error("get_products", code, "no", 400)
    with pytest.raises(error, match="pricing:GetProducts") as caught:
        fetch_on_demand_price(client, "us-east-1", "p5.48xlarge", retrieved_on=TODAY)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (NoCredentialsError(), SourceAuthError),
        (EndpointConnectionError(endpoint_url="https://example.org"), SourceError),
        (ConnectTimeoutError(endpoint_url="https://example.org"), SourceError),
    ],
)
def test_a_call_that_never_arrived_becomes_ours(
    stub: StubMaker, failure: Exception, error: type[CostcheckError]
) -> None:
    client, stubber = stub("pricing")
    stubber.deactivate()

    def fail(**_: object) -> None:
        raise failure

    client.meta.events.register_first("before-call.pricing.GetProducts", fail)
    with pytest.raises(error, match="pricing:GetProducts"):
        fetch_on_demand_price(client, "us-east-1", "p5.48xlarge", retrieved_on=TODAY)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from(sorted(EIGHT)), value=st.one_of(st.none(), st.text(max_size=12)))
def test_a_row_that_fails_one_of_the_eight_filters_is_never_chosen(
    item: Callable[..., str], field: str, value: str | None
) -> None:
    if value == EIGHT[field]:
        return
    wrong = item(sku="WRONG", usd="0.01", **{field: value})
    assert price_of([wrong, item(sku="RIGHT"), wrong], "p5.48xlarge").sku_id == "RIGHT"
    with pytest.raises(PriceNotFoundError):
        price_of([wrong], "p5.48xlarge")


@pytest.mark.parametrize(
    ("usage_type", "fits"),
    [
        ("NatGateway-Hours", True),
        ("USE1-NatGateway-Hours", True),
        ("EU-NatGateway-Hours", True),
        ("us-east-1-NatGateway-Hours", True),
        ("RegionalNatGateway-Hours", False),
        ("Global-NatGateway-Hours", False),
        ("USE1-TS-NatGateway-Hours", False),
        ("USE1-USW2-NatGateway-Hours", False),
    ],
)
def test_a_usage_type_fits_with_its_region_prefix_and_nothing_else(usage_type: str, fits: bool) -> None:  # noqa: FBT001 - the expected answer
    assert meter("NatGateway-Hours", "AmazonEC2").matches_usage_type(usage_type, "us-east-1") is fits


def test_a_meter_without_a_usage_type_goes_by_its_attributes_alone() -> None:
    """FSx writes one deployment and medium under several usage types."""
    storage = define("AmazonFSx", "/Windows Storage", "GB-Mo", "GB-Months")
    assert storage.matches_usage_type("USE1-Storage.SSD", "us-east-1")
    assert not define("AWSELB", "Hours/Network", "Hrs", "Hours").matches_usage_type("Bytes", "us-east-1")


def test_extended_support_is_a_sku_of_its_own_beside_the_control_plane(item: Callable[..., str]) -> None:
    """Constructed from the two documented rows: 0.10 and, added to it, 0.50."""
    rows = [
        item(sku="A", usd="0.10", usagetype="USE1-AmazonEKS-Hours:perCluster", operation="CreateOperation"),
        item(sku="B", usd="0.50", usagetype="USE1-AmazonEKS-Hours:extendedSupport", operation="ExtendedSupport"),
    ]
    found = [
        normalise_prices(rows, "us-east-1", meter(name, "AmazonEKS"), SEEN)[0].list_unit_price
        for name in ("AmazonEKS-Hours:perCluster", "AmazonEKS-Hours:extendedSupport")
    ]
    assert found == [Decimal("0.1"), Decimal("0.5")]


def test_gp3_throughput_is_stated_per_mebibyte_though_the_list_says_gibibyte(item: Callable[..., str]) -> None:
    row = item(usd="40.96", unit="GiBps-mo", family="Provisioned Throughput", usagetype="EBS:VolumeP-Throughput.gp3")
    (price,) = normalise_prices([row], "us-east-1", meter("EBS:VolumeP-Throughput.gp3", "AmazonEC2"), SEEN)
    assert (price.list_unit_price, price.pricing_unit) == (Decimal("0.04"), "MiBps-Months")


def test_a_trust_store_hour_in_the_same_product_family_is_no_load_balancer_hour(item: Callable[..., str]) -> None:
    """Constructed; `TS-LoadBalancerUsage` stands beside the load balancer's own usage type."""
    family = "Load Balancer-Application"
    rows = [
        item(sku="TRUST", usd="0.0055", family=family, usagetype="TS-LoadBalancerUsage"),
        item(sku="ALB", usd="0.0225", family=family, usagetype="LoadBalancerUsage"),
    ]
    (price,) = normalise_prices(rows, "us-east-1", meter("LoadBalancerUsage", "AWSELB"), SEEN)
    assert price.sku_id == "ALB"


def test_transfer_out_keeps_its_tiers_in_order(item: Callable[..., str]) -> None:
    row = item(
        unit="GB",
        usagetype="DataTransfer-Out-Bytes",
        fromRegionCode="us-east-1",
        transferType="AWS Outbound",
        tiers={"51200": {"USD": "0.07"}, "0": {"USD": "0.09"}, "10240": {"USD": "0.085"}},
    )
    tiers = normalise_prices([row], "us-east-1", meter("DataTransfer-Out-Bytes", "AWSDataTransfer"), SEEN)
    assert [tier.tier_start for tier in tiers] == [0, 10240, 51200]


def test_every_meter_asks_for_its_own_region_and_is_listed_once(stub: StubMaker) -> None:
    assert len({(one.service_code, one.sku_meter) for one in METERS}) == len(METERS)
    client, stubber = stub("pricing")
    for one in METERS:
        assert "eu-west-1" in one.required("eu-west-1").values()
        stubber.add_response("get_products", {"PriceList": []})
        with pytest.raises(PriceNotFoundError, match=one.sku_meter.split(":")[0]):
            fetch_meter_prices(client, "eu-west-1", one, retrieved_on=TODAY)


def test_the_endpoint_is_one_of_the_three_that_exist() -> None:
    assert [pricing_region(name) for name in ("eu-central-1", "ap-south-1", "sa-east-1")] == [
        "eu-central-1",
        "ap-south-1",
        "us-east-1",
    ]
    assert PRICING_REGIONS[0] == "us-east-1"


def test_a_price_of_the_whole_world_is_asked_for_by_its_usage_type_and_has_no_region(
    stub: StubMaker, item: Callable[..., str]
) -> None:
    """Such a row has the location `Any` and an empty region; a namesake of one region stands beside it."""
    zone = define("AmazonRoute53", "DNS-Queries", "Queries", "Queries", region_id="global", productFamily="DNS Query")
    client, stubber = stub("pricing")
    filters = [
        {"Type": "TERM_MATCH", "Field": "usagetype", "Value": "DNS-Queries"},
        {"Type": "TERM_MATCH", "Field": "productFamily", "Value": "DNS Query"},
    ]
    rows = [
        item(sku="WORLD", usd="0.4", unit="Queries", family="DNS Query", usagetype="DNS-Queries", regionCode=""),
        item(sku="OHIO", usd="0.6", unit="Queries", family="DNS Query", usagetype="USE2-DNS-Queries"),
    ]
    expected = {"ServiceCode": "AmazonRoute53", "Filters": filters, "FormatVersion": "aws_v1"}
    stubber.add_response("get_products", {"FormatVersion": "aws_v1", "PriceList": rows}, expected)
    (price,) = fetch_meter_prices(client, "eu-west-1", zone, retrieved_on=TODAY)
    assert (price.sku_id, price.region_id) == ("WORLD", "global")
    assert price.provenance.source_url.endswith("/AmazonRoute53/current/index.json")


def test_skus_that_share_a_usage_type_have_names_of_their_own(item: Callable[..., str]) -> None:
    family = "Load Balancer-Network"
    network = define("AWSELB", "LoadBalancerUsage/Network", "Hrs", "Hours", productFamily=family)
    rows = [
        item(sku="ALB", family="Load Balancer-Application", usagetype="USE1-LoadBalancerUsage"),
        item(sku="NLB", family=family, usagetype="USE1-LoadBalancerUsage"),
        item(sku="TRUST", family=family, usagetype="USE1-TS-LoadBalancerUsage"),
    ]
    (price,) = normalise_prices(rows, "us-east-1", network, SEEN)
    assert (price.sku_id, price.sku_meter) == ("NLB", "LoadBalancerUsage/Network")


def test_no_stack_counts_on_the_free_allowance_of_the_account(item: Callable[..., str]) -> None:
    check = define("AmazonRoute53", "Health-Check-AWS", "Mo", "Months", region_id="global")
    tiers = {"0": {"USD": "0"}, "50": {"USD": "0.5"}, "100": {"USD": "0.4"}}
    prices = normalise_prices([item(unit="Mo", usagetype="Health-Check-AWS", tiers=tiers)], "us-east-1", check, SEEN)
    found = [(price.tier_start, price.list_unit_price) for price in prices]
    assert found == [(Decimal(0), Decimal("0.5")), (Decimal(100), Decimal("0.4"))]


@pytest.mark.parametrize("tiers", [{"0": {"USD": "0"}, "50": {"USD": "0"}}, {"0": {"USD": "1"}, "50": {"USD": "0"}}])
def test_a_free_tier_anywhere_else_is_no_price(item: Callable[..., str], tiers: dict[str, dict[str, str]]) -> None:
    check = define("AmazonRoute53", "Health-Check-AWS", "Mo", "Months", region_id="global")
    with pytest.raises(PriceNotFoundError, match="SKU1"):
        normalise_prices([item(unit="Mo", usagetype="Health-Check-AWS", tiers=tiers)], "us-east-1", check, SEEN)


@pytest.mark.parametrize("spelled", ["InstanceUsage:db.m6g.2xlarge", "InstanceUsage:db.m6g.2xl"])
def test_a_meter_is_found_under_each_of_its_spellings(item: Callable[..., str], spelled: str) -> None:
    node = Meter(
        service_code="AmazonRDS",
        sku_meter="InstanceUsage:db.m6g.2xlarge/MySQL",
        spellings=("InstanceUsage:db.m6g.2xl",),
        fields=(),
        divisors=(("Hrs", 1),),
        pricing_unit="Hours",
    )
    rows = [item(sku="PLAIN", usagetype=f"EUC1-{spelled}"), item(sku="OTHER", usagetype=f"EUC1-Multi-AZ{spelled}")]
    (price,) = normalise_prices(rows, "us-east-1", node, SEEN)
    assert price.sku_id == "PLAIN"
