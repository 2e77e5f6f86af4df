"""Writes a create as the request that AWS would get, and checks it offline against botocore's service models."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, cast

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from localcloud.account.kinds import Kind
from localcloud.standins.calls import Failure
from localcloud.standins.values import UNKNOWN, has_unknown

_SHOWN_VALUES = 30
_LEFT_OUT = frozenset({"tags", "region"})  # tags have a form of their own in each service; region picks the endpoint


@cache
def service_model(service: str) -> ServiceModel:
    """Botocore's model of a service, from the installed package."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service_name=service)


def request_failures(kind: Kind, inputs: Mapping[str, Any]) -> list[Failure]:
    """What the service would refuse in these inputs; what is not known yet passes."""
    if not kind.operation:
        return []
    service, _, operation = kind.operation.partition(".")
    shape = service_model(service).operation_model(operation).input_shape
    if shape is None:
        return []
    request, paths = as_request(kind, inputs, shape)
    found = [Failure(path=_input_path(paths, where), reason=why) for where, why in _broken_rules(request, shape, "")]
    if not found and not has_unknown(request):
        report = ParamValidator().validate(_without_missing(request), shape)
        found = [
            Failure(path="", reason=message)
            for message in report.generate_report().splitlines()
            if not message.startswith("Missing required parameter")
        ]
    return found


def as_request(kind: Kind, inputs: Mapping[str, Any], shape: StructureShape) -> tuple[dict[str, Any], dict[str, str]]:
    """The request, and for each of its paths the input that it came from.

    Inputs that the operation has no member for belong to another call of the same resource and are left out.
    """
    request: dict[str, Any] = {}
    paths: dict[str, str] = {}
    for name, value in inputs.items():
        target = kind.request.get(name, _member_like(name, shape))
        if name not in _LEFT_OUT and target:
            _place(request, target.split("."), value, shape)
            paths[target.replace(".*", "[0]")] = name
    return request, paths


def _input_path(paths: Mapping[str, str], where: str) -> str:
    """The path of a member of the request, from the input that it came from."""
    for target, name in paths.items():
        if where == target or where.startswith((f"{target}.", f"{target}[")):
            return name + where.removeprefix(target)
    return where


def _place(request: Any, steps: list[str], value: Any, shape: Shape) -> None:  # noqa: ANN401
    """Puts the value into the request at the path; ``*`` makes it the only item of a list."""
    step, rest = steps[0], steps[1:]
    child: Any = cast("StructureShape", shape).members[step]
    if rest and rest[0] == "*":
        items = request.setdefault(step, [{}])
        inner = child.member
        if rest[1:]:
            _place(items[0], rest[1:], value, inner)
        else:
            items[0] = _converted(value, inner)
    elif rest:
        _place(request.setdefault(step, {}), rest, value, child)
    else:
        request[step] = _converted(value, child)


def _converted(value: Any, shape: Shape) -> Any:  # noqa: ANN401
    """The input in the shape's own names and types; Pulumi writes some numbers and booleans as strings."""
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        pairs = ((_member_like(key, shape), child) for key, child in value.items())
        return {name: _converted(child, shape.members[name]) for name, child in pairs if name}
    if isinstance(value, dict) and isinstance(shape, MapShape):
        return {key: _converted(child, shape.value) for key, child in value.items()}
    if isinstance(shape, ListShape):
        items = value if isinstance(value, list) else [value]
        return [_converted(child, shape.member) for child in items]
    return _scalar(value, shape.type_name)


def _scalar(value: Any, type_name: str) -> Any:  # noqa: ANN401
    if value == UNKNOWN:
        return value
    if type_name == "boolean" and value in ("true", "false"):
        return value == "true"
    if type_name == "string" and not isinstance(value, str | list | dict):
        return json.dumps(value)
    return value


def _member_like(name: str, shape: Shape) -> str:
    """The member of the shape that means the same as Pulumi's name, or an empty string."""
    if not isinstance(shape, StructureShape):
        return ""
    members = {_bare(member): member for member in shape.members}
    return members.get(_bare(name), "")


def _bare(name: str) -> str:
    """The name without its case and its plural: ``blockDeviceMappings`` is EC2's ``BlockDeviceMapping``."""
    return name.lower().removesuffix("s")


def _broken_rules(value: Any, shape: Shape, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Every path whose value breaks a rule of the model: required members, ranges, lengths, enums, patterns."""
    if value == UNKNOWN:
        return
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        if path:  # members of the request itself may come from elsewhere, such as a client token
            yield from (
                (f"{path}.{name}", "required, missing") for name in shape.required_members if name not in value
            )
        for name, child in value.items():
            yield from _broken_rules(child, shape.members[name], f"{path}.{name}" if path else name)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for index, child in enumerate(value):
            yield from _broken_rules(child, shape.member, f"{path}[{index}]")
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield from ((path, reason) for reason in _broken_scalar_rules(value, shape))


def _broken_scalar_rules(value: str | float, shape: Shape) -> Iterator[str]:
    rules = shape.metadata
    size, what = (len(value), "length") if isinstance(value, str) else (value, "value")
    if "min" in rules and size < rules["min"]:
        yield f"{what} must be >= {rules['min']}, got {size}"
    if "max" in rules and size > rules["max"]:
        yield f"{what} must be <= {rules['max']}, got {size}"
    if isinstance(value, str) and rules.get("enum") and value not in rules["enum"]:
        yield f"'{value}' is not one of {_shown(value, rules['enum'])}"
    pattern = _compiled(rules.get("pattern", ""))
    if isinstance(value, str) and pattern and not pattern.fullmatch(value):
        yield f"'{value}' does not match {pattern.pattern}"


def _shown(value: str, allowed: Sequence[str]) -> str:
    """The allowed values; of a long list only those that look most like the value."""
    if len(allowed) <= _SHOWN_VALUES:
        return ", ".join(allowed)
    near = difflib.get_close_matches(value, allowed, n=_SHOWN_VALUES, cutoff=0.5) or allowed[:_SHOWN_VALUES]
    return f"{len(allowed)} allowed values, such as {', '.join(near)}"


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    r"""The pattern, or None for one in Java's own words: ``\\p{L}``, surrogate pairs."""
    try:
        return re.compile(pattern, re.DOTALL) if pattern else None
    except re.error:
        return None


def _without_missing(value: Any) -> Any:  # noqa: ANN401
    """The value without members that are null."""
    if isinstance(value, dict):
        return {key: _without_missing(child) for key, child in value.items() if child is not None}
    return [_without_missing(child) for child in value] if isinstance(value, list) else value
