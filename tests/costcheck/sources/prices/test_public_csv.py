"""A price file gives what the price list API gives, and a broken one gives nothing."""

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costcheck.errors import (
    AmbiguousPriceError,
    CurrencyError,
    InputFileError,
    PriceNotFoundError,
    SourcePayloadError,
)
from costcheck.meters import METERS, Meter, define, meter, on_demand_meter
from costcheck.records import Origin, Provenance, UnitPrice
from costcheck.sources.prices.aws_price_list import normalise_prices, select_prices
from costcheck.sources.prices.public_csv import PriceFile, open_price_file, read_items
from tests.costcheck.sources.prices.price_files import (
    COLUMNS,
    EC2_RECORDED,
    Rows,
    about,
    instance_row,
    opened,
    price_csv,
    rows_of,
)

SEEN = Provenance(source="t", source_url="https://e.org", retrieved_on=date(2026, 11, 23), origin=Origin.CONSTRUCTED)
G6E = on_demand_meter("g6e.xlarge")
NAT = meter("AmazonEC2", "NatGateway-Hours")


def prices_of(file: PriceFile, wanted: Meter, region_id: str = "us-east-1") -> Sequence[UnitPrice]:
    return select_prices(read_items(file, [wanted], region_id), region_id, wanted, SEEN)


def price_in(folder: Path, rows: Rows, wanted: Meter = G6E) -> UnitPrice:
    (price,) = prices_of(opened(folder, price_csv(rows)), wanted)
    return price


def test_a_recorded_file_says_what_it_is() -> None:
    file = open_price_file(EC2_RECORDED, "index.csv")
    assert (file.offer_code, file.version, file.published_on) == ("AmazonEC2", "20250912225308", date(2025, 9, 12))
    assert len(file.columns) == 91


def test_a_recorded_row_is_read_with_its_rate_and_its_day() -> None:
    """A dedicated Windows machine, which no meter of ours means; its reserved rates stand beside it."""
    dedicated = replace(
        on_demand_meter("c6i.large"),
        sku_meter="DedicatedUsage:c6i.large",
        fields=(("tenancy", "Dedicated"), ("operatingSystem", "Windows"), ("preInstalledSw", "SQL Web")),
    )
    file = open_price_file(EC2_RECORDED, "index.csv")
    (price,) = prices_of(file, dedicated, "ap-northeast-1")
    assert (price.sku_id, price.list_unit_price) == ("2223B6PCG6QAUYY6", Decimal("0.2773"))
    assert price.effective_from == date(2025, 9, 1)


@pytest.mark.parametrize(
    ("instance_type", "region_id"),
    [
        ("p5.48xlarge", "us-east-1"),
        ("g6.xlarge", "us-west-2"),
        ("g5.2xlarge", "eu-west-1"),
        ("m5.xlarge", "us-east-1"),
    ],
)
def test_the_recorded_products_give_the_same_price_from_a_file_as_from_the_api(
    recorded_skus: list[str], tmp_path: Path, instance_type: str, region_id: str
) -> None:
    """The $0 Capacity Block, Windows, SQL Server, dedicated, unused and free-tier rows stand in both."""
    wanted = on_demand_meter(instance_type)
    file = opened(tmp_path, price_csv(rows_of(recorded_skus)))
    assert prices_of(file, wanted, region_id) == normalise_prices(recorded_skus, region_id, wanted, SEEN)


def test_the_capacity_block_row_alone_is_never_a_price(recorded_skus: list[str], tmp_path: Path) -> None:
    (trap,) = [text for text in recorded_skus if json.loads(text)["product"]["sku"] == "5Q7AP3RH7KTVUNCJ"]
    with pytest.raises(PriceNotFoundError, match=r"p5\.48xlarge"):
        price_in(tmp_path, rows_of([trap]), on_demand_meter("p5.48xlarge"))


def test_a_reserved_rate_of_the_same_sku_is_no_price(tmp_path: Path) -> None:
    row = instance_row("g6e.xlarge")
    reserved = {"TermType": "Reserved", "OfferTermCode": "R", "RateCode": "R", "PricePerUnit": "0.9"}
    price = price_in(tmp_path, [{**row, **reserved}, row])
    assert price.list_unit_price == Decimal("1.861")


def test_two_skus_are_an_error_that_names_both(tmp_path: Path) -> None:
    with pytest.raises(AmbiguousPriceError, match="A, B"):
        price_in(tmp_path, [instance_row("g6e.xlarge", SKU="A"), instance_row("g6e.xlarge", SKU="B")])


def test_two_terms_of_one_sku_are_an_error(tmp_path: Path) -> None:
    rows = [instance_row("g6e.xlarge"), instance_row("g6e.xlarge", OfferTermCode="NEXT", RateCode="NEXT")]
    with pytest.raises(AmbiguousPriceError, match="2 on-demand terms"):
        price_in(tmp_path, rows)


def test_a_row_that_stands_there_twice_counts_once(tmp_path: Path) -> None:
    assert price_in(tmp_path, [instance_row("g6e.xlarge")] * 2).list_unit_price == Decimal("1.861")


def test_a_rate_that_stands_there_with_two_prices_is_an_error(tmp_path: Path) -> None:
    rows = [instance_row("g6e.xlarge"), instance_row("g6e.xlarge", PricePerUnit="1.9")]
    with pytest.raises(AmbiguousPriceError, match=r"SKU\.g6e\.xlarge twice"):
        price_in(tmp_path, rows)


def test_tiers_keep_their_order_and_their_beginnings(tmp_path: Path) -> None:
    tiers = {"10240": "0.085", "0": "0.09", "51200": "0.07"}
    out = meter("AWSDataTransfer", "DataTransfer-Out-Bytes")
    same = {
        "From Region Code": "us-east-1",
        "Transfer Type": "AWS Outbound",
        "usageType": "USE1-DataTransfer-Out-Bytes",
    }
    rows = [
        instance_row("x", SKU="OUT", Unit="GB", StartingRange=start, PricePerUnit=usd, RateCode=start) | same
        for start, usd in tiers.items()
    ]
    found = prices_of(opened(tmp_path, price_csv(rows, offer="AWSDataTransfer")), out)
    assert [(int(row.tier_start), str(row.list_unit_price)) for row in found] == [
        (0, "0.09"),
        (10240, "0.085"),
        (51200, "0.07"),
    ]


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"PricePerUnit": "0.0000000000"}, PriceNotFoundError),
        ({"PricePerUnit": "free"}, SourcePayloadError),
        ({"PricePerUnit": ""}, SourcePayloadError),
        ({"Unit": "Quantity"}, SourcePayloadError),
        ({"StartingRange": ""}, SourcePayloadError),
        ({"EffectiveDate": "soon"}, SourcePayloadError),
        ({"Currency": "CNY"}, CurrencyError),
    ],
)
def test_a_rate_that_is_no_price_in_dollars_is_refused(
    tmp_path: Path, other: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error, match="SKU"):
        price_in(tmp_path, [instance_row("g6e.xlarge", **other)])


@pytest.mark.parametrize("gone", ["SKU", "TermType", "PricePerUnit", "usageType", "MarketOption", "Region Code"])
def test_a_file_without_a_column_that_a_price_needs_is_refused_by_name(tmp_path: Path, gone: str) -> None:
    columns = [name for name in COLUMNS if name != gone]
    file = opened(tmp_path, price_csv([instance_row("g6e.xlarge")], columns=columns))
    with pytest.raises(SourcePayloadError, match=r"20261120120000, has 0 columns") as caught:
        prices_of(file, G6E)
    assert gone.replace(" ", "").lower() in caught.value.seen.lower()
    assert "AWS has changed the file" in caught.value.action


def test_a_column_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    file = opened(tmp_path, price_csv([instance_row("g6e.xlarge")], columns=(*COLUMNS, "Market Option")))
    with pytest.raises(SourcePayloadError, match="2 columns 'marketoption'"):
        prices_of(file, G6E)


def test_columns_in_another_order_with_new_ones_between_give_the_same_price(tmp_path: Path) -> None:
    rows = [instance_row("g6e.xlarge") | {"New Attribute": 'with a comma, and a ""quote""'}]
    file = opened(tmp_path, price_csv(rows, columns=("New Attribute", *reversed(COLUMNS))))
    assert prices_of(file, G6E)[0].list_unit_price == Decimal("1.861")


@pytest.mark.parametrize("lost", [2, 3, 10, 90, 200, 400])
def test_a_file_that_is_cut_within_a_row_gives_no_price(tmp_path: Path, lost: int) -> None:
    """The wanted row is whole, and stands before the cut."""
    text = price_csv([instance_row("g6e.xlarge"), instance_row("g6.xlarge", VPCNetworkingSupport="true")])
    with pytest.raises(SourcePayloadError, match="AmazonEC2, version 20261120120000, is broken"):
        prices_of(opened(tmp_path, text[:-lost]), G6E)


def test_a_byte_that_is_not_utf8_in_what_is_read_gives_no_price(tmp_path: Path) -> None:
    text = price_csv([instance_row("g6e.xlarge"), instance_row("g6.xlarge", Tenancy="Zürich")])
    with pytest.raises(SourcePayloadError, match="is broken"):
        prices_of(opened(tmp_path, text.encode("latin-1")), G6E)


WHOLE = price_csv([instance_row("g6e.xlarge")])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html><body>Sign in</body></html>\n", id="HTML"),
        pytest.param(WHOLE.encode("utf-16"), id="UTF-16"),
        pytest.param(gzip.compress(WHOLE.encode()), id="compressed"),
        pytest.param(b'{"formatVersion":"v1.0"}\n', id="JSON"),
        pytest.param(WHOLE.replace("v1.0", "v2.0").encode(), id="another format"),
        pytest.param(WHOLE.partition("\n")[2].encode(), id="a line is missing above"),
        pytest.param(about("AmazonEC2").encode(), id="no columns"),
        pytest.param((about("AmazonEC2") + '"SKU","Term').encode(), id="cut within the columns"),
        pytest.param(WHOLE.replace("20261120120000", "latest").encode(), id="no version"),
        pytest.param(WHOLE.replace("2026-11-20T", "yesterday ").encode(), id="no day"),
    ],
)
def test_what_is_no_price_file_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SourcePayloadError, match=r"index\.csv") as caught:
        opened(tmp_path, content)
    assert "five lines" in caught.value.expected


def test_a_mark_of_byte_order_at_the_beginning_does_no_harm(tmp_path: Path) -> None:
    assert prices_of(opened(tmp_path, WHOLE.encode("utf-8-sig")), G6E)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputFileError):
        open_price_file(tmp_path / "none.csv", "none.csv")


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "prices [new]*'?"
    folder.mkdir()
    assert price_in(folder, [instance_row("g6e.xlarge")]).sku_id == "SKU.g6e.xlarge"


def test_a_meter_without_a_usage_type_is_found_by_its_attributes(tmp_path: Path) -> None:
    storage = define("AmazonFSx", "/Windows Storage", "GB-Mo", "GB-Months", productFamily="Storage")
    row = instance_row("x", Unit="GB-Mo", usageType="USE1-Storage.SSD") | {"Product Family": "Storage"}
    assert price_in(tmp_path, [row, instance_row("g6e.xlarge")], storage).sku_id == "SKU.x"


PREFIXES = st.sampled_from(["", "USE1-", "EU-", "APN1-", "us-east-1-", "USE1-TS-", "Regional", "Global-"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spelled=st.lists(st.tuples(PREFIXES, st.sampled_from(METERS)), max_size=6), wanted=st.sampled_from(METERS))
def test_every_row_that_a_meter_means_is_read_whatever_its_prefix(
    tmp_path: Path, spelled: list[tuple[str, Meter]], wanted: Meter
) -> None:
    usages = [f"{prefix}{other.usage_type}" for prefix, other in spelled]
    rows = [instance_row("x", SKU=f"{number}", usageType=usage) for number, usage in enumerate(usages)]
    found = {item.product.sku for item in read_items(opened(tmp_path, price_csv(rows)), [wanted], "us-east-1")}
    meant = {str(number) for number, usage in enumerate(usages) if wanted.matches_usage_type(usage, "us-east-1")}
    assert meant <= found


def test_a_regional_gateway_in_the_same_product_family_is_no_nat_gateway(
    tmp_path: Path, item: Callable[..., str]
) -> None:
    """The two SKUs stand side by side in AWS's file of 2026-09."""
    rows = rows_of(
        [
            item(sku="ZONAL", usd="0.045", family="NAT Gateway", usagetype="NatGateway-Hours"),
            item(sku="REGIONAL", usd="0.045", family="NAT Gateway", usagetype="RegionalNatGateway-Hours"),
        ]
    )
    assert price_in(tmp_path, rows, NAT).sku_id == "ZONAL"
