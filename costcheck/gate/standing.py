"""What stands: a resource on both sides of a plan where nothing changes that could make more of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from costcheck.gate.free import why_free
from costcheck.gate.pricing import Priced
from costcheck.gate.types import find_pricer, may_run_nodes
from costcheck.gate.types.application_scaling import ACTION, TARGET
from costcheck.gate.types.autoscaling import GROUP, NODE_GROUP, SCHEDULE
from costcheck.gate.types.instances import LAUNCH_TEMPLATE
from costcheck.gate.view import as_number
from costcheck.plan.records import KUBERNETES, SECRET, UNKNOWN, Operation, Resource

TAGS = frozenset({"tags", "tagsAll"})
HARMLESS: Mapping[str, frozenset[str]] = {
    NODE_GROUP: frozenset({"labels", "taints", "version", "releaseVersion", "updateConfig", "nodeRepairConfig"}),
    GROUP: frozenset({"healthCheckGracePeriod", "healthCheckType", "defaultCooldown", "defaultInstanceWarmup"})
    | {"enabledMetrics", "metricsGranularity", "terminationPolicies", "targetGroupArns", "loadBalancers"},
    LAUNCH_TEMPLATE: frozenset({"imageId", "userData", "metadataOptions", "tagSpecifications", "description"}),
    "aws:eks/cluster:Cluster": frozenset({"version", "upgradePolicy", "enabledClusterLogTypes"}),
}
"""Properties of each type, beside tags, that change neither what a node is nor how many there may be."""
SIZES: Mapping[str, frozenset[str]] = {
    NODE_GROUP: frozenset({"scalingConfig"}),
    GROUP: frozenset({"minSize", "maxSize", "desiredCapacity"}),
    SCHEDULE: frozenset({"minSize", "maxSize", "desiredCapacity"}),
    TARGET: frozenset({"minCapacity", "maxCapacity"}),
    ACTION: frozenset({"scalableTargetAction"}),
}
"""Properties of each type that may become smaller: there are fewer nodes then, whatever they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sided:
    """One resource on both sides of a plan, with what it costs there.

    Attributes:
        before: None where it did not exist.
        after: None where it is gone.
    """

    operation: Operation
    before: tuple[Resource, Priced] | None
    after: tuple[Resource, Priced] | None

    @property
    def resource(self) -> Resource:
        """Return the resource, as it will be, or as it was where it goes."""
        return self._side[0]

    @property
    def priced(self) -> Priced:
        """Return what it will cost, or what it cost where it goes."""
        return self._side[1]

    @property
    def _side(self) -> tuple[Resource, Priced]:
        side = self.after or self.before
        assert side is not None  # noqa: S101 - the reader of plans lets no step through without one
        return side


class Standing:
    """Which rows of a plan stand, each with what it depends on and what depends on it.

    A group that stays as it is launches something else where its template changes, and more where a new schedule
    lifts it.
    """

    def __init__(self, rows: Iterable[Sided]) -> None:
        self._rows: dict[str, list[Sided]] = {}
        self._users: dict[str, list[Sided]] = {}
        for row in rows:
            if row.after is None:
                continue  # what goes makes nothing more of anything
            self._rows.setdefault(row.resource.urn, []).append(row)
            for urn in _used(row):
                self._users.setdefault(urn, []).append(row)

    def keeps_nodes(self, row: Sided) -> bool:
        """Return whether nothing changes that could make more nodes of it."""
        beside = (other for other in self._beside(row) if _may_size(other.resource))
        return all(map(_keeps_nodes, (row, *beside)))

    def keeps_cost(self, row: Sided) -> bool:
        """Return whether nothing changes that could make it dearer: nothing but tags."""
        return all(_keeps(other, TAGS, _never) for other in (row, *self._beside(row)))

    def _beside(self, row: Sided) -> Iterator[Sided]:
        for urn in _used(row):
            yield from self._rows.get(urn, ())
        yield from self._users.get(row.resource.urn, ())


def _used(row: Sided) -> set[str]:
    return {urn for urns in row.resource.depends_on.values() for urn in urns}


def _may_size(resource: Resource) -> bool:
    """Return whether a resource may say what nodes another one runs; what nobody has registered may say anything."""
    if resource.token.startswith(KUBERNETES):
        return True
    unregistered = resource.custom and find_pricer(resource.token) is None and not why_free(resource.token)
    return unregistered or may_run_nodes(resource)


def _keeps_nodes(row: Sided) -> bool:
    token = row.resource.token
    harmless = HARMLESS.get(token, frozenset()) | (TAGS if token.startswith("aws:") else frozenset())
    sizes = SIZES.get(token, frozenset())
    return _keeps(row, harmless, lambda key, old, new: key in sizes and _is_less(old, new))


def _never(_key: str, _old: object, _new: object) -> bool:
    return False


def _keeps(row: Sided, ignored: frozenset[str], may_change: Callable[[str, Any, Any], bool]) -> bool:
    """Return whether each property stays, is ignored or may change as it does; what is hidden may change unseen."""
    if row.before is None or row.after is None:
        return False
    old, new = row.before[0].inputs, row.after[0].inputs
    keys = (old.keys() | new.keys()) - ignored
    if row.operation is not Operation.SAME and any(_is_hidden(new.get(key)) for key in keys):
        return False
    return all(old.get(key) == new.get(key) or may_change(key, old.get(key), new.get(key)) for key in keys)


def _is_hidden(value: Any) -> bool:  # noqa: ANN401 - any JSON
    if isinstance(value, Mapping):
        return any(map(_is_hidden, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_hidden, value))
    return value in (SECRET, UNKNOWN)


def _is_less(old: Any, new: Any) -> bool:  # noqa: ANN401 - any JSON
    """Return whether a number is no larger than before, or each of the same ones in an object."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(_is_less(old[key], new[key]) for key in old)
    before, after = as_number(old), as_number(new)
    return before is not None and after is not None and after <= before
