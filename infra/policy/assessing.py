"""The gate's assessment of everything that the engine has shown so far, against everything that stood before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from costcheck.gate.assessment import Assessment, assess
from costcheck.gate.capacity import Sided, gpu_growth
from costcheck.gate.releases import RELEASE, RenderedReleases
from costcheck.gate.view import Side
from costcheck.plan.records import Change, Operation, Plan, Resource
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

    def assess(self, urn: str) -> Assessment:
        """Return the assessment once this resource was shown; what stood and is still to come counts as if it stayed.

        New pools start before old ones end, so both count for the nodes; the cost is that of what was shown.
        """
        facts = {fact.instance_type: fact for fact in self.book.snapshot.instance_types}
        before, after = self.standing().resources, dict(self.seen.resources)
        changes = tuple(_change(before.get(shown), after[shown]) for shown in after)
        if after[urn].token == RELEASE:
            self._render(urn, changes, facts)
        old = Side(before.values(), facts, self._before)
        found = assess(_plan(changes), self.book, {}, old, Side(after.values(), facts, self._after))
        to_come = [row for row in self._stood_rows(old) if row.resource.urn not in after]
        return replace(found, growth=gpu_growth((*found.rows, *to_come), facts))

    def _render(self, urn: str, changes: tuple[Change, ...], facts: Mapping[str, InstanceType]) -> None:
        others = {resource.urn for resource in self.seen.resources.values() if resource.token == RELEASE} - {urn}
        beside = tuple(change for change in changes if change.urn not in others)
        rendered = self.render(_plan(beside), facts)
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


def _change(before: Resource | None, after: Resource) -> Change:
    operation = Operation.CREATE if before is None else Operation.UPDATE
    return Change(operation=operation, urn=after.urn, before=before, after=after)


def _plan(changes: tuple[Change, ...]) -> Plan:
    return Plan(project="", stack="", changes=changes, state_given=True)
