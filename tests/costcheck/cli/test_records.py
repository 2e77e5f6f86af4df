"""What stands in the folder of decisions when a file of a record cannot be written."""

from datetime import timedelta
from pathlib import Path

import pytest

from costcheck.cli.records import read_inputs, write_record
from costcheck.decision.inputs import DecisionInputs
from costcheck.errors import UsageError
from costcheck.report.record import CURRENT
from costcheck.verdict import Decision, encode
from tests.costcheck.decision.builders import AS_OF, decided, inputs

IN_ORDER = (".inputs.json", ".decision.json", ".md")
"""The files of a record as they are written; `current.json` is the fourth."""

Made = tuple[Decision, DecisionInputs]


@pytest.fixture(scope="module")
def first() -> Made:
    return decided(), inputs()


@pytest.fixture(scope="module")
def second() -> Made:
    later = AS_OF + timedelta(days=1)
    return decided(as_of=later), inputs(as_of=later)


@pytest.fixture(scope="module")
def names(first: Made, second: Made, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what the first and the second record of a folder are called without their endings."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return [write_record(*made, folder).page.stem for made in (first, second)]


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("written", range(4))
def test_a_record_that_cannot_be_finished_leaves_no_current_json(
    first: Made, names: list[str], tmp_path: Path, written: int
) -> None:
    in_order = [*(names[0] + ending for ending in IN_ORDER), CURRENT]
    (tmp_path / in_order[written]).mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        write_record(*first, tmp_path)
    assert files(tmp_path) == set(in_order[:written])


@pytest.mark.parametrize("written", range(3))
def test_a_record_that_cannot_be_finished_leaves_the_one_before_it_current(
    first: Made, second: Made, names: list[str], tmp_path: Path, written: int
) -> None:
    write_record(*first, tmp_path)
    before = files(tmp_path)
    in_order = [names[1] + ending for ending in IN_ORDER]
    (tmp_path / in_order[written]).mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        write_record(*second, tmp_path)
    assert files(tmp_path) == before | set(in_order[:written])
    assert (tmp_path / CURRENT).read_bytes() == encode(first[0])
    assert read_inputs(tmp_path / f"{names[0]}.inputs.json") == first[1]


def test_current_json_is_replaced_whole_and_never_written_into(first: Made, second: Made, tmp_path: Path) -> None:
    write_record(*first, tmp_path)
    (tmp_path / "same-file").hardlink_to(tmp_path / CURRENT)
    write_record(*second, tmp_path)
    assert (tmp_path / CURRENT).read_bytes() == encode(second[0])
    assert (tmp_path / "same-file").read_bytes() == encode(first[0])
