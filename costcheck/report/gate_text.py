"""The gate's answer for a terminal."""

from dataclasses import replace
from typing import Final

from rich.text import Text

from costcheck.gate.result import GateResult, Outcome
from costcheck.report.figures import plain
from costcheck.report.gate_sections import gate_sections, subtitle
from costcheck.report.page import Section
from costcheck.report.text import render_sections

WORDS: Final = {
    Outcome.ALLOWED: "ALLOWED",
    Outcome.DENIED: "DENIED",
    Outcome.CANNOT_DECIDE: "CANNOT DECIDE",
}
_COLOURS: Final = {
    Outcome.ALLOWED: "bold green",
    Outcome.DENIED: "bold red",
    Outcome.CANNOT_DECIDE: "bold yellow",
}

LONGEST_TABLE: Final = 200
"""Rows; a terminal is no place for thousands, except where each must be named."""
WHOLE: Final = frozenset({"unknown", "unknown_standing"})


def render_gate_text(result: GateResult, *, width: int, color: bool) -> str:
    """Return all that the gate says, the answer first, no line wider than `width` columns.

    Args:
        result: What was answered.
        width: Columns of the terminal.
        color: Whether to write colour codes.
    """
    title = Text(f"{WORDS[result.outcome]} - {plain(result.headline)}", style=_COLOURS[result.outcome])
    shown = map(_cut, gate_sections(result))
    return render_sections([title, Text(subtitle(result))], shown, width=width, color=color)


def _cut(section: Section) -> Section:
    table = section.table
    if table is None or len(table.rows) <= LONGEST_TABLE or section.key in WHOLE:
        return section
    more = f"{len(table.rows) - LONGEST_TABLE:,} more rows; --format json has all."
    return replace(section, table=replace(table, rows=table.rows[:LONGEST_TABLE]), notes=(more, *section.notes))
