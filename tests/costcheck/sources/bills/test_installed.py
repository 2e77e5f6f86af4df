"""Sources that other packages bring, as entry points."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner

from costcheck.cli.bills import pull
from costcheck.errors import UsageError
from costcheck.ingest import recognise
from costcheck.sources.bills import installed
from costcheck.sources.bills.registry import FileSource, PullSource

ACME = PullSource(name="acme", module="costcheck.sources.bills.openai", summary="Read Acme.", settles_after_days=2)
ACME_FILE = FileSource(name="acme", module=__name__, holds="Acme's own list")
OPENAI_AGAIN = PullSource(name="openai", module="x", summary="Another.", settles_after_days=2)


def recognises(path: Path) -> bool:
    """Return whether it is one of Acme's, as a module of a source does."""
    return path.read_bytes().startswith(b"acme")


@pytest.fixture
def bring(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """Return the entry points, to which a test adds some."""
    points: list[EntryPoint] = []
    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda *, group: [one for one in points if one.group == group]
    )
    installed._installed.cache_clear()
    yield points
    installed._installed.cache_clear()


def point(name: str) -> EntryPoint:
    return EntryPoint(name="acme", value=f"{__name__}:{name}", group=installed.GROUP)


def test_a_package_may_bring_a_pull(bring: list[EntryPoint]) -> None:
    bring.append(point("ACME"))
    answer = CliRunner().invoke(pull, ["--help"])
    assert "Read Acme." in answer.output
    assert CliRunner().invoke(pull, ["acme", "--help"]).exit_code == 0


def test_a_package_may_bring_a_format(bring: list[EntryPoint], tmp_path: Path) -> None:
    bring.append(point("ACME_FILE"))
    (tmp_path / "list").write_bytes(b"acme 1")
    assert recognise(tmp_path / "list") is ACME_FILE


@pytest.mark.parametrize("name", ["OPENAI_AGAIN", "recognises"])
def test_what_is_no_source_or_has_a_name_that_is_taken_is_an_error(bring: list[EntryPoint], name: str) -> None:
    bring.append(point(name))
    with pytest.raises(UsageError, match=f"the entry point acme = {__name__}:{name}"):
        installed.installed_pulls()


def test_nobody_brings_one_by_default(bring: list[EntryPoint]) -> None:
    assert (bring, installed.installed_pulls(), installed.installed_files()) == ([], (), ())
