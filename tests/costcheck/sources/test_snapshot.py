"""Snapshot files: the same bytes each time, and no change that goes unseen."""

import hashlib
import json
import subprocess
import sys
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costcheck.errors import CostcheckError, InputFileError, PriceNotFoundError, TamperedError
from costcheck.market import MarketFacts
from costcheck.records import (
    InstanceType,
    Origin,
    PriceSnapshot,
    PricingCategory,
    Provenance,
    Quota,
    UnitPrice,
    ZoneOffering,
)
from costcheck.sources.snapshot import (
    BUNDLED,
    decode_snapshot,
    decode_whole_snapshot,
    encode_snapshot,
    read_market_ages,
    read_max_ages,
    read_price_book,
    read_snapshot,
    read_whole_snapshot,
    write_snapshot,
)
from tests.costcheck.sources.prices.whole_market import MARKET

ROOT = Path(__file__).parents[3]
SEEN = Provenance(
    source="t", source_url="https://example.org", retrieved_on=date(2026, 8, 1), origin=Origin.CONSTRUCTED
)


def snapshot(**changes: Any) -> PriceSnapshot:  # noqa: ANN401 - any field of a snapshot
    price = UnitPrice(
        service_code="AmazonEC2",
        sku_meter="BoxUsage:g6.xlarge",
        region_id="us-east-1",
        pricing_category=PricingCategory.DYNAMIC,
        tier_start=Decimal(5),
        list_unit_price=Decimal("0.8048"),
        pricing_unit="Hours",
        sku_id="TPKUC6XYSUQ3VFK2",
        effective_from=date(2026, 9, 1),
        provenance=SEEN,
    )
    fact = InstanceType(
        instance_type="g6.xlarge",
        vcpu_count=4,
        memory_gib=Decimal(16),
        gpu_count=1,
        gpu_name="L4",
        gpu_memory_gib=Decimal("22.3515625"),
        instance_storage_gb=250,
        provenance=replace(SEEN, source="other"),
    )
    zones = ZoneOffering(region_id="us-east-1", instance_type="g6.xlarge", zone_ids=("use1-az1",), provenance=SEEN)
    quota = Quota(region_id="us-east-1", quota_code="L-1", quota_name="n", vcpu_limit=Decimal(8), provenance=SEEN)
    whole = PriceSnapshot(
        as_of=date(2026, 8, 1),
        region_id="us-east-1",
        unit_prices=(price, replace(price, list_unit_price=Decimal("1.00"), sku_id=None, tier_start=Decimal(0))),
        instance_types=(fact,),
        zone_offerings=(zones,),
        quotas=(quota,),
    )
    return replace(whole, **changes)


def test_every_field_of_every_record_survives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "prices.json"
    write_snapshot(snapshot(), path)
    read = read_snapshot(path)
    assert set(read.unit_prices) == set(snapshot().unit_prices)
    assert replace(read, unit_prices=()) == snapshot(unit_prices=())
    assert [entry.name for entry in path.parent.iterdir()] == ["prices.json"]


def test_the_order_of_the_rows_does_not_change_the_bytes() -> None:
    backwards = snapshot(unit_prices=tuple(reversed(snapshot().unit_prices)))
    assert encode_snapshot(backwards) == encode_snapshot(snapshot())


CONTENT = encode_snapshot(snapshot())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("0.8048", "0.4048"),
        ("1.00", "1.0"),
        ("TPKUC6XYSUQ3VFK2", "AAAAAAAAAAAAAAAA"),
        ("2026-09-01", "2026-09-02"),
        ('"as_of":"2026-08-01"', '"as_of":"2026-08-02"'),
        ("use1-az1", "use1-az2"),
        ("https://example.org", "https://example.net"),
        ('"vcpu_limit":"8"', '"vcpu_limit":"80"'),
    ],
)
def test_a_changed_value_does_not_match_the_digest(before: str, after: str) -> None:
    changed = CONTENT.decode().replace(before, after)
    assert changed != CONTENT.decode()
    with pytest.raises(TamperedError, match=r"p\.json"):
        decode_snapshot(changed.encode(), name="p.json")


def test_a_dropped_row_does_not_match_the_digest() -> None:
    content = json.loads(CONTENT)
    content["unit_prices"].pop()
    with pytest.raises(TamperedError):
        decode_snapshot(json.dumps(content).encode(), name="p.json")


def test_another_layout_of_the_same_content_is_the_same_snapshot() -> None:
    assert decode_snapshot(json.dumps(json.loads(CONTENT), indent=2).encode(), name="p") == decode_snapshot(
        CONTENT, name="p"
    )


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(CONTENT) - 1), byte=st.integers(0, 255))
def test_no_changed_byte_gives_another_snapshot(place: int, byte: int) -> None:
    changed = CONTENT[:place] + bytes([byte]) + CONTENT[place + 1 :]
    try:
        read = decode_snapshot(changed, name="p.json")
    except CostcheckError:
        return
    assert read == decode_snapshot(CONTENT, name="p.json")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        CONTENT[:-20],
        b'{"schema_version":1}',
        CONTENT.replace(b'"region_id"', b'"region"'),
    ],
)
def test_anything_but_a_snapshot_is_an_input_error(content: bytes) -> None:
    with pytest.raises(InputFileError, match=r"p\.json"):
        decode_snapshot(content, name="p.json")


def test_an_unknown_field_is_refused_and_not_dropped() -> None:
    content = CONTENT.replace(b'"sku_meter"', b'"discount":"0.5","sku_meter"', 1)
    with pytest.raises(InputFileError, match="discount"):
        decode_snapshot(content, name="p.json")


def test_another_schema_version_is_named() -> None:
    content = CONTENT.replace(b'"schema_version":1', b'"schema_version":3')
    with pytest.raises(InputFileError, match="schema version 3"):
        decode_snapshot(content, name="p.json")


def test_a_row_whose_source_is_not_described_is_refused() -> None:
    content = json.loads(CONTENT)
    content["quotas"][0]["provenance"] = "s9"
    del content["sha256"]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    content["sha256"] = hashlib.sha256(canonical).hexdigest()
    with pytest.raises(InputFileError, match="s9"):
        decode_snapshot(json.dumps(content).encode(), name="p.json")


def test_a_price_of_zero_is_never_written(tmp_path: Path) -> None:
    free = replace(snapshot().unit_prices[0], list_unit_price=Decimal(0))
    with pytest.raises(PriceNotFoundError, match=r"g6\.xlarge"):
        write_snapshot(snapshot(unit_prices=(free,)), tmp_path / "p.json")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_and_an_unwritable_place_are_input_errors(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="absent"):
        read_snapshot(tmp_path / "absent.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputFileError, match="file"):
        write_snapshot(snapshot(), tmp_path / "file" / "p.json")


def test_the_maximum_ages_are_the_design_s() -> None:
    ages = read_max_ages()
    assert (ages.on_demand_days, ages.token_days, ages.spot_days, ages.other_aws_days) == (30, 14, 1, 60)


def test_nothing_in_the_bundled_snapshot_is_stale_on_its_own_day() -> None:
    book = read_price_book()
    assert book.snapshot.as_of == date(2026, 8, 1)
    assert book.stale(book.snapshot.as_of) == ()


def test_the_bundled_snapshot_prices_what_the_design_charges() -> None:
    book = read_price_book()
    meters = [
        ("AmazonEC2", "BoxUsage:g6e.12xlarge", "10.49264"),
        ("AmazonEC2", "BoxUsage:p5.48xlarge", "55.04"),
        ("AmazonEKS", "AmazonEKS-Hours:perCluster", "0.10"),
        ("AmazonEKS", "AmazonEKS-Hours:extendedSupport", "0.50"),
        ("AWSELB", "LCUUsage", "0.008"),
        ("AmazonVPC", "PublicIPv4:InUseAddress", "0.005"),
        ("awskms", "KMS-Keys", "1.00"),
    ]
    for service, meter, usd in meters:
        assert book.price(service, meter, region_id="us-east-1").list_unit_price == Decimal(usd)


def test_every_registered_meter_has_a_bundled_price() -> None:
    from costcheck.meters import METERS  # noqa: PLC0415 - boto3 only for this test

    book = read_price_book()
    for meter in METERS:
        price = book.price(meter.service_code, meter.sku_meter, region_id="us-east-1")
        assert price.pricing_unit == meter.pricing_unit


def test_the_bundled_facts_know_the_gpus_and_where_nothing_is_offered() -> None:
    book = read_price_book()
    assert (book.instance("g6e.12xlarge").gpu_count, book.instance("g6f.large").gpu_count) == (4, 0)
    assert book.instance("trn1.32xlarge").gpu_count == 0
    assert book.zones("p5e.48xlarge").zone_ids == ()
    assert "use1-az4" in book.zones("g6e.12xlarge").zone_ids


def test_a_sku_is_attached_only_where_aws_s_own_row_has_the_same_price() -> None:
    from_karpenter = [row for row in read_snapshot().unit_prices if "karpenter" in row.provenance.source]
    with_sku = {row.sku_meter.removeprefix("BoxUsage:"): row.sku_id for row in from_karpenter if row.sku_id}
    assert with_sku == {
        "g4dn.xlarge": "7TVXMFHQR6U7W5CV",
        "g5.2xlarge": "FX9TUYTJKEENVBSR",
        "g6.xlarge": "TPKUC6XYSUQ3VFK2",
        "m5.xlarge": "5G4TA8Z4MUKE6MJB",
        "p4d.24xlarge": "H7NGEAC6UEHNTKSJ",
        "p5.48xlarge": "3D4V8UAYEMB38GU2",
        "trn1.32xlarge": "WVVQPJVCQU4SR8XF",
    }


def test_the_bundled_file_is_small_enough_to_ship() -> None:
    assert (ROOT / "costcheck" / "data" / Path(*BUNDLED)).stat().st_size < 1_500_000


def test_building_the_bundled_snapshot_again_gives_the_same_bytes() -> None:
    script = ROOT / "scripts" / "build_bundled_snapshot.py"
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(script), "--check"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_market_fact_survives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    write_snapshot(snapshot(), path, MARKET)
    whole = read_whole_snapshot(path)
    assert whole.prices == read_snapshot(path)
    assert whole.market is not None
    for field in fields(MARKET):
        assert set(getattr(whole.market, field.name)) == set(getattr(MARKET, field.name))
        assert getattr(MARKET, field.name), field.name


def test_the_order_of_market_facts_does_not_change_the_bytes() -> None:
    backwards = MarketFacts(**{field.name: getattr(MARKET, field.name)[::-1] for field in fields(MARKET)})
    assert encode_snapshot(snapshot(), backwards) == encode_snapshot(snapshot(), MARKET)


@pytest.mark.parametrize(
    ("before", "after"),
    [("996.67", "99.667"), ("no zone lists one", "nobody looked"), ('"score":9', '"score":1'), ("sp-1", "sp-2")],
)
def test_a_changed_market_fact_shows(before: str, after: str) -> None:
    content = encode_snapshot(snapshot(), MARKET)
    changed = content.replace(before.encode(), after.encode(), 1)
    assert changed != content
    with pytest.raises(TamperedError):
        decode_snapshot(changed, name="p.json")


def test_a_snapshot_without_market_facts_is_of_version_1_to_the_byte() -> None:
    content = encode_snapshot(snapshot())
    assert b'"schema_version":1,' in content
    assert b"market" not in content
    assert decode_whole_snapshot(content, name="p.json").market is None
    assert b'"schema_version":2,' in encode_snapshot(snapshot(), MarketFacts())
    assert decode_whole_snapshot(encode_snapshot(snapshot(), MarketFacts()), name="p").market == MarketFacts()


def test_the_bundled_snapshot_is_what_it_was_before_there_were_market_facts() -> None:
    path = ROOT / "costcheck" / "data" / "/".join(BUNDLED)
    assert encode_snapshot(read_snapshot()) == path.read_bytes()


def test_market_facts_change_nothing_that_a_decision_reads() -> None:
    assert decode_snapshot(encode_snapshot(snapshot(), MARKET), name="p") == decode_snapshot(CONTENT, name="p")


def test_facts_beside_prices_have_maximum_ages_of_their_own() -> None:
    ages = read_market_ages()
    assert set(ages) <= {field.name for field in fields(MarketFacts)}
    assert ages["capacity_blocks"] == ages["placement_scores"] == 1
