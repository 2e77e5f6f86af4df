import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcheck.errors import InputFileError
from costcheck.report import RecordPaths, next_number, record_paths, record_title, refresh_record, render_record
from costcheck.verdict import Verdict, encode
from tests.costcheck import builders

STEM = "0001-2026-08-01-stay-on-api"
FIRST = RecordPaths(
    number=1, markdown=f"{STEM}.md", decision_json=f"{STEM}.decision.json", inputs_json=f"{STEM}.inputs.json"
)


def recorded(number: int = 1, **changes: object) -> dict[str, bytes]:
    """Return a folder with one decision in it."""
    decision = builders.decision(**changes)
    return {
        f"{number:04d}-2026-08-01-stay-on-api.decision.json": encode(decision),
        f"{number:04d}-2026-08-01-stay-on-api.md": b"not read",
        "current.json": encode(decision),
    }


def test_the_first_record_has_number_one() -> None:
    assert record_paths(builders.decision(), {}) == FIRST


def test_the_same_decision_keeps_its_record() -> None:
    assert record_paths(builders.decision(), recorded() | {"0002-2026-08-02-hybrid.md": b""}) == FIRST


def test_other_inputs_get_the_next_number() -> None:
    other = builders.decision(input_digests={"inputs": "c" * 64})
    assert record_paths(other, recorded(7)).markdown == "0008-2026-08-01-stay-on-api.md"


def test_another_verdict_from_the_same_inputs_is_another_record() -> None:
    other = builders.decision(verdict=Verdict.HYBRID)
    assert record_paths(other, recorded()).markdown == "0002-2026-08-01-hybrid.md"


def test_a_decision_without_the_digest_of_its_inputs_is_never_the_same() -> None:
    bare = builders.decision(input_digests={})
    assert record_paths(bare, recorded(input_digests={})).number == 2


def test_a_record_of_another_schema_version_still_keeps_its_number() -> None:
    assert record_paths(builders.decision(), recorded(schema_version=99)) == FIRST


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}", b'{"verdict": 1}', b'{"verdict": "\xff"}'])
def test_a_broken_record_is_an_error_that_names_it(content: bytes) -> None:
    with pytest.raises(InputFileError, match=STEM):
        record_paths(builders.decision(), {f"{STEM}.decision.json": content})


@given(st.lists(st.integers(1, 99_999), min_size=1))
def test_the_next_number_is_one_more_than_the_highest(numbers: list[int]) -> None:
    names = [f"{number:04d}-2026-08-01-hybrid.md" for number in numbers]
    assert next_number([*names, "current.json", "README.md", "notes-0100-.md"]) == max(numbers) + 1


def test_a_new_record_is_proposed_and_accepted_by_nobody() -> None:
    page = render_record(builders.decision(), 1, "Stay")
    assert (
        "- status: proposed\n- accepted_by: nobody yet\n- accepted_on: not yet\n- accepted_for: PROJECT/STACK\n"
        in page
    )


def test_a_record_says_how_to_recompute_it_from_its_own_inputs() -> None:
    command = f"costcheck decide --replay runbooks/decisions/{FIRST.inputs_json}\n"
    assert command in render_record(builders.decision(), FIRST.number, "Stay")


@pytest.mark.parametrize(
    ("ask_again_on", "review_by"),
    [(None, "2026-10-30"), (date(2026, 9, 1), "2026-09-01"), (date(2027, 1, 1), "2026-10-30")],
)
def test_a_record_is_reviewed_at_the_earlier_of_its_two_dates(ask_again_on: date | None, review_by: str) -> None:
    page = render_record(builders.decision(ask_again_on=ask_again_on), 1, "Stay")
    assert f"\nReview by: {review_by}.\n" in page


def test_refreshing_keeps_what_people_wrote_and_renews_the_numbers() -> None:
    old = render_record(builders.decision(), 1, "Stay").replace("proposed", "accepted")
    old = old.replace("## Consequences", "We tell the board.\n\n## Consequences")
    changed = replace(builders.decision(), company="Renamed Ltd")
    page = refresh_record(old, render_record(changed, 1, "Stay"))
    assert "- status: accepted" in page
    assert "We tell the board." in page
    assert "Renamed Ltd" in page
    assert "Example Shop Ltd" not in page


def test_refreshing_with_the_same_decision_changes_no_byte() -> None:
    page = render_record(builders.hybrid(), 1, "Both")
    assert refresh_record(page, page) == page


def test_every_number_of_a_record_stands_in_a_generated_block() -> None:
    page = render_record(builders.self_host(), 1, "Run it")
    _, after_title = page.split("\n", 1)
    by_people = re.sub(r"<!-- generated: .*?<!-- end: [a-z-]+ -->", "", after_title, flags=re.DOTALL)
    assert "Should this company" in by_people
    assert not re.search(r"\d", by_people)


def test_an_empty_part_of_a_record_says_none() -> None:
    page = render_record(builders.decision(preconditions=()), 1, "Stay")
    assert "### To be done before anything can start\n\nNone.\n<!-- end: preconditions -->" in page


def test_equal_decisions_give_equal_records() -> None:
    assert render_record(builders.hybrid(), 3, "Both") == render_record(builders.hybrid(), 3, "Both")


def test_a_record_gets_the_verdict_as_its_title() -> None:
    assert record_title(builders.decision()) == "Stay on the API"
