"""What drift writes: reviewed as text, and no name in it becomes markup."""

from dataclasses import replace

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from costcheck.report.drift import render_drift_markdown, render_drift_text
from tests.costcheck.builders import finding
from tests.costcheck.drifts import DRIFTS, changed, drift, price, workload
from tests.costcheck.report.drift_goldens import FOLDER, outputs
from tests.costcheck.report.strategies import words

EXPECTED = dict(outputs())


@pytest.mark.parametrize("name", EXPECTED)
def test_each_drift_is_the_reviewed_one(name: str) -> None:
    assert EXPECTED[name] == (FOLDER / name).read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", DRIFTS)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    assert max(map(len, render_drift_text(DRIFTS[name], width=width, color=False).splitlines())) <= width


@pytest.mark.parametrize("name", changed().moved)
def test_whatever_moved_is_told(name: str) -> None:
    told = {"verdict", "rule", "chosen_option", "baseline_option", "saving_usd", "addressable_bill_usd"}
    told |= {"complete_months", "region_id", "monthly_ceiling_usd"}
    text = render_drift_text(changed(), width=200, color=False)

    assert name in told or name in text


def test_where_nothing_moved_nothing_is_named() -> None:
    text = render_drift_text(drift(), width=80, color=False)

    assert "Nothing moved." in text
    assert "BoxUsage" not in text
    assert "support-chat" not in text


@given(words)
def test_no_name_becomes_a_heading_a_link_or_html(name: str) -> None:
    named = replace(
        changed(),
        company=name,
        workloads=(workload(name=name, monthly_growth=changed().workloads[1].monthly_growth),),
        settings=(name,),
        aws_prices=(replace(changed().aws_prices[0], sku_meter=name, price_source=name), price()),
        appeared=(finding(subject=name, message=name, source=name),),
    )
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(render_drift_markdown(named))
    kinds = [inner.type for token in tokens for inner in (token, *(token.children or []))]
    plainly = MarkdownIt("commonmark", {"html": True}).enable("table").parse(render_drift_markdown(changed()))

    assert kinds.count("heading_open") <= sum(token.type == "heading_open" for token in plainly)
    assert {"html_block", "html_inline", "link_open", "image", "code_inline", "fence"}.isdisjoint(kinds)
