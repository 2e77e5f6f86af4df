"""The comment: what a plan names stays text, whatever it is, and the comment stays short enough."""

import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from costcheck.gate.result import GateResult, Outcome
from costcheck.report.gate_markdown import FOLDED, MAX_BYTES, marker, render_gate_markdown
from costcheck.report.gate_sections import gate_sections
from costcheck.report.inert import code, inert, sentence
from costcheck.report.page import Section
from tests.costcheck.gate import results as built
from tests.costcheck.report.gate_strategies import REFERENCES, results, words

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
REFERENCE = re.compile(
    r"@[\w-]|#\w|:[\w/+]|www\.|\bgh-\d|![\w\"]|~[\w\"]|%[\w\"]|&\w|\$[^\d\s\u200b]|\{[+-]|\b[0-9a-f]{7,}\b",
    re.IGNORECASE,
)
"""What GitHub or GitLab makes a link, a mention or a picture of, in the text of the finished HTML."""
AMOUNT = re.compile(r"\$[\d,.]+")
FORBIDDEN = {
    "html_inline", "link_open", "image", "fence", "code_block", "hr", "ordered_list_open", "em_open", "strong_open",
    "s_open", "blockquote_open", "hardbreak",
}  # fmt: skip


def every(text: str) -> list[Token]:
    return [inner for token in PARSER.parse(text) for inner in (token, *(token.children or ()))]


def rows_of(section: Section) -> int:
    return len(section.points) + (len(section.table.rows) if section.table else 0)


def own_html(result: GateResult) -> list[str]:
    """Return the HTML that the comment itself is made of."""
    folded = [section.title for section in gate_sections(result) if section.key in FOLDED]
    details = [part for title in folded for part in (f"<details>\n<summary>{title}</summary>", "</details>")]
    return [marker(result), *details]


@given(result=results)
def test_no_name_adds_a_heading_html_or_a_link(result: GateResult) -> None:
    tokens = every(render_gate_markdown(result))
    sections = gate_sections(result)
    kinds = [token.type for token in tokens]
    assert not FORBIDDEN & set(kinds)
    assert kinds.count("heading_open") == 1 + sum(section.key not in FOLDED for section in sections)
    assert [token.content.strip() for token in tokens if token.type == "html_block"] == own_html(result)


@given(result=results)
def test_no_name_splits_a_cell_or_ends_a_list(result: GateResult) -> None:
    sections = gate_sections(result)
    tables = [section.table for section in sections if section.table and section.table.rows]
    written = [line for line in render_gate_markdown(result).splitlines() if line.startswith("|")]
    # Escaped borders are entities, so that each one left in a line is a border.
    assert [line.count("|") - 1 for line in written] == [
        len(table.columns) for table in tables for _ in range(len(table.rows) + 2)
    ]
    tokens = [token.type for token in every(render_gate_markdown(result))]
    assert tokens.count("table_open") == len(tables)
    assert tokens.count("list_item_open") == sum(len(section.points) for section in sections)


@given(result=results)
def test_no_name_becomes_a_mention_a_reference_or_an_address(result: GateResult) -> None:
    for token in every(render_gate_markdown(result)):
        if token.type == "text":
            assert not REFERENCE.search(AMOUNT.sub("", token.content)), token.content


@pytest.mark.parametrize("unit", ["gh-2", "ABC-12", "www.example", "deadbeef", "$gh-2"])
def test_the_unit_of_a_price_becomes_no_reference(unit: str) -> None:
    page = render_gate_markdown(built.result(usage=(built.component(unit=unit),)))
    assert not any(REFERENCE.search(AMOUNT.sub("", token.content)) for token in every(page) if token.type == "text")
    assert not re.search(r"\$[\d.]+ / (?:gh|ABC)-\d", page)


@given(text=words)
@example(text="/close")
@example(text="`a` /close")
def test_no_line_is_a_quick_action(text: str) -> None:
    page = render_gate_markdown(built.result(headline=text, project=text))
    assert not any(line.startswith("/") for line in page.splitlines())


@given(text=words)
def test_only_the_first_line_holds_a_marker(text: str) -> None:
    page = render_gate_markdown(built.result(headline=text, decision=text, checks=(built.check(seen=text),)))
    assert page.splitlines()[0] == "<!-- worthwhile-gate:shop/dev -->"
    assert page.count("<!--") == 1


@given(project=words, stack=words)
@example(project="x" * 10_000, stack="-->")
@example(project="--><b>", stack="\ud800\n")
def test_a_marker_is_one_short_comment_whatever_the_stack_is_called(project: str, stack: str) -> None:
    assert re.fullmatch(
        r"<!-- worthwhile-gate:[\w.~%/-]{1,200} -->", marker(built.result(project=project, stack=stack)), re.ASCII
    )


def test_two_stacks_have_two_comments() -> None:
    assert marker(built.result(stack="dev")) != marker(built.result(stack="prod"))
    assert marker(built.result(project="a" * 300)) != marker(built.result(project="b" * 300))


@settings(max_examples=30)
@given(
    count=st.integers(0, 300),
    text=words | st.sampled_from(["|" * 400, "\U0001f600" * 400, "&" * 900, "x" * 2_000]),
    outcome=st.sampled_from(Outcome),
)
@example(count=700, text="|" * 900, outcome=Outcome.DENIED)
def test_a_comment_is_never_too_long_and_says_what_it_leaves_out(count: int, text: str, outcome: Outcome) -> None:
    check = built.check(outcome=outcome, subject=text, seen=text, needed=text)
    result = built.result(
        headline=text,
        project=text,
        decision=text,
        outcome=outcome,
        checks=(check,) * max(count, 1),
        resources=(replace(built.DATABASE, name=text, reason=text),) * count + (built.resource(name=text),) * count,
        gpus=tuple(replace(built.denied().gpus[0], key=f"{text}{number}") for number in range(count)),
    )
    page = render_gate_markdown(result)
    assert len(page.encode()) <= MAX_BYTES
    assert len(page.encode("utf-16-le")) // 2 <= MAX_BYTES
    assert f"{max(count, 1):,} check" in page
    assert (f"{count:,} of unknown cost" if count else "No resource could be read") in page
    for section in gate_sections(result):
        assert section.title in page
    left = sum(int(number.replace(",", "")) for number in re.findall(r"^([\d,]+) more of ", page, re.MULTILINE))
    shown = len(re.findall(r"^(?:- |\| (?!---))", page, re.MULTILINE))
    headings = sum(bool(section.table and section.table.rows) for section in gate_sections(result))
    assert shown - headings + left == sum(map(rows_of, gate_sections(result)))


def test_what_fits_is_shown_whole_and_a_long_section_leaves_room_for_the_others() -> None:
    many = built.result(resources=(built.DATABASE,) * 2_000 + (built.resource(),))
    page = render_gate_markdown(many)
    assert "more of 2,000 do not fit into a comment; the JSON has all." in page
    assert page.count("more of") == 1
    assert "| `p5` | create | - | $40,195 to $160,781 |" in page
    assert len(page.encode()) > MAX_BYTES - 1_000


@given(result=results)
def test_equal_answers_give_equal_comments(result: GateResult) -> None:
    assert render_gate_markdown(result) == render_gate_markdown(result)


def test_a_name_can_be_copied_as_it_is() -> None:
    for name in ("p5.48xlarge/on_demand", "aws:eks/nodeGroup:NodeGroup", "#1 @x https://a.b", "0123456789abcdef"):
        assert code(name) == f"`{name}`"


def test_what_would_end_the_code_is_written_as_text() -> None:
    assert code("a`b") == "a\\`b"
    assert code("a|b") == "a&#124;b"


def test_a_command_in_a_sentence_is_code_and_the_rest_is_text() -> None:
    assert sentence("run `costcheck decide`, then *this*") == "run `costcheck decide`, then \\*this\\*"
    assert sentence("`a` `b` c") == "`a` `b` c"
    assert sentence("x`y`z `open") == "x\\`y\\`z \\`open"


@pytest.mark.parametrize("text", [name for name in REFERENCES if REFERENCE.search(name)])
def test_each_kind_of_reference_is_broken(text: str) -> None:
    shown = "".join(token.content for token in every(inert(text)) if token.type == "text")
    assert not REFERENCE.search(shown)
