"""The ledger on a terminal of any width: every key and every digit is there."""

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from costcheck.cli.bill_text import (
    KINDS_SHOWN,
    print_ledger,
    print_months,
    reason_lines,
    shown_amount,
    shown_millions,
)
from costcheck.ledger import open_ledger
from costcheck.ledger.summary import MonthLine
from costcheck.records import BillBatch, Operation, Origin, Provenance, TokenUsage
from tests.costcheck.ledger.test_ledger import batch, charge, usage

LONG_NAME = "claude-sonnet-4-5-20250929-with-a-long-suffix"
LINE = MonthLine(
    x_source="openai",
    month=date(2026, 9, 1),
    service_provider_name="openai",
    request_model="gpt-5.4-2026-03-05",
    operation=Operation.CHAT,
    requests=12_345_678,
    uncached_input_tokens=23_456_789_012,
    cache_read_input_tokens=1_250_000_000,
    cache_creation_input_tokens=0,
    output_tokens=3_456_700_000,
    billed_cost=Decimal("1234567.89"),
    other_cost=Decimal(0),
    billing_currency="USD",
    x_estimated=False,
)
RICHER = [
    LINE,
    replace(
        LINE,
        x_source="litellm",
        service_provider_name="anthropic",
        request_model=LONG_NAME,
        cache_creation_input_tokens=98_765_400_000,
        other_cost=Decimal("-1234.56"),
        x_estimated=True,
    ),
]


def shown(lines: list[MonthLine], width: int) -> str:
    """Return what is printed on a console of this width."""
    target = io.StringIO()
    print_months(Console(file=target, width=width, highlight=False, markup=False), lines)
    return target.getvalue()


@pytest.mark.parametrize("width", [80, 100, 160])
def test_one_source_and_provider_fit_with_every_key_and_digit(width: int) -> None:
    text = shown([LINE, replace(LINE, month=date(2026, 10, 1))], width)
    assert max(map(len, text.splitlines())) <= width
    for part in ("2026-09", "2026-10", "gpt-5.4-2026-03-05", "12,345,678", "23,456.8", "1,250.0", "3,456.7"):
        assert part in text
    assert "1,234,567.89" in text
    assert "M tokens" in text
    assert "in every row: source: openai, provider: openai, cache write: none, other: none" in text


@pytest.mark.parametrize("width", [40, 80, 100, 160])
def test_a_narrow_console_folds_the_model_and_cuts_no_digit(width: int) -> None:
    text = shown(RICHER, width)
    figures = ("12,345,678", "23,456.8", "1,250.0", "98,765.4", "3,456.7", "~1,234,567.89", "-1,234.56")
    assert [figure for figure in figures if figure not in text] == []
    row = next(line for line in text.splitlines() if "12,345,678" in line)
    names = "".join(line[: row.index("12,345,678")].strip() for line in text.splitlines())
    assert f"litellm: anthropic/{LONG_NAME}".replace(" ", "") in names.replace(" ", "")
    assert "..." not in text
    assert "\N{HORIZONTAL ELLIPSIS}" not in text


def test_the_model_is_not_folded_in_a_file() -> None:
    assert LONG_NAME in shown(RICHER, 160)


def test_amounts_in_two_currencies_say_which() -> None:
    text = shown([LINE, replace(LINE, billing_currency="EUR")], 100)
    assert "1,234,567.89 EUR" in text
    assert "1,234,567.89 USD" in text


def total_of(text: str, name: str) -> list[list[str]]:
    """Return the figures of the totals of that name."""
    return [line.partition(name)[2].split() for line in text.splitlines() if line.strip().startswith(f"{name} ")]


def test_each_month_and_all_months_end_in_their_total() -> None:
    other = replace(LINE, request_model="gpt-5.4-mini", billed_cost=Decimal("0.11"), other_cost=Decimal("-5.00"))
    text = shown([LINE, other, replace(LINE, month=date(2026, 10, 1))], 120)
    assert total_of(text, "total") == [["1,234,568.00", "-5.00"]]
    assert total_of(text, "all months") == [["2,469,135.89", "-5.00"]]
    assert "of all sources" not in text


def test_a_month_of_one_row_needs_no_total() -> None:
    text = shown([LINE], 120)
    assert (total_of(text, "total"), total_of(text, "all months")) == ([], [])


def test_a_total_is_marked_where_a_part_may_change_and_leaves_out_what_is_not_known() -> None:
    text = shown([LINE, replace(LINE, x_estimated=True), replace(LINE, billed_cost=None)], 120)
    assert total_of(text, "total") == [["~2,469,135.78"]]


def test_a_total_of_nothing_known_is_not_zero() -> None:
    unknown = replace(LINE, billed_cost=None)
    assert total_of(shown([unknown, unknown], 120), "total") == [["?"]]


def test_a_total_never_adds_currencies() -> None:
    text = shown([LINE, replace(LINE, billing_currency="EUR"), LINE], 120)
    assert total_of(text, "total") == [["2,469,135.78", "USD"]]
    assert text.count("1,234,567.89 EUR") == 2


def test_totals_of_several_sources_say_that_they_are() -> None:
    assert "of all sources together" in shown(RICHER, 120)


UNTOLD = replace(
    LINE,
    requests=None,
    uncached_input_tokens=None,
    cache_read_input_tokens=None,
    cache_creation_input_tokens=None,
    output_tokens=None,
)


def test_tokens_that_nobody_told_are_a_question_and_never_zero() -> None:
    text = shown([UNTOLD], 120)
    assert total_of(text, LINE.request_model) == [["?", "?", "?", "?", "1,234,567.89"]]
    assert "cache write: not told" in text


def test_a_credit_alone_has_no_tokens_that_could_be_told() -> None:
    credit = replace(UNTOLD, request_model="Credit", billed_cost=None, other_cost=Decimal("-5.00"))
    assert total_of(shown([LINE, credit], 120), "Credit") == [["-", "-", "-", "-", "-", "-5.00"]]


def test_what_a_month_comes_to_with_its_credits_is_said_by_currency_and_for_all_months() -> None:
    credit = replace(LINE, request_model="Credit", billed_cost=None, other_cost=Decimal("-1234000.00"))
    euros = replace(LINE, billing_currency="EUR", other_cost=Decimal("0.11"))
    text = shown([LINE, credit, replace(euros, month=date(2026, 10, 1))], 120)
    assert [line for line in text.splitlines() if " net " in line] == [
        "2026-09: usage 1,234,567.89, other -1,234,000.00, net 567.89 USD",
        "2026-10: usage 1,234,567.89, other 0.11, net 1,234,568.00 EUR",
        "all months: usage 1,234,567.89, other 0.11, net 1,234,568.00 EUR",
        "all months: usage 1,234,567.89, other -1,234,000.00, net 567.89 USD",
    ]
    assert "\nother: credits, taxes and the like; a decision takes no credit from what usage costs" in text


def test_months_without_credits_need_no_net() -> None:
    text = shown([LINE, replace(LINE, month=date(2026, 10, 1))], 120)
    assert " net " not in text
    assert "a decision takes" not in text


def test_a_line_without_a_model_is_called_that_and_not_set_aside() -> None:
    invoice = replace(LINE, operation=Operation.OTHER, request_model="July", is_model_named=False)
    assert "July (no model named)" in shown([invoice], 120)
    assert "July (other, set aside)" in shown([replace(invoice, is_model_named=True)], 120)
    assert "July (execute_tool, set aside)" in shown([replace(invoice, operation=Operation.TOOL)], 120)


def test_a_name_in_brackets_is_no_markup() -> None:
    assert "[bold]" in shown([replace(LINE, request_model="[bold]")], 80)


def test_an_empty_ledger_says_so() -> None:
    assert shown([], 80) == "no usage and no charges\n"


@given(st.integers(1, 10**9))
def test_tokens_that_were_used_are_never_shown_as_none(tokens: int) -> None:
    assert shown_millions(tokens) != shown_millions(0)


@given(st.decimals(places=6, min_value=-1, max_value=1).filter(bool))
def test_money_that_was_paid_is_never_shown_as_none(amount: Decimal) -> None:
    assert shown_amount(amount) != shown_amount(Decimal(0))


def test_reasons_that_differ_in_a_value_are_one_line() -> None:
    counts = {("invoice", f"line {line}, amount is '{line}x'"): 1 for line in range(2, 400)}
    assert reason_lines(counts, "quarantined") == [
        "invoice: 398 rows quarantined: line 2, amount is '2x' (and 397 like it)"
    ]


def test_many_kinds_of_reason_are_cut_with_their_count() -> None:
    counts = {("invoice", f"{'x' * kind} is wrong"): kind for kind in range(1, 51)}
    lines = reason_lines(counts, "quarantined")
    assert len(lines) == KINDS_SHOWN + 1
    assert lines[0] == f"invoice: 50 rows quarantined: {'x' * 50} is wrong"
    assert lines[-1] == f"{sum(range(1, 43))} more rows quarantined, for 42 other kinds of reason: see --format json"


@pytest.mark.parametrize("columns", [80, 100])
def test_the_sample_bill_fits_a_real_terminal(columns: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "costcheck"]
    subprocess.run([*command, "demo", "--dir", "."], cwd=tmp_path, capture_output=True, timeout=60, check=True)  # noqa: S603 - our own command
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        environ = {"PATH": os.environ["PATH"], "TERM": "dumb"}
        shown = subprocess.Popen([*command, "bill", "show"], cwd=tmp_path, stdout=theirs, env=environ)  # noqa: S603 - the same
        os.close(theirs)
        text = _read_all(terminal)
        assert shown.wait(timeout=60) == 0
    table = text.partition("in every row:")[0].splitlines()
    assert max(map(len, table)) <= columns
    assert [month for month in ("2026-02", "2026-07") if month not in text] == []


def _read_all(terminal: io.RawIOBase) -> str:
    parts = []
    try:
        while part := terminal.read(4096):
            parts.append(part)
    except OSError:  # Linux answers EIO when the last writer has left
        pass
    return b"".join(parts).decode()


@pytest.mark.parametrize(
    ("begins", "said"), [(1, "2 complete months (2026-09, 2026-10)"), (2, "1 complete month (2026-10)")]
)
def test_months_before_the_first_whole_one_with_usage_are_not_counted_as_complete(
    begins: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = {"2026-07": (), "2026-08": (), "2026-09": (begins, 30), "2026-10": (1, 31), "2026-11": ()}
    with open_ledger(tmp_path / "l") as ledger:
        for month, used in days.items():
            rows = tuple(usage(datetime.fromisoformat(f"{month}-{day:02}T00:00+00:00"), bucket=month) for day in used)
            read = batch(*rows, bucket=month)
            ledger.replace(replace(read, provenance=replace(read.provenance, retrieved_on=date(2026, 12, 3))))
        print_ledger(ledger)
    assert f"openai: {said}" in capsys.readouterr().out.splitlines()


def test_a_bucket_that_is_a_digest_is_shown_with_the_name_of_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usage = TokenUsage(
        x_source="openai",
        x_bucket="sha256:abc",
        charge_period_start=datetime(2026, 9, 1, tzinfo=UTC),
        charge_period_end=datetime(2026, 9, 2, tzinfo=UTC),
        service_provider_name="openai",
        request_model="gpt-5.4",
        uncached_input_tokens=1,
        output_tokens=1,
    )
    with open_ledger(tmp_path / "ledger.duckdb") as ledger:
        for source, bucket in (("openai", "sha256:abc"), ("litellm", "2026-09")):
            read = Provenance(
                source=source, source_url="a.csv", retrieved_on=date(2026, 11, 1), origin=Origin.CONSTRUCTED
            )
            row = replace(usage, x_source=source, x_bucket=bucket)
            ledger.replace(BillBatch(x_source=source, buckets=(bucket,), usage=(row,), provenance=read))
        print_ledger(ledger)
    text = capsys.readouterr().out
    assert "read: openai sha256:abc (a.csv) on 2026-11-01" in text
    assert "read: litellm 2026-09 on 2026-11-01" in text
    assert "warning: litellm 2026-09 and openai sha256:abc (a.csv) both count gpt-5.4" in text


def both_of(month: int, source: str) -> BillBatch:
    start, bucket = datetime(2026, month, 1, tzinfo=UTC), f"2026-{month:02}"
    rows = tuple(replace(usage(start, bucket=bucket), x_source=source, request_model=model) for model in "abcd")
    charged = replace(charge(bucket=bucket, start=start), x_source=source)
    return replace(batch(bucket=bucket), x_source=source, usage=rows, charges=(charged,))


def test_two_sources_that_share_many_models_are_one_warning_that_names_separate_sources(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_ledger(tmp_path / "ledger.duckdb") as ledger:
        for source in ("focus", "openai"):
            for month in (9, 10):
                ledger.replace(both_of(month, source))
        print_ledger(ledger)
    (warning,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning")]
    assert "warning: focus and openai both count all charges, a, b, c and 1 more in 2 months;" in warning
    assert "name one in separate_sources of costcheck.toml" in warning
