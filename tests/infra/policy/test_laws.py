"""Laws of the pack, over runs that nobody thought of."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from costcheck.acceptance import Acceptance
from costcheck.gate.coverage import Evidence
from costcheck.gate.result import Outcome
from costcheck.verdict import Decision
from infra.policy.configuration import DECISION_FILE
from tests.costcheck.gate.plans import NODE_GROUP, Json, create, decision, gate, pool, preview, read, state_of
from tests.infra.policy.engine import Engine, shown

LAW = settings(max_examples=max(200, settings().max_examples), deadline=None)
TYPES = st.sampled_from(["g6.xlarge", "p5.48xlarge", "m6i.large", "zz1.large"])
SIZES = st.integers(0, 4)
OTHERS = ("aws:kms/key:Key", "aws:ec2/eip:Eip", "aws:qldb/ledger:Ledger", "aws:iam/role:Role")
NAMES = ("a", "b", "c", "d")


@st.composite
def pools(draw: st.DrawFn) -> tuple[str, Json]:
    """Return type and inputs of a node group."""
    return NODE_GROUP, pool(draw(SIZES), draw(TYPES), 0, diskSize=draw(st.integers(1, 500)))


RESOURCES: st.SearchStrategy[tuple[str, Json]] = pools() | st.sampled_from(OTHERS).map(lambda token: (token, {}))
RUNS = st.lists(RESOURCES, max_size=len(NAMES)).map(lambda rows: dict(zip(NAMES, rows, strict=False)))
DECISIONS = st.none() | st.builds(
    lambda nodes, ceiling_usd: decision(nodes, ceiling_usd=ceiling_usd),
    st.dictionaries(st.sampled_from(["g6.xlarge/on_demand", "p5.48xlarge/on_demand"]), SIZES),
    st.integers(0, 200_000),
)
Run = dict[str, tuple[str, Json]]


def stops(run: Run, standing: Run, allowed: Decision | None) -> list[str]:
    """Return what the capacity policy says of a run, in order."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [state_of(token, name, inputs | {"region": "us-east-1"}) for name, (token, inputs) in standing.items()]
        engine = Engine(root=Path(folder), stands=rows)
        engine.decide(allowed)
        told = engine.show(*(shown(token, name, inputs) for name, (token, inputs) in run.items()))
        return [one.message for one in told if one.policy == "gpu-capacity-is-decided"]


@LAW
@given(RUNS, RUNS, DECISIONS, RESOURCES, st.integers(0, len(NAMES)))
def test_one_more_resource_never_turns_a_violation_into_a_pass(
    run: Run, standing: Run, allowed: Decision | None, added: tuple[str, Json], place: int
) -> None:
    if stops(run, standing, allowed):
        rows = list(run.items())
        more = dict([*rows[:place], ("more", added), *rows[place:]])
        assert stops(more, standing, allowed)


@LAW
@given(RUNS, DECISIONS, TYPES, st.integers(1, 4))
def test_more_nodes_never_turn_a_violation_into_a_pass(
    run: Run, allowed: Decision | None, instance_type: str, nodes: int
) -> None:
    def with_pool(maximum: int) -> Run:
        return run | {"raised": (NODE_GROUP, pool(maximum, instance_type))}

    if stops(with_pool(1), {}, allowed):
        assert stops(with_pool(1 + nodes), {}, allowed)


@LAW
@given(RUNS, DECISIONS)
def test_what_stands_passes_whatever_became_of_the_decision(run: Run, allowed: Decision | None) -> None:
    assert stops(run, run, allowed) == []


@LAW
@given(RUNS, DECISIONS)
def test_the_pack_stops_the_new_stacks_that_the_gate_stops_and_no_others(run: Run, allowed: Decision | None) -> None:
    if run:
        plan = read(preview(*(create(token, name, inputs) for name, (token, inputs) in run.items())))
        evidence = Evidence(path=DECISION_FILE, decision=allowed, acceptance=Acceptance(fault=""))
        assert bool(stops(run, {}, allowed)) == (gate(plan, evidence).outcome is not Outcome.ALLOWED)
