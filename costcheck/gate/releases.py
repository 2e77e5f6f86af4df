"""Helm releases of a plan, rendered: the objects in each, or the reason why nobody can tell them.

A value that only exists after the update, or that is a secret, is replaced by several stand-ins in turn, among them
the words that a local chart compares values with. What the chart makes AWS charge for must be the same with each of
them, and whatever custom APIs the cluster serves. Into a fetched chart nobody looks for such words.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from costcheck.gate.estimate import Estimate
from costcheck.gate.types.kubernetes import release as estimate_release
from costcheck.gate.view import SECRET_KEY, Rendered, Side, UnpriceableError, View
from costcheck.plan.records import KUBERNETES, SECRET, UNKNOWN, Plan, Resource
from costcheck.records import InstanceType
from costcheck.sources import helm
from costcheck.sources.helm import Manifest, Release

RELEASE = "kubernetes:helm.sh/v3:Release"
CLUSTER = "aws:eks/cluster:Cluster"
STAND_INS = (UNKNOWN, "", "7", "999999999")
"""A text, nothing, and numbers: what a template may tell apart without knowing the value."""
MOST_WORDS = 100
COSTLY_APIS = (
    *("karpenter.sh/v1", "karpenter.sh/v1/NodePool"),
    *("gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1/Gateway"),
)
"""Custom APIs that a chart may ask for before it makes something that costs."""
UNTOLD = {
    "postrender": "a program of its own changes what its chart renders",
    "reuseValues": "it keeps values of the release before it, which are not in the plan",
    "valueYamlFiles": "it takes values from files, which are not in the plan",
}
"""Properties with which the chart and the values of a release do not tell what it holds."""
GONE = "the chart that it was made from may be another one than the chart that is here now"
HIDDEN = "with a stand-in for values that are secret or only known after the update"
BY_VALUE = "a value that only exists after the update, or a secret, decides what its chart makes AWS charge for"
BY_API = "its chart makes AWS charge for something only where the cluster serves an API, which the plan does not tell"

Objects = tuple[Resource, ...]
Render = Callable[[Release, Path], tuple[Manifest, ...] | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedReleases:
    """What the releases of a plan hold, on both sides."""

    before: Rendered
    after: Rendered


def render_releases(
    plan: Plan, facts: Mapping[str, InstanceType], root: Path, *, everything: bool, render: Render = helm.render
) -> RenderedReleases:
    """Return what the releases of a plan hold.

    Args:
        plan: The plan.
        facts: What EC2 says of instance types, for charts with node pools.
        root: Folder of the Pulumi program (`main` in Pulumi.yaml), which local charts are relative to.
        everything: Render those that stay as they are, too; without totals nobody asks what they cost.
        render: Renders one release.
    """
    kept = plan.unchanged if everything else ()
    coming = _releases([*kept, *(change.after for change in plan.changes)])
    leaving = _releases([*kept, *(change.before for change in plan.changes)])
    renderer = _Renderer(facts, root, render)
    after = {urn: renderer.objects(release, plan.after) for urn, release in coming.items()}
    before = {}
    for urn, old in leaving.items():
        new = coming.get(urn)
        if new is not None and new.inputs == old.inputs:
            before[urn] = after[urn]
        else:
            before[urn] = renderer.objects(old, plan.before) if _is_same_chart(old, new) else GONE
    return RenderedReleases(before=before, after=after)


def _releases(resources: Iterable[Resource | None]) -> dict[str, Resource]:
    return {resource.urn: resource for resource in resources if resource and resource.token == RELEASE}


def _is_same_chart(old: Resource, new: Resource | None) -> bool:
    """Return whether a chart that is found now is the one that stands: a fetched one has its version.

    Of a local chart it is the checksum of what it renders to, which the provider wrote down in some of its versions.
    """
    try:
        release = _release(View(old, Side((), {})), "", ())
    except UnpriceableError:
        return True  # the same reason will say so
    if not release.is_local:
        return bool(release.version)
    checksum = old.inputs.get("checksum")
    return new is not None and isinstance(checksum, str) and checksum == new.inputs.get("checksum") != UNKNOWN


@dataclass(frozen=True, slots=True)
class _Renderer:
    facts: Mapping[str, InstanceType]
    root: Path
    render: Render

    def objects(self, resource: Resource, others: Sequence[Resource]) -> Objects | str:
        """Return the objects of one release; all attempts must cost the same."""
        view = View(resource, Side(others, self.facts))
        try:
            stand_ins = self._stand_ins(view)
            variants = list(_variants(view, stand_ins))
        except UnpriceableError as exc:
            return str(exc)
        first = self._attempt(variants[0], resource)
        if isinstance(first, str):
            return first if len(stand_ins) == 1 else f"{HIDDEN}: {first}"
        if self._cost_the_same(first, variants[1:], resource, others):
            return first
        return BY_API if len(stand_ins) == 1 else BY_VALUE

    def _cost_the_same(
        self, first: Objects, variants: Sequence[Release], resource: Resource, others: Sequence[Resource]
    ) -> bool:
        with ThreadPoolExecutor() as pool:
            attempts = list(pool.map(lambda release: self._attempt(release, resource), variants))
        # A chart that refuses a stand-in would refuse such a value too, and then nothing comes of it.
        rendered = [attempt for attempt in attempts if not isinstance(attempt, str)]
        cost = self._cost(resource, first, others)
        return all(self._cost(resource, attempt, others) == cost for attempt in rendered)

    def _attempt(self, release: Release, resource: Resource) -> Objects | str:
        return _as_objects(resource, self.render(release, self.root))

    def _stand_ins(self, view: View) -> tuple[str, ...]:
        if not _hides(view.resource.inputs):
            return STAND_INS[:1]
        words = helm.compared_words(_release(view, "", ()), self.root)
        if len(words) > MOST_WORDS:
            message = f"some of its values are hidden, and its chart compares values with {len(words)} words"
            raise UnpriceableError(message)
        return (*STAND_INS, *sorted(words - set(STAND_INS)))

    def _cost(self, resource: Resource, objects: Objects, others: Sequence[Resource]) -> Estimate | str:
        beside = (other for other in others if other.token.startswith(KUBERNETES))
        try:
            return estimate_release(View(resource, Side(beside, self.facts, {resource.urn: objects})))
        except UnpriceableError as exc:
            return str(exc)


def _variants(view: View, stand_ins: Sequence[str]) -> Iterator[Release]:
    yield _release(view, stand_ins[0], ())
    yield _release(view, stand_ins[0], COSTLY_APIS)
    for stand_in in stand_ins[1:]:
        yield _release(view, stand_in, ())


def _release(view: View, stand_in: str, api_versions: tuple[str, ...]) -> Release:
    """Return what Helm must know of a release, with a stand-in for what the plan does not show.

    Raises:
        UnpriceableError: Something else than a value or the namespace is missing.
    """
    for name, reason in UNTOLD.items():
        if view.has(name) and view.resource.inputs[name] not in (False, "", [], ()):
            raise UnpriceableError(reason)
    inputs = _substituted(view.resource.inputs, stand_in)
    values = inputs.get("values") or {}
    if not isinstance(values, Mapping):
        message = "all its values are a secret or only known after the update"
        raise UnpriceableError(message)
    return Release(
        name=view.text("name"),
        namespace=str(inputs.get("namespace") or ""),
        chart=view.text("chart"),
        version=view.text("version", default=""),
        repository=view.text("repositoryOpts", "repo", default=""),
        values=values if view.flag("allowNullValues", default=False) else _without_nulls(values),
        kubernetes_version=_kubernetes_version(view.side),
        api_versions=api_versions,
        validated=not _hides(view.resource.inputs.get("values")),
    )


def _kubernetes_version(side: Side) -> str:
    """Return the version of the only cluster, empty where the plan does not say it."""
    versions = {resource.inputs.get("version") for resource in side.by_urn.values() if resource.token == CLUSTER}
    version = versions.pop() if len(versions) == 1 else None
    return version if isinstance(version, str) and version != UNKNOWN else ""


def _hides(value: Any) -> bool:  # noqa: ANN401 - any JSON
    return bool(_substituted(value, "") != value)


def _substituted(value: Any, stand_in: str) -> Any:  # noqa: ANN401 - any JSON
    """Return a value with a stand-in for each text that is unknown or a secret."""
    if isinstance(value, Mapping):
        if SECRET_KEY in value:
            return stand_in
        return {key: _substituted(inner, stand_in) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_substituted(inner, stand_in) for inner in value]
    if value == SECRET:
        return stand_in
    return value.replace(UNKNOWN, stand_in) if isinstance(value, str) else value


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return values as the provider hands them on: what is null counts as not given."""
    if isinstance(value, Mapping):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


def _as_objects(release: Resource, manifests: tuple[Manifest, ...] | str) -> Objects | str:
    if isinstance(manifests, str):
        return manifests
    return tuple(_as_object(release, manifest) for manifest in manifests)


def _as_object(release: Resource, manifest: Manifest) -> Resource:
    group_version, kind = manifest["apiVersion"], manifest["kind"]
    metadata = manifest.get("metadata")
    named = metadata if isinstance(metadata, Mapping) else {}
    return Resource(
        urn=f"{release.urn}#{group_version}/{kind}/{named.get('namespace', '')}::{named.get('name', '')}",
        token=f"{KUBERNETES}{group_version if '/' in group_version else f'core/{group_version}'}:{kind}",
        inputs=manifest,
        region_id=release.region_id,
    )
