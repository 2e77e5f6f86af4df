import pytest

from tests.costcheck.report.gate_goldens import FOLDER, outputs

EXPECTED = dict(outputs())
OTHERS = {"foreign.md", "sentences.txt"}
"""Of tests/costcheck/gate/foreign.py."""


@pytest.mark.parametrize("name", EXPECTED)
def test_each_answer_of_the_gate_is_the_reviewed_one(name: str) -> None:
    assert EXPECTED[name] == (FOLDER / name).read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(EXPECTED) | OTHERS
