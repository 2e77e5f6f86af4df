"""`costcheck explain` on a decision, and on a query that matches half the book."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from costcheck.cli.explain import SHOWN, explain
from costcheck.verdict import Decision, encode
from tests.costcheck import builders


def said(query: str, folder: Path, decision: Decision | None = None) -> str:
    """Return what is explained, out of the decision if one is given."""
    options = []
    if decision is not None:
        path = folder / "some.decision.json"
        path.write_bytes(encode(decision))
        options = ["--decision", str(path)]
    done = CliRunner().invoke(explain, [query, *options])
    assert done.exit_code == 0, done.exception
    return done.output


@pytest.mark.parametrize("query", ["", "gpt", "uncached"])
def test_a_query_that_matches_many_prices_shows_the_first_and_counts_the_rest(query: str, tmp_path: Path) -> None:
    output = said(query, tmp_path)
    assert output.count("  price     ") == SHOWN
    assert " more prices; narrow it with a longer QUERY" in output


def test_a_query_that_matches_few_prices_counts_no_rest(tmp_path: Path) -> None:
    assert "narrow it" not in said("g6.xlarge", tmp_path)


@pytest.mark.parametrize("query", ["break-even", "break_even", "Break even", "breakeven"])
def test_the_break_even_of_a_decision_is_explained(query: str, tmp_path: Path) -> None:
    decision = builders.decision()
    assert decision.break_even is not None
    output = said(query, tmp_path, decision)
    assert "Break-even" in output
    assert f"  option    {decision.break_even.option_id}" in output
    assert decision.break_even.note in output


def test_a_decision_without_a_break_even_says_so(tmp_path: Path) -> None:
    assert "  option    none priced" in said("break-even", tmp_path, builders.decision(break_even=None))


@pytest.mark.parametrize("query", ["pay-back", "pay_back", "payback"])
def test_the_pay_back_of_a_decision_is_explained(query: str, tmp_path: Path) -> None:
    output = said(query, tmp_path, builders.decision(pay_back_months=Decimal(7)))
    assert "Pay-back: 7 months" in output
    assert "  set-up    " in output


def test_the_saving_of_every_option_is_explained(tmp_path: Path) -> None:
    decision = builders.decision()
    options = [replace(option, label=f"option {number}") for number, option in enumerate(decision.options)]
    output = said("saving", tmp_path, replace(decision, options=tuple(options)))
    saving = [option.label for option in options if option.saving_usd is not None]
    assert saving
    assert [label for label in saving if f"saving of {label}: " not in output] == []


def test_the_verdict_of_a_decision_is_explained(tmp_path: Path) -> None:
    decision = builders.decision()
    assert f"verdict: {decision.verdict}" in said("verdict", tmp_path, decision)


@pytest.mark.parametrize("query", ["rule 4", "Rule-4", "rule4"])
def test_a_rule_of_the_table_is_explained_by_its_number(query: str, tmp_path: Path) -> None:
    output = said(query, tmp_path)
    assert output.startswith("rule 4 of 10: the bill that could move is still small")
    assert "  limits    keep_measuring_bill_usd\n" in output
