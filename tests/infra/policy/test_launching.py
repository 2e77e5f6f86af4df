"""During an update the engine shows ids that a preview did not know: they mean the template of this run."""

from dataclasses import replace

import pytest

from costcheck.plan.records import UNKNOWN, Resource
from infra.policy.assessing import _launching_latest

TEMPLATE_TYPE, GROUP_TYPE = "aws:ec2/launchTemplate:LaunchTemplate", "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = Resource(urn="urn:template", token=TEMPLATE_TYPE, inputs={"instanceType": "g6.xlarge"})
GROUP = Resource(
    urn="urn:group",
    token=GROUP_TYPE,
    inputs={"launchTemplate": {"id": "lt-1", "version": "1"}},
    depends_on={"launchTemplate": ("urn:template",)},
)
OTHER = replace(TEMPLATE, urn="urn:other")


def launching(group: Resource, *stood: Resource, beside: tuple[Resource, ...] = ()) -> object:
    after = {row.urn: row for row in (TEMPLATE, group, *beside)}
    return _launching_latest(group, after, {row.urn: row for row in stood}).inputs["launchTemplate"]


def test_a_template_of_this_run_is_meant_by_whatever_id_it_has_got() -> None:
    assert launching(GROUP) == {"id": UNKNOWN, "version": UNKNOWN}


def test_a_template_that_changed_keeps_its_id_and_gets_another_version() -> None:
    stood = replace(TEMPLATE, inputs={"instanceType": "t3.micro"})

    assert launching(GROUP, stood) == {"id": "lt-1", "version": UNKNOWN}


def test_a_template_that_stands_is_held_against_what_the_state_says() -> None:
    assert launching(GROUP, TEMPLATE) == {"id": "lt-1", "version": "1"}


@pytest.mark.parametrize("depends_on", [{}, {"launchTemplate": ("urn:template", "urn:other")}])
def test_what_may_mean_another_template_or_none_stays_as_it_is(depends_on: dict[str, tuple[str, ...]]) -> None:
    group = replace(GROUP, depends_on=depends_on)

    assert launching(group, beside=(OTHER,)) == {"id": "lt-1", "version": "1"}
