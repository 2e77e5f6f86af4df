"""`costcheck bill` replay, reconcile, export, forget and redact as a user meets them; every bill is constructed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from costcheck.cli.bills import bill
from costcheck.cli.context import Context
from costcheck.errors import CostcheckError, CurrencyError, EvidenceError, InputFileError, LedgerError, UsageError
from costcheck.ledger import open_ledger
from costcheck.records import Charge, Operation, ServiceTier, TokenUsage
from tests.costcheck.ledger.test_ledger import batch, charge, usage

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
GOLDEN = Path(__file__).parents[2] / "golden/reconcile/expected.txt"
MODEL = "gpt-5.4-2026-03-05"
MILLION = 1_000_000
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty directory; an error of ours is raised, as main() would meet it."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, environ: dict[str, str] | None = None) -> Result:
        result = CliRunner().invoke(bill, list(arguments), obj=Context(now=NOW, environ=environ or {}))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def fill(*rows: TokenUsage | Charge, bucket: str = "2026-09") -> None:
    with open_ledger(Path("costcheck.duckdb")) as ledger:
        ledger.replace(batch(*(replace(row, x_bucket=bucket) for row in rows), bucket=bucket))


def used(
    day: int = 1, tier: ServiceTier = ServiceTier.STANDARD, *, month: int = 9, output: int = MILLION
) -> TokenUsage:
    row = usage(datetime(2026, month, day, tzinfo=UTC), output=output)
    return replace(
        row,
        request_model=MODEL,
        service_tier=tier,
        uncached_input_tokens=10 * MILLION,
        cache_read_input_tokens=MILLION,
        requests=10_000,
        sub_account_id="proj_of-anna",
    )


def charged(cost: str, *, month: int = 9, model: str | None = MODEL, operation: Operation = Operation.CHAT) -> Charge:
    row = charge(cost, start=datetime(2026, month, 1, tzinfo=UTC))
    return replace(row, x_gen_ai_request_model=model, x_operation=operation)


LIST_COST = "40.25"
"""10 million of input at 2.50 USD, 1 million cached at 0.25, 1 million of output at 15: OpenAI lists gpt-5.4 so."""


def test_a_bill_at_list_prices_is_explained(run: Run) -> None:
    fill(used(), charged(LIST_COST))
    result = run("reconcile")
    assert f"charged {LIST_COST}, usage x list price {LIST_COST}" in result.stdout
    assert "unknown at openai: 0.0%" in result.stdout


def test_every_kind_of_line_reads_as_in_the_golden(run: Run) -> None:
    fill(used(), used(2, ServiceTier.BATCH), charged("60.37"), charged("2", model=None, operation=Operation.TOOL))
    fill(used(month=10), charged("38", month=10), bucket="2026-10")
    fill(used(month=11), charged("12", month=11), bucket="2026-11")
    gateway = replace(used(), x_source="litellm", output_tokens=MILLION // 2)
    with open_ledger(Path("costcheck.duckdb")) as ledger:
        ledger.replace(replace(batch(gateway), x_source="litellm"))
    assert run("reconcile").stdout == GOLDEN.read_text(encoding="utf-8")


def test_more_than_a_decision_allows_unknown_is_insufficient_evidence_after_the_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fill(used(), charged("80"))
    result = CliRunner().invoke(bill, ["reconcile"], obj=Context(now=NOW, environ={}))
    assert "+39.75 unknown" in result.stdout
    assert isinstance(result.exception, EvidenceError)
    assert result.exception.exit_code == 4
    assert "49.7% of the bill of openai" in str(result.exception)


def test_tokens_written_in_thousands_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fill(used(), charged("40250"))
    result = CliRunner().invoke(bill, ["reconcile"], obj=Context(now=NOW, environ={}))
    assert "+40,209.75 unknown: the tokens look 1,000 times too few; write all their digits" in result.stdout


def test_a_stated_discount_explains_what_a_company_pays(run: Run, tmp_path: Path) -> None:
    fill(used(), charged("32.20"))
    with pytest.raises(EvidenceError):
        run("reconcile")
    template = Path(__file__).parents[3] / "costcheck/data/sample_company/costcheck.toml"
    discount = (
        '[[contracted_discount]]\nservice_provider_name = "openai"\ndiscount_share = 0.2\nsource = "contract"\n'
    )
    (tmp_path / "costcheck.toml").write_text(f"{template.read_text(encoding='utf-8')}\n{discount}", encoding="utf-8")
    assert "-8.05 contracted discount" in run("reconcile").stdout


def test_json_holds_exact_amounts(run: Run) -> None:
    fill(used(), charged("40.250000000000000001"))
    content = msgspec.json.decode(run("reconcile", "--format", "json").stdout)
    (line,) = content["lines"]
    assert Decimal(line["charged"]) == Decimal("40.250000000000000001")
    assert [Decimal(cause["amount"]) for cause in line["causes"]] == [Decimal("0.000000000000000001")]


def test_another_currency_is_an_error_and_never_compared(run: Run) -> None:
    fill(used(), replace(charged("5"), billing_currency="EUR"))
    with pytest.raises(CurrencyError):
        run("reconcile")


def test_an_empty_ledger_says_that_there_is_nothing_to_compare(run: Run) -> None:
    fill()
    assert "nothing to compare" in run("reconcile").stdout


def test_exporting_says_how_many_charges_it_wrote(run: Run) -> None:
    fill(charged("1"), charged("2"))
    assert run("export", "--focus", "out.csv").stdout == "out.csv: 2 charges, FOCUS 1.4\n"
    assert len(Path("out.csv").read_text(encoding="utf-8").splitlines()) == 3


def test_an_export_to_another_kind_of_file_is_refused(run: Run) -> None:
    fill(charged("1"))
    with pytest.raises(InputFileError):
        run("export", "--focus", "out.xlsx")


def test_replaying_an_empty_quarantine_says_so(run: Run) -> None:
    fill(charged("1"))
    assert run("replay").stdout == "nothing is in quarantine\n"
    assert run("replay", "openai").stdout == "nothing is in quarantine from openai\n"


def test_replaying_says_what_became_of_the_rows(run: Run, tmp_path: Path) -> None:
    rows = "month,provider,amount,currency\n2026-09,openai,10,USD\n2026-09,openai,NaN,USD\n"
    (tmp_path / "mine.csv").write_text(rows, encoding="utf-8")
    run("import", "mine.csv")
    expected = "invoice file:mine.csv: 0 rows read now, 0 set aside, 1 stay in quarantine\n"
    assert run("replay").stdout == expected


def test_old_months_are_forgotten(run: Run) -> None:
    fill(charged("1"))
    fill(charged("2", month=10), bucket="2026-10")
    assert run("forget", "--before", "2026-10").stdout == "forgot openai 2026-09: 1 rows, all of it\n"
    assert run("forget", "--before", "2026-10").stdout == "nothing ended before 2026-10\n"


@pytest.mark.parametrize("words", ["", "openai", "openai 2026-09 --before 2026-10", "--source x"])
def test_what_to_forget_must_be_clear(run: Run, words: str) -> None:
    fill(charged("1"))
    with pytest.raises(UsageError, match="not clear what to forget"):
        run("forget", *words.split())


@pytest.mark.parametrize(("environ", "word"), [({}, "removed"), ({"COSTCHECK_REDACTION_SALT": "s"}, "hashed")])
def test_redacting_says_how_many_identifiers_went(run: Run, environ: dict[str, str], word: str) -> None:
    fill(used(), charged("1"))
    assert f"1 identifiers {word}" in run("redact", environ=environ).stdout
    assert b"of-anna" not in Path("costcheck.duckdb").read_bytes()


@pytest.mark.parametrize("command", [["reconcile"], ["export", "--focus", "a.csv"], ["replay"], ["redact"]])
def test_a_ledger_that_is_not_there_is_an_error_and_none_is_made(
    run: Run, command: list[str], tmp_path: Path
) -> None:
    with pytest.raises(LedgerError, match="no ledger"):
        run(*command)
    assert list(tmp_path.iterdir()) == []


def test_months_that_are_final_are_read_again_only_when_asked(run: Run) -> None:
    final = replace(batch(charged("1"), bucket="2026-09"))
    with open_ledger(Path("costcheck.duckdb")) as ledger:
        ledger.replace(replace(final, provenance=replace(final.provenance, retrieved_on=NOW.date())))
    keys = {"OPENAI_ADMIN_KEY": "constructed"}
    asked = ("pull", "openai", "--from", "2026-09", "--to", "2026-09", "--base-url", "http://127.0.0.1:9")
    assert "final, not read again" in run(*asked, environ=keys).stderr
    with pytest.raises(CostcheckError):  # nobody answers at that address: it was asked
        run(*asked, "--again", environ=keys)
