"""Which file is opened for an offer, and what its rows say of where they come from."""

import json
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from costcheck.errors import InputFileError, SourcePayloadError, UsageError
from costcheck.records import Origin, Provenance
from costcheck.sources.http import RetryPolicy
from costcheck.sources.prices.public_download import PublicHost
from costcheck.sources.prices.public_offers import downloads, files_in
from costcheck.sources.prices.public_savings_plans import OFFER
from tests.costcheck.sources.prices.price_files import VERSION, instance_row, paths_of, plan_csv, plan_row, price_csv

TODAY = date(2026, 11, 23)
ONCE = RetryPolicy(attempts=1)
EC2_INDEX = "/offers/v1.0/aws/AmazonEC2/current/region_index.json"
EC2_FILE = f"/offers/v1.0/aws/AmazonEC2/{VERSION}/us-east-1/index.csv"
PLAN_FILE = f"/savingsPlan/v1.0/aws/{OFFER}/{VERSION}/us-east-1/index.csv"


def regions(**urls: str) -> str:
    """Return an index in AWS's shape."""
    return json.dumps(
        {"formatVersion": "v1.0", "regions": {name: {"currentVersionUrl": url} for name, url in urls.items()}}
    )


@pytest.fixture
def site(loopback: Any, answer: Any) -> dict[str, str]:  # noqa: ANN401 - fixtures of conftest
    """The files of the host, by path; everything else is 404."""
    both = {"AmazonEC2": price_csv([instance_row("g6e.xlarge")]), OFFER: plan_csv([plan_row()])}
    files = paths_of(both, "us-east-1")
    loopback.answer = lambda path, _: answer(files[path].encode()) if path in files else answer(status=404)
    files["url"] = loopback.url
    return files


def provenance_of(site: dict[str, str], offer: str = "AmazonEC2", region_id: str = "us-east-1") -> Provenance:
    with PublicHost(site["url"], retry=ONCE) as host:
        open_offer = downloads(host, today=TODAY, progress=lambda *_: None)
        with open_offer(offer, region_id) as opened:
            assert opened.file.path.exists()
            return opened.provenance


@pytest.mark.parametrize(("offer", "path"), [("AmazonEC2", EC2_FILE), (OFFER, PLAN_FILE)])
def test_the_newest_version_of_the_region_is_opened_and_named(site: dict[str, str], offer: str, path: str) -> None:
    assert provenance_of(site, offer) == Provenance(
        source="aws_public_price_file, published 2026-11-20",
        source_url=f"{site['url']}{path}",
        retrieved_on=TODAY,
        origin=Origin.LIVE,
    )


def test_a_price_of_the_whole_world_lies_in_a_file_without_a_region(site: dict[str, str]) -> None:
    site["/offers/v1.0/aws/AmazonRoute53/current/index.csv"] = price_csv([], offer="AmazonRoute53")
    found = provenance_of(site, "AmazonRoute53", "")
    assert found.source_url == f"{site['url']}/offers/v1.0/aws/AmazonRoute53/{VERSION}/index.csv"


def test_a_file_is_gone_from_the_disk_once_it_is_closed(
    site: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    provenance_of(site)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_region_names_the_nearest(site: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="us-eats-1") as caught:
        provenance_of(site, region_id="us-eats-1")
    assert "us-east-1" in caught.value.expected


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://elsewhere.example/us-east-1/index.json", "elsewhere"),
        (f"/offers/v1.0/aws/AmazonEC2/{VERSION}/us-east-2/index.json", "us-east-2"),
        ("", "''"),
    ],
)
def test_an_index_that_points_somewhere_else_is_not_followed(site: dict[str, str], url: str, problem: str) -> None:
    site[EC2_INDEX] = regions(**{"us-east-1": url})
    with pytest.raises(SourcePayloadError, match=problem):
        provenance_of(site)


def test_an_index_of_no_region_is_an_error(site: dict[str, str]) -> None:
    site[EC2_INDEX] = regions()
    with pytest.raises(SourcePayloadError, match="lists no region"):
        provenance_of(site)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(price_csv([], version="20250101000000"), id="an older version"),
        pytest.param(price_csv([], offer="AmazonEKS"), id="another offer"),
    ],
)
def test_a_file_that_is_not_what_its_url_says_is_refused(site: dict[str, str], text: str) -> None:
    site[EC2_FILE] = text
    with pytest.raises(SourcePayloadError, match=VERSION):
        provenance_of(site)


def test_a_downloaded_file_is_known_by_its_content_and_as_old_as_its_publication(tmp_path: Path) -> None:
    (tmp_path / "index (1).csv").write_text(price_csv([]))
    with files_in(tmp_path)("AmazonEC2", "us-east-1") as opened:
        assert opened.provenance == Provenance(
            source="aws_public_price_file, published 2026-11-20",
            source_url=f"https://pricing.us-east-1.amazonaws.com{EC2_FILE}",
            retrieved_on=date(2026, 11, 20),
            origin=Origin.ENTERED,
        )


def test_a_file_of_savings_plans_is_found_though_it_calls_itself_otherwise(tmp_path: Path) -> None:
    (tmp_path / "plans.csv").write_text(plan_csv([plan_row()]))
    with files_in(tmp_path)(OFFER, "us-east-1") as opened:
        assert opened.provenance.source_url.endswith(PLAN_FILE)


def test_a_file_that_is_missing_is_named_with_its_url(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="AmazonEKS") as caught, files_in(tmp_path)("AmazonEKS", "eu-west-1"):
        pass
    expected = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEKS/current/eu-west-1/index.csv"
    assert expected in caught.value.expected


def test_two_files_of_one_offer_are_an_error_that_names_both(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(price_csv([]))
    with pytest.raises(InputFileError, match=r"a\.csv and .*b\.csv"):
        files_in(tmp_path)
