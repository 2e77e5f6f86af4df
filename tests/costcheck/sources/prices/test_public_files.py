"""A whole snapshot without an account, or none; what only an account knows stays unknown."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from costcheck.errors import InputFileError, PriceNotFoundError
from costcheck.meters import METERS
from costcheck.price_book import PriceBook
from costcheck.records import InstanceType, Origin, PriceSnapshot, PricingCategory, ZoneOffering
from costcheck.sources.prices.public_files import fetch_public_snapshot
from costcheck.sources.prices.public_offers import files_in
from costcheck.sources.prices.public_savings_plans import OFFER
from costcheck.sources.prices.token_prices import TokenPrices
from costcheck.sources.snapshot import decode_snapshot, encode_snapshot, read_max_ages, read_snapshot
from tests.costcheck.sources.prices.price_files import plan_row, whole_site

TODAY = date(2026, 11, 23)
NO_TOKENS = TokenPrices(unit_prices=(), refused=())


def pulled(
    folder: Path,
    *names: str,
    files: dict[str, str] | None = None,
    region_id: str = "us-east-1",
    only_priced: bool = False,
    told: list[str] | None = None,
) -> PriceSnapshot:
    for offer, text in (whole_site("g6e.xlarge", region_id=region_id) if files is None else files).items():
        (folder / f"{offer}.csv").write_text(text)
    return fetch_public_snapshot(
        files_in(folder),
        region_id,
        names or ("g6e.xlarge",),
        only_priced=only_priced,
        bundled=read_snapshot(),
        token_prices=NO_TOKENS,
        today=TODAY,
        progress=lambda *_: None,
        tell=(told if told is not None else []).append,
    )


def types_of(rows: Sequence[InstanceType | ZoneOffering]) -> list[str]:
    return [row.instance_type for row in rows]


def test_a_snapshot_holds_the_type_every_meter_and_the_savings_plan(tmp_path: Path) -> None:
    snapshot = pulled(tmp_path)
    assert len(snapshot.unit_prices) == 1 + len(METERS) + 1
    book = PriceBook(snapshot, read_max_ages())
    assert book.price("AmazonEC2", "BoxUsage:g6e.xlarge", region_id="us-east-1").list_unit_price == Decimal("1.861")
    planned = book.price(
        "AmazonEC2",
        "ComputeSavingsPlan1yr/No Upfront/g6e.xlarge",
        region_id="us-east-1",
        category=PricingCategory.COMMITTED,
    )
    assert planned.list_unit_price == Decimal("1.25")
    for meter in METERS:
        assert book.is_priced(meter.service_code, meter.sku_meter, region_id="us-east-1")


def test_every_price_says_which_public_file_it_stands_in(tmp_path: Path) -> None:
    for row in pulled(tmp_path).unit_prices:
        assert row.provenance.source.startswith("aws_public_price_file, published ")
        assert "/20261120120000/" in row.provenance.source_url


def test_the_snapshot_can_be_written_and_read_again(tmp_path: Path) -> None:
    snapshot = pulled(tmp_path)
    again = decode_snapshot(encode_snapshot(snapshot), name="again")
    assert set(again.unit_prices) == set(snapshot.unit_prices)


def test_quotas_are_unknown_and_facts_are_the_bundled_ones(tmp_path: Path) -> None:
    snapshot = pulled(tmp_path)
    assert snapshot.quotas == ()
    assert types_of(snapshot.instance_types) == types_of(snapshot.zone_offerings) == ["g6e.xlarge"]
    sources = [snapshot.instance_types[0].provenance, snapshot.zone_offerings[0].provenance]
    assert [source.origin for source in sources] == [Origin.BUNDLED] * 2
    assert all(source.retrieved_on < TODAY for source in sources)


def test_in_another_region_nobody_is_said_to_offer_a_type(tmp_path: Path) -> None:
    told: list[str] = []
    snapshot = pulled(tmp_path, region_id="eu-west-1", told=told)
    assert snapshot.zone_offerings == ()
    assert told == ["g6e.xlarge: nobody here knows which zones offer them"]
    with pytest.raises(PriceNotFoundError, match="does not say which zones"):
        PriceBook(snapshot, read_max_ages()).zones("g6e.xlarge")


def test_a_type_without_a_price_is_left_out_and_named_where_nobody_asked_for_it(tmp_path: Path) -> None:
    told: list[str] = []
    snapshot = pulled(tmp_path, "g6e.xlarge", "g6.xlarge", only_priced=True, told=told)
    assert types_of(snapshot.instance_types) == ["g6e.xlarge"]
    assert told[0] == "g6.xlarge: the price file of us-east-1 has no on-demand price of them"


def test_every_price_that_is_missing_is_listed_and_nothing_is_returned(tmp_path: Path) -> None:
    with pytest.raises(PriceNotFoundError, match="2 of") as caught:
        pulled(tmp_path, files=whole_site(without="NatGateway-Hours"))
    assert "BoxUsage:g6e.xlarge" in caught.value.seen
    assert "NatGateway-Hours" in caught.value.seen


def test_no_price_of_any_type_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PriceNotFoundError, match="prices none of the 1"):
        pulled(tmp_path, files=whole_site(), only_priced=True)


def test_a_type_without_a_savings_plan_is_priced_and_named(tmp_path: Path) -> None:
    told: list[str] = []
    snapshot = pulled(tmp_path, files=whole_site("g6e.xlarge", plans=[plan_row(LeaseContractLength="3")]), told=told)
    assert {row.pricing_category for row in snapshot.unit_prices} == {PricingCategory.STANDARD}
    assert told == ["g6e.xlarge: no Compute Savings Plan of one year prices them"]


def test_a_type_that_is_not_described_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(PriceNotFoundError, match=r"no z9\.huge"):
        pulled(tmp_path, "z9.huge", files={})


def test_without_the_file_of_savings_plans_there_is_no_snapshot(tmp_path: Path) -> None:
    files = {offer: text for offer, text in whole_site("g6e.xlarge").items() if offer != OFFER}
    with pytest.raises(InputFileError, match=OFFER) as caught:
        pulled(tmp_path, files=files)
    assert all(meter.service_code in caught.value.action for meter in METERS)


def test_a_free_price_is_no_price(tmp_path: Path) -> None:
    files = whole_site("g6e.xlarge")
    files["AmazonEC2"] = files["AmazonEC2"].replace('"1.8610000000"', '"0.0000000000"')
    with pytest.raises(PriceNotFoundError, match="1 of"):
        pulled(tmp_path, files=files)


def test_prices_of_an_old_copy_are_as_old_as_the_copy(tmp_path: Path) -> None:
    snapshot = pulled(tmp_path)
    book = PriceBook(snapshot, replace(read_max_ages(), on_demand_days=2))
    stale = {row.price.sku_meter: row.age_days for row in book.stale(TODAY, live=True)}
    assert stale["BoxUsage:g6e.xlarge"] == 3
