"""Faults of a file that somebody typed: all of them at one go, one line a kind."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

LONGEST_VALUE = 60
VALUES_SHOWN = 12
RUNS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend.

    Attributes:
        subject: What it is about: `month is`.
        value: What stands there, as messages quote it.
        rest: What would be right, and what to write; the same for all faults of a kind.
        stops: Nothing of the file may count before it is mended: another currency.
    """

    subject: str
    value: str
    rest: str
    stops: bool = False

    def __str__(self) -> str:
        return f"{self.subject} {self.value}, {self.rest}"


Placed = tuple[int, Fault]
"""A fault with the number of its line."""


def not_right(column: str, text: str, expected: str) -> Fault:
    """Return the fault of a cell that is not what it must be."""
    return Fault(f"{column} is", quoted(text), f"not {expected}")


def quoted(text: str) -> str:
    """Return a cell in quotes, its end left out where it is long."""
    return repr(text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "...")


def reason(line: int, faults: Sequence[Fault]) -> str:
    """Return why one line is not read, all its faults together."""
    return f"line {line}, " + "; ".join(map(str, faults))


def by_kind(faults: Iterable[Placed]) -> list[str]:
    """Return one line a kind of fault, with the numbers of the lines that have it."""
    kinds: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for line, fault in faults:
        kinds[fault.subject, fault.rest].append((line, fault.value))
    return [_kind(subject, rest, met) for (subject, rest), met in kinds.items()]


def _kind(subject: str, rest: str, met: Sequence[tuple[int, str]]) -> str:
    values = list(dict.fromkeys(value for _, value in met))
    also = f" and {len(values) - VALUES_SHOWN} more" if len(values) > VALUES_SHOWN else ""
    return f"{in_lines([line for line, _ in met])}: {subject} {', '.join(values[:VALUES_SHOWN])}{also}, {rest}"


def in_lines(numbers: Sequence[int]) -> str:
    """Return `line 3`, or `lines 3, 5 to 9`."""
    ordered = sorted(set(numbers))
    starts = [ordered[0], *(after for before, after in pairwise(ordered) if after != before + 1)]
    ends = [*(before for before, after in pairwise(ordered) if after != before + 1), ordered[-1]]
    runs = [f"{start}" if start == end else f"{start} to {end}" for start, end in zip(starts, ends, strict=True)]
    also = f" and {len(runs) - RUNS_SHOWN} more places" if len(runs) > RUNS_SHOWN else ""
    return f"line{'s' if len(ordered) > 1 else ''} {', '.join(runs[:RUNS_SHOWN])}{also}"
