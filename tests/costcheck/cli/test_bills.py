"""`costcheck bill` as a user meets it, against a real server and a real file; every payload is constructed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from costcheck.cli.bills import bill
from costcheck.cli.context import Context
from costcheck.errors import CostcheckError, LedgerError, SourceAuthError, SourceError, UsageError
from costcheck.sources import http as http_module
from tests.costcheck.buckets import whole

if TYPE_CHECKING:
    from tests.costcheck.conftest import Answer, Loopback

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
DATA = Path(__file__).parents[2] / "data"
KEYS = {"OPENAI_ADMIN_KEY": "sk-admin-x", "ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-x", "LITELLM_MASTER_KEY": "sk-x"}
EMPTY = b'{"data": [], "has_more": false, "next_page": null, "total": 0, "total_pages": 0}'
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty directory; an error of ours is raised, as main() would meet it."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str | Path, environ: dict[str, str] | None = None) -> Result:
        context = Context(now=NOW, environ=KEYS if environ is None else environ)
        result = CliRunner().invoke(bill, [str(argument) for argument in arguments], obj=context)
        if isinstance(result.exception, CostcheckError):
            raise result.exception
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def page(name: str) -> bytes:
    content: dict[str, Any] = msgspec.json.decode((DATA / name).read_bytes())
    return msgspec.json.encode(content | {"has_more": False, "next_page": None})


def serve(answer: type[Answer], pages: dict[str, bytes]) -> Callable[[str, list[tuple[str, str]]], Answer]:
    """Give each page once, to the first request in November that asks for its path."""
    rest = dict(pages)

    def respond(path: str, params: list[tuple[str, str]]) -> Answer:
        november = any(
            "2026-11" in value or value >= "1793491200" for name, value in params if name.startswith("start")
        )
        filtered = "inference_geos[]" in dict(params)
        return answer(whole(rest.pop(path, EMPTY), params) if november and not filtered else EMPTY)

    return respond


def openai_pages() -> dict[str, bytes]:
    return {
        "/organization/usage/completions": page("openai/openai_usage_completions_page1.json"),
        "/organization/costs": page("openai/costs.json"),
    }


def months(run: Run) -> list[dict[str, Any]]:
    content: dict[str, Any] = msgspec.json.decode(run("show", "--format", "json").stdout)
    found: list[dict[str, Any]] = content["months"]
    return found


def test_pulling_from_openai_fills_the_ledger(run: Run, loopback: Loopback, answer: type[Answer]) -> None:
    loopback.answer = serve(answer, openai_pages())
    result = run("pull", "openai", "--base-url", loopback.url)
    assert "2026-05 to 2026-11" in result.stderr
    assert "no charge" in result.stderr
    line = next(line for line in months(run) if line["request_model"] == "gpt-5.4-2026-03-05")
    assert (line["requests"], line["uncached_input_tokens"], line["cache_read_input_tokens"]) == (600, 400000, 800000)
    assert float(line["billed_cost"]) == 6.9


def test_pulling_again_changes_nothing(run: Run, loopback: Loopback, answer: type[Answer]) -> None:
    digests = []
    for _ in range(2):
        loopback.answer = serve(answer, openai_pages())
        run("pull", "openai", "--base-url", loopback.url)
        digests.append(msgspec.json.decode(run("show", "--format", "json").stdout)["digest"])
    assert digests[0] == digests[1]


def test_a_month_that_is_pulled_again_says_what_changed(run: Run, loopback: Loopback, answer: type[Answer]) -> None:
    pages = openai_pages()
    loopback.answer = serve(answer, pages)
    assert "unchanged" not in run("pull", "openai", "--from", "2026-11", "--base-url", loopback.url).stdout
    loopback.answer = serve(answer, pages)
    assert "  2026-11: unchanged" in run("pull", "openai", "--from", "2026-11", "--base-url", loopback.url).stdout
    costs = pages["/organization/costs"].replace(b'"value":2.0', b'"value":2.5')
    loopback.answer = serve(answer, pages | {"/organization/costs": costs})
    changed = run("pull", "openai", "--from", "2026-11", "--base-url", loopback.url).stdout
    assert re.search(r"  2026-11: [0-9.]+ -> [0-9.]+ USD\n", changed)


def test_a_pull_that_has_to_wait_says_so(
    run: Run, loopback: Loopback, answer: type[Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_module, "SHORTEST_WAIT_TOLD", 0.0)
    pages, busy = serve(answer, openai_pages()), [answer(status=429, headers={"retry-after": "0"})]
    loopback.answer = lambda path, params: busy.pop() if busy else pages(path, params)
    result = run("pull", "openai", "--from", "2026-11", "--base-url", loopback.url)
    assert "openai: the answer was 429; waiting 0 seconds" in result.stderr


def test_pulling_from_anthropic_fills_the_ledger(run: Run, loopback: Loopback, answer: type[Answer]) -> None:
    path = "/v1/organizations/analytics"
    loopback.answer = serve(answer, {f"{path}/{kind}": page(f"anthropic/{kind}.json") for kind in ("usage", "cost")})
    run("pull", "anthropic", "--base-url", loopback.url, "--from", "2026-10")
    (line,) = months(run)
    assert (line["requests"], float(line["billed_cost"])) == (42, 0.6)


def test_pulling_from_litellm_fills_the_ledger(run: Run, loopback: Loopback, answer: type[Answer]) -> None:
    loopback.answer = serve(answer, {"/spend/logs/v2": (DATA / "litellm/spend_logs_v2.json").read_bytes()})
    environ = KEYS | {"LITELLM_BASE_URL": loopback.url}
    rows = msgspec.json.decode((DATA / "litellm/spend_logs_v2.json").read_bytes())
    rows["data"] = [row | {"startTime": "2026-11-01T09:15:00Z"} for row in rows["data"]]
    loopback.answer = serve(answer, {"/spend/logs/v2": msgspec.json.encode(rows)})
    result = run("pull", "litellm", "--from", "2026-11", environ=environ)
    assert "1 rows set aside" in result.stdout
    assert [line["requests"] for line in months(run)] == [1, 1]


@pytest.mark.parametrize(
    ("source", "name"),
    [("openai", "OPENAI_ADMIN_KEY"), ("anthropic", "ANTHROPIC_ADMIN_KEY"), ("litellm", "LITELLM_MASTER_KEY")],
)
def test_a_missing_key_is_named_and_nothing_is_created(run: Run, source: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{name} is not set"):
        run("pull", source, environ={})
    assert list(tmp_path.iterdir()) == []


def test_refused_credentials_leave_the_ledger_as_it_was(run: Run, loopback: Loopback, answer: type[Answer]) -> None:
    loopback.answer = serve(answer, openai_pages())
    run("pull", "openai", "--base-url", loopback.url)
    before = run("show", "--format", "json").stdout
    loopback.say(answer(status=401))
    with pytest.raises(SourceAuthError, match="sk-admin-") as caught:
        run("pull", "openai", "--base-url", loopback.url)
    assert KEYS["OPENAI_ADMIN_KEY"] not in str(caught.value)
    assert run("show", "--format", "json").stdout == before


def test_an_empty_bill_is_an_error(run: Run, loopback: Loopback, answer: type[Answer]) -> None:
    loopback.say(answer(EMPTY))
    with pytest.raises(SourceError, match="an empty bill"):
        run("pull", "openai", "--base-url", loopback.url)


def test_months_in_the_wrong_order_are_a_usage_error(run: Run) -> None:
    with pytest.raises(UsageError, match="2026-09"):
        run("pull", "openai", "--from", "2026-09", "--to", "2026-08")


def test_a_date_that_is_no_month_exits_with_2(run: Run) -> None:
    assert run("pull", "openai", "--from", "yesterday").exit_code == 2


def test_an_invoice_list_is_recognised_and_imported(run: Run) -> None:
    run("import", DATA / "invoice_csv/invoices.csv")
    result = run("show")
    assert "2 complete months (2026-09, 2026-10)" in result.stdout
    assert "1,200.00" in result.stdout
    assert "-100.00" in result.stdout


def test_a_second_invoice_of_a_month_is_warned_of_at_once_and_later_with_a_way_out(run: Run, tmp_path: Path) -> None:
    lines = {
        "first.csv": "2026-08,openai,90.00,USD\n2026-09,openai,100.00,USD\n",
        "b.csv": "2026-09,openai,120,USD\n",
    }
    told = []
    for name, rows in lines.items():
        (tmp_path / name).write_text(f"month,provider,amount,currency\n{rows}", encoding="utf-8")
        told.append([line for line in run("import", name).stderr.splitlines() if line.startswith("warning")])
    assert told[0] == []
    assert told[1] == [line for line in run("show").output.splitlines() if line.startswith("warning")]
    assert "invoice file:b.csv and invoice file:first.csv both count all charges in 1 month;" in told[1][0]


def test_the_way_out_of_two_invoices_of_a_month_loses_no_other_month(run: Run, tmp_path: Path) -> None:
    header, august, right = "month,provider,amount,currency\n", "2026-08,openai,90,USD\n", "2026-09,openai,120,USD\n"
    (tmp_path / "a.csv").write_text(f"{header}{august}2026-09,openai,100,USD\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text(header + right, encoding="utf-8")
    warning = run("import", "a.csv", "b.csv").stderr
    assert "run `costcheck bill forget invoice file:b.csv`, and import the new file as a.csv" in warning
    run("forget", "invoice", "file:b.csv")
    (tmp_path / "a.csv").write_text(header + august + right, encoding="utf-8")
    assert run("import", "a.csv").stderr == ""
    assert [float(line["billed_cost"]) for line in months(run)] == [90.0, 120.0]


def test_months_that_the_invoices_of_a_provider_leave_out_are_warned_of(run: Run, tmp_path: Path) -> None:
    rows = "".join(f"2026-0{month},{'anthropic' if month % 2 else 'openai'},100.00,USD\n" for month in range(3, 8))
    (tmp_path / "all.csv").write_text(f"month,provider,amount,currency\n{rows}", encoding="utf-8")
    run("import", "all.csv")
    warnings = [line for line in run("show").output.splitlines() if line.startswith("warning")]
    assert [line.rpartition(":")[0] for line in warnings] == [
        "warning: invoice has nothing of anthropic in 2026-04, 2026-06",
        "warning: invoice has nothing of openai in 2026-05, 2026-07",
    ]
    content = msgspec.json.decode(run("show", "--format", "json").output)
    assert [gap["months"] for gap in content["gaps"]] == [["2026-04-01", "2026-06-01"], ["2026-05-01", "2026-07-01"]]


def test_a_mended_invoice_file_replaces_the_one_that_it_mends(run: Run, tmp_path: Path) -> None:
    text = (DATA / "invoice_csv/invoices.csv").read_text(encoding="utf-8")
    path = tmp_path / "mine.csv"
    for amount in ("1200.00", "1250.00"):
        path.write_text(text.replace("1200.00", amount), encoding="utf-8")
        run("import", path)
    billed = [line["billed_cost"] for line in months(run) if line["request_model"] == "gpt-5.4-mini"]
    assert [float(amount) for amount in billed] == [1250.0]


def test_a_bad_row_is_said_and_kept(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "month,provider,amount,currency\n2026-09,openai,10,USD\n2026-09,openai,NaN,USD\n", encoding="utf-8"
    )
    result = run("import", path)
    assert "line 3, amount is 'NaN'" in result.stderr
    assert "1 rows quarantined" in run("show").stdout


def test_a_file_of_neither_kind_is_an_error(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UsageError, match="is no bill that is known"):
        run("import", path)


def test_a_bucket_can_be_forgotten(run: Run) -> None:
    run("import", DATA / "invoice_csv/invoices.csv")
    run("forget", "invoice", "file:invoices.csv")
    assert months(run) == []


def test_showing_a_ledger_that_is_not_there_is_an_error(run: Run) -> None:
    with pytest.raises(LedgerError, match="no ledger"):
        run("show")


@pytest.mark.parametrize("module", ["duckdb", "httpx2", "msgspec", "rich", "numpy"])
def test_importing_the_command_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, costcheck.cli.bills; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own code
