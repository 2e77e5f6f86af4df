"""Templates of CloudFormation, in JSON or YAML: whether all that they make is of types that start no machines."""

import functools
from collections.abc import Hashable, Mapping
from typing import Any, Final

import yaml

from costcheck.gate.free import free_types
from costcheck.gate.types import PRICED, RUNS_NODES

MAY_START: Final = frozenset({
    "appstream", "autoscaling", "autoscalingplans", "batch", "cloud9", "cloudformation", "codebuild", "codepipeline",
    "config", "deadline", "ec2", "ecs", "eks", "elasticbeanstalk", "emr", "emrcontainers", "events", "gamelift",
    "imagebuilder", "lightsail", "nimblestudio", "omics", "opsworks", "pcs", "pipes", "robomaker", "sagemaker",
    "scheduler", "serverless", "servicecatalog", "ssm", "stepfunctions", "workspaces",
})  # fmt: skip
"""Services, by the middle of a type (`AWS::EC2::Instance`), of which some types start machines or call for them."""
CALL_FOR_MORE: Final = frozenset({"scheduler:schedule", "ssm:association", "ssm:maintenancewindowtask"})
"""Those that are priced here by what they are, and may call for machines."""
MACROS: Final = ("Fn::Transform", "Fn::ForEach")
MOST_CHARACTERS = 1_000_000


class _Loader(yaml.SafeLoader):
    """Reads a template whatever its tags (`!Ref`, `!Sub`) mean; one with aliases or a key twice is refused."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Return a node.

        Raises:
            YAMLError: It is an alias, which may stand for itself, or for very many.
        """
        if self.check_event(yaml.AliasEvent):
            message = "an alias"
            raise yaml.YAMLError(message)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - as in its base
        """Return a mapping.

        Raises:
            YAMLError: A key stands in it twice.
        """
        found = super().construct_mapping(node, deep=deep)
        if len(found) != len(node.value):
            message = "a key twice"
            raise yaml.YAMLError(message)
        return found


def _untagged(loader: _Loader, _suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else None


_Loader.add_multi_constructor("!", _untagged)


def starts_no_machines(template: object) -> bool:
    """Return whether a template can be read and names only types that start no machines."""
    document = _read(template)
    made = document.get("Resources")
    if not isinstance(made, Mapping) or not made or "Transform" in document:
        return False
    try:
        if _transforms(made):
            return False
    except RecursionError:
        return False
    return all(isinstance(one, Mapping) and _is_plain(one.get("Type")) for one in made.values())


def _read(template: object) -> Mapping[str, Any]:
    """Return the template, empty where it cannot be read; JSON is YAML too."""
    if not isinstance(template, str) or len(template) > MOST_CHARACTERS:
        return {}
    try:
        document = yaml.load(template, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return {}
    return document if isinstance(document, Mapping) else {}


def _transforms(value: Any) -> bool:  # noqa: ANN401 - any YAML
    """Return whether a macro makes something else of a part, or of more than a part."""
    if isinstance(value, Mapping):
        return any(
            str(key).startswith(("Fn::Transform", "Fn::ForEach")) or _transforms(one) for key, one in value.items()
        )
    return isinstance(value, list) and any(map(_transforms, value))


def _is_plain(kind: object) -> bool:
    """Return whether a type starts no machines; one that is not of AWS may do anything."""
    parts = kind.split("::") if isinstance(kind, str) else []
    if len(parts) != 3 or parts[0] != "AWS":  # noqa: PLR2004 - AWS::S3::Bucket
        return False
    service, name = parts[1].lower(), parts[2].lower()
    if service not in MAY_START:
        return True
    return f"{service}:{name}" in _plain_types() - CALL_FOR_MORE


@functools.cache
def _plain_types() -> frozenset[str]:
    """Return the types of AWS Classic that start no machines, as `ec2:vpc`."""
    return frozenset(
        f"{token.partition(':')[2].partition('/')[0]}:{token.rpartition(':')[2]}".lower()
        for token in {*free_types(), *PRICED} - RUNS_NODES
        if token.startswith("aws:")
    )
