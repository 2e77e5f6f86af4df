"""The decision for a terminal: `render_summary` is the first screen, `render_text` is all of it."""

from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from costcheck.report.figures import shortened
from costcheck.report.page import Section, Table
from costcheck.report.sections import (
    sections,
    subtitle,
)
from costcheck.report.summary import CUT, SUMMARY_LINES, summary_lines
from costcheck.report.words import (
    headline,
)
from costcheck.verdict import Decision, Verdict

_COLOURS: Final = {
    Verdict.STAY_ON_API: "bold cyan",
    Verdict.SELF_HOST: "bold green",
    Verdict.HYBRID: "bold green",
    Verdict.INSUFFICIENT_EVIDENCE: "bold yellow",
}
_RULED: Final = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
"""One rule under the headings: rich's SIMPLE_HEAD in ASCII."""
_COLUMN_GAP: Final = 2
_NARROWEST_WORDS: Final = 12


def render_text(decision: Decision, *, width: int, color: bool) -> str:
    """Return the whole decision, no line wider than `width` columns.

    Lines that the report draws are ASCII, so that a log or a pipe keeps them; names keep their own letters.

    Args:
        decision: What was decided.
        width: Columns of the terminal.
        color: Whether to write colour codes.
    """
    lead = [Text(headline(decision), style=_COLOURS[decision.verdict]), Text(subtitle(decision))]
    return render_sections(lead, sections(decision), width=width, color=color)


def render_sections(lead: Sequence[Text], shown: Iterable[Section], *, width: int, color: bool) -> str:
    """Return the lead and the sections below it, no line wider than `width` columns."""
    parts: list[RenderableType] = [*lead]
    for section in shown:
        parts += [Text(), Text(section.title, style="bold"), *_body(section, width)]
    return _printed(parts, width=width, color=color)


def render_summary(decision: Decision, *, width: int, color: bool) -> str:
    """Return the essentials, at most `SUMMARY_LINES` lines; arguments as for `render_text`."""
    first, *rest = summary_lines(decision, width)
    parts: list[RenderableType] = [Text(first, style=_COLOURS[decision.verdict]), *map(Text, rest)]
    lines = _printed(parts, width=width, color=color).splitlines()
    if len(lines) > SUMMARY_LINES:
        lines = [*lines[: SUMMARY_LINES - 2], shortened(CUT, width), lines[-1]]
    return "\n".join(lines) + "\n"


def _body(section: Section, width: int) -> list[RenderableType]:
    drawn = _table(section.table, width) if section.table and section.table.rows else []
    return [*map(Text, section.lead), *_points(section.points), *drawn, *map(Text, section.notes)]


def _points(sentences: Iterable[str]) -> list[RenderableType]:
    return [_point(sentence) for sentence in sentences]


def _point(sentence: str) -> RenderableType:
    grid = RichTable.grid(padding=0)
    grid.add_column(width=2, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text("- "), Text(sentence))
    return grid


def _table(table: Table, width: int) -> list[RenderableType]:
    """Return the rows as a table, or one block a row where a figure would have to be broken."""
    narrowest = [
        _widest(table, position) if position in table.figures else _NARROWEST_WORDS
        for position in range(len(table.columns))
    ]
    if sum(narrowest) + _COLUMN_GAP * len(narrowest) > width:
        return _blocks(table)
    drawn = RichTable(box=_RULED, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for position, name in enumerate(table.columns):
        is_figure = position in table.figures
        drawn.add_column(
            Text(name),
            justify="right" if is_figure else "left",
            width=narrowest[position] if is_figure else None,
            overflow="fold",
        )
    for row in table.rows:
        drawn.add_row(*map(Text, row))
    return [drawn]


def _blocks(table: Table) -> list[RenderableType]:
    blocks: list[RenderableType] = []
    for row in table.rows:
        blocks.append(_point(f"{table.columns[0]}: {row[0]}"))
        details = zip(table.columns[1:], row[1:], strict=True)
        blocks += [Padding(Text(f"{name}: {cell}"), (0, 0, 0, 2)) for name, cell in details]
    return blocks


def _widest(table: Table, position: int) -> int:
    return max(cell_len(row[position]) for row in (table.columns, *table.rows))


def _printed(parts: list[RenderableType], *, width: int, color: bool) -> str:
    """Return what rich draws; every option is set, so that nothing of the environment reaches it."""
    console = Console(
        file=StringIO(),
        width=width,
        color_system="standard" if color else None,
        no_color=not color,
        force_terminal=color,
        force_jupyter=False,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as capture:
        console.print(Group(*parts), soft_wrap=False, overflow="fold")
    return "".join(f"{line.rstrip()}\n" for line in capture.get().split("\n")).rstrip("\n") + "\n"
