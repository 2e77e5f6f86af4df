"""Live tests ask real accounts, read-only; they are collected with `--live` only, and keep their environment."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import boto3
import pytest

from costcheck.cli.prices import aws_clients
from costcheck.records import Origin, Provenance
from costcheck.sources.bills.windows import Window, month_start, month_windows
from costcheck.sources.prices.pull import PriceClients
from tests.live.checks import REGION

HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return None if config.getoption("--live") else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)
            item.add_marker(pytest.mark.enable_socket)


@pytest.fixture(autouse=True)
def _empty_environment() -> None:
    """Leave the environment alone: keys are what a live test needs."""


@pytest.fixture
def key() -> Callable[[str], str]:
    """Return a reader of one environment variable, which skips the test where it is not set."""

    def read(name: str) -> str:
        value = os.environ.get(name, "")
        if not value:
            pytest.skip(f"{name} is not set")
        return value

    return read


@pytest.fixture
def aws() -> PriceClients:
    if boto3.Session().get_credentials() is None:
        pytest.skip("no AWS credentials: set AWS_PROFILE, or run `aws sso login`")
    return aws_clients(REGION)


@pytest.fixture
def today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture
def last_month(today: date) -> tuple[Window, ...]:
    """Return the last complete month: an account without usage in it cannot be tested."""
    day = month_start(today, shift=-1).date()
    return month_windows(day, day, now=datetime.now(UTC))


@pytest.fixture
def provenance(today: date) -> Provenance:
    return Provenance(source="live test", source_url="live test", retrieved_on=today, origin=Origin.LIVE)
