"""The gate's answer for a terminal."""

from typing import Final

from rich.text import Text

from costcheck.gate.result import GateResult, Outcome
from costcheck.report.figures import plain
from costcheck.report.gate_sections import gate_sections, subtitle
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


def render_gate_text(result: GateResult, *, width: int, color: bool) -> str:
    """Return all that the gate says, the answer first, no line wider than `width` columns.

    Args:
        result: What was answered.
        width: Columns of the terminal.
        color: Whether to write colour codes.
    """
    title = Text(f"{WORDS[result.outcome]} - {plain(result.headline)}", style=_COLOURS[result.outcome])
    return render_sections([title, Text(subtitle(result))], gate_sections(result), width=width, color=color)
