"""From a decision to a stack and its gate, with the plain commands: what is decided, deployed and gated is equal."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from costcheck.sources.snapshot import read_snapshot
from costcheck.verdict import Decision, read_decision
from tests.e2e.conftest import LocalCloud
from tests.e2e.program import Program, check_out
from tests.e2e.records import write_accepted, write_prices_of_today

pytestmark = pytest.mark.e2e

TOLERANCE = Decimal("0.01")
NOT_IN_THE_STACK = {
    "AWSELB LoadBalancerUsage", "AWSELB LCUUsage", "AWSDataTransfer DataTransfer-Regional-Bytes",
    "AmazonECR TimedStorage-ByteHrs",
}  # fmt: skip
"""Meters of a decision without a resource in the stack: the gateway's balancer, which the program does not make yet,
the traffic between zones, which no resource stands for, and images, which come from public registries."""
GATEWAY_VOLUME_GB = Decimal(20)
BIG_POOL = {
    "name": "big",
    "instanceTypes": ["p5.48xlarge"],
    "purchaseOption": "on_demand",
    "nodes": {"min": 0, "desired": 1, "max": 2},
}
HOURLY_P5_USD = next(
    row.list_unit_price for row in read_snapshot().unit_prices if row.sku_meter == "BoxUsage:p5.48xlarge"
)
Json = dict[str, Any]


@pytest.fixture(scope="module")
def program(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program in a checkout with an accepted decision and prices of today."""
    there = check_out(cloud, tmp_path_factory.mktemp("gate"))
    there.pulumi("config", "set", "--secret", "modelApiKey", "a-key-of-a-test")
    write_accepted(there.folder / "runbooks/decisions")
    write_prices_of_today(there.folder / "prices.json")
    yield there
    there.pulumi("destroy", "--yes", "--refresh", expect=range(256))


@pytest.fixture(scope="module")
def decision(program: Program) -> Decision:
    return read_decision(program.folder / "runbooks/decisions/current.json")


def configure_as_decided(program: Program) -> None:
    """Write the chosen option into the stack's configuration, and fill in what a decision cannot know."""
    written = program.cloud.run("costcheck", "stack-config", cwd=program.folder)
    values = {name.split(":")[1]: value["objectValue"] for name, value in json.loads(written.stdout).items()}
    for server in values["modelServers"]:
        server |= {"revision": "0" * 40, "checksums": f"sha256:{'0' * 64}"}
    program.configure(**values)


def gate(program: Program, *options: str, expect: int = 0, prices: str = "prices.json") -> Json:
    """Return the answer of `costcheck gate` on a preview made now."""
    folder = program.folder
    (folder / "state.json").write_text(program.pulumi("stack", "export").stdout)
    (folder / "plan.json").write_text(program.pulumi("preview", "--json", expect=range(256)).stdout)
    command = ("costcheck", "gate", "--plan", "plan.json", "--state", "state.json", "--prices", prices)
    done = program.cloud.run(*command, "--format", "json", *options, cwd=folder, expect=(expect,))
    answer: Json = json.loads(done.stdout)
    return answer


def by_meter(answer: Json) -> dict[str, Decimal]:
    """Return the units a month of each meter at the desired size."""
    units: dict[str, Decimal] = {}
    parts = [part for row in answer["resources"] if row["after"] for part in row["components"] if part["cost"]]
    for part in (*parts, *answer["usage"]):
        if part["quantity"] is not None:
            units[part["sku_meter"]] = units.get(part["sku_meter"], Decimal(0)) + Decimal(part["quantity"])
    return units


def test_what_was_decided_is_priced_equal_by_the_gate_line_by_line(program: Program, decision: Decision) -> None:
    configure_as_decided(program)
    answer = gate(program)
    decided: dict[str, Decimal] = {}
    for line in decision.option(decision.chosen_option).lines:
        decided[line.sku_meter] = decided.get(line.sku_meter, Decimal(0)) + line.quantity
    decided["AmazonEC2 EBS:VolumeUsage.gp3"] -= GATEWAY_VOLUME_GB
    gated = by_meter(answer)
    aws = {
        meter for meter in decided if " " in meter and meter.split()[0][0] in "Aa" and meter.startswith(("A", "aws"))
    }
    aws -= {meter for meter in aws if meter.startswith(("assumption", "API"))}

    assert aws - gated.keys() == NOT_IN_THE_STACK
    assert gated.keys() <= decided.keys()
    for meter in aws & gated.keys():
        assert abs(gated[meter] - decided[meter]) <= TOLERANCE * decided[meter], meter


def test_every_resource_of_the_program_is_priced_or_free(program: Program) -> None:
    assert [row["token"] for row in gate(program)["resources"] if row["status"] == "unknown"] == []


def test_what_is_decided_may_be_applied_and_lowered_whatever_the_prices(program: Program) -> None:
    program.up()
    program.configure(gpuPools=[])
    program.configure(modelServers=[])
    (program.folder / "runbooks/decisions/current.json").unlink()

    answer = gate(program, prices=str(program.folder / "prices.json"))

    assert answer["outcome"] == "allowed"
    assert all(Decimal(row["after"]) <= Decimal(row["before"]) for row in answer["gpus"])


def test_a_pull_request_with_a_big_pool_and_no_decision_is_stopped_with_a_comment_that_says_why(
    program: Program,
) -> None:
    program.cloud.run("rm", "-f", "runbooks/decisions/current.json", cwd=program.folder)
    program.configure(gpuPools=[BIG_POOL], modelServers=[])

    answer = gate(program, expect=3)
    command = ("costcheck", "gate", "--plan", "plan.json", "--state", "state.json", "--prices", "prices.json")
    comment = program.cloud.run(*command, "--format", "markdown", cwd=program.folder, expect=(3,)).stdout

    assert answer["gpus"] == [
        {"key": "p5.48xlarge/on_demand", "region_id": "us-east-1", "before": "0", "after": "2", "allowed": None}
    ]
    # What is wrong, what it would cost, and what to do.
    assert "there is no decision" in comment
    assert f"{2 * 730 * HOURLY_P5_USD:,.0f}"[:4] in comment
    assert "costcheck decide" in comment
    # The program refuses it, too, whatever anyone makes of the comment.
    assert "refused (3)" in program.refused("up")
