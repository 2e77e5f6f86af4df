"""What became of an accepted decision, for a terminal and for the issue that a scheduled run opens."""

from typing import Final

from rich.text import Text

from costcheck.drift import Drift, Standing
from costcheck.report.drift_sections import headline, sections, subtitle
from costcheck.report.markdown import MAX_CHARACTERS, body, cut_to, fill
from costcheck.report.text import render_sections

_COLOURS: Final = {
    Standing.STANDS: "bold green",
    Standing.CHANGED: "bold red",
    Standing.EXPIRED: "bold yellow",
    Standing.CANNOT_TELL: "bold yellow",
}


def render_drift_text(drift: Drift, *, width: int, color: bool) -> str:
    """Return all of it, the answer first, no line wider than `width` columns.

    Args:
        drift: What was found.
        width: Columns of the terminal.
        color: Whether to write colour codes.
    """
    lead = [Text(headline(drift), style=_COLOURS[drift.standing]), Text(subtitle(drift))]
    return render_sections(lead, sections(drift), width=width, color=color)


def render_drift_markdown(drift: Drift) -> str:
    """Return the text of an issue, at most as long as GitHub takes."""
    page = fill(
        "page.md.j2",
        headline=headline(drift),
        subtitle=subtitle(drift),
        sections=[(section.title, body(section)) for section in sections(drift)],
    )
    return cut_to(page, MAX_CHARACTERS)
