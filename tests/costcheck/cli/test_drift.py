"""The command itself: an accepted decision of the sample company, looked at again with other days and prices."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from costcheck.cli.app import costcheck
from costcheck.cli.context import Context
from costcheck.errors import CostcheckError, ExitCode
from costcheck.facts import data_file
from costcheck.sources.snapshot import read_snapshot, write_snapshot
from tests.costcheck.accepting import accept

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
DECIDED_ON, LATER, TOO_LATE = "2026-08-01", "2026-08-10", "2026-08-20"
EXPIRES = '\n[thresholds.decision_valid_days]\nvalue = 14\nreason = "constructed for a test"\n'
Run = Callable[..., Result]


def command(*words: str) -> Result:
    return CliRunner().invoke(costcheck, words, obj=Context(now=NOW, environ={}), standalone_mode=False)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the sample company with weights that nobody sells, so that servers pay, and its accepted decision."""
    folder = tmp_path_factory.mktemp("company")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        sample = Path(str(data_file("sample_company")))
        text = (sample / "costcheck.toml").read_text().replace('cheaper_request_model = "gpt-5.4-mini"\n', "")
        own = text.replace('name = "support-chat"\n', 'name = "support-chat"\nweights = "own"\n')
        Path("costcheck.toml").write_text(own + EXPIRES)
        assert command("bill", "import", str(sample / "openai_pages.jsonl.gz")).exception is None
        words = ("--as-of", DECIDED_ON, "--draws", "500", "--record", "runbooks/decisions")
        assert command("decide", *words).return_value == ExitCode.DONE
        accept_in(Path("runbooks/decisions"))
        yield folder


def accept_in(folder: Path) -> None:
    (page,) = folder.glob("0001-*.md")
    accept(page, on=date.fromisoformat(DECIDED_ON))


@pytest.fixture
def run(company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return the command, run in a copy of the company's directory."""
    shutil.copytree(company, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return lambda *words: command("drift", *words)


def write_prices(*, gpu: str) -> None:
    """Write the bundled prices with those of GPU instances multiplied."""
    bundled = read_snapshot()
    rows = tuple(
        replace(row, list_unit_price=row.list_unit_price * Decimal(gpu))
        if row.sku_meter.startswith(("BoxUsage:g", "BoxUsage:p"))
        else row
        for row in bundled.unit_prices
    )
    write_snapshot(replace(bundled, unit_prices=rows), Path("prices.json"))


def test_a_decision_that_still_holds_answers_0_and_names_nothing(run: Run) -> None:
    before = {path: path.read_bytes() for path in Path("runbooks/decisions").iterdir()}
    done = run("--as-of", LATER)

    assert done.return_value == 0, done.exception
    assert done.stdout.startswith("STANDS - ")
    assert "Nothing moved." in done.stdout
    assert {path: path.read_bytes() for path in Path("runbooks/decisions").iterdir()} == before


def test_gpu_prices_that_turn_the_verdict_answer_3_and_are_named(run: Run) -> None:
    write_prices(gpu="9")
    done = run("--as-of", LATER, "--prices", "prices.json", "--format", "json")
    answer = json.loads(done.stdout)

    assert done.return_value == 3
    assert answer["verdict"] == {"then": "hybrid", "now": "stay_on_api"}
    (price,) = [row for row in answer["aws_prices"] if row["unit_price_usd"]["then"] != row["unit_price_usd"]["now"]]
    assert (price["sku_meter"], price["change_share"]) == ("BoxUsage:g6.xlarge", "8.0000")
    (effect,) = answer["attribution"]["effects"]
    assert (effect["parts"], effect["verdict"]) == (["aws_prices"], "stay_on_api")
    assert effect["saving_usd"] == answer["attribution"]["total_usd"]
    assert answer["attribution"]["draws"] == 500


def test_an_expired_decision_answers_4_though_nothing_moved(run: Run) -> None:
    done = run("--as-of", "2026-08-16")

    assert done.return_value == 4, done.exception
    assert done.stdout.startswith("EXPIRED - ")
    assert "expired 1 day ago" in done.stdout


def test_prices_that_are_too_old_today_answer_4(run: Run) -> None:
    done = run("--as-of", TOO_LATE, "--format", "markdown")

    assert done.return_value == 4, done.exception
    assert done.stdout.startswith("# CANNOT TELL - ")
    assert "costcheck prices pull" in done.stdout


def edited(path: Path) -> None:
    path.write_text(path.read_text().replace('"g6.xlarge/on_demand": 2', '"g6.xlarge/on_demand": 9'))


def without_inputs(path: Path) -> None:
    for inputs in path.parent.glob("*.inputs.json"):
        inputs.unlink()


def other_inputs(path: Path) -> None:
    for inputs in path.parent.glob("*.inputs.json"):
        inputs.write_bytes(inputs.read_bytes() + b" ")


def no_json(path: Path) -> None:
    path.write_text("{")


def proposed(path: Path) -> None:
    for page in path.parent.glob("*.md"):
        page.write_text(page.read_text().replace("- status: accepted", "- status: proposed"))


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (Path.unlink, "there is no decision"),
        (edited, "maximum_nodes"),
        (without_inputs, "no inputs with the digest"),
        (other_inputs, "no inputs with the digest"),
        (no_json, "is not a decision"),
        (a_folder, "cannot be read"),
        (proposed, "nobody has accepted"),
    ],
)
def test_without_an_accepted_decision_that_follows_from_its_inputs_the_answer_is_4(
    run: Run, spoil: Callable[[Path], None], says: str
) -> None:
    spoil(Path("runbooks/decisions/current.json"))
    done = run("--as-of", LATER)

    assert isinstance(done.exception, CostcheckError)
    assert done.exception.exit_code == 4
    assert says in done.exception.seen
    assert done.exception.action
    assert done.stdout == ""


def test_a_missing_configuration_is_a_usage_error(run: Run) -> None:
    done = run("--as-of", LATER, "--config", "nowhere.toml")

    assert isinstance(done.exception, CostcheckError)
    assert done.exception.exit_code == 2


@pytest.mark.parametrize("day", ["2026-07-31", "2026-11-27"])
def test_a_day_before_the_decision_or_in_the_future_is_a_usage_error(run: Run, day: str) -> None:
    done = run("--as-of", day)

    assert isinstance(done.exception, CostcheckError)
    assert done.exception.exit_code == 2


def test_the_real_program_leaves_with_the_answer(run: Run) -> None:
    assert run is not None
    words = [sys.executable, "-m", "costcheck", "drift", "--as-of", LATER]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=dict(os.environ))  # noqa: S603

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("STANDS - ")


def test_the_real_program_says_on_standard_error_why_nobody_can_tell(run: Run) -> None:
    assert run is not None
    edited(Path("runbooks/decisions/current.json"))
    words = [sys.executable, "-m", "costcheck", "drift", "--as-of", LATER]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=dict(os.environ))  # noqa: S603

    assert (done.returncode, done.stdout) == (4, "")
    assert "to do:" in done.stderr
