"""The command itself: files in, an exit code out, and the decision computed again from its own inputs."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from costcheck.cli.context import Context
from costcheck.cli.gate import gate
from costcheck.cli.records import write_record
from costcheck.errors import CostcheckError
from costcheck.sources.snapshot import read_snapshot, write_snapshot
from tests.costcheck.accepting import accept
from tests.costcheck.decision.builders import decided, inputs
from tests.costcheck.gate.plans import NODE_GROUP, Json, create, pool, preview, state_of, update

TODAY = date(2026, 10, 1)
NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)
RECORDED = Path(__file__).parents[2] / "data" / "plans"
GPU = preview(create(NODE_GROUP, "gpu", pool(2)))
SERVERS = preview(create(NODE_GROUP, "system", pool(2, "m6i.large")))
Gate = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Return the command, run in a directory of its own with prices of today."""
    monkeypatch.chdir(tmp_path)
    bundled = read_snapshot()
    fresh = tuple(replace(row, provenance=replace(row.provenance, retrieved_on=TODAY)) for row in bundled.unit_prices)
    write_snapshot(replace(bundled, as_of=TODAY, unit_prices=fresh), tmp_path / "prices.json")

    def run_gate(document: Json | None, *options: str) -> Result:
        if document is not None:
            Path("plan.json").write_text(json.dumps(document))
        arguments = ["--plan", "plan.json", "--prices", "prices.json", "--format", "json", *options]
        context = Context(now=NOW, environ={})
        return CliRunner().invoke(gate, arguments, obj=context, standalone_mode=False)

    return run_gate


def record(*, accepted: bool = True, stack: str = "") -> Path:
    """Write a decision that allows two g6.xlarge, as `costcheck decide --record` does, and return its folder."""
    folder = Path("runbooks/decisions")
    written = write_record(decided(), inputs(), folder)
    if accepted:
        accept(written.page, on=TODAY, stack=stack)
    return folder


def notices(result: Result) -> dict[str, str]:
    return {notice["name"]: notice["seen"] for notice in json.loads(result.stdout)["notices"]}


def checks(result: Result) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in reversed(json.loads(result.stdout)["checks"])}


def test_a_pool_without_a_decision_is_denied(run: Gate) -> None:
    done = run(GPU)

    assert done.return_value == 3
    assert checks(done)["decision"] == "denied"


def test_a_pool_that_an_accepted_decision_covers_is_allowed(run: Gate) -> None:
    record()
    done = run(GPU)

    assert done.return_value == 0, done.stdout


def test_a_decision_that_nobody_accepted_allows_nothing(run: Gate) -> None:
    record(accepted=False)

    assert run(GPU).return_value == 3


def test_a_decision_that_was_edited_decides_nothing(run: Gate) -> None:
    current = record() / "current.json"
    current.write_text(current.read_text().replace('"g6.xlarge/on_demand": 2', '"g6.xlarge/on_demand": 9'))
    done = run(GPU)

    assert done.return_value == 4
    assert "maximum_nodes" in done.stdout


def test_a_decision_whose_inputs_are_missing_decides_nothing(run: Gate) -> None:
    for path in record().glob("*.inputs.json"):
        path.unlink()

    assert run(GPU).return_value == 4


def test_a_decision_whose_inputs_were_edited_decides_nothing(run: Gate) -> None:
    for path in record().glob("*.inputs.json"):
        path.write_bytes(path.read_bytes() + b" ")

    assert run(GPU).return_value == 4


def test_a_decision_that_is_no_json_decides_nothing(run: Gate) -> None:
    (record() / "current.json").write_text("{")

    assert run(GPU).return_value == 4


def test_a_decision_that_is_not_needed_may_be_broken(run: Gate) -> None:
    (record() / "current.json").write_text("{")

    assert run(preview(update(NODE_GROUP, "gpu", pool(2), pool(1)), same=9)).return_value == 0


def test_what_stays_comes_from_the_state(run: Gate) -> None:
    record()
    stands = state_of(NODE_GROUP, "standing", pool(1))
    Path("state.json").write_text(json.dumps({"version": 3, "deployment": {"manifest": {}, "resources": [stands]}}))
    document = preview(create(NODE_GROUP, "gpu", pool(2)), same=1)

    assert run(document).return_value == 4
    assert run(document, "--state", "state.json").return_value == 3


def test_a_plan_of_another_stack_is_refused(run: Gate) -> None:
    assert isinstance(run(GPU, "--stack", "prod").exception, CostcheckError)
    assert run(GPU, "--stack", "shop/dev").return_value == 3


@pytest.mark.parametrize("content", ["", "{}", "null", "<html>", '{"steps": []}', '{"steps": [{}]}'])
def test_what_is_no_plan_is_an_answer_too(run: Gate, content: str) -> None:
    Path("plan.json").write_text(content)
    done = run(None)

    assert done.return_value == 4
    assert checks(done) == {"plan": "cannot_decide"}


def test_limits_are_read_where_there_are_any(run: Gate) -> None:
    document = preview(create(NODE_GROUP, "system", pool(2, "m6i.large")))

    assert run(document).return_value == 0
    Path("gate.toml").write_text("[limits]\nmonthly_usd = 100\n")
    assert run(document).return_value == 3


def test_a_waiver_of_the_repository_lifts_a_limit(run: Gate) -> None:
    document = preview(create(NODE_GROUP, "system", pool(2, "m6i.large")))
    Path("gate.toml").write_text("[limits]\nmonthly_usd = 100\n")
    Path("runbooks/waivers").mkdir(parents=True)
    Path("runbooks/waivers/load.toml").write_text(
        'owner = "Ada"\nreason = "load test"\ncheck = "limit.monthly_usd"\nstack = "shop/dev"\n'
        "up_to = 200\nexpires = 2026-10-09\n"
    )

    assert run(document).return_value == 0


def test_a_plan_that_was_allowed_is_written_down(run: Gate) -> None:
    record()
    done = run(GPU, "--gated", "gated.json")

    assert json.loads(Path("gated.json").read_text())["plan_sha256"] == json.loads(done.stdout)["plan_sha256"]


def test_a_plan_that_was_denied_leaves_nothing_to_apply(run: Gate) -> None:
    Path("gated.json").write_text("of an earlier plan")
    run(GPU, "--gated", "gated.json")

    assert not Path("gated.json").exists()


def test_a_plan_that_does_not_show_what_stays_cannot_be_written_down(run: Gate) -> None:
    done = run(preview(update(NODE_GROUP, "gpu", pool(2), pool(1)), same=9), "--gated", "gated.json")

    assert isinstance(done.exception, CostcheckError)


def test_what_was_gated_before_is_gone_whatever_becomes_of_this_plan(run: Gate) -> None:
    for document in (GPU, preview(update(NODE_GROUP, "gpu", pool(2), pool(1)), same=9)):
        Path("gated.json").write_text("of an earlier plan")
        run(document, "--gated", "gated.json")

        assert not Path("gated.json").exists()


def test_what_is_no_plain_file_is_never_removed(run: Gate) -> None:
    os.mkfifo("gated.json")
    run(GPU, "--gated", "gated.json")

    assert Path("gated.json").is_fifo()


def test_a_plan_that_cannot_be_written_down_is_answered_all_the_same(run: Gate) -> None:
    done = run(preview(update(NODE_GROUP, "gpu", pool(2), pool(1)), same=9), "--gated", "gated.json")

    assert json.loads(done.stdout)["outcome"] == "allowed"
    assert isinstance(done.exception, CostcheckError)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("status: accepted", "status: accepted? not yet", "status"),
        ("accepted_by: Ada Lovelace", "accepted_by: nobody yet", "accepted_by"),
        ("accepted_by: Ada Lovelace", "accepted_by:", "accepted_by"),
        (f"accepted_on: {TODAY}", "accepted_on: not yet", "accepted_on"),
        (f"accepted_on: {TODAY}", "accepted_on: 2030-01-01", "accepted_on"),
        (f"accepted_on: {TODAY}", "accepted_on: 2020-01-01", "accepted_on"),
    ],
)
def test_an_acceptance_without_a_name_and_a_day_allows_nothing_and_says_which_field_is_wrong(
    run: Gate, old: str, new: str, says: str
) -> None:
    page = next(record().glob("0*.md"))
    page.write_text(page.read_text().replace(old, new))
    done = run(GPU)
    (found,) = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "decision.acceptance"]

    assert done.return_value == 3
    assert f"its {says} is" in found["seen"]
    assert "`- accepted_by: NAME`" in found["to_do"]


def test_a_decision_for_one_stack_denies_gpu_servers_of_every_other(run: Gate) -> None:
    record(stack="shop/prod")
    done = run(GPU)
    (found,) = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "decision.stack"]

    assert done.return_value == 3
    assert found["seen"] == "it was accepted for the stack `shop/prod`; this is `shop/dev`"


def test_a_decision_for_one_stack_allows_its_gpu_servers_without_a_word_about_others(run: Gate) -> None:
    record(stack="shop/dev")
    done = run(GPU)

    assert done.return_value == 0
    assert "decision.stack" not in notices(done)


@pytest.mark.parametrize("style", ["text", "json", "markdown", "junit", "sarif"])
def test_every_format_warns_that_any_stack_may_use_a_decision_that_names_none(run: Gate, style: str) -> None:
    record()
    done = run(GPU, "--format", style)
    words = " ".join(done.stdout.replace("\\", "").split())

    assert done.return_value == 0
    assert "nothing keeps another stack from using the same decision" in words
    assert "accepted_for: shop/dev" in words


def test_a_decision_that_nothing_grows_under_is_not_warned_of(run: Gate) -> None:
    record()

    assert "decision.stack" not in notices(run(preview(update(NODE_GROUP, "gpu", pool(2), pool(1)), same=9)))


@pytest.mark.parametrize("style", ["text", "json", "markdown", "junit", "sarif"])
def test_every_format_says_that_there_are_no_limits_and_where_they_were_looked_for(run: Gate, style: str) -> None:
    words = " ".join(run(SERVERS, "--format", style).stdout.replace("\\", "").split())

    assert "no limits are configured: there is no `gate.toml` in the folder in which the gate was run" in words


def test_a_gate_toml_without_a_limit_is_told_from_none(run: Gate) -> None:
    Path("gate.toml").write_text('[usage]\n"AmazonEC2 NatGateway-Bytes" = 1\n')

    assert notices(run(SERVERS))["limits"].startswith("no limits are configured: `gate.toml` sets none")


@pytest.mark.parametrize(
    "limits",
    ["[limits]\nbudget_usd = 0\n", "[runway]\ncash_usd = 9\nmonthly_burn_usd = 1\nmin_months = 1\n"],
)
def test_nothing_is_said_of_limits_where_one_is_set(run: Gate, limits: str) -> None:
    Path("gate.toml").write_text(limits)

    assert "limits" not in notices(run(SERVERS))


@pytest.mark.parametrize("name", ["w.txt", "w.TOML", "w.toml.bak", "w.yaml", "w"])
def test_a_file_that_is_no_waiver_by_its_name_is_named(run: Gate, name: str) -> None:
    Path("runbooks/waivers").mkdir(parents=True)
    Path("runbooks/waivers", name).write_text("")
    Path("runbooks/waivers/README.md").write_text("")

    assert notices(run(SERVERS))["ignored"].startswith(f"`{name}` in `runbooks/waivers`: ignored")


def test_waivers_that_are_no_folder_are_named(run: Gate) -> None:
    Path("w.toml").write_text("")

    assert notices(run(SERVERS, "--waivers", "w.toml"))["ignored"].startswith("`w.toml` is no folder")


@pytest.mark.parametrize("name", ["Gate.toml", "gate.tml", "gates.toml", "gate.toml.txt", ".gate.toml", "gate.yaml"])
def test_a_file_that_is_called_almost_like_the_one_of_the_limits_is_named(run: Gate, name: str) -> None:
    Path(name).write_text("")

    assert notices(run(SERVERS))["ignored"].startswith(f"`{name}`: ignored, since limits are read from `gate.toml`")


@pytest.mark.parametrize("name", ["gated.json", "gate.sh", "gate.py", "README.md"])
def test_a_file_of_another_kind_beside_the_limits_is_none_of_the_gate_s(run: Gate, name: str) -> None:
    Path(name).write_text("")

    assert "ignored" not in notices(run(SERVERS))


def test_many_files_that_are_no_waivers_are_counted(run: Gate) -> None:
    Path("runbooks/waivers").mkdir(parents=True)
    for number in range(7):
        Path(f"runbooks/waivers/{number}.txt").write_text("")

    assert "`4.txt`, 2 more in `runbooks/waivers`" in notices(run(SERVERS))["ignored"]


@pytest.mark.parametrize("content", ["{", "{}", None])
def test_a_state_that_does_not_fit_the_preview_is_a_reason_of_its_own(run: Gate, content: str | None) -> None:
    resources = [state_of(NODE_GROUP, "standing", pool(1))]
    newer = json.dumps({"version": 3, "deployment": {"manifest": {}, "resources": resources}})
    Path("state.json").write_text(content or newer)
    done = run(preview(create(NODE_GROUP, "gpu", pool(2)), same=2), "--state", "state.json")
    found = json.loads(done.stdout)

    assert done.return_value == 4
    assert (found["project"], found["stack"], checks(done)) == ("shop", "dev", {"state": "cannot_decide"})
    assert "the exported state cannot be read, or does not fit the preview" in found["headline"]
    assert found["checks"][0]["to_do"].startswith("export the state again, `pulumi stack export > state.json`")


def test_what_only_use_tells_comes_from_the_decision_or_from_the_company(run: Gate) -> None:
    record()
    nat = create("aws:ec2/natGateway:NatGateway", "nat", {"subnetId": "subnet-0"})
    document = preview(create(NODE_GROUP, "gpu", pool(1)), nat)
    (line,) = json.loads(run(document).stdout)["usage"]
    assert line["quantity"] == "50"

    Path("gate.toml").write_text('[usage]\n"AmazonEC2 NatGateway-Bytes" = 1000\n')
    (line,) = json.loads(run(document).stdout)["usage"]
    assert (line["quantity"], line["cost"]["desired_usd"]) == ("1000", "45.000")


@pytest.fixture
def no_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("no_login")
def test_a_certain_denial_is_told_though_there_are_no_prices_of_today(run: Gate) -> None:
    done = run(GPU, "--live")

    assert done.return_value == 3
    assert "credentials" in json.loads(done.stdout)["no_live_prices"]
    assert "no prices of today: " in done.stderr


@pytest.mark.usefixtures("no_login")
@pytest.mark.parametrize("style", ["text", "json", "markdown", "junit", "sarif"])
def test_every_format_is_written_though_there_are_no_prices_of_today(run: Gate, style: str) -> None:
    assert "credentials" in run(GPU, "--live", "--format", style).stdout or style in {"junit", "sarif"}
    assert run(GPU, "--live", "--format", style).stdout


@pytest.mark.usefixtures("no_login")
def test_prices_that_are_young_enough_serve_where_there_are_none_of_today(run: Gate) -> None:
    record()

    assert run(GPU, "--live").return_value == 0


@pytest.mark.usefixtures("no_login")
def test_prices_that_are_too_old_decide_nothing_where_there_are_none_of_today(run: Gate) -> None:
    record()
    rows = tuple(
        replace(row, provenance=replace(row.provenance, retrieved_on=date(2026, 7, 20)))
        for row in read_snapshot().unit_prices
    )
    write_snapshot(replace(read_snapshot(), unit_prices=rows), Path("prices.json"))
    done = run(GPU, "--live")
    (prices,) = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "prices"]

    assert done.return_value == 4
    assert "There are no prices of today: pricing:GetProducts: Unable to locate credentials" in prices["seen"]
    assert "gate role" in prices["to_do"]
    assert "sso" not in done.stdout


@pytest.mark.usefixtures("no_login")
def test_a_region_that_aws_does_not_have_is_an_answer_too(run: Gate) -> None:
    done = run(GPU | {"config": {"aws:region": "eu-west-77"}}, "--live")

    assert done.return_value == 3
    assert "eu-west-77" in json.loads(done.stdout)["no_live_prices"]


@pytest.mark.parametrize(("stack", "told"), [("prod", ("", "prod")), ("shop/prod", ("shop", "prod"))])
def test_what_cannot_be_read_is_of_the_stack_that_was_asked_for(run: Gate, stack: str, told: tuple[str, str]) -> None:
    Path("plan.json").write_text("")
    found = json.loads(run(None, "--stack", stack).stdout)

    assert (found["project"], found["stack"]) == told


@pytest.mark.parametrize("name", ["add_pools", "base_create", "lower", "noop", "destroy"])
def test_the_real_program_answers_on_every_recorded_plan(name: str, tmp_path: Path) -> None:
    expected = {"add_pools": 3, "base_create": 0, "lower": 0, "noop": 0, "destroy": 0}[name]
    command = [sys.executable, "-m", "costcheck", "gate", "--plan", str(RECORDED / f"{name}.json")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, env=dict(os.environ))  # noqa: S603

    assert done.returncode == expected, done.stderr
