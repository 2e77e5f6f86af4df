"""By which tags and names a thing is known to be the stack's: data with sources, filled in for one stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from costcheck.facts import Typed, read_data_toml

OWNED_BY_A_CLUSTER = "kubernetes.io/cluster/"
"""Start of the tag whose key ends in a cluster's name."""


class Mark(Typed, frozen=True, kw_only=True):
    """One tag that somebody puts on.

    Attributes:
        key: Its key; `{stack}` and `{cluster}` stand for the names.
        value: Its value; None where any will do.
        set_by: Who puts it on, and on what.
        names_cluster: False where the tag says that a cluster made the thing, but not which.
        source_url: Page or code that says so.
        checked: Day on which that was read.
    """

    key: str
    value: str | None = None
    set_by: str
    names_cluster: bool = True
    source_url: str
    checked: date


class NameRule(Typed, frozen=True, kw_only=True):
    """One name that says whose a thing is.

    Attributes:
        text: The name or its start; `{cluster}` stands for the cluster's.
        set_by: Who gives the name.
        source_url: Page that says so.
        checked: Day on which that was read.
    """

    text: str
    set_by: str
    source_url: str
    checked: date


class FreeKind(Typed, frozen=True, kw_only=True):
    """A kind of thing that never bills by being there, so that it is not listed.

    Attributes:
        kind: `service:type` as in its ARN.
        source_url: Page that says so.
        checked: Day on which that was read.
    """

    kind: str
    source_url: str
    checked: date


class FreeBudgets(Typed, frozen=True, kw_only=True):
    """How many budgets with actions an account has for nothing; budgets without actions are free."""

    value: int
    unit: str
    source_url: str
    checked: date


class LeftoverRules(Typed, frozen=True, kw_only=True):
    """The whole data file."""

    free_budgets_with_actions: FreeBudgets
    mark: tuple[Mark, ...]
    log_group: tuple[NameRule, ...]
    interface: tuple[NameRule, ...]
    free: tuple[FreeKind, ...]


@cache
def leftover_rules() -> LeftoverRules:
    """Return what `costcheck/data/leftovers.toml` holds."""
    return read_data_toml("leftovers.toml", LeftoverRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The marks of one stack and its cluster.

    Attributes:
        stack: Name of the stack.
        cluster: Name of its EKS cluster; None where that was there before: then only the stack's own tag counts.
    """

    stack: str
    cluster: str | None

    def tag_filters(self) -> tuple[tuple[str, str | None], ...]:
        """Return key and value (None: any) of every tag that names the stack or the cluster."""
        return tuple(self._tag(mark) for mark in self._marks() if mark.names_cluster)

    def reason(self, tags: Mapping[str, str]) -> str:
        """Return which tag makes a thing the stack's; empty where none does.

        A tag of some cluster counts where no other tag names a cluster: better listed once too often.
        """
        found = [mark for mark in self._marks() if self._matches(mark, tags)]
        certain = [mark for mark in found if mark.names_cluster]
        if certain:
            return self._words(certain[0], tags)
        if found and not self._names_a_cluster(tags):
            return f"{self._words(found[0], tags)}; no tag says of which cluster"
        return ""

    def log_group_reason(self, name: str) -> str:
        """Return why a log group's name makes it the cluster's; empty where it does not."""
        starts = [(self._filled(rule.text), rule) for rule in leftover_rules().log_group if self.cluster]
        return next((f"name {start}...: {rule.set_by}" for start, rule in starts if name.startswith(start)), "")

    def interface_reason(self, description: str) -> str:
        """Return why a network interface's description makes it the cluster's; empty where it does not."""
        texts = [(self._filled(rule.text), rule) for rule in leftover_rules().interface if self.cluster]
        return next((f"description {text!r}: {rule.set_by}" for text, rule in texts if description == text), "")

    def _marks(self) -> list[Mark]:
        return [mark for mark in leftover_rules().mark if self.cluster or mark.value == "{stack}"]

    def _tag(self, mark: Mark) -> tuple[str, str | None]:
        return self._filled(mark.key), None if mark.value is None else self._filled(mark.value)

    def _matches(self, mark: Mark, tags: Mapping[str, str]) -> bool:
        key, value = self._tag(mark)
        return key in tags and value in {None, tags[key]}

    def _words(self, mark: Mark, tags: Mapping[str, str]) -> str:
        key, _ = self._tag(mark)
        return f"tag {key}={tags[key]} ({mark.set_by})"

    def _names_a_cluster(self, tags: Mapping[str, str]) -> bool:
        naming = {mark.key for mark in leftover_rules().mark if mark.value == "{cluster}"}
        return any(key in naming or key.startswith(OWNED_BY_A_CLUSTER) for key in tags)

    def _filled(self, text: str) -> str:
        return text.replace("{stack}", self.stack).replace("{cluster}", self.cluster or "")
