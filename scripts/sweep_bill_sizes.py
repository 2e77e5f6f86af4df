"""Sweep the size of the bill: from which size on does the decision change, and for whom?

`python scripts/sweep_bill_sizes.py` writes `tests/golden/article/sweep.md`; `--check` compares what it would write
with what is there. Each row is one run of the real pipeline on bundled prices: rows in a real ledger, then `decide`.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the scenarios' loader lies with the tests that own it

from costcheck.settings import Settings, parse_settings  # noqa: E402
from costcheck.verdict import Decision, Verdict  # noqa: E402
from tests.costcheck.scenario import Shape, Stream, Usage, run  # noqa: E402

OUTPUT = ROOT / "tests" / "golden" / "article" / "sweep.md"
BILLS_USD = (1_000, 2_000, 3_500, 4_500, 5_500, 6_500, 7_500, 8_500, 10_000, 15_000, 20_000, 30_000, 50_000, 100_000)
"""None of them stands on a threshold of the decision table."""
INPUT_TOKENS, OUTPUT_TOKENS = 1_155, 211
"""Mean request of the Azure conversation trace of 2023, as in costcheck/data/demand_rules.toml."""
HOURS_PER_MONTH, MEAN_MONTH_HOURS = 730, Decimal(736)
MILLION = Decimal(1_000_000)
LIST_USD = {
    "gpt-5.4": (Decimal("2.50"), Decimal("0.25"), Decimal("15.00")),
    "gpt-5.4-mini": (Decimal("0.75"), Decimal("0.075"), Decimal("4.50")),
}
SETTINGS = """
[company]
name = "Sweep"
[operator]
answer = "team"
[[workload]]
name = "chat"
latency_class = "interactive"
match = {{ everything = true }}
candidates = ["{model}"]
weights = "{weights}"
{cheaper}
[[workload.evaluations]]
model = "{model}"
result = "pass"
evaluated_on = 2026-07-10
report = "constructed"
"""
CHEAPER = """
[[workload.evaluations]]
model = "{cheaper}"
result = "pass"
evaluated_on = 2026-07-10
report = "constructed"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kind of company.

    Attributes:
        pays_for: Model on today's bill.
        weights: `published` = others sell the same weights by the token; `own` = nobody does.
        cheaper: A cheaper model of the same provider that was shown to do as well.
    """

    title: str
    pays_for: str
    candidate: str
    weights: str
    shape: Shape
    cheaper: str = ""


CASES = (
    Case(
        title="Published weights (gpt-oss-20b) instead of gpt-5.4, round the clock",
        pays_for="gpt-5.4",
        candidate="gpt-oss-20b",
        weights="published",
        shape="flat",
    ),
    Case(
        title="Published weights (gpt-oss-20b) instead of gpt-5.4-mini, office hours",
        pays_for="gpt-5.4-mini",
        candidate="gpt-oss-20b",
        weights="published",
        shape="office",
    ),
    Case(
        title="Published weights that nobody is known to sell (Qwen3 30B-A3B) instead of gpt-5.4, round the clock",
        pays_for="gpt-5.4",
        candidate="qwen3-30b-a3b",
        weights="published",
        shape="flat",
    ),
    Case(
        title="Own weights (a fine-tuned gpt-oss-20b) instead of gpt-5.4, round the clock",
        pays_for="gpt-5.4",
        candidate="gpt-oss-20b",
        weights="own",
        shape="flat",
    ),
    Case(
        title="Own weights (a fine-tuned gpt-oss-20b) instead of gpt-5.4, where gpt-5.4-mini would do as well",
        pays_for="gpt-5.4",
        candidate="gpt-oss-20b",
        weights="own",
        shape="flat",
        cheaper="gpt-5.4-mini",
    ),
    Case(
        title="Own weights (a fine-tuned gpt-oss-20b) instead of gpt-5.4, office hours",
        pays_for="gpt-5.4",
        candidate="gpt-oss-20b",
        weights="own",
        shape="office",
    ),
    Case(
        title="Own weights (a fine-tuned gpt-oss-20b) instead of gpt-5.4-mini, round the clock",
        pays_for="gpt-5.4-mini",
        candidate="gpt-oss-20b",
        weights="own",
        shape="flat",
    ),
    Case(
        title="Own weights (a fine-tuned gpt-oss-20b) instead of gpt-5.4-mini, office hours",
        pays_for="gpt-5.4-mini",
        candidate="gpt-oss-20b",
        weights="own",
        shape="office",
    ),
    Case(
        title="Own weights (a fine-tuned Llama 3.3 70B) instead of gpt-5.4, round the clock",
        pays_for="gpt-5.4",
        candidate="llama-3.3-70b",
        weights="own",
        shape="flat",
    ),
)
MOVING = frozenset({Verdict.SELF_HOST, Verdict.HYBRID})
WORDS = {
    Verdict.STAY_ON_API: "stay on the API",
    Verdict.SELF_HOST: "**self-host**",
    Verdict.HYBRID: "**hybrid**",
    Verdict.INSUFFICIENT_EVIDENCE: "not enough evidence",
}


def settings_of(case: Case) -> Settings:
    """Return a company that has everything but a reason to stay: a team, a passed evaluation."""
    key = f'cheaper_request_model = "{case.cheaper}"' if case.cheaper else ""
    text = SETTINGS.format(model=case.candidate, weights=case.weights, cheaper=key)
    return parse_settings(text + (CHEAPER.format(cheaper=case.cheaper) if case.cheaper else ""), "the sweep")


def usage_of(case: Case, bill_usd: int) -> Usage:
    """Return six months of traffic that cost about this much a month."""
    list_input, list_cached, list_output = LIST_USD[case.pays_for]
    unit_cost = (INPUT_TOKENS * list_input + OUTPUT_TOKENS * list_output) / MILLION
    requests = int(bill_usd / unit_cost / MEAN_MONTH_HOURS * HOURS_PER_MONTH)
    return Usage(
        stream=(
            Stream(
                project="proj_chat",
                model=case.pays_for,
                requests_per_month=requests,
                input_tokens=INPUT_TOKENS,
                output_tokens=OUTPUT_TOKENS,
                shape=case.shape,
                input_usd=list_input,
                cached_usd=list_cached,
                output_usd=list_output,
            ),
        )
    )


def answer(case: Case, bill_usd: int) -> Decision:
    """Return the decision of the real pipeline."""
    with tempfile.TemporaryDirectory() as folder:
        return run(settings_of(case), usage_of(case, bill_usd), Path(folder) / "costcheck.duckdb")


def row(bill_usd: int, decision: Decision) -> str:
    """Return one line of a case's table."""
    apis = [option for option in decision.options if option.saving_usd is None]
    best = next(option for option in decision.options if option.saving_usd is not None)
    cheapest = min(apis, key=lambda option: option.monthly_cost_usd.p50)
    saving = best.saving_usd.p50 if best.saving_usd else Decimal(0)
    cells = (
        f"{bill_usd:,}",
        f"{WORDS[decision.verdict]} ({decision.rule})",
        f"{cheapest.monthly_cost_usd.p50:,.0f}",
        f"{best.monthly_cost_usd.p50:,.0f}",
        f"{saving:,.0f}",
        best.label.replace(" (on-demand)", ""),
    )
    return "| " + " | ".join(cells) + " |"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """One case with its decision at every size of bill."""

    case: Case
    decisions: dict[int, Decision]

    @property
    def moves_from_usd(self) -> int | None:
        """Return the smallest bill from which on every one moves, None where the largest does not."""
        stays = [bill for bill, decision in self.decisions.items() if decision.verdict not in MOVING]
        larger = [bill for bill in self.decisions if bill > max(stays, default=0)]
        return min(larger, default=None)


def sweep() -> Iterator[Swept]:
    """Yield every case, decided."""
    for case in CASES:
        yield Swept(case=case, decisions={bill_usd: answer(case, bill_usd) for bill_usd in BILLS_USD})


def document() -> Iterator[str]:
    """Yield the lines of the page."""
    swept = tuple(sweep())
    yield "# When does it change? The size of the bill, swept"
    yield ""
    yield "Written by `python scripts/sweep_bill_sizes.py`; prices of 2026-08-01, us-east-1, on demand. Every company"
    yield f"has six steady months, a team and a passed evaluation; a request reads {INPUT_TOKENS:,} tokens and writes"
    yield f"{OUTPUT_TOKENS}. USD a month, medians of 2,000 draws, everything included; the saving is against the"
    yield "cheapest eligible API option. Below 5,000 the size of the bill decides (rules 3 and 4)."
    yield ""
    yield "| Who | stays up to | moves from |"
    yield "| --- | ---: | ---: |"
    yield from map(_summary, swept)
    for each in swept:
        yield ""
        yield f"## {each.case.title}"
        yield ""
        yield "| Bill | Verdict (rule) | Cheapest API | Best servers | Saving | The servers |"
        yield "| ---: | --- | ---: | ---: | ---: | --- |"
        for bill_usd, decision in each.decisions.items():
            yield row(bill_usd, decision)


def _summary(swept: Swept) -> str:
    start = swept.moves_from_usd
    if start is None:
        return f"| {swept.case.title} | {max(swept.decisions):,} | never |"
    last = max(bill for bill in swept.decisions if bill < start)
    return f"| {swept.case.title} | {last:,} | {start:,}: {WORDS[swept.decisions[start].verdict]} |"


def main() -> int:
    """Write the page, or compare it with the one that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the page would change")
    check = parser.parse_args().check
    text = "\n".join(document()) + "\n"
    if not check:
        OUTPUT.write_text(text, encoding="utf-8")
        print(f"{OUTPUT.relative_to(ROOT)} is written")
        return 0
    same = OUTPUT.read_text(encoding="utf-8") == text
    print("the sweep is what is there" if same else f"{OUTPUT.relative_to(ROOT)} would change: run without --check")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
