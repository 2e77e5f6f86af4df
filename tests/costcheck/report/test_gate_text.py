"""The gate's answer in a terminal."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from costcheck.gate.coverage import DECIDE, WITHOUT
from costcheck.gate.result import GateResult, Known, Status
from costcheck.report.figures import plain
from costcheck.report.gate_sections import check_sentence, gate_sections
from costcheck.report.gate_text import render_gate_text
from tests.costcheck.gate import results as built
from tests.costcheck.report.gate_strategies import results

NOTHING_COSTS = built.cost("0")


def shown(result: GateResult, width: int = 80) -> str:
    return render_gate_text(result, width=width, color=False)


def without_blanks(text: str) -> str:
    return re.sub(r"[\s-]", "", text)


def lines_under(title: str, text: str) -> list[str]:
    return text.partition(f"\n{title}\n")[2].partition("\n\n")[0].splitlines()


@given(result=results, width=st.integers(50, 160))
def test_no_line_of_an_answer_is_wider_than_the_terminal(result: GateResult, width: int) -> None:
    assert max(map(cell_len, shown(result, width).splitlines())) <= width


@given(result=results)
def test_each_resource_of_unknown_cost_is_named_with_its_reason(result: GateResult) -> None:
    text = without_blanks(shown(result, 2_000))
    for row in result.resources:
        if row.status is Status.UNKNOWN:
            assert without_blanks(plain(row.name)) in text
            assert without_blanks(plain(row.reason)) in text


@given(result=results)
def test_no_name_steers_the_terminal(result: GateResult) -> None:
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", shown(result))


def test_colour_changes_no_word_of_an_answer() -> None:
    coloured = render_gate_text(built.denied(), width=80, color=True)
    assert "\x1b[" in coloured
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == shown(built.denied()).splitlines()


@pytest.mark.parametrize(
    ("name", "word"), [("allowed", "ALLOWED"), ("denied", "DENIED"), ("cannot_decide", "CANNOT")]
)
def test_the_first_word_is_the_answer(name: str, word: str) -> None:
    assert shown(built.RESULTS[name]).split()[0] == word


def test_what_is_to_be_done_is_said_once_and_only_where_something_is_wrong() -> None:
    twice = built.result(checks=(built.check(), built.check("other")))
    steps = lines_under("What to do", shown(twice, 600))
    assert steps == [f"- {WITHOUT}", f"- or {DECIDE}"]
    assert "What to do" not in shown(built.allowed())


def test_where_the_decision_allows_nothing_there_is_one_way_on() -> None:
    verdict = built.check("decision.verdict", to_do=WITHOUT)
    text = shown(built.result(checks=(verdict, built.OLD_PRICES)), 600)

    limit = built.check("limit.budget_usd", to_do="spend less")
    more = shown(built.result(checks=(verdict, limit)), 600)

    assert lines_under("What to do", text) == [f"- {WITHOUT}"]
    assert lines_under("What to do", more) == [f"- {WITHOUT}", "- and spend less"]


def test_a_waiver_is_named_before_what_was_right_anyway() -> None:
    first, *_ = lines_under("What was checked and is right", shown(built.allowed(), 400))
    assert first.startswith("- limit.monthly_usd")
    assert first.endswith("waived by runbooks/waivers/launch.toml")


@pytest.mark.parametrize(
    ("operation", "before", "after", "cells"),
    [
        ("create", None, "5", "-  $5.00       $5.00"),
        ("delete", "5", None, "$5.00      -      -$5.00"),
        ("update", None, "5", "unknown  $5.00     unknown"),
        ("update", "5", None, "$5.00  unknown     unknown"),
        ("replace", "5", "7", "$5.00  $7.00       $2.00"),
    ],
)
def test_what_is_absent_is_a_dash_and_what_nobody_knows_is_a_word(
    operation: str, before: str | None, after: str | None, cells: str
) -> None:
    row = built.resource(
        operation=operation, before=built.cost(before) if before else None, after=built.cost(after) if after else None
    )
    (line,) = [line for line in shown(built.result(resources=(row,)), 200).splitlines() if line.startswith("p5 ")]
    assert line.split()[2:5] == cells.split()


def test_the_largest_change_stands_first_and_what_costs_the_same_is_only_counted() -> None:
    rows = tuple(built.resource(f"n{usd}", after=built.cost(usd)) for usd in ("1", "300", "20"))
    text = shown(built.result(resources=(*rows, built.TEMPLATE, built.NAT)))
    assert re.findall(r"^(n\d+) +create", text, re.MULTILINE) == ["n300", "n20", "n1"]
    assert "No change of cost: 1 other changed resource." in text


def test_a_resource_of_unknown_cost_is_not_among_the_figures() -> None:
    assert "What changes the cost" not in shown(built.cannot_decide())


def test_totals_say_what_they_lack() -> None:
    text = shown(built.cannot_decide())
    assert "Not in it: 1 resource of unknown cost, named below." in text
    assert "Only what changes is in it" in text
    assert "Not in it" not in shown(built.denied())


def test_what_is_known_is_never_shown_as_if_it_were_all() -> None:
    text = shown(built.cannot_decide(), 120)
    line = lines_under("Cost a month", text)[-1]
    known = built.result(resources=(built.resource(), built.DATABASE), increase=Known.AT_LEAST)
    partly = replace(known, increase=Known.PARTLY)

    assert line.split()[-3:] == ["$0.00", "unknown", "unknown"], text
    assert "$32.85 at least $40,228 at least $40,195" in " ".join(shown(known, 120).split())
    assert "$32.85 at least $40,228 unknown" in " ".join(shown(partly, 120).split())
    assert not [line for line in lines_under("Cost a month", shown(built.denied(), 120)) if "at least" in line]


def test_a_plan_that_shows_nothing_has_no_table_of_costs() -> None:
    text = shown(built.result(resources=(), project="", stack="", plan_sha256=""))

    assert "Cost a month" not in text
    assert "a stack that is not known, as of 2026-10-01." in text
    assert "No resource could be read." in text
    assert "sha256" not in text


def test_why_there_are_no_prices_of_today_is_said_where_the_costs_stand() -> None:
    text = shown(built.result(no_live_prices="Unable to locate credentials"), 120)

    assert "Prices of today could not be had: Unable to locate credentials. Those here are older." in text


def test_what_stays_as_it_is_and_has_no_known_cost_is_named_apart() -> None:
    stays = replace(built.DATABASE, operation="same", name="old")
    text = shown(built.result(resources=(built.DATABASE, stays)), 120)

    assert [line.split()[0] for line in lines_under("Unknown cost of what changes: 1 resource", text)[2:]] == [
        "orders"
    ]
    standing = lines_under("Unknown cost of what stays as it is: 1 resource", text)
    assert [line.split()[0] for line in standing[2:]] == ["old"]


def test_what_a_resource_is_charged_for_is_told_without_what_is_small() -> None:
    control, support, small = (
        built.component(name=name, cost=built.cost(usd))
        for name, usd in (("plane", "73"), ("support", "365"), ("x", "1"))
    )
    row = built.resource(components=(control, support, small), after=built.cost("439"))

    assert "support 365 USD, plane 73.00 USD" in shown(built.result(resources=(row,)), 160)


def test_how_a_decision_comes_about_is_told_where_one_is_missing_and_nowhere_else() -> None:
    assert "What a decision is, and how to get one" in shown(built.denied())
    assert "costcheck bill pull" in shown(built.denied())
    assert "What a decision is" not in shown(built.cannot_decide())
    assert "What a decision is" not in shown(built.allowed())


def test_a_resource_is_named_by_its_name_and_not_by_its_urn() -> None:
    told = check_sentence(built.check("gpu", subject="urn:pulumi:dev::shop::aws:eks/nodeGroup:NodeGroup::vllm"))

    assert told.startswith("gpu (`vllm`): denied: ")


def test_no_sentence_ends_twice() -> None:
    assert "said it..;" not in check_sentence(built.check(seen="said it."))
    assert "said it; needed" in check_sentence(built.check(seen="said it."))


def test_a_rate_is_never_counted_as_nothing() -> None:
    (line,) = [line for line in shown(built.denied()).splitlines() if line.startswith("through the NAT gateway")]
    assert line.split()[-3:] == ["unknown", "not", "counted"]


def test_every_price_has_its_sku_its_date_and_its_age() -> None:
    text = " ".join(shown(built.denied(), 200).split())
    assert "AmazonEC2 BoxUsage:p5.48xlarge $55.04 / Hour 3D4V8UAYEMB38GU2 2026-07-20 73 days" in text
    assert "AmazonEC2 NatGateway-Hours $0.045 / Hour no SKU recorded 2026-09-25 6 days" in text


def test_a_gpu_type_that_grows_stands_before_one_that_does_not() -> None:
    (new,) = built.denied().gpus
    old = replace(new, key="g6.xlarge/spot", before=None, after=None, allowed=3)
    (*_, first, second) = lines_under("GPU servers", shown(built.result(gpus=(old, new))))
    assert first.split() == ["p5.48xlarge/on_demand", "us-east-1", "0", "4", "no", "decision"]
    assert second.split() == ["g6.xlarge/spot", "us-east-1", "no", "limit", "no", "limit", "3"]


def test_a_long_table_is_cut_and_says_so_but_each_unknown_cost_is_named() -> None:
    unknown = tuple(replace(built.DATABASE, name=f"db-{number}") for number in range(250))
    text = shown(built.result(resources=(*(built.resource(f"n{number}") for number in range(150)), *unknown)), 160)
    assert "\n100 more rows; --format json has all.\n" in text
    assert len(re.findall(r"^n\d+ .*\$160,781", text, re.MULTILINE)) == 150
    assert len(re.findall(r"^db-\d+ ", text, re.MULTILINE)) == 250


def test_no_section_is_empty() -> None:
    for result in built.RESULTS.values():
        assert not [section.key for section in gate_sections(result) if section.is_empty]
