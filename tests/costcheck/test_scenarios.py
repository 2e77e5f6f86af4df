"""Each scenario: its verdict, the rule that decides, and a hand calculation that costcheck takes no part in."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from costcheck.facts import Typed, parse_toml
from costcheck.verdict import Decision, Verdict
from tests.costcheck.hand_calculation import Hand, evaluate, seen, work_out
from tests.costcheck.scenario import SCENARIOS, read_scenario, run

FOLDERS = sorted(folder for folder in SCENARIOS.iterdir() if folder.is_dir())
CENT = Decimal("0.01")
ASKED_FOR = {
    "regulated-own-account",
    "regulated-managed-allowed",
    "bursty-8000",
    "two-months-of-data",
    "flat-20000",
    "growing-8000",
    "bill-of-400",
    "missing-evaluation",
    "quota-of-zero",
    "operator-unanswered",
    "nobody-to-run-it",
    "stale-prices",
}


class ExpectedFinding(Typed, frozen=True, kw_only=True):
    """The finding that the verdict rests on.

    Attributes:
        says: Part of its message.
        figure: Part of its figure.
    """

    rule: int
    subject: str
    says: str
    figure: str = ""


class Expected(Typed, frozen=True, kw_only=True):
    """All of `expected.toml`.

    Attributes:
        why: The rule in words, with the figures that decide.
        finding: One for each thing that the verdict rests on.
        preconditions: Part of each, in order.
        chosen_option: Empty where it does not matter.
    """

    situation: str
    verdict: Verdict
    rule: int
    why: str
    finding: tuple[ExpectedFinding, ...]
    preconditions: tuple[str, ...] = ()
    chosen_option: str = ""
    hand: tuple[Hand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A scenario and what the pipeline made of it."""

    expected: Expected
    decision: Decision


def read_expected(folder: Path) -> Expected:
    path = folder / "expected.toml"
    return parse_toml(path.read_text(encoding="utf-8"), Expected, str(path))


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def answered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Answered:
    folder: Path = request.param
    settings, usage = read_scenario(folder)
    return Answered(
        expected=read_expected(folder),
        decision=run(settings, usage, tmp_path_factory.mktemp(folder.name) / "costcheck.duckdb"),
    )


def test_the_verdict_and_the_rule_that_decides_are_as_stated(answered: Answered) -> None:
    expected, decision = answered.expected, answered.decision
    assert (decision.verdict, decision.rule) == (expected.verdict, expected.rule)
    assert expected.chosen_option in {"", decision.chosen_option}


def test_the_verdict_rests_on_the_findings_that_are_stated(answered: Answered) -> None:
    for wanted in answered.expected.finding:
        assert any(
            (found.rule, found.subject) == (wanted.rule, wanted.subject)
            and wanted.says in found.message
            and wanted.figure in found.figure
            for found in answered.decision.findings
        ), f"{wanted} is not among {answered.decision.findings}"


def test_the_preconditions_are_as_stated(answered: Answered) -> None:
    wanted, met = answered.expected.preconditions, answered.decision.preconditions
    assert len(met) == len(wanted)
    assert all(part in text for part, text in zip(wanted, met, strict=True)), met


def test_the_hand_calculation_adds_up(answered: Answered) -> None:
    lines = answered.expected.hand
    for line, result in zip(lines, work_out(lines).values(), strict=True):
        assert result.quantize(line.gives) == line.gives, line


def test_the_pipeline_finds_what_the_hand_calculation_gives(answered: Answered) -> None:
    lines = answered.expected.hand
    results = work_out(lines)
    assert any(line.found for line in lines)
    for line in lines:
        if line.found is not None:
            figure = seen(answered.decision, line.found)
            assert figure is not None, line
            difference = abs(figure - results[line.name])
            assert difference <= max(abs(results[line.name]) * line.within, CENT / 2), (line, figure)


def test_a_scenario_stands_for_each_verdict_and_each_situation_that_was_asked_for() -> None:
    assert {folder.name for folder in FOLDERS} >= ASKED_FOR
    stated = [
        parse_toml((folder / "expected.toml").read_text(encoding="utf-8"), Expected, folder.name)
        for folder in FOLDERS
    ]
    assert {row.verdict for row in stated} == set(Verdict)
    assert {row.rule for row in stated} == set(range(1, 11))


@pytest.mark.parametrize("text", ["cost()", "'1' + '1'", "a.b", "nobody * 2", "1 < 2", "1 if 1 else 0"])
def test_a_hand_calculation_is_plain_arithmetic_and_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match="is not plain arithmetic"):
        evaluate(text, {"known": Decimal(1)})


def test_a_hand_calculation_is_exact() -> None:
    assert evaluate("(0.1 + 0.2) * 1_000 ** 2 / known", {"known": Decimal(3)}) == Decimal(100_000)
