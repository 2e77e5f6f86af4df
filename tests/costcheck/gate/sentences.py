"""What the gate says to everything that it can be asked, as a page: tests/golden/gate/sentences.txt.

`python -m tests.costcheck.gate.sentences` writes it anew, to be read before committing.
"""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from costcheck.acceptance import NOBODY_YET
from costcheck.errors import InputFileError
from costcheck.gate.coverage import Evidence
from costcheck.gate.result import Check, Cost, GateResult, ResourceCost
from costcheck.gate.rules import GateConfig, Limits, Runway, Waiver
from costcheck.gate.waivers import WaiverFile
from costcheck.plan.records import UNKNOWN, Plan, unreadable_plan
from costcheck.verdict import Decision, Verdict
from tests.costcheck import builders
from tests.costcheck.gate.plans import (
    NODE_GROUP,
    TODAY,
    accepted,
    create,
    decision,
    delete,
    gate,
    pool,
    preview,
    prices,
    read,
    read_with_state,
    state_of,
    update,
)

KARPENTER = "kubernetes:karpenter.sh/v1:NodePool"
TYPE = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["g6.xlarge"]}
ON_DEMAND = {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]}
WORDS = {"desiredSize": "many " * 20, "maxSize": 1}
GOLDEN = Path(__file__).parents[2] / "golden" / "gate" / "sentences.txt"
CPU = "m6i.large"
NEW = read(preview(create(NODE_GROUP, "gpu", pool(2))))
PARTIAL = read(preview(create(NODE_GROUP, "gpu", pool(2)), same=5))
PLAIN = read(preview(create(NODE_GROUP, "system", pool(2, CPU))))
PLAIN_PARTIAL = read(preview(create(NODE_GROUP, "system", pool(2, CPU)), same=5))
STRANGE = create("aws:future/thing:Thing", "x", {})
UNTOLD = create(NODE_GROUP, "gpu", pool() | {"scalingConfig": {"minSize": 0}})
BESIDE = update(NODE_GROUP, "gpu", pool(4), pool(2)), create(NODE_GROUP, "beside", pool(2))
CALL = {"arn": "arn:aws:scheduler:::aws-sdk:autoscaling:updateAutoScalingGroup", "input": '{"MaxSize": 400}'}
RESIZED = create("aws:scheduler/schedule:Schedule", "morning", {"target": CALL})
EVERY_LIMIT = ("monthly_usd", "monthly_increase_usd", "monthly_increase_percent", "budget_usd")
BROKEN = InputFileError("current.json is not a decision", expected="a decision", action="decide again")
FIELDS = {"subject": "", "seen": "", "needed": "", "to_do": "", "figure": None, "waived_by": ""}
BLOCK = pool(1, "p5.48xlarge", capacityType="CAPACITY_BLOCK")


def results() -> Iterator[tuple[str, GateResult]]:
    """Yield what is asked, and the answer."""
    yield from _decided()
    yield from _uncounted()
    yield from _priced()
    yield from _limited()
    yield from _waived()


def page() -> str:
    """Return the golden page."""
    told: set[str] = set()
    return "\n\n".join(f"# {title}\n{_text(result, told)}" for title, result in results()) + "\n"


def _decided() -> Iterator[tuple[str, GateResult]]:
    yield "new nodes without a decision", gate(NEW)
    yield "a decision that covers them", gate(NEW, accepted())
    yield "a pool becomes smaller beside a new one", gate(read(preview(*BESIDE)), accepted())
    yield "more run within the maximum", gate(read(preview(update(NODE_GROUP, "gpu", pool(2, desired=0), pool(2)))))
    yield "a decision that cannot be read", gate(NEW, Evidence(path="current.json", trouble=BROKEN))
    yield "nobody has accepted it", gate(NEW, accepted(fault=NOBODY_YET))
    yield "it was accepted for this stack", gate(NEW, accepted(stack="shop/dev"))
    yield "it was accepted for another stack", gate(NEW, accepted(stack="shop/prod"))
    for title, given in {
        "it says to stay": decision(verdict=Verdict.STAY_ON_API),
        "it allows nothing": decision(allowance=None),
        "it has run out": decision(valid_until=TODAY - timedelta(days=1)),
        "it is for another region": decision(region="eu-central-1"),
        "it allows fewer": decision({"g6.xlarge/on_demand": 1}),
        "its ceiling is lower": decision(ceiling_usd=100),
        "it does not say what its option costs": replace(decision(), options=()),
        "it names another type": decision({"p5.48xlarge/spot": 3}),
    }.items():
        yield title, gate(NEW, accepted(given))
    yield "no region is named", gate(read(preview(create(NODE_GROUP, "gpu", pool(2)), config={})), accepted())


def _uncounted() -> Iterator[tuple[str, GateResult]]:
    two = read(preview(UNTOLD, create(NODE_GROUP, "more", pool(3)), STRANGE))
    yield "a preview that failed", gate(read(preview(STRANGE, diagnostics=[{"message": "a\n  b " + "c" * 700}])))
    yield "nodes that nobody can count, beside others", gate(two, accepted())
    yield "no node that anybody could count", gate(read(preview(UNTOLD)), accepted())
    yield "the plan does not show what stays", gate(PARTIAL, accepted())
    yield "nor can everything be priced", gate(read(preview(*_steps(NEW), STRANGE, same=5)), accepted())
    stands = state_of(NODE_GROUP, "standing", UNTOLD["newState"]["inputs"])
    yield "what stays cannot be counted", gate(_beside(stands), accepted())
    yield "pools that only go", gate(read(preview(delete(NODE_GROUP, "gpu", pool(3)))), accepted())
    yield "a pool that stays", gate(_beside(state_of(NODE_GROUP, "standing", pool(2))), accepted())
    yield "nodes that are paid for in advance", gate(read(preview(create(NODE_GROUP, "gpu", BLOCK))))
    yield "nodes of any type", gate(read(preview(create(KARPENTER, "gpu", {}))))
    endless = create(KARPENTER, "gpu", {"spec": {"template": {"spec": {"requirements": [TYPE, ON_DEMAND]}}}})
    yield "nodes without an end", gate(read(preview(endless)), accepted())
    yield "a type that only the update tells", gate(read(preview(create(NODE_GROUP, "gpu", pool(1, UNKNOWN)))))
    yield "a number that is none", gate(read(preview(create(NODE_GROUP, "gpu", pool() | {"scalingConfig": WORDS}))))
    role = create("aws:iam/role:Role", "role", {})
    parts = create("shop:index:Parts", "parts", {}, custom=False)
    looked_up = create("aws:kms/key:Key", "key", {}, external=True) | {"op": "read"}
    nothing = create("kubernetes:core/v1:ConfigMap", "nothing", {"metadata": {"name": "nothing"}})
    yield "what is free, and why", gate(read(preview(role, parts, looked_up, nothing)))
    yield "servers of another cloud", gate(read(preview(create("runpod:index:Pod", "x", {"gpuTypeId": "H100"}))))
    yield "machines of another cloud", gate(read(preview(create("hcloud:index/server:Server", "x", {}))))
    yield "a schedule that sets a size", gate(read(preview(RESIZED)))
    yield "a plan that cannot be read", gate(unreadable_plan("plan.json is no preview"))
    unfit = unreadable_plan("state.json is not the state that the preview saw", "shop/dev")
    yield "a state that does not fit the preview", gate(replace(unfit, is_state_unfit=True))


def _priced() -> Iterator[tuple[str, GateResult]]:
    old = tuple(
        replace(row, provenance=replace(row.provenance, retrieved_on=TODAY - timedelta(days=61))) for row in prices()
    )
    ahead = replace(old[0], provenance=replace(old[0].provenance, retrieved_on=TODAY + timedelta(days=1)))
    dearer = tuple(replace(row, list_unit_price=row.list_unit_price * 2) for row in prices())
    many = [create(NODE_GROUP, name, pool(1, name)) for name in ("g6.xlarge", "g6e.xlarge", "p5.48xlarge", CPU)]
    yield "prices are too old", gate(NEW, accepted(), rows=old)
    yield "more prices are too old than are named", gate(read(preview(*many)), accepted(), rows=old)
    yield "a price is of tomorrow", gate(NEW, accepted(), rows=(ahead, *prices()[1:]))
    yield "prices have doubled", gate(NEW, accepted(), rows=dearer)
    yield "no price can be compared", gate(NEW, accepted(), rows=prices()[1:])
    three = read(preview(*many[:2], create("aws:eks/cluster:Cluster", "c", {"version": "1.34"})))
    yield "as many prices are too old as are named", gate(three, accepted(), rows=(*old[:2], *old[-1:], *old[5:8]))
    spot = read(preview(create(NODE_GROUP, "gpu", pool(2, capacityType="SPOT"))))
    yield "spot nodes, decided at half of today's price", gate(spot, accepted(_spot_decision()))
    nat = read(preview(create("aws:ec2/natGateway:NatGateway", "nat", {"subnetId": "subnet-0"})))
    yield "what only use tells, untold", gate(nat)
    yield "what only use tells, told", gate(nat, usage={"AmazonEC2 NatGateway-Bytes": Decimal(100)})


def _spot_decision() -> Decision:
    base = decision({"g6.xlarge/spot": 2})
    (option, *others) = base.options
    lines = (
        builders.cost_line(
            sku_meter="AmazonEC2 SpotUsage:g6.xlarge", quantity=Decimal(730), monthly_cost_usd=Decimal("109.5")
        ),
    )
    return replace(base, options=(replace(option, lines=lines), *others))


def _limited() -> Iterator[tuple[str, GateResult]]:
    for name in EVERY_LIMIT:
        yield f"{name} is exceeded", gate(PLAIN, config=_limits(name, 1))
        yield f"{name} is kept", gate(_beside(state_of(NODE_GROUP, "a", pool(9, CPU)), PLAIN), config=_limits(name))
        yield f"{name} cannot be told", gate(PLAIN_PARTIAL, config=_limits(name))
    grown = _beside(state_of(NODE_GROUP, "a", pool(9, CPU)), PLAIN)
    yield "an increase in percent", gate(grown, config=_limits("monthly_increase_percent", 1))
    cheaper = read(preview(update(NODE_GROUP, "a", pool(9, CPU), pool(1, CPU, 4))))
    yield "less at most, more at the desired size", gate(cheaper, config=_limits("monthly_increase_percent", 1))
    for title, plan, cash, burn in (
        ("the money does not last", PLAIN, 1_000, 1_000),
        ("the money lasts", PLAIN, 100_000, 1_000),
        ("nobody knows how long the money lasts", PLAIN_PARTIAL, 100_000, 1_000),
        ("the money lasts for ever", cheaper, 0, -100_000),
        ("nothing is spent", PLAIN, 1, "-71.68"),
        ("almost nothing is spent, and nothing is left", PLAIN, 1, "-71.18"),
        ("the money lasts just as long as it must", PLAIN, "6430.08", 1_000),
    ):
        runway = Runway(cash_usd=Decimal(cash), monthly_burn_usd=Decimal(burn), min_months=Decimal(6))
        yield title, gate(plan, config=GateConfig(runway=runway))


def _waived() -> Iterator[tuple[str, GateResult]]:
    waiver = Waiver(
        owner="Ada",
        reason="load test",
        check="limit.monthly_usd",
        stack="shop/dev",
        up_to=Decimal(200),
        expires=TODAY,
    )
    files = (WaiverFile(name="runbooks/waivers/load-test.toml", waiver=waiver),)
    yield "a limit is waived", gate(PLAIN, config=_limits("monthly_usd", 1), waivers=files)


def _steps(plan: Plan) -> list[dict[str, object]]:
    return [
        create(change.after.token, change.after.name, change.after.inputs) for change in plan.changes if change.after
    ]


def _beside(standing: dict[str, object], plan: Plan = NEW) -> Plan:
    return read_with_state(preview(*_steps(plan), same=1), standing)


def _limits(name: str, amount: int = 10_000) -> GateConfig:
    return GateConfig(limits=Limits(**{name: Decimal(amount)}))


def _text(result: GateResult, told: set[str]) -> str:
    about = f"{result.project}/{result.stack} {result.as_of} {result.outcome}, complete: {result.complete}"
    lines = [result.headline, about, f"decision: {result.decision!r}, plan: {result.plan_sha256[:8]}"]
    lines += [
        f"{row.key} in {row.region_id}: {row.before} to {row.after}, allowed {row.allowed}" for row in result.gpus
    ]
    lines += [f"use: {row.sku_meter}: {row.quantity}, {_cost(row.cost)}" for row in result.usage]
    lines += [f"before {_cost(result.before)}, after {_cost(result.after)}"]
    lines += [line for row in result.resources for line in _resource(row) if line not in told]
    told.update(lines)
    notices = [f"to know: {row.name} ({row.subject}): {row.seen}; {row.to_do}" for row in result.notices]
    lines += [line for line in notices if line not in told]
    told.update(notices)
    return "\n".join([*lines, *(_check(check, told) for check in result.checks)])


def _cost(cost: Cost | None) -> str:
    return f"{cost.desired_usd} to {cost.maximum_usd} USD" if cost else "nobody knows"


def _resource(row: ResourceCost) -> Iterator[str]:
    """Yield what is said of a resource; the page shows it once."""
    costs = f"{_cost(row.before) if row.before else row.before} to {_cost(row.after) if row.after else row.after}"
    yield f"* {row.operation} {row.name} ({row.token}): {row.status}, {costs}; {row.reason}; {row.urn}"
    for part in row.components:
        amount = f"{part.quantity} to {part.maximum_quantity} {part.unit} x {part.unit_price_usd}: {_cost(part.cost)}"
        yield f"  * {part.name}: {amount}; {part.sku_meter} {part.sku_id} {part.price_source} {part.price_date}"


def _check(check: Check, told: set[str]) -> str:
    """Return a check in full where it is told for the first time."""
    lead = f"- {check.name}: {check.outcome}"
    if str(check) in told:
        return f"{lead}, as above"
    told.add(str(check))
    values = {row.name: getattr(check, row.name) for row in fields(check) if row.name not in {"name", "outcome"}}
    return "\n".join([lead, *(f"  {name}: {value}" for name, value in values.items() if value != FIELDS[name])])


if __name__ == "__main__":
    GOLDEN.write_text(page(), encoding="utf-8")
