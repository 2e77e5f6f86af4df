"""What the whole program registers keeps every rule, in each profile."""

from pathlib import Path

import pytest

from infra.rules import Resource, check
from tests.infra.conftest import PretendCloud
from tests.infra.test_program import Stack


@pytest.mark.parametrize("profile", ["small", "full"])
def test_the_program_keeps_every_rule(
    cloud: PretendCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    stack = Stack(cloud, tmp_path)
    stack.decide()
    stack.up(monkeypatch, profile=profile)
    resources = [Resource(token=item.token, name=item.name, inputs=item.inputs) for item in cloud.resources]
    assert len(resources) > 50
    assert check(resources) == []
