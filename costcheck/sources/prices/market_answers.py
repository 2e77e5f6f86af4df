"""What became of each question of a pull beside list prices: an answer, or a reason that anyone may read."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from botocore.exceptions import BotoCoreError

from costcheck.errors import CostcheckError, SourceAuthError, SourceRateLimitError
from costcheck.market import Asked, Subject
from costcheck.records import Provenance

T = TypeVar("T")
REASON_CHARACTERS = 200
_WHO = re.compile(r"arn:\S+|\b\d{12}\b")
"""Names of accounts and of who asked: a snapshot is passed around, and nobody else needs them."""
_REFUSED = re.compile(r".*?AWS answered \w+")
"""What a refusal says before AWS names who asked and repeats the request in encoded form."""


@dataclass(slots=True)
class Answers:
    """Asks one question after the other; `rows` tell what became of each.

    Attributes:
        provenance: Of this pull.
    """

    provenance: Provenance
    rows: list[Asked] = field(default_factory=list)

    def ask(self, subject: Subject, fetch: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
        """Return the answer; nothing, and a reason among the rows, where there is none."""
        try:
            answer = fetch()
        except CostcheckError as exc:
            self.note(subject, reason_of(exc))
            return ()
        self.note(subject)
        return answer

    def ask_each(
        self, subject: Subject, names: Iterable[str], fetch: Callable[[str], tuple[T, ...]]
    ) -> tuple[T, ...]:
        """Return the answers about each name; a refusal that concerns all ends it, any other costs its name."""
        found: list[T] = []
        for name in names:
            try:
                found += fetch(name)
            except CostcheckError as exc:
                if _concerns_all(exc):
                    self.note(subject, reason_of(exc))
                    return tuple(found)
                self.note(subject, reason_of(exc), about=name)
        self.note(subject)
        return tuple(found)

    def note(self, subject: Subject, reason: str = "", *, about: str = "") -> None:
        """Keep what became of one question; without a reason it was answered."""
        self.rows.append(Asked(subject=subject, about=about, reason=reason, provenance=self.provenance))

    def note_absent(self, subject: Subject, names: Iterable[str], found: Iterable[str], reason: str) -> None:
        """Keep the reason for every name of which an answered question told nothing."""
        if any(row.subject is subject and row.is_answered for row in self.rows):
            for name in sorted(set(names) - set(found)):
                self.note(subject, reason, about=name)


def reason_of(exc: CostcheckError) -> str:
    """Return why something is not known, in one line, without the names of accounts and of who asked."""
    refused = _REFUSED.match(exc.seen) if isinstance(exc, SourceAuthError) else None
    text = " ".join((refused[0] if refused else exc.seen).split())
    bare = _WHO.sub("…", text)
    return bare if len(bare) <= REASON_CHARACTERS else f"{bare[: REASON_CHARACTERS - 1]}…"


def _concerns_all(exc: CostcheckError) -> bool:
    """Return whether the next call would fail alike: refused, too many, or nobody there."""
    return isinstance(exc, SourceAuthError | SourceRateLimitError) or isinstance(exc.__cause__, BotoCoreError)
