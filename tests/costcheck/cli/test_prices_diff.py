"""`costcheck prices diff` and `costcheck prices facts`, run as a user runs them, on constructed snapshots."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from costcheck.cli import prices as module
from costcheck.cli.context import Context
from costcheck.cli.prices import prices, with_market
from costcheck.errors import ConfigError, CostcheckError, InputFileError, TamperedError, UsageError
from costcheck.market import Asked, MarketFacts, Subject, VersionStatus
from costcheck.records import Origin, PriceSnapshot, PricingCategory, Provenance, Quota, UnitPrice, ZoneOffering
from costcheck.sources.prices.market import Market
from costcheck.sources.snapshot import (
    WholeSnapshot,
    encode_snapshot,
    read_snapshot,
    read_whole_snapshot,
    write_snapshot,
)
from tests.costcheck.sources.prices.whole_market import MARKET

GOLDEN = Path(__file__).parents[2] / "golden" / "prices"
NOW = Context(now=datetime(2026, 11, 30, 12, tzinfo=UTC), environ={})
SEEN = Provenance(
    source="t", source_url="https://example.org", retrieved_on=date(2026, 11, 1), origin=Origin.CONSTRUCTED
)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(prices, [str(argument) for argument in arguments], obj=NOW)


def error(*arguments: str | Path) -> CostcheckError:
    problem = run(*arguments).exception
    assert isinstance(problem, CostcheckError)
    return problem


def price(meter: str, usd: str, **changes: Any) -> UnitPrice:  # noqa: ANN401 - any field of a price
    row = UnitPrice(
        service_code="AmazonEC2",
        sku_meter=meter,
        region_id="us-east-1",
        list_unit_price=Decimal(usd),
        pricing_unit="Hours",
        sku_id="SKU1",
        effective_from=date(2026, 9, 1),
        provenance=SEEN,
    )
    return replace(row, **changes)


QUOTA = Quota(region_id="us-east-1", quota_code="L-1", quota_name="G", vcpu_limit=Decimal(8), provenance=SEEN)
ZONES = ZoneOffering(
    region_id="us-east-1", instance_type="g6.xlarge", zone_ids=("use1-az1", "use1-az4"), provenance=SEEN
)
THEN = PriceSnapshot(
    as_of=date(2026, 11, 1),
    region_id="us-east-1",
    unit_prices=(
        price("BoxUsage:g6.xlarge", "0.8048"),
        price("BoxUsage:p5.48xlarge", "55.04"),
        price("BoxUsage:g5.xlarge", "1.006"),
        price("NatGateway-Hours", "0.045"),
        price("EBS:VolumeP-Throughput.gp3", "40.96", pricing_unit="GiBps-Months"),
        price("DataTransfer-Out-Bytes", "0.085", tier_start=Decimal(10240), service_code="AWSDataTransfer"),
    ),
    instance_types=(),
    zone_offerings=(ZONES,),
    quotas=(QUOTA,),
)
AFTER = replace(
    THEN,
    as_of=date(2026, 11, 26),
    unit_prices=(
        price("BoxUsage:g6.xlarge", "0.9"),
        price("BoxUsage:p5.48xlarge", "41.28", sku_id="SKU2", effective_from=date(2026, 11, 15)),
        price("NatGateway-Hours", "0.045", sku_id=None),
        price("EBS:VolumeP-Throughput.gp3", "0.04", pricing_unit="MiBps-Months"),
        price("DataTransfer-Out-Bytes", "0.09", tier_start=Decimal(10240), service_code="AWSDataTransfer"),
        price("SpotUsage:g6.xlarge", "0.31", pricing_category=PricingCategory.DYNAMIC, effective_from=None),
    ),
    zone_offerings=(replace(ZONES, zone_ids=("use1-az4",)),),
    quotas=(replace(QUOTA, vcpu_limit=Decimal(64)),),
)
(VERSION,) = MARKET.cluster_versions
REFUSED = Asked(
    subject=Subject.PLACEMENT_SCORES, reason="ec2:GetSpotPlacementScores: AWS answered Denied", provenance=SEEN
)
MARKET_AFTER = replace(
    MARKET,
    asked=(*(row for row in MARKET.asked if row.subject is not Subject.PLACEMENT_SCORES), REFUSED),
    placement_scores=(),
    cluster_versions=(replace(VERSION, status=VersionStatus.EXTENDED_SUPPORT),),
)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    write_snapshot(THEN, tmp_path / "old.json", MARKET)
    return tmp_path / "old.json"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    write_snapshot(AFTER, tmp_path / "new.json", MARKET_AFTER)
    return tmp_path / "new.json"


def test_what_moved_is_told_as_the_golden_says(old: Path, new: Path) -> None:
    done = run("diff", old, new)
    assert done.exit_code == 0
    assert done.output == (GOLDEN / "diff.txt").read_text(encoding="utf-8")


def test_nothing_moved_between_a_file_and_itself(old: Path) -> None:
    assert run("diff", old, old).output == "us-east-1, 2026-11-01 to 2026-11-01: nothing moved\n"


def test_json_has_both_sides_and_exact_differences(old: Path, new: Path) -> None:
    found = json.loads(run("diff", old, new, "--format", "json").output)
    (row,) = [row for row in found["prices"] if row["sku_meter"] == "BoxUsage:p5.48xlarge"]
    assert (row["moved"], row["difference"], row["change_share"]) == ("changed", "-13.76", "-0.2500")
    assert (row["then"]["sku_id"], row["now"]["sku_id"]) == ("SKU1", "SKU2")
    assert row["other_changes"] == ["sku_id", "effective_from"]
    assert {"subject": "zones", "name": "g6.xlarge", "field": "use1-az1", "then": "offered", "now": None} in found[
        "facts"
    ]


def test_a_snapshot_of_before_the_market_is_compared_too(tmp_path: Path, new: Path) -> None:
    write_snapshot(THEN, tmp_path / "plain.json")
    output = run("diff", tmp_path / "plain.json", new).output
    assert "answers, EKS versions: nobody asked -> known" in output
    assert "1.34" not in output


def test_snapshots_of_two_regions_are_not_compared(tmp_path: Path, old: Path) -> None:
    write_snapshot(replace(AFTER, region_id="eu-west-1"), tmp_path / "eu.json")
    problem = error("diff", old, tmp_path / "eu.json")
    assert isinstance(problem, UsageError)
    assert "us-east-1" in problem.seen
    assert "eu-west-1" in problem.seen


def test_files_that_cannot_be_read_are_errors_that_name_them(tmp_path: Path, old: Path) -> None:
    assert "absent" in error("diff", old, tmp_path / "absent.json").seen
    (tmp_path / "bad.json").write_bytes(b"\xff<html>")
    assert isinstance(error("diff", tmp_path / "bad.json", old), InputFileError)
    (tmp_path / "cut.json").write_bytes(encode_snapshot(THEN, MARKET)[:-40])
    assert isinstance(error("diff", old, tmp_path / "cut.json"), InputFileError)
    (tmp_path / "changed.json").write_bytes(encode_snapshot(THEN, MARKET).replace(b"55.04", b"5.504"))
    assert isinstance(error("diff", old, tmp_path / "changed.json"), TamperedError)


def test_facts_are_told_with_age_and_origin_and_what_is_not_known_as_the_golden_says(new: Path) -> None:
    assert run("facts", "--snapshot", new).output == (GOLDEN / "facts.txt").read_text(encoding="utf-8")


def test_facts_of_a_snapshot_that_has_none_say_that_nobody_asked() -> None:
    assert "Nobody asked" in run("facts").output
    assert json.loads(run("facts", "--format", "json").output) is None


def test_facts_as_json_are_whole_rows(new: Path) -> None:
    found = json.loads(run("facts", "--snapshot", new, "--format", "json").output)
    assert found["cluster_versions"][0]["status"] == "EXTENDED_SUPPORT"


def test_a_pull_prints_what_is_not_known_and_writes_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = WholeSnapshot(prices=AFTER, market=MARKET_AFTER)
    monkeypatch.setattr(module, "_pulled", lambda *_: whole)
    out = tmp_path / "prices.json"
    output = run("pull", "--out", out).output
    assert "not known: placement scores: ec2:GetSpotPlacementScores: AWS answered Denied" in output
    assert set(read_whole_snapshot(out).market.asked) == set(MARKET_AFTER.asked)  # type: ignore[union-attr]


def test_list_prices_alone_name_only_the_actions_that_they_need(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[object] = []

    def pulled(*given: object) -> WholeSnapshot:
        asked.append(given[3])
        return WholeSnapshot(prices=AFTER)

    monkeypatch.setattr(module, "_pulled", pulled)
    stderr = run("pull", "--list-prices-only", "--out", tmp_path / "p.json").stderr
    assert "pricing:GetProducts" in stderr
    assert "savingsplans:" not in stderr
    assert asked == [None]
    assert read_snapshot(tmp_path / "p.json").unit_prices


def test_a_configuration_that_does_not_read_stops_a_pull(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("company = 1")
    assert isinstance(error("pull", "--config", tmp_path / "bad.toml"), ConfigError)


def test_what_was_had_beside_list_prices_joins_them() -> None:
    spot = price("SpotUsage:g6.xlarge", "0.31", pricing_category=PricingCategory.DYNAMIC)
    market = Market(unit_prices=(spot,), quotas=(replace(QUOTA, quota_code="L-2"),), facts=MarketFacts())
    joined = with_market(THEN, market)
    assert joined.unit_prices == (*THEN.unit_prices, spot)
    assert [quota.quota_code for quota in joined.quotas] == ["L-1", "L-2"]
