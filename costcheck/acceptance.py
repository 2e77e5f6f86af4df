"""What a person wrote into the first lines of a decision record: that it is accepted, by whom, when, for which stack.

Everybody who asks for an acceptance asks here: the gate, drift, and of the stack alone admission and the policy pack.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

NOBODY_YET: Final = "nobody has accepted it yet"
ANY_STACK: Final = "PROJECT/STACK"
"""What a new record says of the stack that it is accepted for: none is named, so any may use it."""
STATUS, BY, ON, FOR = "status", "accepted_by", "accepted_on", "accepted_for"
ACCEPTED: Final = "accepted"
DECISION: Final = ".decision.json"
LONGEST_VALUE: Final = 60
_PLACEHOLDERS: Final = frozenset({
    "nobody", "nobody yet", "not yet", "no one", "name", "your name", "person", "somebody", "someone", "tbd", "tba",
    "todo", "none", "null", "n a", "na", "nbsp", "pending", "unknown", "x", "xx", "xxx",
})  # fmt: skip
_END_OF_HEAD: Final = re.compile(r"^(?:## |<!-- generated:)", re.MULTILINE)
_FIELD: Final = re.compile(r"^- (status|accepted_by|accepted_on|accepted_for):(.*)$", re.IGNORECASE | re.MULTILINE)
_LIKE_A_FIELD: Final = re.compile(r"\W*accepted[\W_]*(?:by|on|for)\b|\W*status\W*:", re.IGNORECASE)
"""What somebody meant as one of these fields, however it is written; a stack must not be lost by a blank."""
_STACK: Final = re.compile(r"\W*accepted[\W_]*for[^\w/]*(.*)", re.IGNORECASE)
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What the first lines of a record come to.

    Attributes:
        fault: Why it does not count, with the field that is wrong; empty where it counts.
        stack: The one stack that it was accepted for, `PROJECT/STACK`; empty where none is named.
    """

    fault: str = NOBODY_YET
    stack: str = ""


NOT_ACCEPTED: Final = Acceptance()
"""Nobody has accepted anything, or nobody has looked."""


def read_acceptance(page: str, *, decided_on: date, today: date) -> Acceptance:
    """Return whether a record is accepted: by a status, a name, and a day on which that can have been.

    Args:
        page: The record as Markdown, empty where there is none.
        decided_on: Day of the decision.
        today: UTC day.
    """
    told = _told(page)
    faults = (*_faults(told, decided_on, today), *_unread(page)) if is_meant_as_accepted(page) else (NOBODY_YET,)
    return Acceptance(fault="; ".join(faults), stack=_stack(page))


def accepted_stack(current: Path) -> str:
    """Return the stack that the decision in a file was accepted for, empty where its record names none.

    The record is the page beside the `.decision.json` of which the file is a copy.
    """
    content = current.read_bytes()
    for recorded in sorted(current.parent.glob(f"*{DECISION}")):
        page = recorded.with_name(recorded.name.removesuffix(DECISION) + ".md")
        if page.is_file() and recorded.is_file() and recorded.read_bytes() == content:
            return _stack(page.read_text(encoding="utf-8", errors="replace"))
    return ""


def is_meant_as_accepted(page: str) -> bool:
    """Return whether the status of a record begins with `accepted`, whatever else is missing or wrong."""
    return next(iter(_told(page).get(STATUS, ())), "").casefold().startswith(ACCEPTED)


def how_to_accept(stack: str = ANY_STACK) -> str:
    """Return what a person does who accepts a record for a stack."""
    return (
        "whoever answers for the money reads the record beside it; who agrees writes `- status: accepted`, "
        f"`- accepted_by: NAME`, `- accepted_on: YYYY-MM-DD` and `- accepted_for: {stack}` into its first lines, and "
        "commits that"
    )


def _told(page: str) -> dict[str, list[str]]:
    """Return every value of each field, in the order in which they stand above the first heading or block."""
    told: dict[str, list[str]] = {}
    for name, value in _FIELD.findall(_head(page)):
        told.setdefault(name.lower(), []).append(value.strip())
    return told


def _head(page: str) -> str:
    return _COMMENT.sub("", _END_OF_HEAD.split(page, maxsplit=1)[0])


def _unread(page: str) -> Iterator[str]:
    for line in _head(page).splitlines():
        if _LIKE_A_FIELD.match(line) and not _FIELD.fullmatch(line):
            yield f"its line {_shown(line.strip())} is not written as `- {FOR}: {ANY_STACK}` is"


def _faults(told: dict[str, list[str]], decided_on: date, today: date) -> Iterator[str]:
    """Yield what is wrong with a record that is meant as accepted."""
    if told[STATUS][0].casefold() != ACCEPTED:
        yield f"its {STATUS} is {_shown(told[STATUS][0])}, and not plainly `accepted`"
        return
    yield from (f"its {name} stands {len(values)} times" for name, values in told.items() if len(values) > 1)
    by, day = (told.get(name, [""])[0] for name in (BY, ON))
    if not _is_name(by):
        yield f"its {BY} is {_shown(by)}, which is no name"
    if wrong := _wrong_day(day, decided_on, today):
        yield f"its {ON} is {_shown(day)}, {wrong}"


def _is_name(text: str) -> bool:
    words = " ".join(re.findall(r"[^\W_]+", text)).casefold()
    return any(map(str.isalpha, words)) and words not in _PLACEHOLDERS and not text.casefold().endswith("[bot]")


def _wrong_day(text: str, decided_on: date, today: date) -> str:
    """Return what is wrong with a day, empty where nothing is."""
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        return "which is no day: write it as YYYY-MM-DD"
    if day < decided_on:
        return f"before the decision was made ({decided_on})"
    return f"after today ({today}, UTC)" if day > today else ""


def _stack(page: str) -> str:
    """Return the stack that is named, however the line is written: admission asks for nothing else."""
    found = (_STACK.match(line) for line in _head(page).splitlines())
    values = (match[1].strip(" `*_") for match in found if match)
    return " and ".join(dict.fromkeys(value for value in values if value not in {"", ANY_STACK}))


def _shown(text: str) -> str:
    shown = text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."
    return f"`{shown.replace('`', '')}`" if shown else "empty"
