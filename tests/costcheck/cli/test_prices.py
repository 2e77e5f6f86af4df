"""`costcheck prices` and `costcheck explain`, run as a user runs them."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from costcheck.cli import prices as module
from costcheck.cli.context import Context
from costcheck.cli.explain import explain, explain_price
from costcheck.cli.prices import prices
from costcheck.errors import (
    CostcheckError,
    InputFileError,
    PriceNotFoundError,
    SourceAuthError,
    TamperedError,
    UsageError,
)
from costcheck.price_book import TOKEN_UNIT, PriceBook
from costcheck.records import Origin, PriceSnapshot
from costcheck.sources.snapshot import (
    WholeSnapshot,
    encode_snapshot,
    read_max_ages,
    read_price_book,
    read_snapshot,
)

NOW = Context(now=datetime(2026, 11, 23, 12, tzinfo=UTC), environ={})


def run(command: Any, *arguments: str) -> Result:  # noqa: ANN401 - a click command or group
    return CliRunner().invoke(command, list(arguments), obj=NOW)


def error(command: Any, *arguments: str) -> CostcheckError:  # noqa: ANN401 - a click command or group
    problem = run(command, *arguments).exception
    assert isinstance(problem, CostcheckError)
    return problem


def test_show_lists_price_unit_sku_usage_type_date_and_origin() -> None:
    lines = run(prices, "show", "--filter", "p5.48xlarge").output.splitlines()
    assert lines[0].endswith("prices as of 2026-08-01")
    assert re.search(
        r"55\.04 USD / Hours .*BoxUsage:p5\.48xlarge us-east-1 +3D4V8UAYEMB38GU2 +observed 2026-07-20 \(bundled\)",
        lines[1],
    )


def test_show_says_where_no_sku_was_recorded() -> None:
    assert "no SKU recorded" in run(prices, "show", "--filter", "g6e.12xlarge").output


def test_show_as_json_gives_whole_rows() -> None:
    (row,) = json.loads(run(prices, "show", "--filter", "g6e.12xlarge", "--format", "json").output)
    assert (row["list_unit_price"], row["provenance"]["retrieved_on"]) == ("10.49264", "2026-07-20")


def test_show_of_nothing_is_an_error_and_not_an_empty_list() -> None:
    assert isinstance(error(prices, "show", "--filter", "zzz"), PriceNotFoundError)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("p5.48xlarge", "AmazonEC2 BoxUsage:p5.48xlarge us-east-1 Standard"),
        ("3D4V8UAYEMB38GU2", "AmazonEC2 BoxUsage:p5.48xlarge us-east-1 Standard"),
        ("NatGateway-Hours", "AmazonEC2 NatGateway-Hours us-east-1 Standard"),
    ],
)
def test_explain_follows_a_type_a_sku_or_a_meter_to_its_row_alone(query: str, first: str) -> None:
    lines = explain_price(read_price_book(), query)
    assert lines[0] == first
    assert len([line for line in lines if not line.startswith(" ")]) == 1


def test_explain_shows_sku_url_dates_age_and_limit() -> None:
    output = run(explain, "p5.48xlarge").output
    for expected in (
        "SKU       3D4V8UAYEMB38GU2",
        "observed  2026-07-20 (bundled:",
        "look up   https://github.com/aws/karpenter-provider-aws/",
        "age       12 days on 2026-08-01, may be 30",
    ):
        assert expected in output


@pytest.mark.parametrize(("day", "stale"), [("2026-08-19", False), ("2026-08-20", True)])
def test_explain_says_when_a_price_is_stale(day: str, stale: bool) -> None:  # noqa: FBT001 - the expected answer
    assert ("STALE" in run(explain, "p5.48xlarge", "--as-of", day).output) is stale


def test_explain_says_when_a_price_is_not_yet_in_force() -> None:
    output = run(explain, "gemini-3.8-flash/uncached_input_tokens").output
    assert "applies   from 2027-01-01" in output
    assert "not in force on 2026-08-01" in output


def test_explain_of_nothing_is_an_error() -> None:
    assert isinstance(error(explain, "zzz"), PriceNotFoundError)


def test_a_tampered_or_missing_snapshot_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    assert isinstance(error(prices, "show", "--snapshot", str(path)), InputFileError)
    path.write_bytes(encode_snapshot(read_snapshot()).replace(b"55.04", b"5.504"))
    assert isinstance(error(prices, "show", "--snapshot", str(path)), TamperedError)


def test_an_unknown_region_names_the_nearest() -> None:
    problem = error(prices, "pull", "--region", "us-eats-1", "--token-prices", "installed")
    assert isinstance(problem, UsageError)
    assert "us-east-1" in problem.expected


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment in which boto3 finds nothing and asks no metadata service."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("no_credentials")
def test_a_pull_without_credentials_says_so_and_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "prices.json"
    problem = error(prices, "pull", "--token-prices", "installed", "--out", str(out))
    assert isinstance(problem, SourceAuthError)
    assert "credentials" in problem.seen
    assert not out.exists()


@pytest.mark.usefixtures("no_credentials")
def test_a_profile_that_does_not_exist_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "absent")
    assert "absent" in error(prices, "pull", "--token-prices", "installed").seen


def test_a_pull_names_the_actions_and_writes_what_was_fetched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fetched: PriceSnapshot = replace(read_snapshot(), as_of=date(2026, 11, 23))
    monkeypatch.setattr(module, "_pulled", lambda *_: WholeSnapshot(prices=fetched))
    out = tmp_path / "prices.json"
    result = run(prices, "pull", "--out", str(out))
    assert "pricing:GetProducts" in result.stderr
    assert "charges nothing" in result.stderr
    assert result.stdout.startswith(f"{out}: {len(fetched.unit_prices)} prices as of 2026-11-23")
    assert read_snapshot(out) == fetched


def with_tokens_of(day: date) -> PriceSnapshot:
    """Return the bundled snapshot with token prices read on that day."""
    return replace(
        read_snapshot(),
        unit_prices=tuple(
            replace(
                row,
                provenance=replace(
                    row.provenance, retrieved_on=day, source="genai-prices 0.2.3", origin=Origin.BUNDLED
                ),
            )
            if row.pricing_unit == TOKEN_UNIT
            else row
            for row in read_snapshot().unit_prices
        ),
    )


def test_a_pull_warns_that_the_package_is_too_old_to_decide_with_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fetched = with_tokens_of(date(2026, 11, 8))
    monkeypatch.setattr(module, "_pulled", lambda *_: WholeSnapshot(prices=fetched))
    told = run(prices, "pull", "--token-prices", "installed", "--out", str(tmp_path / "prices.json")).stderr
    assert "genai-prices 0.2.3, released on 2026-11-08: 15 days old, and a decision of today takes at most 14" in told
    assert "leave out --token-prices installed" in told
    assert "-U genai-prices" in told
    assert "costcheck decide --as-of 2026-11-22" in told


def test_a_pull_says_nothing_of_token_prices_that_may_still_decide() -> None:
    assert module.old_token_prices(with_tokens_of(date(2026, 11, 9)), date(2026, 11, 23)) == ()


def test_explain_uses_the_book_that_it_is_given() -> None:
    one = replace(read_snapshot(), unit_prices=read_snapshot().unit_prices[:1])
    book = PriceBook(one, read_max_ages())
    assert explain_price(book, one.unit_prices[0].sku_meter)[0] == one.unit_prices[0].key


def test_the_commands_load_without_aws_and_without_the_price_data() -> None:
    code = (
        "import sys, costcheck.cli.prices, costcheck.cli.explain;"
        "print([name for name in ('boto3', 'botocore', 'genai_prices', 'rich', 'msgspec') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603 - our own code
    assert done.stdout.strip() == "[]"
