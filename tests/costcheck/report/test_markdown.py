import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markdown_it import MarkdownIt
from markdown_it.token import Token

from costcheck.report import render_markdown, render_record
from costcheck.report.markdown import MAX_CHARACTERS, cut_to, escape, fill
from costcheck.report.sections import sections
from costcheck.verdict import Decision
from tests.costcheck import builders
from tests.costcheck.report.strategies import decisions, words

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def every(tokens: list[Token]) -> list[Token]:
    """Return the tokens with those inside them."""
    return [inner for token in tokens for inner in (token, *(token.children or ()))]


def kinds(text: str) -> list[str]:
    return [token.type for token in every(PARSER.parse(text))]


def columns_by_row(text: str) -> list[int]:
    """Return the number of cells as they are written, row by row, from lines that are rows."""
    return [line.count(" | ") + 1 for line in text.splitlines() if line.startswith("| ")]


@given(decision=decisions())
def test_no_name_adds_a_heading_or_html_or_a_link(decision: Decision) -> None:
    found = kinds(render_markdown(decision))
    assert found.count("heading_open") == 1 + len(sections(decision))
    assert not {"html_inline", "html_block", "link_open", "image", "fence", "code_block", "hr", "ordered_list_open",
                "em_open", "strong_open", "s_open", "code_inline", "blockquote_open"} & set(found)  # fmt: skip


@given(decision=decisions())
def test_no_name_changes_the_columns_of_a_table(decision: Decision) -> None:
    page = render_markdown(decision)
    tables = [section.table for section in sections(decision) if section.table and section.table.rows]
    expected = [len(table.columns) for table in tables for _ in range(len(table.rows) + 2)]
    assert columns_by_row(page) == expected
    assert kinds(page).count("table_open") == len(tables)


@given(decision=decisions())
def test_a_record_has_only_the_html_of_its_markers(decision: Decision) -> None:
    tokens = every(PARSER.parse(render_record(decision, 1, decision.headline)))
    html = [token.content.strip() for token in tokens if token.type in {"html_block", "html_inline"}]
    assert all(text.startswith(("<!-- generated: ", "<!-- end: ")) for text in html)
    assert len(html) % 2 == 0


@given(text=words)
@example(text="a" * 2_000)
def test_escaped_text_is_one_line_without_raw_html(text: str) -> None:
    assert len(escape(text).splitlines()) == 1
    assert not {"<", ">", "|"} & set(escape(text))


@given(text=st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="@"), min_size=1))
def test_escaped_text_shows_letter_by_letter(text: str) -> None:
    (inline,) = [token for token in PARSER.parse(escape(text[:900])) if token.type == "inline"]
    assert "".join(child.content for child in inline.children or ()) == text[:900]


@pytest.mark.parametrize("text", ["https://example.com", "www.example.com", "a@example.com", "@team"])
def test_an_address_does_not_become_a_link_or_a_mention(text: str) -> None:
    shown = escape(text)
    assert "s://" not in shown
    assert "www." not in shown
    assert "@team" not in shown
    assert "@example" not in shown


def test_an_ordinary_name_needs_no_escape() -> None:
    for text in (
        "Example Shop Ltd (2026), 12 % of $4,000",
        "g6e.xlarge/on_demand",
        "-$300",
        "a-b",
        "Müller",
    ):
        assert escape(text) == text


def test_a_long_page_is_cut_at_a_line_and_says_so() -> None:
    findings = tuple(builders.finding(message=f"finding {number} " + "x" * 400) for number in range(300))
    page = render_markdown(builders.decision(findings=findings))
    assert len(page) <= MAX_CHARACTERS
    assert "**Cut here: the page has " in page.splitlines()[-1]
    last_finding = page.splitlines()[-3]
    assert last_finding.startswith("- saving: finding")
    assert last_finding.endswith("\\[min_saving_usd\\])")


def test_a_page_that_just_fits_is_left_alone() -> None:
    page = "a\n" * 100
    assert cut_to(page, len(page)) == page
    assert len(cut_to(page, len(page) - 1)) < len(page)


def test_a_template_that_names_a_missing_value_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        fill("page.md.j2", headline="only this")


@given(decision=decisions())
def test_equal_decisions_give_equal_markdown(decision: Decision) -> None:
    assert render_markdown(decision) == render_markdown(decision)
