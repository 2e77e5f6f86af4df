"""`costcheck decide` on what users get wrong: a message of three parts, exit 2 or 4, no traceback, no verdict."""

import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from costcheck.__main__ import main
from costcheck.ledger import open_ledger
from costcheck.records import BillBatch, Charge, Origin, Provenance, TokenUsage
from costcheck.sources.snapshot import (
    _decoded,
    _without_digest,
    encode_snapshot,
    read_snapshot,
    snapshot_digest,
)
from costcheck.verdict import read_decision

DAY = "2026-08-01"
CONFIG = """
[company]
name = "Example Shop Ltd"
[operator]
answer = "team"
[self_hosting]
instance_types = ["g6.xlarge"]
[[workload]]
name = "chat"
latency_class = "interactive"
match = { everything = true }
candidates = ["gpt-oss-20b"]
"""
FIRST = datetime(2026, 2, 1, tzinfo=UTC)


Run = Callable[..., "Said"]


def months() -> list[tuple[datetime, datetime]]:
    starts = [datetime(2026, month, 1, tzinfo=UTC) for month in range(2, 9)]
    return list(itertools.pairwise(starts))


def batch(model: str = "gpt-5.4", currency: str = "USD") -> BillBatch:
    """Return six months of 1,000,000 requests of 1,000 tokens in and 200 out: 5,500 USD each. Constructed."""
    return BillBatch(
        x_source="test",
        buckets=("b",),
        usage=tuple(
            TokenUsage(
                x_source="test",
                x_bucket="b",
                charge_period_start=start,
                charge_period_end=end,
                service_provider_name="openai",
                request_model=model,
                uncached_input_tokens=1_000_000_000,
                output_tokens=200_000_000,
                requests=1_000_000,
            )
            for start, end in months()
        ),
        charges=tuple(
            Charge(
                x_source="test",
                x_bucket="b",
                charge_period_start=start,
                charge_period_end=end,
                service_provider_name="openai",
                service_name="API",
                billed_cost=Decimal(5500),
                billing_currency=currency,
                x_gen_ai_request_model=model,
            )
            for start, end in months()
        ),
        provenance=Provenance(
            source="test", source_url="test", retrieved_on=date(2026, 8, 1), origin=Origin.CONSTRUCTED
        ),
    )


@dataclass(frozen=True)
class Said:
    """What the command answered."""

    code: object
    out: str
    err: str


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a configuration, a ledger and the record of a decision: made once, copied for each."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "costcheck.toml").write_text(CONFIG)
    with open_ledger(folder / "costcheck.duckdb") as ledger:
        ledger.replace(batch())
    arguments = ["decide", "--as-of", DAY, "--draws", "100", "--record", "records"]
    done = subprocess.run(  # noqa: S603 - our own command, once as a real process
        [sys.executable, "-m", "costcheck", *arguments], cwd=folder, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return folder


@pytest.fixture
def folder(company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(company, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command as its entry point does; an error that it does not know fails the test with its traceback."""
    assert folder.exists()

    def command(*arguments: str) -> Said:
        given = arguments or ("--as-of", DAY)
        monkeypatch.setattr(sys, "argv", ["costcheck", "decide", *given, "--draws", "100"])
        with pytest.raises(SystemExit) as left:
            main()
        text = capsys.readouterr()
        return Said(left.value.code, text.out, text.err)

    return command


def refused(run: Run, *arguments: str) -> tuple[str, object]:
    """Return what the command said, having checked that it refused in three parts and gave no verdict."""
    done = run(*arguments)
    assert done.code in {2, 4}, done
    assert "expected:" in done.err
    assert "to do:" in done.err
    assert not done.out
    return " ".join(done.err.split()), done.code


def insufficient(run: Run, *arguments: str) -> str:
    """Return what the command said, having checked that its verdict is that there is none."""
    done = run(*arguments)
    assert done.code == 4, done
    assert "NOT ENOUGH EVIDENCE" in done.out.upper() or "INSUFFICIENT" in done.out.upper()
    return " ".join(done.out.split())


def change(folder: Path, old: str, new: str) -> None:
    assert old in CONFIG
    (folder / "costcheck.toml").write_text(CONFIG.replace(old, new))


def test_the_company_under_test_gets_a_verdict(run: Run) -> None:
    done = run()
    assert (done.code, done.err) == (0, "")
    assert "STAY ON THE API" in done.out


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ("candidates =", "candidate =", "the nearest is `candidates`"),
        ('name = "Example Shop Ltd"', "", "missing required field `name`"),
        ('latency_class = "interactive"', 'latency_class = "interactive"\noutage_cost_usd_per_hour = nan', "NaN"),
        ('["g6.xlarge"]', '["g6.xlarg"]', "the nearest is 'g6.xlarge'"),
        ('["g6.xlarge"]', '["g6.xlarge"]\nrefused_instance_types = ["g6.xxlarge"]', "the nearest is 'g6."),
        ('["gpt-oss-20b"]', '["gpt-oss-20"]', "the nearest is 'gpt-oss-20b'"),
        ("[company]", "<html>", "is not TOML"),
        ('answer = "team"', 'answer = "maybe"', "one of `managed_provider`, `nobody`, `team`"),
        ('answer = "team"', 'answer = "Team"', "the nearest is `team`"),
        ('"interactive"', '"interactiv"', "the nearest is `interactive`"),
        ("[operator]", "[thresholds.min_saving]\nvalue = 1\nreason = 'x'\n[operator]", "min_saving"),
    ],
)
def test_a_wrong_configuration_is_a_usage_error_that_names_the_key(
    folder: Path, old: str, new: str, seen: str, run: Run
) -> None:
    change(folder, old, new)
    message, code = refused(run)
    assert seen in message
    assert code == 2


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('["g6.xlarge"]', '["g6.xlarg"]', 2),
        ('["gpt-oss-20b"]', '["gpt-oss-20"]', 2),
        ('answer = "team"', 'answer = "Team"', 2),
        ("{ everything = true }", '{ request_models = ["gpt-4o"] }', 4),
    ],
)
def test_an_error_names_the_configuration_that_was_given(
    folder: Path, old: str, new: str, code: int, run: Run
) -> None:
    change(folder, old, new)
    (folder / "costcheck.toml").rename(folder / "mine.toml")
    message, seen = refused(run, "--config", "mine.toml", "--as-of", DAY)
    assert "mine.toml" in message
    assert "costcheck.toml" not in message
    assert seen == code


def test_no_configuration_says_how_to_write_one(folder: Path, run: Run) -> None:
    (folder / "costcheck.toml").unlink()
    message, code = refused(run)
    assert "costcheck init" in message
    assert code == 2


def test_no_ledger_says_how_to_fill_one(folder: Path, run: Run) -> None:
    (folder / "costcheck.duckdb").unlink()
    message, _ = refused(run)
    assert "costcheck bill" in message
    assert not (folder / "costcheck.duckdb").exists()


def test_a_ledger_that_is_none_is_named(folder: Path, run: Run) -> None:
    (folder / "costcheck.duckdb").write_text("<html>503</html>")
    assert "costcheck.duckdb" in refused(run)[0]


def test_an_empty_ledger_is_no_bill_of_zero(folder: Path, run: Run) -> None:
    (folder / "costcheck.duckdb").unlink()
    with open_ledger(folder / "costcheck.duckdb"):
        pass
    assert "nothing was measured" in insufficient(run)


def test_a_bill_in_euro_is_not_converted(folder: Path, run: Run) -> None:
    with open_ledger(folder / "costcheck.duckdb") as ledger:
        ledger.replace(batch(currency="EUR"))
    message, code = refused(run)
    assert "EUR" in message
    assert code == 4


def test_a_model_that_nobody_prices_is_named(folder: Path, run: Run) -> None:
    with open_ledger(folder / "costcheck.duckdb") as ledger:
        ledger.replace(batch(model="gpt-unheard-of"))
    done = run()
    assert done.code == 4
    assert "gpt-unheard-of" in done.out + done.err


def test_a_workload_that_matches_nothing_is_named(folder: Path, run: Run) -> None:
    change(folder, "{ everything = true }", '{ request_models = ["gpt-4o"] }')
    message, code = refused(run)
    assert "workload 'chat' has no usage" in message
    assert code == 4


def test_the_future_cannot_be_decided(run: Run) -> None:
    message, code = refused(run, "--as-of", "2999-01-01")
    assert "is in the future" in message
    assert code == 2


def test_bills_that_begin_later_are_no_bills(run: Run) -> None:
    message, code = refused(run, "--as-of", "2026-01-15")
    assert "no usage before 2026-01-15" in message
    assert code == 4


def test_a_region_without_prices_gets_no_verdict(folder: Path, run: Run) -> None:
    change(folder, 'name = "Example Shop Ltd"', 'name = "Example Shop Ltd"\nregion_id = "eu-west-1"')
    assert "another region" in insufficient(run)


def test_a_price_of_zero_is_no_price(folder: Path, run: Run) -> None:
    free = encode_snapshot(read_snapshot()).replace(b'"0.8048"', b'"0"')
    file = _decoded(free, "prices.json")
    (folder / "prices.json").write_bytes(
        free.replace(file.sha256.encode(), snapshot_digest(_without_digest(file)).encode())
    )
    message, code = refused(run, "--as-of", DAY, "--prices", "prices.json")
    assert "BoxUsage:g6.xlarge" in message
    assert "above zero" in message
    assert code == 4


@pytest.mark.parametrize("content", ["", "<html>", "{", "{}", "[]"])
def test_prices_that_are_none_are_refused(folder: Path, content: str, run: Run) -> None:
    (folder / "prices.json").write_text(content)
    assert "prices.json" in refused(run, "--as-of", DAY, "--prices", "prices.json")[0]


def test_prices_that_were_edited_are_refused(folder: Path, run: Run) -> None:
    (folder / "prices.json").write_bytes(encode_snapshot(read_snapshot()).replace(b"0.8048", b"0.0048"))
    message, code = refused(run, "--as-of", DAY, "--prices", "prices.json")
    assert "digest" in message
    assert code == 4


@pytest.fixture
def record(folder: Path) -> Path:
    (found,) = (folder / "records").glob("*.inputs.json")
    return found


def test_a_record_replays(folder: Path, record: Path, run: Run) -> None:
    done = run("--replay", str(record), "--format", "json")
    assert done.code == 0
    assert done.out == (folder / "records" / "current.json").read_text()


def _cheaper_gpu(content: str) -> str:
    return content.replace("0.8048", "0.0048")


def _other_seed(content: str) -> str:
    document = json.loads(content)
    document["seed"] += 1
    return json.dumps(document)


def _spaces(content: str) -> str:
    return content + "\n"


@pytest.mark.parametrize("edit", [_cheaper_gpu, _other_seed, _spaces])
def test_a_record_whose_inputs_were_edited_is_worth_nothing(
    record: Path, edit: Callable[[str], str], run: Run
) -> None:
    changed = edit(record.read_text())
    assert changed != record.read_text()
    record.write_text(changed)
    message, code = refused(run, "--replay", str(record))
    assert "does not have the digest" in message
    assert code == 4


ALLOWANCE = {"region_id": "us-east-1", "maximum_nodes": {"p5.48xlarge/on_demand": 9}, "monthly_ceiling_usd": "1"}


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        ({"verdict": "self_host"}, '`verdict` is "self_host" in it and "stay_on_api" when computed again'),
        ({"allowance": ALLOWANCE}, "`allowance` is {"),
        ({"valid_until": "2099-01-01", "rule": 1}, '`valid_until` is "2099-01-01"'),
        ({"options": []}, "`options` is []"),
        ({"waived": True}, "`waived` is true in it and null"),
    ],
)
def test_a_recorded_decision_that_was_edited_is_worth_nothing(
    record: Path, edit: dict[str, object], named: str, run: Run
) -> None:
    recorded = recorded_decision(record)
    recorded.write_text(json.dumps(json.loads(recorded.read_text()) | edit))
    message, code = refused(run, "--replay", str(record))
    assert f"{recorded.name} is not what its inputs lead to" in message
    assert named in message
    assert code == 4


def test_an_edit_deep_in_a_recorded_decision_is_named_with_its_whole_key(record: Path, run: Run) -> None:
    recorded = recorded_decision(record)
    document = json.loads(recorded.read_text())
    document["options"][1]["monthly_cost_usd"]["p50"] = "1"
    recorded.write_text(json.dumps(document))
    assert '`options[1].monthly_cost_usd.p50` is "1"' in refused(run, "--replay", str(record))[0]


def test_a_recorded_decision_that_was_only_laid_out_anew_is_not_the_same_bytes(record: Path, run: Run) -> None:
    recorded = recorded_decision(record)
    recorded.write_text(recorded.read_text() + "\n")
    assert "the layout" in refused(run, "--replay", str(record))[0]


def test_a_decision_of_another_version_that_differs_names_both(
    record: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = recorded_decision(record)
    monkeypatch.setattr("costcheck.cli.records.__version__", "9.9.9")
    assert run("--replay", str(record)).code == 0
    recorded.write_text(recorded.read_text().replace("stay_on_api", "self_host", 1))
    assert re.search(r"costcheck \S+ wrote it, this is 9\.9\.9", refused(run, "--replay", str(record))[0])


def recorded_decision(record: Path) -> Path:
    return record.with_name(record.name.replace(".inputs.json", ".decision.json"))


def accept(page: Path) -> None:
    page.write_text(page.read_text().replace("- status: proposed", "- status: accepted"))


def test_a_proposal_replaces_a_proposal_in_current_json(folder: Path, record: Path, run: Run) -> None:
    before = (folder / "records" / "current.json").read_bytes()
    done = run("--as-of", "2026-08-02", "--record", "records")
    assert done.code == 0
    assert "current.json" not in done.out
    assert before == recorded_decision(record).read_bytes() != (folder / "records" / "current.json").read_bytes()


def test_a_proposal_leaves_an_accepted_decision_in_force_and_says_how_to_replace_it(
    folder: Path, record: Path, run: Run
) -> None:
    records = folder / "records"
    accept(records / record.name.replace(".inputs.json", ".md"))
    done = run("--as-of", "2026-08-02", "--record", "records")
    assert (records / "current.json").read_bytes() == recorded_decision(record).read_bytes()
    assert "which a person has accepted" in done.out
    (line,) = [line for line in done.out.splitlines() if " cp " in line]
    source, target = line.partition(" cp ")[2].split()
    shutil.copyfile(source, target)
    accept(records / Path(source).name.replace(".decision.json", ".md"))
    assert read_decision(records / "current.json").as_of == date(2026, 8, 2)
    run("--as-of", "2026-08-02", "--record", "records")
    assert read_decision(records / "current.json").as_of == date(2026, 8, 2)


def test_an_accepted_decision_recorded_again_stays_current(folder: Path, record: Path, run: Run) -> None:
    accept(folder / "records" / record.name.replace(".inputs.json", ".md"))
    done = run("--replay", str(record), "--record", "records")
    assert "current.json" not in done.out
    assert (folder / "records" / "current.json").read_bytes() == recorded_decision(record).read_bytes()


@pytest.mark.parametrize("content", ["", "<html>", "{", "{}"])
def test_a_replay_of_something_else_is_refused(record: Path, content: str, run: Run) -> None:
    record.write_text(content)
    assert refused(run, "--replay", str(record))[1] == 2


def test_a_replay_without_its_decision_is_refused(folder: Path, record: Path, run: Run) -> None:
    next((folder / "records").glob("*.decision.json")).unlink()
    assert ".decision.json" in refused(run, "--replay", str(record))[0]


def test_a_replay_of_nothing_is_refused(run: Run) -> None:
    assert "cannot be read" in refused(run, "--replay", "nowhere.inputs.json")[0]


def test_the_record_carries_the_digest_of_its_inputs(folder: Path, record: Path) -> None:
    decision = read_decision(folder / "records" / "current.json")
    assert set(decision.input_digests) >= {"inputs", "prices", "bill", "demand", "settings", "rules"}
    assert msgspec.json.decode(record.read_bytes())["as_of"] == DAY
