"""`costcheck leftovers`, run as a user runs it: exit codes, lines, and what it refuses."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from costcheck.cli import leftovers as module
from costcheck.cli.context import Context
from costcheck.cli.leftovers import exit_code, leftovers, render_leftovers
from costcheck.errors import ExitCode, SourceAuthError, UsageError
from costcheck.sources.leftovers.things import Bills, Leftover, LeftoverReport, Unlisted

NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)
COMMAND = "aws ec2 delete-nat-gateway --nat-gateway-id nat-1 --region us-east-1"


def leftover(bills: Bills = Bills.YES, **more: Any) -> Leftover:  # noqa: ANN401 - any field
    return Leftover(
        **{
            "service": "Amazon VPC",
            "id": "nat-1",
            "what": "NAT gateway, available",
            "since": datetime(2026, 11, 20, tzinfo=UTC),
            "why": "tag worthwhile:stack=dev",
            "bills": bills,
            "remove": COMMAND,
            "note": "",
            **more,
        }
    )


def report(*found: Leftover, unlisted: tuple[Unlisted, ...] = ()) -> LeftoverReport:
    return LeftoverReport(
        stack="dev",
        cluster="llm-dev",
        account_id="111122223333",
        region_id="us-east-1",
        as_of=NOW,
        listed={"NAT gateways": 1, "KMS keys": 0},
        leftovers=found,
        unlisted=unlisted,
    )


DENIED = Unlisted(
    listing="volumes",
    seen="ec2:DescribeVolumes: AWS answered UnauthorizedOperation: you may not",
    expected="credentials that may call ec2:DescribeVolumes",
    action="allow ec2:DescribeVolumes on * for this identity, or use one that has it",
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(leftovers, list(arguments), obj=Context(now=NOW, environ={}), standalone_mode=False)


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (report(), ExitCode.DONE),
        (report(leftover(Bills.NO), leftover(Bills.PREPAID)), ExitCode.DONE),
        (report(leftover(Bills.NO), leftover()), ExitCode.DENIED),
        (report(unlisted=(DENIED,)), ExitCode.INSUFFICIENT_EVIDENCE),
        (report(leftover(), unlisted=(DENIED,)), ExitCode.INSUFFICIENT_EVIDENCE),
    ],
)
def test_the_exit_code_is_0_for_nothing_3_for_something_and_4_for_nobody_can_tell(
    seen: LeftoverReport, code: ExitCode
) -> None:
    assert exit_code(seen) is code


def test_a_line_says_service_id_kind_day_reason_and_command() -> None:
    text = "\n".join(render_leftovers(report(leftover())))

    assert "Amazon VPC  nat-1  NAT gateway, available, since 2026-11-20" in text
    assert "why:    tag worthwhile:stack=dev" in text
    assert f"remove: {COMMAND}" in text
    assert text.endswith("Things of stack dev that still bill: 1.")


def test_things_stand_under_whether_they_bill() -> None:
    lines = list(
        render_leftovers(report(leftover(Bills.NO, id="a"), leftover(id="b"), leftover(Bills.PREPAID, id="c")))
    )

    order = [line.split("  ")[2] for line in lines if line.startswith("  Amazon")]
    assert order == ["b", "c", "a"]
    assert [line.split(" (")[0].strip() for line in lines if "in the order" in line] == [
        "Bills",
        "Paid in advance",
        "Does not bill",
    ]


def test_a_listing_that_failed_is_told_with_its_permission() -> None:
    text = "\n".join(render_leftovers(report(unlisted=(DENIED,))))

    assert "ec2:DescribeVolumes: AWS answered UnauthorizedOperation" in text
    assert "to do:    allow ec2:DescribeVolumes on *" in text
    assert "Nobody can tell" in text


def test_nothing_left_says_what_was_counted_and_where() -> None:
    text = "\n".join(render_leftovers(report()))

    assert "account 111122223333, us-east-1" in text
    assert "Listed: 1 NAT gateways, 0 KMS keys" in text
    assert "Stack dev, cluster llm-dev: nothing bills in us-east-1." in text
    assert "existing cluster" not in text


def test_a_proof_beside_an_existing_cluster_says_what_it_does_not_cover() -> None:
    text = "\n".join(render_leftovers(replace(report(), cluster=None)))

    assert "Stack dev in an existing cluster: nothing bills" in text
    assert "were not looked for" in text


@pytest.mark.parametrize("options", [[], ["--cluster", "llm-dev", "--existing-cluster"]])
def test_the_cluster_is_either_named_or_said_to_be_older(options: list[str]) -> None:
    problem = run("--stack", "dev", "--region", "us-east-1", *options).exception

    assert isinstance(problem, UsageError)
    assert "--existing-cluster" in problem.expected


@pytest.mark.parametrize(("option", "value"), [("--stack", ""), ("--cluster", " "), ("--cluster", "a/b")])
def test_a_name_that_would_match_nothing_is_refused(option: str, value: str) -> None:
    given = {"--stack": "dev", "--cluster": "llm-dev", "--region": "us-east-1"} | {option: value}

    problem = run(*(word for pair in given.items() for word in pair)).exception

    assert isinstance(problem, UsageError)
    assert option in problem.seen


def test_an_unknown_region_names_the_nearest() -> None:
    problem = run("--stack", "dev", "--cluster", "llm-dev", "--region", "us-eats-1").exception

    assert isinstance(problem, UsageError)
    assert "us-east-1" in problem.expected


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    problem = run("--stack", "dev", "--cluster", "llm-dev", "--region", "us-east-1").exception

    assert isinstance(problem, SourceAuthError)
    assert "credentials" in problem.seen


def test_json_holds_the_whole_report_and_stderr_the_permissions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_surveyed", lambda *_: report(leftover()))

    result = run("--stack", "dev", "--cluster", "llm-dev", "--region", "us-east-1", "--format", "json")

    content = json.loads(result.stdout)
    assert (content["account_id"], content["as_of"]) == ("111122223333", "2026-11-26T04:00:00Z")
    assert content["leftovers"][0] | {"why": ""} == {
        "service": "Amazon VPC",
        "id": "nat-1",
        "what": "NAT gateway, available",
        "since": "2026-11-20T00:00:00Z",
        "why": "",
        "bills": "yes",
        "remove": COMMAND,
        "note": "",
    }
    assert "tag:GetResources" in result.stderr
    assert result.return_value == ExitCode.DENIED


def test_the_command_loads_without_aws() -> None:
    code = (
        "import sys, costcheck.cli.leftovers;"
        "print([name for name in ('boto3', 'botocore', 'rich', 'msgspec') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603 - our own code
    assert done.stdout.strip() == "[]"
