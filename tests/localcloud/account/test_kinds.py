"""The registry says nothing that the SDK or botocore do not know."""

import re
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import _types

from localcloud.account.errors import ApiError
from localcloud.account.kinds import Kind, kind_of, kinds
from localcloud.account.request_checks import as_request, service_model
from localcloud.account.sdk_inputs import args_class, has_input, resource_class
from localcloud.standins.values import UNKNOWN

_INFRA = Path(__file__).parents[3] / "infra"
_MADE_BY_AWS = ("aws:ec2/instance:Instance", "aws:lb/loadBalancer:LoadBalancer", "aws:ebs/volume:Volume")
_ONLY_HERE = {*_MADE_BY_AWS, "aws:ec2/networkInterface:NetworkInterface"}

programmed = pytest.mark.parametrize("kind", [kind for token, kind in kinds().items() if token not in _ONLY_HERE])


@programmed
def test_every_input_that_the_registry_names_is_one(kind: Kind) -> None:
    named = [*kind.replaces, *kind.defaults, *kind.references, *kind.request, *filter(None, [kind.name])]
    assert [name for name in named if not has_input(kind.token, name.split(".")[0])] == []


@programmed
def test_every_output_that_the_registry_names_is_one(kind: Kind) -> None:
    resource = resource_class(kind.token)
    state = getattr(sys.modules[resource.__module__], f"_{resource.__name__}State")
    known = _types.input_type_py_to_pulumi_names(state).values()
    assert [output for output in kind.outputs if output not in known] == []
    assert not kind.arn or "arn" in known


@programmed
def test_inputs_of_every_type_find_their_way_into_its_request(kind: Kind) -> None:
    if not kind.operation:
        return
    service, _, operation = kind.operation.partition(".")
    shape = service_model(service).operation_model(operation).input_shape
    assert shape is not None
    inputs = _types.input_type_py_to_pulumi_names(args_class(kind.token)).values()
    request, _ = as_request(kind, dict.fromkeys(inputs, UNKNOWN), shape)
    assert request


@pytest.mark.parametrize("kind", kinds().values())
def test_every_reference_names_a_type_and_every_hold_a_reference(kind: Kind) -> None:
    assert {token for token in kind.references.values() if token not in kinds()} == set()
    assert set(kind.holds) <= kind.references.keys()


def test_the_registry_knows_every_type_that_the_program_makes() -> None:
    called = {
        match for file in _INFRA.glob("*.py") for match in re.findall(r"\baws\.(\w+)\.([A-Z]\w+)\(", file.read_text())
    }
    found: list[Any] = [resource_class(f"aws:{module}/:{name}") for module, name in called]
    resources = {each.pulumi_type for each in found if issubclass(each, pulumi.CustomResource)}
    assert len(resources) > 20, "the pattern no longer finds what the program makes"
    assert resources - kinds().keys() == set()


def test_an_unknown_type_is_refused_by_name() -> None:
    with pytest.raises(ApiError, match=r"aws:rds/instance:Instance is not in types\.toml"):
        kind_of("aws:rds/instance:Instance")
