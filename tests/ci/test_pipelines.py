"""What runs in other people's pipelines: scanned, least in its roles, and carried out with recorded plans."""

import json
import os
import re
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml

from costcheck.sources.prices.aws_calls import IAM_ACTIONS
from tests.loopback import serving

ROOT = Path(__file__).parents[2]
SCANNERS = ROOT / ".venv-scanners" / "bin"
CI = ROOT / "docs" / "ci"
PLANS = ROOT / "tests" / "data" / "plans"
SCANNED = 3
SHA = "0123456789abcdef0123456789abcdef01234567"
ACCESS_LEVELS = """
import json, sys
from policy_sentry.querying.actions import get_action_data
for name in json.load(sys.stdin):
    service, _, action = name.partition(":")
    found = get_action_data(service, action)
    print(name, found[service][0]["access_level"] if found else "unknown")
"""


def run(*command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)  # noqa: S603 - our own


def actions(policy: str) -> list[str]:
    document = json.loads((CI / policy).read_text())
    return [action for statement in document["Statement"] for action in statement["Action"]]


def test_zizmor_finds_nothing_in_actions_and_workflows_and_looked_at_all_of_them() -> None:
    files = [*sorted((ROOT / ".github").rglob("*.yml"))]
    done = run(str(SCANNERS / "zizmor"), "--offline", "--format", "json", str(ROOT / ".github"))

    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout) == []
    assert all(str(file.relative_to(ROOT)) in done.stderr for file in files), done.stderr
    assert len(files) >= SCANNED


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Return the workflow for other repositories, copied and filled in as its first lines say."""
    text = (
        (CI / "gate.github.yml").read_text().replace("ORGANISATION/KIT/", "acme/kit/").replace("COMMIT\n", f"{SHA}\n")
    )
    workflow = tmp_path / ".github" / "workflows" / "gate.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(text)
    return workflow


def test_zizmor_finds_nothing_in_the_workflow_for_other_repositories(copied: Path) -> None:
    done = run(str(SCANNERS / "zizmor"), "--offline", "--format", "json", str(copied.parents[1]))

    assert (done.returncode, json.loads(done.stdout)) == (0, []), done.stdout
    assert "gate.yml" in done.stderr


def test_the_workflow_for_other_repositories_asks_for_what_our_own_asks(copied: Path) -> None:
    ours, theirs = (
        yaml.safe_load(path.read_text()) for path in (ROOT / ".github" / "workflows" / "gate.yml", copied)
    )
    (own,), (other,) = ours["jobs"].values(), theirs["jobs"].values()

    assert theirs["permissions"] == {}
    assert (other["permissions"], other["steps"][-1]["with"]) == (own["permissions"], own["steps"][-1]["with"])
    assert "if" not in other


def test_every_variable_and_secret_of_a_workflow_is_in_the_table() -> None:
    files = [*(ROOT / ".github").rglob("*.yml"), CI / "gate.github.yml"]
    used = {name for file in files for name in re.findall(r"\b(?:vars|secrets)\.(\w+)", file.read_text())}
    page = (CI / "README.md").read_text()

    assert {name for name in used if f"| `{name}`" not in page and f", `{name}`" not in page} == set()
    assert len(used) > SCANNED


def test_the_action_leaves_the_python_of_the_program_alone() -> None:
    assert "GITHUB_PATH" not in (ROOT / ".github" / "actions" / "gate" / "action.yml").read_text()


def test_every_action_of_others_is_pinned_to_a_commit() -> None:
    for file in (ROOT / ".github").rglob("*.yml"):
        for line in file.read_text().splitlines():
            name, _, used = line.partition("uses: ")
            if used and name.strip() in {"", "-"} and not used.startswith("./"):
                assert len(used.split("@")[1].split()[0]) == 40, line  # a whole SHA-1


def test_no_workflow_grants_anything_to_all_of_its_jobs() -> None:
    for file in (ROOT / ".github" / "workflows").glob("*.yml"):
        document = yaml.safe_load(file.read_text())
        assert document["permissions"] == {}, file
        assert "pull_request_target" not in document[True], file  # YAML takes `on` for true


@pytest.mark.parametrize(
    ("policy", "beside"),
    [
        ("gate-role.json", set()),
        # Newer than policy_sentry's list; it lists the versions of Kubernetes that EKS offers, and changes nothing.
        ("drift-role.json", {"eks:DescribeClusterVersions"}),
        ("preview-role.json", {"kms:Decrypt"}),
    ],
)
def test_the_roles_of_a_pipeline_can_only_read(policy: str, beside: set[str]) -> None:
    done = run(str(SCANNERS / "python"), "-c", ACCESS_LEVELS, given=json.dumps(actions(policy)))
    levels = dict(line.split() for line in done.stdout.splitlines())

    assert levels.keys() == set(actions(policy))
    assert {name for name, level in levels.items() if level not in {"Read", "List"}} == beside


def test_the_role_of_the_schedule_may_do_what_pulling_prices_needs_and_no_more() -> None:
    assert set(actions("drift-role.json")) == set(IAM_ACTIONS)


def test_the_two_roles_share_no_right_but_to_look_at_instance_types() -> None:
    assert set(actions("gate-role.json")) & set(actions("preview-role.json")) == {"ec2:DescribeInstanceTypes"}


@pytest.mark.parametrize("name", ["trust-github.json", "trust-github-drift.json", "trust-gitlab.json"])
def test_a_role_is_only_for_one_repository(name: str) -> None:
    ((statement),) = json.loads((CI / name).read_text())["Statement"]
    conditions = {key: value for kind in statement["Condition"].values() for key, value in kind.items()}
    subject = next(value for key, value in conditions.items() if key.endswith(":sub"))

    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert "sts.amazonaws.com" in conditions.values()
    assert "/" in subject.split(":ref")[0]
    assert "*" not in subject.split(":ref")[0]


def test_the_gitlab_template_asks_for_an_identity_and_runs_the_script() -> None:
    job: dict[str, Any] = yaml.safe_load((CI / "gate.gitlab-ci.yml").read_text())["costcheck-gate"]

    assert job["id_tokens"]["AWS_IDENTITY"]["aud"] == "sts.amazonaws.com"
    assert any("scripts/gate.sh" in line for line in job["script"])


def test_the_hook_runs_the_script() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())

    assert (hook["entry"], hook["stages"]) == ("scripts/gate.sh", ["pre-push"])
    assert os.access(ROOT / hook["entry"], os.X_OK)


@pytest.fixture
def pulumi(tmp_path: Path) -> Path:
    """Return a folder with a `pulumi` that writes what it is told, and notes the role that it was run with."""
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(
        '#!/usr/bin/env bash\necho "pulumi $1 ${AWS_ROLE_ARN:-none}" >>"$NOTES"\necho "$*" >>"$NOTES.words"\n'
        'if [ "$1" = stack ]; then cat "$STATE"; else cat "$PLAN"; exit "${PREVIEW_STATUS:-0}"; fi\n'
    )
    program.chmod(0o755)
    return program.parent


def gate(pulumi: Path, tmp_path: Path, plan: str, state: str = "state", **more: str) -> int:
    empty = tmp_path / "empty.json"
    empty.write_text("")
    path = os.pathsep.join([str(pulumi), str(ROOT / ".venv" / "bin"), os.environ["PATH"]])
    environment = {
        "PATH": path, "NOTES": str(tmp_path / "notes"), "PLAN": str(PLANS / f"{plan}.json"),
        "STATE": str(PLANS / f"{state}.json" if state else empty), **more,
    }  # fmt: skip
    bash = shutil.which("bash") or "bash"
    command = [bash, str(ROOT / "scripts" / "gate.sh"), "local"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)  # noqa: S603
    return done.returncode


@pytest.mark.parametrize(("plan", "answer"), [("lower", 0), ("noop", 0), ("failed_preview", 4)])
def test_the_script_leaves_with_the_answer_of_the_gate(pulumi: Path, tmp_path: Path, plan: str, answer: int) -> None:
    assert gate(pulumi, tmp_path, plan) == answer


def test_new_gpus_without_a_decision_stop_the_pipeline(pulumi: Path, tmp_path: Path) -> None:
    assert gate(pulumi, tmp_path, "add_pools", state="") == 3


def test_a_preview_that_failed_is_not_decided_whatever_it_wrote(pulumi: Path, tmp_path: Path) -> None:
    assert gate(pulumi, tmp_path, "failed_preview", PREVIEW_STATUS="255") == 4


def test_a_preview_that_leaves_with_an_error_is_never_allowed_though_its_plan_looks_whole(
    pulumi: Path, tmp_path: Path
) -> None:
    assert gate(pulumi, tmp_path, "lower") == 0
    assert gate(pulumi, tmp_path, "lower", PREVIEW_STATUS="255") == 4


def without(tmp_path: Path, *programs: str) -> subprocess.CompletedProcess[str]:
    """Return what the script says where only these programs of ours are on PATH."""
    folder = tmp_path / "only"
    folder.mkdir()
    for program in programs:
        (folder / program).symlink_to(ROOT / ".venv" / "bin" / program)
    environment = {"PATH": os.pathsep.join([str(folder), "/usr/bin", "/bin"])}
    bash = shutil.which("bash") or "bash"
    command = [bash, str(ROOT / "scripts" / "gate.sh"), "shop/prod"]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)  # noqa: S603


def test_without_pulumi_the_script_says_so_and_the_gate_answers(tmp_path: Path) -> None:
    done = without(tmp_path, "costcheck")

    assert done.returncode == 4
    assert "pulumi is not on PATH, so nothing can be previewed" in done.stderr
    assert "plan.json is empty" in " ".join(done.stdout.split())
    assert "truncated" not in done.stdout
    assert "shop/prod, as of" in done.stdout


def test_without_costcheck_nobody_can_tell(tmp_path: Path) -> None:
    done = without(tmp_path)

    assert done.returncode == 4
    assert "costcheck is not on PATH" in done.stderr


def test_a_program_in_a_folder_is_previewed_there(pulumi: Path, tmp_path: Path) -> None:
    assert gate(pulumi, tmp_path, "lower", GATE_PROGRAM="apps/llm") == 0
    assert (tmp_path / "notes.words").read_text().splitlines() == [
        "stack export --cwd apps/llm --stack local",
        "preview --cwd apps/llm --json --stack local",
    ]


def test_without_a_stack_nobody_can_tell() -> None:
    bash = shutil.which("bash") or "bash"
    done = run(bash, str(ROOT / "scripts" / "gate.sh"), "")

    assert done.returncode == 4
    assert "no stack to gate" in done.stderr


def test_the_job_of_a_pull_request_is_never_skipped() -> None:
    (job,) = yaml.safe_load((ROOT / ".github" / "workflows" / "gate.yml").read_text())["jobs"].values()

    assert "if" not in job


def test_a_fork_that_can_read_no_state_still_gets_an_answer(pulumi: Path, tmp_path: Path) -> None:
    assert gate(pulumi, tmp_path, "lower", state="") == 0


def test_the_state_is_read_with_another_role_than_prices(pulumi: Path, tmp_path: Path) -> None:
    gate(pulumi, tmp_path, "noop", PREVIEW_ROLE_ARN="arn:preview", GATE_ROLE_ARN="arn:gate")

    assert (tmp_path / "notes").read_text().splitlines() == ["pulumi stack arn:preview", "pulumi preview arn:preview"]


@pytest.fixture
def costcheck(tmp_path: Path) -> Path:
    """Return a folder with a `costcheck` that leaves with the code it is told, by the word of its command."""
    program = tmp_path / "bin" / "costcheck"
    program.parent.mkdir()
    program.write_text(
        '#!/usr/bin/env bash\ncase $1 in\ndrift) printf %s "$SAYS"; echo "$COMPLAINS" >&2; exit "$DRIFT" ;;\n'
        'bill) exit "$BILL" ;;\nesac\n'
    )
    program.chmod(0o755)
    return program.parent


@pytest.mark.parametrize(
    ("bill", "drift", "answer"), [(0, 0, 0), (0, 3, 3), (0, 4, 4), (0, 1, 1), (0, 2, 1), (4, 0, 1), (3, 0, 1)]
)
def test_a_scheduled_question_leaves_with_the_answer_and_a_failed_pull_is_none(
    costcheck: Path, tmp_path: Path, bill: int, drift: int, answer: int
) -> None:
    environment = {
        "PATH": os.pathsep.join([str(costcheck), os.environ["PATH"]]), "BILL": str(bill), "DRIFT": str(drift),
        "SAYS": "", "COMPLAINS": "no accepted decision",
    }  # fmt: skip
    bash = shutil.which("bash") or "bash"
    command = [bash, str(ROOT / "scripts" / "drift.sh"), "openai"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)  # noqa: S603

    assert done.returncode == answer
    assert (tmp_path / "drift.md").exists() == (bill == 0)
    if not bill:
        assert "no accepted decision" in (tmp_path / "drift.md").read_text()


class Issuer(BaseHTTPRequestHandler):
    """GitHub's end of the identity: a token for whoever shows the job's own secret and names the audience."""

    def do_GET(self) -> None:
        known = self.headers["Authorization"] == "bearer job-secret" and self.path.endswith(
            "&audience=sts.amazonaws.com"
        )
        self.send_response(200 if known else 403)
        self.end_headers()
        self.wfile.write(b'{"count": 1, "value": "a.signed.token"}' if known else b"")


def identity(tmp_path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), "GITHUB_ENV": str(tmp_path / "env"),
        "GITHUB_RUN_ID": "42", **more,
    }  # fmt: skip
    bash = shutil.which("bash") or "bash"
    command = [bash, str(ROOT / "scripts" / "aws_identity.sh"), "gate", "us-east-1"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603


def test_a_job_gets_its_identity_into_a_file_that_only_it_can_read(tmp_path: Path) -> None:
    with serving(Issuer) as port:
        url = f"http://127.0.0.1:{port}/token?api-version=2.0"
        done = identity(
            tmp_path,
            ACTIONS_ID_TOKEN_REQUEST_URL=url,
            ACTIONS_ID_TOKEN_REQUEST_TOKEN="job-secret",  # noqa: S106
        )
    token = tmp_path / "aws-identity"

    assert done.returncode == 0, done.stderr
    assert (token.read_text(), token.stat().st_mode & 0o077) == ("a.signed.token", 0)
    assert (tmp_path / "env").read_text().splitlines() == [
        f"AWS_WEB_IDENTITY_TOKEN_FILE={token}",
        "AWS_ROLE_SESSION_NAME=costcheck-gate-42",
        "AWS_REGION=us-east-1",
    ]


def test_an_identity_that_is_refused_ends_the_job(tmp_path: Path) -> None:
    with serving(Issuer) as port:
        url = f"http://127.0.0.1:{port}/token?api-version=2.0"
        done = identity(tmp_path, ACTIONS_ID_TOKEN_REQUEST_URL=url, ACTIONS_ID_TOKEN_REQUEST_TOKEN="")

    assert done.returncode != 0
    assert not (tmp_path / "env").exists()


def test_a_fork_goes_on_without_an_identity_and_says_so(tmp_path: Path) -> None:
    done = identity(tmp_path)

    assert (done.returncode, (tmp_path / "env").exists()) == (0, False)
    assert "going on without AWS" in done.stdout
