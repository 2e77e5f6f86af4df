"""`costcheck prices pull --public`, run as somebody runs it who has no AWS account."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from costcheck.cli.context import Context
from costcheck.cli.prices import prices
from costcheck.errors import SourceError, UsageError
from costcheck.records import Origin
from costcheck.sources.snapshot import read_snapshot
from tests.costcheck.sources.prices.price_files import paths_of, whole_site

NOW = Context(now=datetime(2026, 11, 23, 12, tzinfo=UTC), environ={})


@pytest.fixture
def site(loopback: Any, answer: Any) -> dict[str, str]:  # noqa: ANN401 - fixtures of conftest
    """AWS's host with everything that us-east-1 needs, by path; everything else is 404."""
    files = paths_of(whole_site("g6e.xlarge"), "us-east-1")
    loopback.answer = lambda path, _: answer(files[path].encode()) if path in files else answer(status=404)
    files["url"] = loopback.url
    return files


def pull(site: dict[str, str], out: Path, *arguments: str) -> Result:
    options = ["--public", "--public-url", site["url"], "--token-prices", "installed", "--out", str(out)]
    return CliRunner().invoke(prices, ["pull", *options, *arguments], obj=NOW)


def test_a_pull_writes_a_whole_snapshot_and_says_what_it_cannot_know(site: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "prices.json"
    result = pull(site, out)
    snapshot = read_snapshot(out)
    assert result.stdout.startswith(f"{out}: {len(snapshot.unit_prices)} prices as of 2026-11-23")
    assert "bundled snapshot of 2026-08-01" in result.stderr
    assert "Your quotas are not known" in result.stderr
    assert "pricing:GetProducts" not in result.stderr
    assert [row.instance_type for row in snapshot.instance_types] == ["g6e.xlarge"]
    aws = [row for row in snapshot.unit_prices if row.service_code == "AmazonEC2"]
    assert {(row.provenance.origin, row.provenance.retrieved_on) for row in aws} == {
        (Origin.LIVE, date(2026, 11, 23))
    }


def test_a_pull_of_one_named_type_holds_the_system_nodes_that_every_decision_needs(
    site: dict[str, str], tmp_path: Path
) -> None:
    site |= paths_of(whole_site("g6e.xlarge", "m6i.large"), "us-east-1")
    out = tmp_path / "prices.json"
    pull(site, out, "--instance-type", "g6e.xlarge")
    assert [row.instance_type for row in read_snapshot(out).instance_types] == ["g6e.xlarge", "m6i.large"]


def test_what_is_left_out_is_said(site: dict[str, str], tmp_path: Path) -> None:
    assert "p5.48xlarge" in pull(site, tmp_path / "prices.json").stderr


def test_a_file_that_is_missing_leaves_no_snapshot(site: dict[str, str], tmp_path: Path) -> None:
    del site[next(path for path in site if path.endswith("/us-east-1/index.csv"))]
    result = pull(site, tmp_path / "prices.json")
    assert isinstance(result.exception, SourceError)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_region_names_the_nearest(site: dict[str, str], tmp_path: Path) -> None:
    problem = pull(site, tmp_path / "prices.json", "--region", "us-eats-1").exception
    assert isinstance(problem, UsageError)
    assert "us-east-1" in problem.expected


def test_files_in_a_folder_are_read_and_none_is_downloaded(
    site: dict[str, str],
    loopback: Any,  # noqa: ANN401 - a fixture of conftest
    tmp_path: Path,
) -> None:
    folder, out = tmp_path / "files", tmp_path / "prices.json"
    folder.mkdir()
    for number, text in enumerate(whole_site("g6e.xlarge").values()):
        (folder / f"index ({number}).csv").write_text(text)
    assert pull(site, out, "--public-dir", str(folder)).exit_code == 0
    aws = [row for row in read_snapshot(out).unit_prices if row.service_code == "AmazonEC2"]
    assert {row.provenance.origin for row in aws} == {Origin.ENTERED}
    assert loopback.asked == []
