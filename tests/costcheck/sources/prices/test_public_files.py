"""A whole snapshot without an account, or none; what only an account knows stays unknown."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costcheck.errors import InputFileError, PriceNotFoundError
from costcheck.market import Subject
from costcheck.meters import METERS, auto_mode_meter, gateway_meters
from costcheck.price_book import PriceBook
from costcheck.records import InstanceType, Origin, PriceSnapshot, PricingCategory, Provenance, Quota, ZoneOffering
from costcheck.sources.prices.public_files import ACCOUNT_ONLY, NO_ACCOUNT, PublicRequest, fetch_public_snapshot
from costcheck.sources.prices.public_offers import files_in
from costcheck.sources.prices.public_savings_plans import OFFER
from costcheck.sources.prices.token_prices import TokenPrices
from costcheck.sources.snapshot import (
    WholeSnapshot,
    decode_whole_snapshot,
    encode_snapshot,
    read_max_ages,
    read_snapshot,
)
from tests.costcheck.sources.prices.price_files import plan_row, whole_site

TODAY = date(2026, 11, 23)
QUOTA = Quota(
    region_id="us-east-1",
    quota_code="L-DB2E81BA",
    quota_name="of somebody else",
    vcpu_limit=Decimal(96),
    provenance=Provenance(source="t", source_url="https://e.org", retrieved_on=TODAY, origin=Origin.CONSTRUCTED),
)
NO_TOKENS = TokenPrices(unit_prices=(), refused=())


FURTHER = (auto_mode_meter("g6e.xlarge"), *gateway_meters("db.t4g.medium", "cache.t4g.medium"))


def whole(  # noqa: PLR0913 - what a test says of a request
    folder: Path,
    *names: str,
    files: dict[str, str] | None = None,
    region_id: str = "us-east-1",
    only_priced: bool = False,
    told: list[str] | None = None,
    needed: tuple[str, ...] = (),
) -> WholeSnapshot:
    for offer, text in (whole_site("g6e.xlarge", region_id=region_id) if files is None else files).items():
        (folder / f"{offer}.csv").write_text(text)
    request = PublicRequest(
        region_id=region_id,
        instance_types=names or ("g6e.xlarge",),
        only_priced=only_priced,
        bundled=replace(read_snapshot(), quotas=(QUOTA,)),
        token_prices=NO_TOKENS,
        fetch_advice=None,
        discounts=None,
        now=datetime(2026, 11, 23, 12, tzinfo=UTC),
        needed_types=needed,
    )
    tell = (told if told is not None else []).append
    return fetch_public_snapshot(files_in(folder), request, lambda *_: None, tell)


def pulled(folder: Path, *names: str, **other: Any) -> PriceSnapshot:  # noqa: ANN401 - as for `whole`
    return whole(folder, *names, **other).prices


def types_of(rows: Sequence[InstanceType | ZoneOffering]) -> list[str]:
    return [row.instance_type for row in rows]


def test_a_snapshot_holds_the_type_every_meter_and_the_savings_plan(tmp_path: Path) -> None:
    snapshot = pulled(tmp_path)
    assert len(snapshot.unit_prices) == 1 + len(METERS) + 1 + len(FURTHER)
    book = PriceBook(snapshot, read_max_ages())
    assert book.price("AmazonEC2", "BoxUsage:g6e.xlarge", region_id="us-east-1").list_unit_price == Decimal("1.861")
    planned = book.price(
        "AmazonEC2",
        "ComputeSavingsPlan1yr/No Upfront/g6e.xlarge",
        region_id="us-east-1",
        category=PricingCategory.COMMITTED,
    )
    assert planned.list_unit_price == Decimal("1.25")
    for meter in (*METERS, *FURTHER):
        assert book.is_priced(meter.service_code, meter.sku_meter, region_id="us-east-1")


def test_a_type_that_every_decision_needs_is_priced_beside_the_named_one(tmp_path: Path) -> None:
    site = whole_site("g6e.xlarge", "m6i.large")
    named = pulled(tmp_path, "g6e.xlarge", files=site, needed=("m6i.large",))
    assert types_of(named.instance_types) == ["g6e.xlarge", "m6i.large"]
    assert any(row.sku_meter == "BoxUsage:m6i.large" for row in named.unit_prices)


def test_a_type_that_every_decision_needs_stops_nothing_where_the_file_does_not_price_it(tmp_path: Path) -> None:
    told: list[str] = []
    named = pulled(tmp_path, "g6e.xlarge", needed=("m6i.large",), told=told)
    assert types_of(named.instance_types) == ["g6e.xlarge"]
    assert told[0].startswith("m6i.large: no on-demand price")


def test_every_price_says_which_public_file_it_stands_in(tmp_path: Path) -> None:
    for row in pulled(tmp_path).unit_prices:
        assert row.provenance.source.startswith("aws_public_price_file, published ")
        assert "/20261120120000/" in row.provenance.source_url


def test_the_snapshot_can_be_written_and_read_again(tmp_path: Path) -> None:
    both = whole(tmp_path)
    again = decode_whole_snapshot(encode_snapshot(both.prices, both.market), name="again")
    assert set(again.prices.unit_prices) == set(both.prices.unit_prices)
    assert again.market is not None
    assert again.market.is_known(Subject.SAVINGS_PLAN_RATES)


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
    assert told == ["g6e.xlarge: nobody here knows which zones offer it"]
    with pytest.raises(PriceNotFoundError, match="does not say which zones"):
        PriceBook(snapshot, read_max_ages()).zones("g6e.xlarge")


def test_a_type_without_a_price_is_left_out_and_named_where_nobody_asked_for_it(tmp_path: Path) -> None:
    told: list[str] = []
    snapshot = pulled(tmp_path, "g6e.xlarge", "g6.xlarge", only_priced=True, told=told)
    assert types_of(snapshot.instance_types) == ["g6e.xlarge"]
    assert told[0] == "g6.xlarge: no on-demand price in the file of us-east-1, left out"


def test_every_price_that_is_missing_is_listed_and_nothing_is_returned(tmp_path: Path) -> None:
    with pytest.raises(PriceNotFoundError, match="2 of") as caught:
        pulled(tmp_path, files=whole_site(without="NatGateway-Hours"))
    assert "BoxUsage:g6e.xlarge" in caught.value.seen
    assert "NatGateway-Hours" in caught.value.seen


def test_no_price_of_any_type_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PriceNotFoundError, match="prices none of the 1"):
        pulled(tmp_path, files=whole_site(), only_priced=True)


def test_a_type_without_a_savings_plan_is_priced_and_named(tmp_path: Path) -> None:
    both = whole(tmp_path, files=whole_site("g6e.xlarge", plans=[plan_row(LeaseContractLength="3")]))
    assert {row.pricing_category for row in both.prices.unit_prices} == {PricingCategory.STANDARD}
    assert both.market is not None
    unknown = [row for row in both.market.unknown() if row.subject is Subject.SAVINGS_PLAN_RATES]
    assert [(row.about, row.reason) for row in unknown] == [
        ("g6e.xlarge", "no Compute Savings Plan of one year has a rate")
    ]


def test_what_only_an_account_is_told_is_unknown_with_that_reason(tmp_path: Path) -> None:
    market = whole(tmp_path).market
    assert market is not None
    reasons = {row.subject: row.reason for row in market.asked if not row.about}
    assert {subject for subject, reason in reasons.items() if reason == NO_ACCOUNT} == set(ACCOUNT_ONLY)
    assert set(reasons) == set(Subject)


def test_without_the_gateways_files_there_is_a_snapshot_that_says_why(tmp_path: Path) -> None:
    files = {offer: text for offer, text in whole_site("g6e.xlarge").items() if offer != "AmazonRDS"}
    market = whole(tmp_path, files=files).market
    assert market is not None
    unknown = {row.about: row.reason for row in market.unknown() if row.subject is Subject.GATEWAY_SERVICES}
    assert "holds no price file of AmazonRDS" in unknown["InstanceUsage:db.t4g.medium/PostgreSQL"]
    assert "NodeUsage:cache.t4g.medium/Valkey" not in unknown


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
