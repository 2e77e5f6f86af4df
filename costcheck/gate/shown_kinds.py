"""Types that may start machines of any kind, and say of which: where that has no GPU, they start none."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from costcheck.gate.accelerators import is_accelerated
from costcheck.gate.templates import starts_no_machines
from costcheck.plan.records import Resource

CONTAINERS = frozenset({
    "ARM_CONTAINER", "ARM_LAMBDA_CONTAINER", "LINUX_CONTAINER", "LINUX_LAMBDA_CONTAINER", "WINDOWS_CONTAINER",
    "WINDOWS_SERVER_2019_CONTAINER", "WINDOWS_SERVER_2022_CONTAINER",
})  # fmt: skip
"""Where CodeBuild builds without a GPU, `LINUX_GPU_CONTAINER` being the one with
(https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectEnvironment.html)."""
DESKTOPS = frozenset({
    "VALUE", "STANDARD", "PERFORMANCE", "POWER", "POWERPRO", "GENERALPURPOSE_4XLARGE", "GENERALPURPOSE_8XLARGE",
})  # fmt: skip
"""Desktops without a GPU; the others are called GRAPHICS
(https://docs.aws.amazon.com/workspaces/latest/api/API_WorkspaceProperties.html)."""
BUNDLE = re.compile(r"(?:[cm]_)?(?:nano|micro|small|medium|(?:\d*x)?large)_(?:win_)?\d+_\d+")
"""Bundles of Lightsail: `nano_3_0`, `large_win_3_0`; those with a GPU are `gpu_...`
(https://docs.aws.amazon.com/lightsail/2016-11-28/api-reference/API_GetBundles.html)."""
LAUNCHED = frozenset({
    ("aws:autoscaling:launchconfiguration", "InstanceType"), ("aws:ec2:instances", "InstanceTypes"),
})  # fmt: skip
"""Options of Elastic Beanstalk that say which instances it launches."""


def shows_plain_machines(resource: Resource) -> bool:
    """Return whether a resource says which machines it starts, and none of them has a GPU."""
    shows = SHOWS.get(resource.token)
    return shows is not None and shows(resource.inputs)


def _code_build(inputs: Mapping[str, Any]) -> bool:
    return _at(inputs, "environment", "type") in CONTAINERS


def _desktop(inputs: Mapping[str, Any]) -> bool:
    return _at(inputs, "workspaceProperties", "computeTypeName") in DESKTOPS


def _lightsail(inputs: Mapping[str, Any]) -> bool:
    bundle = inputs.get("bundleId")
    return isinstance(bundle, str) and BUNDLE.fullmatch(bundle) is not None


def _cloud9(inputs: Mapping[str, Any]) -> bool:
    return _is_plain(inputs.get("instanceType"))


def _beanstalk(inputs: Mapping[str, Any]) -> bool:
    """Return whether an environment launches plain instances; a template may say anything else."""
    told = list(_launched(inputs.get("settings")))
    return bool(told) and not inputs.get("templateName") and all(map(_is_plain, told))


def _launched(settings: object) -> Iterator[object]:
    for one in settings if isinstance(settings, list | tuple) else ():
        if not isinstance(one, Mapping):
            yield None
        elif (one.get("namespace"), one.get("name")) in LAUNCHED:
            value = one.get("value")
            yield from (kind.strip() for kind in value.split(",")) if isinstance(value, str) else (None,)


def _is_plain(kind: object) -> bool:
    return isinstance(kind, str) and not is_accelerated(kind, {})


def _at(inputs: Mapping[str, Any], outer: str, inner: str) -> object:
    held = inputs.get(outer)
    return held.get(inner) if isinstance(held, Mapping) else None


def _template(inputs: Mapping[str, Any]) -> bool:
    return not inputs.get("templateUrl") and starts_no_machines(inputs.get("templateBody"))


SHOWS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "aws:codebuild/project:Project": _code_build,
    "aws:elasticbeanstalk/environment:Environment": _beanstalk,
    "aws:cloud9/environmentEC2:EnvironmentEC2": _cloud9,
    "aws:lightsail/instance:Instance": _lightsail,
    "aws:workspaces/workspace:Workspace": _desktop,
    "aws:cloudformation/stack:Stack": _template,
    "aws:cloudformation/stackSet:StackSet": _template,
}
