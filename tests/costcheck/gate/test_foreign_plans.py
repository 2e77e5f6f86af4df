"""Plans that nobody here wrote: every resource is priced, free, or named with a reason."""

import re

import pytest

from costcheck.gate.result import NOTHING, Outcome, Status
from costcheck.plan.records import Operation
from tests.costcheck.gate import foreign

LINK = re.compile(r"https://github\.com/\S+")
RUNS_GPUS = ("ecs_gpu", "sagemaker_llm", "spot_fleet")


def test_there_are_at_least_twelve_programs_each_with_its_recording() -> None:
    recorded = {path.stem for path in foreign.FOREIGN.glob("*.json") if path.name.count(".") == 1}
    assert recorded == set(foreign.PROGRAMS)
    assert len(recorded) >= 12


@pytest.mark.parametrize("name", foreign.PROGRAMS)
def test_a_program_names_the_example_whose_shape_it_has(name: str) -> None:
    text = (foreign.FOREIGN / "programs" / f"{name}.py").read_text()
    readme = (foreign.FOREIGN / "README.md").read_text()
    links = LINK.findall(text)
    assert links
    assert links[0].rstrip('."') in readme


@pytest.mark.parametrize("name", foreign.PROGRAMS)
def test_every_resource_is_priced_or_free_or_named_with_a_reason(name: str) -> None:
    rows = foreign.resources(name)
    assert [resource for resource, _ in rows] == list(foreign.read(name).after)
    for resource, priced in rows:
        assert bool(priced.reason) == (priced.status is not Status.PRICED), resource.urn
        assert (priced.cost is None) == (priced.status is Status.UNKNOWN), resource.urn
        assert bool(priced.components) == (priced.status is Status.PRICED), resource.urn


@pytest.mark.parametrize("name", foreign.PROGRAMS)
def test_the_total_is_the_exact_sum_of_what_is_priced(name: str) -> None:
    found, _ = foreign.assessed(foreign.read(name))
    costs = [priced.cost for _, priced in foreign.resources(name) if priced.cost]
    assert found.after == sum(costs, NOTHING)


@pytest.mark.parametrize("name", RUNS_GPUS)
def test_gpus_in_a_strangers_program_are_denied_without_a_decision(name: str) -> None:
    result = foreign.gated(foreign.read(name))
    assert result.outcome is Outcome.DENIED
    assert any(gpu.grows for gpu in result.gpus)


@pytest.mark.parametrize("name", foreign.APPLIED)
def test_a_strangers_stack_may_always_be_destroyed(name: str) -> None:
    assert foreign.gated(foreign.read(name, "destroy")).outcome is Outcome.ALLOWED


def test_a_strangers_server_that_turns_into_one_with_a_gpu_is_denied() -> None:
    plan = foreign.read("webserver", "update")
    assert [change.operation for change in plan.changes] == [Operation.UPDATE]
    assert foreign.gated(plan).outcome is Outcome.DENIED


def test_the_table_is_the_reviewed_one() -> None:
    assert foreign.table() == foreign.GOLDEN.read_text(encoding="utf-8")
