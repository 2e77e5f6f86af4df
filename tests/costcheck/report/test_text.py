import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from costcheck.report import render_summary, render_text
from costcheck.report.figures import plain, usd, usd_and_cents
from costcheck.report.summary import CUT, SUMMARY_LINES
from costcheck.verdict import Decision, Flip
from tests.costcheck import builders
from tests.costcheck.report.strategies import decisions

WIDE = 400


def words_of(text: str) -> str:
    """Return the text without anything that wrapping adds or removes."""
    return re.sub(r"\s", "", text)


@given(decision=decisions(), width=st.integers(40, 160))
def test_no_line_is_wider_than_the_terminal(decision: Decision, width: int) -> None:
    shown = render_text(decision, width=width, color=False) + render_summary(decision, width=width, color=False)
    assert max(map(cell_len, shown.splitlines())) <= width


@given(decision=decisions())
def test_every_finding_appears_in_the_text(decision: Decision) -> None:
    shown = words_of(render_text(decision, width=80, color=False))
    for finding in decision.findings:
        for part in (finding.subject, finding.message, finding.figure, finding.threshold, finding.source):
            if part.strip() and plain(part) != "unknown":
                assert words_of(plain(part)).replace("-", "") in shown.replace("-", "")


@given(decision=decisions(), width=st.integers(40, 160))
def test_every_figure_of_an_option_is_whole(decision: Decision, width: int) -> None:
    shown = " ".join(render_text(decision, width=width, color=False).split())
    for option in decision.options:
        for amount in (option.monthly_cost_usd.p10, option.monthly_cost_usd.p50, option.monthly_cost_usd.p90):
            assert usd(amount) in shown
        for line in option.lines if option.fleets else ():
            assert usd_and_cents(line.monthly_cost_usd) in shown


@given(decision=decisions())
def test_the_summary_is_one_screen(decision: Decision) -> None:
    assert len(render_summary(decision, width=100, color=False).splitlines()) <= SUMMARY_LINES


def test_the_summary_of_a_talkative_decision_is_still_one_screen() -> None:
    long = "名前 " * 400
    talkative = builders.decision(
        headline=long,
        company=long,
        findings=tuple(builders.finding(message=long) for _ in range(9)),
        options=tuple(builders.self_hosted(option_id=str(number), label=long) for number in range(9)),
        preconditions=(long, long),
        dominant_assumption=long,
    )
    lines = render_summary(talkative, width=100, color=False).splitlines()
    assert len(lines) == SUMMARY_LINES
    assert lines[-2:] == [CUT, lines[-1]]
    assert "--format full" in lines[-1]


TYPE = "gpt-oss-20b on 2 x g6.xlarge (on-demand) for support-chat"


def of_options(*labels: str, **other: Any) -> str:  # noqa: ANN401 - any field of the record
    """Return the summary, at 80 columns, of a decision with these fleets."""
    fleets = tuple(builders.self_hosted(option_id=label, label=label) for label in labels)
    return render_summary(builders.decision(options=fleets, **other), width=80, color=False)


def test_the_name_of_an_option_is_whole_where_the_screen_has_room() -> None:
    assert f"{TYPE}, 50 hours a week" in " ".join(
        re.sub(r" +\$.*", "", of_options(f"{TYPE}, 50 hours a week")).split()
    )


def test_two_options_never_read_the_same_where_the_screen_has_no_room() -> None:
    findings = tuple(builders.finding(message="word " * 40) for _ in range(5))
    shown = of_options(TYPE, f"{TYPE}, 50 hours a week", findings=findings)
    assert "gpt-oss-20b on 2 x g6.xlarge (on-d... " in shown
    assert "gpt-oss-20b on 2..., 50 hours a week " in shown


def test_a_reason_is_wrapped_and_not_cut() -> None:
    reason = "spend that self-hosting could replace: too little to pay for servers"
    findings = (builders.finding(message=reason, figure="4,500.00 USD/month", threshold="at least 5,000 USD/month"),)
    shown = render_summary(builders.decision(findings=findings), width=80, color=False)
    words = re.sub(r"4,500.00 USD/month  at least 5,000 USD/month", "", shown)
    assert reason in " ".join(words.split())


def test_a_saving_on_the_api_says_at_which_prices() -> None:
    shown = " ".join(render_summary(builders.stay_on_api(), width=100, color=False).split())
    assert "saves $1,410 a month at today's volume and prices; needs" in shown
    whole = " ".join(render_text(builders.stay_on_api(), width=100, color=False).split())
    assert "saves $1,410 a month at today's volume and prices. Needs" in whole


@given(decision=decisions())
def test_a_name_cannot_steer_the_terminal(decision: Decision) -> None:
    shown = render_text(decision, width=80, color=False) + render_summary(decision, width=80, color=False)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", shown)


def test_equal_decisions_give_equal_bytes() -> None:
    first, second = (render_text(builders.hybrid(), width=80, color=True) for _ in range(2))
    assert first == second


def test_the_first_line_is_the_verdict_in_words() -> None:
    for decision, words in (
        (builders.stay_on_api(), "STAY ON THE API - "),
        (builders.self_host(), "RUN YOUR OWN MODEL - "),
        (builders.hybrid(), "RUN YOUR OWN MODEL AND KEEP THE API BESIDE IT - "),
        (builders.insufficient_evidence(), "NOT ENOUGH EVIDENCE TO ANSWER - "),
    ):
        assert render_text(decision, width=WIDE, color=False).startswith(words + decision.headline)
        assert render_summary(decision, width=WIDE, color=False).startswith(words)


def test_without_colour_all_that_we_draw_is_ascii() -> None:
    assert render_text(builders.self_host(), width=80, color=False).isascii()
    assert render_summary(builders.self_host(), width=80, color=False).isascii()


def test_colour_changes_no_word() -> None:
    coloured = render_text(builders.hybrid(), width=80, color=True)
    assert "\x1b[" in coloured
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == render_text(
        builders.hybrid(), width=80, color=False
    ).splitlines()


def test_what_is_missing_reads_none_or_unknown() -> None:
    shown = render_text(builders.insufficient_evidence(), width=80, color=False)
    assert "Break-even: unknown." in shown
    assert "Pay-back: unknown." in shown
    assert "Ask again on: none" in shown
    assert "None" not in shown


def test_a_break_even_that_no_fleet_reaches_is_none() -> None:
    unreached = builders.break_even(monthly_requests=None, monthly_tokens=None, instance_count=None)
    shown = render_text(builders.decision(break_even=unreached), width=WIDE, color=False)
    assert "Break-even: none at any volume that these instances can serve." in shown


def test_a_line_without_a_sku_says_so() -> None:
    line = builders.cost_line(sku_id=None)
    option = builders.self_hosted(lines=(line,))
    assert "no SKU recorded, 2026-07-20" in render_text(builders.decision(options=(option,)), width=120, color=False)


def test_cost_lines_stand_biggest_first() -> None:
    shown = render_text(builders.stay_on_api(), width=100, color=False)
    names = ["GPU instances  ", "upkeep by people  ", "EKS control plane  "]
    assert sorted(names, key=shown.index) == names


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [render_text(builders.hybrid(), width=80, color=color) for color in (False, True)]
    for name, value in (("COLUMNS", "20"), ("NO_COLOR", "1"), ("FORCE_COLOR", "1"), ("TERM", "dumb")):
        monkeypatch.setenv(name, value)
    assert [render_text(builders.hybrid(), width=80, color=color) for color in (False, True)] == before


def test_rows_that_nobody_could_read_are_told_on_the_first_screen() -> None:
    remark = builders.finding(rule=0, subject="ledger", message="rows are in quarantine", figure="3 rows")
    shown = render_summary(builders.decision(findings=(remark,)), width=WIDE, color=False)
    assert "Not read      rows are in quarantine (3 rows)" in shown


def test_a_change_that_only_makes_a_cost_case_is_not_said_to_turn_into_no_answer() -> None:
    flip = Flip(what="volume", today="1x", flips_at="6x", becomes="insufficient_evidence")
    decision = builders.decision(flips=(flip,))
    for shown in (render_summary(decision, width=WIDE, color=False), render_text(decision, width=WIDE, color=False)):
        assert "then it would pay" in shown
        assert "volume from 1x to 6x (Not enough" not in shown
