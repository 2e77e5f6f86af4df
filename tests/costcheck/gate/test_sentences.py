"""Every sentence of the gate is one that a person has read."""

from costcheck import __version__
from tests.costcheck.gate.plans import gate
from tests.costcheck.gate.sentences import GOLDEN, NEW, page


def test_the_gate_says_what_was_reviewed() -> None:
    assert page() == GOLDEN.read_text(encoding="utf-8")


def test_an_answer_names_the_version_that_gave_it() -> None:
    assert gate(NEW).costcheck_version == __version__
