"""Every sentence of a decision, and every figure to the dollar, is one that a person has read."""

import pytest

from tests.costcheck.decision.sentences import GOLDEN, chapter, companies


@pytest.mark.parametrize("title", companies())
def test_a_decision_says_what_was_reviewed(title: str) -> None:
    chapters = GOLDEN.read_text(encoding="utf-8").split("\n# ")

    assert chapter(title).strip() in {f"# {text}".strip() for text in chapters} | {chapters[0].strip()}


def test_no_chapter_is_left_over() -> None:
    assert GOLDEN.read_text(encoding="utf-8").count("\n# ") + 1 == len(companies())
