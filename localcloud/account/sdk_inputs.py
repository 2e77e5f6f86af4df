"""Checks a resource's inputs against the input types of the installed `pulumi_aws`: keys, types, what is required."""

import collections.abc
import importlib
import inspect
import keyword
import sys
import types
import typing
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pulumi
from pulumi import _types  # the SDK's own reading of its types; it has no public one

from localcloud.standins.calls import Failure
from localcloud.standins.values import ARCHIVE, ASSET, SIGNATURE, UNKNOWN, is_secret, plain

_FILES = {ASSET: pulumi.Asset, ARCHIVE: pulumi.Archive}
_SHOWN_CHARACTERS = 40
_SHOWN_KEYS = 12


@cache
def resource_class(token: str) -> type:
    """The SDK's class of the type ``aws:ec2/vpc:Vpc``.

    Raises AttributeError or ModuleNotFoundError for a type that the SDK does not have.
    """
    _, module, name = token.split(":")
    package = module.split("/")[0]
    home = f"pulumi_aws.{package}{'_' * keyword.iskeyword(package)}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # importing the S3 module warns about its older half
        found: type = getattr(importlib.import_module(home), name)
    return found


@cache
def args_class(token: str) -> type:
    """The SDK's class of the inputs of the type. Raises as `resource_class` does."""
    resource = resource_class(token)
    home = sys.modules[resource.__module__]
    # A nested input type may have taken the plain name: BucketVersioningInitArgs.
    found: type = getattr(home, f"{resource.__name__}InitArgs", None) or getattr(home, f"{resource.__name__}Args")
    return found


def input_failures(token: str, inputs: Mapping[str, Any]) -> Iterator[Failure]:
    """Every input that the SDK's types do not allow."""
    yield from _object_failures(inputs, args_class(token), "")


def has_input(token: str, name: str) -> bool:
    """True when the type has an input of this name."""
    return name in _types.input_type_py_to_pulumi_names(args_class(token)).values()


def required_inputs(token: str) -> frozenset[str]:
    """The inputs that a program must give."""
    return _schema(args_class(token))[1]


@cache
def _schema(args: type) -> tuple[dict[str, Any], frozenset[str]]:
    """The type of each input by Pulumi's name, and the names of those that are required."""
    names = _types.input_type_py_to_pulumi_names(args)
    found = _types.input_type_types(args)
    annotations = {names[python]: found.get(names[python], found.get(python)) for python in names}
    parameters = inspect.signature(args).parameters.items()
    required = {names[python] for python, each in parameters if each.default is each.empty and python in names}
    return annotations, frozenset(required)


def _object_failures(value: Mapping[str, Any], args: type, path: str) -> Iterator[Failure]:
    annotations, required = _schema(args)
    for key, child in value.items():
        here = f"{path}.{key}" if path else key
        if key not in annotations:
            some = ", ".join(sorted(annotations)[:_SHOWN_KEYS])
            yield Failure(path=here, reason=f"not an input of {args.__name__}, which has {some} ...")
        elif annotations[key] is not None:
            yield from _failures(child, annotations[key], here)
    for key in sorted(required - value.keys()):
        yield Failure(path=f"{path}.{key}" if path else key, reason="required, missing")


def _failures(value: Any, annotation: Any, path: str) -> Iterator[Failure]:  # noqa: ANN401
    if value == UNKNOWN:
        return
    if is_secret(value):
        yield from _failures(value["value"], annotation, path)
        return
    candidates = list(_candidates(annotation))
    if isinstance(value, dict) and _FILES.get(value.get(SIGNATURE, "")) in candidates:
        return
    nested = [each for each in candidates if inspect.isclass(each) and _types.is_input_type(each)]
    if isinstance(value, dict) and nested:
        yield from _object_failures(value, nested[0], path)
    elif isinstance(value, dict | list):
        yield from _container_failures(value, candidates, path)
    elif not any(_is_scalar_of(value, each) for each in candidates):
        yield _wrong_type(value, candidates, path)


def _container_failures(value: dict[str, Any] | list[Any], candidates: list[Any], path: str) -> Iterator[Failure]:
    wanted = collections.abc.Mapping if isinstance(value, dict) else collections.abc.Sequence
    fitting = [each for each in candidates if typing.get_origin(each) is wanted]
    if not fitting and typing.Any not in candidates:
        yield _wrong_type(value, candidates, path)
    elif fitting:
        item = typing.get_args(fitting[0])[-1]
        children = value.items() if isinstance(value, dict) else enumerate(value)
        for key, child in children:
            yield from _failures(child, item, f"{path}.{key}" if isinstance(value, dict) else f"{path}[{key}]")


def _candidates(annotation: Any) -> Iterator[Any]:  # noqa: ANN401
    """The types that a plain value may have, out of the unions that the SDK writes around them."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for each in typing.get_args(annotation):
            yield from _candidates(each)
    elif typing.get_origin(annotation) not in (collections.abc.Awaitable, pulumi.Output):
        yield annotation


def _is_scalar_of(value: object, candidate: Any) -> bool:  # noqa: ANN401
    if candidate is typing.Any:
        return True
    if not inspect.isclass(candidate):
        return False
    if isinstance(value, bool):
        return candidate is bool
    if candidate is float:
        return isinstance(value, int | float)
    return isinstance(value, str) if issubclass(candidate, str) else isinstance(value, candidate)


def _wrong_type(value: object, candidates: list[Any], path: str) -> Failure:
    names = sorted({getattr(each, "__name__", str(each)) for each in candidates if each is not type(None)})
    shown = str(plain(value))[:_SHOWN_CHARACTERS]
    return Failure(path=path, reason=f"got {type(value).__name__} {shown!r}, expected {' or '.join(names)}")
