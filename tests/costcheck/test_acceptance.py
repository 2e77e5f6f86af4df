"""When a record is accepted: both sides of each rule, in the first lines that a person writes."""

from datetime import date
from pathlib import Path

import pytest

from costcheck.acceptance import (
    ANY_STACK,
    NOBODY_YET,
    NOT_ACCEPTED,
    Acceptance,
    accepted_stack,
    is_meant_as_accepted,
    read_acceptance,
)
from costcheck.report.record import render_record
from tests.costcheck import builders
from tests.costcheck.accepting import head

DECIDED_ON, TODAY = date(2026, 8, 1), date(2026, 10, 1)


def read(page: str) -> Acceptance:
    return read_acceptance(page, decided_on=DECIDED_ON, today=TODAY)


@pytest.mark.parametrize("name", ["Ada Lovelace", "Ada", "李", "ada@example.com", "A. L. (CFO)", "Nobody Smith"])
@pytest.mark.parametrize("day", ["2026-08-01", "2026-10-01"])
def test_a_status_a_name_and_a_day_from_the_decision_to_today_accept_a_record(name: str, day: str) -> None:
    assert not read(head(by=name, on=day)).fault


@pytest.mark.parametrize("status", ["Accepted", " accepted ", "accepted\r"])
def test_the_status_may_be_written_in_capitals_and_with_blanks(status: str) -> None:
    assert not read(head(status=status)).fault


@pytest.mark.parametrize("status", ["proposed", "", "not accepted", "rejected"])
def test_nobody_has_accepted_a_record_with_another_status(status: str) -> None:
    assert read(head(status=status)).fault == NOBODY_YET


@pytest.mark.parametrize("status", ["accepted? not yet", "acceptedly", "accepted, but ask the board"])
def test_a_status_that_does_not_plainly_say_accepted_is_shown(status: str) -> None:
    assert read(head(status=status)).fault == f"its status is `{status}`, and not plainly `accepted`"


def test_a_record_that_nobody_touched_is_accepted_by_nobody() -> None:
    assert read(render_record(builders.self_host(), 1, "Run it")) == NOT_ACCEPTED
    assert read("") == NOT_ACCEPTED


PLACEHOLDERS = (
    "", "nobody yet", "Nobody  Yet.", "nobody", "not yet", "...", "_", "123", "\u200b", "NAME", "<name>", "TBD",
    "n/a", "todo", "&nbsp;", "github-actions[bot]",
)  # fmt: skip


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_what_is_no_name_accepts_nothing(name: str) -> None:
    assert "its accepted_by is" in read(head(by=name)).fault


@pytest.mark.parametrize("day", ["", "not yet", "yesterday", "2026-02-30", "20261001", "1.10.26", "\u0662026-10-01"])
def test_what_is_no_day_accepts_nothing(day: str) -> None:
    assert "which is no day: write it as YYYY-MM-DD" in read(head(on=day)).fault


@pytest.mark.parametrize(
    ("day", "why"), [("2026-07-31", "before the decision was made"), ("2026-10-02", "after today")]
)
def test_nobody_accepts_before_the_decision_or_after_today(day: str, why: str) -> None:
    assert f"its accepted_on is `{day}`, {why}" in read(head(on=day)).fault


def test_every_field_that_is_wrong_is_named_at_once() -> None:
    fault = read(head(by="", on="")).fault

    assert fault.startswith("its accepted_by is empty, which is no name; its accepted_on is empty")


@pytest.mark.parametrize("more", ["- accepted_by: Bob\n", "- status: proposed\n", "- accepted_on: 2026-08-02\n"])
def test_a_field_that_stands_twice_accepts_nothing(more: str) -> None:
    assert "stands 2 times" in read(head() + more).fault


@pytest.mark.parametrize("below", ["## Context", "<!-- generated: context -->"])
def test_what_stands_below_the_first_lines_accepts_nothing(below: str) -> None:
    assert read(f"- status: proposed\n{below}\n{head()}").fault == NOBODY_YET
    assert read(f"# 1\n{below}\n{head()}").fault == NOBODY_YET


@pytest.mark.parametrize(
    ("written", "stack"), [("", ""), (ANY_STACK, ""), ("shop/dev", "shop/dev"), ("`shop/dev`", "shop/dev")]
)
def test_a_record_names_the_stack_that_it_is_for(written: str, stack: str) -> None:
    assert read(head(stack=written)).stack == stack


def test_two_stacks_are_no_stack_s_name() -> None:
    assert read(head(stack="shop/dev") + "- accepted_for: shop/prod\n").stack == "shop/dev and shop/prod"


@pytest.mark.parametrize(
    ("status", "meant"), [("accepted", True), ("Accepted (Ada)", True), ("proposed", False), ("", False)]
)
def test_what_begins_with_accepted_is_meant_so(status: str, *, meant: bool) -> None:
    assert is_meant_as_accepted(head(status=status)) == meant


def test_the_stack_stands_in_the_record_that_the_current_decision_is_a_copy_of(tmp_path: Path) -> None:
    for number, content in (("0001", b"old"), ("0002", b"now")):
        (tmp_path / f"{number}.decision.json").write_bytes(content)
        (tmp_path / f"{number}.md").write_text(head(stack=f"shop/{number}"))
    (tmp_path / "current.json").write_bytes(b"now")

    assert accepted_stack(tmp_path / "current.json") == "shop/0002"


def test_a_decision_without_its_record_names_no_stack(tmp_path: Path) -> None:
    (tmp_path / "current.json").write_bytes(b"now")

    assert not accepted_stack(tmp_path / "current.json")


def test_a_long_value_is_cut_in_what_is_told() -> None:
    assert f"`{'x' * 60}...`" in read(head(on="x" * 99)).fault


LOOSE = (
    "- accepted_for : shop/dev", "* accepted_for: shop/dev", "- **accepted_for**: shop/dev",
    "  - accepted_for: shop/dev", "- accepted-for: shop/dev", "accepted for shop/dev",
)  # fmt: skip


@pytest.mark.parametrize("line", LOOSE)
def test_a_stack_that_is_written_otherwise_is_neither_lost_nor_accepted(line: str) -> None:
    found = read(head().replace("- accepted_for: ", line))
    assert f"its line `{line.strip()}` is not written as `- accepted_for: PROJECT/STACK` is" in found.fault
    assert found.stack == "shop/dev"


def test_what_stands_in_a_comment_accepts_nothing() -> None:
    assert read(f"<!--\n{head()}\n-->").fault == NOBODY_YET
    assert read(f"<!--\n{head()}").fault == NOBODY_YET
