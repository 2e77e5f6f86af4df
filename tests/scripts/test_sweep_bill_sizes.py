"""The committed sweep is what the pipeline says. `--check` repeats all of it in minutes; here a sample stands in."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))  # the scripts are run from their folder and are no package

import sweep_bill_sizes as sweep  # noqa: E402

PAGE = sweep.OUTPUT.read_text(encoding="utf-8")
ROWS = {
    title: [line for line in block.splitlines() if re.match(r"\| [\d,]+ \|", line)]
    for title, block in re.findall(r"^## (.+?)\n(.+?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL)
}


def test_every_case_is_swept_over_every_size_of_bill() -> None:
    assert list(ROWS) == [case.title for case in sweep.CASES]
    sizes = [f"| {bill:,} |" for bill in sweep.BILLS_USD]
    assert all([row[: len(size)] for row, size in zip(rows, sizes, strict=True)] == sizes for rows in ROWS.values())


@pytest.mark.parametrize(("number", "bill_usd"), [(0, 20_000), (3, 6_500), (3, 8_500), (4, 20_000)])
def test_a_committed_row_is_what_the_pipeline_says_today(number: int, bill_usd: int) -> None:
    case = sweep.CASES[number]
    assert sweep.row(bill_usd, sweep.answer(case, bill_usd)) in ROWS[case.title]


@pytest.mark.parametrize("case", [case for case in sweep.CASES if "(gpt-oss-20b)" in case.title], ids=str)
def test_weights_that_others_sell_by_the_token_never_move(case: sweep.Case) -> None:
    assert all("stay on the API" in row for row in ROWS[case.title])
    assert f"| {case.title} | 100,000 | never |" in PAGE


def test_weights_that_nobody_sells_move_between_4_000_and_30_000_and_never_below() -> None:
    own = [case.title for case in sweep.CASES if case.weights == "own"]
    for title in own:
        verdicts = {row.split(" | ")[0].strip("| "): "stay on the API" not in row for row in ROWS[title]}
        assert not verdicts["4,500"]
        assert verdicts["30,000"]
