"""Every sentence of a decision, and every figure to the dollar, is one that a person has read."""

from tests.costcheck.decision.sentences import GOLDEN, page


def test_a_decision_says_what_was_reviewed() -> None:
    assert page() == GOLDEN.read_text(encoding="utf-8")
