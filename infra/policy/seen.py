"""Every resource that the engine has shown in this run, as the gate's own records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_policy import ResourceValidationArgs

from costcheck.plan.records import STACK_TOKEN, Resource
from infra.policy.inputs import plain

ENGINE = "pulumi:"
MANAGED = ("aws:", "aws-native:", "kubernetes:", ENGINE)
"""Beginnings of types that a provider manages, whatever the engine says of them."""


@dataclass(slots=True)
class Seen:
    """What the engine has shown, by URN; the last showing counts."""

    resources: dict[str, Resource] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)

    def look(self, args: ResourceValidationArgs) -> Resource:
        """Remember a resource, and return it."""
        inputs = plain(args.props)
        self.parents[args.urn] = args.opts.parent or ""
        resource = Resource(
            urn=args.urn,
            token=args.resource_type,
            inputs=inputs,
            custom=_is_managed(args),
            region_id=_region_id(args, inputs),
            depends_on=self._siblings(args.urn, inputs),
        )
        self.resources[args.urn] = resource
        return resource

    @property
    def managed(self) -> list[Resource]:
        """Return what a provider manages, without the engine's own resources."""
        shown = tuple(self.resources.values())
        return [row for row in shown if row.custom and not row.token.startswith(ENGINE)]

    def _siblings(self, urn: str, inputs: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        """Return what each property may take its value from: everything under the same component.

        The engine does not tell a policy of one resource what that depends on. A launch template stands in the same
        component as its node group, a schedule above its group; where two could be meant, the gate's functions take
        neither, and the price is unknown.
        """
        parent = self.parents[urn]
        if not parent or _type_of(parent) == STACK_TOKEN:
            return {}
        under = tuple(other for other in tuple(self.resources) if other != urn and parent in self._ancestors(other))
        return dict.fromkeys(inputs, under) if under else {}

    def _ancestors(self, urn: str) -> Iterator[str]:
        while urn := self.parents.get(urn, ""):
            yield urn


def _is_managed(args: ResourceValidationArgs) -> bool:
    named = args.resource_type.startswith(MANAGED) and args.resource_type != STACK_TOKEN
    return named or args.provider is not None


def _region_id(args: ResourceValidationArgs, inputs: Mapping[str, Any]) -> str | None:
    """Return the AWS region from the resource's own inputs or its provider, None where neither says so."""
    if not args.resource_type.startswith("aws:"):
        return None
    inherited = plain(args.provider.props).get("region") if args.provider else None
    region = inputs.get("region", inherited)
    return region if isinstance(region, str) else None


def _type_of(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]
