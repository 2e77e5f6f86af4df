"""The first runbooks, carried out as printed: from an accepted decision to a served model, and back to nothing."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from kubernetes import client, config

from localcloud.account.making import make
from localcloud.paths import Home
from localcloud.vllm import tiny_model
from tests.costcheck import builders
from tests.e2e.conftest import ROOT, LocalCloud
from tests.e2e.program import Program, check_out, decision
from tests.e2e.runbook import carry_out

pytestmark = pytest.mark.e2e

PROCEDURES = ROOT / "runbooks" / "procedures"
REVISION = "89abcdef0123456789abcdef0123456789abcdef"
"""Of nothing: the tiny model has no repository."""


@pytest.fixture(scope="module")
def program(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program on the stack `local`, with a decision to serve the tiny model on one GPU node."""
    there = check_out(cloud, tmp_path_factory.mktemp("runbooks"))
    fleet = builders.fleet(
        model="tiny",
        checkpoint="worthwhile/tiny",
        instance_type="g6.xlarge",
        weight_gib=Decimal("0.01"),
        context_tokens=512,
        longest_request_gib=Decimal("0.01"),
        instance_count=1,
        maximum_instance_count=1,
    )
    allowed = decision({"g6.xlarge/on_demand": 1})
    chosen = replace(allowed.option(allowed.chosen_option), fleets=(fleet,))
    others = tuple(each for each in allowed.options if each.option_id != allowed.chosen_option)
    there.decide(replace(allowed, options=(*others, chosen)))
    # As in the profile `full`: leaving has to lift it.
    there.pulumi("config", "set", "--path", "cluster.deletionProtection", "true")
    cloud.run("python", "-m", "localcloud", "run-pods", "model-tiny")
    yield there
    there.pulumi("destroy", "--yes", "--refresh", expect=range(256))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory, cloud: LocalCloud) -> Path:
    """A folder of one's own with the tiny model's weights."""
    folder = tmp_path_factory.mktemp("weights")
    for file in tiny_model.make(Home.from_environment(cloud.environment).tools).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_a_state_backend_is_made_as_printed(cloud: LocalCloud, tmp_path: Path) -> None:
    variables = {"STATE_BUCKET": "example-pulumi-state", "AWS_REGION": "us-east-1"}
    carry_out(PROCEDURES / "state-backend.md", cloud, cwd=tmp_path, variables=variables)
    cloud.run("aws", "s3", "rb", "s3://example-pulumi-state")


def test_provisioning_as_printed_ends_with_a_model_that_answers(program: Program, weights: Path) -> None:
    variables = {"STACK": "local", "WEIGHTS": str(weights), "REVISION": REVISION}
    done = carry_out(PROCEDURES / "provision.md", program.cloud, cwd=program.folder, variables=variables)

    assert "Phase:          Succeeded" in done.stdout


def test_leaving_as_printed_ends_with_nothing_that_bills(program: Program) -> None:
    variables = {"STACK": "local", "AWS_REGION": "us-east-1"}
    done = carry_out(PROCEDURES / "leave-self-hosting.md", program.cloud, cwd=program.folder, variables=variables)
    api = client.CoreV1Api(config.new_client_from_config(program.cloud.environment["KUBECONFIG"]))

    assert "nothing" in done.stdout.lower()
    assert program.resources() == []
    assert api.list_node().items == []


def test_a_volume_that_a_controller_left_is_named_with_the_command_that_removes_it(program: Program) -> None:
    tags = {"kubernetes.io/cluster/worthwhile-local": "owned", "ebs.csi.aws.com/cluster": "true"}
    with program.change_account() as account:
        inputs = {"zone": "us-east-1a", "size": 20, "type": "gp3", "tags": tags}
        volume = make(account, "aws:ebs/volume:Volume", inputs, made_by="ebs-csi")
    command = ("costcheck", "leftovers", "--stack", "local", "--cluster", "worthwhile-local", "--region", "us-east-1")
    listed = program.cloud.run(*command, expect=(3,)).stdout
    remove = f"aws ec2 delete-volume --volume-id {volume.id} --region us-east-1"
    program.cloud.run(*remove.split())

    assert " ".join(remove.split()) in " ".join(listed.split())
    program.cloud.run(*command)
