"""Helm releases of a plan, rendered: the objects in each, or the reason why nobody can tell them.

A value that only exists after the update, or that is a secret, is replaced by several stand-ins in turn, among them
the words and numbers that the chart may compare values with. What the chart makes AWS charge for must be the same
with each of them, whatever custom APIs the cluster serves, and for a first release as for a later one.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from costcheck.gate.estimate import Estimate
from costcheck.gate.types.kubernetes import release as estimate_release
from costcheck.gate.view import Rendered, Side, UnpriceableError, View
from costcheck.plan.records import KUBERNETES, SECRET, SIGNATURE, UNKNOWN, Plan, Resource
from costcheck.records import InstanceType
from costcheck.sources import helm
from costcheck.sources.chart_text import Chart, read_chart
from costcheck.sources.helm import Manifest, Release

RELEASE = "kubernetes:helm.sh/v3:Release"
CLUSTER = "aws:eks/cluster:Cluster"
STAND_INS = (UNKNOWN, "", "7", "999999999")
"""A text, nothing, and numbers: what a template may tell apart without knowing the value."""
MOST_ATTEMPTS = 500
VERSIONS = ("1.20.0", "1.99.0")
"""Of Kubernetes, where the plan does not say which: older than all that EKS runs, and newer."""
UNTOLD = {
    "postrender": "a program of its own changes what its chart renders",
    "reuseValues": "it keeps values of the release before it, which are not in the plan",
    "valueYamlFiles": "it takes values from files, which are not in the plan",
}
"""Properties with which the chart and the values of a release do not tell what it holds."""
GONE = "the chart that it was made from may be another one than the chart that is here now"
HIDDEN = "with a stand-in for values that are secret or only known after the update"
BY_VALUE = "a value that only exists after the update, or a secret, decides what its chart makes AWS charge for"
BY_WORLD = "what its chart makes AWS charge for hangs on what the cluster runs: its version, a release, or servers"
FETCHED = "some of its values are hidden, and its chart is fetched"
BY_API = "its chart makes AWS charge for something only where the cluster serves an API, which the plan does not tell"

Objects = tuple[Resource, ...]
Render = Callable[[Release, Path], tuple[Manifest, ...] | str]
Open = Callable[[Release, Path, Path], tuple[Release, Chart] | str]


def open_chart(release: Release, root: Path, folder: Path) -> tuple[Release, Chart] | str:
    """Return a release whose chart is on this machine, in a folder if need be, and what the chart's text says."""
    found = helm.fetch(release, folder)
    if isinstance(found, str):
        return found
    path = root / found.chart
    chart = read_chart(path, found.values) if path.exists() else Chart()  # that there is none, `helm.render` says
    return chart if isinstance(chart, str) else (found, chart)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedReleases:
    """What the releases of a plan hold, on both sides."""

    before: Rendered
    after: Rendered


def render_releases(
    plan: Plan,
    facts: Mapping[str, InstanceType],
    root: Path,
    *,
    render: Render = helm.render,
    opened: Open = open_chart,
) -> RenderedReleases:
    """Return what the releases of a plan hold.

    Args:
        plan: The plan.
        facts: What EC2 says of instance types, for charts with node pools.
        root: Folder of the Pulumi program (`main` in Pulumi.yaml), which local charts are relative to.
        render: Renders one release.
        opened: Finds a chart and reads its text.
    """
    kept = plan.unchanged
    coming = _releases([*kept, *(change.after for change in plan.changes)])
    leaving = _releases([*kept, *(change.before for change in plan.changes)])
    renderer = _Renderer(facts, root, render, opened)
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
        release = _release(View(old, Side((), {})), "")
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
    opened: Open

    def objects(self, resource: Resource, others: Sequence[Resource]) -> Objects | str:
        """Return the objects of one release; all attempts must cost the same."""
        view = View(resource, Side(others, self.facts))
        with TemporaryDirectory(prefix="costcheck-chart-") as folder:
            try:
                first, *variants = self._variants(view, Path(folder))
            except UnpriceableError as exc:
                return str(exc)
            return self._agreed(first, variants, resource, others)

    def _agreed(
        self, release: Release, variants: Sequence[Release], resource: Resource, others: Sequence[Resource]
    ) -> Objects | str:
        first = self._attempt(release, resource)
        if isinstance(first, str):
            return first if release.validated else f"{HIDDEN}: {first}"
        with ThreadPoolExecutor() as pool:
            attempts = list(pool.map(lambda variant: self._attempt(variant, resource), variants))
        cost = self._cost(resource, first, others)
        for variant, attempt in zip(variants, attempts, strict=True):
            # A chart that refuses a stand-in would refuse such a value too, and then nothing comes of it.
            if not isinstance(attempt, str) and self._cost(resource, attempt, others) != cost:
                return _what_decides(release, variant)
        return first

    def _variants(self, view: View, folder: Path) -> list[Release]:
        """Return the release in every world that its chart may tell apart, the likeliest first."""
        opened = self.opened(_release(view, STAND_INS[0]), self.root, folder)
        if isinstance(opened, str):
            raise UnpriceableError(opened)
        found, chart = opened
        if chart.untellable:
            raise UnpriceableError(chart.untellable)
        values = [_release(view, stand_in) for stand_in in _stand_ins(view, chart)]
        worlds = list(_worlds(chart, found.kubernetes_version))
        if len(values) * len(worlds) > MOST_ATTEMPTS:
            message = f"its chart may render in {len(values) * len(worlds)} ways, more than {MOST_ATTEMPTS}"
            raise UnpriceableError(message)
        variants = [
            replace(
                found,
                values=release.values,
                namespace=release.namespace,
                is_upgrade=is_upgrade,
                api_versions=api_versions,
                kubernetes_version=kubernetes_version,
            )
            for release in values
            for kubernetes_version, is_upgrade, api_versions in worlds
        ]
        return [*variants, *([replace(variants[0], busy=True)] if chart.keeps_scale else [])]

    def _attempt(self, release: Release, resource: Resource) -> Objects | str:
        return _as_objects(resource, self.render(release, self.root))

    def _cost(self, resource: Resource, objects: Objects, others: Sequence[Resource]) -> Estimate | str:
        beside = (other for other in others if other.token.startswith(KUBERNETES))
        try:
            return estimate_release(View(resource, Side(beside, self.facts, {resource.urn: objects})))
        except UnpriceableError as exc:
            return str(exc)


def _worlds(chart: Chart, version: str) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    """Return what may be the case around a release, as far as its chart asks for it: version, upgrade, and APIs."""
    every = tuple(sorted(chart.api_versions))
    served = [(), *([every] if every else []), *([(one,) for one in every] if len(every) > 1 else [])]
    known = [f"{version}.99"] if version else list(VERSIONS)
    versions = [version, *known] if chart.tells_versions else [version]
    return itertools.product(versions, (False, True) if chart.tells_upgrades else (False,), served)


def _stand_ins(view: View, chart: Chart) -> tuple[str, ...]:
    """Return the texts that are tried for a hidden value.

    Raises:
        UnpriceableError: No number of tries would tell what the value decides.
    """
    if not _hides(view.resource.inputs):
        return STAND_INS[:1]
    release = _release(view, "")
    if not release.is_local:
        raise UnpriceableError(FETCHED)
    if chart.unfollowed:
        message = f"some of its values are hidden, and {chart.unfollowed}"
        raise UnpriceableError(message)
    return (*STAND_INS, *sorted({*chart.words, release.name, release.namespace} - set(STAND_INS)))


def _what_decides(release: Release, variant: Release) -> str:
    if variant.values != release.values or variant.namespace != release.namespace:
        return BY_VALUE
    return BY_API if variant.api_versions else BY_WORLD


def _release(view: View, stand_in: str) -> Release:
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
        validated=not _hides(view.resource.inputs),
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
        if SIGNATURE in value:
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
