"""The gate's assessment of everything that the engine has shown so far, against everything that stood before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from costcheck.gate.assessment import Assessment, assess
from costcheck.gate.capacity import gpu_growth
from costcheck.gate.releases import RELEASE, RenderedReleases
from costcheck.gate.result import Status
from costcheck.gate.standing import Sided
from costcheck.gate.types.instances import LAUNCH_TEMPLATE
from costcheck.gate.view import Side
from costcheck.plan.identity import identified
from costcheck.plan.records import UNKNOWN, Change, Operation, Plan, Resource
from costcheck.price_book import PriceBook
from costcheck.records import InstanceType
from costcheck.sources.snapshot import read_price_book
from infra.policy.seen import Seen
from infra.policy.standing import Standing

Render = Callable[[Plan, Mapping[str, InstanceType]], RenderedReleases]
"""Returns what the Helm releases of a plan hold."""


@dataclass(slots=True, kw_only=True)
class Assessing:
    """Everything that an assessment is made from, at the prices of one snapshot.

    Attributes:
        standing: Returns what stood before this run.
        render: Renders Helm releases, once each.
    """

    book: PriceBook
    seen: Seen
    standing: Callable[[], Standing]
    render: Render
    _before: dict[str, tuple[Resource, ...] | str] = field(default_factory=dict)
    _after: dict[str, tuple[Resource, ...] | str] = field(default_factory=dict)
    _stood: tuple[Sided, ...] | None = None

    def assess(self, *, without: str = "", at_the_end: bool = False) -> Assessment:
        """Return the assessment of what was shown; what stood and is still to come counts as if it stayed.

        New pools start before old ones end, so both count for the nodes; the cost is that of what was shown.

        Args:
            without: URN of a resource to leave out, as if it had not been shown yet.
            at_the_end: Everything was shown: a launch template that nothing launches from will have nothing either.
        """
        before = self.standing().resources
        after = {urn: _identified(row, before.get(urn)) for urn, row in self.seen.resources.items() if urn != without}
        after = {urn: _launching_latest(row, after, before) for urn, row in after.items()}
        facts = self.book.instances
        old, new = Side(before.values(), facts, self._before), Side(after.values(), facts, self._after)
        found = assess(_plan(_changes(before, after)), self.book, {}, old, new)
        rows = tuple(row for row in found.rows if at_the_end or not _waits(row))
        to_come = (row for row in self._stood_rows(old) if row.resource.urn not in after)
        return replace(found, rows=rows, growth=gpu_growth((*rows, *to_come), facts))

    def render_release(self, urn: str) -> None:
        """Render the chart of a resource if it is a Helm release; `assess` needs it."""
        before, after = self.standing().resources, dict(self.seen.resources)
        if after[urn].token != RELEASE:
            return
        beside = {key: resource for key, resource in after.items() if key == urn or resource.token != RELEASE}
        rendered = self.render(_plan(_changes(before, beside)), self.book.instances)
        self._before.update(rendered.before)
        self._after.update(rendered.after)

    def _stood_rows(self, old: Side) -> tuple[Sided, ...]:
        if self._stood is None:
            unchanged = replace(_plan(()), unchanged=tuple(old.by_urn.values()))
            rows = assess(unchanged, self.book, {}, old, old).rows
            # A chart takes seconds to render, so a release is counted once it is shown.
            self._stood = tuple(row for row in rows if row.resource.token != RELEASE)
        return self._stood


@dataclass(slots=True, kw_only=True)
class Assessors:
    """One `Assessing` a price snapshot; the configuration may name another than the bundled one."""

    root: Path
    seen: Seen
    standing: Callable[[], Standing]
    render: Render
    _known: dict[str, Assessing] = field(default_factory=dict)

    def at(self, path: str) -> Assessing:
        """Return that of a snapshot, by its path from the root; of the bundled one where the path is empty."""
        if path not in self._known:
            book = read_price_book(self.root / path if path else None)
            self._known[path] = Assessing(book=book, seen=self.seen, standing=self.standing, render=self.render)
        return self._known[path]


def _identified(shown: Resource, stood: Resource | None) -> Resource:
    return identified(Operation.UPDATE if stood else Operation.CREATE, stood, shown) or shown


def _launching_latest(row: Resource, after: Mapping[str, Resource], before: Mapping[str, Resource]) -> Resource:
    """Return a resource that launches from a template made or changed in this run, as a preview would show it.

    During an update the engine shows the id and version that the template has got by now, but not the template's
    outputs, which they would have to be held against.
    """
    told = row.inputs.get("launchTemplate")
    templates = [after[urn] for urn in row.depends_on.get("launchTemplate", ()) if urn in after]
    found = [template for template in templates if template.token == LAUNCH_TEMPLATE]
    if not isinstance(told, Mapping) or len(found) != 1:
        return row
    stood = before.get(found[0].urn)
    if stood is not None and stood.inputs == found[0].inputs:
        return row
    anew = {key: UNKNOWN for key in ("id", "name", "version") if key in told and (stood is None or key == "version")}
    return replace(row, inputs={**row.inputs, "launchTemplate": {**told, **anew}})


def _changes(before: Mapping[str, Resource], after: Mapping[str, Resource]) -> tuple[Change, ...]:
    return tuple(
        Change(
            operation=Operation.UPDATE if urn in before else Operation.CREATE,
            urn=urn,
            before=before.get(urn),
            after=resource,
        )
        for urn, resource in after.items()
    )


def _waits(row: Sided) -> bool:
    """Return whether this is a launch template whose group, which counts the nodes, may still be shown."""
    return row.resource.token == LAUNCH_TEMPLATE and row.priced.status is Status.UNKNOWN


def _plan(changes: tuple[Change, ...]) -> Plan:
    stack, project = _names(next((change.urn for change in changes), ""))
    return Plan(project=project, stack=stack, changes=changes, state_given=True)


def _names(urn: str) -> tuple[str, str]:
    """Return the stack and the project in a URN, empty where it names none."""
    names = urn.removeprefix("urn:pulumi:").split("::")
    return (names[0], names[1]) if len(names) > 1 else ("", "")
