"""The policy pack with the plain `pulumi` command: one story, each test goes on where the last one ended."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from costcheck.price_book import EC2
from costcheck.records import Origin, PriceSnapshot
from costcheck.sources.snapshot import read_price_book, read_snapshot, write_snapshot
from costcheck.verdict import Decision
from tests.e2e.conftest import LocalCloud
from tests.e2e.program import POOL, POOL_KEY, SERVER, Program, check_out, decision

pytestmark = pytest.mark.e2e

PACK = ("--policy-pack", "infra/policy")
CANARY = "The policy pack of Worthwhile ran."
ENTRY = "    main(datetime.now(UTC))\n"
COST_TAGS = {"worthwhile:project": "worthwhile", "worthwhile:stack": "local", "worthwhile:part": "gpu"}

HOARD = """
    import pulumi_aws as aws
    aws.eks.NodeGroup(
        "hoard",
        cluster_name="worthwhile-local",
        node_role_arn="arn:aws:iam::123456789012:role/hoard",
        subnet_ids=["subnet-0123456789abcdef0"],
        capacity_type="ON_DEMAND",
        instance_types=[{instance_type}],
        scaling_config={{"min_size": 0, "desired_size": 1, "max_size": 1}},
        tags={tags},
    )
"""
"""A pool that no configuration names, so that admission inside the program cannot see it."""
NO_ADMISSION = "    refusal_of = lambda *_, **__: None\n"
PUBLIC = """
    def open_up(args):
        if args.type_ == "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":
            return pulumi.ResourceTransformationResult({**args.props, "block_public_policy": False}, args.opts)
    pulumi.runtime.register_stack_transformation(open_up)
"""


@pytest.fixture(scope="module")
def program(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program on the stack `local`; what it made is destroyed at the end, whatever happened."""
    there = check_out(cloud, tmp_path_factory.mktemp("checkout"))
    there.pulumi("config", "set", "--secret", "modelApiKey", "canary-key")
    there.configure(gpuPools=[], modelServers=[])
    there.decide(None)
    yield there
    there.pulumi("destroy", "--yes", "--refresh", expect=range(256))


@pytest.fixture
def amend(program: Program) -> Iterator[Callable[[str], None]]:
    """Put lines before the program's start, for one test."""
    path = program.folder / "infra/__main__.py"
    original = path.read_text(encoding="utf-8")
    assert ENTRY in original

    def put(lines: str) -> None:
        path.write_text(original.replace(ENTRY, lines + ENTRY), encoding="utf-8")

    yield put
    path.write_text(original, encoding="utf-8")


def stopped(program: Program, *command: str) -> str:
    """Return what a command with the pack printed that a violation must stop."""
    done = program.pulumi(*command, *PACK, expect=range(1, 256))
    told = done.stdout + done.stderr
    assert "[mandatory]" in told, told
    assert "Traceback" not in told
    assert "the rule itself failed" not in told
    return told


def stopped_everywhere(program: Program) -> str:
    """Return what both commands printed; the one without a preview must not have made anything either."""
    before = made(program)
    told = stopped(program, "preview") + stopped(program, "up", "--yes", "--skip-preview")
    assert made(program) == before
    return told


def made(program: Program) -> set[tuple[str, str]]:
    """Return type and id of everything in the account that a program made."""
    return {(each.type, each.id) for each in program.account() if not each.made_by}


def configured(program: Program, **policies: Mapping[str, str]) -> tuple[str, ...]:
    """Return the options of a run with the pack and a configuration of it."""
    (program.folder / "pack.json").write_text(json.dumps(policies), encoding="utf-8")
    return (*PACK, "--policy-pack-config", "pack.json")


def prices_of_today() -> PriceSnapshot:
    """Return the bundled prices, as if they had been read today."""
    snapshot, today = read_snapshot(), datetime.now(UTC).date()
    rows = tuple(
        replace(
            row,
            effective_from=None,
            provenance=replace(row.provenance, retrieved_on=today, origin=Origin.CONSTRUCTED),
        )
        for row in snapshot.unit_prices
        if row.region_id == snapshot.region_id
    )
    return replace(snapshot, as_of=today, unit_prices=rows)


def comparable(record: Decision) -> Decision:
    """Return the decision with its nodes at the price that the snapshot has, so that the two can be compared."""
    chosen = record.option(record.chosen_option)
    price = read_price_book().price(EC2, "BoxUsage:g6.xlarge", region_id="us-east-1")
    quantity = Decimal(1460)
    line = replace(
        chosen.lines[0],
        sku_meter=f"{EC2} BoxUsage:g6.xlarge",
        quantity=quantity,
        unit_price_usd=price.list_unit_price,
        monthly_cost_usd=quantity * price.list_unit_price,
    )
    options = tuple(replace(row, lines=(line,)) if row is chosen else row for row in record.options)
    return replace(record, options=options)


def expired() -> Decision:
    """Return a decision that allowed three nodes until yesterday."""
    return decision({POOL_KEY: 3}, valid_until=datetime.now(UTC).date() - timedelta(days=1))


def test_the_clean_program_passes_and_the_canary_shows(program: Program) -> None:
    told = program.pulumi("preview", *PACK).stdout
    assert CANARY in told
    assert "[mandatory]" not in told
    assert "plain-http-is-denied" in told  # left to the update, and said so

    told = program.pulumi("up", "--yes", *PACK).stdout
    assert told.count(CANARY) == 2  # of the preview and of the update


def test_a_known_stack_leaves_nothing_to_the_update(program: Program) -> None:
    told = program.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", *PACK).stdout
    assert CANARY in told
    assert "left-to-the-update" not in told


def test_a_p5_pool_that_admission_cannot_see_is_stopped(program: Program, amend: Callable[[str], None]) -> None:
    amend(HOARD.format(instance_type='"p5.48xlarge"', tags=COST_TAGS))
    told = stopped_everywhere(program)
    assert told.count("denied (decision): there is no decision that GPU servers are worth it") == 2


def test_a_pool_is_stopped_where_somebody_edits_admission_out(program: Program, amend: Callable[[str], None]) -> None:
    program.configure(gpuPools=[POOL])
    amend(NO_ADMISSION)
    assert "denied (decision): there is no decision" in stopped(program, "preview")
    assert "denied (decision): there is no decision" in stopped(program, "up", "--yes", "--skip-preview")
    groups = program.account().of_type("aws:eks/nodeGroup:NodeGroup")
    assert not [each for each in groups if each.inputs["nodeGroupName"].startswith("gpu")]
    program.configure(gpuPools=[])
    program.up()  # takes back what was made before the pool was met: its role and its launch template


@pytest.mark.parametrize("instance_type", ['"q9.large"', 'aws.ec2.Eip("spare").id'], ids=["new", "unknown"])
def test_a_type_that_nobody_knows_is_stopped(
    program: Program, amend: Callable[[str], None], instance_type: str
) -> None:
    amend(HOARD.format(instance_type=instance_type, tags=COST_TAGS))
    assert "gpu-capacity-is-decided" in stopped(program, "preview")


def test_a_public_bucket_is_stopped(program: Program, amend: Callable[[str], None]) -> None:
    amend(PUBLIC)
    assert stopped_everywhere(program).count("nothing-is-public") >= 2


def test_a_resource_without_cost_tags_is_stopped(program: Program, amend: Callable[[str], None]) -> None:
    amend(HOARD.format(instance_type='"m6i.large"', tags={}))
    assert "cost-tags-are-there" in stopped_everywhere(program)


def test_a_program_that_registers_nothing_proves_nothing(program: Program, amend: Callable[[str], None]) -> None:
    amend("    main = lambda _: None\n")
    assert "something-is-checked" in stopped(program, "preview")


def test_a_decision_lets_the_pool_pass_at_prices_of_today_and_not_at_old_ones(program: Program) -> None:
    program.decide(comparable(decision({POOL_KEY: 3})))
    program.configure(gpuPools=[POOL], modelServers=[SERVER])
    assert "cannot decide (prices)" in stopped(program, "preview")

    write_snapshot(prices_of_today(), program.folder / "prices.json")
    options = configured(program, **{"gpu-capacity-is-decided": {"prices": "prices.json"}})
    told = program.pulumi("up", "--yes", *options).stdout
    assert "[mandatory]" not in told
    assert told.count(CANARY) == 2


def test_only_what_was_gated_is_applied(program: Program) -> None:
    program.configure(gpuPools=[{**POOL, "nodes": {"min": 1, "desired": 2, "max": 2}}])
    (program.folder / "state.json").write_text(program.pulumi("stack", "export").stdout, encoding="utf-8")
    (program.folder / "plan.json").write_text(program.pulumi("preview", "--json").stdout, encoding="utf-8")
    gate = ("gate", "--plan", "plan.json", "--state", "state.json", "--format", "json", "--gated", "gated.json")
    program.cloud.run(str(program.folder / ".venv/bin/costcheck"), *gate, cwd=program.folder)
    options = configured(program, **{"what-was-gated-is-applied": {"gated": "gated.json"}})
    program.pulumi("preview", *options)

    program.configure(gpuPools=[POOL])
    done = program.pulumi("preview", *options, expect=range(1, 256))
    assert "scalingConfig.maxSize is not what was gated" in done.stdout


def test_lowering_and_destroying_pass_with_a_decision_that_has_run_out(program: Program) -> None:
    program.decide(expired())
    lower: dict[str, Any] = {**POOL, "nodes": {"min": 1, "desired": 1, "max": 2}}
    program.configure(gpuPools=[lower])
    assert CANARY in program.pulumi("up", "--yes", *PACK).stdout

    program.configure(gpuPools=[], modelServers=[])
    assert CANARY in program.pulumi("up", "--yes", *PACK).stdout
    program.pulumi("destroy", "--yes")
