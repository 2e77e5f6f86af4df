"""The gate's answer as a comment on a pull request, for a reader who does not know the kit."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import Final
from urllib.parse import quote

from costcheck.gate.result import GateResult, Outcome
from costcheck.report.gate_sections import gate_sections, subtitle
from costcheck.report.inert import code, inert, is_reference, sentence
from costcheck.report.page import Section, Table

MAX_BYTES: Final = 65_536
"""GitHub takes as many characters; as bytes of UTF-8 it is the same or less in every way of counting."""
MAX_MARKER: Final = 200
TITLES: Final = {
    Outcome.ALLOWED: "ALLOWED: this change may be applied",
    Outcome.DENIED: "DENIED: this change must not be applied as it is",
    Outcome.CANNOT_DECIDE: "CANNOT DECIDE: nothing shows that this change is worth its cost",
}
EXPLANATION: Final = (
    "This check prices every cloud resource of a change before it is applied. GPU servers may only be added where a "
    "recorded decision of the company says that running its own LLM is worth it."
)
FOLDED: Final = frozenset({"decide", "unknown_standing", "usage", "sums", "prices", "sources", "passed", "about"})
"""Sections that a reader opens where they are needed."""

_FIGURE: Final = re.compile(r"[\w.,/ -]*(?:\$[\w.,/ -]*)*", re.ASCII)
_AMOUNT: Final = re.compile(r"\$[\d.,]+")


@dataclass(frozen=True, slots=True)
class _Block:
    """A section whose rows may be left out from the end."""

    head: str
    rows: tuple[str, ...]
    tail: str

    @property
    def frame_bytes(self) -> int:
        """Return the size of it with every row left out."""
        return _size(self.text(0))

    def text(self, count: int) -> str:
        """Return it with its first rows, and a line that says how many are left out."""
        left = len(self.rows) - count
        note = f"{left:,} more of {len(self.rows):,} do not fit into a comment; the JSON has all."
        parts = ["\n".join([self.head, *self.rows[:count]]), note if left else "", self.tail]
        return "\n\n".join(part for part in parts if part) + "\n"


def render_gate_markdown(result: GateResult) -> str:
    """Return the comment: its marker first, at most `MAX_BYTES`, shortened by its rows and never by its counts."""
    lead = "\n".join(
        [
            marker(result),
            f"## {TITLES[result.outcome]}",
            "",
            EXPLANATION,
            "",
            sentence(result.headline),
            "",
            inert(subtitle(result)),
            "",
        ]
    )
    blocks = [_block(section) for section in gate_sections(result)]
    counts = _fitting(blocks, MAX_BYTES - _size(lead))
    return lead + "".join(block.text(count) for block, count in zip(blocks, counts, strict=True))


def marker(result: GateResult) -> str:
    """Return the hidden line by which the comment of a stack is found again."""
    name = "/".join(quote(part, safe="", errors="replace") for part in (result.project, result.stack))
    if len(name) > MAX_MARKER:
        name = hashlib.sha256(name.encode()).hexdigest()
    return f"<!-- worthwhile-gate:{name} -->"


def _block(section: Section) -> _Block:
    is_folded = section.key in FOLDED
    opening = f"\n<details>\n<summary>{section.title}</summary>\n" if is_folded else f"\n### {section.title}\n"
    lead = [f"{sentence(line)}\n" for line in section.lead]
    heading = _heading(section.table) if section.table and section.table.rows else []
    return _Block(
        head="\n".join([opening, *lead, *heading]),
        rows=tuple(_rows(section)),
        tail="\n\n".join([*map(sentence, section.notes), *(["</details>"] if is_folded else [])]),
    )


def _heading(table: Table) -> list[str]:
    rule = ("---:" if position in table.figures else "---" for position in range(len(table.columns)))
    return [f"| {' | '.join(table.columns)} |", f"| {' | '.join(rule)} |"]


def _rows(section: Section) -> Iterator[str]:
    for point in section.points:
        yield f"- {sentence(point)}"
    table = section.table
    for row in table.rows if table else ():
        cells = [_cell(cell, position, table) for position, cell in enumerate(row)] if table else []
        yield f"| {' | '.join(cells)} |"


def _cell(cell: str, position: int, table: Table) -> str:
    is_figure = _FIGURE.fullmatch(cell) and not is_reference(_AMOUNT.sub("", cell))
    if position in table.figures and is_figure:
        return cell
    return code(cell) if position in table.names else inert(cell)


def _fitting(blocks: Sequence[_Block], budget: int) -> list[int]:
    """Return how many rows of each block fit: an equal share each, and what is left in reading order."""
    left = budget - sum(block.frame_bytes for block in blocks)
    share = left // len(blocks)
    sizes = [tuple(_size(row) + 1 for row in block.rows) for block in blocks]
    counts = [_count(rows, share) for rows in sizes]
    left -= sum(sum(rows[:count]) for rows, count in zip(sizes, counts, strict=True))
    for position, rows in enumerate(sizes):
        more = _count(rows[counts[position] :], left)
        left -= sum(rows[counts[position] : counts[position] + more])
        counts[position] += more
    return counts


def _count(sizes: Sequence[int], room: int) -> int:
    """Return how many of the first rows fit."""
    return sum(1 for _ in takewhile(lambda total: total <= room, accumulate(sizes)))


def _size(text: str) -> int:
    return len(text.encode())
