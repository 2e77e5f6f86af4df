"""A pack in a pretend repository, at prices of a pretend today."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.policy import assessing
from tests.costcheck.gate import plans
from tests.infra.policy.engine import Engine


@pytest.fixture(scope="package", autouse=True)
def _prices() -> Iterator[None]:
    """Let the bundled snapshot be the one of the gate's tests, read on their day."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assessing, "read_price_book", lambda path: plans.book() if path is None else _no_book(path))
        yield


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A run on a stack in which nothing stands, without a decision."""
    return Engine(root=tmp_path)


def _no_book(path: Path) -> None:
    raise FileNotFoundError(path)
