"""What the findings say, and where prices are needed at all."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest

from costcheck.settings import Operator
from costcheck.verdict import Decision, Verdict
from tests.costcheck.decision.builders import (
    MONTHS,
    bill,
    compliance,
    coverage,
    decided,
    demand,
    finding,
    inputs,
    settings,
    snapshot,
    workload,
)


def with_old_prices(**changes: object) -> Decision:
    old = replace(
        snapshot(),
        unit_prices=tuple(
            replace(row, effective_from=None, provenance=replace(row.provenance, retrieved_on=date(2026, 1, 1)))
            for row in snapshot().unit_prices
        ),
    )
    return decided(snapshot=old, **changes)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"bill": bill("400")}, 3),
        ({"coverage": coverage(complete_months=MONTHS[-2:])}, 3),
        ({"bill": bill("4000")}, 4),
        ({"settings": settings(workload(), operator=Operator(answer="nobody"))}, 5),
    ],
)
def test_old_prices_do_not_hide_an_answer_that_needs_none(changes: dict[str, object], rule: int) -> None:
    decision = with_old_prices(**changes)

    assert (decision.verdict, decision.rule) == (Verdict.STAY_ON_API, rule)
    assert decision.options == ()
    assert any("prices are too old" in row.message for row in decision.findings if row.rule == 0)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"bill": bill("400", charged=False)},
        {"bill": bill("400"), "settings": settings(workload(compliance=compliance()))},
    ],
)
def test_old_prices_carry_no_verdict_where_prices_matter(changes: dict[str, object]) -> None:
    decision = with_old_prices(**changes)

    assert (decision.verdict, decision.rule) == (Verdict.INSUFFICIENT_EVIDENCE, 1)


@pytest.mark.parametrize(("count", "figure"), [(1, "1 month"), (2, "2 months")])
def test_one_month_is_no_plural(count: int, figure: str) -> None:
    short = coverage(complete_months=MONTHS[-count:])
    assert finding(decided(coverage=short), "complete months of measured usage").figure == figure


def test_another_api_saves_at_the_volume_and_prices_of_today() -> None:
    assert decided(settings=settings(workload(weights="published"))).headline.endswith(
        " USD a month at today's volume and prices."
    )


def test_published_weights_that_nobody_sells_are_named() -> None:
    unsold = {name: msgspec.structs.replace(weights, managed_apis=()) for name, weights in inputs().models.items()}

    decision = decided(models=unsold, settings=settings(workload(weights="published")))

    assert any("no price list sells" in row.message for row in decision.findings if row.rule == 0)


def test_the_case_of_prices_that_stand_still_is_shown_for_each_side() -> None:
    decision = decided()

    def saving(words: str) -> int:
        row = next(row for row in decision.findings if row.message.endswith(words))
        return int(row.figure.split()[0].replace(",", ""))

    assert saving("prices of the API stand still") > saving("both stand still") > saving("prices of GPUs stand still")


FEW = {"coverage": coverage(complete_months=MONTHS[4:])}


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        (FEW, "Too few months are measured to answer: keep measuring."),
        ({"bill": bill("400")}, "Too little money is at stake: keep measuring."),
        (
            {"bill": bill("400")} | FEW,
            "Too few months are measured, and too little money is at stake: keep measuring.",
        ),
    ],
    ids=["few", "little", "both"],
)
def test_the_headline_says_which_of_the_two_is_too_little(changes: dict[str, Any], headline: str) -> None:
    assert decided(**changes, settings=settings(workload(weights="own"))).headline == headline


@pytest.mark.parametrize(("told", "words"), [(True, "measured usage"), (False, "bills, which tell no usage")])
def test_bills_without_tokens_are_not_called_measured_usage(told: bool, words: str) -> None:  # noqa: FBT001 - a case
    decision = decided(bill=bill("400", has_usage=told))
    assert finding(decision, "complete months of").message == f"complete months of {words}"


def test_servers_at_a_multiple_of_the_api_are_no_share_of_it() -> None:
    small = decided(bill=bill("22000"), demands=(demand(requests=9_000),))
    assert re.fullmatch(r"costs (\d\.\d|[\d,]{2,})x the API", finding(small, "saving, share").figure)
