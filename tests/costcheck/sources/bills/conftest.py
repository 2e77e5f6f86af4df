"""What every test of a bill starts from."""

from datetime import date
from pathlib import Path

import pytest

from costcheck.records import Origin, Provenance


@pytest.fixture
def provenance() -> Provenance:
    return Provenance(
        source="test", source_url="constructed", retrieved_on=date(2026, 11, 23), origin=Origin.CONSTRUCTED
    )


@pytest.fixture
def payloads() -> Path:
    """Constructed payloads."""
    return Path(__file__).parents[3] / "data"
