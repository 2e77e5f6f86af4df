"""Where resources stand: in the region of their provider, and objects of Kubernetes in the one of their cluster."""

import re
from collections.abc import Iterable
from dataclasses import replace

from costcheck.plan.records import KUBERNETES, PROVIDER_PREFIX, Change, Plan, Resource

CLUSTER = "aws:eks/cluster:Cluster"
_MADE_BY_THE_ENGINE = re.compile(r"default(_\d+_\d+_\d+.*)?")
"""Names of default providers, with a version or without
(https://github.com/pulumi/pulumi/blob/v3.258.0/pkg/resource/deploy/providers/provider.go, `DefaultName`)."""


class Regions:
    """The AWS region of each resource, from its own inputs, its provider, or the configuration."""

    def __init__(self, resources: Iterable[Resource], default_region_id: str | None) -> None:
        self._known = {
            row.urn: row
            for row in resources
            if not row.is_leftover and (row.token == CLUSTER or row.token.startswith(PROVIDER_PREFIX))
        }
        self._default = default_region_id

    def placed(self, resource: Resource) -> Resource:
        """Return the resource with its region: None for what is not of AWS, and where nothing says so."""
        region_id = self._region_of(resource)
        return resource if region_id == resource.region_id else replace(resource, region_id=region_id)

    def _region_of(self, resource: Resource) -> str | None:
        if resource.token.startswith("aws:"):
            return self._region_in_aws(resource)
        return self._region_of_cluster(resource) if resource.token.startswith(KUBERNETES) else None

    def _region_in_aws(self, resource: Resource) -> str | None:
        provider = self._known.get(resource.provider_urn)
        default = self._default if is_default_provider(resource.provider_urn) else None
        region = resource.inputs.get("region", provider.inputs.get("region") if provider else default)
        return region if isinstance(region, str) else None

    def _region_of_cluster(self, resource: Resource) -> str | None:
        """Return the region of the clusters that the provider takes values from; None unless it is one alone."""
        provider = self._known.get(resource.provider_urn)
        sources = {urn for urns in provider.depends_on.values() for urn in urns} if provider else set()
        clusters = [self._known[urn] for urn in sources & self._known.keys()]
        regions = {self._region_in_aws(cluster) for cluster in clusters if cluster.token == CLUSTER}
        return regions.pop() if len(regions) == 1 else None


def place(plan: Plan) -> Plan:
    """Return the plan with every resource in its region, each by the providers on its own side."""
    before, after = Regions(plan.before, plan.default_region_id), Regions(plan.after, plan.default_region_id)
    return replace(
        plan,
        changes=tuple(_placed(change, before, after) for change in plan.changes),
        unchanged=tuple(map(after.placed, plan.unchanged)),
    )


def is_default_provider(urn: str) -> bool:
    """Return whether the engine made this provider itself; its summary does not count those."""
    _, _, name = urn.rpartition("::")
    return f"::{PROVIDER_PREFIX}" in urn and _MADE_BY_THE_ENGINE.fullmatch(name) is not None


def _placed(change: Change, before: Regions, after: Regions) -> Change:
    # What is left over stays where it was, also where its provider goes.
    beside = before if change.after and change.after.is_leftover else after
    return replace(
        change,
        before=before.placed(change.before) if change.before else None,
        after=beside.placed(change.after) if change.after else None,
    )
